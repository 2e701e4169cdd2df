"""Training on real digits: exact folding, planes, and a command that is interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mramsim as ms
from mramsim.datasets import load_dataset
from mramsim.training import train

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


@pytest.mark.parametrize(
    ("net", "options", "least"),
    [
        ("mlp-96x2", {"epochs": 8}, 0.9),
        ("mlp-64x1", {"epochs": 6, "planes": 1}, 0.8),
        ("cnv-0.03125", {"epochs": 15}, 0.3),
    ],
    ids=str,
)
def test_folded_is_trained(digits, monkeypatch, net, options, least):
    """All test images: sums before BatchNorm bit for bit, scores, classes."""
    from mramsim.training import gradient

    models = []
    fold = gradient.export
    monkeypatch.setattr(
        gradient, "export", lambda model, *rest: models.append(model) or fold(model, *rest)
    )
    network = train("bnn", net, digits, **options)
    (model,) = models
    planes = network.input.planes
    assert planes == options.get("planes", 4)
    exact = network.values(digits.x_test)
    sums = []
    for block in model.blocks:
        block.product.register_forward_hook(lambda _m, _i, out: sums.append(out.numpy()))
    level = np.clip(digits.x_test.astype(int) // (16 >> planes), 0, 2**planes - 1)
    odd = torch.tensor(2 * level - (2**planes - 1)).float()
    with torch.no_grad():
        scores = model(odd).numpy()
    for node, found in zip(network.products(), sums, strict=True):
        assert np.array_equal(found, exact[node.name])
    assert np.abs(scores - exact["out"]).max() <= 1e-5
    classes = network.predict(digits.x_test)
    assert np.array_equal(scores.argmax(1), classes)
    accuracy = network.training["accuracy"]
    assert accuracy["test"] == accuracy["relaxed_test"] == np.mean(classes == digits.y_test)
    assert accuracy["test"] > least


def test_float_predictions_are_stored_with_the_network(digits, tmp_path):
    path = tmp_path / "n.npz"
    ms.save_network(train("bnn", "mlp-32x1", digits, epochs=15, float_baseline=True), path)
    network = ms.load_network(path)
    classes = network.float_predictions["digits"]
    assert classes.shape == digits.y_test.shape
    right = float(np.mean(classes == digits.y_test))
    assert right == network.training["accuracy"]["float_test"] > 0.8


def command(folder, epochs):
    here = Path(ms.__file__).parents[1]
    paths = os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])
    return {
        "args": [
            *(sys.executable, "-m", "mramsim", "train", "bnn", "--net", "mlp-16x1"),
            *(
                "--data",
                "digits",
                "--epochs",
                str(epochs),
                "--threads",
                "1",
                "--json",
                "--batch",
                "400",
            ),
            *("--checkpoint", "kept", "-o", "n.npz"),
        ],
        "cwd": folder,
        "env": {**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_interrupt_keeps_a_checkpoint_that_continues(tmp_path, digits):
    """Ctrl-C in a real process: 130, no network, no half files; then the rest is computed."""
    epochs = 100
    with subprocess.Popen(**command(tmp_path, epochs)) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith("3/"):
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "mramsim: interrupted; finished work is kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["bnn.pt"]
    kept = torch.load(tmp_path / "kept" / "bnn.pt", weights_only=True)
    done = len(kept["run"]["history"])
    assert 3 <= done < epochs

    seen = []
    rest = {"epochs": epochs, "batch": 400, "threads": 1}
    resumed = train(
        *("bnn", "mlp-16x1", digits),
        **rest,
        checkpoint=tmp_path / "kept",
        progress=lambda number, *_: seen.append(number),
    )
    assert seen == [*range(done + 1, epochs + 1)]
    assert resumed.digest == train("bnn", "mlp-16x1", digits, **rest).digest
