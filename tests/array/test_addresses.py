"""No kernel uses the address of an array that is gone; and many threads leave the bytes alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from lifetimes import kernels, outlived

from mramsim.kernels.lanes import address, borrowed

TESTS = Path(__file__).parents[1]


def test_no_kernel_uses_an_address_whose_array_is_gone():
    functions = kernels("mramsim.kernels", "mramsim.benchmark")
    assert len(functions) > 90
    assert outlived(functions) == []


def takes(at):
    """Stand for a kernel that works on memory."""


def test_an_address_used_too_late_is_found():
    def gone(n):
        made = np.zeros(n)
        at = address(made)
        for _ in range(n):
            takes(at)

    def gone_by_way_of_a_number(n):
        made = np.zeros(n)
        at = np.int64(address(made)) + 64
        takes(at)

    def gone_lent(n):
        made = np.zeros(n)
        lent = borrowed(made)
        takes(lent)

    def kept(n):
        made = np.zeros(n)
        at = address(made)
        for _ in range(n):
            takes(at)
        takes(made)

    def kept_by_a_view(n):
        made = np.zeros(n)
        view = made.view(np.uint8).reshape(n, 8)
        at = address(made)
        takes(at)
        takes(view)

    def kept_by_the_caller(made, n):
        at = address(made[n])
        for _ in range(n):
            takes(at)

    def kept_in_a_loop(n):
        made = np.zeros(n)
        at = address(made)
        for k in range(n):
            takes(at)
            made[k] = 1

    functions = {f.__name__: f for f in list(locals().values())}
    found = {entry.partition(":")[0] for entry in outlived(functions)}
    assert found == {"gone", "gone_by_way_of_a_number", "gone_lent"}


def test_a_kernel_that_returns_what_it_was_lent_lends_as_well():
    def hand_on(array):
        return address(array)

    def gone(n):
        made = np.zeros(n)
        at = hand_on(made)
        takes(at)

    def kept(n):
        made = np.zeros(n)
        at = hand_on(made)
        takes(at)
        takes(made)

    found = outlived({f.__name__: f for f in (hand_on, gone, kept)})
    assert [entry.partition(":")[0] for entry in found] == ["gone"]


CROWD = """
import numpy as np
from conftest import cnv, images_for
from network.test_rules_reads import loud_chip

network = cnv(2, 0)
chip, x = loud_chip(network, "pcsa_hirtzlin_nanoarch_2019"), images_for(network, 23)
expected = chip.run(x, threads=1).scores
for _ in range(40):
    assert np.array_equal(chip.run(x, batch=5, threads=40).scores, expected)
"""


def test_many_threads_that_share_one_heap_leave_the_bytes_alone():
    """With one heap for all, memory that was given back is soon another thread's."""
    environment = os.environ | {"MALLOC_ARENA_MAX": "1", "MALLOC_PERTURB_": "165"}
    done = subprocess.run(
        [sys.executable, "-c", CROWD],
        cwd=TESTS,
        env=environment | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
