"""Sweep a device number and watch the accuracy: here the spread of the diameter and the TMR."""

import sys

import mramsim as ms


def main(chips: int = 5) -> list[tuple[float, float, float, float]]:
    network = ms.find_network("pretrained:digits-mlp-512x2")
    digits = ms.load_dataset("digits")
    rows = []
    for tmr in (1.5, 1.0, 0.5, 0.25, 0.1):
        for sigma in (0.0, 0.03, 0.06):
            result = ms.evaluate(
                network,
                device="stt_hirtzlin_nanoarch_2019",
                mapping="csum_deaville_jssc_2025",
                data=digits,
                chips=chips,
                settings={"device.tmr": tmr, "device.sigma_diameter": sigma},
            )
            accuracy = result["accuracy"]
            rows.append((tmr, sigma, accuracy["mean"], accuracy["std"]))
            print(f"TMR {tmr:4.2f}  sigma {sigma:4.2f}  accuracy {accuracy['mean']:.4f}")
    return rows


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
