"""Churn models by name: telcrm's own, and those that installed packages announce."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from inspect import Parameter, signature
from typing import Any, Final

from telcrm.churn.models.protocol import ChurnModel, require_probabilities
from telcrm.domain import Record
from telcrm.errors import ModelContractError, ParameterError, UnknownEstimatorError

__all__ = ["GROUP", "ChurnModelEntry", "churn_models", "make_churn_model"]

GROUP: Final = "telcrm.churn_models"
"""The entry point group in which packages announce churn models."""


class ChurnModelEntry(Record):
    """A churn model that an installed package announces.

    Attributes
    ----------
    name : str
    distribution, version : str
        Of the package.
    target : str
        Where the model is: ``"package.module:Class"``.
    """

    name: str
    distribution: str
    version: str
    target: str


def churn_models() -> tuple[ChurnModelEntry, ...]:
    """List the churn models that are installed, without importing any of them.

    Returns
    -------
    tuple of ChurnModelEntry
        By name. A name that two packages announce stands twice.

    Examples
    --------
    >>> from telcrm.churn.registry import churn_models
    >>> [one.target for one in churn_models() if one.name == "spline_logistic"]
    ['telcrm.churn.models.spline_logistic:SplineLogisticModel']
    """
    return tuple(sorted(map(_entry, entry_points(group=GROUP)), key=tuple))


def make_churn_model(name: str, **parameters: Any) -> ChurnModel:
    """Make a churn model by its name.

    Parameters
    ----------
    name : str
        As :func:`churn_models` lists it.
    **parameters
        Of the model.

    Returns
    -------
    ChurnModel
        Unfitted.

    Raises
    ------
    UnknownEstimatorError
        No installed package announces a model of the name.
    ParameterError
        Two packages do, or the model takes no such parameters.
    ModelContractError
        The package cannot be imported, or what it announces is no churn model.

    Examples
    --------
    >>> make_churn_model("spline_logistic", knots=3).knots
    3
    """
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        known = sorted({point.name for point in entry_points(group=GROUP)})
        near = get_close_matches(name, known, n=1)
        raise UnknownEstimatorError(
            f"no churn model is called {name!r:.60}. "
            f"{f'Did you mean {near[0]!r}? ' if near else ''}Known models: {', '.join(known)}. "
            "Install the package that announces yours.",
            name=name,
            known=known,
        )
    entries = [_entry(point) for point in points]
    if len(points) > 1:
        raise ParameterError(
            f"{len(points)} packages announce a churn model {name!r}: "
            f"{', '.join(map(_told, entries))}. Import the one that you mean, or uninstall one.",
            name=name,
            distributions=[one.distribution for one in entries],
        )
    return _made(_loaded(points[0], entries[0]), entries[0], parameters)


def _entry(point: EntryPoint) -> ChurnModelEntry:
    package = point.dist
    return ChurnModelEntry(
        name=point.name,
        distribution="" if package is None else package.name,
        version="" if package is None else package.version,
        target=point.value,
    )


def _told(entry: ChurnModelEntry) -> str:
    return f"{entry.distribution} {entry.version} ({entry.target})"


def _loaded(point: EntryPoint, entry: ChurnModelEntry) -> Callable[..., Any]:
    try:
        found = point.load()
    except Exception as error:
        # A package of others may fail in any way while it is imported.
        raise ModelContractError(
            f"the churn model {entry.name!r} of {_told(entry)} cannot be imported "
            f"({type(error).__name__}: {error!s:.200}). Install what the package needs, or "
            "uninstall it.",
            name=entry.name,
            distribution=entry.distribution,
        ) from error
    if not callable(found):
        raise _no_model(entry, f"{type(found).__name__} cannot be called")
    return found  # type: ignore[no-any-return]


def _made(
    factory: Callable[..., Any], entry: ChurnModelEntry, parameters: dict[str, Any]
) -> ChurnModel:
    try:
        signature(factory).bind(**parameters)
    except TypeError as error:
        taken = [
            each.name
            for each in signature(factory).parameters.values()
            if each.kind in {Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
        ]
        raise ParameterError(
            f"the churn model {entry.name!r}: {error}. It takes: {', '.join(taken)}.",
            name=entry.name,
            parameters=sorted(parameters),
        ) from error
    made = factory(**parameters)
    if not callable(getattr(made, "fit", None)):
        raise _no_model(entry, f"{type(made).__name__} has no fit")
    try:
        require_probabilities(made)
    except ModelContractError as error:
        raise _no_model(entry, f"{type(made).__name__} has no predict_proba") from error
    model: ChurnModel = made
    return model


def _no_model(entry: ChurnModelEntry, why: str) -> ModelContractError:
    return ModelContractError(
        f"{_told(entry)} announces {entry.name!r}, which is no churn model: {why}. Its author can "
        "ask telcrm.testing.check_churn_model.",
        name=entry.name,
        distribution=entry.distribution,
    )
