"""Schedules of steepness: the ladder's numbers, and the controllers on scripted accuracies."""

import math
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from mramsim.training.smooth.control import Control  # noqa: E402
from mramsim.training.smooth.controllers import (  # noqa: E402
    BinarisedController,
    TargetController,
)
from mramsim.training.smooth.schedules import Ladder, Ramp  # noqa: E402
from mramsim.training.smooth.settings import find_setting  # noqa: E402


def climb(ladder):
    """Steepness, learning-rate factor and reset of each epoch."""
    control, found = Control(), []
    for epoch in range(ladder.epochs):
        reset = ladder.begin(epoch, control)
        found.append((control.weights, control.activations, ladder.rate(control), reset))
    return found


def test_ladder_of_weights_as_published():
    steps = [3] * 8 + [k for k in (10, 20, 50, 100, 300, 500, 999) for _ in range(3)]
    found = climb(Ladder("both", 29))
    assert [k for k, *_ in found] == steps
    assert [k for _, k, *_ in found] == steps
    for k, _, rate, _ in found:
        assert rate == pytest.approx((k / 3) ** -0.2)
    assert [reset for *_, reset in found] == [
        epoch == 0 or steps[epoch] != steps[epoch - 1] for epoch in range(29)
    ]
    only = climb(Ladder("weights", 29))
    assert [k for k, *_ in only] == steps
    assert {k for _, k, *_ in only} == {1.0}


def test_ladder_of_activations_as_published():
    found = climb(Ladder("activations", 13))
    assert [k for _, k, *_ in found] == [1.5] * 8 + [6.0] * 3 + [1001.0] * 2
    assert found[-1][2] == pytest.approx((1001 / 1.5) ** -0.3)
    assert {k for k, *_ in found} == {1.0}


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 28, 160])
def test_ramp_ends_at_the_limit(epochs):
    assert climb(Ramp("both", epochs))[-1][:2] == (999, 999)


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 28, 30, 100])
@pytest.mark.parametrize(("mode", "last"), [("weights", 999.0), ("activations", 1001.0)])
def test_last_step_is_always_reached(mode, last, epochs):
    ladder = Ladder(mode, epochs)
    steps = [ladder.steepness(epoch) for epoch in range(epochs)]
    assert steps[-1] == last
    assert steps == sorted(steps)
    total = sum(share for _, share in ladder.steps())
    if epochs >= total:
        for k, share in ladder.steps():
            assert abs(steps.count(k) - share * epochs / total) < 1


@pytest.mark.parametrize(
    ("mode", "which", "corners"),
    [
        ("weights", 0, ((20, 2), (50, 8), (80, 100), (85, 999), (100, 999))),
        ("activations", 1, ((20, 2), (90, 8), (97, 999), (100, 999))),
    ],
)
def test_ramp_rises_by_equal_factors(mode, which, corners):
    found = climb(Ramp(mode, 101))
    steps = [entry[which] for entry in found]
    assert {entry[1 - which] for entry in found} == {1.0}  # what is not smooth stays
    assert [entry[which] for entry in climb(Ramp("both", 101))] == steps
    assert steps[:11] == [1.0] * 11
    for share, k in corners:
        assert steps[share] == pytest.approx(k)
    ends = [10, *(share for share, _ in corners)]
    for start, end in pairwise(ends[:-1]):
        factors = [steps[epoch + 1] / steps[epoch] for epoch in range(start, end)]
        assert factors == pytest.approx([factors[0]] * len(factors))
    assert not any(reset for *_, reset in found)


@pytest.mark.parametrize("mode", ["activations", "both"])
def test_rate_on_the_ramp_falls_with_k_of_the_activations_where_they_are_smooth(mode):
    rates = [rate for *_, rate, _ in climb(Ramp(mode, 101))]
    assert rates[0] == 1
    assert rates[55] == pytest.approx((1 + math.cos(0.55 * math.pi)) / 2 / 4.0**0.25)
    assert rates[100] == pytest.approx(1e-3 / 999**0.25)


def test_rate_of_weights_on_the_ramp_falls_by_a_cosine_once_they_are_signs():
    found = climb(Ramp("weights", 101))
    for k, _, rate, _ in found[:86]:
        assert rate == pytest.approx(k**-0.25)
    for share in (0.9, 0.95):
        cosine = (1 + math.cos(math.pi * (share - 0.85) / 0.15)) / 2
        assert found[round(100 * share)][2] == pytest.approx(cosine / 999**0.25)
    assert found[100][2] == pytest.approx(1e-3 / 999**0.25)


def run(schedule, relaxed, binarised, pushed=()):
    """Feed accuracies; return (epoch, k_w, k_a, reset, stop) of each epoch."""
    control, found, later = Control(), [], iter(pushed)
    for epoch, (v, v_bin) in enumerate(zip(relaxed, binarised, strict=True)):
        reset = schedule.begin(epoch, control)
        before = control.weights, control.activations
        stop = schedule.end(control, v, v_bin, lambda: next(later))
        found.append((epoch, *before, reset, stop))
        if stop:
            break
    return found, control


def test_target_falls_after_patience_and_pushes_follow():
    """Patience 2: the best of two epochs becomes the target, and each push is measured anew."""
    schedule = TargetController("weights", 20, first=1, patience=2)
    # epoch 0: first phase. 1, 2: no push, then T = 0.9, pushes: 0.95 (again), 0.85 (stop there).
    # 3: 0.89 < T. 4: 0.91 >= T, push, measured 0.5. 5, 6: patience, T = 0.8.
    found, control = run(
        schedule,
        [0.99, 0.90, 0.80, 0.89, 0.91, 0.7, 0.8],
        [0.5] * 7,
        [0.95, 0.85, 0.5, 0.1],
    )
    assert [k for _, k, *_ in found] == pytest.approx([1, 1, 1, 2.25, 2.25, 3.375, 3.375])
    assert control.weights == pytest.approx(1.5**4)
    assert schedule.target == 0.8
    assert control.activations == 1
    assert [reset for *_, reset, _ in found] == [False, True, False, True, False, True, False]
    assert not any(stop for *_, stop in found)


def test_at_most_three_pushes_and_not_beyond_the_limit():
    schedule = TargetController("activations", 9, patience=1)
    _, control = run(schedule, [0.9], [0.1], [0.9, 0.9, 0.9, 0.9])
    assert control.activations == pytest.approx(1.5**3)
    control = Control(activations=950.0)
    assert schedule.end(control, 0.9, 0.1, lambda: 0.9)  # one push goes beyond 1000: stop
    assert control.activations == pytest.approx(1425)


def test_binarised_accuracy_that_holds_the_target_stops():
    schedule = TargetController("weights", 9, patience=3, target=0.9)
    found, _ = run(schedule, [0.8, 0.8], [0.7, 0.9])
    assert [stop for *_, stop in found] == [False, True]


def test_both_alternate():
    schedule = TargetController("both", 9, patience=1)
    _, control = run(schedule, [0.9], [0.1], [0.9, 0.9, 0.9])
    assert control.weights == pytest.approx(1.5**2)
    assert control.activations == pytest.approx(1.5)


def test_binarised_controller_by_hand():
    """Patience 5: a push after 5 idle epochs, then after 2 each; stop after 15 idle ones."""
    schedule = BinarisedController("activations", 40, patience=5, power=1.0, drop=0.1)
    accuracies = [0.5, *[0.4] * 7, 0.6, *[0.4] * 20]
    found, control = run(schedule, accuracies, accuracies)
    pushes = [epoch for epoch, *_, reset, _ in found if reset and epoch]  # seen one epoch later
    # Idle from 1 on: push after 5 (5 idle), after 7 (counter 3 + 2); new best at 8; then after
    # 13, 15, 17, 19, 21, and stop with 15 idle epochs after 23, where another push is due.
    assert [epoch - 1 for epoch in pushes] == [5, 7, 13, 15, 17, 19, 21]
    assert found[-1][0] == 23
    assert found[-1][-1]
    assert control.activations == pytest.approx(1.5**8)
    assert control.weights == 1
    assert schedule.best == 0.6


def test_learning_rates_of_controllers():
    control = Control(weights=4.0, activations=9.0)
    by_weights = TargetController("weights", 9, first=2, power=0.5, drop=0.1, epoch=1)
    assert by_weights.rate(control) == pytest.approx(0.5)
    by_weights.epoch = 2
    assert by_weights.rate(control) == pytest.approx(0.05)
    both = BinarisedController("both", 9, power=1.0, drop=1.0)
    assert both.rate(control) == pytest.approx(1 / 9)  # follows the activations alone


@pytest.mark.parametrize(
    ("family", "mode", "kind", "epochs", "patience"),
    [
        ("mlp", "weights", "ladder", 29, 0),
        ("mlp", "activations", "ladder", 13, 0),
        ("catdog-cnn", "both", "target", 680, 15),
        ("vgg-small", "activations", "target", 700, 30),
        ("resnet20", "weights", "target", 600, 50),
        ("resnet20-bireal", "both", "binarised", 680, 15),
    ],
)
def test_settings_of_the_authors(family, mode, kind, epochs, patience):
    setting = find_setting(family, mode)
    assert (setting.schedule, setting.epochs(mode)) == (kind, epochs)
    schedule = setting.make_schedule(mode, epochs, 0)
    if kind != "ladder":
        assert schedule.patience == patience
        half = setting.make_schedule(mode, epochs // 2, 0)
        assert half.patience == round(patience / 2)
        assert half.first == setting.first // 2
        assert setting.make_schedule(mode, epochs, 7).patience == 7


def test_state_of_a_schedule_is_its_fields():
    schedule = TargetController("both", 9, patience=1)
    run(schedule, [0.9], [0.1], [0.9, 0.9, 0.5])
    other = TargetController("both", 9, patience=1)
    other.load_state_dict(schedule.state_dict())
    assert other == schedule
    assert other.pushes == 3
