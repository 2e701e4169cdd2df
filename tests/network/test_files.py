"""Files: written whole, to where they may be; read from what is a file."""

import os
import stat
from pathlib import Path

import pytest

from mramsim.errors import InputError
from mramsim.files import check_source, check_target, write_bytes, write_text


def test_written_whole(tmp_path):
    path = tmp_path / "a.txt"
    assert write_text(path, "µ\n") == path
    assert path.read_bytes() == b"\xc2\xb5\n"
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_follow_the_umask_or_the_old_file(tmp_path):
    path = tmp_path / "a"
    before = os.umask(0o027)
    try:
        write_bytes(path, b"1")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    finally:
        os.umask(before)
    path.chmod(0o600)
    write_bytes(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "a", b"old")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"cannot be written.*No space"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_bytes(tmp_path / "a", b"old")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_leads_to_what_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    for name, before in (("old", b"1"), ("new", None)):
        end, link = tmp_path / "there" / name, tmp_path / name
        if before is not None:
            end.write_bytes(before)
        link.symlink_to(end)
        assert write_bytes(link, b"2") == link
        assert link.is_symlink()
        assert end.read_bytes() == b"2"
    assert len(list((tmp_path / "there").iterdir())) == 2


@pytest.fixture
def strange(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("link").symlink_to("fifo")
    Path("loop").symlink_to("loop")
    Path("far").symlink_to("no/a")
    Path("file").write_text("")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fifo", "fifo: is no regular file; name a file to write"),
        ("link", "link: is no regular file"),
        ("loop", "loop: cannot be written"),
        ("far", "no' does not exist"),
        ("file/a", "folder 'file' does not exist"),
        ("a" * 5000, "cannot be written (File name too long)"),
        ("a\0", "null byte"),
        ("", "the name is empty"),
        (".", ".: is a folder"),
    ],
)
def test_wrong_targets(strange, name, text):
    with pytest.raises(InputError) as caught:
        write_bytes(name, b"")
    assert text in str(caught.value)
    with pytest.raises(InputError, match="^--report") as caught:
        check_target(name, "--report")
    assert text in str(caught.value)
    assert sorted(os.listdir()) == ["far", "fifo", "file", "link", "loop"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fifo", "--config fifo: is no regular file"),
        ("link", "--config link: is no regular file"),
        ("a\0", "null byte"),
        ("", "--config: the name is empty"),
    ],
)
def test_wrong_sources(strange, name, text):
    with pytest.raises(InputError, match=text):
        check_source(name, "--config")


def test_sources_that_the_reader_tells_about(strange):
    for name in (".", "file", "no", "loop", "a" * 5000):
        assert check_source(name) == Path(name)


def test_a_folder_without_permission_is_noticed_before(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="no permission in folder"):
        check_target(tmp_path / "a")


def test_the_working_folder_is_gone(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(InputError, match="a: cannot be written"):
        check_target("a")
    assert check_target(tmp_path / "a") == tmp_path / "a"


def test_names_as_long_as_names_can_be(tmp_path):
    write_bytes(tmp_path / ("a" * 255), b"")


def test_folders_are_not_written(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        write_bytes(tmp_path, b"")
    with pytest.raises(InputError, match="cannot be written"):
        write_bytes(tmp_path / "no" / "a", b"")
