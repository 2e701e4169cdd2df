"""Jung's 64-cell resistance sum: static errors that its published spreads make.

One count is R_AP - R_P = 13 kOhm; cells of 13 +- 1.6 and 26 +- 2.0 kOhm (8192 measured cells).
"""

import numpy as np
import pytest
from tiles import RSUM, make, random_bits, read

ROWS, COLUMNS = 64, 20_000
COUNT_OHM, SIGMA_P_OHM, SIGMA_AP_OHM = 13e3, 1.6e3, 2.0e3
NO_BIAS = {"v_half_v": None, "gp_curvature_per_v2": 0.0}


def error_of(bits, x):
    """Count less matches of every column, [reads, columns]; the spread of cells is all there is."""
    made = make(bits, ("d2d",), RSUM, **NO_BIAS)
    x = np.atleast_2d(x)
    matches = x @ made.cells.bits + (1 - x) @ (1 - made.cells.bits)
    return read(made, x) - matches


@pytest.mark.parametrize(
    ("antiparallel", "published"),
    [(32, 1.11), (0, 0.98), (64, 1.23)],
    ids=["half", "all P", "all AP"],
)
def test_static_error_over_chips(antiparallel, published):
    bits = np.ones((ROWS, COLUMNS), int)
    bits[:antiparallel] = 0  # with input +1 the complementary path is AP
    sigma = error_of(bits, np.ones(ROWS, int)).std()
    parallel = ROWS - antiparallel
    exact = np.sqrt(parallel * SIGMA_P_OHM**2 + antiparallel * SIGMA_AP_OHM**2) / COUNT_OHM
    assert abs(sigma / exact - 1) < 0.01 + 4 / np.sqrt(2 * COLUMNS)
    assert sigma == pytest.approx(published, abs=0.03)


def test_static_error_on_one_chip_over_inputs():
    """A column's mean over inputs is no error that depends on the input; 0.78 is what is left."""
    error = error_of(random_bits(1, ROWS, 2000), random_bits(2, 400, ROWS))
    sigma = np.sqrt(error.var(axis=0).mean())
    assert sigma == pytest.approx(0.78, abs=0.02)
