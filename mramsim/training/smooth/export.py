"""A trained smooth network becomes a network of exact nodes.

Binary weights on inputs with levels become products for arrays, whatever the alphabet: with values
``factor v + offset`` of the odd integers v that levels stand for, ``sum W value`` is ``factor sum W
v`` plus a constant per channel, which goes into the next threshold or affine map. Zeros beyond the
border are the lowest level where the alphabet begins at 0 (driven as such), and an undriven row
where it is symmetric. Everything with real values on one side becomes a digital node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mramsim.errors import InputError
from mramsim.network.fold import fold_sign
from mramsim.network.graph import Network
from mramsim.network.nodes import Activation as ActivationNode
from mramsim.network.nodes import Affine, Input, LevelValue, Node, Output, Sign, Threshold
from mramsim.network.nodes.base import once
from mramsim.training.smooth.affine import Float32, layer_parts, norm_parts
from mramsim.training.smooth.control import SIGN
from mramsim.training.smooth.functions import Alphabet
from mramsim.training.smooth.geometry import Geometry
from mramsim.training.smooth.layers import SmoothNorm, SmoothProduct
from mramsim.training.smooth.model import SmoothNetwork
from mramsim.training.smooth.plan import INPUT, Step, Window


@dataclass
class Value:
    """A value of the plan, as far as nodes have been made for it.

    Attributes
    ----------
    node : str
    alphabet : Alphabet or None
        Of levels; None for counts and real values.
    pending : list of (scale, offset) or window
        Affine maps and max-pools between the counts of a product and this value, for which there
        are no nodes yet: a threshold may take them in.
    reach : int
        Largest magnitude of the counts, where maps are pending.
    """

    node: str
    alphabet: Alphabet | None
    pending: list[tuple[Float32, Float32] | Window]
    reach: int = 0


def export(model: SmoothNetwork, record: Input, name: str) -> Network:
    """Return the network of a trained model with the sign in the place of smooth functions.

    Parameters
    ----------
    model : SmoothNetwork
        With the averages of its BatchNorms.
    record : Input
        How raw integers become levels.
    name : str

    Returns
    -------
    Network
        Its class of each image is that of the model in its exact stage.

    Raises
    ------
    InputError
        If a weight is not finite.
    """
    with model.control.at("exact", SIGN, SIGN):
        return _Exporter(model, record).network(name)


class _Exporter:
    def __init__(self, model: SmoothNetwork, record: Input) -> None:
        self.model, self.plan = model, model.plan
        self.geometry = Geometry.of(self.plan)
        self.nodes: list[Node] = [replace(record, name=INPUT, shape=self.geometry.image(INPUT))]
        self.values = {INPUT: Value(INPUT, self.plan.coding, [])}

    def network(self, name: str) -> Network:
        """Make the nodes step by step."""
        for step in self.plan.steps[:-1]:
            self.values[step.name] = self._step(step)
        last = self.plan.steps[-1]
        layer = self._layer(last)
        node = self._product(last, layer)
        self.nodes.append(Output("out", (node,), *layer_parts(layer)))
        return Network(tuple(self.nodes), name)

    def _step(self, step: Step) -> Value:
        source = self.values[step.inputs[0]]
        if step.kind == "product":
            return self._weights(step)
        if step.kind == "norm":
            norm = self.model.layers[step.name]
            assert isinstance(norm, SmoothNorm)
            return self._map(step.name, source, norm_parts(norm))
        if step.kind == "dropout":
            return source
        if step.kind == "act":
            return self._act(step, source)
        if step.kind == "maxpool":
            return self._maxpool(step, source)
        inputs = tuple(self._real(name) for name in step.inputs)
        node = self.geometry.plain(step, inputs)
        return self._add(node, None)

    def _weights(self, step: Step) -> Value:
        """Make a product; its affine map stays pending where it gives counts."""
        layer = self._layer(step)
        node = self._product(step, layer)
        parts = layer_parts(layer)
        if step.binary and step.alphabet is not None:
            reach = layer.latent[0].numel() * ((1 << step.alphabet.planes) - 1)
            return Value(node, None, [parts], reach)
        return self._map(f"{step.name}_scale", Value(node, None, []), parts)

    def _product(self, step: Step, layer: SmoothProduct) -> str:
        """Make the node of a product, for arrays where weights and inputs have levels."""
        source = self.values[step.inputs[0]]
        if step.binary and source.alphabet is not None:
            node = self.geometry.product(step, source.node, _bits(layer), source.alphabet)
        else:
            before = self._real(step.inputs[0])
            latent = layer.latent.detach().numpy()
            weight = _bits(layer) if step.binary else latent
            node = self.geometry.real_product(step, before, weight)
        self.nodes.append(node)
        return node.name

    def _layer(self, step: Step) -> SmoothProduct:
        layer = self.model.layers[step.name]
        assert isinstance(layer, SmoothProduct)
        if not all(bool(value.isfinite().all()) for value in layer.parameters()):
            raise InputError(f"layer '{step.name}': training diverged (NaN in its weights)")
        return layer

    def _map(self, name: str, source: Value, parts: tuple[Float32, Float32]) -> Value:
        """Apply an affine map: pending after counts, else a node; none where it does nothing."""
        if source.pending:
            return Value(source.node, None, [*source.pending, parts], source.reach)
        scale, offset = parts
        if source.alphabet is None and (scale == 1).all() and (offset == 0).all():
            return source
        before = self._settle(source)
        return self._add(Affine(name, (before,), scale, offset), None)

    def _act(self, step: Step, source: Value) -> Value:
        if step.function is None:
            before = self._real(step.inputs[0])
            none = np.zeros((0, 1), np.float32)
            return self._add(ActivationNode(step.name, (before,), "relu", none), None)
        alphabet = step.function.alphabet
        if not source.pending:
            return self._add(Sign(step.name, (self._settle(source),)), alphabet)
        return self._threshold(step.name, source, alphabet)

    def _threshold(self, name: str, source: Value, alphabet: Alphabet) -> Value:
        """Fold all pending maps into one threshold per channel; pools move behind it."""
        maps = [part for part in source.pending if isinstance(part[0], np.ndarray)]

        def evaluate(count: NDArray[np.int64]) -> Float32:
            value = count.astype(np.float64)
            for scale, offset in maps:
                value = once(value * np.float64(scale) + np.float64(offset)).astype(np.float64)
            return value.astype(np.float32)

        channels = maps[0][0].size
        level, polarity = fold_sign(evaluate, source.reach, channels)
        found = self._add(Threshold(name, (source.node,), level, polarity), alphabet)
        for place, part in enumerate(source.pending):
            if isinstance(part[0], np.ndarray):
                continue
            later = [part[0] for part in source.pending[place:] if isinstance(part[0], np.ndarray)]
            falling = np.prod([np.sign(scale) for scale in later], axis=0) < 0
            node = self.geometry.maxpool(f"{name}_pool", found.node, part, falling)
            found = self._add(node, alphabet)
        return found

    def _maxpool(self, step: Step, source: Value) -> Value:
        assert step.kernel is not None
        if source.pending:
            return Value(source.node, None, [*source.pending, step.kernel], source.reach)
        plain = np.zeros(step.width, np.bool_)
        node = self.geometry.maxpool(step.name, source.node, step.kernel, plain)
        return self._add(node, source.alphabet)

    def _real(self, name: str) -> str:
        """Return the node with a plan's value as numbers; make what is missing."""
        return self._settle(self.values[name])

    def _settle(self, source: Value) -> str:
        """Make nodes for what is pending, or the numbers that levels stand for."""
        if source.alphabet is not None:
            return self._numbers(source.node, source.alphabet)
        before = source.node
        for place, part in enumerate(source.pending):
            if isinstance(part[0], np.ndarray):
                label = f"{source.node}_map{place}"
                node: Node = Affine(label, (before,), *part)
            else:
                label = f"{source.node}_pool{place}"
                plain = np.zeros(self.geometry.channels(source.node), np.bool_)
                node = self.geometry.maxpool(label, before, part, plain)
            before = self._once(node)
        return before

    def _numbers(self, levels: str, alphabet: Alphabet) -> str:
        node = self._once(LevelValue(f"{levels}_value", (levels,), alphabet.planes))
        if (alphabet.factor, alphabet.offset) == (1.0, 0.0):
            return node
        one = np.ones(1, np.float32)
        parts = (one * np.float32(alphabet.factor), one * np.float32(alphabet.offset))
        return self._once(Affine(f"{levels}_number", (node,), *parts))

    def _once(self, node: Node) -> str:
        """Add a node unless one of its name is there."""
        if all(node.name != known.name for known in self.nodes):
            self.nodes.append(node)
        return node.name

    def _add(self, node: Node, alphabet: Alphabet | None) -> Value:
        self.nodes.append(node)
        return Value(node.name, alphabet, [])


def _bits(layer: SmoothProduct) -> NDArray[np.uint8]:
    return (layer.latent.detach().numpy() >= 0).astype(np.uint8)
