"""Slow, plain twins of the device kernels."""

import math

import numpy as np

M32 = 0xFFFFFFFF


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox4x32-10 as printed in Salmon et al. (2011), in Python integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & M32, (p0 >> 32) ^ c[3] ^ k[1], p0 & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


def gauss_pair(counter: list[int], key: list[int]) -> tuple[float, float]:
    """Box-Muller with the library's logarithm, cosine and sine."""
    w = philox(counter, key)
    u = ((((w[0] << 32) | w[1]) >> 11) + 0.5) * 2.0**-53
    turn = (((w[2] << 32) | w[3]) >> 11) * 2.0**-52 - 1.0
    radius = math.sqrt(-2.0 * math.log(u))
    return radius * math.cos(math.pi * turn), radius * math.sin(math.pi * turn)


def llgs_slope(m: np.ndarray, h: np.ndarray, p: dict) -> np.ndarray:
    """Gilbert's implicit equation, solved as a 3x3 linear system: no explicit form is used.

    dm/dt = -m x h_eff + alpha m x dm/dt + a m x (m x pol) - a f m x pol, with a = alpha i.
    """
    pol, a = p["polariser"], p["alpha"] * p["overdrive"]
    field = h + np.array([0.0, 0.0, p["anisotropy"] * m[2]]) + p["field_like"] * a * pol
    right = -np.cross(m, field) + a * np.cross(m, np.cross(m, pol))
    cross = np.array([[0.0, -m[2], m[1]], [m[2], 0.0, -m[0]], [-m[1], m[0], 0.0]])
    return np.linalg.solve(np.eye(3) - p["alpha"] * cross, right)


def llgs(m: np.ndarray, steps: int, dt: float, p: dict, key: list[int], index: int) -> np.ndarray:
    """Heun steps of one macrospin, renormalised, with the draws of trajectory `index`."""
    sigma = 0.0 if math.isinf(p["delta"]) else math.sqrt(p["alpha"] / (p["delta"] * dt))
    for step in range(steps):
        g0, g1 = gauss_pair([step, 0, index, 0], key)
        g2, _ = gauss_pair([step, 0, index, 1], key)
        h = p["field"] + sigma * np.array([g0, g1, g2])
        first = llgs_slope(m, h, p)
        guess = m + dt * first
        m = m + 0.5 * dt * (first + llgs_explicit(guess, h, p))
        m = m / np.linalg.norm(m)
    return m


def llgs_explicit(m: np.ndarray, h: np.ndarray, p: dict) -> np.ndarray:
    """The explicit form, which also defines the slope off the unit sphere."""
    pol, a, alpha = p["polariser"], p["alpha"] * p["overdrive"], p["alpha"]
    field = h + np.array([0.0, 0.0, p["anisotropy"] * m[2]]) + p["field_like"] * a * pol
    v, c = np.cross(m, field), np.cross(m, pol)
    return -(v + np.cross(m, alpha * v - a * c) + alpha * a * c) / (1.0 + alpha**2)
