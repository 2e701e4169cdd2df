"""Fashion-MNIST: pictures of clothing in the format of MNIST."""

from __future__ import annotations

from mramsim.datasets.base import Dataset
from mramsim.datasets.idx import FILES, load_idx

_ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_SHA256 = (
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_CITATION = "Xiao, Rasul, Vollgraf, arXiv:1708.07747 (2017)"


def load(folder: str | None) -> Dataset:
    """Load Fashion-MNIST from a folder, or download it."""
    checksums = dict(zip(FILES, _SHA256, strict=True))
    return load_idx("fashion-mnist", folder, _ADDRESS, checksums, _CLASSES, _CITATION)
