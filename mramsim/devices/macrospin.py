"""Trajectories of a macrospin by the stochastic LLGS equation: an oracle and a tool.

Brown's thermal field has the standard deviation sqrt(2 alpha k_B T / (gamma mu_0^2 Ms V dt)) per
component and step, which is sqrt(alpha / (Delta dt)) in units of H_k and 1 / (gamma mu_0 H_k).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError

if TYPE_CHECKING:
    from mramsim.kernels.llgs import SpinTerms

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

_ANTI_DAMPING = 1e-3


@dataclass(frozen=True)
class Macrospin:
    """A perpendicular free layer in reduced units.

    Attributes
    ----------
    delta : float
        Mu_0 Ms H_k V / (2 k_B T); infinite for no thermal field.
    alpha : float
        Gilbert damping.
    overdrive : float
        I / Ic0 of the damping-like torque; positive drives away from the polariser.
    polariser : tuple of float
        Direction of the spin current: z for STT, y for SOT.
    field_like : float
        Field-like over damping-like torque.
    anisotropy : float
        H_k during the run over H_k: below 1 under a VCMA voltage.
    field : tuple of float
        Applied field over H_k.

    Raises
    ------
    InputError
        For a damping or barrier that is not positive, or a polariser without direction.
    """

    delta: float
    alpha: float
    overdrive: float = 0.0
    polariser: Vector = (0.0, 0.0, 1.0)
    field_like: float = 0.0
    anisotropy: float = 1.0
    field: Vector = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.alpha > 0.0:
            raise InputError(f"alpha = {self.alpha!r}; a damping above 0 is needed")
        if not self.delta > 0.0:
            raise InputError(f"delta = {self.delta!r}; more than 0 is needed")
        if not math.hypot(*self.polariser) > 0.0:
            raise InputError(f"polariser = {self.polariser!r}; a direction is needed")

    def time_of_tau(self, tau: float) -> float:
        """Return the time in 1 / (gamma mu_0 H_k) of a reduced time tau: tau (1 + a^2) / a."""
        return tau * (1.0 + self.alpha**2) / self.alpha


def thermal_start(delta: float, count: int, rng: np.random.Generator) -> Array:
    """Draw magnetisations in thermal equilibrium within the upper well.

    Parameters
    ----------
    delta : float
        Barrier over k_B T; infinite gives the pole.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    float64 [3, count]
        Unit vectors with density exp(Delta z^2), z > 0.
    """
    turn = 2.0 * math.pi * rng.random(count)
    u = rng.random(count)
    if math.isinf(delta):
        z = np.ones(count)
    else:
        # the distance from the pole is spread over about 1 / (2 Delta): a grid that is fine there
        distance = np.linspace(0.0, 1.0, 100_001) ** 2
        density = np.exp(delta * distance * (distance - 2.0))
        mass = np.concatenate(([0.0], np.cumsum(np.diff(distance) * (density[1:] + density[:-1]))))
        z = 1.0 - np.interp(u * mass[-1], mass, distance)
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z])


def evolve(
    spin: Macrospin, start: Array, time: float, steps: int, seed: int, first_step: int = 0
) -> Array:
    """Integrate the s-LLGS equation with the Stratonovich-Heun scheme.

    Parameters
    ----------
    spin : Macrospin
    start : float64 [3, N]
        Unit vectors.
    time : float
        Length of the run, in 1 / (gamma mu_0 H_k).
    steps : int
        Fixed steps; see `safe_step`.
    seed : int
        Key of the thermal field; results do not depend on the number of threads.
    first_step : int
        Where the random counter starts, to go on with an earlier run.

    Returns
    -------
    float64 [3, N]
        Unit vectors after `time`.

    Raises
    ------
    InputError
        For a start of the wrong shape or a number of steps below 1.
    """
    from mramsim.kernels.llgs import advance

    if start.ndim != 2 or start.shape[0] != 3:
        raise InputError(f"start has shape {start.shape}; [3, N] is needed")
    if steps < 1 or not time > 0.0:
        raise InputError(f"time = {time!r}, steps = {steps!r}; both must be above 0")
    spins = np.array(start, dtype=np.float64, order="C")
    key = np.random.SeedSequence(seed).generate_state(2).astype(np.uint32)
    dt = time / steps
    advance(spins, first_step, steps, dt, _terms(spin, dt), key)
    return spins


def safe_step(alpha: float) -> float:
    """Return a step of the Heun scheme, in 1 / (gamma mu_0 H_k).

    A precession of unit frequency grows by dt^4 / 8 per step, an anti-damping of dt^3 / 8; it is
    kept at a thousandth of the damping, and the step at 0.1 or less.

    Parameters
    ----------
    alpha : float
        Gilbert damping.
    """
    return min(0.1, math.cbrt(8.0 * _ANTI_DAMPING * alpha))


def switching_probability(
    spin: Macrospin, tau: float, trajectories: int, seed: int, step: float | None = None
) -> tuple[float, float]:
    """Return the switched fraction after a pulse, and its standard error.

    Parameters
    ----------
    spin : Macrospin
    tau : float
        Reduced length of the pulse.
    trajectories : int
    seed : int
    step : float, optional
        Largest step, in 1 / (gamma mu_0 H_k); by default `safe_step`.

    Returns
    -------
    probability, error : float
        Share of trajectories with m_z < 0, and its binomial standard error.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    time = spin.time_of_tau(tau)
    steps = max(1, math.ceil(time / (safe_step(spin.alpha) if step is None else step)))
    end = evolve(spin, thermal_start(spin.delta, trajectories, rng), time, steps, seed)
    share = float(np.mean(end[2] < 0.0))
    return share, math.sqrt(share * (1.0 - share) / trajectories)


def _terms(spin: Macrospin, dt: float) -> SpinTerms:
    from mramsim.kernels.llgs import SpinTerms

    length = math.hypot(*spin.polariser)
    noise = 0.0 if math.isinf(spin.delta) else math.sqrt(spin.alpha / (spin.delta * dt))
    return SpinTerms(
        alpha=spin.alpha,
        anisotropy=spin.anisotropy,
        field_x=spin.field[0],
        field_y=spin.field[1],
        field_z=spin.field[2],
        torque=spin.alpha * spin.overdrive,
        field_like=spin.field_like,
        polariser_x=spin.polariser[0] / length,
        polariser_y=spin.polariser[1] / length,
        polariser_z=spin.polariser[2] / length,
        noise=noise,
    )
