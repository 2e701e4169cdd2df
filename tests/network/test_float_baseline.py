"""The float network beside a binary one: how long it trains."""

import re

import pytest
from training_case import toy

from mramsim.errors import InputError
from mramsim.training import train

pytest.importorskip("torch")


def shown(**options):
    """Return the network and (done, total) of each epoch of its float network."""
    seen = []
    network = train(
        "bnn",
        "mlp-4x1",
        toy(),
        float_baseline=True,
        progress=lambda done, total, text: seen.append((done, total, text)),
        **options,
    )
    return network, [(done, total) for done, total, text in seen if "float" in text]


def test_it_trains_as_long_as_the_binary_one_took():
    """Where that stopped early, no longer."""
    network, seen = shown(epochs=40, validation=0.2, patience=2, lr=1e-9)
    taken = len(network.training["history"])
    assert taken < 40
    assert seen == [(done, taken) for done in range(1, taken + 1)]
    assert network.training["float_epochs"] == taken


def test_it_trains_for_the_epochs_asked():
    network, seen = shown(epochs=1, float_epochs=3)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert (network.training["epochs"], network.training["float_epochs"]) == (1, 3)
    assert train("bnn", "mlp-4x1", toy(), epochs=1).training["float_epochs"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"float_epochs": 3}, "float_epochs = 3; only with float_baseline"),
        ({"float_epochs": 0, "float_baseline": True}, "float_epochs = 0; 1 to"),
        ({"float_epochs": 2.0, "float_baseline": True}, "a whole number is expected"),
    ],
)
def test_wrong_epochs_are_refused(options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        train("bnn", "mlp-4x1", toy(), epochs=1, **options)
