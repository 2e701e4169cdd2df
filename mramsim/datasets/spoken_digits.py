"""Spoken digits: 3 000 recordings of ten words by six speakers, one second at 4 kHz.

The Free Spoken Digit Dataset with its official split: of the fifty recordings of each speaker and
digit, 0 to 4 are for testing and 5 to 49 for training; the ten words take turns, so that the first
recordings hold all of them. Preparation follows the speech task of Zhao
and Xiao, Sci. Rep. 11, 19797 (2021), at half its rate: mean removed, filled with zeros to a fixed
length, every second sample, divided by its own standard deviation.
"""

from __future__ import annotations

import hashlib
import io
import re
import wave
import zipfile

import numpy as np
from numpy.typing import NDArray

from mramsim.datasets.base import Dataset
from mramsim.datasets.source import download, read_local
from mramsim.errors import InputError

_ADDRESS = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aa.zip"
_CONTENT = "6b1a8e30f4df78a933fe25cf1ca0140c8c6f169c0a83649a15b70a5ae7407014"
_NAME = re.compile(r"(?:.*/)?recordings/((\d)_([a-z]+)_(\d+)\.wav)")
_TEST = 5  # recordings 0 to 4 of each speaker and digit
RATE = 8000  # samples a second of the recordings
LENGTH = 4000  # samples of one input: a second at half that rate
DEVIATION = 2048  # standard deviation of one input: a sixteenth of the range of int16
_HALF_BAND = (-1, 0, 9, 16, 9, 0, -1)  # low-pass filter in front of the halved rate


def load(folder: str | None) -> Dataset:
    """Load the recordings from ``fsdd/recordings.zip`` in a folder, or download them."""
    if folder is not None:
        raw = read_local(folder, "fsdd", "recordings.zip")
    else:
        raw = download(_ADDRESS, None).read_bytes()
    found = unpack(raw)
    if folder is None and content_digest(found) != _CONTENT:
        raise InputError(f"{_ADDRESS}: holds other recordings than expected")
    parts: dict[bool, tuple[list[NDArray[np.int16]], list[int]]] = {}
    for take, _, digit, name in sorted(map(_told, found)):
        inputs, labels = parts.setdefault(take < _TEST, ([], []))
        inputs.append(prepare(read_wave(found[name], name)))
        labels.append(digit)
    if len(parts) < 2:
        raise InputError("recordings.zip: recordings 0 to 4 (test) and 5 to 49 (training) expected")
    (x_test, y_test), (x_train, y_train) = parts[True], parts[False]
    return Dataset(
        "spoken-digits",
        np.stack(x_train)[:, None, None],
        np.array(y_train, np.uint8),
        np.stack(x_test)[:, None, None],
        np.array(y_test, np.uint8),
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        levels=1 << 16,
        planes=8,
        citation="Jackson et al., Free Spoken Digit Dataset, 10.5281/zenodo.1342401 (2018)",
        low=-(1 << 15),
    )


def _told(name: str) -> tuple[int, str, int, str]:
    """Return number, speaker and digit of a recording: in this order classes take turns."""
    digit, speaker, take = name.removesuffix(".wav").split("_")
    return int(take), speaker, int(digit), name


def unpack(raw: bytes) -> dict[str, bytes]:
    """Return the wave files of an archive by their short names.

    Raises
    ------
    InputError
        If it is no zip archive, is damaged, or holds no recordings.
    """
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                match = _NAME.fullmatch(name)
                if match:
                    found[match[1]] = archive.read(name)
    except Exception as error:  # damaged bytes make zipfile and zlib raise almost anything
        raise InputError(f"recordings.zip: damaged or truncated ({error})") from None
    if not found:
        raise InputError("recordings.zip: holds no recordings/DIGIT_SPEAKER_NUMBER.wav")
    return found


def content_digest(found: dict[str, bytes]) -> str:
    """Return the SHA-256 over names and contents in the order of names."""
    sha = hashlib.sha256()
    for name, content in sorted(found.items()):
        sha.update(name.encode() + b"\0" + content)
    return sha.hexdigest()


def read_wave(content: bytes, name: str) -> NDArray[np.int16]:
    """Return the samples of a wave file.

    Raises
    ------
    InputError
        If it cannot be read or is not 8 kHz, one channel, 16 bits.
    """
    try:
        with wave.open(io.BytesIO(content)) as stream:
            kind = (stream.getframerate(), stream.getnchannels(), stream.getsampwidth())
            frames = stream.readframes(stream.getnframes())
    except (wave.Error, EOFError) as error:
        raise InputError(f"{name}: damaged or truncated ({error})") from None
    if kind != (RATE, 1, 2) or len(frames) < 2:
        raise InputError(f"{name}: {kind[0]} Hz, {kind[1]} channels; 8000 Hz, 1 channel, 16 bits")
    return np.frombuffer(frames, dtype="<i2").astype(np.int16)


def prepare(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return one input: halved rate, zero mean, fixed length, fixed standard deviation.

    Parameters
    ----------
    samples : int16 array [samples]
        At 8 kHz.

    Returns
    -------
    int16 array [4000]
        At 4 kHz; what is longer is cut, what is shorter ends in zeros.
    """
    reach = len(_HALF_BAND) // 2
    padded = np.pad(samples.astype(np.int64), reach)
    half = np.convolve(padded, _HALF_BAND, "valid")[::2][:LENGTH]  # integers: exact
    clip = np.zeros(LENGTH)
    clip[: len(half)] = half - half.mean()
    deviation = clip.std()
    if deviation == 0:
        return np.zeros(LENGTH, np.int16)
    scaled = np.rint(clip * (DEVIATION / deviation))
    clipped: NDArray[np.int16] = np.clip(scaled, -(1 << 15), (1 << 15) - 1).astype(np.int16)
    return clipped
