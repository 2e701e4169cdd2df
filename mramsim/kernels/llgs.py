"""Stochastic Landau-Lifshitz-Gilbert-Slonczewski equation of a macrospin, many at a time.

Fixed-step Heun scheme, which converges to the Stratonovich solution (Garcia-Palacios and Lazaro,
Phys. Rev. B 58, 14937 (1998), doi 10.1103/PhysRevB.58.14937). Fields are in units of the
anisotropy field H_k, time in units of 1 / (gamma mu_0 H_k).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from mramsim.kernels.gauss import log, sin_pi
from mramsim.kernels.jit import kernel
from mramsim.kernels.philox import philox, unit

_BLOCK = 32
_MASK = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_11 = np.uint64(11)


class SpinTerms(NamedTuple):
    """Constants of one equation.

    Attributes
    ----------
    alpha : float
        Damping.
    anisotropy : float
        H_k during the run over H_k.
    field_x, field_y, field_z : float
        Applied field over H_k.
    torque : float
        Spin torque a_J over H_k: alpha times I / Ic0 for a polariser along z.
    field_like : float
        Field-like torque over `torque`.
    polariser_x, polariser_y, polariser_z : float
        Unit vector.
    noise : float
        Standard deviation of each component of the thermal field over one step, over H_k.
    """

    alpha: float
    anisotropy: float
    field_x: float
    field_y: float
    field_z: float
    torque: float
    field_like: float
    polariser_x: float
    polariser_y: float
    polariser_z: float
    noise: float


@kernel(inline="always")
def gauss_pair(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return two independent standard normal numbers of a counter and a key (uint32 each)."""
    w0, w1, w2, w3 = philox(c0, c1, c2, c3, k0, k1)
    radius = np.sqrt(-2.0 * log(unit(w0, w1)))
    word = ((np.uint64(w2) << _32) | np.uint64(w3)) >> _11
    turn = np.float64(word) * 2.0**-52 - 1.0
    size = abs(turn)
    sine = sin_pi(0.5 - abs(size - 0.5))
    return radius * sin_pi(0.5 - size), radius * (sine if turn >= 0.0 else -sine)


@kernel(inline="always")
def slope(x: Any, y: Any, z: Any, hx: Any, hy: Any, hz: Any, terms: SpinTerms) -> Any:
    """Return dm/dt of one macrospin in the field h (thermal and applied) plus anisotropy.

    (1 + alpha^2) dm/dt = -(v + alpha m x v) + a (m x c - alpha c) with v = m x (h + b p) and
    c = m x p, where a is the damping-like and b the field-like torque.
    """
    hx = hx + terms.field_like * terms.torque * terms.polariser_x
    hy = hy + terms.field_like * terms.torque * terms.polariser_y
    hz = hz + terms.field_like * terms.torque * terms.polariser_z + terms.anisotropy * z
    vx, vy, vz = y * hz - z * hy, z * hx - x * hz, x * hy - y * hx
    px, py, pz = terms.polariser_x, terms.polariser_y, terms.polariser_z
    cx, cy, cz = y * pz - z * py, z * px - x * pz, x * py - y * px
    alpha, a = terms.alpha, terms.torque
    gx, gy, gz = alpha * vx - a * cx, alpha * vy - a * cy, alpha * vz - a * cz
    rate = -1.0 / (1.0 + alpha * alpha)
    dx = rate * (vx + (y * gz - z * gy) + alpha * a * cx)
    dy = rate * (vy + (z * gx - x * gz) + alpha * a * cy)
    dz = rate * (vz + (x * gy - y * gx) + alpha * a * cz)
    return dx, dy, dz


@kernel(inline="always")
def heun_step(x: Any, y: Any, z: Any, hx: Any, hy: Any, hz: Any, dt: Any, terms: SpinTerms) -> Any:
    """Advance one macrospin by one Heun step with the same field at both ends."""
    dx, dy, dz = slope(x, y, z, hx, hy, hz, terms)
    ux, uy, uz = slope(x + dt * dx, y + dt * dy, z + dt * dz, hx, hy, hz, terms)
    half = 0.5 * dt
    x, y, z = x + half * (dx + ux), y + half * (dy + uy), z + half * (dz + uz)
    scale = 1.0 / np.sqrt(x * x + y * y + z * z)
    return x * scale, y * scale, z * scale


@kernel
def fill_fields(step: Any, start: Any, terms: SpinTerms, key: Any, h: Any) -> None:
    """Fill h (float64 [3, block]) with the applied and thermal field of one step."""
    low = np.uint32(np.uint64(step) & _MASK)
    high = np.uint32(np.uint64(step) >> _32)
    zero, one = np.uint32(0), np.uint32(1)
    k0, k1 = key[0], key[1]
    first = np.uint32(start)
    for j in range(_BLOCK):
        who = first + np.uint32(j)
        g0, g1 = gauss_pair(low, high, who, zero, k0, k1)
        g2, _ = gauss_pair(low, high, who, one, k0, k1)
        h[0, j] = terms.field_x + terms.noise * g0
        h[1, j] = terms.field_y + terms.noise * g1
        h[2, j] = terms.field_z + terms.noise * g2


@kernel
def step_block(m: Any, h: Any, dt: Any, terms: SpinTerms) -> None:
    """Advance a block of macrospins m (float64 [3, block]) by one step in the fields h."""
    for j in range(_BLOCK):
        x, y, z = heun_step(m[0, j], m[1, j], m[2, j], h[0, j], h[1, j], h[2, j], dt, terms)
        m[0, j] = x
        m[1, j] = y
        m[2, j] = z


@kernel(parallel=True)
def advance(
    spins: NDArray[np.float64],
    first_step: int,
    steps: int,
    dt: float,
    terms: SpinTerms,
    key: NDArray[np.uint32],
) -> None:
    """Advance all macrospins by a number of steps, in place.

    Parameters
    ----------
    spins : float64 [3, N]
        Unit vectors.
    first_step : int
        Number of the first step: part of the random counter.
    steps : int
    dt : float
        In units of 1 / (gamma mu_0 H_k).
    terms : SpinTerms
    key : uint32 [2]
    """
    count = spins.shape[1]
    for block in prange((count + _BLOCK - 1) // _BLOCK):
        start = block * _BLOCK
        size = min(_BLOCK, count - start)
        m = np.zeros((3, _BLOCK))
        h = np.zeros((3, _BLOCK))
        m[2, size:] = 1.0
        for axis in range(3):
            for j in range(size):
                m[axis, j] = spins[axis, start + j]
        for step in range(first_step, first_step + steps):
            fill_fields(step, start, terms, key, h)
            step_block(m, h, dt, terms)
        for axis in range(3):
            for j in range(size):
                spins[axis, start + j] = m[axis, j]
