"""Wrong input: one clear line, exit code 2, no traceback, nothing half-written."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import mramsim as ms
from mramsim.cli import options
from mramsim.cli.main import invoke
from mramsim.errors import InputError

NET = "pretrained:digits-mlp-512x2"
DEVICE = "stt_jung_nature_2022"
TRAIN = ["train", "bnn", "--net", "mlp-8x1", "--data", "digits", "--epochs", "1"]
RUN = ["run", NET, "--data", "digits", "--chips", "1", "--images", "4"]
CARD = """title = "x"
kind = "stt"
rp_ohm = 1e4
tmr = 1.0
t0_k = 300.0
[sources]
kind = "assumed: a"
rp_ohm = "assumed: a"
tmr = "assumed: a"
t0_k = "assumed: a"
"""


def card(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def truncated(folder: Path) -> str:
    path = folder / "cut.npz"
    ms.save_network(ms.find_network(NET), path)
    path.write_bytes(path.read_bytes()[:-2000])
    return str(path)


def edited(folder: Path, **changes: np.ndarray) -> str:
    path = folder / "edited.npz"
    ms.save_network(ms.find_network(NET), path)
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}
    header = json.loads(arrays["header"].tobytes())
    for key, value in changes.items():
        if key == "format":
            header["format"] = value
        else:
            arrays[key.replace("__", "/")] = value
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    return str(path)


def pipe(folder: Path, command: list[str]) -> list[str]:
    """Make a pipe; put its name into a command."""
    path = folder / "pipe.npz"
    os.mkfifo(path)
    return [str(path) if part == "PIPE" else part for part in command]


def net(path: str) -> list[str]:
    return ["run", path, "--data", "digits", "--chips", "1", "--images", "4"]


CASES = {
    "missing network": (lambda d: net(str(d / "no.npz")), "no such network file"),
    "unknown pretrained": (lambda d: net("pretrained:digit"), "digits-mlp-512x2"),
    "truncated network": (lambda d: net(truncated(d)), "not a readable .npz"),
    "foreign npz": (lambda d: net(_foreign(d)), "not a network of mramsim"),
    "newer format": (lambda d: net(edited(d, format="mramsim.network/9")), "mramsim.network/9"),
    "pickled array": (lambda d: net(_pickled(d)), "not a readable .npz"),
    "weights too short": (
        lambda d: net(edited(d, fc1__weight=np.zeros(3, np.uint8))),
        "bits needed",
    ),
    "threshold of wrong shape": (
        lambda d: net(edited(d, fc1_sign__level=np.zeros(3, np.int32))),
        "one per channel",
    ),
    "NaN in the output": (
        lambda d: net(edited(d, out__scale=np.full(10, np.nan, np.float32))),
        "finite",
    ),
    "unknown device": (lambda d: [*RUN, "--device", "stt_jung"], "nearest: stt_jung_nature_2022"),
    "unknown mapping": (lambda d: [*RUN, "--mapping", "csum"], "mapping card 'csum' is unknown"),
    "missing card file": (lambda d: [*RUN, "--device", str(d / "no.toml")], "no such file"),
    "card without source": (
        lambda d: [*RUN, "--device", card(d, CARD.replace('tmr = "assumed: a"\n', ""))],
        "'tmr' has no entry in [sources]",
    ),
    "card with unknown key": (
        lambda d: [*RUN, "--device", card(d, "tmrr = 1.0\n" + CARD)],
        "key 'tmrr' is unknown; nearest: tmr",
    ),
    "card with NaN": (
        lambda d: [*RUN, "--device", card(d, CARD.replace("tmr = 1.0", "tmr = nan"))],
        "tmr",
    ),
    "card that is no TOML": (lambda d: [*RUN, "--device", card(d, "tmr = = 1")], "not valid TOML"),
    "negative TMR": (lambda d: [*RUN, "--set", "device.tmr=-0.5"], "tmr = -0.5"),
    "negative sigma": (lambda d: [*RUN, "--set", "device.sigma_ra=-1"], "sigma_ra = -1"),
    "text for a number": (lambda d: [*RUN, "--set", "device.tmr=high"], "tmr = 'high'"),
    "unknown key": (lambda d: [*RUN, "--set", "device.tmrr=1"], "nearest: tmr"),
    "unknown head": (lambda d: [*RUN, "--set", "tmr=1"], "key 'tmr' is unknown"),
    "set without value": (lambda d: [*RUN, "--set", "device.tmr"], "KEY=VALUE is expected"),
    "unknown layer": (lambda d: [*RUN, "--set", "mapping.fc9.rows=8"], "layer 'fc9'"),
    "rows_on above rows": (
        lambda d: [*RUN, "--mapping", "csum_1bit", "--set", "mapping.rows=8"],
        "rows_on = 256 is above rows = 8",
    ),
    "unknown effect": (lambda d: [*RUN, "--only", "d2c"], "effect 'd2c' is unknown"),
    "negative seed": (lambda d: [*RUN, "--seed", "-1"], "seed = -1"),
    "no chips": (lambda d: [*RUN, "--chips", "0"], "chips = 0"),
    "too many images": (lambda d: [*RUN, "--images", "5000"], "images = 5000"),
    "negative age": (lambda d: [*RUN, "--set", "age.seconds=-1"], "age.seconds = -1"),
    "batch of zero": (lambda d: [*RUN, "--batch", "0"], "batch = 0"),
    "threads of zero": (lambda d: [*RUN, "--threads", "0"], "threads = 0"),
    "unknown data": (lambda d: ["run", NET, "--data", "digit"], "digits"),
    "wrong data shape": (lambda d: ["run", NET, "--data", "mnist"], ""),
    "data folder missing": (
        lambda d: ["run", NET, "--data", "mnist", "--data-dir", str(d / "no")],
        "no",
    ),
    "unknown option": (lambda d: [*RUN, "--frob"], "--frob"),
    "unknown command": (lambda d: ["frob"], "frob"),
    "unknown method": (lambda d: ["train", "bnm", "--net", "mlp-8x1", "--data", "digits"], "bnn"),
    "bad network name": (lambda d: ["train", "bnn", "--net", "mlp-x", "--data", "digits"], "mlp-"),
    "wrong ending": (
        lambda d: [*TRAIN, "-o", str(d / "net.txt")],
        ".npz",
    ),
    "report into a missing folder": (
        lambda d: [*RUN, "--report", str(d / "no" / "r.html")],
        "cannot be written",
    ),
    **{
        f"refused: {' '.join(command)}": (lambda d, given=command: given, text)
        for command, text in (
            (["map", NET, "--set", "component.nokey=1"], "'component.nokey' is not used by"),
            (["map", NET, "--set", "age.seconds=1"], "'age.seconds' is not used by"),
            (["map", NET, "--set", "temperature_k=-5"], "'temperature_k' is not used by"),
            (["map", NET, "--set", "device.nokey=1"], "key 'device.nokey' is unknown"),
            (["map", NET, "--set", "mapping.fc1.nokey=1"], "key 'mapping.nokey' is unknown"),
            (["map", NET, "--set", "devise.nokey=1"], "key 'devise.nokey' is unknown"),
            (["dump", NET, "-o", "d", "--set", "device.nokey=1"], "'device.nokey' is not used by"),
            (["dump", NET, "-o", "d", "--set", "component.adder_f=1"], "is not used by"),
            (["energy", NET, "--set", "age.reads=1"], "'age.reads' is not used by this command"),
            (["mappings", "csum_1bit", "--set", "device.nokey=1"], "is not used by"),
            (["mappings", "csum_1bit", "--set", "mapping.fc1.rows=1"], "used: mapping.KEY"),
            (["mappings", "--set", "mapping.rows=1"], "'mapping.rows' is not used by"),
            (["devices", DEVICE, "--set", "mapping.nokey=1"], "used: device.KEY, temperature_k"),
            (["devices", DEVICE, "--wer", "--set", "temperature_k=-5"], "used: device.KEY"),
            (["devices", "--set", "device.nokey=1"], "'device.nokey' is not used by this command"),
            (["devices", DEVICE, "--overdrive", "2"], "--overdrive 2 belongs to --wer"),
            (["devices", "--delta", "nan"], "--delta nan belongs to --wer"),
            ([*RUN, "--only", ""], "--only '': no name"),
            ([*RUN, "--without", " ,"], "--without ' ,': no name"),
            ([*RUN, "--only", "none,d2d"], "--only none,d2d: 'none' stands alone"),
            (["bench", "--rows", ""], "--rows '': no name"),
            (["energy", NET, "--figure", "x.pdf"], "--figure x.pdf: a figure ends in .svg"),
            (["energy", NET, "--figure", ""], "--figure: the name is empty"),
            (["demo", "--chips", "0"], "chips = 0; at least 1 is allowed"),
            (["demo", "--threads", "0"], "threads = 0; at least 1 is allowed"),
            ([*RUN, "--device", "a" * 5000], "is unknown"),
            ([*RUN, "--report", ""], "--report: the name is empty"),
            ([*RUN, "--config", ""], "--config: the name is empty"),
            (["map", ""], "network: the name is empty"),
        )
    },
    **{
        f"pipe: {' '.join(command)}": (lambda d, given=command: pipe(d, given), text)
        for command, text in (
            (["map", "PIPE"], "is no regular file"),
            (["map", NET, "--config", "PIPE"], "is no regular file"),
            ([*TRAIN, "-o", "PIPE"], "is no regular file; name a file to write"),
            ([*RUN, "--report", "PIPE"], "is no regular file; name a file to write"),
        )
    },
    "config with unknown key": (
        lambda d: [*RUN, "--config", card(d, "chps = 3")],
        "key 'chps' is unknown; nearest: chips",
    ),
}


def _foreign(folder: Path) -> str:
    np.savez(folder / "foreign.npz", a=np.zeros(3))
    return str(folder / "foreign.npz")


def _pickled(folder: Path) -> str:
    np.savez(folder / "pickled.npz", header=np.array([{"a": 1}], dtype=object))
    return str(folder / "pickled.npz")


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "wrong data shape":
        monkeypatch.setenv("MRAMSIM_DATA", str(tmp_path))
        _tiny_mnist(tmp_path)
    arguments, expected = CASES[name]
    command = arguments(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert invoke(command) == 2
    shown = capsys.readouterr()
    lines = [line for line in shown.err.splitlines() if line.startswith("mramsim: ")]
    assert len(lines) == 1, shown.err
    assert expected in lines[0]
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        [*TRAIN, "-o", "ro/net.npz"],
        [*TRAIN, "--checkpoint", "ro"],
        [*RUN, "--report", "ro/x.html"],
        ["report", "sweep", "-o", "ro/x.html"],
        ["energy", NET, "--figure", "ro/x.svg"],
        ["demo", "--report", "ro/x.html"],
        ["export", NET, "-o", "ro/n.pt2"],
        ["import", "n.npz", "-o", "ro/n.npz"],
    ],
    ids=lambda command: command[0],
)
def test_a_folder_without_permission_is_noticed_first(command, tmp_path, capsys, monkeypatch):
    """Root may write everywhere, so the answer of the system is replaced."""
    monkeypatch.chdir(tmp_path)
    Path("ro").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "ro")
    monkeypatch.setattr(options.Ticker, "__call__", lambda *_: pytest.fail("work was begun"))
    assert invoke(command) == 2
    assert "cannot be written (no permission in folder" in capsys.readouterr().err
    assert list(Path("ro").iterdir()) == []


def test_null_bytes_in_names(tmp_path):
    with pytest.raises(InputError, match="null byte"):
        ms.save_network(ms.find_network(NET), f"{tmp_path}/a\0.npz")
    with pytest.raises(InputError, match="null byte"):
        ms.load_network("a\0.npz")
    with pytest.raises(InputError, match="null byte"):
        ms.load_dataset("a\0.csv")


def _tiny_mnist(folder: Path) -> None:
    """Write an MNIST of four images in the official format."""
    (folder / "mnist").mkdir()
    for part, kind in (
        ("train", "images"),
        ("train", "labels"),
        ("t10k", "images"),
        ("t10k", "labels"),
    ):
        images = kind == "images"
        head = [0x803, 4, 28, 28] if images else [0x801, 4]
        body = np.zeros(4 * 784 if images else 4, dtype=np.uint8).tobytes()
        name = f"{part}-{kind}-idx{3 if images else 1}-ubyte"
        (folder / "mnist" / name).write_bytes(np.array(head, dtype=">u4").tobytes() + body)
