"""The baseline card: a digital engine that runs the network's shape without MTJs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mramsim.cards import Card

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(gt=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]

_NEEDED = {
    "mac_array": ("multiply_j", "add_j"),
    "xnor_popcount": ("xnor_j", "adder_j", "register_j", "popcount_bits", "toggle_activity"),
}


class BaselineCard(Card):
    """A digital engine: its arithmetic, its memories, its clock and its area.

    Attributes
    ----------
    kind : {"mac_array", "xnor_popcount"}
        Multiply-accumulate units, or XNOR gates with a popcount tree.
    node_m, vdd_v : float
        Technology node in m, supply in V.
    weight_bits, activation_bits : int
        Width of a stored weight and of an activation (``xnor_popcount``: of one bit plane).
    multiply_j, add_j : float
        One multiplication and one accumulation in J (``mac_array``).
    xnor_j, adder_j, register_j : float
        One XNOR gate, one full adder and one flip-flop when their nodes toggle, in J
        (``xnor_popcount``).
    popcount_bits : int
        Bits that one popcount tree adds at a time.
    toggle_activity : float
        Share of gate evaluations in which a gate toggles.
    sram_bytes : tuple of int
        Sizes at which memory energy is known, rising. Weights, and the activations of a layer, lie
        in a memory of just their size, from the first of these to the last.
    sram_j_per_bit : tuple of float
        Access energy per bit at these sizes, in J; a power law in between.
    dram_j_per_bit : float
        Access energy in J per bit; weights beyond the last size come from there.
    dram_bytes_per_s : float
        Bandwidth of that memory.
    clock_hz : float
    macs_per_cycle : int
        1-bit ones for ``xnor_popcount``.
    mac_m2, sram_m2_per_bit : float
        Area of one multiply-accumulate unit and of one memory bit in m2.
    """

    kind: Literal["mac_array", "xnor_popcount"]
    node_m: Positive
    vdd_v: Positive
    weight_bits: Count
    activation_bits: Count
    multiply_j: NotNegative | None = None
    add_j: NotNegative | None = None
    xnor_j: NotNegative | None = None
    adder_j: NotNegative | None = None
    register_j: NotNegative | None = None
    popcount_bits: Count | None = None
    toggle_activity: Fraction | None = None
    sram_bytes: Annotated[tuple[Count, ...], Field(min_length=1)]
    sram_j_per_bit: Annotated[tuple[Positive, ...], Field(min_length=1)]
    dram_j_per_bit: NotNegative
    dram_bytes_per_s: Positive
    clock_hz: Positive
    macs_per_cycle: Count
    mac_m2: NotNegative
    sram_m2_per_bit: NotNegative

    @model_validator(mode="after")
    def _check_engine(self) -> Self:
        missing = [key for key in _NEEDED[self.kind] if getattr(self, key) is None]
        if missing:
            raise ValueError(f"kind = '{self.kind}' needs {', '.join(missing)}")
        if len(self.sram_bytes) != len(self.sram_j_per_bit):
            raise ValueError(
                f"sram_bytes has {len(self.sram_bytes)} entries, sram_j_per_bit "
                f"{len(self.sram_j_per_bit)}; one energy per memory is needed"
            )
        if list(self.sram_bytes) != sorted(set(self.sram_bytes)):
            raise ValueError(f"sram_bytes = {list(self.sram_bytes)}; rising sizes are needed")
        return self
