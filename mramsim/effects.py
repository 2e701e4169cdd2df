"""The one table of effects: number, name, what zero means, when it is drawn.

The number is part of every random key, so it is never reused or changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mramsim.errors import InputError, nearest
from mramsim.given import check_list


@dataclass(frozen=True)
class Effect:
    """One deviation of a real chip from the ideal one.

    Attributes
    ----------
    number : int
        Key of its random draws.
    name : str
        The switch on the command line and in results.
    what : str
        One line for people.
    zero : str
        What the effect is when its magnitude is zero.
    drawn : tuple of str
        Any of ``"chip"`` (once per die), ``"read"`` (each read anew), ``"none"`` (deterministic).
    """

    number: int
    name: str
    what: str
    zero: str
    drawn: tuple[str, ...]


EFFECTS: tuple[Effect, ...] = (
    Effect(1, "d2d", "spread of diameter, RA, TMR and series path", "nominal cell", ("chip",)),
    Effect(2, "write_error", "wrong state after the write pulse", "right state", ("chip",)),
    Effect(3, "stuck", "shorted and open cells", "none", ("chip",)),
    Effect(4, "retention", "flips after age.seconds", "age 0", ("chip",)),
    Effect(5, "read_disturb", "flips after age.reads", "0 reads", ("chip",)),
    Effect(6, "bias", "TMR and R_P against cell voltage", "V_h infinite", ("none",)),
    Effect(7, "temperature", "TMR(T), R(T), Delta(T), noise(T)", "the card's t0_k", ("none",)),
    Effect(8, "thermal_shot", "thermal and shot noise of the cells read together", "0", ("read",)),
    Effect(9, "flicker", "1/f noise, slow and fast part", "0", ("chip", "read")),
    Effect(10, "rtn", "two-level noise", "0", ("chip", "read")),
    Effect(11, "sa_offset", "offset of each sense amplifier", "0", ("chip",)),
    Effect(12, "sa_noise", "noise of each decision", "0", ("read",)),
    Effect(13, "reference", "spread of the reference cells", "ideal reference", ("chip",)),
    Effect(14, "adc", "every quantisation: steps, range, one bit", "exact count", ("chip", "read")),
    Effect(15, "ir_drop", "wire, driver and access resistance", "0 ohm", ("none",)),
)

BY_NAME: dict[str, Effect] = {effect.name: effect for effect in EFFECTS}
NAMES: tuple[str, ...] = tuple(effect.name for effect in EFFECTS)


def number(name: str) -> int:
    """Return the key number of the effect called `name`."""
    return BY_NAME[name].number


def ordered(names: Iterable[str]) -> list[str]:
    """Return `names` in the order of the table."""
    chosen = set(names)
    return [name for name in NAMES if name in chosen]


def select(only: Iterable[str] | None = None, without: Iterable[str] = ()) -> frozenset[str]:
    """Resolve ``--only`` and ``--without`` to the set of effects switched on.

    Parameters
    ----------
    only : iterable of str, optional
        Effects to keep; ``["none"]`` keeps none, None keeps all.
    without : iterable of str
        Effects to switch off.

    Returns
    -------
    frozenset of str

    Raises
    ------
    InputError
        For a name that is no effect, or a string in the place of a list.
    """
    for key, names in (("only", only), ("without", without)):
        check_list(key, names, "effects")
    kept = list(NAMES) if only is None else [name for name in only if name != "none"]
    dropped = list(without)
    for name in [*kept, *dropped]:
        if name not in BY_NAME:
            raise InputError(f"effect '{name}' is unknown{nearest(name, NAMES)}")
    return frozenset(kept) - frozenset(dropped)
