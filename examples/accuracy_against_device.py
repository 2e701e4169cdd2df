"""Accuracy against temperature, read voltage, age and write errors: four figures."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import mramsim as ms

DESIGNS = {
    "stt_jung_nature_2022": "pcsa_hirtzlin_nanoarch_2019",
    "stt_hirtzlin_nanoarch_2019": "csum_deaville_jssc_2025",
}
SWEEPS = {
    "temperature": ("temperature_k", [250.0, 275.0, 300.0, 325.0, 350.0, 375.0, 400.0], {}),
    "read_voltage": ("mapping.v_read_v", [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8], {}),
    "retention_398K": ("age.seconds", [10.0**n for n in range(4, 11)], {"temperature_k": 398.0}),
    "write_error": ("device.write_error_rate", [10.0**n for n in (-6, -5, -4, -3, -2, -1)], {}),
}


def main(
    net="pretrained:digits-mlp-512x2", data="digits", chips=5, images=None, folder=".", points=None
):
    network = ms.find_network(net)
    for name, (key, values, fixed) in SWEEPS.items():
        values = values[:points]
        figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
        for device, mapping in DESIGNS.items():
            options = {"device": device, "mapping": mapping, "data": data, "images": images}
            runs = [
                ms.evaluate(network, chips=chips, settings={key: x, **fixed}, **options)["accuracy"]
                for x in values
            ]
            error = [run["std"] or 0.0 for run in runs]
            axes.errorbar(values, [run["mean"] for run in runs], error, marker="o", label=mapping)
        axes.set(
            xlabel=key, ylabel=f"accuracy, {data}", xscale="linear" if "temp" in key else "log"
        )
        axes.legend()
        figure.savefig(Path(folder) / f"accuracy_{name}.svg", metadata={"Date": None})
        print(name, [round(run["mean"], 4) for run in runs])
    return list(SWEEPS)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]), *sys.argv[5:])
