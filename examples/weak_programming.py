"""Weaker programming: shorter write pulses save energy and leave wrong bits."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

import mramsim as ms

DEVICE, MAPPING = "stt_hirtzlin_nanoarch_2019", "pcsa_hirtzlin_nanoarch_2019"
PULSES_S = (6e-9, 8e-9, 10e-9, 12e-9, 15e-9, 20e-9, 25e-9, 30e-9, 40e-9)
PUBLISHED = 2.0  # Hirtzlin, NANOARCH 2019: up to half the energy at a bit error rate of 1e-3


def main(
    net="pretrained:digits-mlp-512x2", data="digits", chips=5, images=None, folder=".", points=None
):
    network, rows = ms.find_network(net), []
    for pulse in PULSES_S[:points]:
        options = {"data": data, "chips": chips, "images": images, "mapping": MAPPING}
        settings = {"device.t_write_s": pulse}
        effects = ["d2d", "write_error"]
        result = ms.evaluate(network, device=DEVICE, settings=settings, only=effects, **options)
        once, accuracy = result["programming"], result["accuracy"]["mean"]
        rows.append((pulse, once["residual_error_rate"], once["energy_j"], accuracy))
        said = "pulse {:.3g} s  error rate {:.2g}  energy {:.3g} J  accuracy {:.4f}"
        print(said.format(*rows[-1]))
    _, errors, energy, accuracy = np.array(rows).T
    safe, weak = (np.interp(-p, -np.log10(errors), energy) for p in (np.array([-9, -6]), -3))
    for power, saving in zip((-9, -6), safe / weak, strict=True):
        print(f"1e-3 instead of 1e{power}: {saving:.2f} times less; published: up to {PUBLISHED:g}")
    figure, axes = plt.subplots(2, sharex=True, figsize=(5, 5), layout="constrained")
    axes[0].loglog(errors, energy * 1e6, marker="o")
    axes[0].set_yticks([10, 20, 30, 40, 60])
    axes[0].minorticks_off()
    axes[0].yaxis.set_major_formatter("{x:g}")
    axes[0].set(ylabel="programming energy (µJ)")
    axes[1].semilogx(errors, 100 * accuracy, marker="o")
    axes[1].set(xlabel="bit error rate after programming", ylabel=f"accuracy, {data} (%)")
    figure.savefig(Path(folder) / "weak_programming.svg", metadata={"Date": None})
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]), *sys.argv[5:])
