"""The nearest power of two, ``AP2(z) = sgn(z) 2^round(log2 |z|)`` (arXiv:1602.02830)."""

from __future__ import annotations

import torch
from torch import Tensor

_EXPONENT = -0x00800000  # sign and exponent bits of a float32, as an int32
_CARRY = 0x00800000 - 0x003504F4  # carries into the exponent from a mantissa of sqrt(2) on


def nearest_power(z: Tensor) -> Tensor:
    """Return AP2 of a float32 tensor, exactly: the mantissa decides, and is cleared.

    0 stays 0; magnitudes below 2^-126 become 0.
    """
    return _rounded(z.contiguous().view(torch.int32) + _CARRY)


def nearest_power_(z: Tensor) -> Tensor:
    """Replace a contiguous float32 tensor by its AP2."""
    z.view(torch.int32).add_(_CARRY).bitwise_and_(_EXPONENT)
    return z


def _rounded(bits: Tensor) -> Tensor:
    return bits.bitwise_and_(_EXPONENT).view(torch.float32)
