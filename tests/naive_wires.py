"""Arrays as lists of elements, solved densely or by ngspice. Nothing here is called by mramsim.

An element is (node, node, Ohm); node "0" is ground, "in3" the ideal source of row or column 3. The
lists are written down from the definition of the array alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Elements = list[tuple[str, str, float]]


def passive(
    conductance: Any, row_wire: float, column_wire: float, driver: float, sense: float
) -> Elements:
    """Word nodes w, bit nodes b, sense nodes out; driver in front of the first row segment."""
    rows, columns = conductance.shape
    elements: Elements = []
    for i in range(rows):
        elements.append((f"in{i}", f"d{i}", driver))
        for j in range(columns):
            elements.append((f"w{i}_{j - 1}" if j else f"d{i}", f"w{i}_{j}", row_wire))
            elements.append(
                (f"b{i}_{j}", f"b{i + 1}_{j}" if i < rows - 1 else f"s{j}", column_wire)
            )
            if conductance[i, j] > 0:
                elements.append((f"w{i}_{j}", f"b{i}_{j}", 1 / conductance[i, j]))
    return elements + [(f"s{j}", f"out{j}", sense) for j in range(columns)]


def gated(
    conductance: Any, bit: float, source: float, driver: float, sense: float, returns: str
) -> Elements:
    """Bit nodes p, source nodes q, cells between them where the conductance is not 0."""
    rows, columns = conductance.shape
    elements: Elements = []
    for j in range(columns):
        elements.append((f"in{j}", f"d{j}", driver))
        for k in range(rows):
            elements.append((f"p{k - 1}_{j}" if k else f"d{j}", f"p{k}_{j}", bit))
            if k:
                elements.append((f"q{k - 1}_{j}", f"q{k}_{j}", source))
            if conductance[k, j] > 0:
                elements.append((f"p{k}_{j}", f"q{k}_{j}", 1 / conductance[k, j]))
        end = rows - 1 if returns == "opposite" else 0
        elements += [(f"q{end}_{j}", f"s{j}", source), (f"s{j}", f"out{j}", sense)]
    return elements


def shared_path(
    rows: int, bit: float, source: float, driver: float, sense: float, opposite: bool
) -> NDArray[np.float64]:
    """Ohm that the loops of any two cells of a gated column share, [rows, rows].

    The current of cell j flows through driver and bit line down to row j, and through the source
    line from row j to the sense node.
    """
    shared = np.zeros((rows, rows))
    for k in range(rows):
        for j in range(rows):
            above, below = min(k, j) + 1, rows - max(k, j)
            shared[k, j] = driver + sense + bit * above + source * (below if opposite else above)
    return shared


def column_current(
    g: Any, v_read: float, bit: float, source: float, driver: float, sense: float, opposite: bool
) -> float:
    """Current of one gated column: a cell lacks what all currents drop on its way."""
    shared = shared_path(len(g), bit, source, driver, sense, opposite)
    cells = np.linalg.solve(np.eye(len(g)) + np.diag(g) @ shared, np.asarray(g) * v_read)
    return float(cells.sum())


def wired_count(tile: Any, x: Any, driven: Any, column: int) -> float:
    """Analog count of one column from the conductances and rails of its record."""
    wires = tile.wires
    bit, source, driver, sense = (float(ohm) for ohm in wires.rails_ohm)

    if np.size(wires.transfer):
        return passive_count(tile, x, driven, column)

    def current(at: int) -> float:
        g = [
            wires.siemens[0 if one else 1, row, at] if on and (one or not tile.gated) else 0.0
            for row, (one, on) in enumerate(zip(x, driven, strict=True))
        ]
        ends = (bit, source, driver, sense, bool(wires.opposite))
        return column_current(g, float(wires.v_read_v), *ends)

    found, low, high, on = current(column), current(-2), current(-1), sum(driven)
    if tile.gated:
        on = sum(a and b for a, b in zip(x, driven, strict=True))
    ideal = [on * g * wires.v_read_v for g in wires.nominal_s]
    if on and wires.compensated:
        raised = sum(ideal) / (low + high)
        found, low, high = found * raised, low * raised, high * raised
    zero = low if wires.tracked else ideal[0]
    if not on:
        return 0.0
    if wires.tracked and tile.gain:
        return on * (found - zero) / (high - low)
    return float((found - zero) / (wires.unit_s * wires.v_read_v))


def passive_count(tile: Any, x: Any, driven: Any, column: int) -> float:
    """Count of a column of a passive array: rows at +1, -1 or 0 V.

    References carry the mean current of all AP and all P; with every driven row at +1 V they differ
    by as many counts as rows are driven.
    """
    wires, on = tile.wires, [row for row, here in enumerate(driven) if here]

    def current(at: int, volts: Any) -> float:
        return sum(float(volts[row]) * float(wires.transfer[row, at]) for row in on)

    volts = [1 if one else -1 for one in x]
    zero = (current(-2, volts) + current(-1, volts)) / 2
    unit = wires.unit_s
    if not wires.tracked:
        zero = sum(volts[row] for row in on) * sum(wires.nominal_s) / 2
    elif tile.gain and on:
        unit = (current(-1, [1] * len(x)) - current(-2, [1] * len(x))) / len(on)
    return (current(column, volts) - zero) / unit + (len(on) / 2 if tile.gain else 0.0)


def merged(elements: Elements) -> dict[str, str]:
    """Nodes that 0 Ohm joins to a representative; a source or sense node represents its group."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for a, b, ohm in elements:
        first, second = root(a), root(b)
        if ohm == 0 and first != second:
            if first.startswith(("in", "out")):
                first, second = second, first
            parent[first] = second
    return {node: root(node) for node in parent}


def dense(elements: Elements, inputs: Any, outputs: int) -> tuple[dict[str, float], NDArray[Any]]:
    """Return node voltages and the currents into the sense nodes by one dense nodal solve."""
    home = merged(elements)
    known = {f"in{k}": float(v) for k, v in enumerate(inputs)}
    known |= {f"out{k}": 0.0 for k in range(outputs)}
    free = sorted({home[node] for node in home} - set(known))
    index = {node: k for k, node in enumerate(free)}
    matrix, right = np.zeros((len(free), len(free))), np.zeros(len(free))
    real = [(home[a], home[b], ohm) for a, b, ohm in elements if home[a] != home[b]]
    for a, b, ohm in real:
        for here, there in ((a, b), (b, a)):
            if here in index:
                matrix[index[here], index[here]] += 1 / ohm
                if there in index:
                    matrix[index[here], index[there]] -= 1 / ohm
                else:
                    right[index[here]] += known[there] / ohm
    touched = matrix.diagonal() > 0  # nodes nothing leads to stay at 0 V
    solution = np.zeros(len(free))
    solution[touched] = np.linalg.solve(matrix[np.ix_(touched, touched)], right[touched])
    volts = known | dict(zip(free, solution, strict=True))
    currents = np.zeros(outputs)
    for a, b, ohm in real:
        for here, there in ((a, b), (b, a)):
            if here.startswith("out"):
                currents[int(here[3:])] += (volts[there] - volts[here]) / ohm
    return {node: volts[home[node]] for node in home}, currents


def worst_kirchhoff(elements: Elements, volts: dict[str, float]) -> float:
    """Return the largest sum of currents at an inner node over the largest current."""
    sums: dict[str, float] = {}
    largest = 0.0
    for a, b, ohm in elements:
        current = (volts[a] - volts[b]) / ohm
        sums[a] = sums.get(a, 0.0) - current
        sums[b] = sums.get(b, 0.0) + current
        largest = max(largest, abs(current))
    inner = [abs(s) for node, s in sums.items() if not node.startswith(("in", "out"))]
    return max(inner) / largest


def spice(
    folder: Path, elements: Elements, inputs: Any, outputs: int, law: Any = None
) -> NDArray[np.float64]:
    """Return ngspice's operating-point currents into the sense nodes.

    `law` turns a cell's number and two nodes into lines of the deck (or None for a resistor).
    """
    if shutil.which("ngspice") is None:
        pytest.skip("ngspice is not installed")
    lines = ["array"]
    lines += [f"Vin{k} in{k} 0 {v:.17g}" for k, v in enumerate(inputs)]
    lines += [f"Vs{k} out{k} 0 0" for k in range(outputs)]
    for number, (a, b, ohm) in enumerate(elements):
        special = None if law is None else law(number, a, b)
        lines += special or [f"R{number} {a} {b} {ohm:.17g}"]
    shown = " ".join(f"i(vs{k})" for k in range(outputs))
    lines += [".options reltol=1e-9 abstol=1e-18 vntol=1e-15 gmin=1e-18", ".control"]
    lines += ["set numdgt=15", "op", f"print {shown}", "quit", ".endc", ".end"]
    deck = folder / "array.cir"
    deck.write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        ["ngspice", "-b", str(deck)], capture_output=True, text=True, check=True, timeout=120
    )
    said = done.stdout + done.stderr
    assert "singular matrix" not in said.lower(), said[-2000:]
    assert "warning" not in said.lower(), said[-2000:]
    found = dict(re.findall(r"i\(vs(\d+)\) = (\S+)", said))
    return np.array([float(found[str(k)]) for k in range(outputs)])
