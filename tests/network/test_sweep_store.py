"""The store: whole lines count, half lines do not, nothing written is lost."""

import json
import os
import random
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest

from mramsim.errors import InputError
from mramsim.sweeps.store import Shard, Store

IDS = [f"{number:064x}" for number in range(9)]


def found(accuracy, seconds=0.5):
    return {
        "result": {"accuracy": accuracy, "images": 4},
        "seconds": seconds,
        "host": "h",
        "pid": 1,
    }


def filled(folder, ids=IDS[:3], name="all"):
    with Shard(folder, name) as shard:
        for number, key in enumerate(ids):
            shard.append(key, f'{{"chip":{number}}}', found(number / 10))
    return folder / "shards" / f"{name}.jsonl"


def test_what_is_appended_is_read(tmp_path):
    path = filled(tmp_path)
    store = Store(tmp_path)
    assert len(store) == 3
    assert store.ids() == set(IDS[:3])
    assert IDS[1] in store
    assert IDS[4] not in store
    assert store.accuracy(IDS[2]) == 0.2
    assert store.result(IDS[2]) == {"accuracy": 0.2, "images": 4}
    assert (store.damaged, store.conflicts, store.seconds, store.hosts) == (0, [], 1.5, {"h"})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[1]["task"] == {"chip": 1}
    assert len(Store(tmp_path / "nothing")) == 0


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_half_written_line_is_found_and_replaced(tmp_path, cut):
    path = filled(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    store = Store(tmp_path)
    assert store.ids() == set(IDS[:2])
    assert store.damaged == 1
    filled(tmp_path, IDS[2:4])
    again = Store(tmp_path)
    assert again.ids() == set(IDS[:4])
    assert again.damaged == 0
    assert path.read_bytes().startswith(whole[: whole.rindex(b"\n", 0, -1) + 1])


def test_any_cut_loses_at_most_the_cut_line(tmp_path):
    path = filled(tmp_path)
    whole = path.read_bytes()
    for size in random.Random(0).sample(range(len(whole)), 40):
        path.write_bytes(whole[:size])
        complete = whole[:size].count(b"\n")
        assert len(Store(tmp_path)) == complete
        filled(tmp_path, IDS[5:6])
        assert Store(tmp_path).ids() == {*IDS[:complete], IDS[5]}


@pytest.mark.parametrize(
    "line",
    [b"", b"x", b"[1]", b"{}", b"\0\0\0", b'{"id":"a","result":{}}', b'{"id":"a","result":3}'],
)
def test_damaged_lines_are_counted_and_skipped(tmp_path, line):
    path = filled(tmp_path)
    path.write_bytes(line + b"\n" + path.read_bytes())
    store = Store(tmp_path)
    assert store.damaged == 1
    assert store.ids() == set(IDS[:3])


@pytest.mark.parametrize(
    ("whole", "wrong"),
    [
        (b'"seconds":0.5', b'"seconds":--2.0'),
        (b'"accuracy":0.0', b'"accuracy":0.0.0'),
        (b'"host":"h"', b'"host":"\\x"'),
    ],
)
def test_a_wrong_number_under_a_right_checksum_is_damage(tmp_path, whole, wrong):
    path = filled(tmp_path)
    first, rest = path.read_bytes().split(b"\n", 1)
    body = first.rpartition(b',"crc32":')[0].replace(whole, wrong)
    assert wrong in body
    path.write_bytes(body + b',"crc32":"%08x"}\n' % zlib.crc32(body) + rest)
    store = Store(tmp_path)
    assert store.damaged == 1
    assert store.ids() == set(IDS[1:3])
    assert store.seconds == 1.0


def test_shards_and_duplicates_merge(tmp_path):
    filled(tmp_path, IDS[:3], "1-of-2")
    filled(tmp_path, [*IDS[:1], *IDS[4:6]], "2-of-2")
    store = Store(tmp_path)
    assert store.ids() == {*IDS[:3], *IDS[4:6]}
    assert store.conflicts == []


def test_two_results_of_one_task_are_told_and_the_same_one_is_kept(tmp_path):
    kept = []
    for order in (("a", "b"), ("b", "a")):
        folder = tmp_path / "".join(order)
        for name, accuracy in zip(order, (0.3, 0.7), strict=True):
            with Shard(folder, name) as shard:
                shard.append(IDS[0], "{}", found(accuracy))
        store = Store(folder)
        assert store.conflicts == [IDS[0]]
        kept.append(store.accuracy(IDS[0]))
    assert kept[0] == kept[1]


def test_one_process_at_a_time(tmp_path):
    with Shard(tmp_path), pytest.raises(InputError, match="another sweep is writing"):
        Shard(tmp_path)
    with Shard(tmp_path), Shard(tmp_path, "1-of-2"):
        pass


def test_a_full_disk_keeps_what_was_written(tmp_path):
    """The limit on file size stands for a full disk: the write that meets it fails half-way."""
    code = f"""
import resource, signal
from mramsim.sweeps.store import Shard
from mramsim.errors import InputError
found = {found(0.5)!r}
shard = Shard({str(tmp_path)!r})
first = shard.append("a" * 64, "{{}}", found)
resource.setrlimit(resource.RLIMIT_FSIZE, (len(first) + 40, resource.RLIM_INFINITY))
try:
    shard.append("b" * 64, "{{}}", found)
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot be written (File too large); finished tasks are kept" in done.stdout
    store = Store(tmp_path)
    assert store.ids() == {"a" * 64}
    assert store.damaged == 0


def test_a_disk_error_of_sync_is_an_input_error(tmp_path, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    shard = Shard(tmp_path)
    shard.append(IDS[0], "{}", found(0.1))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        shard.append(IDS[1], "{}", found(0.2))
    shard.close()
    assert Store(tmp_path).ids() == {IDS[0]}


@pytest.fixture
def closed():
    """Return a folder that nobody may write to; as another user, because root may."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            Path(name).chmod(0o755)


def test_a_folder_that_cannot_be_written(closed):
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)"):
        Shard(closed)
    assert list(closed.iterdir()) == []


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        Shard(tmp_path / "file")
