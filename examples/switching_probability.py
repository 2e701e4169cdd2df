"""Switching probability against pulse length: stochastic macrospin beside Fokker-Planck."""

import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

import mramsim as ms
from mramsim.devices.fokker_planck import write_error_rate
from mramsim.devices.pulse import switching_curve
from mramsim.devices.stability import damping_rate_per_s


def main(card="stt_jung_nature_2022", trajectories=2000, path="switching_probability.svg"):
    device = ms.load_card("device", card)
    rate = damping_rate_per_s(device)
    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    worst = 0.0
    for overdrive in (1.5, 2.0, 3.0):
        tau = np.linspace(0.5, 8.0, 8) / (overdrive - 1.0)
        exact = [1.0 - write_error_rate(overdrive, t, device.delta) for t in tau]
        current = overdrive * device.ic0_a
        drawn = switching_curve(device, current, list(tau / rate), trajectories)
        (line,) = axes.plot(tau / rate * 1e9, exact, label=f"{current * 1e6:.0f} uA, exact")
        axes.plot(tau / rate * 1e9, drawn, "o", color=line.get_color())
        worst = max(worst, float(np.abs(drawn - exact).max()))
    axes.set(xlabel="pulse length (ns)", ylabel="switching probability")
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    bound = 0.5 / trajectories**0.5
    print(f"largest difference {worst:.4f}; standard error at most {bound:.4f}")
    return worst


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]), *sys.argv[3:])
