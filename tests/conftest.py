"""Markers by folder, data sets, small random networks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mramsim.network.graph import Network
from mramsim.network.nodes import Conv2d, Input, Linear, MaxPool2d, Node, Output, Threshold
from mramsim.network.nodes.threshold import ALWAYS, NEVER

HERE = Path(__file__).resolve().parent
LAYERS = ("smoke", "device", "array", "network", "published")

# so that tests find `naive` and other helpers in any import mode
sys.path[:0] = [str(HERE), *(str(HERE / layer) for layer in LAYERS)]


def pytest_configure(config: pytest.Config) -> None:
    """Give each of several processes one thread of torch; tests that want more say so."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the name of its folder."""
    for item in items:
        for layer in LAYERS:
            if HERE / layer in item.path.parents:
                item.add_marker(layer)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let processes that tests start take Ctrl-C, also where pytest itself ignores it (nohup)."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of data sets: MRAMSIM_DATA, or shared/data beside the checkout."""
    named = os.environ.get("MRAMSIM_DATA")
    folder = Path(named) if named else HERE.parents[1] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no data sets: set MRAMSIM_DATA to a folder that holds them")
    return folder


def _bits(rng: np.random.Generator, *shape: int) -> NDArray[np.uint8]:
    return rng.integers(0, 2, shape, dtype=np.uint8)


def _threshold(rng: np.random.Generator, name: str, source: str, size: int, reach: int) -> Node:
    level = rng.integers(-reach, reach + 1, size).astype(np.int32)
    level[0], level[-1] = ALWAYS, NEVER
    polarity = rng.choice([-1, 1], size).astype(np.int8)
    return Threshold(name, (source,), level, polarity)


def mlp(seed: int, sizes: tuple[int, ...], planes: int, reach: int = 6) -> Network:
    """Return a random fully connected network; the first layer reads `planes` bit planes."""
    rng = np.random.default_rng(seed)
    nodes: list[Node] = [Input("x", (), (sizes[0],), planes=planes)]
    for index, (rows, columns) in enumerate(pairwise(sizes[:-1])):
        width = planes if index == 0 else 1
        weight = _bits(rng, columns, rows)
        nodes.append(Linear(f"fc{index}", (nodes[-1].name,), weight, planes=width))
        nodes.append(_threshold(rng, f"t{index}", f"fc{index}", columns, reach))
    last = Linear("last", (nodes[-1].name,), _bits(rng, sizes[-1], sizes[-2]))
    scale = rng.choice([-0.5, 1.0, 2.0], sizes[-1])
    nodes += [last, Output("out", ("last",), scale, rng.normal(size=sizes[-1]))]
    return Network(tuple(nodes))


def cnv(seed: int, pad_value: int) -> Network:
    """Return a random network: conv of 3 planes, pool, grouped strided conv, linear."""
    rng = np.random.default_rng(seed)
    nodes = (
        Input("x", (), (2, 6, 6), planes=3),
        Conv2d(
            "c1",
            ("x",),
            _bits(rng, 8, 2, 3, 3),
            planes=3,
            size=(6, 6),
            padding=(1, 1),
            pad_value=pad_value,
        ),
        _threshold(rng, "t1", "c1", 8, 9),
        MaxPool2d("pool", ("t1",), (2, 2), (2, 2), _bits(rng, 8).astype(np.bool_)),
        Conv2d(
            "c2",
            ("pool",),
            _bits(rng, 12, 4, 3, 3),
            groups=2,
            size=(3, 3),
            padding=(1, 1),
            stride=(2, 1),
            pad_value=pad_value,
        ),
        _threshold(rng, "t2", "c2", 12, 4),
        Linear("last", ("t2",), _bits(rng, 10, 12 * 2 * 3)),
        Output("out", ("last",), np.ones(10), rng.normal(size=10)),
    )
    return Network(nodes)


def images_for(network: Network, count: int, seed: int = 1) -> NDArray[np.int64]:
    """Return random raw images that use every level."""
    rng = np.random.default_rng(seed)
    entry = network.input
    return rng.integers(0, 1 << entry.planes, (count, *entry.shape))


@pytest.fixture(scope="session")
def networks() -> dict[str, Network]:
    """Small random networks by name."""
    return {
        "mlp": mlp(0, (70, 90, 30, 10), planes=2),
        "conv-1": cnv(1, -1),
        "conv0": cnv(2, 0),
        "conv+1": cnv(3, 1),
        "tiny": mlp(4, (20, 11, 6, 4), planes=2, reach=4),
    }


@pytest.fixture(scope="session")
def images() -> Callable[..., NDArray[np.int64]]:
    """`images_for`, for tests that cannot import this file."""
    return images_for
