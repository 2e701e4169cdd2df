"""Read noise of an array, against noise drawn cell by cell and against integrals of spectra."""

import naive
import naive_cells
import numpy as np
import pytest
from scipy import constants, integrate, stats
from tiles import PCSA, make, quiet, random_bits, read

SA_OFFSET = 11  # number of the effect
ROWS = 120
LOUD = {"bandwidth_hz": 5e12}  # thermal noise of about a count
DEFECTS = {"short_rate": 0.02, "open_rate": 0.03, "write_error_rate": 0.01}
TELEGRAPH = {"rtn_amplitude": 0.3, "rtn_probability": 0.4, "hooge_m2": 1e-17}


def branch_noise(branch, v, kelvin):
    """Spectrum of the current of junction and series resistor at voltage v, in A^2/Hz."""
    current, kt = v / branch.total_ohm, constants.k * kelvin
    x = constants.e * current * branch.junction_ohm / (2 * kt)
    junction = 2 * constants.e * current / np.tanh(x) if current else 4 * kt / branch.junction_ohm
    squares = junction * branch.junction_ohm**2 + 4 * kt * branch.series_ohm
    return squares / branch.total_ohm**2


def shot_current_sigma(made):
    """Noise of the current of every branch by its own state, in counts, [2, rows, columns]."""
    cells, mapping = made.cells, made.mapping
    g_ap, g_p = (1.0 / cells.classes[state].total_ohm for state in (0, 1))
    spectra = np.array(
        [branch_noise(branch, mapping.v_read_v, made.die.card.t0_k) for branch in cells.classes]
    )
    per_count = mapping.v_read_v * (g_p - g_ap)
    return np.sqrt(spectra * mapping.bandwidth_hz)[cells.state] / per_count


def node_sigma(made, branch):
    """Noise of a discharging node at the strobe in V, by adaptive quadrature."""
    mapping = made.mapping
    tau = branch.total_ohm * mapping.bitline_f

    def integrand(t):
        v = mapping.vdd_v * np.exp(-t / tau)
        weight = np.exp(-2 * (mapping.t_read_s - t) / tau)
        return branch_noise(branch, v, made.die.card.t0_k) * weight

    area, _ = integrate.quad(integrand, 0.0, mapping.t_read_s, epsabs=0, epsrel=1e-10, limit=200)
    return np.sqrt(area / 2) / mapping.bitline_f


def test_column_noise_equals_noise_drawn_cell_by_cell():
    """Kolmogorov-Smirnov and moments before conversion; every cell has the noise of its state."""
    only = ("d2d", "stuck", "thermal_shot", "write_error")
    made = make(random_bits(1, ROWS, 4), only, design=LOUD, **DEFECTS)
    x = random_bits(2, ROWS)
    found = read(made, np.tile(x, (4000, 1)))
    still = read(made._replace(record=quiet(made.record)), x[None])[0]
    branch = np.where(x == 1, 0, 1)
    sigma = shot_current_sigma(made)[branch, np.arange(ROWS)]  # rows, columns
    rng = np.random.default_rng(7)
    for column in range(4):
        slow = (rng.standard_normal((4000, ROWS)) * sigma[:, column]).sum(axis=1)
        fast = found[:, column] - still[column]
        assert stats.ks_2samp(fast, slow).pvalue > 1e-3
        expected = np.sqrt((sigma[:, column] ** 2).sum())
        assert abs(fast.mean()) / expected * np.sqrt(4000) < 4
        assert abs((fast**2).mean() / expected**2 - 1) * np.sqrt(4000 / 2) < 4


def test_variance_of_a_column_is_the_sum_over_its_branches():
    """A short or open branch has its own noise, and only while it conducts."""
    many = {"short_rate": 0.2, "open_rate": 0.2, "write_error_rate": 0.2}
    made = make(random_bits(1, 40, 6), ("d2d", "stuck", "thermal_shot", "write_error"), **many)
    variance = shot_current_sigma(made) ** 2
    for x in random_bits(2, 5, 40):
        expected = variance[np.where(x == 1, 0, 1), np.arange(40)].sum(axis=0)
        found = [
            naive.analog_column(made.record, list(x), 0, column)[1] ** 2 for column in range(6)
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def by_junction(function, branch, h=1e-5):
    """Derivative of a function of the total resistance by the logarithm of the junction's."""
    ends = [function(branch.junction_ohm * (1 + side) + branch.series_ohm) for side in (h, -h)]
    return (ends[0] - ends[1]) / (2 * h)


def flicker_variance(made):
    """alpha / A ln(f2 / f1) from the rate of inferences to the bandwidth."""
    card, mapping = made.die.card, made.mapping
    area = np.pi * card.diameter_m**2 / 4
    return card.hooge_m2 / area * np.log(mapping.bandwidth_hz / made.die.inference_hz)


def test_cells_with_noise_keep_their_steps_beside_the_others():
    bits, alone = random_bits(1, 60, 50), ("d2d",)
    quiet_ones, noisy = (make(bits, only, **TELEGRAPH).record for only in (alone, (*alone, "rtn")))
    assert noisy.odd_row.size > quiet_ones.odd_row.size + 1000
    np.testing.assert_array_equal(noisy.deviation, quiet_ones.deviation)
    assert np.count_nonzero(noisy.odd_steps) == quiet_ones.odd_row.size


@pytest.mark.parametrize("effect", ["rtn", "flicker"])
def test_noise_of_the_junctions_in_a_column(effect):
    made = make(random_bits(1, 60, 50), (effect,), **TELEGRAPH)
    g_ap, g_p = (1.0 / made.cells.classes[state].total_ohm for state in (0, 1))
    slopes = np.array([by_junction(lambda ohm: 1 / ohm, b) for b in made.cells.classes[:2]])
    variance = (slopes[made.cells.state] / (g_p - g_ap)) ** 2
    if effect == "rtn":
        noisy = made.cells.rtn_variance > 0
        assert abs(noisy.mean() - 0.4) < 4 * np.sqrt(0.24 / noisy.size)
        variance = variance * noisy * 0.15**2
    else:
        variance = variance * flicker_variance(made)
    x = random_bits(2, 60)
    expected = variance[np.where(x == 1, 0, 1), np.arange(60)].sum(axis=0)
    found = [naive.analog_column(made.record, list(x), 0, column)[1] ** 2 for column in range(50)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("effect", ["rtn", "flicker"])
def test_noise_of_the_junctions_at_a_sense_amplifier(effect):
    made = make(random_bits(1, 12, 10), (effect,), PCSA, **TELEGRAPH)
    mapping = made.mapping

    def node(ohm):
        return mapping.vdd_v * np.exp(-mapping.t_read_s / (ohm * mapping.bitline_f))

    slopes = np.array([by_junction(node, branch) for branch in made.cells.classes[:2]])
    share = 0.15**2 * (made.cells.rtn_variance > 0) if effect == "rtn" else flicker_variance(made)
    sigma = np.sqrt((slopes[made.cells.state] ** 2 * share).sum(axis=0))
    margin = naive_cells.latch_input_v(made.cells, np.ones(12), mapping)
    right = np.where(made.cells.bits == 1, margin, -margin)
    with np.errstate(divide="ignore"):
        expected = stats.norm.cdf(-right / sigma)
    found = np.zeros(margin.shape)
    found[made.record.odd_row, made.record.odd_column] = made.record.wrong_on
    assert (expected > 1e-6).sum() > 20
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-15)


def test_noise_of_masked_rows_is_left_out():
    driven = np.arange(ROWS) < 37
    made = make(random_bits(1, ROWS, 3), ("thermal_shot",), driven=[driven], design=LOUD)
    x = random_bits(2, ROWS) & driven
    found = read(made, np.tile(x, (4000, 1)))
    sigma = shot_current_sigma(made)[np.where(x == 1, 0, 1), np.arange(ROWS)]
    expected = np.sqrt((sigma[driven] ** 2).sum(axis=0))
    assert (np.abs(found.std(axis=0) / expected - 1) * np.sqrt(2 * 4000) < 4).all()


def test_codes_follow_the_noise_drawn_cell_by_cell():
    """Chi-square of the codes against the Gaussian of the summed cells."""
    from mramsim.kernels.converters import CODES, Converter

    made = make(random_bits(1, 32, 3), ("d2d", "thermal_shot"), design={"bandwidth_hz": 1e14})
    x = random_bits(2, 32)
    found = read(made, np.tile(x, (6000, 1)), Converter(CODES, 0.0, 1.0, 33))
    centre = read(made._replace(record=quiet(made.record)), x[None])[0]
    sigma = np.sqrt((shot_current_sigma(made)[np.where(x, 0, 1), np.arange(32)] ** 2).sum(axis=0))
    borders = np.concatenate([[-np.inf], np.arange(32) + 0.5, [np.inf]])
    for column in range(3):
        share = np.diff(stats.norm.cdf(borders, centre[column], sigma[column]))
        counts = np.bincount(found[:, column].astype(int), minlength=33)
        first, *_, last = np.flatnonzero(share * 6000 > 8)
        starts = [0, *range(first + 1, last + 1)]  # the tails join the outermost common codes
        observed = np.add.reduceat(counts, starts)
        expected = np.add.reduceat(share, starts) * 6000
        assert len(starts) >= 5
        assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_comparator_offset_and_noise_enter_in_counts():
    made = make(random_bits(1, 16, 200), ("sa_offset", "sa_noise"))
    mapping = made.mapping
    ap, p = (1.0 / branch.total_ohm for branch in made.cells.classes[:2])
    unit = mapping.readout_ohm * mapping.v_read_v * (p - ap)
    offsets = made.record.offset * unit / mapping.sigma_sa_offset_v
    assert abs(offsets.mean()) * np.sqrt(200) < 4
    assert abs(offsets.std() - 1) * np.sqrt(400) < 4
    x = np.tile(random_bits(2, 16), (500, 1))
    weight = made.cells.bits
    matches = x[0] @ weight + (1 - x[0]) @ (1 - weight)
    noise = (read(made, x) - matches - made.record.offset) * unit / mapping.sigma_sa_noise_v
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3


def test_noise_of_a_discharging_node():
    made = make(random_bits(1, 2, 2), ("thermal_shot",), PCSA)
    from mramsim.arrays.pcsa import noise_variances

    found = np.sqrt(noise_variances(made.die, made.mapping, made.cells.classes))
    expected = [node_sigma(made, branch) for branch in made.cells.classes]
    np.testing.assert_allclose(found[:3], expected[:3], rtol=1e-6)


def test_johnson_noise_of_a_settled_node_is_kt_over_c():
    from mramsim.arrays.pcsa import noise_variances

    design = {"vdd_v": 1e-9, "t_read_s": 1e-6}
    made = make(random_bits(1, 2, 2), ("thermal_shot",), PCSA, design=design, v_half_v=0.65)
    found = noise_variances(made.die, made.mapping, made.cells.classes)[:2]
    limit = constants.k * made.die.card.t0_k / made.mapping.bitline_f
    np.testing.assert_allclose(found, limit, rtol=1e-9)


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("carried", [0, 1])
def test_error_rate_of_a_sense_amplifier_is_that_of_its_margin(bit, carried):
    reads = 40_000
    design = {"sigma_sa_noise_v": 0.2, "sigma_sa_offset_v": 0.2}
    only = ("d2d", "thermal_shot", "sa_noise", "sa_offset")
    made = make(np.full((1, 8), bit), only, PCSA, design=design, seed=3)
    signal = naive_cells.latch_input_v(made.cells, [carried], made.mapping)[0]
    shift = np.random.default_rng([3, SA_OFFSET]).standard_normal(8) * 0.2
    variance = sum(node_sigma(made, made.cells.classes[state]) ** 2 for state in (0, 1)) + 0.2**2
    one = stats.norm.cdf((signal + shift) / np.sqrt(variance))
    ones = read(made, np.full((reads, 1), carried)).sum(axis=0)
    z = (ones - reads * one) / np.sqrt(reads * one * (1 - one))
    assert (np.abs(z) < 4).all()
    assert ((one > 0.01) & (one < 0.99)).sum() >= 4
