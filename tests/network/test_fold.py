"""BatchNorm and sign fold to integers: equal to torch's float32 on every reachable count."""

import numpy as np
import pytest

from mramsim.errors import InputError
from mramsim.network.fold import affine, batchnorm_affine, fold_batchnorm, fold_sign
from mramsim.network.nodes import Threshold
from mramsim.network.nodes.threshold import ALWAYS, NEVER

torch = pytest.importorskip("torch")


def torch_norm(gamma, beta, mean, var, eps, maps=False):
    kind = torch.nn.BatchNorm2d if maps else torch.nn.BatchNorm1d
    norm = kind(len(gamma), eps=eps).eval()
    for target, value in zip(
        (norm.weight, norm.bias, norm.running_mean, norm.running_var),
        (gamma, beta, mean, var),
        strict=True,
    ):
        target.data.copy_(torch.from_numpy(value))
    return norm


def signs(norm, counts):
    """Torch's answer for counts [n, channels], once flat and once as maps of one image each."""
    with torch.no_grad():
        return (norm(torch.from_numpy(counts.astype(np.float32))) >= 0).numpy()


def check_every_count(parameters, eps, reach):
    """Compare all counts; in blocks, so that memory stays small."""
    level, polarity = fold_batchnorm(*parameters, eps, reach)
    channels = len(level)
    node = Threshold("t", ("x",), level, polarity)
    norm = torch_norm(*parameters, eps)
    for start in range(-reach, reach + 1, 4096):
        column = np.arange(start, min(start + 4096, reach + 1))
        counts = np.repeat(column[:, None], channels, axis=1)
        assert np.array_equal(node.forward(counts), signs(norm, counts))
    return level, polarity


def random_parameters(rng, channels, reach):
    """Thresholds in and out of reach, both polarities, gamma of 0, variances near 0."""
    gamma = rng.normal(size=channels) * 10.0 ** rng.integers(-6, 3, channels)
    gamma[::7] = 0.0
    beta = rng.normal(size=channels) * 10.0 ** rng.integers(-3, 2, channels)
    beta[::5] = 0.0
    mean = rng.uniform(-1.2 * reach, 1.2 * reach, channels)
    mean[::3] = np.rint(mean[::3])
    var = rng.uniform(0, reach, channels) * 10.0 ** rng.integers(-9, 1, channels)
    var[::11] = 0.0
    return tuple(part.astype(np.float32) for part in (gamma, beta, mean, var))


@pytest.mark.parametrize("reach", [1, 2, 9, 64, 1024])
@pytest.mark.parametrize("eps", [1e-4, 1e-5])
def test_equal_to_torch_on_every_count(reach, eps):
    rng = np.random.default_rng(reach)
    level, polarity = check_every_count(random_parameters(rng, 300, reach), eps, reach)
    assert (polarity == -1).any()
    assert (np.abs(level) < NEVER).any()
    assert (level == ALWAYS).any()
    assert (level == NEVER).any()


def test_equal_to_torch_on_eight_planes():
    """784 inputs of 8 bits: 399 841 counts."""
    rng = np.random.default_rng(8)
    check_every_count(random_parameters(rng, 6, 784 * 255), 1e-4, 784 * 255)


def test_equal_to_torch_on_maps():
    """Images take other code in torch than vectors do."""
    rng = np.random.default_rng(3)
    reach, channels = 288, 40
    parameters = random_parameters(rng, channels, reach)
    level, polarity = fold_batchnorm(*parameters, 1e-4, reach)
    norm = torch_norm(*parameters, 1e-4, maps=True)
    column = np.arange(-reach, reach + 1)[: 576 // 24 * 24]
    counts = np.repeat(column.reshape(24, 1, 4, 6), channels, axis=1)
    found = Threshold("t", ("x",), level, polarity).forward(counts)
    for memory in (torch.contiguous_format, torch.channels_last):
        with torch.no_grad():
            values = norm(torch.from_numpy(counts.astype(np.float32)).to(memory_format=memory))
        assert np.array_equal(found, (values >= 0).numpy())


def test_ties_are_plus_one():
    """gamma (s - mean) with an integer mean and exact powers of two is 0 at s = mean."""
    one = np.ones(4, dtype=np.float32)
    gamma = np.array([1, -1, 2, -0.5], dtype=np.float32)
    mean = np.array([3, 3, -5, 0], dtype=np.float32)
    level, polarity = check_every_count((gamma, 0 * one, mean, 0.75 * one), 0.25, 16)
    assert level.tolist() == [3, -3, -5, 0]
    assert polarity.tolist() == [1, -1, 1, -1]


def test_gamma_zero_is_constant():
    """sign(beta), with sign(0) = +1; a negative zero is a zero."""
    zero = np.zeros(4, dtype=np.float32)
    beta = np.array([1e-30, -1e-30, 0.0, -0.0], dtype=np.float32)
    level, _ = check_every_count((zero, beta, zero + 7, zero + 1), 1e-4, 20)
    assert level.tolist() == [ALWAYS, NEVER, ALWAYS, ALWAYS]


def test_scores_equal_torch_bit_for_bit():
    rng = np.random.default_rng(5)
    parameters = random_parameters(rng, 50, 500)
    counts = np.repeat(np.arange(-500, 501)[:, None], 50, axis=1)
    found = affine(*batchnorm_affine(*parameters, 1e-4))(counts)
    with torch.no_grad():
        expected = torch_norm(*parameters, 1e-4)(torch.from_numpy(counts.astype(np.float32)))
    assert np.array_equal(found, expected.numpy())


@pytest.mark.parametrize("switch", [-10, -9, 0, 1, 10, 11])
@pytest.mark.parametrize("rising", [True, False])
def test_any_monotone_function(switch, rising):
    """A step at each place, the ends and beyond included."""

    def evaluate(count):
        above = count >= switch
        return np.where(above == rising, 0.0, -1.0).astype(np.float32)

    level, polarity = fold_sign(evaluate, 10, 1)
    counts = np.arange(-10, 11)
    bits = polarity[0] * counts >= level[0]
    assert np.array_equal(bits, (counts >= switch) == rising)


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(part, value):
    parameters = [np.ones(3, dtype=np.float32) for _ in range(4)]
    parameters[part][1] = value
    with pytest.raises(InputError, match="NaN, infinity"):
        fold_batchnorm(*parameters, 1e-4, 9)


def test_negative_variance():
    ones = np.ones(2, dtype=np.float32)
    with pytest.raises(InputError, match="negative variance"):
        fold_batchnorm(ones, ones, ones, -ones, 1e-4, 9)


def test_function_that_gives_nan():
    with pytest.raises(InputError, match="NaN"):
        fold_sign(lambda count: np.full(1, np.nan, dtype=np.float32), 4, 1)
