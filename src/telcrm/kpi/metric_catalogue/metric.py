"""What a metric is, as data: its definition, its unit, what it is computed from and by what."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from telcrm.domain import Record

__all__ = ["CONVENTION", "Better", "Metric", "MetricInput", "Unit", "family"]

CONVENTION: Final = "Convention of the trade; no standard defines it"
"""The source of a metric that everybody counts so and nobody has written down."""

_Text = Annotated[str, Field(min_length=1)]
_Figure = tuple[str, str, str, "Unit", "Better"]


class Unit(StrEnum):
    """What a metric is counted in."""

    COUNT = "count"
    MONEY = "money"
    """Major units of the currency of the input."""
    SHARE = "share"
    """1 is the whole: 0.25 is 25 %. A rate of change may be below 0, a share of a base above 1."""
    POINTS = "points"
    """Of a score from -100 to 100."""
    SCORE = "score"
    """Of the scale of the question."""
    RATIO = "ratio"
    PER_1000 = "per_1000"
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    GIGABYTES = "gigabytes"
    ERLANGS = "erlangs"
    STANDARD_DEVIATIONS = "standard_deviations"


class Better(StrEnum):
    """Which way an operator wants a metric to go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"
    """It describes; more is neither good nor bad of itself."""


class MetricInput(Record):
    """A table that a metric is computed from, and the columns that it reads, by default names."""

    table: _Text
    columns: tuple[_Text, ...]


class Metric(Record):
    """One metric of :func:`telcrm.kpi.catalogue`.

    Examples
    --------
    >>> from telcrm.kpi.metric_catalogue.catalogue import catalogue
    >>> catalogue()["arpu"].unit
    <Unit.MONEY: 'money'>
    """

    name: _Text
    """Unique: ``function.column``, or just ``function`` where the column is named like it."""
    title: _Text
    formula: _Text
    """In terms of columns of the result, or of the inputs."""
    unit: Unit
    sources: Annotated[tuple[_Text, ...], Field(min_length=1)]
    """Who defines it so."""
    inputs: tuple[MetricInput, ...]
    """Empty for a formula on plain numbers."""
    grain: _Text
    """What one number stands for."""
    function: _Text
    """Of :mod:`telcrm.kpi`."""
    column: _Text | None
    """Of the result: a column of a frame, or a field of a record; None for a single number."""
    policy: _Text | None
    """The type, of this room or of :mod:`telcrm.domain`, that chooses between definitions."""
    better: Better


def family(
    function: str,
    figures: Sequence[_Figure],
    *,
    grain: str,
    sources: Sequence[str],
    inputs: Sequence[tuple[str, Sequence[str]]] = (),
    policy: str | None = None,
    one_number: bool = False,
) -> tuple[Metric, ...]:
    """Make the metrics that one function yields.

    Parameters
    ----------
    function : str
    figures : sequence of (column, title, formula, unit, better)
    grain : str
    sources : sequence of str
    inputs : sequence of (table, columns)
    policy : str, optional
    one_number : bool
        The function returns a number, not columns.

    Returns
    -------
    tuple of Metric
    """
    return tuple(
        Metric(
            name=function if column == function else f"{function}.{column}",
            title=title,
            formula=formula,
            unit=unit,
            sources=tuple(sources),
            inputs=tuple(MetricInput(table=t, columns=tuple(columns)) for t, columns in inputs),
            grain=grain,
            function=function,
            column=None if one_number else column,
            policy=policy,
            better=better,
        )
        for column, title, formula, unit, better in figures
    )
