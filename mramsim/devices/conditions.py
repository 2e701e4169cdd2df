"""What the user sets about the surroundings of the devices."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mramsim.devices.card import DeviceCard
from mramsim.errors import InputError


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
        A temperature that is not above 0 K, an age that is negative or not finite.
    """

    temperature_k: float | None = None
    age_seconds: float = 0.0
    age_reads: int = 0

    def __post_init__(self) -> None:
        temperature = self.temperature_k
        if temperature is not None and not (0.0 < temperature < math.inf):
            raise InputError(f"temperature_k = {temperature!r}; a temperature above 0 K is needed")
        if not 0.0 <= self.age_seconds < math.inf:
            raise InputError(f"age.seconds = {self.age_seconds!r}; 0 or more is needed")
        if isinstance(self.age_reads, bool) or self.age_reads % 1 != 0:  # also NaN and infinity
            raise InputError(f"age.reads = {self.age_reads!r}; a whole number is needed")
        if self.age_reads < 0:
            raise InputError(f"age.reads = {self.age_reads!r}; 0 or more is needed")

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
