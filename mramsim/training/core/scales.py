"""Scales of binary weights: ``w = alpha * sign(latent)`` with alpha > 0.

A positive scale in front of a BatchNorm and a sign changes nothing that a threshold cannot hold, so
all of them vanish when a network is folded; they matter for gradients and for regularisers.
"""

from __future__ import annotations

from torch import Tensor, nn

from mramsim.errors import InputError, nearest
from mramsim.training.core.power import nearest_power


class WeightScale(nn.Module):
    """Scale of a layer's weights.

    Parameters
    ----------
    latent : Tensor
        Latent weights [width, ...], as drawn.
    each : bool
        One scale per output channel; else one per layer.
    """

    def __init__(self, latent: Tensor, each: bool) -> None:
        super().__init__()
        self.each = each

    def reduce(self, latent: Tensor) -> Tensor:
        """Return the mean magnitude, float32 [width] or []."""
        size = latent.abs()
        return size.flatten(1).mean(1) if self.each else size.mean()

    def forward(self, latent: Tensor) -> Tensor:
        """Return alpha, float32 [width] or [].

        The mean magnitude is the best scale in the least squares (Rastegari et al.,
        arXiv:1603.05279); it is formed anew at each step, and gradients flow through.
        """
        return self.reduce(latent)


class PowerScale(WeightScale):
    """The mean magnitude rounded to a power of two; no gradient passes (Qin et al.)."""

    def forward(self, latent: Tensor) -> Tensor:
        """Return alpha, powers of two."""
        return nearest_power(self.reduce(latent.detach()))


class LearnedScale(WeightScale):
    """A trained scale that starts at the mean, or the median, of the magnitudes."""

    def __init__(self, latent: Tensor, each: bool, start: str = "mean") -> None:
        super().__init__(latent, each)
        size = latent.detach().abs()
        size = size.flatten(1) if each else size.flatten()
        first = size.mean(-1) if start == "mean" else size.median(-1).values
        self.alpha = nn.Parameter(first.clone())

    def forward(self, latent: Tensor) -> Tensor:
        """Return alpha; its magnitude, so that it cannot become negative."""
        return self.alpha.abs()


SCALES = ("none", "layer", "filter", "learned", "learned-filter", "power")


def make_scale(name: str, latent: Tensor, start: str = "mean") -> WeightScale | None:
    """Return a scale by name; None for "none".

    Parameters
    ----------
    name : str
        One of `SCALES`: mean magnitude per layer or filter, trained per layer or filter, the power
        of two nearest to a filter's mean.
    latent : Tensor
    start : {"mean", "median"}
        Where trained scales start.

    Raises
    ------
    InputError
        Unknown name.
    """
    if name not in SCALES:
        raise InputError(f"scale '{name}' is unknown{nearest(name, SCALES)}")
    if name == "none":
        return None
    if name == "power":
        return PowerScale(latent, each=True)
    if name.startswith("learned"):
        return LearnedScale(latent, name == "learned-filter", start)
    return WeightScale(latent, name == "filter")


def scaled(sums: Tensor, alpha: Tensor) -> Tensor:
    """Return ``alpha * sums`` with alpha per channel (axis 1) or for all."""
    if alpha.ndim and sums.ndim > 2:
        return sums * alpha.reshape(-1, *(1,) * (sums.ndim - 2))
    return sums * alpha
