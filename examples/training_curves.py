"""Accuracy against epochs, of the network that learns and of the binary one, and k if it rises."""

import sys
from pathlib import Path

import mramsim as ms
from mramsim.report.drawing import BLUE, GREY, ORANGE, Drawing, figure
from mramsim.training import train

KNOWN = ("relaxed", "binarised", "train", "validation", "test")


def main(files=(), path="training_curves.svg"):
    networks = [ms.load_network(file) for file in files]
    networks = networks or [train("adiabatic", "mlp-64x1", "digits", epochs=8, mode="both")]
    with figure(1.9 * len(networks)) as sheet:
        rows = sheet.subplots(len(networks), squeeze=False)[:, 0]
        for axes, network in zip(rows, networks, strict=True):
            draw(axes, network.training)
        drawing = Drawing(sheet, Path(path).stem, "Relaxed and binarised accuracy against epochs")
        Path(path).write_bytes(drawing.file("svg"))
    for entry in (last := [network.training["history"][-1] for network in networks]):
        print(", ".join(f"{key} {entry[key]:.4f}" for key in keys(entry)))
    return last


def keys(entry):
    return [key for key in KNOWN if key in entry][:2]


def draw(axes, training):
    history, options = training["history"], training["options"]
    epochs = range(1, len(history) + 1)
    for key, colour in zip(keys(history[0]), (BLUE, ORANGE), strict=True):
        axes.plot(epochs, [100 * entry[key] for entry in history], color=colour, label=key)
    axes.set(ylabel="accuracy (%)" if "test" in history[0] else "validation (%)", ymargin=0.15)
    axes.set_xlabel("epoch", loc="left")
    axes.xaxis.get_major_locator().set_params(integer=True)
    kind = f"mode {options['mode']}" if "mode" in options else training["method"]
    kind += " (shift-based)" * (options.get("norm") == "shift")
    axes.set_title(f"{training['data']} {training['net']}, {kind}")
    if "steepness" in training:
        steep = axes.twinx()
        steep.plot(epochs, training["steepness"], color=GREY, ls=":", drawstyle="steps-mid")
        steep.set(yscale="log", ylim=(1.05, 1500), ylabel="k (dotted)")
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, -0.12), ncols=2)


if __name__ == "__main__":
    main(sys.argv[2:], *sys.argv[1:2])
