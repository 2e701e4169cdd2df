"""Sums of matches and deviations of a panel, by every way a processor may take, beside numpy."""

import numpy as np
import pytest

from mramsim.kernels import sums
from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, aligned
from mramsim.kernels.sums import pack_inputs, panel_sums, planes_of
from mramsim.kernels.tables import has_tables, split
from mramsim.kernels.words import pack_bits


@kernel
def all_panels(x, bits, index, planes, out):
    panels, depth, blocks = planes.cells.shape[:3]
    pack_inputs(x, bits, index)
    for panel in range(panels):
        panel_sums(
            address(x),
            address(bits),
            address(index),
            address(planes.cells),
            address(planes.strips),
            address(planes.ones),
            address(planes.tables),
            panel,
            depth,
            blocks,
            index.shape[0] > 0,
            address(out[panel]),
        )


@pytest.mark.parametrize("way", ["tables", "dots"])
@pytest.mark.parametrize("kind", [np.int8, np.int16])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (64, 16), (65, 17), (200, 40)])
def test_panel_sums_equal_numpy(rows, columns, kind, way, monkeypatch):
    if way == "tables" and not has_tables():
        pytest.skip("this processor looks nothing up")
    monkeypatch.setattr(sums, "has_tables", lambda: way == "tables")
    rng = np.random.default_rng(rows + columns)
    weights = rng.integers(0, 2, (rows, columns)).astype(np.uint8)
    most = 127 if kind is np.int8 else 32639
    deviation = rng.integers(-most, most + 1, (rows, columns)).astype(kind)
    deviation[split(deviation)] = 0
    planes = planes_of(pack_bits(weights.T).T, deviation)
    x = aligned((32, -(-rows // 64) * 64), np.uint8)
    x[:, :rows] = rng.integers(0, 2, (32, rows))
    bits = np.zeros((32, x.shape[1] // 64), np.uint64)
    index = np.zeros((x.shape[1] // 16 if planes.tables.size else 0, 32), np.uint32)
    out = aligned((planes.cells.shape[0], planes.sums, 32, 16), np.int32)
    all_panels(x, bits, index, planes, out)
    found = out.transpose(1, 2, 0, 3).reshape(planes.sums, 32, -1)[:, :, :columns].astype(np.int64)
    levels = x[:, :rows].astype(np.int64)
    np.testing.assert_array_equal(found[0], levels @ (2 * weights.astype(np.int64) - 1))
    steps = found[1] + (256 * found[2] if planes.sums == 3 else 0)
    np.testing.assert_array_equal(steps, levels @ deviation.astype(np.int64))


def test_split_leaves_groups_whose_sums_fit():
    rng = np.random.default_rng(0)
    cells = rng.integers(-127, 128, (70, 33)).astype(np.int8)
    gone = split(cells)
    left = np.zeros((72, 33), np.int64)
    left[:70] = np.where(gone, 0, cells)
    groups = left.reshape(18, 4, 33)
    assert np.maximum(groups, 0).sum(axis=1).max() <= 127
    assert np.minimum(groups, 0).sum(axis=1).min() >= -128
    assert gone.any()
    assert not (gone & (cells == 0)).any()
    assert not split(np.full((8, 2), 31, np.int8)).any()
    assert not split(cells.astype(np.int16)).any()
