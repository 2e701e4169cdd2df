"""Accuracy with smooth functions and with signs in their place, while k rises."""

import sys
from pathlib import Path

import mramsim as ms
from mramsim.report.drawing import BLUE, GREY, ORANGE, Drawing, figure
from mramsim.training import train


def main(files=(), path="training_curves.svg"):
    networks = [ms.load_network(file) for file in files]
    if not networks:
        networks = [train("adiabatic", "mlp-64x1", "digits", epochs=8, mode="both")]
    with figure(1.9 * len(networks)) as sheet:
        for axes, network in zip(
            sheet.subplots(len(networks), squeeze=False)[:, 0], networks, strict=True
        ):
            draw(axes, network.training)
        drawing = Drawing(sheet, Path(path).stem, "Relaxed and binarised accuracy against epochs")
        Path(path).write_bytes(drawing.file("svg"))
    last = [network.training["history"][-1] for network in networks]
    for network, entry in zip(networks, last, strict=True):
        print(f"{network.name}: relaxed {entry['relaxed']:.4f}, binarised {entry['binarised']:.4f}")
    return last


def draw(axes, training):
    epochs = range(1, len(training["history"]) + 1)
    for key, colour in (("relaxed", BLUE), ("binarised", ORANGE)):
        values = [100 * entry[key] for entry in training["history"]]
        axes.plot(epochs, values, color=colour, label=key)
    axes.set(ylabel="validation (%)", xlabel="epoch")
    axes.margins(y=0.15)
    axes.set_title(f"{training['data']} {training['net']}, mode {training['options']['mode']}")
    steep = axes.twinx()
    steep.step(epochs, [max(k) for k in training["steepness"]], where="mid", color=GREY, ls=":")
    steep.set(yscale="log", ylim=(0.8, 1500), ylabel="k (dotted)")
    axes.legend(frameon=False)


if __name__ == "__main__":
    main(sys.argv[2:], *sys.argv[1:2])
