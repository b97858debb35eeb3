"""What a figure is broken down by: months or days, and groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.tables.calendar_index import (
    CALENDAR_MONTH,
    calendar,
    day_index,
    month_index,
    month_span,
)
from telcrm.tables.door import ColumnKind, OpenFrame, key_values
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import RowCheck, not_null

__all__ = [
    "Breakdown",
    "Grain",
    "break_down",
    "column_names",
    "group_columns",
    "refuse_clashes",
    "row_names",
]


class Grain(StrEnum):
    """How finely time is cut."""

    DAY = "day"
    MONTH = "month"


_TIME_COLUMN = {Grain.DAY: "day", Grain.MONTH: "period"}


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The keys of a result, and how rows are counted under them.

    Attributes
    ----------
    groups : tuple of str
        The caller's columns.
    grain : Grain or None
        None puts all time together.
    at : str
        The column that tells when; not looked at without a grain.
    """

    groups: tuple[str, ...]
    grain: Grain | None
    at: str

    @property
    def names(self) -> list[str]:
        """The key columns of the result, in order."""
        time = [] if self.grain is None else [_TIME_COLUMN[self.grain]]
        return [*time, *self.groups]

    @property
    def columns(self) -> dict[str, str | list[str]]:
        """The columns that are needed, by the caller's keyword."""
        own: dict[str, str | list[str]] = {"by": list(self.groups)}
        return own if self.grain is None else {"at": self.at, **own}

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """What those columns have to hold."""
        own = dict.fromkeys(self.groups, ColumnKind.KEY)
        return own if self.grain is None else {**own, self.at: ColumnKind.DATE}

    @property
    def inner(self) -> list[str]:
        """Names of the groups while they are computed with: the caller's could clash."""
        return [f"_group_{nth}" for nth in range(len(self.groups))]

    @property
    def inner_keys(self) -> list[str]:
        """All names that :meth:`keys` gives."""
        return [*([] if self.grain is None else ["_at"]), *self.inner]

    def rules(self) -> list[RowCheck]:
        """Make the rules that the keys are there."""
        rules = [
            not_null(n, remedy='Fill with a name, for example "unknown".') for n in self.groups
        ]
        return rules if self.grain is None else [not_null(self.at), *rules]

    def ranges(self, counted: nw.Expr | None = None) -> dict[str, nw.Expr]:
        """Express when the rows are that count, for ``check_rows`` to find the first and last."""
        if self.grain is None:
            return {}
        at = self._index()
        return {"_at": at if counted is None else nw.when(counted).then(at)}

    def keys(self, opened: OpenFrame) -> dict[str, nw.Expr]:
        """Express the keys of a row, by the names they have while they are computed with."""
        time = {} if self.grain is None else {"_at": self._index().cast(nw.Int64)}
        groups = zip(self.inner, self.groups, strict=True)
        return time | {inner: key_values(opened, name) for inner, name in groups}

    def summarise(
        self,
        opened: OpenFrame,
        rows: nw.LazyFrame[Any],
        found: Mapping[str, tuple[Any, Any]],
        *,
        counts: Sequence[str],
        totals: Sequence[str] = (),
        medians: Sequence[str] = (),
    ) -> nw.LazyFrame[Any]:
        """Add rows up under their keys, with a row for every month or day, and every group.

        Parameters
        ----------
        opened : OpenFrame
        rows : narwhals.stable.v2.LazyFrame
            The :meth:`keys` and the columns below.
        found : mapping of str to (least, greatest)
            What ``check_rows`` found of :meth:`ranges`.
        counts, totals : sequence of str
            Columns to sum, to Int64 and to Float64; 0 where there are no rows.
        medians : sequence of str
            Columns to take the median of, Float64; null where there are no rows.

        Returns
        -------
        narwhals.stable.v2.LazyFrame
            Under the names of the result, not sorted. One row if nothing is broken down.
        """
        wanted = [nw.col(name).sum() for name in (*counts, *totals)]
        wanted += [nw.col(name).median() for name in medians]
        if self.inner_keys:
            summed = rows.group_by(*self.inner_keys).agg(*wanted)
        else:
            summed = _in_all(opened, rows, wanted)
        if self.grain is not None:
            summed = self._on_every(opened, summed, found)
        groups = zip(self.groups, self.inner, strict=True)
        return summed.select(
            *([] if self.grain is None else [_TIME_COLUMN[self.grain]]),
            **{name: nw.col(inner) for name, inner in groups},
            **{name: nw.col(name).fill_null(0).cast(nw.Int64) for name in counts},
            **{name: nw.col(name).cast(nw.Float64).fill_null(0.0) for name in totals},
            **{name: nw.col(name).cast(nw.Float64) for name in medians},
        )

    def close(self, opened: OpenFrame, result: nw.LazyFrame[Any]) -> Any:
        """Sort a result by its keys, and give it the flavour of the caller's frame."""
        return opened.close(result.sort(*self.names) if self.names else result)

    def _dates(self, opened: OpenFrame, first: int, last: int) -> nw.LazyFrame[Any]:
        """Make a row for every month or day, its number in the column ``_on``."""
        time = self.names[0]
        if self.grain is Grain.DAY:
            numbers = range(first, last + 1)
            days = [date.fromordinal(number) for number in numbers]
            return result_table(
                opened, {"_on": ResultColumn(int, numbers), time: ResultColumn(date, days)}
            )
        # The calendar looks up its date type under the name that it gives to the column.
        named = replace(opened, rows=opened.rows.select(nw.col(self.at).alias(time)))
        months = calendar(named, first, last, period=time)
        return months.select(time, _on=nw.col(CALENDAR_MONTH).cast(nw.Int64))

    def _index(self) -> nw.Expr:
        return day_index(self.at) if self.grain is Grain.DAY else month_index(self.at)

    def _on_every(
        self,
        opened: OpenFrame,
        summed: nw.LazyFrame[Any],
        found: Mapping[str, tuple[Any, Any]],
    ) -> nw.LazyFrame[Any]:
        dates = self._dates(opened, *month_span(found["_at"]))
        # Spark cannot tell apart columns of one origin on both sides of a join: other names.
        seen = {f"_own{inner}": nw.col(inner) for inner in self.inner}
        grid = summed.select(**seen).unique().join(dates, how="cross") if seen else dates
        laid = grid.join(summed, how="left", left_on=["_on", *seen], right_on=["_at", *self.inner])
        groups = {inner: nw.col(f"_own{inner}") for inner in self.inner}
        return laid.with_columns(**groups) if groups else laid


def _in_all(opened: OpenFrame, rows: nw.LazyFrame[Any], wanted: list[nw.Expr]) -> nw.LazyFrame[Any]:
    """Aggregate all rows to one, also if there are none.

    Grouped by a constant: aggregates without groups lose their type in pandas if they are null.
    """
    constant = nw.lit(0).cast(nw.Int64)
    summed = rows.with_columns(_all=constant).group_by("_all").agg(*wanted)
    one = result_table(opened, {"_row": ResultColumn(int, [0])})
    return one.join(summed, how="left", left_on="_row", right_on="_all")


def column_names(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read one column, several or none.

    Parameters
    ----------
    by : str, sequence of str or None

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> column_names("segment"), column_names(None)
    (('segment',), ())
    """
    return () if by is None else (by,) if isinstance(by, str) else tuple(by)


def group_columns(
    by: str | Sequence[str] | None, *, keys: Sequence[str], results: Sequence[str], what: str
) -> tuple[str, ...]:
    """Return the columns of ``by``, or refuse one that would stand twice in the result.

    Parameters
    ----------
    by : str or sequence of str, optional
    keys : sequence of str
        Other columns of the caller that stand in the result.
    results : sequence of str
        Columns that the result has of its own.
    what : str
        Name of the function, for the message.

    Returns
    -------
    tuple of str

    Raises
    ------
    ParameterError
    """
    groups = column_names(by)
    refuse_clashes(what, [*keys, *groups], results)
    return groups


def break_down(
    question: str,
    *,
    by: str | Sequence[str] | None,
    period: Grain | str | None,
    at: str,
    result: Collection[str],
) -> Breakdown:
    """Read what the caller wants a figure broken down by.

    Parameters
    ----------
    question : str
        The function, for messages.
    by : str, sequence of str or None
        Columns of groups.
    period : Grain or None
    at : str
        Column that tells when.
    result : collection of str
        What else stands in the result.

    Returns
    -------
    Breakdown

    Raises
    ------
    ParameterError
        ``period`` is no grain, or a column of ``by`` would stand twice in the result.
    """
    groups = column_names(by)
    grain = None if period is None else choose(Grain, period, "period")
    keys = Breakdown(groups, grain, at)
    refuse_clashes(question, keys.names, result)
    return keys


def row_names(opened: OpenFrame, *candidates: str) -> list[str]:
    """Return the first of some columns that is there, to name rows by in a message.

    Parameters
    ----------
    opened : OpenFrame
    *candidates : str
        The last one is there.

    Returns
    -------
    list of str
        One name.
    """
    found = opened.rows.collect_schema().names()
    return [next(name for name in candidates if name in found)]


def refuse_clashes(question: str, keys: Sequence[str], result: Collection[str]) -> None:
    """Refuse keys that are named twice, or like another column of the result.

    Parameters
    ----------
    question : str
        The function, for the message.
    keys : sequence of str
    result : collection of str

    Raises
    ------
    ParameterError
        Names what clashes.
    """
    # DuckDB and Spark tell no case apart in column names.
    taken = [name.casefold() for name in [*keys, *result]]
    clashing = sorted({name for name in keys if taken.count(name.casefold()) > 1})
    if clashing:
        raise ParameterError(
            f"{question}: {', '.join(map(repr, clashing))} would stand twice in the result, as a "
            "key and as another column. Rename the column, or name it once.",
            columns=clashing,
        )
