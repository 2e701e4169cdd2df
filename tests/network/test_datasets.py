"""Data sets from folders: contents, splits, and clear errors for what is missing or damaged."""

import gzip
import hashlib
import lzma
from collections import Counter

import numpy as np
import pytest

from mramsim.datasets import NAMES, Dataset, fashion_mnist, load_dataset, mnist
from mramsim.datasets.idx import FILES
from mramsim.errors import InputError


@pytest.fixture(autouse=True)
def no_folder_from_outside(monkeypatch):
    monkeypatch.delenv("MRAMSIM_DATA", raising=False)


def test_digits_are_a_stratified_shuffled_fifth():
    from sklearn.datasets import load_digits

    data = load_dataset("digits")
    assert data.x_train.shape[1:] == data.shape == (1, 8, 8)
    assert data.x_train.dtype == data.y_test.dtype == np.uint8
    assert len(data.x_train) + len(data.x_test) == 1797
    everything = Counter(load_digits().target.tolist())
    held_out = Counter(data.y_test.tolist())
    for label, count in everything.items():
        assert abs(held_out[label] - count / 5) <= 0.5
    assert len(set(np.diff(data.y_test.astype(int)).tolist())) > 10  # shuffled, not sorted
    assert len(set(data.y_train[:40].tolist())) == 10


def test_digits_are_all_there_once():
    from sklearn.datasets import load_digits

    data = load_dataset("digits")
    images = np.concatenate([data.x_train, data.x_test]).reshape(1797, 64)
    labels = np.concatenate([data.y_train, data.y_test])
    found = Counter((*image, label) for image, label in zip(images.tolist(), labels, strict=True))
    bunch = load_digits()
    expected = Counter(
        (*image, label)
        for image, label in zip(bunch.data.astype(int).tolist(), bunch.target, strict=True)
    )
    assert found == expected


def test_split_of_digits_is_fixed():
    """No seed of the caller moves it; a changed split would void published accuracies."""
    np.random.seed(1)  # noqa: NPY002
    first = load_dataset("digits")
    np.random.seed(2)  # noqa: NPY002
    second = load_dataset("digits")
    assert np.array_equal(first.x_test, second.x_test)
    assert np.array_equal(first.y_train, second.y_train)
    assert np.bincount(first.y_test).tolist() == [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]


def test_four_planes_lose_one_level_of_digits():
    """Levels 15 and 16 become one, all others stay apart."""
    from mramsim.training.session import input_record

    data = load_dataset("digits")
    record = input_record(data, None)
    assert (record.planes, record.low, record.step) == (4, 0, 1)
    images = np.arange(17, dtype=np.uint8)[:, None].repeat(64, axis=1)
    levels = record.forward(images)[:, 0, 0, 0]
    assert levels.tolist() == [*range(16), 15]


def idx(magic: int, array: np.ndarray) -> bytes:
    return np.array([magic, *array.shape], dtype=">u4").tobytes() + array.tobytes()


def write_mnist(folder, ending="", pack=bytes, part="mnist"):
    """Write a set of 6 and 4 images; return what was written."""
    rng = np.random.default_rng(0)
    (folder / part).mkdir(parents=True)
    arrays = []
    for name, count in zip(FILES, (6, 6, 4, 4), strict=True):
        if "images" in name:
            array = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
            raw = idx(0x803, array)
        else:
            array = rng.integers(0, 10, count, dtype=np.uint8)
            raw = idx(0x801, array)
        (folder / part / f"{name}{ending}").write_bytes(pack(raw))
        arrays.append(array)
    return arrays


@pytest.mark.parametrize(
    ("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)]
)
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_idx_folder(tmp_path, monkeypatch, ending, pack, name):
    arrays = write_mnist(tmp_path, ending, pack, name)
    monkeypatch.setenv("MRAMSIM_DATA", str(tmp_path))
    for data in (load_dataset(name, tmp_path), load_dataset(name)):
        assert isinstance(data, Dataset)
        assert data.name == name
        assert data.shape == (1, 28, 28)
        assert len(data.classes) == 10
        found = [data.x_train[:, 0], data.y_train, data.x_test[:, 0], data.y_test]
        for one, other in zip(found, arrays, strict=True):
            assert np.array_equal(one, other)


def test_argument_goes_before_the_variable(tmp_path, monkeypatch):
    write_mnist(tmp_path / "right")
    monkeypatch.setenv("MRAMSIM_DATA", str(tmp_path / "wrong"))
    assert len(load_dataset("mnist", tmp_path / "right").x_train) == 6
    with pytest.raises(InputError, match="wrong' does not exist"):
        load_dataset("mnist")


def record(label: int, first: int) -> bytes:
    pixels = np.zeros(3072, dtype=np.uint8)
    pixels[[0, 31, 32, 1024, 3071]] = [first, 2, 3, 4, 5]
    return bytes([label]) + pixels.tobytes()


def write_cifar(folder, pack=lzma.compress, ending=".xz"):
    target = folder / "cifar-10" / "cifar-10-batches-bin"
    target.mkdir(parents=True)
    for number in range(1, 6):
        raw = record(number, 10 * number) + record(0, 1)
        (target / f"data_batch_{number}.bin{ending}").write_bytes(pack(raw))
    (target / f"test_batch.bin{ending}").write_bytes(pack(record(9, 7)))
    return target


def test_cifar_folder(tmp_path):
    write_cifar(tmp_path)
    data = load_dataset("cifar10", tmp_path)
    assert data.shape == (3, 32, 32)
    assert data.y_train.tolist() == [1, 0, 2, 0, 3, 0, 4, 0, 5, 0]
    assert data.x_train[::2, 0, 0, 0].tolist() == [10, 20, 30, 40, 50]
    image = data.x_test[0]
    assert [int(image[at]) for at in ((0, 0, 31), (0, 1, 0), (1, 0, 0), (2, 31, 31))] == [
        2,
        3,
        4,
        5,
    ]
    assert data.y_test.tolist() == [9]
    assert data.classes[3] == "cat"
    assert data.classes[5] == "dog"


def damaged(change):
    """Write MNIST as .gz, damage one file, load."""

    def act(folder):
        write_mnist(folder, ".gz", gzip.compress)
        path = folder / "mnist" / f"{FILES[0]}.gz"
        change(path)
        load_dataset("mnist", folder)

    return act


def repack(change):
    return damaged(
        lambda path: path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
    )


def cifar(change):
    def act(folder):
        change(write_cifar(folder, bytes, "") / "data_batch_2.bin")
        load_dataset("cifar10", folder)

    return act


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda folder: load_dataset("mnits", folder), "nearest: mnist"),
        (lambda folder: load_dataset("mnist", folder / "no"), "no' does not exist"),
        (lambda folder: load_dataset("mnist", folder), f"{FILES[0]}: no such file"),
        (lambda folder: load_dataset("cifar10", folder), "data_batch_1.bin: no such file"),
        (damaged(lambda path: path.unlink()), f"{FILES[0]}: no such file"),
        (damaged(lambda path: path.write_bytes(path.read_bytes()[:-9])), "damaged or truncated"),
        (damaged(lambda path: path.write_bytes(b"<html>404</html>")), "damaged or truncated"),
        (damaged(lambda path: path.write_bytes(b"")), FILES[0]),
        (repack(lambda raw: raw[:-1]), "4703 bytes of images, 4704 expected"),
        (repack(lambda raw: raw + b"\0"), "4705 bytes of images, 4704 expected"),
        (repack(lambda raw: b"\0\0\x08\x01" + raw[4:]), "start with 0x801, not 0x803"),
        (repack(lambda raw: raw[:7]), "not idx images"),
        (repack(lambda raw: raw[:3]), "not idx images"),
        (repack(lambda raw: b""), "not idx images"),
        (repack(lambda raw: idx(0x803, np.zeros((5, 28, 28), np.uint8))), "5 images but 6 labels"),
        (repack(lambda raw: idx(0x803, np.zeros((6, 28, 27), np.uint8))), "28"),
        (cifar(lambda path: path.write_bytes(path.read_bytes()[:-1])), "3073-byte records"),
        (cifar(lambda path: path.write_bytes(b"")), "3073-byte records"),
        (cifar(lambda path: path.write_bytes(record(10, 0))), "label 10"),
    ],
)
def test_what_cannot_be_read(tmp_path, act, text):
    with pytest.raises(InputError) as caught:
        act(tmp_path)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([0, 1, 2], "4 training images, 3 labels"),
        ([0, 1, 2, 3], "training labels from 0 to 3; 0 to 2 are allowed"),
        ([90, 91, 92, 93], "from 90 to 93"),
    ],
)
def test_labels_must_fit_images_and_classes(labels, text):
    x, y = np.zeros((4, 1, 1, 1), np.uint8), np.array(labels, np.uint8)
    with pytest.raises(InputError, match=text):
        Dataset("own", x, y, x[:0], y[:0], ("a", "b", "c"), 2, 1, "")
    with pytest.raises(InputError, match=text.replace("training", "test")):
        Dataset("own", x[:0], y[:0], x, y, ("a", "b", "c"), 2, 1, "")


def test_a_path_is_a_table(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,x\n2,y\n" * 5)
    assert load_dataset(path).digest == load_dataset(str(path)).digest


def test_labels_above_nine_are_noticed(tmp_path):
    write_mnist(tmp_path)
    labels = tmp_path / "mnist" / FILES[1]
    labels.write_bytes(idx(0x801, np.array([0, 1, 2, 3, 4, 10], np.uint8)))
    with pytest.raises(InputError, match="label 10"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        (
            "mnist",
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ),
        ("fashion-mnist", [6000] * 10, [1000] * 10),
    ],
)
def test_published_label_counts(data_dir, name, train, test):
    data = load_dataset(name, data_dir)
    assert np.bincount(data.y_train).tolist() == train
    assert np.bincount(data.y_test).tolist() == test
    assert data.x_train.shape == (60000, 1, 28, 28)
    assert data.x_test.shape == (10000, 1, 28, 28)


@pytest.mark.parametrize(("part", "module"), [("mnist", mnist), ("fashion-mnist", fashion_mnist)])
def test_known_checksums_are_those_of_the_official_files(data_dir, part, module):
    for name, expected in zip(FILES, module._SHA256, strict=True):
        path = data_dir / part / f"{name}.gz"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == expected


@pytest.mark.slow
def test_cifar_as_published(data_dir):
    data = load_dataset("cifar10", data_dir)
    assert np.bincount(data.y_train).tolist() == [5000] * 10
    assert np.bincount(data.y_test).tolist() == [1000] * 10
    mean = data.x_train.mean(axis=(0, 2, 3)) / 255
    assert mean == pytest.approx([0.49140, 0.48216, 0.44653], abs=2e-5)


def test_names():
    assert {"digits", "mnist", "fashion-mnist", "cifar10"} <= set(NAMES)


def test_digest_knows_the_training_part():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 9, (4, 1, 2, 3), dtype=np.uint8)
    labels = np.array([0, 1, 1, 1], np.uint8)

    def digest(x, y, test=images):
        return Dataset("a", x, y, test, labels[: len(test)], ("a", "b"), 16, 4, "").digest

    first = digest(images, labels)
    assert digest(images.copy(), labels, images[:1]) == first
    others = {digest(images[::-1], labels), digest(images, labels[::-1])}
    others.add(digest(images.reshape(4, 1, 3, 2), labels))
    assert len({first, *others}) == 4
