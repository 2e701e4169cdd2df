"""The device card: every number that describes one kind of magnetic tunnel junction."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from mramsim.cards import Card

Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class DeviceCard(Card):
    """A published MTJ. Units are in the names; a key left out has the stated meaning.

    Spread keys are standard deviations between devices of one array; the values they spread around
    are means.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: Literal["stt", "sot", "vcma", "ideal"]
    """How the free layer is written."""

    # resistance
    rp_ohm: Positive
    """Parallel resistance of the MTJ alone at zero bias and `t0_k`, in Ohm."""
    tmr: NonNegative
    """(R_AP - R_P) / R_P at zero bias and `t0_k`, a fraction."""
    v_half_v: Positive | None = None
    """MTJ voltage at which the TMR is half of `tmr`, in V. Absent: no dependence on bias."""
    gp_curvature_per_v2: NonNegative = 0.0
    """c in G_P(V) = G_P(0) (1 + c V^2), in 1/V^2. Absent: R_P does not depend on bias."""
    t0_k: Positive
    """Temperature of all values of the card, in K."""
    polarisation_slope_per_k15: NonNegative = 0.0
    """b in P(T) = P(0) (1 - b T^1.5), in K^-1.5. Absent: the TMR does not depend on T."""
    rp_slope_per_k: float = 0.0
    """Relative change of R_P per kelvin, in 1/K. Absent: none."""
    diameter_m: Positive | None = None
    """Electrical diameter, in m. Absent: not known; nothing that needs an area is available."""
    series_ohm: NonNegative = 0.0
    """Access transistor and contacts in series with the MTJ, in Ohm."""

    # spread
    spread: Literal["lognormal", "normal"] = "lognormal"
    """Distribution of resistance and TMR over devices."""
    sigma_diameter: NonNegative = 0.0
    """Relative spread of the diameter, a fraction; R changes by twice as much."""
    sigma_ra: NonNegative = 0.0
    """Relative spread of the resistance-area product, a fraction."""
    sigma_tmr: NonNegative = 0.0
    """Spread of `tmr`, in units of `tmr` (0.03 is 3 points)."""
    sigma_series_ohm: NonNegative = 0.0
    """Spread of `series_ohm`, in Ohm; log-normal, so that the path stays positive."""
    sigma_delta: NonNegative = 0.0
    """Relative spread of `delta`, a fraction."""
    sigma_ra_wafer: NonNegative = 0.0
    """Relative spread of the mean RA from wafer to wafer, a fraction."""
    sigma_ra_die: NonNegative = 0.0
    """Relative spread of the mean RA from die to die of a wafer, a fraction."""
    sigma_ra_spatial: NonNegative = 0.0
    """Relative spread of the part of RA that neighbours share, a fraction."""
    spatial_length_cells: Positive | None = None
    """Distance at which the correlation of that part is 1/e, in cells."""
    short_rate: Fraction = 0.0
    """Probability that an MTJ is a short."""
    open_rate: Fraction = 0.0
    """Probability that an MTJ is open."""
    short_ohm: Positive = 1.0
    """Resistance of a shorted MTJ, in Ohm."""
    open_ohm: Positive = 1.0e12
    """Resistance of an open MTJ, in Ohm."""

    # read noise
    fano: Fraction = 1.0
    """1: full shot noise of a tunnel junction. 0: a device without thermal and shot noise."""
    hooge_m2: NonNegative = 0.0
    """alpha_H in S_V / V^2 = alpha_H / (A f), in m^2. Absent: no 1/f noise."""
    flicker_low_hz: Positive | None = None
    """Lowest frequency of the 1/f noise, 1 / (time since programming), in Hz."""
    rtn_amplitude: NonNegative = 0.0
    """Relative change of R between the two levels of telegraph noise, a fraction."""
    rtn_probability: Fraction = 0.0
    """Probability that an MTJ has such a two-level fluctuator."""

    # stability and switching
    delta: Positive | None = None
    """Energy barrier over k_B T at `t0_k`. Absent: never flips."""
    ic0_a: Positive | None = None
    """Intrinsic critical current of the write path at `t0_k`, in A."""
    read_favours: Literal["parallel", "antiparallel"] = "parallel"
    """State towards which the read current pushes an STT device."""
    barrier_exponent: Literal[1, 2] = 2
    """n in the barrier Delta (1 - I/Ic0)^n: 2 for a macrospin, 1 in many circuit models."""
    attempt_time_s: Positive | None = None
    """Time tau_0 of the Neel-Brown law, in s. Absent: from `alpha` and `hk_t` after Brown."""
    anisotropy_exponent: NonNegative = 2.0
    """n in (energy barrier) ~ Ms(T)^n."""
    curie_k: Positive | None = None
    """Curie temperature in Ms(T), in K. Absent: the barrier in J does not depend on T."""
    ms_exponent: Positive = 1.0
    """n in Ms(T) = Ms(0) (1 - T / T_C)^n."""
    alpha: Positive | None = None
    """Gilbert damping."""
    hk_t: Positive | None = None
    """mu_0 H_k of the effective perpendicular anisotropy, in T."""
    ms_a_per_m: Positive | None = None
    """Saturation magnetisation of the free layer, in A/m."""
    free_layer_m: Positive | None = None
    """Thickness of the free layer, in m."""
    spin_efficiency: Positive | None = None
    """eta of the critical current: spin torque per electron."""
    i_write_a: Positive | None = None
    """Current of a write pulse, in A."""
    t_write_s: Positive | None = None
    """Length of a write pulse, in s."""
    write_ohm: Positive | None = None
    """Resistance of the write path, in Ohm. Absent: mean of both states plus `series_ohm`."""
    write_error_rate: Fraction | None = None
    """Measured error rate of one pulse. Absent: from the Fokker-Planck equation."""
    write_attempts: Annotated[int, Field(ge=1)] = 1
    """Most pulses per bit; more than 1: each pulse is verified by a read."""
    t_verify_s: NonNegative = 0.0
    """Duration of a verifying read, in s."""
    verify_energy_j: NonNegative = 0.0
    """Energy of a verifying read of one bit, in J."""
    vcma_j_per_v_m: NonNegative = 0.0
    """Voltage control of the interface anisotropy, in J/(V m)."""
    barrier_m: Positive | None = None
    """Thickness of the tunnel barrier, in m."""
    spin_hall_angle: NonNegative = 0.0
    """Spin Hall angle of the write line."""
    bias_field_t: NonNegative = 0.0
    """In-plane field mu_0 H_x during the pulse (VCMA, SOT), in T."""

    @model_validator(mode="after")
    def _check_physics(self) -> Self:
        if self.short_rate + self.open_rate > 1.0:
            total = self.short_rate + self.open_rate
            raise ValueError(f"short_rate + open_rate = {total:g}; at most 1 is allowed")
        if self.hooge_m2 > 0.0 and (self.diameter_m is None or self.flicker_low_hz is None):
            raise ValueError("hooge_m2 needs diameter_m and flicker_low_hz")
        if (
            self.delta is not None
            and self.attempt_time_s is None
            and None in (self.alpha, self.hk_t)
        ):
            raise ValueError("delta needs attempt_time_s, or alpha and hk_t")
        if self.sigma_ra_spatial > 0.0 and self.spatial_length_cells is None:
            raise ValueError("sigma_ra_spatial needs spatial_length_cells")
        if self.curie_k is not None and self.curie_k <= self.t0_k:
            raise ValueError(
                f"curie_k = {self.curie_k:g}; more than t0_k = {self.t0_k:g} is needed"
            )
        return self
