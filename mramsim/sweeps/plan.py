"""The plan of a sweep: what is run, what varies, how many chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mramsim.errors import InputError, nearest
from mramsim.files import read_toml
from mramsim.settings import CONDITIONS
from mramsim.sweeps.axes import MOST_POINTS, Axis, is_axis, read_axis
from mramsim.sweeps.stop import ChipsSpec
from mramsim.validation import Strict, as_json, explain

RUN_AXES = ("network", "device", "mapping", "data", "images", "seed", "only", "without")


class RunSpec(Strict):
    """The run that every point starts from; the options of ``mramsim run``.

    Attributes
    ----------
    network : str
        A file, relative to the plan, or ``pretrained:NAME``.
    data : str
    device, mapping : str
        Card names, or files relative to the plan.
    images : int, optional
        Test images, from the first; all by default.
    seed : int
    only : tuple of str, optional
    without : tuple of str
    settings : dict
        Flat keys; ``set`` in the plan.
    """

    network: str
    data: str
    device: str = "stt_jung_nature_2022"
    mapping: str = "pcsa_hirtzlin_nanoarch_2019"
    images: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict, alias="set")


class SamplingSpec(Strict):
    """How axes combine.

    Attributes
    ----------
    method : {"grid", "zip", "random", "sobol"}
        Every combination; first with first, second with second; or random points.
    points : int, optional
        Of ``random`` and ``sobol``.
    seed : int
        Of ``random`` and ``sobol``.
    together : tuple of tuple of str
        Axes of a grid that move together, as one.
    """

    method: Literal["grid", "zip", "random", "sobol"] = "grid"
    points: int | None = Field(default=None, ge=1, le=MOST_POINTS)
    seed: int = Field(default=0, ge=0)
    together: tuple[tuple[str, ...], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        drawn = self.method in ("random", "sobol")
        if drawn and self.points is None:
            raise ValueError(f"method = '{self.method}' needs points")
        if not drawn and self.points is not None:
            raise ValueError(f"points = {self.points}: method = '{self.method}' takes none")
        if self.together and self.method != "grid":
            raise ValueError(f"together: method = '{self.method}' takes none")
        return self


class AttributionSpec(Strict):
    """Points at which every effect is also run alone and left out.

    Attributes
    ----------
    points : tuple of int
        Numbers of points in the order of the plan, from 0.
    chips : int
        Chips of each of these runs, from the first.
    """

    points: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1)
    chips: int = Field(default=8, ge=1)


class _Content(Strict):
    title: str = ""
    run: RunSpec
    axes: dict[str, Any] = Field(default_factory=dict)
    sampling: SamplingSpec = SamplingSpec()
    chips: ChipsSpec
    attribution: AttributionSpec | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        least = self.chips.decisions()[0]
        if self.attribution is not None and self.attribution.chips > least:
            given = f"attribution.chips = {self.attribution.chips}"
            raise ValueError(f"{given} is above the {least} chips that every point has")
        return self


@dataclass(frozen=True)
class Plan:
    """A checked plan.

    Attributes
    ----------
    title : str
    run : RunSpec
    axes : dict of str to Axis
        By dotted key, in the order of the plan.
    sampling : SamplingSpec
    chips : ChipsSpec
    attribution : AttributionSpec, optional
    folder : Path
        Relative paths of the plan start here.
    name : str
        For messages.
    """

    title: str
    run: RunSpec
    axes: Mapping[str, Axis]
    sampling: SamplingSpec
    chips: ChipsSpec
    attribution: AttributionSpec | None
    folder: Path
    name: str = "plan"

    def content(self) -> dict[str, Any]:
        """Return the plan as plain values, defaults included: what ``config.toml`` holds."""
        run = self.run.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key in ("network", "device", "mapping"):
            run[key] = self.path(run[key])
        axes = {
            key: axis.model_dump(mode="json", exclude_none=True) for key, axis in self.axes.items()
        }
        more = {}
        if self.attribution is not None:
            more["attribution"] = self.attribution.model_dump(mode="json")
        return {
            "title": self.title,
            "run": run,
            "axes": axes,
            "sampling": self.sampling.model_dump(mode="json", exclude_none=True),
            "chips": self.chips.content(),
            **more,
        }

    def path(self, text: str) -> str:
        """Return a path relative to the plan as an absolute one; names as they are."""
        if text.endswith((".npz", ".toml")) and ":" not in text:
            return str((self.folder / text).resolve())
        return text


def load_plan(plan: str | Path | Mapping[str, Any] | Plan) -> Plan:
    """Read and check a plan.

    Parameters
    ----------
    plan : path, mapping or Plan
        A TOML file, or the same as nested dicts.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        One line with the path of each wrong key.
    """
    if isinstance(plan, Plan):
        return plan
    if isinstance(plan, Mapping):
        return check_plan(plan, Path.cwd(), "plan")
    path = Path(plan)
    return check_plan(read_toml(path), path.absolute().parent, path.name)


def check_plan(content: Mapping[str, Any], folder: Path, name: str) -> Plan:
    """Return the plan that nested dicts describe; see `load_plan`.

    Parameters
    ----------
    content : mapping
    folder : Path
        Where relative paths start.
    name : str
        For messages.
    """
    try:
        found = _Content.model_validate_json(as_json(content))
    except ValidationError as error:
        raise InputError(f"{name}: {explain(error, _Content)}") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    try:
        settings = dict(_flat_settings(found.run.settings))
        for key in settings:
            _check_key(f"run.set.{key}", key, ())
        axes = {key: read_axis(f"axes.{key}", value) for key, value in _flat_axes(found.axes)}
        for key in axes:
            _check_key(f"axes.{key}", key, RUN_AXES)
        _check_together(found.sampling.together, axes)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    run = found.run.model_copy(update={"settings": settings})
    return Plan(
        found.title, run, axes, found.sampling, found.chips, found.attribution, folder, name
    )


def _flat_settings(values: Mapping[str, Any], prefix: str = "") -> Any:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat_settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _flat_axes(values: Mapping[str, Any], prefix: str = "") -> Any:
    for key, value in values.items():
        if isinstance(value, Mapping) and not is_axis(value):
            yield from _flat_axes(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _check_key(path: str, key: str, others: tuple[str, ...]) -> None:
    """Refuse a key that names nothing; the value is checked when points are resolved."""
    from mramsim.arrays.card import MappingCard
    from mramsim.cards import Card
    from mramsim.cost.components import component_keys
    from mramsim.devices.card import DeviceCard

    known = [*others, *CONDITIONS]
    for head, model in (("device", DeviceCard), ("mapping", MappingCard)):
        keys = [name for name in model.model_fields if name not in Card.model_fields]
        single = key.count(".") == 1 or head == "mapping"  # layers have mapping keys only
        if key.startswith(f"{head}.") and key.rpartition(".")[2] in keys and single:
            return
        known += [f"{head}.{name}" for name in keys]
    known += [f"component.{name}" for name in component_keys()]
    if key not in known:
        raise InputError(f"key '{path}' is unknown{nearest(key, known)}")


def _check_together(groups: tuple[tuple[str, ...], ...], axes: Mapping[str, Axis]) -> None:
    seen: set[str] = set()
    for place, group in enumerate(groups):
        for key in group:
            if key not in axes:
                raise InputError(
                    f"sampling.together.{place}: '{key}' is no axis{nearest(key, axes)}"
                )
            if key in seen:
                raise InputError(f"sampling.together.{place}: '{key}' is there twice")
            seen.add(key)
