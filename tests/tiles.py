"""One programmed tile, made from cards outside of any network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import mramsim as ms
from mramsim import effects as table
from mramsim.arrays import cells
from mramsim.arrays.converter import fit_range
from mramsim.arrays.families import FAMILIES
from mramsim.arrays.family import CODING, Site
from mramsim.kernels.converters import EXACT, Converter
from mramsim.kernels.prepared import prepare
from mramsim.kernels.prepared_bits import prepare_bits
from mramsim.kernels.records import PcsaTile
from mramsim.mapping.readers import Reader

CSUM, PCSA = "csum_deaville_jssc_2025", "pcsa_hirtzlin_nanoarch_2019"
VOTE, FLASH = "csum_1bit", "flash_yin_ted_2020"
GATED = "csum_gated_deaville_jssc_2025"
PASSIVE = "passive_goodwill_pra_2022"
RSUM, CHARGE = "rsum_jung_nature_2022", "charge_valavi_jssc_2019"
DIGITAL = "digital_li_natelec_2025"
AS_IT_IS = Converter(EXACT, 0.0, 1.0, 1)


class Made(NamedTuple):
    """Cells, their record, and what they were made from."""

    cells: Any
    record: Any
    die: Any
    mapping: Any
    site: Any


def make(
    bits: Any,
    only: Iterable[str],
    mapping: str = CSUM,
    driven: Any = None,
    levels: Any = None,
    polarity: Any = None,
    reading: str | None = None,
    seed: int = 0,
    conditions: ms.Conditions | None = None,
    design: dict[str, Any] | None = None,
    **device: Any,
) -> Made:
    """Program `bits` [rows, columns]; `device` and `design` are card values to replace."""
    bits = np.asarray(bits, np.uint8)
    rows, columns = bits.shape
    name = device.pop("name", "stt_jung_nature_2022")
    card = ms.load_card("device", name, device)
    design_card = ms.load_card("mapping", mapping, design)
    die = cells.Die(card, conditions or ms.Conditions(), frozenset(only), 1.0, 1e6)

    def generator(effect: str) -> np.random.Generator:
        number = {"spatial": 99, "capacitor": 98}.get(effect) or table.number(effect)
        return np.random.default_rng([seed, number])

    written = cells.program(die, design_card, bits, generator)
    codes = design_card.converter in CODING
    site = Site(
        driven=np.ones((1, rows), np.bool_) if driven is None else np.asarray(driven, np.bool_),
        levels=np.zeros(columns, np.int32) if levels is None else levels,
        polarity=np.ones(columns, np.int8) if polarity is None else polarity,
        reading=reading or ("codes" if codes else "vote"),
        scale=fit_range(0.0, rows, design_card.adc_bits) if codes else None,
        generator=generator,
        key=np.array([seed, 12345], np.uint32),
    )
    record = FAMILIES[design_card.sensing].program(written, die, design_card, site)
    return Made(written, record, die, design_card, site)


def reader(record: Any, converter: Converter, rows: int) -> Reader:
    """Return the reader of one tile that belongs to no layer."""
    if isinstance(record, PcsaTile):
        columns = record.weight.shape[1]
        places = [(slice(0, rows), slice(0, columns))]
        ready: Any = prepare_bits([record], places, (rows, columns))
        return Reader((), 0, 0, slice(0, rows), slice(0, columns), converter, None, ready)
    columns = record.offset.size
    ready = prepare(record, converter)
    return Reader((), 0, 0, slice(0, rows), slice(0, columns), converter, record, ready)


def read_record(
    record: Any, converter: Converter, bits: Any, images: Any, positions: int = 1, plane: int = 0
) -> tuple[Any, int]:
    """What every column passes on [reads, columns], and the draws made beside the shared ones."""
    levels = (np.asarray(bits).astype(np.uint8) << plane).astype(np.uint8)
    on = np.resize(record.rows_on, positions).astype(np.float64)
    rows_on = np.tile(on, len(levels) // positions)[:, None]
    made = reader(record, converter, levels.shape[1])
    return made.values(levels, plane, np.asarray(images, np.int64), positions, rows_on)


def read(made: Made, x: Any, converter: Converter = AS_IT_IS) -> Any:
    """Counts [reads, columns] of one read for every row of bits, each an image of its own."""
    found, _ = read_record(made.record, converter, x, np.arange(len(np.asarray(x))))
    counts = (found + made.record.rows_on[0]) / 2.0
    bits = FAMILIES[made.mapping.sensing].gives == "bits"
    return counts.astype(np.int32) if bits else counts


def parts(record: Any) -> list[Any]:
    """Return all arrays and numbers of a record, those inside it included."""
    found: list[Any] = []
    for part in record:
        found += parts(part) if isinstance(part, tuple) else [part]
    return found


def random_bits(seed: int, *shape: int) -> NDArray[np.int64]:
    """Return random bits of a shape."""
    return np.random.default_rng(seed).integers(0, 2, shape)


def quiet(record: Any) -> Any:
    """Return an analog record without any read noise."""
    none = np.zeros_like(record.odd_variance_on)
    return record._replace(
        variance_match=0.0,
        variance_other=0.0,
        variance_column=0.0,
        variance_fixed=np.zeros_like(record.variance_fixed),
        odd_variance_on=none,
        odd_variance_off=none,
    )
