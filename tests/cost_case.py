"""Round component values for examples that can be worked out by hand."""

from pathlib import Path

import pytest

NODE, SUPPLY = "node_m = 28e-9", "vdd_v = 1.0"
VALUES: dict[str, dict[str, object]] = {
    "cell": {"cell_m2": 1e-14, "wordline_f": 1e-15},
    "logic": {
        "xnor_f": 1e-15,
        "adder_f": 3e-15,
        "adder_m2": 4e-12,
        "adder_s": 1e-10,
        "register_f": 2e-15,
        "register_m2": 2e-12,
        "register_s": 1e-10,
        "layout_factor": 1.0,
        "control_share": 0.25,
        "timing_factor": 2.0,
        "leakage_w_per_m2": 100.0,
        "threshold_v": 0.35,
        "saturation_exponent": 1.3,
    },
    "sense": {
        "sa_f": 4e-15,
        "sa_static_a": 2e-6,
        "sa_s": 5e-10,
        "sa_m2": 3e-12,
        "threshold_v": 0.35,
        "saturation_exponent": 1.3,
    },
    "adc": {
        "model": "capacitor",
        "adc_bit_f": 1e-13,
        "adc_level_f": 1e-15,
        "adc_bit_s": 3e-10,
        "adc_row_bit_s": 5e-11,
        "adc_unit_m2": 2.5e-11,
    },
    "driver": {"driver_share": 0.5, "driver_m2": 5e-12},
    "buffer": {"sram_bytes": [8192], "sram_j_per_bit": [2e-14], "sram_m2_per_bit": 1e-13},
    "wire": {"wire_node_m": [28e-9], "wire_j_per_bit_m": [1e-10]},
    "write": {
        "write_efficiency": 0.5,
        "write_width_bits": 2,
        "write_overhead_s": 1e-8,
        "write_driver_m2": 1e-11,
    },
    "arithmetic": {
        "add_f32_j": 1e-12,
        "mul_f32_j": 4e-12,
        "add_int_j": 1e-13,
        "mul_int8_j": 2e-13,
        "gate_j": 1e-15,
        "function_j": 2e-11,
        "operations_per_cycle": 256,
    },
}
KINDS = {"adc": "converter", "buffer": "sram"}


def text(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def component_cards(folder: Path) -> dict[str, str]:
    """Write one card for each role; return the mapping keys that name them."""
    found = {}
    for role, values in VALUES.items():
        lines = ['title = "round numbers"', f'kind = "{KINDS.get(role, role)}"', NODE, SUPPLY]
        lines += [f"{key} = {text(value)}" for key, value in values.items()]
        keys = ["kind", "node_m", "vdd_v", *values]
        lines += ["[sources]", *(f'{key} = "assumed: round"' for key in keys)]
        path = folder / f"{role}_round.toml"
        path.write_text("\n".join(lines))
        found[f"{role}_card"] = str(path)
    return found


@pytest.fixture(scope="module")
def cards(tmp_path_factory) -> dict[str, str]:
    return component_cards(tmp_path_factory.mktemp("cards"))
