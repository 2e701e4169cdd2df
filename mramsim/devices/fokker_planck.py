"""Write error rate of a perpendicular macrospin from the Fokker-Planck equation.

With x = cos(theta), reduced time tau = t alpha gamma mu_0 H_k / (1 + alpha^2), i = I / Ic0 and
h = H / H_k the density rho(x, tau) obeys

    d rho / d tau = -d/dx[(1 - x^2)(x + h - i) rho] + 1/(2 Delta) d/dx[(1 - x^2) d rho / dx]

(Brown 1963; Butler et al., IEEE Trans. Magn. 48, 4684 (2012), doi 10.1109/TMAG.2012.2209122). In
Legendre polynomials it becomes r' = A r with a penta-diagonal A, solved by the matrix exponential
(the method of the ARM MRAM simulation framework, arXiv 2106.12304).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError

Array = NDArray[np.float64]

MAX_DELTA = 400.0
FLOOR = 1e-13


def modes_for(delta: float) -> int:
    """Return how many Legendre modes resolve the thermal width 1/(2 Delta) of the well."""
    return 60 + math.ceil(12.0 * math.sqrt(delta))


def generator(modes: int, delta: float, drive: float) -> Array:
    """Return A of r' = A r for rho = sum of r_l P_l.

    Row n follows from projecting on P_n and integrating by parts with
    (1 - x^2) P_n' = n (n + 1) / (2 n + 1) (P_(n-1) - P_(n+1)).

    Parameters
    ----------
    modes : int
        Highest degree kept.
    delta : float
        Barrier over k_B T.
    drive : float
        i - h.

    Returns
    -------
    float64 [modes + 1, modes + 1]
    """
    degree = np.arange(modes + 1, dtype=np.float64)
    norm = 2.0 / (2.0 * np.arange(modes + 3) + 1.0)
    # product[a, l] = integral of P_a (x - drive) P_l
    product = np.zeros((modes + 3, modes + 1))
    column = np.arange(modes + 1)
    product[column + 1, column] = (degree + 1.0) / (2.0 * degree + 1.0) * norm[column + 1]
    product[column[:-1], column[1:]] = degree[1:] / (2.0 * degree[1:] + 1.0) * norm[column[:-1]]
    product[column, column] = -drive * norm[column]
    matrix = np.zeros((modes + 1, modes + 1))
    step = (degree * (degree + 1.0) / 2.0)[1:, None]
    matrix[1:] = step * (product[0:modes] - product[2 : modes + 2])
    matrix[column, column] -= degree * (degree + 1.0) / (2.0 * delta)
    return matrix


def equilibrium_in_well(modes: int, delta: float) -> Array:
    """Return the coefficients of exp(Delta x^2) on 0 < x < 1, normalised.

    Returns
    -------
    float64 [modes + 1]
    """
    x, weight, table = _half_range(modes)
    rho = np.exp(delta * (x * x - 1.0))
    rho /= weight @ rho
    degree = np.arange(modes + 1)
    coefficients: Array = (2.0 * degree + 1.0) / 2.0 * (table.T @ (weight * rho))
    return coefficients


@lru_cache(maxsize=8)
def _half_range(modes: int) -> tuple[Array, Array, Array]:
    """Return nodes and weights on 0 < x < 1 and the Legendre polynomials there."""
    x, weight = np.polynomial.legendre.leggauss(2 * modes + 100)
    x, weight = (x + 1.0) / 2.0, weight / 2.0
    table: Array = np.asarray(np.polynomial.legendre.legvander(x, modes), dtype=np.float64)
    return x, weight, table


@lru_cache(maxsize=1024)
def write_error_rate(
    overdrive: float, tau: float, delta: float, field: float = 0.0, modes: int | None = None
) -> float:
    """Return the probability that a pulse leaves the magnetisation in its first well.

    Parameters
    ----------
    overdrive : float
        i = I / Ic0; positive drives out of the well.
    tau : float
        Reduced length of the pulse.
    delta : float
        Barrier over k_B T, at most 400.
    field : float
        h = H / H_k; positive stabilises the first well.
    modes : int, optional
        Legendre modes; by default enough for rates down to about 1e-10.

    Returns
    -------
    float
        In [0, 1]. The start is thermal equilibrium within the well. Values below 1e-13 are
        rounding errors and returned as 0.

    Raises
    ------
    InputError
        For a negative length or a Delta outside (0, 400].
    """
    if not (math.isfinite(tau) and tau >= 0.0):
        raise InputError(f"tau = {tau!r}; a length of 0 or more is needed")
    if not 0.0 < delta <= MAX_DELTA:
        raise InputError(f"delta = {delta!r}; more than 0 and at most {MAX_DELTA:g} is needed")
    if not (math.isfinite(overdrive) and math.isfinite(field)):
        raise InputError(f"overdrive = {overdrive!r}, field = {field!r}; finite values are needed")
    from scipy.linalg import expm
    from threadpoolctl import threadpool_limits

    count = modes_for(delta) if modes is None else modes
    with threadpool_limits(1, user_api="blas"):  # small matrices: more threads only wait
        start = equilibrium_in_well(count, delta)
        final = expm(generator(count, delta, overdrive - field) * tau) @ start
    _, weight, table = _half_range(count)
    left = float(weight @ (table @ final))
    return min(left, 1.0) if left >= FLOOR else 0.0


def relaxation_rate(delta: float, drive: float = 0.0, modes: int | None = None) -> float:
    """Return the smallest non-zero decay rate of the density, per unit of tau.

    It is the sum of the escape rates of both wells. Rounding limits it to values above about
    1e-10.

    Parameters
    ----------
    delta : float
        Barrier over k_B T.
    drive : float
        i - h.
    modes : int, optional
    """
    from scipy.linalg import eigvals

    count = modes_for(delta) if modes is None else modes
    decay = np.sort(-np.real(eigvals(generator(count, delta, drive)[1:, 1:])))
    return float(decay[0])
