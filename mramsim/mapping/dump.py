"""What every array is programmed with, and golden vectors: files for RTL and chip test benches."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mramsim import __version__
from mramsim.errors import InputError
from mramsim.files import write_text
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement
from mramsim.mapping.tiles import Tile
from mramsim.network.nodes.base import Array

FORMATS = ("hex", "csv")


def dump_arrays(
    placement: Placement, folder: str | Path, images: Array | None = None, form: str = "hex"
) -> Path:
    """Write the content of every tile with addresses, and the vectors of some images.

    ``tiles/LAYER_N.hex``: one line ``@ADDRESS WORD`` per row in hexadecimal, as ``$readmemh``
    reads it; the address is the row of the array, bit c of the word the weight of column c (1 is
    +1), columns beyond the tile's own are 0. ``csv`` writes ``address,input,c0,c1,...`` instead.
    ``thresholds/LAYER.csv``: level and polarity per channel. ``golden/LAYER_in.hex``: per image,
    position, group and bit plane one word, bit r being what row r of the whole layer carries;
    ``LAYER_driven.hex``: per position the rows that are driven, where not all are;
    ``LAYER_counts.csv``: the exact accumulators; ``LAYER_out.hex``: the bits, where a threshold
    follows. ``manifest.json`` says which rows and columns of the layer each tile holds, and where
    columns are in another order or rows are read in groups, which outputs and which rows; it is
    written last, and that of an older dump removed first.

    Parameters
    ----------
    placement : Placement
    folder : path
        Made if missing; its parent must exist.
    images : integer array [images, *input shape], optional
        Raw images of the golden vectors.
    form : {"hex", "csv"}
        Of the tiles.

    Returns
    -------
    pathlib.Path
        Of the manifest.

    Raises
    ------
    InputError
    """
    if form not in FORMATS:
        raise InputError(f"form '{form}'; {', '.join(FORMATS)} are allowed")
    if images is not None:
        if not len(images):
            raise InputError("images: at least one is needed for golden vectors")
        placement.network.input.forward(images)  # refused before anything is written
    target = Path(folder)
    names = ["tiles", "thresholds", *([] if images is None else ["golden"])]
    try:
        target.mkdir(exist_ok=True)
        (target / "manifest.json").unlink(missing_ok=True)  # it would name tiles of another dump
        for name in names:
            (target / name).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None
    for layer in placement.layers:
        for tile in layer.tiles:
            path = target / "tiles" / f"{layer.name}_{tile.index}.{form}"
            write_text(path, _tile_hex(layer, tile) if form == "hex" else _tile_csv(layer, tile))
        if layer.threshold is not None:
            write_text(target / "thresholds" / f"{layer.name}.csv", _thresholds(layer))
    scores = None if images is None else _golden(placement, images, target / "golden")
    manifest = {
        "schema": "mramsim.dump/1",
        "version": __version__,
        "network": placement.network.name,
        "digest": placement.network.digest,
        "mapping": placement.card.name,
        "layers": [_layer_record(layer, form) for layer in placement.layers],
        "digital": placement.digital(),
        "golden": scores,
    }
    return write_text(target / "manifest.json", json.dumps(manifest, indent=1) + "\n")


def _layer_record(layer: LayerPlacement, form: str) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "rows": layer.node.fan_in,
        "columns": layer.node.fan_out,
        "groups": layer.node.groups,
        "planes": layer.node.planes,
        "positions": layer.positions,
        "tiles": [
            {
                "file": f"tiles/{layer.name}_{tile.index}.{form}",
                "group": tile.group,
                "rows": [tile.row_start, tile.row_stop],
                "columns": [tile.column_start, tile.column_stop],
                **_arranged(layer, tile),
            }
            for tile in layer.tiles
        ],
    }


def _arranged(layer: LayerPlacement, tile: Tile) -> dict[str, Any]:
    """Return the output of each column and the row groups, where they are not what they seem."""
    found: dict[str, Any] = {}
    if layer.column_order is not None:
        outputs = layer.column_order[tile.column_start : tile.column_stop]
        found["outputs"] = [int(output) for output in outputs]
    groups = layer.groups[tile.row_block]
    if len(groups) > 1:
        found["row_groups"] = [list(span) for span in groups]
    return found


def _words(bits: Array) -> Iterator[str]:
    """Yield one hexadecimal word per row of bits [words, width], bit 0 of a word first."""
    digits = -(-bits.shape[1] // 4)
    for row in np.packbits(bits, axis=1, bitorder="little"):
        yield f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}"


def _tile_hex(layer: LayerPlacement, tile: Tile) -> str:
    bits = np.zeros((tile.rows, layer.card.columns), dtype=np.uint8)
    bits[:, : tile.columns] = layer.block(tile).T
    return "".join(f"@{row:x} {word}\n" for row, word in enumerate(_words(bits)))


def _tile_csv(layer: LayerPlacement, tile: Tile) -> str:
    order = np.arange(layer.node.fan_in) if layer.order is None else layer.order
    head = ["address", "input", *(f"c{column}" for column in range(tile.columns))]
    block = layer.block(tile).T
    rows = ([row, int(order[tile.row_start + row]), *block[row]] for row in range(tile.rows))
    return _csv(head, rows)


def _thresholds(layer: LayerPlacement) -> str:
    assert layer.threshold is not None
    level, polarity = layer.threshold.level.tolist(), layer.threshold.polarity.tolist()
    return _csv(
        ["channel", "level", "polarity"],
        ([channel, *pair] for channel, pair in enumerate(zip(level, polarity, strict=True))),
    )


def _csv(head: list[str], rows: Any) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def _golden(placement: Placement, images: Array, folder: Path) -> dict[str, Any]:
    """Write what each layer reads and gives for each image; return scores and classes."""
    network = placement.network
    values = network.values(images)
    for layer in placement.layers:
        node = layer.node
        rows = layer.rows(values[node.inputs[0]])  # [images, positions, groups, fan_in]
        planes = (rows[..., None, :] >> np.arange(node.planes)[:, None]) & 1
        words = _words(planes.astype(np.uint8).reshape(-1, node.fan_in))
        write_text(folder / f"{layer.name}_in.hex", "".join(f"{word}\n" for word in words))
        if layer.mask is not None:
            driven = "".join(f"{word}\n" for word in _words(layer.mask.astype(np.uint8)))
            write_text(folder / f"{layer.name}_driven.hex", driven)
        counts = _by_position(values[node.name])
        head = [f"c{channel}" for channel in range(node.fan_out)]
        write_text(folder / f"{layer.name}_counts.csv", _csv(head, counts.tolist()))
        if layer.threshold is not None:
            bits = _by_position(layer.threshold.forward(values[node.name]))
            out = "".join(f"{word}\n" for word in _words(bits))
            write_text(folder / f"{layer.name}_out.hex", out)
    scores = values[network.output.name]
    return {
        "images": len(images),
        "scores": [[float(score) for score in row] for row in scores],
        "classes": [int(best) for best in scores.argmax(axis=1)],
    }


def _by_position(value: Array) -> Array:
    """Return [images * positions, channels] of [images, channels, ...]."""
    flat = value.reshape(*value.shape[:2], -1)
    return np.ascontiguousarray(flat.transpose(0, 2, 1)).reshape(-1, value.shape[1])
