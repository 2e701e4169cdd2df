"""What the model says of a published macro: a layer that fills it, through the usual path."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mramsim.cards import load_card
from mramsim.cost.access import access_parts_s, tree_parts_s
from mramsim.cost.chip import ChipCard
from mramsim.cost.expected import expected_events
from mramsim.cost.model import cost_of
from mramsim.devices.card import DeviceCard
from mramsim.mapping.placement import Placement, place
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output

OUTSIDE = ("buffers", "data_movement", "digital_nodes", "control")  # of the macro, or calibrated
UNIT = {"control_share": 0.0, "timing_factor": 1.0}
OPERATIONS = 2.0
_DEVICE = "device."


@dataclass(frozen=True)
class Macro:
    """A macro as the model sees it, before anything is calibrated.

    Attributes
    ----------
    energy_j : dict of str to float
        Of one 1-bit multiply-accumulate (of a plain read: of one bit), by component.
    cycle_s : dict of str to float
        One step, all rows of the tiles for one bit of the inputs: ``read`` and ``conversion``.
    access_s, tree_s : dict of str to float
        See `mramsim.cost.access`.
    area_m2 : dict of str to float
        Without buffers.
    macs_per_cycle : float
    """

    energy_j: dict[str, float]
    cycle_s: dict[str, float]
    access_s: dict[str, float]
    tree_s: dict[str, float]
    area_m2: dict[str, float]
    macs_per_cycle: float


def macro_of(chip: ChipCard) -> Macro:
    """Return energy, time and area of a macro from component cards alone.

    Control, clock tree and the timing margin are left out: that is what is calibrated.
    """
    placement = _placed(chip)
    device = _device(chip)
    cost = cost_of(placement, device, expected_events(placement, chip.activity))
    macs = cost.operations_per_image / OPERATIONS
    joule, square = (
        dict(found["by_component"]) for found in (cost.energy_j_per_image, cost.area_m2)
    )
    for shared in (joule, square):
        shared["converters"] /= chip.columns_per_conversion
    layer = placement.layers[0]
    card, steps = layer.card, layer.steps * layer.positions
    clocks = card.clock_s * (1 + np.ceil(np.log2(layer.row_tiles)))
    cycle = float((cost.latency_s_per_image["by_layer"]["fc"] - clocks) / steps)
    read = card.t_precharge_s + card.t_read_s
    return Macro(
        energy_j={name: joule[name] / macs for name in joule if name not in OUTSIDE},
        cycle_s={"read": read, "conversion": cycle - read},
        access_s=access_parts_s(layer, device),
        tree_s=tree_parts_s(layer),
        area_m2={name: square[name] for name in square if name not in OUTSIDE},
        macs_per_cycle=macs / steps,
    )


def _device(chip: ChipCard) -> DeviceCard:
    own = {
        key.removeprefix(_DEVICE): value
        for key, value in chip.design.items()
        if key.startswith(_DEVICE)
    }
    device: DeviceCard = load_card("device", chip.device, own)
    return device


def _placed(chip: ChipCard) -> Placement:
    shape = (chip.fan_out, chip.fan_in)
    ones = round(chip.weight_ones * chip.fan_in)
    column = np.arange(chip.fan_in) * ones // chip.fan_in
    bits = np.diff(column, append=ones).astype(np.uint8)
    weight = np.broadcast_to(bits, shape)
    network = Network(
        (
            Input("x", (), (chip.fan_in,), planes=chip.planes),
            Linear("fc", ("x",), np.ascontiguousarray(weight), planes=chip.planes),
            Output(
                "out",
                ("fc",),
                np.ones(chip.fan_out, np.float32),
                np.zeros(chip.fan_out, np.float32),
            ),
        ),
        name=chip.chip,
    )
    design = {key: value for key, value in chip.design.items() if not key.startswith(_DEVICE)}
    placed = place(network, chip.mapping, design)
    return replace(placed, component_values=UNIT)
