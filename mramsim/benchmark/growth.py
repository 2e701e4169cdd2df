"""How the time of a layer grows with images, rows, columns, effects and chips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mramsim.benchmark.clock import Job, alternate
from mramsim.benchmark.layers import layer_chip, layer_job
from mramsim.effects import EFFECTS

BASE = {"images": 1024, "rows": 1024, "columns": 1024, "chips": 1}


def _job(device: str, mapping: str, only: Sequence[str] | None, size: dict[str, int]) -> Job:
    shape = (size["rows"], size["columns"])
    chips = [layer_chip(shape, mapping, device, only) for _ in range(size["chips"])]
    jobs = [layer_job(chip, size["images"], 1)[0] for chip in chips]
    return lambda: [job() for job in jobs]


def growth_row(
    device: str, mapping: str, only: Sequence[str], repeats: int, scale: int = 1
) -> dict[str, Any]:
    """Time layers of half, whole and double size on one thread, and with one effect after another.

    Slopes are those of the logarithms: 1 where time is proportional to the size. `scale` divides
    all sizes.
    """
    slopes, base = {}, {k: v if k == "chips" else v // scale for k, v in BASE.items()}
    for what, middle in base.items():
        sizes = (1, 2, 4) if what == "chips" else (middle // 2, middle, 2 * middle)
        jobs = {str(size): _job(device, mapping, only, {**base, what: size}) for size in sizes}
        taken = alternate(jobs, repeats)
        logs = np.log(list(sizes)), np.log([taken[str(size)] for size in sizes])
        slopes[what] = float(np.polyfit(*logs, 1)[0])
    order = [effect.name for effect in EFFECTS if effect.name in only]
    order.sort(key=lambda name: name != "adc")  # without converters every read is exact and draws
    sets = [order[:count] or ["none"] for count in range(len(order) + 1)]
    taken = alternate({str(n): _job(device, mapping, s, base) for n, s in enumerate(sets)}, repeats)
    return {
        "name": "growth",
        "device": device,
        "mapping": mapping,
        "base": base,
        "slopes": slopes,
        "seconds_by_effects": {"+".join(s): taken[str(n)] for n, s in enumerate(sets)},
        "seconds": taken[str(len(sets) - 1)],
    }
