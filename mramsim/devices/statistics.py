"""What a card implies: means, sigmas, correlation, overlap and read margin of its cells.

Exact moments of R_P = RA / (pi d^2 / 4), R_AP = R_P (1 + TMR) and a series path, at zero bias and
the card's `t0_k`: with independent factors var(XY) = E[X^2] E[Y^2] - E[X]^2 E[Y]^2.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from mramsim.devices.card import DeviceCard
from mramsim.devices.overlap import best_reference
from mramsim.devices.spread import sample

ALL_SPREAD = frozenset({"d2d"})


@dataclass(frozen=True)
class CellStatistics:
    """Moments of the cells of one array.

    Attributes
    ----------
    mean_p_ohm, mean_ap_ohm : float
        Mean cell resistance in either state, series path included, in Ohm.
    sigma_p_ohm, sigma_ap_ohm : float
        Their standard deviations, in Ohm.
    mtj_sigma_p, mtj_sigma_ap : float
        Relative spread of the MTJ alone.
    cell_sigma_p, cell_sigma_ap : float
        Relative spread of the whole cell.
    mtj_correlation, cell_correlation : float
        Correlation of R_P and R_AP over devices.
    read_margin_sigma : float
        (mean_ap - mean_p) / (sigma_p + sigma_ap).
    overlap : float
        Smallest share of misread cells, mean of both states, with one fixed reference and no
        noise; 0 where R_P has no spread.
    best_reference_ohm : float
        The reference of that share, in Ohm.
    """

    mean_p_ohm: float
    mean_ap_ohm: float
    sigma_p_ohm: float
    sigma_ap_ohm: float
    mtj_sigma_p: float
    mtj_sigma_ap: float
    cell_sigma_p: float
    cell_sigma_ap: float
    mtj_correlation: float
    cell_correlation: float
    read_margin_sigma: float
    overlap: float
    best_reference_ohm: float


def relative_sigma_p(card: DeviceCard) -> float:
    """Return the relative spread of R_P of the MTJ alone.

    Log-normal: (1 + s_RA^2)(1 + s_d^2)^4 - 1 under the root; normal: s_RA^2 + 4 s_d^2.
    """
    if card.spread == "normal":
        return math.hypot(card.sigma_ra, 2.0 * card.sigma_diameter)
    power = 4.0 * math.log1p(card.sigma_diameter**2) + math.log1p(card.sigma_ra**2)
    return math.sqrt(math.expm1(power))


def cell_statistics(card: DeviceCard) -> CellStatistics:
    """Return the moments of the cells of a card (within one die).

    Parameters
    ----------
    card : DeviceCard
    """
    var_p = (card.rp_ohm * relative_sigma_p(card)) ** 2
    sigma_tmr = card.sigma_tmr if card.tmr > 0.0 else 0.0
    ratio = 1.0 + card.tmr
    square_p = var_p + card.rp_ohm**2
    var_ap = square_p * (ratio**2 + sigma_tmr**2) - (card.rp_ohm * ratio) ** 2
    covariance = ratio * var_p
    var_series = card.sigma_series_ohm**2 if card.series_ohm > 0.0 else 0.0
    mean_p = card.rp_ohm + card.series_ohm
    mean_ap = card.rp_ohm * ratio + card.series_ohm
    sigma_p, sigma_ap = math.sqrt(var_p + var_series), math.sqrt(var_ap + var_series)
    reference, overlap = best_reference(card, relative_sigma_p(card), mean_p, mean_ap)
    width = sigma_p + sigma_ap
    return CellStatistics(
        mean_p_ohm=mean_p,
        mean_ap_ohm=mean_ap,
        sigma_p_ohm=sigma_p,
        sigma_ap_ohm=sigma_ap,
        mtj_sigma_p=math.sqrt(var_p) / card.rp_ohm,
        mtj_sigma_ap=math.sqrt(var_ap) / (card.rp_ohm * ratio),
        cell_sigma_p=sigma_p / mean_p,
        cell_sigma_ap=sigma_ap / mean_ap,
        mtj_correlation=_ratio(covariance, math.sqrt(var_p * var_ap)),
        cell_correlation=_ratio(covariance + var_series, sigma_p * sigma_ap),
        read_margin_sigma=math.inf if width == 0.0 else (mean_ap - mean_p) / width,
        overlap=overlap,
        best_reference_ohm=reference,
    )


def as_json(statistics: CellStatistics) -> dict[str, float | None]:
    """Return the statistics with infinities and undefined numbers as None."""
    return {k: v if math.isfinite(v) else None for k, v in asdict(statistics).items()}


def histogram(
    card: DeviceCard, devices: int = 100_000, bins: int = 120, seed: int = 0
) -> dict[str, list[float]]:
    """Return histograms of sampled cell resistances for a report.

    Parameters
    ----------
    card : DeviceCard
    devices, bins : int
    seed : int

    Returns
    -------
    dict
        ``edges_ohm`` (bins + 1), ``parallel`` and ``antiparallel`` (bins): shares of devices.
    """
    drawn = sample(card, (devices,), np.random.default_rng(seed), ALL_SPREAD)
    parallel = drawn.rp_ohm + drawn.series_ohm
    antiparallel = drawn.rp_ohm * (1.0 + drawn.tmr) + drawn.series_ohm
    low, high = float(parallel.min()), float(antiparallel.max())
    margin = 0.5 * low if high <= low else 0.0
    edges = np.linspace(low - margin, high + margin, bins + 1)
    shares = [np.histogram(r, edges)[0] / devices for r in (parallel, antiparallel)]
    return {
        "edges_ohm": edges.tolist(),
        "parallel": shares[0].tolist(),
        "antiparallel": shares[1].tolist(),
    }


def _ratio(value: float, scale: float) -> float:
    return math.nan if scale == 0.0 else value / scale
