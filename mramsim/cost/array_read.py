"""Energy of the array itself: cell currents, bit-line charge, word lines."""

from __future__ import annotations

from mramsim.arrays.bias import read_pulse
from mramsim.arrays.cells import classes_of
from mramsim.arrays.coding import conducting
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import Reads
from mramsim.cost.components import Components
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.mapping.events import LayerEvents
from mramsim.mapping.layer import LayerPlacement

_ACTING = frozenset({"bias", "temperature"})  # deterministic effects that set the nominal cell


def array_read_j(
    layer: LayerPlacement, device: DeviceCard, conditions: Conditions, events: LayerEvents
) -> float:
    """Return the energy drawn from the supply through cells and bit lines, in J.

    Which branches conduct is the input coding's (`mramsim.arrays.coding.conducting`), what they
    draw is the family's (`mramsim.arrays.family.Family`).
    """
    pulse = read_pulse(device, layer.card, conditions, _ACTING)
    classes = classes_of(device, pulse, conditions, _ACTING)
    p, ap = conducting_reads(layer, events)
    reads = Reads(p, ap, events.total("column_reads"))
    return FAMILIES[layer.card.sensing].read_j(layer.card, classes, reads)


def conducting_reads(layer: LayerPlacement, events: LayerEvents) -> tuple[int, int]:
    """Return how many branches conducted in state P, and how many in state AP."""
    x1_w1, x1_w0, x0_w1, x0_w0 = (
        events.total(f"reads_{cell}") for cell in ("x1_w1", "x1_w0", "x0_w1", "x0_w0")
    )
    return conducting(layer.card, x1_w1, x1_w0, x0_w1, x0_w0)


def matched_reads(events: LayerEvents) -> tuple[int, int]:
    """Return how many cells were read with input and weight equal, and how many with not."""
    matches = events.total("reads_x1_w1") + events.total("reads_x0_w0")
    others = events.total("reads_x1_w0") + events.total("reads_x0_w1")
    return matches, others


def word_lines_j(layer: LayerPlacement, parts: Components, events: LayerEvents) -> float:
    """Return the energy of the word lines, in J.

    Each driven row pulses one line (of its pair, if it has two) over the whole width of the array:
    ``columns C_cell vdd^2``. Of gated rows those with bit 1 are driven.
    """
    line = layer.card.columns * parts.cell.charge_j("wordline_f")
    return events.total("row_drives") * line


def drivers_j(layer: LayerPlacement, parts: Components, events: LayerEvents) -> float:
    """Return the energy of the row drivers' own capacitance: a share of what they drive, in J."""
    return parts.driver.value("driver_share") * word_lines_j(layer, parts, events)
