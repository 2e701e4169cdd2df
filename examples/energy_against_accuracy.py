"""Energy against accuracy over rows at once, converter bits, read voltage and read time."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import mramsim as ms

DEVICE, MAPPING = "stt_hirtzlin_nanoarch_2019", "csum_deaville_jssc_2025"
FIXED = {"mapping.rows": 64, "mapping.rows_on": 64}  # few enough for the drop on the wires
READS_S = (1e-9, 3e-9, 1e-8, 3e-8)
SWEEPS = {
    "rows at once": [{"mapping.rows": n, "mapping.rows_on": n} for n in (16, 32, 64, 128, 256)],
    "converter bits": [{"mapping.adc_bits": n} for n in (2, 3, 4, 5, 6, 8)],
    "read voltage (mV)": [{"mapping.v_read_v": v} for v in (0.01, 0.02, 0.05, 0.1, 0.2)],
    "read time (ns)": [{"mapping.t_read_s": t, "mapping.bandwidth_hz": 0.5 / t} for t in READS_S],
}
SCALE = {"read voltage (mV)": 1e3, "read time (ns)": 1e9}


def main(
    net="pretrained:digits-mlp-512x2", data="digits", chips=3, images=None, folder=".", points=None
):
    network, found = ms.find_network(net), {}
    figure, panels = plt.subplots(2, 2, figsize=(7, 5.5), sharey=True, layout="constrained")
    for axes, (name, every) in zip(panels.flat, SWEEPS.items(), strict=True):
        rows = []
        for settings in every[-points:] if points else every:
            options = {"device": DEVICE, "mapping": MAPPING, "data": data, "images": images}
            result = ms.evaluate(network, chips=chips, settings={**FIXED, **settings}, **options)
            energy, mean = result["energy_j_per_image"]["total"], result["accuracy"]["mean"]
            rows.append((next(iter(settings.values())), 1e9 * energy, 100 * mean))
            print(f"{name} {rows[-1][0]:g}: {energy:.3e} J per image, accuracy {mean:.4f}")
        axes.plot([row[1] for row in rows], [row[2] for row in rows], "o-")
        for place, (value, energy, mean) in enumerate(rows):
            label, offset = f"{SCALE.get(name, 1) * value:g}", (0, -13 if place % 2 else 6)
            axes.annotate(label, (energy, mean), offset, textcoords="offset points", ha="center")
        axes.margins(0.1, 0.2)
        axes.set(title=name, xlabel="energy per image (nJ)", ylabel=f"accuracy, {data} (%)")
        found[name] = rows
    figure.savefig(Path(folder) / "energy_against_accuracy.svg", metadata={"Date": None})
    return found


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]), *sys.argv[5:])
