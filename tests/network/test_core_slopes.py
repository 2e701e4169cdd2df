"""Slopes of the sign against finite differences of the functions they stand for."""

import pytest

from mramsim.errors import InputError

torch = pytest.importorskip("torch")

from mramsim.training.core.signs import sign  # noqa: E402
from mramsim.training.core.slopes import (  # noqa: E402
    SLOPES,
    IrNet,
    ReSte,
    SignSwish,
    Tanh,
    make_slope,
)

CASES = [
    *((make_slope(name), 0.0) for name in SLOPES),
    *((make_slope(name), 0.6) for name in ("tanh", "irnet", "reste")),
    *((make_slope(name), 1.0) for name in ("tanh", "irnet", "reste")),
    (SignSwish(10.0), 0.0),
    (SignSwish(5.0, clamped=True), 0.0),
    (SignSwish(1.0), 0.0),
]
KINKS = (0.0, 0.1, 1.0, 1.5, 2.399357280520547 / 5)  # where a surrogate has no derivative


@pytest.mark.parametrize(("slope", "progress"), CASES, ids=lambda v: getattr(v, "name", str(v)))
def test_derivative_is_that_of_the_surrogate(slope, progress):
    slope.progress = progress
    x = torch.linspace(-3.01, 3.02, 977, dtype=torch.float64)
    x = x[torch.stack([(x.abs() - kink).abs() > 1e-3 for kink in KINKS]).all(0)]
    step = 1e-6
    difference = (slope.surrogate(x + step) - slope.surrogate(x - step)) / (2 * step)
    assert torch.allclose(slope.derivative(x), difference, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("slope", "progress"), CASES, ids=lambda v: getattr(v, "name", str(v)))
def test_backward_pass_uses_it(slope, progress):
    slope.progress = progress
    x = torch.linspace(-2, 2, 401, requires_grad=True)
    passed = torch.linspace(-1, 3, 401)
    y = sign(x, slope)
    y.backward(passed)
    assert torch.equal(y.detach(), torch.where(x >= 0, 1.0, -1.0))
    assert torch.allclose(x.grad, passed * slope.derivative(x.detach()), atol=1e-7)
    half = sign(x, slope, dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16
    assert torch.equal(half.float(), y)


def test_signswish_by_its_known_points():
    """Slope b at 0, zero at b|x| = 2.3994, least -0.0738 b at 3.44, extrema of 1.1997; area 2."""
    slope = SignSwish(5.0)
    x = torch.linspace(-8, 8, 400_001, dtype=torch.float64)
    y = slope.derivative(x)
    assert float(slope.derivative(torch.zeros(()))) == 5.0
    assert abs(float(slope.derivative(torch.tensor(2.3994 / 5, dtype=torch.float64)))) < 1e-3
    assert float(y.min()) == pytest.approx(-0.0738 * 5, abs=1e-3)
    assert float(x[y.argmin()].abs()) == pytest.approx(3.44 / 5, abs=1e-3)
    assert float(slope.surrogate(x).max()) == pytest.approx(1.1997, abs=1e-4)
    assert float(torch.trapezoid(y, x)) == pytest.approx(2.0, abs=1e-6)
    assert float(SignSwish(5.0, clamped=True).derivative(x).min()) == 0
    assert torch.isfinite(slope.derivative(torch.tensor([-1e30, 1e30]))).all()


def test_schedules():
    tanh, irnet, reste = Tanh(1, 10), IrNet(0.1, 10), ReSte(3)
    for slope, middle, last in ((tanh, 10**0.5, 10), (irnet, 1.0, 10)):
        slope.progress = 0.5
        assert slope.steepness == pytest.approx(middle)
        slope.progress = 1.0
        assert slope.steepness == pytest.approx(last)
    zero = torch.zeros(())
    irnet.progress = 0.0
    assert float(irnet.derivative(zero)) == pytest.approx(1.0)  # k = 10, t = 0.1
    irnet.progress = 1.0
    assert float(irnet.derivative(zero)) == pytest.approx(10.0)
    assert torch.equal(reste.derivative(torch.tensor([0.05, 1.0])), torch.ones(2))  # power 1
    reste.progress = 1.0
    assert float(reste.derivative(torch.tensor(0.5))) == pytest.approx(0.5 ** (1 / 3 - 1) / 3)
    assert float(reste.derivative(torch.tensor(1.6))) == 0


def test_wrong_names():
    with pytest.raises(InputError, match="nearest: bireal"):
        make_slope("bi-real")
    for steepness in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="steepness"):
            make_slope("signswish", steepness)
