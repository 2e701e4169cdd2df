"""Compiled code is keyed by the content of all kernel files; plain Python gives the same bytes."""

import hashlib
import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mramsim.kernels
from mramsim.kernels import jit, matches, noise, pcsa, philox, read_codes, read_values

FOLDER = Path(mramsim.kernels.__file__).parent

SMALL = """
import hashlib, sys
sys.path[:0] = [{tests!r}, {array!r}]
import numpy as np
from test_kernel_analog import MODES, random_tile
from test_kernel_pcsa import random_tile as random_pcsa
from tiles import AS_IT_IS, read_record

digest = hashlib.sha256()
rng = np.random.default_rng(0)
for mode in MODES:
    tile, driven = random_tile(rng, 70, 4, positions=2, odd=0.1)
    x = rng.integers(0, 2, (6, 70)) & np.tile(driven, (3, 1))
    sums, _ = read_record(tile, mode.values[0], x, np.arange(3), 2, 1)
    digest.update(sums.tobytes())
tile, driven = random_pcsa(rng, 70, 4)
counts, _ = read_record(tile, AS_IT_IS, rng.integers(0, 2, (6, 70)), np.arange(6), 1, 3)
digest.update(counts.tobytes())
print(digest.hexdigest())
"""


def key_of(folder):
    spec = importlib.util.spec_from_file_location("copied_jit", folder / "jit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.source_key()


def test_every_kernel_file_is_part_of_the_key(tmp_path):
    folder = tmp_path / "kernels"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = key_of(folder)
    assert before == jit.source_key()
    keys = {before}
    for path in sorted(folder.glob("*.py")):
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        keys.add(key_of(folder))
        path.write_text(text)
    assert len(keys) == 1 + len(list(folder.glob("*.py")))
    (folder / "new.py").write_text("")
    assert key_of(folder) not in keys
    assert key_of(FOLDER) == before


def test_compiled_code_on_disk_carries_the_key():
    compiled = [
        read_codes.read_codes,
        read_values.read_values,
        pcsa.read_pcsa,
        matches.xnor_popcount,
        philox.philox,
        noise.column_normal,
    ]
    for function in compiled:
        assert function._cache._cache_file._source_stamp == jit.source_key()


def test_an_index_that_names_a_type_that_is_gone_is_stale(tmp_path):
    found = philox.philox._cache._cache_file
    gone = b"cno_such_module\nGone\n."  # a pickle that looks this name up
    (tmp_path / "f.nbi").write_bytes(pickle.dumps(found._version) + gone)
    keyed = type(found)(str(tmp_path), "f", jit.source_key())
    assert keyed._load_index() == {}
    with pytest.raises(ModuleNotFoundError):
        super(type(found), keyed)._load_index()


def test_plain_python_gives_the_same_bytes():
    here = Path(__file__).parent
    code = SMALL.format(tests=str(here.parent), array=str(here))
    found = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        environment["PYTHONPATH"] = str(FOLDER.parents[1])
        done = subprocess.run(
            [sys.executable, "-P", "-W", "error", "-c", code],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append(done.stdout.strip())
    assert found[0] == found[1]
    assert len(found[0]) == 2 * hashlib.sha256().digest_size
