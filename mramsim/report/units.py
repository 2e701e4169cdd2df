"""Numbers with units as people write them."""

from __future__ import annotations

import math
from typing import Any

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_PLAIN = {
    "ohm": "Ω",
    "v": "V",
    "a": "A",
    "s": "s",
    "f": "F",
    "j": "J",
    "m": "m",
    "hz": "Hz",
    "k": "K",
    "t": "T",
    "siemens": "S",
    "bytes": "B",
}
_COMPOUND = {
    "j_per_bit": "J/bit",
    "j_per_v_m": "J/(V m)",
    "a_per_m": "A/m",
    "bytes_per_s": "B/s",
    "per_v2": "1/V²",
    "per_k15": "1/K^1.5",
    "per_k": "1/K",
    "m2_per_bit": "m²/bit",
    "m2": "m²",
}
_SCALED = {"Ω", "V", "A", "s", "F", "J", "m", "Hz", "S", "J/bit", "B/s", "T"}


def unit_of(key: str) -> str:
    """Return the unit that ends a card's key, or an empty text: ``rp_ohm`` gives Ω."""
    for ending, unit in _COMPOUND.items():
        if key.endswith("_" + ending):
            return unit
    return _PLAIN.get(key.rpartition("_")[2], "") if "_" in key else ""


def si(value: float, unit: str, digits: int = 3) -> str:
    """Return a value with an SI prefix: ``si(5.6e-8, "J")`` is ``56 nJ``."""
    number, scaled = split_si(value, unit, digits)
    return f"{number} {scaled}"


def trimmed(value: float, unit: str) -> str:
    """Return a value with an SI prefix and no needless zeros: ``28 nm``, ``0.9 V``."""
    if unit == "V" and abs(value) >= 0.1:
        return f"{value:g} V"
    number, scaled = split_si(value, unit)
    return f"{float(number):g} {scaled}"


def split_si(value: float, unit: str, digits: int = 3) -> tuple[str, str]:
    """Return number and prefixed unit apart."""
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}", unit
    power = min(max(3 * math.floor(math.log10(abs(value)) / 3 + 1e-12), -18), 9)
    number = significant(value / 10.0**power, digits)
    if abs(float(number)) >= 1000.0 and power < 9:
        power += 3
        number = significant(value / 10.0**power, digits)
    return number, _PREFIXES[power] + unit


def significant(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, without an exponent below 1e6."""
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.{digits}g}")
    if not 1e-4 <= abs(rounded) < 1e6:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{decimals}f}"


def area(value_m2: float, digits: int = 3) -> str:
    """Return an area in mm² or µm²."""
    if value_m2 >= 1e-9:
        return f"{significant(value_m2 * 1e6, digits)} mm²"
    return f"{significant(value_m2 * 1e12, digits)} µm²"


def percent(share: float | None, decimals: int = 2) -> str:
    """Return a fraction in percent; a dash where there is none."""
    return "–" if share is None else f"{100.0 * share:.{decimals}f} %"


def factor(ratio: float) -> str:
    """Return how many times: ``× 700``."""
    return f"× {significant(ratio, 2)}"


def size(count: int) -> str:
    """Return a number of bytes with its binary prefix."""
    for power, prefix in ((2, "Mi"), (1, "Ki")):
        if count >= 1024**power:
            return f"{significant(count / 1024**power)} {prefix}B"
    return f"{count} B"


def value_and_unit(key: str, value: Any) -> tuple[str, str]:
    """Return the value of a card and its unit as two texts."""
    unit = unit_of(key)
    if isinstance(value, bool | str):
        return str(value), ""
    if isinstance(value, list | tuple):
        parts = [value_and_unit(key, item) for item in value]
        return ", ".join(" ".join(part).strip() for part in parts), ""
    if value is None:
        return "none", ""
    if unit in _SCALED and value != 0:
        number, scaled = split_si(float(value), unit, 6)
        return f"{float(number):g}", scaled
    if unit == "m²":
        number, _, scaled = area(float(value), 6).partition(" ")
        return f"{float(number):g}", scaled
    return f"{value:g}" if isinstance(value, float) else str(value), unit
