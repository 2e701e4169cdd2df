"""Integer products by every kind of instruction; the same bytes on other processors."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiles import AS_IT_IS, read_record

from mramsim.kernels.jit import kernel
from mramsim.kernels.lanes import address, aligned
from mramsim.kernels.matches import strips, xnor_popcount
from mramsim.kernels.philox import philox
from mramsim.kernels.products import multiply, panels
from mramsim.kernels.shared_draws import shared_words
from mramsim.kernels.subsets import subset_sums
from mramsim.kernels.words import pack_bits, unpack_bits

TESTS = Path(__file__).parents[1]
RUN = """
import hashlib, sys
sys.path[:0] = [{tests!r}, {array!r}]
import numpy as np
from test_products import digest
print(digest())
"""


def digest():
    """Hash of what small and large tiles give in every mode of reading."""
    from test_kernel_analog import MODES, random_tile
    from test_kernel_pcsa import random_tile as random_pcsa

    found = hashlib.sha256()
    rng = np.random.default_rng(0)
    for mode in MODES:
        for positions in (1, 3):
            tile, driven = random_tile(rng, 150, 37, positions=positions, noise=1e-3)
            x = rng.integers(0, 2, (300, 150)) & np.tile(driven, (300 // positions, 1))
            images = np.arange(300 // positions)
            sums, made = read_record(tile, mode.values[0], x, images, positions, 2)
            found.update(sums.tobytes() + str(made).encode())
    tile, driven = random_pcsa(rng, 150, 37)
    sums, made = read_record(tile, AS_IT_IS, rng.integers(0, 2, (300, 150)), np.arange(300), 1, 1)
    found.update(sums.tobytes() + str(made).encode())
    counts = np.empty((61, 37), np.int32)
    x, w = pack_bits(rng.integers(0, 2, (61, 150))), pack_bits(rng.integers(0, 2, (37, 150)))
    xnor_popcount(x, strips(w.T), pack_bits(np.ones((1, 150))), counts)
    found.update(counts.tobytes())
    sums = np.empty((61, 37))
    subset_sums(rng.standard_normal((150, 37)), unpack_bits(x, 150), sums)
    found.update(sums.tobytes())
    return found.hexdigest()


@kernel
def products(x, cells, out):
    multiply(address(x), x.shape[0], address(cells), cells.shape[0], cells.shape[1], address(out))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (64, 16), (65, 17), (200, 70), (300, 33)])
def test_products_equal_numpy(rows, columns):
    rng = np.random.default_rng(rows)
    cells = rng.integers(-128, 128, (rows, columns)).astype(np.int8)
    x = aligned((64, -(-rows // 64) * 64), np.uint8)
    x[:, :rows] = rng.integers(0, 2, (64, rows))
    made = panels(cells)
    out = aligned((made.shape[0], 64, 16), np.int32)
    products(x, made, out)
    found = out.transpose(1, 0, 2).reshape(64, -1)
    expected = x[:, :rows].astype(np.int64) @ cells
    np.testing.assert_array_equal(found[:, :columns], expected)
    assert not found[:, columns:].any()


def test_extreme_cells_do_not_saturate():
    for value in (-128, 127):
        x = aligned((32, 1024), np.uint8)
        x[:] = 1
        out = aligned((1, 32, 16), np.int32)
        products(x, panels(np.full((1024, 16), value, np.int8)), out)
        assert (out == 1024 * value).all()


def test_shared_words_equal_philox():
    rng = np.random.default_rng(1)
    image, place = rng.integers(0, 1 << 32, (2, 24), dtype=np.uint64).astype(np.uint32)
    words = np.zeros((24, 4), np.uint32)
    key = np.array([0xDEADBEEF, 0xFFFFFFFF], np.uint32)
    shared_words(image, place, 5 << 24, 9, *key, words)
    for n in range(24):
        counter = (image[n], place[n], np.uint32(5 << 24), np.uint32(9))
        assert tuple(words[n]) == philox(*counter, *key)


@pytest.mark.parametrize(
    "settings",
    [
        {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+avx,+fma,+popcnt,+ssse3"},
        pytest.param(
            {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"}, marks=pytest.mark.slow
        ),
    ],
    ids=["avx2", "sse2"],
)
def test_other_processors_give_the_same_bytes(settings, tmp_path):
    if "x86" not in os.uname().machine and "NUMBA_CPU_NAME" in settings:
        pytest.skip("the names of these processors mean nothing here")
    code = RUN.format(tests=str(TESTS), array=str(TESTS / "array"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **settings, "NUMBA_CACHE_DIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()
