"""The baseline card: a digital engine that runs the network's shape without MTJs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mramsim.cards import Card

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(gt=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]

_ENGINE = {
    "node_m",
    "vdd_v",
    "sram_card",
    "dram_card",
    "arithmetic_card",
    "clock_hz",
    "macs_per_cycle",
    "mac_m2",
}
_NEEDED = {
    "mac_array": {*_ENGINE, "numbers"},
    "xnor_popcount": {*_ENGINE, "logic_card", "popcount_bits", "toggle_activity"},
    "roofline": {"peak_operations_per_s", "memory_bytes_per_s", "cache_bytes", "power_w"},
}
_COMMON = {"kind", "weight_bits", "activation_bits"}


class BaselineCard(Card):
    """A digital engine: its arithmetic, its memories, its clock and its area.

    Attributes
    ----------
    kind : {"mac_array", "xnor_popcount", "roofline"}
        Multiply-accumulate units; XNOR gates with a popcount tree; or a whole processor by its peak
        rate, memory bandwidth and power.
    weight_bits, activation_bits : int
        Width of a stored weight and of an activation (``xnor_popcount``: of one bit plane).
    node_m, vdd_v : float
        Technology node in m, supply in V; the components below are scaled to them.
    arithmetic_card, logic_card, sram_card, dram_card : str
        Component cards. Weights, and the activations of a layer, lie in an SRAM of just their size
        up to the card's largest; what exceeds it comes from DRAM.
    numbers : {"f32", "int8"}
        What a ``mac_array`` multiplies.
    popcount_bits : int
        Bits that one popcount tree adds at a time.
    toggle_activity : float
        Share of gate evaluations in which a node is charged.
    clock_hz : float
    macs_per_cycle : int
        1-bit ones for ``xnor_popcount``.
    mac_m2 : float
        Area of one multiply-accumulate unit in m2.
    peak_operations_per_s : float
        Multiplications and additions per second at best (``roofline``).
    memory_bytes_per_s, cache_bytes : float, int
        Bandwidth of the outer memory, and what need not be fetched from it.
    power_w : float
        Power while it works.
    """

    kind: Literal["mac_array", "xnor_popcount", "roofline"]
    weight_bits: Count
    activation_bits: Count
    node_m: Positive | None = None
    vdd_v: Positive | None = None
    arithmetic_card: str | None = None
    logic_card: str | None = None
    sram_card: str | None = None
    dram_card: str | None = None
    numbers: Literal["f32", "int8"] | None = None
    popcount_bits: Count | None = None
    toggle_activity: Fraction | None = None
    clock_hz: Positive | None = None
    macs_per_cycle: Count | None = None
    mac_m2: NotNegative | None = None
    peak_operations_per_s: Positive | None = None
    memory_bytes_per_s: Positive | None = None
    cache_bytes: Annotated[int, Field(ge=0)] | None = None
    power_w: Positive | None = None

    @model_validator(mode="after")
    def _check_engine(self) -> Self:
        given, needed = set(self.values()), _NEEDED[self.kind]
        missing, foreign = sorted(needed - given), sorted(given - needed - _COMMON)
        if missing:
            raise ValueError(f"kind = '{self.kind}' needs {', '.join(missing)}")
        if foreign:
            raise ValueError(f"kind = '{self.kind}' has no {', '.join(foreign)}")
        return self
