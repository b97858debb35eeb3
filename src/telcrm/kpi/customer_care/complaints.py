"""How long complaints take to resolve, and how many are resolved at the first contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import ComplaintStatus
from telcrm.domain.arguments import require_positive
from telcrm.kpi.breakdown import Breakdown, Grain, break_down, row_names
from telcrm.kpi.instants import epoch_second, read_objects, with_epoch_seconds
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import RowCheck, check_rows, not_null

__all__ = ["first_contact_resolution", "time_to_resolve"]

FrameT = TypeVar("FrameT")

_TIMES = (
    "received",
    "resolved",
    "ended",
    "open",
    "mean_hours",
    "median_hours",
    "judged",
    "resolved_within",
    "share_within",
)
_FIRST = (
    "contacts",
    "repeats",
    "first_contacts",
    "judged",
    "resolved_at_first",
    "first_contact_resolution",
)
_ENDED = (
    ComplaintStatus.RESOLVED,
    ComplaintStatus.CLOSED,
    ComplaintStatus.REJECTED,
    ComplaintStatus.CANCELLED,
)
_HOUR_S, _DAY_S = 3600, 86_400


def time_to_resolve(
    frame: FrameT,
    *,
    as_of: datetime,
    within_hours: float = 72.0,
    received: str = "received_at",
    resolved: str = "resolved_at",
    status: str = "status",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
) -> FrameT:
    """Measure how long complaints take from receipt to an answer that stands.

    Parameters
    ----------
    frame : dataframe
        Complaints, one row each. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    as_of : datetime
        Aware instant at which one looks. Complaints received later are not looked at, and what was
        resolved later is open.
    within_hours : float > 0
        Hours within which a complaint should be resolved.
    received, resolved : str
        Columns of dates or datetimes, read to the second; each may have a zone of its own, and
        without one they are UTC. ``resolved`` is null where there is no answer that stands.
    status : str
        Column of :class:`~telcrm.domain.ComplaintStatus`.
    by : str or sequence of str, optional
        Columns to break the figures down by, for example ``"category"``.
    period : {"month", "day"}, optional
        Figures for every month or day of receipt, from the first to the last, by the clock that
        ``received`` is kept in. None puts all together.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys: ``period`` (the first day of the month)
        or ``day``, then the columns of ``by``. One row in all if nothing is broken down. Every
        month or day and every group has its row, with 0 complaints if there were none.

        ``received``
            Int64: all complaints received by ``as_of``: ``resolved + ended + open``.
        ``resolved``
            Int64: those resolved by then.
        ``ended``
            Int64: those without an instant of resolution whose status says that they are over:
            resolved, closed, rejected or cancelled. How long they took is not known.
        ``open``
            Int64: the others.
        ``mean_hours``, ``median_hours``
            Float64: from receipt to resolution, of the resolved ones; null if there are none.
        ``judged``
            Int64: those received at least ``within_hours`` before ``as_of``, without the ended.
        ``resolved_within``
            Int64: those of them that were resolved within ``within_hours``.
        ``share_within``
            Float64, a share: ``resolved_within / judged``; null if there are none.

        In NumPy-backed pandas, whose floats know no other null, null is NaN.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A column of instants holds no dates, or a key is a float or an object.
    InvalidTableError
        A receipt, a status or a group is null, a status is unknown, or a complaint was resolved
        before it was received.
    ParameterError
        ``as_of`` is no aware datetime, ``within_hours`` no number above 0, ``period`` no grain, or
        a column of ``by`` would stand twice in the result.

    Notes
    -----
    An open complaint has already taken some time, and will take more: it is censored. Mean and
    median leave it out, so they are too short for recent months, of which only the quick ones are
    resolved: compare months only once ``open`` is near 0. ``share_within`` has no such bias: it
    asks only complaints whose hours are over, resolved or not, and once all of a month are judged
    it never changes again.

    ``status`` is that of the extract, which may be later than ``as_of``. Taking a resolved
    complaint up again clears its instant of resolution, so how often that happens is not in the
    table.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import UTC, timedelta
    >>> noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    >>> hours = [5, 100, None]
    >>> complaints = pl.DataFrame(
    ...     {
    ...         "received_at": [noon] * 3,
    ...         "resolved_at": [h and noon + timedelta(hours=h) for h in hours],
    ...         "status": ["closed", "closed", "inProgress"],
    ...     }
    ... )
    >>> times = time_to_resolve(complaints, as_of=noon + timedelta(days=30))
    >>> times.select("received", "resolved", "open", "mean_hours", "share_within").rows()
    [(3, 2, 1, 52.5, 0.3333333333333333)]
    """
    now = epoch_second(as_of, parameter="as_of")
    require_positive(within_hours=within_hours)
    limit = float(within_hours) * _HOUR_S
    keys = break_down("time_to_resolve", by=by, period=period, at=received, result=_TIMES)
    needed = {"received": received, "resolved": resolved, "status": status}
    opened = _open(frame, keys, needed, texts=[status])
    given = key_values(opened, status)
    known = given.is_in([str(each) for each in ComplaintStatus])
    words = f"is none of {', '.join(ComplaintStatus)}"
    rules = [
        not_null(status),
        RowCheck("one_of", status, ~given.is_null() & ~known, words, "Map those words."),
    ]
    found = _check(opened, keys, rules, needed, now)

    came, answered = nw.col("_received"), nw.col("_resolved")
    told = (
        opened.rows.filter(came <= now)
        .with_columns(
            _answered=_flag(answered <= now),
            _over=_flag(given.is_in([str(each) for each in _ENDED])),
            _unstated=_flag(answered.is_null()),
            _old_enough=_flag(came.cast(nw.Float64) <= now - limit),
            _quick=_flag((answered - came).cast(nw.Float64) <= limit),
        )
        .with_columns(_ended=nw.col("_over") * nw.col("_unstated"))
        .with_columns(_judged=nw.col("_old_enough") * (1 - nw.col("_ended")))
    )
    is_answered = nw.when(nw.col("_answered") == 1)
    hours = (answered - came).cast(nw.Float64) / _HOUR_S
    rows = told.select(
        **keys.keys(opened),
        received=nw.lit(1),
        resolved=nw.col("_answered"),
        ended=nw.col("_ended"),
        open=1 - nw.col("_answered") - nw.col("_ended"),
        judged=nw.col("_judged"),
        resolved_within=nw.col("_judged") * nw.col("_answered") * nw.col("_quick"),
        _hours=is_answered.then(hours).otherwise(nw.lit(0.0)),
        median_hours=is_answered.then(hours),
    )
    counts = [name for name in _TIMES if name not in {"mean_hours", "median_hours", "share_within"}]
    summed = keys.summarise(
        opened, rows, found, counts=counts, totals=["_hours"], medians=["median_hours"]
    )
    result = summed.with_columns(
        mean_hours=_ratio(denoise(nw.col("_hours")), "resolved"),
        median_hours=denoise(nw.col("median_hours")),
        share_within=_ratio(nw.col("resolved_within"), "judged"),
    ).select(*keys.names, *_TIMES)
    return keys.close(opened, result)  # type: ignore[no-any-return]


def first_contact_resolution(
    frame: FrameT,
    *,
    as_of: datetime,
    window_days: float = 7.0,
    complaint: str = "complaint_id",
    customer: str = "customer_id",
    category: str | None = "category",
    received: str = "received_at",
    resolved: str = "resolved_at",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
) -> FrameT:
    """Measure how many complaints are resolved without the customer coming again.

    Parameters
    ----------
    frame : dataframe
        Complaints, one row each. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    as_of : datetime
        Aware instant at which one looks; complaints received later are not looked at.
    window_days : float > 0
        Days of 24 hours within which a complaint is to be resolved and another one about the same
        matter is a repeat.
    complaint : str
        Column that names the complaint; it orders those of one instant.
    customer : str
        Column that names the customer.
    category : str or None
        Column that tells the matter. None: every complaint of a customer is about the same.
    received, resolved : str
        Columns of dates or datetimes, read to the second; each may have a zone of its own, and
        without one they are UTC. ``resolved`` is null where there is no answer that stands.
    by : str or sequence of str, optional
        Columns to break the figures down by, for example ``"channel"``. A first contact counts for
        the group of its own row.
    period : {"month", "day"}, optional
        Figures for every month or day of receipt, from the first to the last, by the clock that
        ``received`` is kept in. None puts all together.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, with the keys and rows of :func:`time_to_resolve` and:

        ``contacts``
            Int64: all complaints received by ``as_of``.
        ``repeats``
            Int64: those that came within the window after another of the same customer and matter.
        ``first_contacts``
            Int64: the others.
        ``judged``
            Int64: first contacts whose window is over at ``as_of``.
        ``resolved_at_first``
            Int64: those of them that were resolved within the window, without a repeat in it.
        ``first_contact_resolution``
            Float64, a share: ``resolved_at_first / judged``; null if there are none (NaN in
            NumPy-backed pandas, whose floats know no other null).

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A column of instants holds no dates, or a key is a float or an object.
    InvalidTableError
        A receipt or a key is null, or a complaint was resolved before it was received.
    ParameterError
        ``as_of`` is no aware datetime, ``window_days`` no number above 0, ``period`` no grain, or a
        column of ``by`` would stand twice in the result.

    Notes
    -----
    A chain of complaints, each within the window after the last, is one matter: its first contact
    was not resolved, and its repeats are no first contacts, so they are in neither part of the
    share. Others divide by all contacts; take ``contacts`` for that.

    A first contact whose window still runs may yet come again, so it is not judged. Nor is it known
    what came before the first row of ``frame``: hand over the rows of one window more than you
    look at.

    A figure whose windows are over never changes again, unless a resolution is taken back.

    References
    ----------
    Call Centre Helper, *First Call (Contact) Resolution*: a contact about the same matter within 7
    days fails it. WFM Labs, *First Contact Resolution*: windows of 7 to 14 days are common.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import UTC, timedelta
    >>> day = datetime(2024, 5, 1, tzinfo=UTC)
    >>> complaints = pl.DataFrame(
    ...     {
    ...         "complaint_id": ["K-1", "K-2", "K-3"],
    ...         "customer_id": ["ann", "bob", "ann"],
    ...         "category": ["billing", "network", "billing"],
    ...         "received_at": [day, day, day + timedelta(days=3)],
    ...         "resolved_at": [day + timedelta(days=n) for n in (1, 2, 4)],
    ...     }
    ... )
    >>> solved = first_contact_resolution(complaints, as_of=day + timedelta(days=30))
    >>> solved.select("contacts", "repeats", "judged", "resolved_at_first").rows()
    [(3, 1, 2, 1)]
    """
    now = epoch_second(as_of, parameter="as_of")
    require_positive(window_days=window_days)
    window = float(window_days) * _DAY_S
    question = "first_contact_resolution"
    keys = break_down(question, by=by, period=period, at=received, result=_FIRST)
    matter = {"customer": customer, **({} if category is None else {"category": category})}
    names = {"complaint": complaint, **matter}
    needed = {**names, "received": received, "resolved": resolved}
    opened = _open(frame, keys, needed, texts=list(names.values()))
    found = _check(opened, keys, [not_null(name) for name in names.values()], needed, now)

    same = [f"_{keyword}" for keyword in matter]
    rows = opened.rows.filter(nw.col("_received") <= now).select(
        **keys.keys(opened),
        **{f"_{keyword}": key_values(opened, name) for keyword, name in names.items()},
        _received=nw.col("_received").cast(nw.Float64),
        _resolved=nw.col("_resolved").cast(nw.Float64),
    )
    came = nw.col("_received")
    beside = with_neighbours(
        rows,
        {"_before": ("_received", 1), "_after": ("_received", -1)},
        among=same,
        order_by=["_received", "_complaint"],
    )
    told = (
        beside.with_columns(
            repeats=_flag(came - nw.col("_before") <= window),
            _again=_flag(nw.col("_after") - came <= window),
            _solved=_flag(nw.col("_resolved") - came <= window),
            _window_over=_flag(came <= now - window),
        )
        .with_columns(first_contacts=1 - nw.col("repeats"))
        .with_columns(judged=nw.col("first_contacts") * nw.col("_window_over"))
    )
    flagged = told.select(
        *keys.inner_keys,
        "repeats",
        "first_contacts",
        "judged",
        contacts=nw.lit(1),
        resolved_at_first=nw.col("judged") * nw.col("_solved") * (1 - nw.col("_again")),
    )
    summed = keys.summarise(opened, flagged, found, counts=_FIRST[:-1])
    result = summed.with_columns(
        first_contact_resolution=_ratio(nw.col("resolved_at_first"), "judged")
    ).select(*keys.names, *_FIRST)
    return keys.close(opened, result)  # type: ignore[no-any-return]


def _open(frame: Any, keys: Breakdown, needed: dict[str, str], *, texts: list[str]) -> OpenFrame:
    """Open complaints, with receipt and resolution as seconds in ``_received``, ``_resolved``."""
    opened = open_frame(frame, table="complaints")
    require_columns(opened, {**needed, **keys.columns})
    instants = [needed["received"], needed["resolved"]]
    opened = read_objects(opened, [*instants, *texts, *keys.groups])
    dates = dict.fromkeys(instants, ColumnKind.DATE)
    require_kinds(opened, {**dict.fromkeys(texts, ColumnKind.KEY), **keys.kinds, **dates})
    seconds = {"_received": needed["received"], "_resolved": needed["resolved"]}
    return replace(opened, rows=with_epoch_seconds(opened, seconds))


def _check(
    opened: OpenFrame, keys: Breakdown, rules: list[RowCheck], needed: dict[str, str], now: int
) -> dict[str, tuple[Any, Any]]:
    received, resolved = needed["received"], needed["resolved"]
    too_early = nw.col("_resolved") < nw.col("_received")
    words = "was resolved before it was received"
    return check_rows(
        opened,
        [
            *([] if keys.grain else [not_null(received)]),
            *keys.rules(),
            *rules,
            RowCheck("resolved_before_received", f"{received}, {resolved}", too_early, words),
        ],
        keys=row_names(opened, "complaint_id", "customer_id", received),
        ranges=keys.ranges(nw.col("_received") <= now),
    )


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _ratio(part: nw.Expr, whole: str) -> nw.Expr:
    number = nw.col(whole).cast(nw.Float64)
    return part.cast(nw.Float64) / nw.when(number > 0).then(number)
