"""Find features that know the outcome: too good to be true, named after it, or younger than it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.snapshots.separation import (
    goes_with,
    in_order,
    learnt_order,
    purest_value,
    separates,
)
from telcrm.domain.arguments import require_proper_share
from telcrm.errors import ColumnTypeError, SingleClassError
from telcrm.tables.door import OpenFrame, open_frame, parse_objects, require_columns
from telcrm.tables.findings import counted
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["Leak", "LeakKind", "LeakageReport", "find_leaks"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_AFTER_THE_FACT = re.compile(
    r"""
    churn_?(score|value|reason|category|label|flag|date|day|month|probability|type)
    | ^(is_|has_)?churn(ed|er)?$
    | (customer|line|account|subscription|service|contract)_?status | ^status | _status$
    | termination_(reason|date|day|fee|type) | terminated
    | deactivat | disconnect | cancel(led|lation)_?(on|at|date|day|reason|fee)
    | ^(leav(e|ing)|left|exit|lost)_?(on|at|date|day|month|reason)$
    | (port(ed)?_?out|port_out)_?(on|at|date|day)? $
    | final_(bill|invoice) | win_?back | (end|closing|closed)_?(reason|on|at|date)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_RECORDING = re.compile(
    r"(recorded|loaded|updated|modified|inserted|created|booked)_?(at|on|time)?$", re.IGNORECASE
)
_ORDERED = (
    nw.Implementation.PANDAS,
    nw.Implementation.POLARS,
    nw.Implementation.PYARROW,
)
_ROW_ORDER = "(order of rows)"
_FEW_VALUES = 50
_COPIED = 0.999


class LeakKind(StrEnum):
    """How a feature may know the outcome."""

    LABEL_COPY = "label_copy"
    """It is the label, or its opposite, in all rows or nearly all."""
    SEPARATOR = "separator"
    """It tells churners from others nearly without a mistake."""
    GIVEAWAY = "giveaway"
    """One of its values, or being null or not, stands for churners almost alone."""
    NAME = "name"
    """It is named after something that is only known when the line has left."""
    LATER_DAY = "later_day"
    """It holds days after the snapshot, and they go with the label."""
    LATE_RECORDING = "late_recording"
    """Rows were recorded after the snapshot."""
    ORDER = "order"
    """Keys, or the rows as they stand, are in the order of the label."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One suspicion.

    Attributes
    ----------
    column : str
    kind : LeakKind
    evidence : float
        The number behind it: an area under the ROC curve, a share of rows; 1 for a name.
    words : str
    """

    column: str
    kind: LeakKind
    evidence: float
    words: str


@dataclass(frozen=True)
class LeakageReport:
    """What :func:`find_leaks` found.

    Attributes
    ----------
    leaks : tuple of Leak
        By column, in the order of the table.
    row_count, churner_count : int
        Rows with a known label.
    looked_at : tuple of str
        The columns that were examined.
    """

    leaks: tuple[Leak, ...]
    row_count: int
    churner_count: int
    looked_at: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The suspicious columns, each once."""
        return tuple(dict.fromkeys(leak.column for leak in self.leaks))

    def _table(self) -> dict[str, ResultColumn]:
        leaks = self.leaks
        return {
            "column": ResultColumn(str, [leak.column for leak in leaks]),
            "kind": ResultColumn(str, [str(leak.kind) for leak in leaks]),
            "evidence": ResultColumn(float, [leak.evidence for leak in leaks]),
            "words": ResultColumn(str, [leak.words for leak in leaks]),
        }

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return the suspicions as an eager frame.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``column``, ``kind``, ``evidence`` and ``words``.

        Raises
        ------
        ParameterError, MissingExtraError
        """
        return plain_frame(self._table(), backend)

    def _caption(self) -> str:
        found = counted(len(self.leaks), "suspicion") if self.leaks else "no suspicion"
        return (
            f"{found} in {counted(len(self.looked_at), 'column')}, "
            f"{counted(self.row_count, 'row')}, {counted(self.churner_count, 'churner')}"
        )

    def __repr__(self) -> str:
        lines = "".join(f"\n  {leak.column} ({leak.kind}): {leak.words}" for leak in self.leaks)
        return f"LeakageReport: {self._caption()}{lines}"

    def _repr_html_(self) -> str:
        return html_table(self._table(), self._caption())


def find_leaks(
    frame: Any,
    *,
    label: str = "churned",
    features: Sequence[str] | None = None,
    snapshot: str = "snapshot",
    recorded_at: str | None = None,
    exclude: Sequence[str] = ("churn_kind",),
    auc: float = 0.99,
) -> LeakageReport:
    """Name the columns of a table that know the outcome, or seem to.

    Parameters
    ----------
    frame : dataframe
        One row for each line and snapshot, the columns that a model is to learn from among them.
        Rows without a label are passed over. The others are collected: of a very large panel pass
        some snapshots.
    label : str
        Column of 0 and 1, or of booleans.
    features : sequence of str, optional
        Columns to examine; by default all but the label, the snapshot and ``exclude``.
    snapshot : str
        Column of days, where there is one.
    recorded_at : str, optional
        Column that tells when a row was recorded: none may be after its snapshot.
    exclude : sequence of str
        Columns that are no features, and known to tell the outcome.
    auc : float in (0, 1)
        From this area under the ROC curve on, a single feature is too good to be true.

    Returns
    -------
    LeakageReport

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        The label is no 0 and 1.
    SingleClassError
        All lines left, or none did: no feature could tell.

    Notes
    -----
    A feature *separates* if its area under the ROC curve is ``auc`` or more, either way round, and
    would be 0.95 or more with near certainty: with the shrunken area ``A = (m a + 0.5) / (m + 1)``,
    ``m`` the rows of the rarer class, ``A`` less three standard errors (Hanley and McNeil 1982,
    Radiology 143, 29-36) has to be above that. Fewer than forty rows of a class never raise it.
    Categories are put in the order of the churn that the other half of the rows shows for them.

    *Days* after the snapshot are suspected if their shares among churners and others differ by a
    half or more, and Fisher's exact test leaves a chance of one in a million.

    A value, or being null, is a *giveaway* if with a chance of error of 0.001 nine in ten of its
    rows churn (Clopper and Pearson 1934, Biometrika 26, 404-413), though less than half of all do.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"churned": [0, 1] * 200, "churn_reason": [None, "price"] * 200})
    >>> for leak in find_leaks(rows).leaks:
    ...     print(leak.column, leak.kind)
    churn_reason name
    churn_reason label_copy
    """
    require_proper_share(auc=auc)
    opened = open_frame(frame, table="panel")
    names = opened.rows.collect_schema().names()
    require_columns(opened, {"label": label, "features": list(features or [])})
    if recorded_at is not None:
        require_columns(opened, {"recorded_at": recorded_at, "snapshot": snapshot})
    hidden = {label, snapshot, *exclude}
    looked_at = [name for name in (features or names) if name not in hidden]
    days = [snapshot] if snapshot in names else []
    extra = [recorded_at] if recorded_at is not None and recorded_at not in looked_at else []
    columns = dict.fromkeys([label, *days, *looked_at, *extra])
    opened = parse_objects(opened, list(columns))
    table = opened.rows.select(*columns).filter(~nw.col(label).is_null()).collect()
    left = _label(table, label)
    clock = _seconds(table[snapshot]) if days else None
    leaks: list[Leak] = []
    for name in dict.fromkeys([*looked_at, *extra]):
        leaks += _of_column(table[name], left, clock, auc=auc, recorded=name == recorded_at)
    leaks += _of_order(opened, left, auc)
    return LeakageReport(tuple(leaks), left.size, int(left.sum()), tuple(looked_at))


def _label(table: nw.DataFrame[Any], label: str) -> Flags:
    values = table[label].cast(nw.Float64).to_numpy()
    if not np.isin(values, (0.0, 1.0)).all():
        raise ColumnTypeError(
            f"find_leaks: the label {label!r} holds other values than 0 and 1. Pass a column of "
            "0 and 1, null where the outcome is not known.",
            column=label,
        )
    left: Flags = values == 1.0
    if not 0 < left.sum() < left.size:
        raise SingleClassError(
            f"find_leaks: of {counted(left.size, 'row')} with a known outcome "
            f"{int(left.sum()):,} left. Pass snapshots at which some left and some stayed.",
            rows=left.size,
            churners=int(left.sum()),
        )
    return left


def _of_column(
    column: nw.Series[Any], left: Flags, clock: Floats | None, *, auc: float, recorded: bool
) -> list[Leak]:
    name, found = column.name, []
    if _AFTER_THE_FACT.search(name):
        words = "is named after what is known only when a line has left"
        found.append(Leak(name, LeakKind.NAME, 1.0, words))
    null: Flags = column.is_null().to_numpy().astype(bool)
    is_day = column.dtype == nw.Date or isinstance(column.dtype, nw.Datetime)
    if is_day and clock is not None:
        found += _of_days(name, _seconds(column), clock, left, recorded=recorded)
    if recorded:
        return found
    if not is_day:
        seen = _separation(column, null, left, auc)
        if seen is not None:
            return [*found, seen]
    given = purest_value(null.astype(np.int64), left)
    if given is not None:
        state = "null" if given.value else "not null"
        words = f"is {state} in {given.rows:,} rows, of which {given.share:.1%} left"
        return [*found, Leak(name, LeakKind.GIVEAWAY, given.share, words)]
    return found


@dataclass(frozen=True, slots=True)
class _Coded:
    """A column as numbers, where it is not null.

    Attributes
    ----------
    codes : array of shape (n_told,)
        The numbers themselves, or the places of texts in their order.
    labels : list of str
        The texts; empty for numbers.
    states : array of shape (n_rows,)
        Places of the values in their order, -1 where null.
    distinct : array
    """

    codes: Floats
    labels: list[str]
    states: Floats
    distinct: Floats


def _coded(column: nw.Series[Any], null: Flags) -> _Coded:
    labels: list[str] = []
    shown = column.drop_nulls()
    if column.dtype.is_numeric() or column.dtype == nw.Boolean:
        codes = shown.cast(nw.Float64).to_numpy().astype(np.float64)
    else:
        texts, places = np.unique([str(value) for value in shown.to_list()], return_inverse=True)
        labels, codes = texts.tolist(), places.astype(np.float64)
    distinct = np.unique(codes)
    states = np.full(null.size, -1.0)
    states[~null] = np.searchsorted(distinct, codes)
    return _Coded(codes, labels, states, distinct)


def _separation(column: nw.Series[Any], null: Flags, left: Flags, auc: float) -> Leak | None:
    """Look for a copy of the label, a separator, and a value that gives churners away."""
    if null.all():
        return None
    seen = _coded(column, null)
    return (
        _copy(column.name, seen, null, left)
        or _separator(column.name, seen, left[~null], auc)
        or _giveaway(column.name, seen, left)
    )


def _copy(name: str, seen: _Coded, null: Flags, left: Flags) -> Leak | None:
    if seen.distinct.size + int(null.any()) != 2:
        return None
    same = float(((seen.states == seen.states.max()) == left).mean())
    same = max(same, 1.0 - same)
    if same < _COPIED or not in_order(seen.states, left).is_certain:
        return None
    return Leak(name, LeakKind.LABEL_COPY, same, f"tells the label in {same:.1%} of rows")


def _separator(name: str, seen: _Coded, left: Flags, auc: float) -> Leak | None:
    if seen.labels and seen.distinct.size > max(_FEW_VALUES, left.size / 2):
        found = separates(seen.codes, left, auc)
        words = "are keys in whose order churners stand apart"
        return Leak(name, LeakKind.ORDER, found, words) if found else None
    order = learnt_order(seen.codes.astype(np.int64), left) if seen.labels else seen.codes
    found = separates(order, left, auc)
    words = f"alone ranks churners with an area under the ROC curve of {found:.3f}"
    return Leak(name, LeakKind.SEPARATOR, found, words) if found else None


def _giveaway(name: str, seen: _Coded, left: Flags) -> Leak | None:
    if seen.distinct.size > _FEW_VALUES:
        return None
    given = purest_value(seen.states.astype(np.int64), left)
    if given is None or given.value < 0:
        return None
    value = seen.labels[given.value] if seen.labels else f"{seen.distinct[given.value]:g}"
    words = f"is {value!r} in {given.rows:,} rows, of which {given.share:.1%} left"
    return Leak(name, LeakKind.GIVEAWAY, given.share, words)


def _of_days(
    name: str, seconds: Floats, clock: Floats, left: Flags, *, recorded: bool
) -> list[Leak]:
    later: Flags = seconds > clock
    share = float(later.mean())
    if (recorded or _RECORDING.search(name)) and later.any():
        words = f"{int(later.sum()):,} rows were recorded after their snapshot"
        return [Leak(name, LeakKind.LATE_RECORDING, share, words)]
    if later.any() and goes_with(later, left):
        words = (
            f"lies after the snapshot in {int(later.sum()):,} rows, and that goes with the label"
        )
        return [Leak(name, LeakKind.LATER_DAY, share, words)]
    return []


def _seconds(column: nw.Series[Any]) -> Floats:
    """Return days and instants as seconds from 1970, NaN where null."""
    dtype = column.dtype
    if isinstance(dtype, nw.Datetime) and dtype.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    values = column.to_numpy().astype("datetime64[s]")
    return np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64))


def _of_order(opened: OpenFrame, left: Flags, auc: float) -> list[Leak]:
    given: Any = nw.from_native(nw.to_native(opened.given, pass_through=True))
    if given.implementation not in _ORDERED:
        return []
    found = separates(np.arange(left.size, dtype=np.float64), left, auc)
    words = "churners stand together at one end of the table: shuffle it, and drop row numbers"
    return [Leak(_ROW_ORDER, LeakKind.ORDER, found, words)] if found else []
