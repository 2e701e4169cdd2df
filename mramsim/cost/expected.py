"""Events to be expected without data, through the functions that count them in a run."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np

from mramsim.errors import InputError, nearest
from mramsim.mapping.events import Events, LayerEvents, digital_events, tile_events
from mramsim.mapping.layer import LayerPlacement
from mramsim.mapping.placement import Placement

IMAGES = 1 << 20  # rounds a row's expected number of ones to 1e-6 of its reads
Activity = float | Mapping[str, float]


def expected_events(placement: Placement, activity: Activity = 0.5) -> Events:
    """Return the events of 2**20 images whose rows carry bit 1 with a given probability.

    Parameters
    ----------
    placement : Placement
    activity : float or mapping of layer name to float
        Probability that a driven row carries +1; layers that are not named take 0.5.

    Returns
    -------
    Events

    Raises
    ------
    InputError
        Unknown layer, or a probability outside 0 to 1.
    """
    names = [layer.name for layer in placement.layers]
    per_layer = dict(activity) if isinstance(activity, Mapping) else dict.fromkeys(names, activity)
    for name, value in per_layer.items():
        if name not in names:
            raise InputError(f"activity: layer '{name}' is unknown{nearest(name, names)}")
        if not isinstance(value, Real) or not 0.0 <= value <= 1.0:
            raise InputError(f"activity = {value!r}; 0 to 1 is allowed")
    layers = {
        layer.name: _layer_events(layer, per_layer.get(layer.name, 0.5))
        for layer in placement.layers
    }
    return Events(IMAGES, layers)


def activity_of(events: Events) -> dict[str, float]:
    """Return the share of driven rows that carried +1 in a run, by layer (cells weigh equally)."""
    found = {}
    for name, layer in events.layers.items():
        on = layer.total("reads_x1_w1") + layer.total("reads_x1_w0")
        off = layer.total("reads_x0_w1") + layer.total("reads_x0_w0")
        found[name] = on / (on + off)
    return found


def _layer_events(layer: LayerPlacement, activity: float) -> LayerEvents:
    node, evaluations = layer.node, IMAGES * layer.positions
    driven = np.full(node.fan_in, evaluations * node.planes, dtype=np.int64)
    if layer.mask is not None:
        driven = layer.mask.sum(axis=0, dtype=np.int64) * IMAGES * node.planes
    ones = np.tile(np.rint(activity * driven).astype(np.int64), (node.groups, 1))
    events = tile_events(layer, ones, driven, evaluations)
    return LayerEvents(events, digital_events(layer, IMAGES))
