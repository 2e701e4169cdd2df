"""Sweep a device number and watch the accuracy: here the spread of the diameter and the TMR."""

import sys

import mramsim as ms

PLAN = {
    "run": {
        "network": "pretrained:digits-mlp-512x2",
        "data": "digits",
        "device": "stt_hirtzlin_nanoarch_2019",
        "mapping": "csum_deaville_jssc_2025",
    },
    "axes": {
        "device.tmr": [1.5, 1.0, 0.5, 0.25, 0.1],
        "device.sigma_diameter": [0.0, 0.03, 0.06],
    },
}


def main(chips: int = 5, images: int = 359) -> list[dict[str, object]]:
    plan = {**PLAN, "run": {**PLAN["run"], "images": images}, "chips": {"count": chips}}
    found = ms.sweep(plan)  # out="folder" keeps it and resumes; jobs=2 uses two processes
    print(found)
    return found.rows()  # one per point; pandas.DataFrame(found) has one row per chip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
