"""The chip card: a published macro at one operating point, and what its paper reports."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from mramsim.cards import Card

Value = str | int | float
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ChipCard(Card):
    """A macro at one operating point: one layer that fills it, read as its paper says.

    Attributes
    ----------
    chip : str
        Which chip; cards of one chip are left out of a calibration together.
    mapping, device : str
        Cards of design and device.
    fan_in, fan_out, planes : int
        Cells of a column that are read, columns, and bits of an input.
    columns_per_conversion : int
        Columns whose weighted sum one conversion reads.
    weight_ones, activity : float
        Share of weights that are +1, and of inputs that carry +1.
    design : dict
        Keys of the mapping card that differ, the supply of this point among them; keys of the
        device card as ``device.KEY``.
    design_sources : dict of str to str
        For each of them, as in ``[sources]``.
    """

    chip: str
    mapping: str
    device: str
    fan_in: Annotated[int, Field(ge=1)]
    fan_out: Annotated[int, Field(ge=1)]
    planes: Annotated[int, Field(ge=1, le=8)] = 1
    columns_per_conversion: Annotated[int, Field(ge=1)] = 1
    weight_ones: Fraction = 0.5
    activity: Fraction = 0.5
    design: dict[str, Value]
    design_sources: dict[str, str]

    @model_validator(mode="after")
    def _check_design(self) -> Self:
        if set(self.design) != set(self.design_sources):
            odd = sorted(set(self.design) ^ set(self.design_sources))
            raise ValueError(f"[design] and [design_sources] differ in {', '.join(odd)}")
        for key, text in self.design_sources.items():
            if not text.startswith(("assumed: ", "derived: ")) and text not in self.references:
                raise ValueError(
                    f"[design_sources] {key} = '{text}' is neither a key of [references] nor "
                    "'derived: how' nor 'assumed: why'"
                )
        return self
