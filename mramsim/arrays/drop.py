"""The voltage that a tile loses on its wires (effect ``ir_drop``).

Cells that are read one at a time see their wires as a resistance in series (`row_ohm`). Columns
whose cells conduct together are ladders that depend on the input: `wires` puts them into the tile's
record at programming, and `counts` solves them for every read (`mramsim.arrays.wires`).

A cascode keeps the voltage of a cell while that of its line moves; a cell's output resistance is
then `cascode_gain` times its own, which is the same as wires of so many times less resistance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mramsim.arrays.card import MappingCard
from mramsim.arrays.cells import AP, Cells, Die, P
from mramsim.arrays.wires import (
    Junctions,
    Rails,
    gated_currents,
    solve_junction_columns,
    transfer_matrix,
)
from mramsim.devices import resistance

if TYPE_CHECKING:
    from mramsim.arrays.family import Site
    from mramsim.kernels.records import AnalogTile, Wires

Floats = NDArray[np.float64]
REFERENCES = 2  # nominal columns beside the cells: all AP, all P


def rails(mapping: MappingCard, first: int = 0, last: int | None = None) -> Rails:
    """Return the lines of a column as rows `first` to `last` (exclusive) of its tile see them.

    Rows beyond them do not conduct: their wires stand in series with driver and sense node.
    """
    stop = mapping.rows if last is None else last
    gain = mapping.cascode_gain
    bit = (mapping.column_wire_ohm or 0.0) / gain
    source = bit if mapping.source_wire_ohm is None else mapping.source_wire_ohm / gain
    beyond = mapping.rows - stop if mapping.line_return == "opposite" else first
    return Rails(
        bit,
        source,
        mapping.driver_ohm / gain + first * bit,
        mapping.sense_ohm / gain + beyond * source,
        mapping.line_return,
    )


def acts(die: Die, mapping: MappingCard) -> bool:
    """Return whether any line has a resistance and the effect is on."""
    return "ir_drop" in die.effects and any((*rails(mapping).ohms, mapping.row_wire_ohm))


def row_ohm(die: Die, mapping: MappingCard, rows: int) -> Floats:
    """Return the wires in series with a cell that is read alone, in Ohm [rows]."""
    if not acts(die, mapping):
        return np.zeros(rows)
    found = [sum(rails(mapping, row, row + 1).ohms) for row in range(rows)]
    return np.array(found, dtype=np.float64)


def series_ohm(die: Die, mapping: MappingCard) -> float:
    """Return what the wires of a column of cells in series add to its resistance, in Ohm.

    One segment per row of the array, driver and sense node; 0 where the read-out has them too.
    """
    if not acts(die, mapping) or mapping.reference_wires == "same":
        return 0.0
    bit, _, driver, sense = rails(mapping).ohms
    return mapping.rows * bit + driver + sense


def wires(cells: Cells, die: Die, mapping: MappingCard, site: Site, unit_s: float) -> Wires:
    """Return the lines of a tile for its record: ladders, or the transfer of a passive array.

    Parameters
    ----------
    cells : Cells
    die : Die
    mapping : MappingCard
    site : Site
        Says where in the array `cells` stand.
    unit_s : float
        Conductance of one count, in S.

    Returns
    -------
    Wires
    """
    from mramsim.kernels.records import NO_WIRES, Wires

    if not acts(die, mapping):
        return NO_WIRES
    shape = (*cells.resistance_ohm.shape[:2], REFERENCES)
    g_ap, g_p = (1.0 / cells.classes[state].total_ohm for state in (AP, P))
    nominal = np.broadcast_to([g_ap, g_p], shape)
    first = site.first
    lines = rails(mapping, first, first + shape[1])
    passive = mapping.input_coding == "bipolar"
    transfer = NO_WIRES.transfer
    if passive:
        if "transfer" not in site.solved:
            array = cells if site.array is None else site.array
            site.solved["transfer"] = _transfer(array, mapping, (g_ap, g_p))
        transfer = site.solved["transfer"][first : first + shape[1]]
    return Wires(
        siemens=NO_WIRES.siemens
        if passive
        else np.concatenate([1.0 / cells.resistance_ohm, nominal], axis=2),
        junction_ohm=_junctions(cells.junctions, die, shape),
        law=NO_WIRES.law if cells.junctions is None else np.array(cells.junctions.parts[3:]),
        rails_ohm=np.array(lines.ohms),
        opposite=lines.returns == "opposite",
        v_read_v=mapping.v_read_v,
        nominal_s=np.array([g_ap, g_p]),
        unit_s=unit_s,
        tracked=mapping.reference_wires == "same",
        compensated=mapping.input_compensation,
        transfer=transfer,
    )


def _transfer(array: Cells, mapping: MappingCard, nominal_s: tuple[float, float]) -> Floats:
    """Return currents per volt of a passive array with its two nominal columns, in S [rows, M + 2].

    Rows and columns of the array that are not in use are open; the columns run on below.
    """
    bit = mapping.column_wire_ohm or 0.0
    ends = np.broadcast_to(nominal_s, (len(array.bits), REFERENCES))
    conductance = np.concatenate([1.0 / array.resistance_ohm[0], ends], axis=1)
    sense = mapping.sense_ohm + (mapping.rows - len(array.bits)) * bit
    return transfer_matrix(conductance, mapping.row_wire_ohm, bit, mapping.driver_ohm, sense)


def _junctions(own: Junctions | None, die: Die, shape: tuple[int, ...]) -> Floats:
    """Return R_P, TMR and series resistance of all cells, references last, [3, B, R, M + 2]."""
    if own is None:
        return np.empty((3, 0, 0, 0))
    card = die.card
    still = die.effects - {"bias"}
    rp, rap = resistance.mtj_resistance(card, card.rp_ohm, card.tmr, 0.0, die.conditions, still)
    nominal = ([rp, rp], [rap / rp - 1.0, 0.0], [card.series_ohm] * 2)
    parts = [
        np.concatenate([np.asarray(part), np.broadcast_to(values, shape)], axis=2)
        for part, values in zip(own.parts[:3], nominal, strict=True)
    ]
    return np.stack(parts)


def counts_of(tile: AnalogTile, bits: NDArray[np.uint8], positions: int) -> Floats:
    """Return the analog counts of every column for every row of bits, wires included.

    Parameters
    ----------
    tile : AnalogTile
    bits : uint8 array [N, R]
        Of the rows; evaluation ``n`` is at position ``n % positions``.
    positions : int

    Returns
    -------
    float64 array [N, M]
        Offsets, noise and conversion left out. [0, 0] for a tile without wires.
    """
    from mramsim.kernels.records import NO_COUNTS

    if tile.wires.size == 0:
        return NO_COUNTS
    if tile.wires.transfer.size:
        return _passive_counts(tile, bits, positions)
    on = selection(tile, bits, positions)
    conducting = (on >= 0).sum(axis=1).astype(np.float64)[:, None]
    current = _currents(tile.wires, on)
    cells, low, high = current[:, :-2], current[:, -2:-1], current[:, -1:]
    ap_s, p_s = tile.wires.nominal_s
    v_read = tile.wires.v_read_v
    if tile.wires.compensated:
        lost = np.divide(
            conducting * (ap_s + p_s) * v_read, low + high, out=np.ones_like(low), where=low > 0.0
        )
        cells, low, high = cells * lost, low * lost, high * lost
    zero = low if tile.wires.tracked else conducting * ap_s * v_read
    if tile.gain == 0.0 or not tile.wires.tracked:
        return np.asarray((cells - zero) / (tile.wires.unit_s * v_read))
    unit = np.divide(high - low, conducting, out=np.ones_like(low), where=conducting > 0.0)
    return np.asarray((cells - zero) / unit)


def _passive_counts(tile: AnalogTile, bits: NDArray[np.uint8], positions: int) -> Floats:
    """Return the counts of a passive array whose rows stand at +V, -V or (undriven) 0 V."""
    from mramsim.kernels.subsets import subset_sums

    found, (kinds, kind) = tile.wires, _driven_kinds(tile, len(bits), positions)
    high = bits & kinds[kind]
    siemens = np.empty((len(bits), found.transfer.shape[1]))
    all_high = np.empty((len(kinds), found.transfer.shape[1]))
    subset_sums(found.transfer, high, siemens)
    subset_sums(found.transfer, kinds, all_high)
    siemens *= 2.0
    siemens -= all_high[kind]
    driven = kinds.sum(axis=1, dtype=np.float64)
    on = driven[kind, None]
    half = on / 2.0 if tile.gain > 0.0 else 0.0
    unit: Any = found.unit_s
    zero = (2.0 * high.sum(axis=1, dtype=np.float64)[:, None] - on) * found.nominal_s.mean()
    if found.tracked:
        zero = siemens[:, -2:].mean(axis=1, keepdims=True)
        if tile.gain > 0.0:
            ends = all_high[:, -1] - all_high[:, -2]
            units = np.divide(ends, driven, out=np.full_like(driven, unit), where=driven > 0.0)
            unit = units[kind, None]
    return np.asarray((siemens[:, :-2] - zero) / unit + half)


def _currents(found: Wires, on: NDArray[np.int8]) -> Floats:
    bit, source, driver, sense = found.rails_ohm.tolist()
    lines = Rails(bit, source, driver, sense, "opposite" if found.opposite else "same")
    if found.junction_ohm.shape[1] == 0:
        return gated_currents(found.siemens, on, found.v_read_v, lines)
    rp, tmr, series = found.junction_ohm
    curvature, inverse_half = found.law.tolist()
    half = 1.0 / inverse_half if inverse_half > 0.0 else None
    junctions = Junctions(rp, tmr, series, half, curvature)
    return solve_junction_columns(junctions, on, found.v_read_v, lines)


def selection(tile: AnalogTile, bits: NDArray[np.uint8], positions: int) -> NDArray[np.int8]:
    """Return the branch of each row that conducts, int8 [N, R]; -1 where none does.

    Bit 1 opens the true branch, bit 0 the complementary one, if there is one.
    """
    off = -1 if tile.gated else 1
    branch = np.where(bits == 1, 0, off)
    return np.where(driven_bits(tile, len(bits), positions) == 1, branch, -1).astype(np.int8)


def driven_bits(tile: AnalogTile, count: int, positions: int) -> NDArray[np.uint8]:
    """Return which rows are driven in `count` evaluations, uint8 [count, R]."""
    kinds, kind = _driven_kinds(tile, count, positions)
    return np.asarray(kinds[kind])


def _driven_kinds(
    tile: AnalogTile, count: int, positions: int
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Return the sets of driven rows, uint8 [kinds, R], and which one each evaluation has."""
    from mramsim.kernels.words import unpack_bits

    kinds = unpack_bits(tile.driven, tile.deviation.shape[0])
    return kinds, np.minimum(np.arange(count) % positions, len(kinds) - 1)
