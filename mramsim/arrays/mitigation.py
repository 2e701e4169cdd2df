"""Keys of the mapping card for what a designer does against errors of the cells, and their checks.

What they do stands where they act: `mramsim.mapping.trimming` measures columns and trims them,
`mramsim.arrays.cells` writes with verification, `mramsim.arrays.remapping` places columns around
stuck cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mramsim.cards import Card

if TYPE_CHECKING:
    from mramsim.arrays.card import MappingCard
    from mramsim.devices.card import DeviceCard

MOST_TRIM_BITS = 12
MOST_READS = 65536
MOST_ATTEMPTS = 1000


class MitigationCard(Card):
    """Part of `mramsim.arrays.card.MappingCard`.

    Attributes
    ----------
    threshold_calibration : bool
        After programming, each column is measured with known inputs; the digital threshold of its
        neuron, or the offset of an output, then moves by the mean deviation in whole counts.
    trim_bits : int
        Bits of the analog trim of a column's reference; 0: none.
    trim_range_counts : float
        The trim moves a reference by up to so many counts to either side (one step less to the
        upper one).
    trim_columns : int
        Neighbouring columns that share one trim; `columns`: one for each tile.
    calibration_reads : int
        Known inputs that each column is read with, once each, for a measurement. A convolution
        reads all its positions for each of them.
    calibration_inputs : {"images", "random"}
        Known inputs: what the exact network makes of training images, or random bits.
    write_attempts : int or None
        Write pulses at most for each MTJ: after each a verifying read, another pulse for what reads
        wrong. None: what the device card says.
    remapping : {"none", "spares", "swap"}
        Around stuck MTJs: a column may move to a spare one, or also to the place of any other.
    spare_columns : int
        Columns of each array that hold no weights otherwise.
    """

    threshold_calibration: bool = False
    trim_bits: Annotated[int, Field(ge=0, le=MOST_TRIM_BITS)] = 0
    trim_range_counts: Annotated[float, Field(ge=0.0)] = 0.0
    trim_columns: Annotated[int, Field(ge=1)] = 1
    calibration_reads: Annotated[int, Field(ge=1, le=MOST_READS)] = 64
    calibration_inputs: Literal["images", "random"] = "images"
    write_attempts: Annotated[int, Field(ge=1, le=MOST_ATTEMPTS)] | None = None
    remapping: Literal["none", "spares", "swap"] = "none"
    spare_columns: Annotated[int, Field(ge=0)] = 0

    @property
    def measures(self) -> bool:
        """Whether columns are measured after programming."""
        return self.threshold_calibration or self.trim_bits > 0

    @property
    def trim_step(self) -> float:
        """Step of the analog trim in counts."""
        return 2.0 * self.trim_range_counts / (1 << self.trim_bits)


def check(card: MappingCard, gives: str) -> None:
    """Raise ValueError with one line where mitigations do not go together with the design.

    Parameters
    ----------
    card : MappingCard
    gives : {"bits", "counts"}
        What the way of sensing hands on.
    """
    if card.trim_bits > 0 and gives == "bits":
        raise ValueError(
            f"trim_bits = {card.trim_bits} with sensing = '{card.sensing}', whose cells compare "
            "with each other: there is no reference to trim; 0 is allowed"
        )
    if card.trim_bits > 0 and card.trim_range_counts == 0.0:
        raise ValueError(
            f"trim_bits = {card.trim_bits} needs trim_range_counts above 0, the span of the trim"
        )
    if card.input_compensation and card.column_wire_ohm is None:
        raise ValueError(
            "input_compensation = true needs column_wire_ohm: the card has no wires to compensate"
        )
    if card.spare_columns >= card.columns:
        raise ValueError(
            f"spare_columns = {card.spare_columns} of columns = {card.columns} leaves none for "
            "weights"
        )
    if (card.spare_columns > 0) != (card.remapping == "spares") and card.remapping != "swap":
        raise ValueError(
            f"spare_columns = {card.spare_columns} with remapping = '{card.remapping}'; "
            "'spares' needs at least 1, 'none' takes 0, 'swap' any"
        )


def writer(device: DeviceCard, mapping: MappingCard) -> DeviceCard:
    """Return the device card with what the array's own write circuit replaces.

    A card without time or energy of a verifying read gets those of the array's ordinary read of one
    MTJ: ``t_precharge + t_read``, and ``vdd v_read t_read`` times the mean conductance.

    Parameters
    ----------
    device : DeviceCard
    mapping : MappingCard
    """
    if mapping.write_attempts is None:
        return device
    p_ohm = device.rp_ohm + device.series_ohm
    ap_ohm = device.rp_ohm * (1.0 + device.tmr) + device.series_ohm
    mean_s = (1.0 / p_ohm + 1.0 / ap_ohm) / 2.0
    read_j = mapping.vdd_v * mapping.v_read_v * mapping.t_read_s * mean_s
    values = {
        "write_attempts": mapping.write_attempts,
        "t_verify_s": device.t_verify_s or mapping.t_precharge_s + mapping.t_read_s,
        "verify_energy_j": device.verify_energy_j or read_j,
    }
    return device.model_copy(update=values)
