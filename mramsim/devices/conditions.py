"""What the user sets about the surroundings of the devices."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

from mramsim.bounds import MOST_KELVIN
from mramsim.devices.card import DeviceCard
from mramsim.errors import InputError

MOST_AGE = 1e18


@dataclass(frozen=True)
class Conditions:
    """Temperature and age of a chip.

    Attributes
    ----------
    temperature_k : float or None
        In K; None is the card's `t0_k`.
    age_seconds : float
        Time since programming, in s (user's name ``age.seconds``).
    age_reads : int
        Reads of every cell since programming (user's name ``age.reads``).

    Raises
    ------
    InputError
        A temperature outside 0.001 to 2000 K, an age outside 0 to 1e18.
    """

    temperature_k: float | None = None
    age_seconds: float = 0.0
    age_reads: int = 0

    def __post_init__(self) -> None:
        if self.temperature_k is not None:
            _check("temperature_k", self.temperature_k, 1e-3, MOST_KELVIN, " K")
        _check("age.seconds", self.age_seconds, 0.0, MOST_AGE, " s")
        _check("age.reads", self.age_reads, 0.0, MOST_AGE, "")
        if self.age_reads % 1 != 0:
            raise InputError(f"age.reads = {self.age_reads!r}; a whole number is needed")

    def kelvin(self, card: DeviceCard, effects: frozenset[str]) -> float:
        """Return the temperature of the devices, in K.

        Parameters
        ----------
        card : DeviceCard
        effects : frozenset of str
            Without ``"temperature"`` the devices stay at the card's `t0_k`.
        """
        if self.temperature_k is None or "temperature" not in effects:
            return card.t0_k
        return float(self.temperature_k)


def _check(name: str, value: float, least: float, most: float, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{name} = {value!r}; a number is needed")
    if not least <= value <= most:  # also NaN
        raise InputError(f"{name} = {value!r}; {least:g} to {most:g}{unit} is allowed")
