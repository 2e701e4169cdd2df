"""A realistic result without data and training, and a reader of pages."""

from html.parser import HTMLParser

import numpy as np

import mramsim as ms
from mramsim.cost.baseline import baseline_cost
from mramsim.cost.expected import expected_events
from mramsim.cost.model import cost_of
from mramsim.network.graph import Network
from mramsim.network.nodes import Input, Linear, Output, Threshold
from mramsim.report.build import extras

DEVICE, MAPPING = "stt_jung_nature_2022", "csum_deaville_jssc_2025"
VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


def network() -> Network:
    rng = np.random.default_rng(5)

    def bits(*shape: int) -> np.ndarray:
        return rng.integers(0, 2, shape).astype(np.uint8)

    return Network(
        (
            Input("x", (), (300,), planes=2),
            Linear("hidden", ("x",), bits(40, 300), planes=2),
            Threshold("t", ("hidden",), np.zeros(40, int), np.ones(40, int)),
            Linear("classes", ("t",), bits(10, 40)),
            Output("out", ("classes",), np.ones(10), np.zeros(10)),
        ),
        name="tiny <net> & more",
    )


def result_of(mapping: str = MAPPING, chips: int = 4) -> tuple[dict, ms.Placement]:
    placement = ms.place(network(), mapping)
    device = ms.load_card("device", DEVICE)
    engines = [ms.load_card("baseline", name) for name in ms.list_cards("baseline")]
    accuracies = [0.95 + 0.005 * k for k in range(chips)]
    several = chips > 1
    result = {
        "schema": "mramsim.run/1",
        "network": placement.network.name,
        "device": DEVICE,
        "mapping": mapping,
        "dataset": "digits",
        "images": 360,
        "seed": 0,
        "settings": {},
        "effects": ["d2d", "adc"],
        "not_modelled": ["ir_drop"],
        "assumed": {"device": 3, "device_of": 9, "mapping": 5, "mapping_of": 12},
        "accuracy": {
            "float": 0.9861,
            "ideal": 0.9722,
            "mapped": 0.9694,
            "chips": accuracies,
            "mean": float(np.mean(accuracies)),
            "std": 0.0065 if several else None,
            "ci95": [0.947, 0.968] if several else None,
        },
        "layers": [
            {
                "name": layer.name,
                "decision_error_rate": 0.0123 if layer.threshold else None,
                "tiles": len(layer.tiles),
                "utilisation": layer.utilisation,
                "fan_in": layer.node.fan_in,
                "fan_out": layer.node.fan_out,
                "positions": layer.positions,
                "steps": layer.steps,
                "reading": layer.reading,
            }
            for layer in placement.layers
        ],
        **cost_of(placement, device, expected_events(placement)).as_dict(),
        "baselines": [baseline_cost(placement.network, engine) for engine in engines],
        "citations": ["10.1038/s41586-021-04196-6"],
        "version": "0.1.0",
    }
    return {**result, **extras(placement, device, engines)}, placement


class Outline(HTMLParser):
    """Checks nesting and collects tags, identifiers, links, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def values(self, name: str) -> list[str]:
        return [attrs[name] for _, attrs in self.tags if attrs.get(name)]


def outline(page: str) -> Outline:
    parsed = Outline()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed
