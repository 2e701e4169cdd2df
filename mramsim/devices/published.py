"""Quantities that a card can be checked on: name, unit, and how to compute it.

The names are those of the `[[published]]` points in the device cards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mramsim.devices import write
from mramsim.devices.barrier import ra_ohm_m2
from mramsim.devices.card import DeviceCard
from mramsim.devices.conditions import Conditions
from mramsim.devices.resistance import mtj_resistance
from mramsim.devices.statistics import cell_statistics
from mramsim.effects import select
from mramsim.errors import InputError, nearest


@dataclass(frozen=True)
class Quantity:
    """Something that publications report.

    Attributes
    ----------
    unit : str
    compute : callable
        From a card.
    """

    unit: str
    compute: Callable[[DeviceCard], float]


def _moment(name: str) -> Callable[[DeviceCard], float]:
    def compute(card: DeviceCard) -> float:
        return float(getattr(cell_statistics(card), name))

    return compute


def _value(name: str) -> Callable[[DeviceCard], float]:
    def compute(card: DeviceCard) -> float:
        return float(_known(card, getattr(card, name), name))

    return compute


def _known(card: DeviceCard, value: float | None, name: str) -> float:
    if value is None:
        raise InputError(f"device card '{card.name}': {name} is needed for a published point")
    return value


def _ra(card: DeviceCard) -> float:
    return ra_ohm_m2(card.rp_ohm, _known(card, card.diameter_m, "diameter_m"))


def _sigma_at(diameter_m: float) -> Callable[[DeviceCard], float]:
    """Take the same absolute spread of the diameter at another size."""

    def compute(card: DeviceCard) -> float:
        own = _known(card, card.diameter_m, "diameter_m")
        scaled = card.model_copy(update={"sigma_diameter": card.sigma_diameter * own / diameter_m})
        return cell_statistics(scaled).mtj_sigma_p

    return compute


def _at_bias(v_v: float, antiparallel: bool) -> Callable[[DeviceCard], float]:
    def compute(card: DeviceCard) -> float:
        states = mtj_resistance(card, card.rp_ohm, card.tmr, v_v, Conditions(), select())
        return states[1] if antiparallel else states[0]

    return compute


def _residual(card: DeviceCard) -> float:
    return write.plan(card, Conditions(), select()).residual_error_rate


QUANTITIES: dict[str, Quantity] = {
    "cell_resistance_p_ohm": Quantity("Ohm", _moment("mean_p_ohm")),
    "cell_resistance_ap_ohm": Quantity("Ohm", _moment("mean_ap_ohm")),
    "cell_sigma_p_ohm": Quantity("Ohm", _moment("sigma_p_ohm")),
    "cell_sigma_ap_ohm": Quantity("Ohm", _moment("sigma_ap_ohm")),
    "cell_sigma_p": Quantity("1", _moment("cell_sigma_p")),
    "cell_sigma_ap": Quantity("1", _moment("cell_sigma_ap")),
    "mtj_sigma_p": Quantity("1", _moment("mtj_sigma_p")),
    "mtj_sigma_p_at_127nm": Quantity("1", _sigma_at(127e-9)),
    "mtj_resistance_p_ohm": Quantity("Ohm", _value("rp_ohm")),
    "mtj_resistance_p_1v_ohm": Quantity("Ohm", _at_bias(1.0, antiparallel=False)),
    "mtj_resistance_ap_1v_ohm": Quantity("Ohm", _at_bias(1.0, antiparallel=True)),
    "tmr": Quantity("1", _value("tmr")),
    "sigma_tmr": Quantity("1", _value("sigma_tmr")),
    "ra_ohm_m2": Quantity("Ohm m^2", _ra),
    "ic0_a": Quantity("A", _value("ic0_a")),
    "write_pulse_energy_j": Quantity("J", write.pulse_energy_j),
    "write_residual_error_rate": Quantity("1", _residual),
}


def compute(card: DeviceCard, quantity: str) -> float:
    """Return a published quantity as the simulator computes it from the card.

    Parameters
    ----------
    card : DeviceCard
    quantity : str
        A key of `QUANTITIES`.

    Raises
    ------
    InputError
        For an unknown quantity, or a card without the values it needs.
    """
    if quantity not in QUANTITIES:
        raise InputError(
            f"published quantity '{quantity}' is unknown{nearest(quantity, QUANTITIES)}"
        )
    return QUANTITIES[quantity].compute(card)


def rows(card: DeviceCard) -> list[dict[str, object]]:
    """Return the published points of a card beside what the simulator gives.

    Returns
    -------
    list of dict
        ``source``, ``chip``, ``quantity``, ``published``, ``simulated``, ``unit``,
        ``relative_error``, ``kind``, ``calibrated_on``, ``within``: the rows of
        ``mramsim validate``.
    """
    calibrated = [point.quantity for point in card.published if point.kind == "calibrated"]
    result: list[dict[str, object]] = []
    for point in card.published:
        simulated = compute(card, point.quantity)
        error = simulated / point.value - 1.0
        reference = card.references[point.reference]
        result.append(
            {
                "source": reference.doi or reference.url or reference.citation,
                "chip": card.name,
                "quantity": point.quantity,
                "published": point.value,
                "simulated": simulated,
                "unit": QUANTITIES[point.quantity].unit,
                "relative_error": error,
                "kind": point.kind,
                "calibrated_on": [] if point.kind == "calibrated" else calibrated,
                "within": abs(error) <= point.tolerance,
            }
        )
    return result
