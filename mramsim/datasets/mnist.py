"""MNIST: handwritten digits, 60 000 for training and 10 000 for testing."""

from __future__ import annotations

from mramsim.datasets.base import Dataset
from mramsim.datasets.idx import FILES, load_idx

_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_SHA256 = (
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
)
_CITATION = "LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86, 2278 (1998)"


def load(folder: str | None) -> Dataset:
    """Load MNIST from a folder, or download it."""
    classes = tuple(str(digit) for digit in range(10))
    checksums = dict(zip(FILES, _SHA256, strict=True))
    return load_idx("mnist", folder, _ADDRESS, checksums, classes, _CITATION)
