"""Derived moments against sampled devices; the parts of the spread."""

import math

import numpy as np
import pytest

from mramsim.cards import load_card
from mramsim.devices import spread_parts
from mramsim.devices.card import DeviceCard
from mramsim.devices.spread import sample
from mramsim.devices.statistics import as_json, cell_statistics, histogram
from mramsim.devices.summary import summary
from mramsim.effects import select
from mramsim.errors import InputError

ALL = select()
N = 1_000_000


def card_of(name: str = "stt_jung_nature_2022", **changes: object) -> DeviceCard:
    card: DeviceCard = load_card("device", name, changes)
    return card


def cells(card: DeviceCard, seed: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = sample(card, (N,), np.random.default_rng(seed), ALL)
    series = drawn.series_ohm
    return drawn.rp_ohm + series, drawn.rp_ohm * (1.0 + drawn.tmr) + series


def z_correlation(x: np.ndarray, y: np.ndarray, rho: float) -> float:
    """Fisher's z of the sampled correlation, with its kurtosis-robust error from products."""
    u, v = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float(np.mean(u * v))
    influence = u * v - r * (u * u + v * v) / 2.0
    return (r - rho) / (float(influence.std()) / math.sqrt(x.size))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stt_jung_nature_2022", {}),
        ("stt_jung_nature_2022", {"sigma_ra": 0.08, "sigma_tmr": 0.2, "sigma_diameter": 0.05}),
        ("vcma_hyryn_github_2026", {}),
        ("stt_hirtzlin_nanoarch_2019", {}),
    ],
)
def test_sampled_cells_have_the_derived_moments(name: str, changes: dict) -> None:
    card = card_of(name, **changes)
    stats = cell_statistics(card)
    p, ap = cells(card, 11)
    for values, mean, sigma in (
        (p, stats.mean_p_ohm, stats.sigma_p_ohm),
        (ap, stats.mean_ap_ohm, stats.sigma_ap_ohm),
    ):
        assert abs(values.mean() - mean) < 4 * sigma / math.sqrt(N)
        squares = (values - values.mean()) ** 2
        assert abs(squares.mean() - sigma**2) < 4 * squares.std() / math.sqrt(N)
    assert abs(z_correlation(p, ap, stats.cell_correlation)) < 4
    drawn = sample(card, (N,), np.random.default_rng(12), ALL)
    both = drawn.rp_ohm, drawn.rp_ohm * (1.0 + drawn.tmr)
    assert abs(z_correlation(*both, stats.mtj_correlation)) < 4


def test_spread_of_the_diameter_alone_gives_imec() -> None:
    """2.2 to 2.5 nm: inside 4.9-6.3 % at 90 nm and 3.1-4.0 % at 127 nm (fact sheet B2)."""
    for sigma_nm in (2.2, 2.35, 2.5):
        for size_nm, low, high in ((90, 0.0485, 0.063), (127, 0.031, 0.0401)):
            card = card_of(sigma_diameter=sigma_nm / size_nm, sigma_ra=0.0)
            stats = cell_statistics(card)
            assert low <= stats.mtj_sigma_p <= high
            drawn = sample(card, (N,), np.random.default_rng(13), ALL).rp_ohm
            assert drawn.std() / drawn.mean() == pytest.approx(stats.mtj_sigma_p, rel=0.005)


def test_jung_from_proportional_and_additive_part() -> None:
    stats = cell_statistics(card_of(sigma_tmr=0.0))
    assert stats.mtj_sigma_p == pytest.approx(0.058, rel=0.01)
    assert stats.cell_sigma_p == pytest.approx(0.123, rel=0.02)
    assert stats.cell_sigma_ap == pytest.approx(0.077, rel=0.02)
    assert stats.mtj_correlation == pytest.approx(1.0, abs=1e-12)


def test_overlap_is_the_misread_share_of_sampled_cells() -> None:
    card = card_of("vcma_hyryn_github_2026", sigma_tmr=0.2)
    stats = cell_statistics(card)
    p, ap = cells(card, 14)
    wrong = 0.5 * ((p > stats.best_reference_ohm).mean() + (ap < stats.best_reference_ohm).mean())
    assert 0.01 < stats.overlap < 0.1
    assert abs(stats.overlap - wrong) < 4 * math.sqrt(0.5 * wrong / N)
    log_card = card_of(sigma_diameter=0.1)
    stats = cell_statistics(log_card)
    p, ap = cells(log_card, 15)
    wrong = 0.5 * ((p > stats.best_reference_ohm).mean() + (ap < stats.best_reference_ohm).mean())
    assert abs(stats.overlap - wrong) < 4 * math.sqrt(0.5 * wrong / N)
    for other in (0.9, 1.1):
        p_wrong = (p > other * stats.best_reference_ohm).mean()
        ap_wrong = (ap < other * stats.best_reference_ohm).mean()
        assert 0.5 * (p_wrong + ap_wrong) > wrong


def test_edges_of_the_statistics() -> None:
    none = cell_statistics(card_of(tmr=0.0))
    assert none.overlap == 0.5
    assert none.read_margin_sigma == 0.0
    ideal = cell_statistics(card_of("ideal"))
    assert math.isinf(ideal.read_margin_sigma)
    assert as_json(ideal)["read_margin_sigma"] is None
    assert as_json(ideal)["mtj_correlation"] is None


def test_histogram_counts_every_device() -> None:
    for name in ("stt_jung_nature_2022", "ideal"):
        got = histogram(card_of(name), devices=5000, bins=40)
        assert len(got["edges_ohm"]) == 41
        assert sum(got["parallel"]) == pytest.approx(1.0)
        assert sum(got["antiparallel"]) == pytest.approx(1.0)


def test_summary_is_complete() -> None:
    got = summary(card_of())
    assert got["cell"]["mean_p_ohm"] == 13e3
    assert got["ra_ohm_m2"] == pytest.approx(1e4 * math.pi / 4 * 50e-9**2)
    assert got["stability"]["delta"] == 60.0
    assert got["write"]["energy_j"] == pytest.approx(9.8e-5**2 * 19.5e3 * 5e-8)
    assert all(row["within"] for row in got["published"])
    assert got["assumed"] == sorted(got["assumed"])


def test_wafer_and_die_share_a_factor() -> None:
    card = card_of(sigma_ra_wafer=0.03, sigma_ra_die=0.04)
    made = [
        spread_parts.shared_factor(card, *map(np.random.default_rng, (k, 10_000 + k)), ALL)
        for k in range(4000)
    ]
    expected = math.sqrt(1.0009 * 1.0016 - 1.0)
    assert np.mean(made) == pytest.approx(1.0, abs=4 * expected / math.sqrt(4000))
    assert np.std(made) == pytest.approx(expected, rel=4 / math.sqrt(8000))
    rngs = np.random.default_rng(1), np.random.default_rng(2)
    assert spread_parts.shared_factor(card, *rngs, frozenset()) == 1.0


def test_neighbours_are_correlated_as_stated() -> None:
    card = card_of(sigma_ra_spatial=0.05, spatial_length_cells=4.0)
    fields = [
        np.log(spread_parts.spatial_factor(card, 96, 64, np.random.default_rng(k), ALL))
        for k in range(150)
    ]
    log_mean = -0.5 * math.log(1.0025)
    deviations = [field - log_mean for field in fields]
    variance = math.log(1.0025)
    for rows, columns in ((0, 0), (1, 0), (0, 2), (3, 5), (40, 0)):
        products = [
            float(np.mean(d[: 96 - rows, : 64 - columns] * d[rows:, columns:])) for d in deviations
        ]
        expected = variance * math.exp(-(rows + columns) / 4.0)
        error = np.std(products) / math.sqrt(len(products))
        assert abs(np.mean(products) - expected) < 4 * error
    corner = [float(d[0, 0] ** 2) for d in deviations]
    assert abs(np.mean(corner) - variance) < 4 * np.std(corner) / math.sqrt(len(corner))
    off = spread_parts.spatial_factor(card, 3, 4, np.random.default_rng(0), frozenset())
    assert np.array_equal(off, np.ones((3, 4)))


def test_factor_multiplies_the_resistance() -> None:
    card = card_of()
    factor = np.linspace(0.9, 1.1, 50)
    plain = sample(card, (50,), np.random.default_rng(1), ALL)
    scaled = sample(card, (50,), np.random.default_rng(1), ALL, factor)
    assert scaled.rp_ohm == pytest.approx(plain.rp_ohm * factor, rel=1e-15)
    assert np.array_equal(scaled.tmr, plain.tmr)


def test_incomplete_cards_are_refused() -> None:
    with pytest.raises(InputError, match="spatial_length_cells"):
        card_of(sigma_ra_spatial=0.1)
    with pytest.raises(InputError, match="attempt_time_s"):
        card_of("ideal", delta=40.0)
    with pytest.raises(InputError, match="curie_k"):
        card_of(curie_k=200.0)
