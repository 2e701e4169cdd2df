"""The rows of the table and their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mramsim.benchmark.chips import program_row, start_row, sweep_row
from mramsim.benchmark.growth import growth_row
from mramsim.benchmark.layers import layer_row
from mramsim.benchmark.networks import network_row
from mramsim.benchmark.pictures import pictures_row
from mramsim.benchmark.wires import gated_row, linear_row
from mramsim.benchmark.words import packed_product
from mramsim.errors import InputError, nearest
from mramsim.threads import thread_count

SCHEMA = "mramsim.bench/1"
JUNG, SOT = "stt_jung_nature_2022", "sot_doevenspeck_vlsi_2020_ra50"
CSUM = "csum_deaville_jssc_2025"
EFFECTS = ("d2d", "stuck", "thermal_shot", "adc", "sa_offset")  # of layers
BIT_ERRORS = (*EFFECTS, "sa_noise", "write_error")  # static and per read
FEWEST = 5  # repeats that give a median
ROWS: dict[str, Callable[[int, int], list[dict[str, Any]]]] = {}
Progress = Callable[[int, int, str], None]


def _layer(
    name: str, mapping: str, effects: Sequence[str] = EFFECTS, fit: Sequence[bool] = (False,)
) -> None:
    """Add a layer of 1024 x 1024 at both device cards; at the second also a design that fits it."""

    def rows(threads: int, repeats: int) -> list[dict[str, Any]]:
        shape, images = (1024, 1024), 4096
        return [
            layer_row(name, shape, images, device, mapping, threads, repeats, effects, fits)
            for device, fits in ((JUNG, False), *((SOT, fits) for fits in fit))
        ]

    ROWS[name] = rows


def _mnist(threads: int, repeats: int) -> list[dict[str, Any]]:
    shape = (784, 1024, 1024, 10)
    return [
        network_row("mnist_mlp", shape, images, device, CSUM, threads, repeats, planes)
        for device in (JUNG, SOT)
        for planes, images in ((1, 10_000), (8, 2_000))
    ]


ROWS["xnor_popcount_4096"] = lambda threads, repeats: [packed_product(4096, threads, repeats)]
_layer("csum_layer_1024", CSUM)
_layer("csum_1bit_layer_1024", "csum_1bit")
_layer("pcsa_layer_1024", "pcsa_hirtzlin_nanoarch_2019", BIT_ERRORS, (False, True))
_layer("rsum_layer_1024", "rsum_jung_nature_2022")
ROWS["gated_ir_drop_256"] = lambda threads, repeats: [gated_row(256, 1024, threads, repeats)]
ROWS["linear_ir_drop_256"] = lambda threads, repeats: [linear_row(256, 1024, threads, repeats)]
ROWS["mnist_mlp"] = _mnist
ROWS["cifar_cnv"] = lambda threads, repeats: [
    pictures_row("cnv-1", 100, JUNG, CSUM, threads, repeats)
]
ROWS["sweep_chips"] = lambda threads, repeats: [sweep_row(32, 10_000, 1024, threads, repeats)]
ROWS["program_5m"] = lambda threads, repeats: [program_row(2240, 2240, threads, repeats)]
ROWS["growth"] = lambda threads, repeats: [growth_row(JUNG, CSUM, EFFECTS, repeats)]
ROWS["start_up"] = lambda threads, repeats: [start_row(repeats)]


def bench(
    names: Sequence[str] = (),
    threads: int | None = None,
    repeats: int = 5,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Time rows of the table.

    Parameters
    ----------
    names : sequence of str
        Rows; all where empty.
    threads : int, optional
        For the simulation and for torch; all processors by default.
    repeats : int
        Alternating runs after one to warm up; the median counts.
    progress : callable, optional
        Called with (done, total, text).

    Returns
    -------
    dict
        Schema ``mramsim.bench/1``.

    Raises
    ------
    InputError
        For an unknown row, less than 5 repeats or less than one thread.
    """
    import torch

    for name in names:
        if name not in ROWS:
            raise InputError(f"--rows: '{name}' is no row{nearest(name, ROWS)}")
    if repeats < FEWEST:
        raise InputError(f"--repeats: {repeats}; at least {FEWEST} are needed for a median")
    workers, chosen = thread_count(threads), list(names) or list(ROWS)
    before, rows = torch.get_num_threads(), list[dict[str, Any]]()
    torch.set_num_threads(workers)
    try:
        for number, name in enumerate(chosen):
            if progress:
                progress(number, len(chosen), name)
            rows += ROWS[name](workers, repeats)
    finally:
        torch.set_num_threads(before)
    if progress:
        progress(len(chosen), len(chosen), "done")
    return {"schema": SCHEMA, "threads": workers, "repeats": repeats, "rows": rows}
