"""What calibration, trims, remapping and write-verify win back of what each error costs."""

import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import mramsim as ms
from mramsim.intervals import half_width

DESIGN = {"device": "stt_wei_isscc_2019", "mapping": "csum_deaville_jssc_2025"}
TRIM, CAL = {"trim_bits": 6, "trim_range_counts": 16.0}, {"threshold_calibration": True}
SPARE, BOTH = {"remapping": "spares", "spare_columns": 16}, TRIM | CAL
SWAP, GATED = SPARE | {"remapping": "swap"}, {"cell": "1t1mtj", "input_coding": "gated"}
PLAIN, COLOUR = {"none": {}, "calibration, trim": BOTH}, {"none": "0.5", "calibration, trim": "k"}
SPREAD = PLAIN | {"calibration": CAL, "trim": TRIM, "gated": GATED, "gated, both": GATED | BOTH}
STUCK = PLAIN | {"spare columns": SPARE, "spares and swaps": SWAP, "all of these": BOTH | SWAP}
WRITE = PLAIN | {f"write-verify, {n} pulses": {"write_attempts": n} for n in (2, 4)}
PANELS = {  # keys of the device, their values, what is done
    "spread of RA": (["sigma_ra"], [0.0, 0.1, 0.2, 0.3], SPREAD),
    "shorts, and as many opens": (["short_rate", "open_rate"], [0.0, 1e-3, 3e-3, 1e-2], STUCK),
    "errors of a write pulse": (["write_error_rate"], [0.0, 0.02, 0.05, 0.1], WRITE),
}


def main(net="pretrained:digits-mlp-128x2-bop", data="digits", chips=5, images=None, points=None):
    options = {**DESIGN, "data": data, "chips": chips, "images": images}
    figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    for axis, (panel, (keys, values, ways)) in zip(axes, PANELS.items(), strict=True):
        for name, way in ways.items():
            line = []
            for x in values[:points]:
                settings = {f"device.{key}": x for key in keys} | {"device.write_attempts": 1}
                settings |= {f"mapping.{key}": value for key, value in way.items()}
                run = ms.evaluate(ms.find_network(net), settings=settings, **options)["accuracy"]
                line.append((100 * run["mean"], 100 * (half_width(run["chips"]) or 0.0)))
                print(panel, f"{x:g}, {name}: {line[-1][0]:.2f} ± {line[-1][1]:.2f} %", flush=True)
            style = {"marker": ".", "capsize": 2, "label": name, "color": COLOUR.get(name)}
            axis.errorbar(values[:points], *zip(*line, strict=True), **style)
        axis.set(xlabel=panel, ylabel=f"accuracy, {data} (%)")
        axis.legend(fontsize=7)
    figure.savefig("mitigations.svg", metadata={"Date": None})
    return line


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]))
