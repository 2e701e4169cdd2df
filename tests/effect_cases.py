"""For each effect: card values and surroundings that make it large, and those that make it zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mramsim.devices.conditions import Conditions

LINES = ("row_wire", "column_wire", "source_wire", "driver", "sense")
SPREADS = ("diameter", "ra", "tmr", "series_ohm", "delta", "ra_wafer", "ra_die", "ra_spatial")
HOT = {"temperature_k": 400.0}
NO_POLARISATION = (1.0 - 1e-9) / 400.0**1.5  # at 400 K


@dataclass(frozen=True)
class Case:
    """Values of the device card, of the mapping card, and of the surroundings."""

    device: dict[str, Any] = field(default_factory=dict)
    design: dict[str, Any] = field(default_factory=dict)
    around: dict[str, Any] = field(default_factory=dict)

    @property
    def conditions(self) -> Conditions:
        """Temperature and age."""
        return Conditions(**self.around)


LARGE: dict[str, Case] = {
    "d2d": Case({"sigma_diameter": 0.3, "sigma_ra": 0.5}),
    "write_error": Case({"write_error_rate": 0.1}),
    "stuck": Case({"short_rate": 0.05, "open_rate": 0.05}),
    "retention": Case({"delta": 20.0}, {}, {"age_seconds": 1.0}),
    "read_disturb": Case({"delta": 20.0}, {}, {"age_reads": 1_000_000_000}),
    "bias": Case({"v_half_v": 1e-9}),
    "temperature": Case({"polarisation_slope_per_k15": NO_POLARISATION}, {}, HOT),
    "thermal_shot": Case({}, {"bandwidth_hz": 1e15, "bitline_f": 1e-19, "t_read_s": 1.3e-15}),
    "flicker": Case({"hooge_m2": 5e-18}),
    "rtn": Case({"rtn_amplitude": 1.0, "rtn_probability": 0.5}),
    "sa_offset": Case({}, {"sigma_sa_offset_v": 0.3}),
    "sa_noise": Case({}, {"sigma_sa_noise_v": 0.3}),
    "reference": Case({"sigma_diameter": 0.3, "sigma_ra": 0.5}),
    "ir_drop": Case({}, {"column_wire_ohm": 3e5, "reference_wires": "none"}),
}
# nothing is compared with a reference where counts are passed on; wires leave the sign of a
# difference between two branches, but not its size
NEEDS = {"reference": ["adc"], "ir_drop": ["sa_noise"]}

ZERO: dict[str, Case] = {
    "d2d": Case({f"sigma_{part}": 0.0 for part in SPREADS}, {"sigma_capacitor": 0.0}),
    "write_error": Case({"write_error_rate": 0.0}),
    "stuck": Case({"short_rate": 0.0, "open_rate": 0.0}),
    "retention": Case({}, {}, {"age_seconds": 0.0}),
    "read_disturb": Case({}, {}, {"age_reads": 0}),
    "bias": Case({"v_half_v": None, "gp_curvature_per_v2": 0.0}),
    "temperature": Case({"t0_k": 400.0}, {}, HOT),
    "thermal_shot": Case({"fano": 0.0}),
    "flicker": Case({"hooge_m2": 0.0}),
    "rtn": Case({"rtn_amplitude": 0.0}),
    "sa_offset": Case({}, {"sigma_sa_offset_v": 0.0}),
    "sa_noise": Case({}, {"sigma_sa_noise_v": 0.0, "sa_tau_s": 0.0}),
    "reference": Case({f"sigma_{part}": 0.0 for part in SPREADS}),
    "ir_drop": Case({}, {f"{line}_ohm": 0.0 for line in LINES}),
}
