"""A training that was cut off ends with the same weights; the command line; progress."""

import json

import numpy as np
import pytest
from training_case import toy

import mramsim as ms
from mramsim.cli.main import invoke
from mramsim.errors import InputError
from mramsim.training import train

torch = pytest.importorskip("torch")


class Kill:
    """Progress that interrupts at one epoch of one network."""

    def __init__(self, label, epoch):
        self.label, self.epoch = label, epoch

    def __call__(self, done, total, text):
        if text.startswith(self.label) and done == self.epoch:
            raise KeyboardInterrupt


def fit(**more):
    return train(
        "bnn", "mlp-12x2", toy(), epochs=4, batch=25, float_baseline=True, stochastic=True, **more
    )


@pytest.mark.parametrize(
    ("label", "epoch"), [("binary", 1), ("binary", 3), ("binary", 4), ("float", 2), ("float", 4)]
)
def test_resumed_is_uninterrupted(tmp_path, label, epoch):
    whole = fit()
    with pytest.raises(KeyboardInterrupt):
        fit(checkpoint=tmp_path, progress=Kill(label, epoch))
    seen = []
    resumed = fit(checkpoint=tmp_path, progress=lambda done, total, text: seen.append((text, done)))
    repeated = sum(text.startswith(label) for text, _ in seen)
    assert repeated == 4 - epoch  # finished epochs are not computed again
    assert resumed.digest == whole.digest
    assert np.array_equal(resumed.float_predictions["toy"], whole.float_predictions["toy"])
    assert resumed.training["accuracy"] == whole.training["accuracy"]


def test_checkpoint_alone_changes_nothing(tmp_path):
    assert fit(checkpoint=tmp_path / "new" / "folder").digest == fit().digest
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "bnn.pt",
        "float.pt",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"epochs": 5},
        {"net": "mlp-13x2"},
        {"planes": 2},
        {"lr": 0.001},
        {"loss": "ce"},
        {"data": toy(seed=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_checkpoint_of_another_training(tmp_path, change):
    arguments = {"method": "bnn", "net": "mlp-12x2", "data": toy(), "epochs": 2}
    train(**arguments, checkpoint=tmp_path)
    with pytest.raises(InputError, match="another training"):
        train(**{**arguments, **change}, checkpoint=tmp_path)


def test_damaged_checkpoints(tmp_path):
    arguments = {"method": "bnn", "net": "mlp-12x2", "data": toy(), "epochs": 2}
    train(**arguments, checkpoint=tmp_path)
    path = tmp_path / "bnn.pt"
    content = path.read_bytes()
    for damaged in (b"", b"text", content[: len(content) // 2], content[:-40]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"bnn\.pt: not a readable checkpoint"):
            train(**arguments, checkpoint=tmp_path)


def test_checkpoints_run_no_code(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('code was run')",))

    torch.save(Bomb(), tmp_path / "bnn.pt")
    with pytest.raises(InputError, match="not a readable checkpoint"):
        train("bnn", "mlp-8x1", toy(), epochs=1, checkpoint=tmp_path)


def test_checkpoint_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="checkpoint"):
        train("bnn", "mlp-8x1", toy(), epochs=1, checkpoint=tmp_path / "file")


def test_progress_counts_epochs():
    seen = []
    train(
        "bnn",
        "mlp-8x1",
        toy(),
        epochs=3,
        float_baseline=True,
        progress=lambda *call: seen.append(call),
    )
    assert [(done, total) for done, total, _ in seen] == [(1, 3), (2, 3), (3, 3)] * 2
    assert [text.split(" network")[0] for *_, text in seen] == ["binary"] * 3 + ["float"] * 3


COMMAND = ["train", "bnn", "--net", "mlp-16x1", "--data", "digits", "--epochs", "2"]


def test_json(tmp_path, capsys):
    path = tmp_path / "net.npz"
    arguments = [*COMMAND, "-o", str(path), "--float-baseline", "--seed", "3", "--json"]
    assert invoke(arguments) == 0
    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert list(record) == [
        "schema",
        "method",
        "net",
        "data",
        "seed",
        "epochs",
        "float_epochs",
        "seconds",
        "accuracy",
        "file",
    ]
    assert record["schema"] == "mramsim.train/1"
    assert (record["seed"], record["epochs"], record["file"]) == (3, 2, str(path))
    assert set(record["accuracy"]) == {"train", "test", "relaxed_test", "float_test"}
    assert all(0.1 < value <= 1 for value in record["accuracy"].values())
    assert "2/2 binary network: loss" in shown.err
    network = ms.load_network(path)
    assert network.training["accuracy"] == record["accuracy"]
    assert len(network.float_predictions["digits"]) == 359


def test_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke([*COMMAND, "--stochastic", "--loss", "ce", "--planes", "2", "--batch", "50"]) == 0
    shown = capsys.readouterr().out
    assert "relaxed_test" in shown
    assert "net.npz" in shown
    network = ms.load_network("net.npz")
    assert network.input.planes == 2
    expected = {"stochastic": True, "loss": "ce", "lr": 0.01, "batch": 50}
    assert expected.items() <= network.training["options"].items()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["-o", "net.pt"], "ends in .npz"),
        (["-o", "no/net.npz"], "'no' does not exist"),
        (["-o", "../a.npz"], "is a folder"),
        (["--epochs", "0"], "epochs = 0"),
        (["--epochs", "many"], "many"),
        (["--loss", "mse"], "mse"),
        (["--planes", "5"], "planes = 5"),
        (["--batch", "1"], "batch = 1"),
        (["--lr", "-1"], "lr = -1"),
        (["--data", "mnist", "--data-dir", "nowhere"], "'nowhere' does not exist"),
        (["--net", "vgg"], "mlp-WxD"),
    ],
)
def test_wrong_commands(tmp_path, capsys, monkeypatch, more, text):
    (tmp_path / "a.npz").mkdir()
    tmp_path = tmp_path / "here"
    tmp_path.mkdir()
    monkeypatch.chdir(tmp_path)
    assert invoke([*COMMAND, *more]) == 2
    shown = capsys.readouterr()
    assert text in shown.err
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ""
    assert list(tmp_path.iterdir()) == []


def test_interrupted_command(tmp_path, capsys, monkeypatch):
    """Ctrl-C gives 130, keeps the checkpoint, leaves no network; the same command goes on."""
    from mramsim.cli import options

    monkeypatch.chdir(tmp_path)
    arguments = [*COMMAND, "-o", "net.npz", "--checkpoint", "ck"]
    with monkeypatch.context() as patch:
        patch.setattr(
            options.Ticker, "__call__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        assert invoke(arguments) == 130
    assert "interrupted" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ck"]
    assert invoke(arguments) == 0
    assert (tmp_path / "net.npz").exists()
