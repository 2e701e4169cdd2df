"""A component at the node and supply of a design: the rules by which cards scale.

* capacitance is proportional to the node (gates and wires shrink together); an analog block says
  ``scales_with_node = false`` and keeps it;
* dynamic energy is C V^2;
* delay is C V / I with I = [ln(1 + exp((V - V_t) / (2 n kT/q)))]^a, the alpha-power law (Sakurai,
  Newton, IEEE JSSC 25, 584 (1990)) continued smoothly below the threshold;
* area is proportional to the square of the node;
* leakage per area is proportional to the supply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p

import numpy as np

from mramsim.cost.component import ComponentCard

SUBTHRESHOLD_V = 2.0 * 1.5 * 0.02585  # 2 n kT/q: slope factor 1.5, 300 K


@dataclass(frozen=True)
class Part:
    """A component card used at another node and supply.

    Attributes
    ----------
    card : ComponentCard
    node_m, vdd_v : float
        Of the design.
    """

    card: ComponentCard
    node_m: float
    vdd_v: float

    def value(self, key: str) -> float:
        """Return a value of the card as it stands."""
        found = getattr(self.card, key)
        assert found is not None, f"{self.card.name} has no {key}"
        return float(found)

    @property
    def shrink(self) -> float:
        """Ratio of the design's node to the card's; 1 for blocks that do not scale."""
        return self.node_m / self.card.node_m if self.card.scales_with_node else 1.0

    def charge_j(self, key: str) -> float:
        """Return C V^2 of a capacitance of the card, in J."""
        return self.value(key) * self.shrink * self.vdd_v**2

    def energy_j(self, key: str) -> float:
        """Return an energy of the card, scaled as C V^2, in J."""
        return self.value(key) * self.shrink * (self.vdd_v / self.card.vdd_v) ** 2

    def area_m2(self, key: str) -> float:
        """Return an area of the card, in m2."""
        return self.value(key) * self.shrink**2

    def delay_s(self, key: str) -> float:
        """Return a delay of the card, in s; a card without threshold ignores the supply."""
        factor = 1.0
        if self.card.threshold_v is not None:
            factor = self._slowness(self.vdd_v) / self._slowness(self.card.vdd_v)
        return self.value(key) * self.shrink * factor

    def _slowness(self, vdd_v: float) -> float:
        threshold, exponent = self.card.threshold_v, self.card.saturation_exponent
        assert threshold is not None
        assert exponent is not None
        overdrive = (vdd_v - threshold) / SUBTHRESHOLD_V
        soft = overdrive if overdrive > 30.0 else log1p(exp(overdrive))
        return float(vdd_v / soft**exponent)


def power_law(at: float, known: Sequence[float], values: Sequence[float]) -> float:
    """Return a value between published ones: straight lines on logarithmic axes, ends held."""
    return exp(float(np.interp(log(at), np.log(known), np.log(values))))


def memory(part: Part, bits: float) -> tuple[float, float]:
    """Return size in bytes and access energy in J per bit of the SRAM that holds `bits`.

    No memory is smaller than the card's first or larger than its last.
    """
    card = part.card
    assert card.sram_bytes is not None
    assert card.sram_j_per_bit is not None
    size = min(max(bits / 8, card.sram_bytes[0]), card.sram_bytes[-1])
    at_card = power_law(size, card.sram_bytes, card.sram_j_per_bit)
    return size, at_card * part.shrink * (part.vdd_v / card.vdd_v) ** 2


def wire_j_per_bit_m(part: Part) -> float:
    """Return the energy of moving one bit over 1 m of on-chip wire, in J/m.

    A power law between the published nodes; C V^2 in the supply.
    """
    card = part.card
    assert card.wire_node_m is not None
    assert card.wire_j_per_bit_m is not None
    per_m = power_law(part.node_m, card.wire_node_m, card.wire_j_per_bit_m)
    return per_m * (part.vdd_v / card.vdd_v) ** 2
