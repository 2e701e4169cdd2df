"""Downloads, from a server on this machine: checksum, cache, and what goes wrong."""

import functools
import gc
import gzip
import hashlib
import io
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from test_datasets import record, write_mnist

from mramsim.datasets import cifar10, load_dataset, mnist
from mramsim.datasets.idx import FILES
from mramsim.errors import InputError

pooch = pytest.importorskip("pooch")


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; counts requests, says nothing."""

    requests = 0

    def do_GET(self):
        type(self).requests += 1
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Folder that is served, its address, and an empty cache."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.delenv("MRAMSIM_DATA", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    Handler.requests = 0
    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def served_mnist(server, monkeypatch):
    folder, address = server
    arrays = write_mnist(folder, ".gz", functools.partial(gzip.compress, mtime=0))
    checksums = [sha256((folder / "mnist" / f"{name}.gz").read_bytes()) for name in FILES]
    monkeypatch.setattr(mnist, "_ADDRESS", f"{address}mnist/")
    monkeypatch.setattr(mnist, "_SHA256", tuple(checksums))
    return folder / "mnist", arrays


def test_mnist_is_downloaded_once(served_mnist):
    _, arrays = served_mnist
    for _ in range(2):
        data = load_dataset("mnist")
        assert np.array_equal(data.x_train[:, 0], arrays[0])
        assert np.array_equal(data.y_test, arrays[3])
    assert Handler.requests == 4


def test_wrong_checksum(served_mnist):
    folder, _ = served_mnist
    path = folder / f"{FILES[2]}.gz"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match=r"t10k-images.*download failed.*hash"):
        load_dataset("mnist")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # pooch leaves a refused answer open
def test_missing_on_the_server(served_mnist):
    folder, _ = served_mnist
    (folder / f"{FILES[0]}.gz").unlink()
    with pytest.raises(InputError, match="404") as caught:
        load_dataset("mnist")
    assert "\n" not in str(caught.value)
    assert "--data-dir" in str(caught.value)
    del caught
    gc.collect()


def test_no_server(monkeypatch, server, tmp_path):
    monkeypatch.setattr(mnist, "_ADDRESS", "http://127.0.0.1:9/")
    with pytest.raises(InputError, match="download failed"):
        load_dataset("mnist")


def test_cache_that_cannot_be_written(monkeypatch, served_mnist, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(InputError, match="download failed"):
        load_dataset("mnist")


def test_pooch_is_not_installed(monkeypatch):
    monkeypatch.delenv("MRAMSIM_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(InputError, match=r"install mramsim\[data\].*--data-dir"):
        load_dataset("fashion-mnist")


def test_cifar_comes_as_one_archive(server, monkeypatch):
    folder, address = server
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    with tarfile.open(folder / "cifar.tar.gz", "w:gz") as archive:
        for label, name in enumerate(names):
            content = record(label, 100 + label)
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(cifar10, "_ADDRESS", f"{address}cifar.tar.gz")
    monkeypatch.setattr(cifar10, "_SHA256", sha256((folder / "cifar.tar.gz").read_bytes()))
    data = load_dataset("cifar10")
    assert data.y_train.tolist() == [0, 1, 2, 3, 4]
    assert data.x_test[0, 0, 0, 0] == 105
