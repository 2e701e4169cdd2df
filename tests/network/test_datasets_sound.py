"""Spoken digits and cats against dogs: contents, preparation, and what can be wrong with files."""

import io
import lzma
import wave
import zipfile

import numpy as np
import pytest

from mramsim.datasets import load_dataset, spoken_digits
from mramsim.datasets.spoken_digits import DEVIATION, LENGTH, prepare
from mramsim.errors import InputError
from mramsim.training.session import input_record


def wave_bytes(samples, rate=8000, channels=1):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as stream:
        stream.setnchannels(channels)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(np.asarray(samples, "<i2").tobytes())
    return buffer.getvalue()


def archive(content, prefix=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, raw in content.items():
            target.writestr(f"{prefix}recordings/{name}", raw)
    return buffer.getvalue()


def small():
    rng = np.random.default_rng(0)
    return {
        f"{digit}_theo_{take}.wav": wave_bytes(rng.integers(-900, 900, 3000 + 50 * take))
        for digit in (7, 2)
        for take in (0, 4, 5, 49)
    }


def put(folder, raw):
    (folder / "fsdd").mkdir(exist_ok=True)
    (folder / "fsdd" / "recordings.zip").write_bytes(raw)


@pytest.mark.parametrize("prefix", ["", "free-spoken-digit-dataset-1/"])
def test_split_by_number_of_the_recording(tmp_path, prefix):
    put(tmp_path, archive(small() | {"README.txt": b"no recording"}, prefix))
    data = load_dataset("spoken-digits", tmp_path)
    assert data.x_train.shape == data.x_test.shape == (4, 1, 1, LENGTH)
    assert data.x_train.dtype == np.int16
    assert data.y_test.tolist() == data.y_train.tolist() == [2, 7, 2, 7]
    first = small()["7_theo_0.wav"]
    assert np.array_equal(data.x_test[1, 0, 0], prepare(spoken_digits.read_wave(first, "")))


def test_preparation_against_the_definition():
    """A slow filter and a slow normalisation, sample by sample."""
    rng = np.random.default_rng(1)
    raw = rng.integers(-3000, 3000, 5001).astype(np.int16)
    taps = {-3: -1, -1: 9, 0: 16, 1: 9, 3: -1}
    half = [
        sum(tap * int(raw[at + lag]) for lag, tap in taps.items() if 0 <= at + lag < len(raw))
        for at in range(0, len(raw), 2)
    ]
    clip = np.zeros(LENGTH)
    clip[: len(half)] = np.array(half) - np.mean(half)
    expected = clip / np.sqrt(np.mean((clip - clip.mean()) ** 2)) * DEVIATION
    found = prepare(raw)
    assert found.dtype == np.int16
    assert np.abs(found - expected).max() <= 0.5 + 1e-6
    assert not found[len(half) :].any()


def test_low_pass_keeps_speech_and_drops_what_would_alias():
    time = np.arange(8000) / 8000

    def power(frequency):
        mixed = 1000 * np.sin(2 * np.pi * 300 * time) + 1000 * np.sin(2 * np.pi * frequency * time)
        spectrum = np.abs(np.fft.rfft(prepare(mixed.astype(np.int16)))) ** 2
        alias = frequency if frequency < 2000 else 4000 - frequency
        return spectrum[alias] / spectrum[300]  # one bin is one hertz

    assert power(1000) > 0.8
    assert power(3500) < 2e-3


def test_long_clips_are_cut_and_silence_stays_silent():
    rng = np.random.default_rng(2)
    assert prepare(rng.integers(-9, 9, 20000).astype(np.int16)).shape == (LENGTH,)
    assert not prepare(np.zeros(100, np.int16)).any()


def test_input_record_of_sound(tmp_path):
    put(tmp_path, archive(small()))
    data = load_dataset("spoken-digits", tmp_path)
    record = input_record(data, None)
    extremes = np.full((1, 1, 1, LENGTH), -32768, np.int16)
    extremes[..., 1], extremes[..., 2], extremes[..., 3] = 32767, -1, 0
    assert record.forward(extremes)[0, 0, 0, :4].tolist() == [0, 255, 127, 128]
    with pytest.raises(InputError, match="1 to 8 bit planes"):
        input_record(data, 9)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "damaged or truncated"),
        (archive(small())[:-900], "damaged or truncated"),
        (archive({"a.txt": b""}), "holds no recordings"),
        (archive({"1_theo_0.wav": wave_bytes([1, 2])}), "0 to 4 .test. and 5 to 49"),
        (archive({"1_theo_0.wav": b"RIFF"}), "1_theo_0.wav: damaged"),
        (archive({"1_theo_0.wav": wave_bytes([1, 2], rate=16000)}), "16000 Hz, 1 channels; 8000"),
        (archive({"1_theo_0.wav": wave_bytes([])}), "1_theo_0.wav"),
    ],
)
def test_wrong_archives(tmp_path, raw, text):
    put(tmp_path, raw)
    with pytest.raises(InputError, match=text) as caught:
        load_dataset("spoken-digits", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_downloaded_archive_is_checked_by_content(tmp_path, monkeypatch):
    monkeypatch.delenv("MRAMSIM_DATA", raising=False)
    path = tmp_path / "archive.zip"
    path.write_bytes(archive(small(), "any-folder/"))
    monkeypatch.setattr(spoken_digits, "download", lambda address, sha256: path)
    with pytest.raises(InputError, match="other recordings"):
        load_dataset("spoken-digits")
    digest = spoken_digits.content_digest(small())
    monkeypatch.setattr(spoken_digits, "_CONTENT", digest)
    assert len(load_dataset("spoken-digits").x_test) == 4


def test_recordings_as_published(data_dir):
    raw = spoken_digits.read_local(data_dir, "fsdd", "recordings.zip")
    assert spoken_digits.content_digest(spoken_digits.unpack(raw)) == spoken_digits._CONTENT
    data = load_dataset("spoken-digits", data_dir)
    assert np.bincount(data.y_train).tolist() == [270] * 10
    assert np.bincount(data.y_test).tolist() == [30] * 10
    for labels in (data.y_train, data.y_test):
        assert labels.tolist() == list(range(10)) * (len(labels) // 10)


def test_cats_and_dogs_are_two_classes_of_cifar(tmp_path):
    folder = tmp_path / "cifar-10" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for name in names:
        records = [bytes([label, *[40 + label] * 3072]) for label in (5, 0, 3, 9, 5)]
        (folder / f"{name}.bin.xz").write_bytes(lzma.compress(b"".join(records), preset=0))
    data = load_dataset("cats-dogs", tmp_path)
    assert data.y_train.tolist() == [1, 0, 1] * 5
    assert data.y_test.tolist() == [1, 0, 1]
    assert data.x_test[:, 0, 0, 0].tolist() == [45, 43, 45]
    assert data.classes == ("cat", "dog")
