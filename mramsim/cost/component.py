"""The component card: one published circuit block, with node, supply and source."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mramsim.cards import Card

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Values = Annotated[tuple[Positive, ...], Field(min_length=1)]

_DELAY = {"threshold_v", "saturation_exponent"}
_KEYS: dict[str, set[str]] = {
    "cell": {"cell_m2", "wordline_f"},
    "logic": {
        "xnor_f",
        "adder_f",
        "adder_m2",
        "adder_s",
        "register_f",
        "register_m2",
        "register_s",
        "layout_factor",
        "control_share",
        "timing_factor",
        "leakage_w_per_m2",
        *_DELAY,
    },
    "sense": {"sa_f", "sa_static_a", "sa_s", "sa_m2", *_DELAY},
    "driver": {"driver_share", "driver_m2"},
    "sram": {"sram_bytes", "sram_j_per_bit", "sram_m2_per_bit"},
    "dram": {"dram_j_per_bit", "dram_bytes_per_s"},
    "wire": {"wire_node_m", "wire_j_per_bit_m"},
    "write": {"write_efficiency", "write_width_bits", "write_overhead_s", "write_driver_m2"},
    "arithmetic": {
        "add_f32_j",
        "mul_f32_j",
        "add_int_j",
        "mul_int8_j",
        "gate_j",
        "function_j",
        "operations_per_cycle",
    },
    "converter": {"model"},
}
_MODELS: dict[str, set[str]] = {
    "capacitor": {"adc_bit_f", "adc_level_f", "adc_bit_s", "adc_row_bit_s", "adc_unit_m2"},
    "power": {"adc_base_w", "adc_bit_w", "adc_step_s", "adc_unit_m2"},
    "survey": {"adc_from_bits", "adc_conversion_j", "adc_bit_s", "adc_unit_m2"},
    "flash": {"adc_comparator_w", "adc_decision_s", "adc_unit_m2"},
    "counter": {"adc_step_f", "adc_step_s", "adc_unit_m2", *_DELAY},
}
_OPTIONAL = {"scales_with_node", "adc_area_decades_per_bit"}


class ComponentCard(Card):
    """One block: what it charges, how long it takes, how large it is, at its node and supply.

    Which keys a card has follows from `kind`, for a converter also from `model`
    (`docs/cost.md` lists them); a key of another kind is refused. `mramsim.cost.part` takes the
    values to the node and supply of a design.

    Attributes
    ----------
    kind : str
        ``cell``, ``logic``, ``sense`` (sense amplifier), ``converter``, ``driver``, ``sram``,
        ``dram``, ``wire``, ``write`` or ``arithmetic``.
    model : str
        Of a converter: ``capacitor`` (switched capacitors), ``power`` (power times time),
        ``survey`` (energies of published converters), ``flash`` (comparators), ``counter``
        (time-to-digital).
    node_m, vdd_v : float
        Where the values hold: technology node in m, supply in V.
    scales_with_node : bool
        Whether capacitance and delay shrink with the node; analog ones often do not.
    """

    kind: Literal[
        "cell",
        "logic",
        "sense",
        "converter",
        "driver",
        "sram",
        "dram",
        "wire",
        "write",
        "arithmetic",
    ]
    model: Literal["capacitor", "power", "survey", "flash", "counter"] | None = None
    node_m: Positive
    vdd_v: Positive
    scales_with_node: bool = True
    threshold_v: Positive | None = None
    saturation_exponent: Annotated[float, Field(ge=1.0, le=2.0)] | None = None

    cell_m2: Positive | None = None
    wordline_f: NotNegative | None = None

    xnor_f: NotNegative | None = None
    adder_f: NotNegative | None = None
    adder_m2: NotNegative | None = None
    adder_s: NotNegative | None = None
    register_f: NotNegative | None = None
    register_m2: NotNegative | None = None
    register_s: NotNegative | None = None
    layout_factor: Annotated[float, Field(ge=1.0)] | None = None
    control_share: NotNegative | None = None
    timing_factor: Annotated[float, Field(ge=1.0)] | None = None
    leakage_w_per_m2: NotNegative | None = None

    sa_f: NotNegative | None = None
    sa_static_a: NotNegative | None = None
    sa_s: NotNegative | None = None
    sa_m2: NotNegative | None = None

    driver_share: NotNegative | None = None
    driver_m2: NotNegative | None = None

    sram_bytes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] | None = (
        None
    )
    sram_j_per_bit: Values | None = None
    sram_m2_per_bit: NotNegative | None = None
    dram_j_per_bit: NotNegative | None = None
    dram_bytes_per_s: Positive | None = None

    wire_node_m: Values | None = None
    wire_j_per_bit_m: Values | None = None

    write_efficiency: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    write_width_bits: Annotated[int, Field(ge=1)] | None = None
    write_overhead_s: NotNegative | None = None
    write_driver_m2: NotNegative | None = None

    add_f32_j: NotNegative | None = None
    mul_f32_j: NotNegative | None = None
    add_int_j: NotNegative | None = None
    mul_int8_j: NotNegative | None = None
    gate_j: NotNegative | None = None
    function_j: NotNegative | None = None
    operations_per_cycle: Annotated[int, Field(ge=1)] | None = None

    adc_bit_f: NotNegative | None = None
    adc_level_f: NotNegative | None = None
    adc_bit_s: NotNegative | None = None
    adc_row_bit_s: NotNegative | None = None
    adc_base_w: NotNegative | None = None
    adc_bit_w: NotNegative | None = None
    adc_step_s: NotNegative | None = None
    adc_from_bits: Values | None = None
    adc_conversion_j: Values | None = None
    adc_comparator_w: NotNegative | None = None
    adc_decision_s: NotNegative | None = None
    adc_step_f: NotNegative | None = None
    adc_unit_m2: NotNegative | None = None
    adc_area_decades_per_bit: float = 0.0

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        needed = set(_KEYS[self.kind])
        if self.kind == "converter" and self.model is not None:
            needed |= _MODELS[self.model]
        what = f"kind = '{self.kind}'" + (f", model = '{self.model}'" if self.model else "")
        given = set(self.values()) - {"kind", "node_m", "vdd_v"}
        missing = sorted(needed - given)
        if missing:
            raise ValueError(f"{what} needs {', '.join(missing)}")
        foreign = sorted(given - needed - _OPTIONAL)
        if foreign:
            raise ValueError(f"{what} has no {', '.join(foreign)}")
        self._check_table("sram_bytes", "sram_j_per_bit")
        self._check_table("wire_node_m", "wire_j_per_bit_m")
        self._check_table("adc_from_bits", "adc_conversion_j")
        return self

    def _check_table(self, at: str, values: str) -> None:
        known, found = getattr(self, at), getattr(self, values)
        if known is None or found is None:
            return
        if len(known) != len(found):
            raise ValueError(f"{at} has {len(known)} entries, {values} {len(found)}")
        if list(known) != sorted(set(known)):
            raise ValueError(f"{at} = {list(known)}; rising values are needed")


def keys_of(kind: str) -> set[str]:
    """Return all keys that a card of a kind may have, besides kind, node and supply."""
    found = {*_KEYS[kind], *_OPTIONAL}
    if kind == "converter":
        found = found.union(*_MODELS.values())
    return found
