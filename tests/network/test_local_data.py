"""Data sets of arXiv:2412.00119: the prototypes and Fashion-MNIST by its median."""

import gzip
import hashlib
import random

import numpy as np
import pytest

from mramsim.datasets import Dataset, load_dataset, prototypes
from mramsim.datasets.idx import FILES
from mramsim.errors import InputError
from mramsim.training.session import input_record

# SHA-256 of the 12 000 x 1 000 bits, of the training images and labels of split 42 and split 43
DIGESTS = (
    "1bb0c236aa71d40b36c73a151261c798393085a2575aea4eebbe1585ea6b7f71",
    "a2f3a20317490e3ab12512d934268c730eb826cb344f2078aa35e1efe2d38d6a",
    "cbc820aac0495ca7b229edea68197b0d5cab9b2c66a7f6bead35a12cb7fd1000",
)


@pytest.fixture(scope="module")
def bits():
    return prototypes.generate()


def test_prototypes_one_by_one(bits):
    """The first 40 copies as the authors draw them, one vector at a time."""
    rng = np.random.default_rng(42)
    clean = rng.choice([-1, 1], size=(10, 1000))
    for copy in bits[:40]:
        sample = clean[0].copy()
        sample[rng.random(1000) < 0.44] *= -1
        assert np.array_equal(copy, sample > 0)


def test_prototypes_are_flipped_with_their_probability(bits):
    clean = np.random.default_rng(42).choice([-1, 1], size=(10, 1000)) > 0
    flips = bits.reshape(10, 1200, 1000) != clean[:, None]
    z = (flips.sum() - flips.size * 0.44) / np.sqrt(flips.size * 0.44 * 0.56)
    assert abs(z) < 4
    assert len({copy.tobytes() for copy in bits}) == 12_000


def test_prototypes_are_those_of_the_authors_runs(bits):
    """Python's and numpy's streams have not changed."""
    found = [hashlib.sha256(bits.tobytes()).hexdigest()]
    found += [load_dataset(name).digest for name in ("prototypes", "prototypes@43")]
    assert tuple(found) == DIGESTS


def test_split(bits):
    data = load_dataset("prototypes@43")
    assert data.name == "prototypes@43"
    assert load_dataset("prototypes@42").name == load_dataset("prototypes").name == "prototypes"
    assert (data.x_train.shape, data.x_test.shape) == ((10_000, 1, 1, 1000), (2000, 1, 1, 1000))
    order = list(range(12_000))
    random.seed(43)
    random.shuffle(order)
    assert np.array_equal(data.x_test[:, 0, 0], bits[order[-2000:]])
    assert data.y_train.tolist() == [number // 1200 for number in order[:-2000]]
    levels = input_record(data, None).forward(data.x_test)
    assert np.array_equal(levels, data.x_test)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prototypes@", "a split is a seed"),
        ("prototypes@-1", "a split is a seed"),
        ("prototypes@x", "a split is a seed"),
        ("prototypes@99999999999", "a split is a seed"),
        ("digits@3", "'digits' has a single split"),
        ("prototype@3", "nearest: prototypes"),
    ],
)
def test_wrong_splits(name, text):
    with pytest.raises(InputError) as caught:
        load_dataset(name)
    assert text in str(caught.value)


def test_median_of_the_training_file(tmp_path, monkeypatch):
    """A pixel above the median of all training pictures is 1; the test file is unused."""
    from mramsim.datasets import fashion_mnist_median

    monkeypatch.setattr(fashion_mnist_median, "_TEST", 3)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 91, (11, 28, 28))
    pixels[rng.random(pixels.shape) < 0.4] = 200
    assert 0 < np.median(pixels) < 91
    names = dict(zip(FILES, (pixels, np.arange(11) % 10, pixels[:4] * 0, np.zeros(4)), strict=True))
    (tmp_path / "fashion-mnist").mkdir()
    for name, values in names.items():
        values = np.asarray(values)
        head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
        content = gzip.compress(head + values.astype(np.uint8).tobytes())
        (tmp_path / "fashion-mnist" / f"{name}.gz").write_bytes(content)
    data = load_dataset("fashion-mnist-median@5", tmp_path)
    assert isinstance(data, Dataset)
    assert (len(data.x_train), len(data.x_test)) == (8, 3)
    assert sorted(image.tobytes() for image in (*data.x_train[:, 0], *data.x_test[:, 0])) == sorted(
        image.tobytes() for image in pixels.astype(np.uint8)
    )
    record = input_record(data, None)
    assert np.array_equal(record.forward(data.x_train), data.x_train > np.median(pixels))


def test_fashion_mnist_median(data_dir):
    data = load_dataset("fashion-mnist-median", data_dir)
    assert (len(data.x_train), len(data.x_test)) == (50_000, 10_000)
    assert data.threshold == 1  # the median pixel is black
