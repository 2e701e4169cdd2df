"""Does it import, quickly and from the right place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mramsim as ms

HEAVY = ("torch", "numba", "matplotlib", "pydantic", "sklearn", "scipy.stats", "jinja2", "pooch")

LOADED = """
import json, sys
try:
    {action}
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def modules_after(action):
    """Names of all modules a fresh interpreter holds after `action`."""
    package = str(Path(ms.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOADED.format(action=action)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": package},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.strip().splitlines()[-1])), done.stdout


@pytest.mark.parametrize(
    "action",
    [
        "import mramsim",
        "from mramsim.cli.main import run; run(['--help'])",
        "from mramsim.cli.main import run; run(['--version'])",
    ],
)
def test_import_and_help_load_nothing_heavy(action):
    loaded, printed = modules_after(action)
    assert not loaded & set(HEAVY)
    if "--help" in action:
        for command in ("demo", "train", "map", "run", "energy", "devices", "mappings"):
            assert command in printed


def test_version():
    assert ms.__version__
    _, printed = modules_after("from mramsim.cli.main import run; run(['--version'])")
    assert ms.__version__ in printed


@pytest.mark.parametrize("name", [name for name in ms.__all__ if name != "__version__"])
def test_every_public_name_is_there(name):
    assert getattr(ms, name) is not None
    assert name in dir(ms)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_thing"):
        ms.no_such_thing  # noqa: B018


def test_package_is_typed():
    assert (Path(ms.__file__).parent / "py.typed").is_file()


def test_package_comes_from_site_packages():
    if os.environ.get("MRAMSIM_EXPECT_INSTALLED") != "1":
        pytest.skip("MRAMSIM_EXPECT_INSTALLED is not 1: this may be a checkout")
    assert "site-packages" in Path(ms.__file__).parts
    assert (Path(ms.__file__).parent / "_cards" / "devices").is_dir()
