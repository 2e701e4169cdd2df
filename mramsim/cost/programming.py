"""Programming the whole network once: energy and time, with write-verify."""

from __future__ import annotations

from math import ceil
from typing import Any

from mramsim.arrays import coding
from mramsim.arrays.mitigation import writer
from mramsim.cost.components import Components
from mramsim.devices import write
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.effects import select
from mramsim.mapping.placement import Placement

PHASES = 2  # all MTJs of a row to P, then one branch of each cell to AP


def programming(
    placement: Placement,
    device: DeviceCard,
    conditions: Conditions,
    parts: dict[str, Components],
) -> dict[str, Any]:
    """Return what it takes to write every weight once.

    A row of a tile is written `write_width_bits` cells at a time in two phases: both MTJs to P,
    then one of them to AP, so 3 pulses a cell. With verification a pulse is repeated for the MTJs
    that failed; the slowest of those written together sets the time. The write path loses a part of
    each pulse, not of verifying reads. Tiles of a layer are written together, rows and layers one
    after another.

    Parameters
    ----------
    placement : Placement
    device : DeviceCard
    conditions : Conditions
    parts : dict of layer name to Components

    Returns
    -------
    dict
        ``energy_j``, ``time_s``, ``mtjs``, ``pulses_per_mtj`` (both phases and all attempts),
        ``residual_error_rate`` (with verifying reads that tell the states of every cell apart).
    """
    energy = time = sent = residual = 0.0
    mtjs = 0
    for layer in placement.layers:
        part, card = parts[layer.name].write, layer.card
        own = writer(device, card)
        plan = write.plan(own, conditions, select())
        cells = layer.node.weight.size * card.copies
        branches = coding.mtjs(card)
        to_ap = cells if branches == 2 else int((layer.node.weight == 0).sum()) * card.copies
        mtjs += branches * cells
        pulses = (branches * cells + to_ap) * plan.mean_pulses
        sent += pulses
        residual += branches * cells * plan.residual_error_rate
        verified = own.write_attempts > 1
        energy += pulses * write.pulse_energy_j(own) / part.value("write_efficiency")
        energy += pulses * own.verify_energy_j if verified else 0.0
        width = min(int(part.value("write_width_bits")), max(t.columns for t in layer.tiles))
        groups = max(tile.rows * ceil(tile.columns / width) for tile in layer.tiles)
        rounds = _rounds(plan.pulse_error_rate, own.write_attempts, width)
        verify = own.t_verify_s if verified else 0.0
        step = (own.t_write_s or 0.0) + verify + part.value("write_overhead_s")
        time += groups * PHASES * rounds * step
    return {
        "energy_j": energy,
        "time_s": time,
        "mtjs": mtjs,
        "pulses_per_mtj": sent / mtjs,
        "residual_error_rate": residual / mtjs,
    }


def _rounds(error: float, attempts: int, together: int) -> float:
    """Return the mean number of rounds until all of `together` MTJs are right, at most `attempts`.

    Round k + 1 is needed where any of them failed k times: ``1 - (1 - w^k)^n``.
    """
    return 1.0 + sum(1.0 - (1.0 - error**k) ** together for k in range(1, attempts))
