"""Series columns: the selected branches of all rows and the wires between them add up.

    R = sum over rows of R_selected + rows wire + driver + sense

(resistance sum: Jung et al., Nature 601, 211 (2022), doi 10.1038/s41586-021-04196-6.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mramsim.arrays.wires import check
from mramsim.arrays.wires.gated import branches


def series_resistance(
    resistance_ohm: ArrayLike,
    select: Any,
    wire_ohm: float,
    driver_ohm: float = 0.0,
    sense_ohm: float = 0.0,
) -> NDArray[np.float64]:
    """Return the resistance of every series column for every image.

    Parameters
    ----------
    resistance_ohm : array [rows, columns] or [branches, rows, columns]
        Of each branch with its transistor, in Ohm.
    select : integer array [images, rows]
        Branch of each row that conducts; -1 where a row is bridged and adds its wire only.
    wire_ohm : float
        Wire per row in Ohm.
    driver_ohm, sense_ohm : float
        Once per column, in Ohm.

    Returns
    -------
    float64 array [images, columns]
        In Ohm, summed in row order: the bytes do not depend on the batch.

    Raises
    ------
    InputError
        NaN, negative values or a wrong shape.
    """
    from mramsim.kernels.ladder import series_sums

    ohm = branches("resistance_ohm", resistance_ohm)
    chosen = check.selection("select", select, ohm.shape[1], len(ohm))
    wires = ohm.shape[1] * check.resistance("wire_ohm", wire_ohm)
    wires += check.resistance("driver_ohm", driver_ohm) + check.resistance("sense_ohm", sense_ohm)
    sums = np.empty((len(chosen), ohm.shape[2]))
    series_sums(ohm, chosen, wires, sums)
    return sums
