"""The mapping card: one published array design."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mramsim.arrays import coding, mitigation
from mramsim.errors import nearest

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
MOST_FLASH_BITS = 8


class MappingCard(mitigation.MitigationCard):
    """How weights are held, driven, sensed and counted, and of which components.

    Keys against errors of the cells are those of `mramsim.arrays.mitigation.MitigationCard`.

    Attributes
    ----------
    sensing : str
        Way of sensing, one of `mramsim.arrays.families.FAMILIES`.
    cell : {"2t2mtj", "1t1mtj", "1mtj", "series_xnor"}
        Two complementary MTJs, each with its transistor, between bit and source line; one such
        MTJ; one MTJ without a transistor (passive array); or two MTJs in parallel with each other
        and in series with the next row's.
    input_coding : {"complementary", "gated", "bipolar"}
        Input +1 drives the true line, -1 the complementary one; or +1 opens the transistor of a
        cell of one MTJ and -1 does not; or they put +v_read and -v_read on the row of a passive
        array (see `mramsim.arrays.coding`).
    converter : {"sense_amplifier", "sar", "flash", "tdc"}
        What turns an analog column into bits.
    partial_sums : {"exact", "adc", "majority"}
        What happens to the row tiles of one neuron: exact digital sum; each first rounded to
        `partial_sum_bits`; or one vote each against its share of the threshold.
    row_order : {"natural", "interleaved"}
        Which rows a row group takes: consecutive ones, or every n-th.
    column_order : {"natural", "popcount"} or list of int
        Which output stands in which column: in order, by weights +1 (most first), or the number of
        the output of each column.
    node_m, vdd_v : float
        Technology node in m, supply in V.
    rows, columns, rows_on : int
        Bit cells of a tile, and rows read in one step: with fewer than `rows`, a tile is read in
        several steps, each with conversions of its own, whose codes add.
    adc_bits : int
        Bits of the converter.
    adc_range : {"full", "calibrated"}
        Range of the converter and of `partial_sum_bits`: all counts, or what training images
        reach in the layer. Votes: shares of the threshold by rows alone, or around the average
        sum of each tile over training images.
    sigma_adc_gain : float
        Standard deviation of a converter's gain error, a fraction.
    sigma_adc_offset_lsb, sigma_adc_inl_lsb, sigma_adc_noise_lsb : float
        Standard deviations of a converter's offset (``flash``: of each comparator), of the bow of
        its transfer curve, and of its noise per conversion, in steps of the range.
    columns_per_reference, reference_columns : int
        Columns that compare with the same reference, and columns of reference cells whose mean
        makes one.
    row_wire_ohm, column_wire_ohm, source_wire_ohm : float
        One segment (one cell) of a word line that carries current, of a bit line, and of a source
        line, in Ohm; the latter as the bit line where it is left out. A card without
        `column_wire_ohm` does not model ``ir_drop``.
    driver_ohm, sense_ohm : float
        Of each driver and of each sense node, in Ohm.
    line_return : {"opposite", "same"}
        Side of a column at which its source line ends, as seen from the driver.
    cascode_gain : float
        Output resistance of a cell with its cascode over the cell's own; 1: no cascode.
    reference_wires : {"same", "none"}
        Zero and unit of the read-out: those of nominal columns behind the same wires, or of cells
        without wires.
    input_compensation : bool
        Drivers raise their voltage by what nominal columns lose on their wires.
    wire_bias : {"at_v_read", "newton"}
        Junctions behind wires keep their resistance at the read voltage, or follow their own.
    v_read_v, t_read_s, bandwidth_hz : float
        Read voltage at the cell in V, time of one read in s, noise bandwidth in Hz.
    t_precharge_s : float
        Time before each read in which the bit lines are charged, in s.
    readout_ohm : float
        Voltage at the comparator per ampere of column current (``current_sum``), in V/A.
    sigma_sa_offset_v, sigma_sa_noise_v : float
        Standard deviations at the sense amplifier's input in V.
    sa_s : float
        Time that the design gives a sense amplifier to decide, in s. Absent: what the block of
        `sense_card` takes.
    sa_tau_s : float
        Time constant of a latch's regeneration in s (see `mramsim.arrays.latch`); 0: at once.
    trip_fraction : float
        Share of the supply at which a comparator trips (``resistance_sum``).
    capacitor_f, sigma_capacitor : float
        Capacitor of a cell in F and its relative standard deviation (``charge``).
    bitline_f : float
        Capacitance of one sensing branch in F.
    columns_per_converter : int
        Columns that share one converter in turn.
    clock_s : float
        Period of the digital clock in s.
    copies : int
        Copies of a layer's arrays, each with cells of its own; they share its positions, and
        where there are more copies than positions, images.
    cell_card, logic_card, sense_card, adc_card, driver_card, buffer_card, wire_card, write_card, \
arithmetic_card : str
        Component cards (`mramsim.cost.component`) by name or path; what each step costs is there.
        Converters need `adc_card`.
    """

    sensing: str
    cell: Literal["2t2mtj", "1t1mtj", "1mtj", "series_xnor"]
    input_coding: Literal["complementary", "gated", "bipolar"] = "complementary"
    converter: Literal["sense_amplifier", "sar", "flash", "tdc"] = "sense_amplifier"
    partial_sums: Literal["exact", "adc", "majority"]
    partial_sum_bits: Annotated[int, Field(ge=1, le=16)] = 8
    row_order: Literal["natural", "interleaved"] = "natural"
    column_order: Literal["natural", "popcount"] | tuple[int, ...] = "natural"
    node_m: Positive
    vdd_v: Positive
    rows: Annotated[int, Field(ge=1, le=65536)]
    columns: Annotated[int, Field(ge=1, le=65536)]
    rows_on: Annotated[int, Field(ge=1, le=65536)]
    adc_bits: Annotated[int, Field(ge=1, le=16)] = 1
    adc_range: Literal["full", "calibrated"] = "full"
    sigma_adc_gain: NotNegative = 0.0
    sigma_adc_offset_lsb: NotNegative = 0.0
    sigma_adc_inl_lsb: NotNegative = 0.0
    sigma_adc_noise_lsb: NotNegative = 0.0
    columns_per_reference: Annotated[int, Field(ge=1)] = 1
    reference_columns: Annotated[int, Field(ge=1)] = 1
    row_wire_ohm: NotNegative = 0.0
    column_wire_ohm: NotNegative | None = None
    source_wire_ohm: NotNegative | None = None
    driver_ohm: NotNegative = 0.0
    sense_ohm: NotNegative = 0.0
    line_return: Literal["opposite", "same"] = "opposite"
    cascode_gain: Annotated[float, Field(ge=1.0)] = 1.0
    reference_wires: Literal["same", "none"] = "same"
    input_compensation: bool = False
    wire_bias: Literal["at_v_read", "newton"] = "at_v_read"
    v_read_v: Positive
    t_read_s: Positive
    bandwidth_hz: Positive
    t_precharge_s: NotNegative = 0.0
    readout_ohm: Positive = 1.0
    sigma_sa_offset_v: NotNegative
    sigma_sa_noise_v: NotNegative
    sa_s: Positive | None = None
    sa_tau_s: NotNegative = 0.0
    trip_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    capacitor_f: Positive = 1.0e-15
    sigma_capacitor: NotNegative = 0.0
    bitline_f: Positive
    columns_per_converter: Annotated[int, Field(ge=1)] = 1
    clock_s: Positive
    copies: Annotated[int, Field(ge=1)] = 1
    cell_card: str
    logic_card: str = "logic_zigzag_28nm"
    sense_card: str = "sense_latch_28nm"
    adc_card: str | None = None
    driver_card: str = "driver_tapered"
    buffer_card: str = "sram_horowitz_45nm"
    wire_card: str = "wire_keckler_2011"
    write_card: str = "write_row_parallel"
    arithmetic_card: str = "arithmetic_horowitz_45nm"

    @model_validator(mode="after")
    def _check_design(self) -> Self:
        from mramsim.arrays.families import FAMILIES

        if self.sensing not in FAMILIES:
            raise ValueError(
                f"sensing = '{self.sensing}' is unknown{nearest(self.sensing, FAMILIES)}"
            )
        if self.rows_on > self.rows:
            raise ValueError(f"rows_on = {self.rows_on} is above rows = {self.rows}")
        FAMILIES[self.sensing].check(self)
        coding.check(self)
        mitigation.check(self, FAMILIES[self.sensing].gives)
        if self.sa_tau_s > 0.0 and self.sa_s is None:
            raise ValueError(f"sa_tau_s = {self.sa_tau_s:g} needs sa_s, the time to decide")
        if self.converter == "sense_amplifier" and self.adc_bits != 1:
            raise ValueError(f"adc_bits = {self.adc_bits}: a sense amplifier gives 1 bit")
        if self.converter == "flash" and self.adc_bits > MOST_FLASH_BITS:
            raise ValueError(
                f"adc_bits = {self.adc_bits}: a flash converter has at most {MOST_FLASH_BITS}"
            )
        return self
