"""How much of a column's error belongs to the column, and how much to the input, in counts."""

import sys
from dataclasses import replace

import numpy as np

import mramsim as ms
from mramsim.mapping.read import read_layer
from mramsim.mapping.readers import readers_of

TRIM = {"trim_bits": 6, "trim_range_counts": 16.0, "threshold_calibration": True}
DEVICE, MAPPING = "stt_wei_isscc_2019", "csum_deaville_jssc_2025"


def parts(chip, levels):
    """Root mean square over columns of the mean over inputs; standard deviation over inputs."""
    layer = replace(chip.placement.layers[0], threshold=None)
    readers = readers_of(layer, chip.records[layer.name], "adc" in chip.effects)
    found, _ = read_layer(layer, readers, levels, np.arange(len(levels)), chip.effects)
    counts = (found - layer.node.forward(levels)) / 2
    return np.sqrt((counts.mean(axis=0) ** 2).mean()), np.sqrt(counts.var(axis=0).mean())


def main(net="pretrained:digits-mlp-512x2", data="digits", chips=5, images=1000, points=None):
    network, dataset = ms.find_network(net), ms.load_dataset(data)
    rows = []
    for spread in (0.0, 0.1, 0.2, 0.3)[:points]:
        for name, design in {"none": {}, "calibration, trim": TRIM}.items():
            placed = ms.place(network, MAPPING, design).calibrate(dataset.x_train[:256])
            source = placed.layers[0].node.inputs[0]
            levels = network.values(dataset.x_test[:images])[source]
            made = [
                placed.sample(DEVICE, number=number, overrides={"sigma_ra": spread})
                for number in range(chips)
            ]
            rows.append(np.mean([parts(chip, levels) for chip in made], axis=0))
            column, inputs = rows[-1]
            print(f"sigma_ra {spread:g}, {name}: column {column:.2f}, input {inputs:.2f} counts")
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]))
