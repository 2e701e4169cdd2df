"""Options of commands: configuration files and lists."""

import os

import click
import pytest

from mramsim.cli import options as opt
from mramsim.cli.main import invoke
from mramsim.errors import InputError


@click.command
@click.argument("net", required=False)
@click.option("-o", "--output", default="net.npz")
@click.option("--float-baseline", is_flag=True)
@click.option("--lr", default=0.1)
@opt.shared(opt.SET, opt.SEED, opt.JSON, opt.CONFIG)
def echo(**values):
    """Return what was given."""
    return values


def given(*arguments):
    return echo.main(args=list(arguments), standalone_mode=False)


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "c.toml"
        path.write_text(text)
        return "--config", str(path)

    return write


DEFAULTS = {
    "net": None,
    "output": "net.npz",
    "float_baseline": False,
    "lr": 0.1,
    "assignments": (),
    "seed": 0,
    "as_json": False,
}


def test_config_replaces_defaults(config):
    assert given() == DEFAULTS
    text = 'net = "a.npz"\noutput = "b.npz"\nfloat-baseline = true\nlr = 1\nseed = 7\njson = true\n'
    expected = {
        **DEFAULTS,
        "net": "a.npz",
        "output": "b.npz",
        "float_baseline": True,
        "lr": 1.0,
        "seed": 7,
        "as_json": True,
    }
    assert given(*config(text)) == expected
    assert given(*config(text.replace("float-", "float_"))) == expected
    assert given(*config("")) == DEFAULTS


def test_command_line_goes_before_config(config):
    file = config('net = "a"\nseed = 7\nset = ["device.tmr=1"]\nlr = 0.5\n')
    for arguments in (("--seed", "8", *file), (*file, "--seed", "8")):
        found = given(*arguments, "--set", "device.tmr=2")
        assert (found["seed"], found["lr"], found["net"]) == (8, 0.5, "a")
        assert found["assignments"] == ("device.tmr=2",)


@pytest.mark.parametrize(
    "text",
    [
        'set = ["device.tmr=0.5", "mapping.fc1.rows=64", "device.title=\\"a b\\""]',
        '[set]\n"device.tmr" = 0.5\n"mapping.fc1.rows" = 64\n"device.title" = "a b"',
        '[set.device]\ntmr = 0.5\ntitle = "a b"\n[set.mapping]\nfc1.rows = 64',
    ],
)
def test_config_sets_values_of_cards(config, text):
    from mramsim.settings import parse_assignments

    found = parse_assignments(given(*config(text))["assignments"])
    assert found == {"device.tmr": 0.5, "mapping.fc1.rows": 64, "device.title": "a b"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sed = 1", "key 'sed' is unknown; nearest: seed"),
        ("config = 'x'", "key 'config' is unknown"),
        ("help = true", "key 'help' is unknown"),
        ("as_json = true", "key 'as_json' is unknown"),
        ("o = 'x'", "key 'o' is unknown"),
        ("seed = [1]", "seed = [1] is no value of that option"),
        ("seed = true", "seed = True is no value of that option"),
        ("lr = {a = 1}", "is no value of that option"),
        ("json = 'yes'", "json = 'yes' is no value of that option"),
        ("set = 'device.tmr=1'", "is no value of that option"),
        ("set = [1]", "is no value of that option"),
        ("seed = 1.7", "seed = 1.7: a whole number is expected"),
        ("seed = 2.0", "seed = 2.0: a whole number is expected"),
        ("seed = inf", "seed = inf: a whole number is expected"),
        ("seed = -inf", "seed = -inf: a whole number is expected"),
        ("seed = nan", "seed = nan: a whole number is expected"),
        ("seed = 2024-01-01", "is no value of that option"),
        ("set = [2024-01-01]", "is no value of that option"),
        ("float-baseline = true\nfloat_baseline = false", "'float_baseline' is there twice"),
        ("[set]\ndevice.tmr = 2024-01-01", "set.device.tmr = 2024-01-01: a text, a number"),
        ("[set]\ndevice.tmr = [12:00:00]", "set.device.tmr.0 = 12:00:00: a text"),
        (f"seed = {'1' * 5000}", "not valid TOML"),
        (f"seed = {'[' * 3000}", "nested too deep"),
        (f"[set]\nx{'.a' * 3000} = 1", "nested too deep"),
        (f"seed{'.a' * 3000} = 1", "nested too deep"),
        ("seed = = 1", "not valid TOML"),
        ("seed = 1\nseed = 2", "not valid TOML"),
    ],
)
def test_wrong_configs(config, text, expected):
    with pytest.raises(InputError) as caught:
        given(*config(text))
    assert expected in str(caught.value)
    assert "c.toml" in str(caught.value)


def test_config_of_the_wrong_kind_is_2(config, capsys):
    assert invoke(["train", "bnn", *config('epochs = "many"\nnet = "mlp-8x1"\ndata = "x"')]) == 2
    assert "many" in capsys.readouterr().err


def test_config_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "no.toml"):
        with pytest.raises(InputError, match="cannot be read"):
            given("--config", str(path))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="fifo: is no regular file"):
        given("--config", str(tmp_path / "fifo"))
    with pytest.raises(InputError, match="--config: the name is empty"):
        given("--config", "")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not valid TOML"):
        given("--config", str(tmp_path / "bytes"))


def test_lists_are_split_at_commas():
    assert opt.names(None) is None
    assert opt.names("") == []
    assert opt.names("d2d, stuck,,rtn ") == ["d2d", "stuck", "rtn"]
    assert opt.names("d2d,", "--only") == ["d2d"]
    for text in ("", " , "):
        with pytest.raises(InputError, match=f"--only '{text}': no name"):
            opt.names(text, "--only")
