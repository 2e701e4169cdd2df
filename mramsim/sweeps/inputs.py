"""The large inputs of a sweep: networks and test sets by content hash, sent to each worker once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mramsim.datasets import Dataset, load_dataset
from mramsim.evaluation import check_classes, float_accuracy, test_images
from mramsim.network.graph import Network
from mramsim.network.library import find_network
from mramsim.network.nodes.base import Array
from mramsim.trial import CALIBRATION_IMAGES


@dataclass(frozen=True, eq=False)
class TestSet:
    """What chips are run on.

    Attributes
    ----------
    name : str
    images, labels : arrays [images, ...]
        The first test images.
    calibration : array [up to 256, ...]
        Training images that set converter ranges.
    total, classes : int
        Test images and classes of the whole data set.
    digest : str
        SHA-256 over the arrays.
    """

    __test__ = False  # no test, although pytest would think so

    name: str
    images: Array
    labels: Array
    calibration: Array
    total: int
    classes: int
    digest: str

    @classmethod
    def of(cls, dataset: Dataset, images: int | None) -> TestSet:
        """Take the first `images` of a data set; all for None."""
        x, y = test_images(dataset, images)
        calibration = dataset.x_train[:CALIBRATION_IMAGES]
        sha = hashlib.sha256()
        for part in (x, y, calibration):
            sha.update(f"{part.dtype.str}{part.shape}".encode())
            sha.update(np.ascontiguousarray(part).tobytes())
        total, classes = len(dataset.y_test), len(dataset.classes)
        return cls(dataset.name, x, y, calibration, total, classes, sha.hexdigest())


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything that tasks refer to by hash.

    Attributes
    ----------
    networks : dict of SHA-256 to Network
    tests : dict of SHA-256 to TestSet
    """

    networks: Mapping[str, Network] = field(default_factory=dict)
    tests: Mapping[str, TestSet] = field(default_factory=dict)


class Library:
    """Finds networks and data sets by the names of a plan, each once.

    Parameters
    ----------
    networks, data : mapping, optional
        Objects that stand in for names of the plan.
    data_dir : str, optional
    """

    def __init__(
        self,
        networks: Mapping[str, Network] | None = None,
        data: Mapping[str, Dataset] | None = None,
        data_dir: str | None = None,
    ) -> None:
        self._networks = dict(networks or {})
        self._data = dict(data or {})
        self._data_dir = data_dir
        self._tests: dict[tuple[str, int | None], TestSet] = {}
        self._digests: dict[str, str] = {}
        self._fits: set[tuple[str, str]] = set()

    def network(self, name: str) -> Network:
        """Return the network called `name`."""
        if name not in self._networks:
            self._networks[name] = find_network(name)
        return self._networks[name]

    def digest(self, name: str) -> str:
        """Return the SHA-256 of the network called `name`."""
        if name not in self._digests:
            self._digests[name] = self.network(name).digest
        return self._digests[name]

    def network_names(self) -> list[str]:
        """Return the names of the networks that were used, in order."""
        return list(self._digests)

    def tests(self) -> dict[tuple[str, int | None], TestSet]:
        """Return the test sets that were used, by name and number of images."""
        return dict(self._tests)

    def test(self, name: str, images: int | None) -> TestSet:
        """Return the first `images` of the data set called `name`."""
        key = (name, images)
        if key not in self._tests:
            if name not in self._data:
                self._data[name] = load_dataset(name, self._data_dir)
            self._tests[key] = TestSet.of(self._data[name], images)
        return self._tests[key]

    def check(self, network: str, test: TestSet) -> None:
        """Refuse a network that does not take these images or has other classes.

        Raises
        ------
        InputError
        """
        pair = (self.digest(network), test.digest)
        if pair not in self._fits:
            check_classes(self.network(network), test.name, test.classes)
            self.network(network).predict(test.images[:1])
            self._fits.add(pair)

    def float_accuracy(self, network: str, test: TestSet) -> float | None:
        """Return the accuracy of the float network on these images, where its file knows it."""
        return float_accuracy(self.network(network), test.name, test.total, test.labels)

    def inputs(self) -> Inputs:
        """Return everything that was used, by hash."""
        return Inputs(
            {digest: self._networks[name] for name, digest in self._digests.items()},
            {test.digest: test for test in self._tests.values()},
        )
