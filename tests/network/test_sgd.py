"""Float networks of equal memory: the saved network is the torch network."""

import numpy as np
import pytest
from training_case import toy

from mramsim.errors import InputError
from mramsim.training import train

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("options", [{}, {"planes": 8, "optimiser": "adam"}], ids=str)
def test_saved_network_is_the_torch_network(monkeypatch, options):
    from mramsim.training import sgd

    models = []
    fold = sgd._export
    monkeypatch.setattr(
        sgd, "_export", lambda model, *rest: models.append(model) or fold(model, *rest)
    )
    data = toy(count=300)
    network = train("sgd", "mlp-12x2", data, epochs=30, batch=10, **options)
    planes = options.get("planes", 1)
    levels = network.input.forward(data.x_test).astype(np.float32)
    x = torch.from_numpy((2 * levels - (2**planes - 1)) / (2**planes - 1))
    with torch.no_grad():
        scores = models[0](x).numpy()
    assert np.allclose(network.scores(data.x_test), scores, atol=1e-4)
    assert np.array_equal(network.predict(data.x_test), scores.argmax(1))
    assert network.training["accuracy"]["test"] > 0.8
    assert len(network.training["history"]) == 30
    assert not network.products()


def test_first_update_is_plain_sgd(monkeypatch):
    from mramsim.training import loop, sgd

    seen = []

    def one(model, optimiser, inputs, labels, recipe):
        weight = model[1].weight
        before = weight.detach().clone()
        recipe.loss(model(recipe.prepare(inputs)), labels).backward()
        optimiser.step()
        seen.append(torch.allclose(weight, before - 0.01 * weight.grad, atol=1e-7))
        return {"loss": 0.0, "train": 0.0}

    monkeypatch.setattr(loop, "_epoch", one)
    train("sgd", "mlp-12x2", toy(), epochs=1)
    assert seen == [True]
    assert sgd.RATES == {"sgd": 0.01, "adam": 0.001}


def test_share_of_the_images():
    network = train("sgd", "mlp-12x1", toy(count=320), epochs=1, share=1 / 32)
    assert network.training["seen"] == 10


@pytest.mark.parametrize(
    ("net", "options", "text"),
    [
        ("cnv-0.0625", {}, "fully connected"),
        ("mlp-8x1", {"share": 0.0}, "share = 0.0"),
        ("mlp-8x1", {"optimiser": "bop"}, "sgd and adam"),
        ("mlp-8x1", {"batch": 0}, "batch = 0"),
    ],
)
def test_wrong_arguments(net, options, text):
    with pytest.raises(InputError) as caught:
        train("sgd", net, toy(), epochs=1, **options)
    assert text in str(caught.value)
