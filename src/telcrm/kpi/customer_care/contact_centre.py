"""How fast contacts are answered, how long they take, and how many customers give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.domain import InteractionDirection, InteractionOutcome, Record
from telcrm.kpi.breakdown import Breakdown, Grain, break_down, row_names
from telcrm.kpi.instants import read_objects
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null

__all__ = ["AbandonedContacts", "ServiceLevelPolicy", "ShortAbandons", "contact_centre"]

FrameT = TypeVar("FrameT")

_COUNTS = (
    "offered",
    "answered",
    "answered_in_time",
    "abandoned",
    "short_abandoned",
    "unmeasured",
)
_REMEDY = "Mend or drop those rows."
_RESULT = (*_COUNTS, "service_level", "abandonment_rate", "asa_s", "aht_s")


class AbandonedContacts(StrEnum):
    """What an abandoned contact is to the service level."""

    MISSED = "missed"
    """Offered and not answered in time, however soon the customer gave up."""
    EXCLUDED = "excluded"
    """Nothing: the service level is that of the answered ones."""


class ShortAbandons(StrEnum):
    """What an abandoned contact is to the service level if the customer gave up at once."""

    EXCLUDED = "excluded"
    """Nothing: nobody could have answered it."""
    MET = "met"
    """As good as answered in time."""


class ServiceLevelPolicy(Record):
    """How :func:`~telcrm.kpi.contact_centre` counts who gave up before an answer.

    Examples
    --------
    The five formulas of the trade, for 20 seconds:

    >>> all_in_time = ServiceLevelPolicy(short_abandon_s=20, short_abandons="met")
    >>> only_answered = ServiceLevelPolicy(abandoned="excluded")
    >>> plain = ServiceLevelPolicy()
    >>> after_threshold = ServiceLevelPolicy(short_abandon_s=20)
    >>> short_calls_met = ServiceLevelPolicy(short_abandon_s=5, short_abandons="met")

    References
    ----------
    ICMI, Queue Tips, *Service Level Calculations* (2002): the five, with a worked example.
    """

    threshold_s: Annotated[int, Field(strict=True, ge=0)] = 20
    """A contact answered after this wait, in seconds, or a shorter one is answered in time."""
    abandoned: AbandonedContacts = AbandonedContacts.MISSED
    short_abandon_s: Annotated[int, Field(strict=True, ge=0)] | None = None
    """An abandoned contact with this wait, in seconds, or a shorter one is a short abandon.

    None: there are no short abandons.
    """
    short_abandons: ShortAbandons = ShortAbandons.EXCLUDED


def contact_centre(
    frame: FrameT,
    *,
    direction: str = "direction",
    outcome: str = "outcome",
    wait: str = "wait_s",
    duration: str = "duration_s",
    at: str = "started_at",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = None,
    policy: ServiceLevelPolicy | None = None,
) -> FrameT:
    """Measure service level, speed of answer, handling time and abandonment.

    Parameters
    ----------
    frame : dataframe
        Interactions, one row each. Those of channels without a queue would flatter the service
        level: take them out, or pass ``by="channel"``. pandas, Polars (eager or lazy), a DuckDB
        relation, PySpark, or PyArrow.
    direction, outcome : str
        Columns of :class:`~telcrm.domain.InteractionDirection` and
        :class:`~telcrm.domain.InteractionOutcome`. Only inbound contacts are looked at.
        ``"abandoned"`` is given up; every other outcome, also a callback that was agreed on, was
        answered.
    wait, duration : str
        Numeric columns, seconds: in the queue before the answer or until the customer gave up, and
        with an agent.
    at : str
        Column of dates or datetimes, needed for ``period``. The day of a datetime is that of the
        clock it is kept in.
    by : str or sequence of str, optional
        Columns to break the figures down by, for example ``"channel"``.
    period : {"month", "day"}, optional
        Figures for every month or day from the first inbound contact to the last. None puts all
        together.
    policy : ServiceLevelPolicy, optional
        The threshold, and what abandoned contacts are to the service level. By default 20 seconds,
        and all of them missed.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys: ``period`` (the first day of the month)
        or ``day``, then the columns of ``by``. One row in all if nothing is broken down. Every
        month or day and every group has its row, with 0 contacts if there were none.

        ``offered``
            Int64: inbound contacts whose outcome and wait are known:
            ``answered + abandoned + short_abandoned``.
        ``answered``, ``answered_in_time``
            Int64: answered at all, and after a wait up to the threshold.
        ``abandoned``, ``short_abandoned``
            Int64: given up, and given up so soon that the policy calls it short.
        ``unmeasured``
            Int64: inbound contacts without outcome or wait; they are in no other figure.
        ``service_level``
            Float64, a share: ``answered_in_time`` over what the policy has it divided by.
        ``abandonment_rate``
            Float64, a share: ``abandoned`` over ``answered + abandoned``.
        ``asa_s``
            Float64, seconds: average speed of answer, the mean wait of the answered ones.
        ``aht_s``
            Float64, seconds: average handling time, the mean duration of the answered ones that
            have one.

        Shares and means are null where there is nothing to divide by (NaN in NumPy-backed pandas,
        whose floats know no other null).

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A wait or a duration is no number, ``at`` no date, or a key is a float or an object.
    InvalidTableError
        A direction is null or unknown. Of the inbound contacts: an outcome is unknown, a wait or a
        duration negative or not finite, an instant (if there is a period) or a group null.
    ParameterError
        ``period`` is no grain, or a column of ``by`` would stand twice in the result.

    Notes
    -----
    With ``d`` for the contacts answered in time, ``a`` for the answered, ``b`` for the abandoned
    and ``s`` for the short abandons::

        service_level = d / (a + b)              abandoned="missed", short_abandons="excluded"
        service_level = (d + s) / (a + b + s)    abandoned="missed", short_abandons="met"

    With ``abandoned="excluded"`` there is no ``b`` in it. ``duration_s`` is time with an agent:
    wrap-up work after it is in the handling time only if it is in the column.

    References
    ----------
    ICMI, Queue Tips, *Service Level Calculations* (2002).

    Examples
    --------
    >>> import polars as pl
    >>> calls = pl.DataFrame(
    ...     {
    ...         "direction": ["inbound"] * 4,
    ...         "outcome": ["resolved", "answered", "transferred", "abandoned"],
    ...         "wait_s": [5, 20, 65, 90],
    ...         "duration_s": [180, 240, 60, 0],
    ...     }
    ... )
    >>> measured = contact_centre(calls)
    >>> measured.select("offered", "answered", "service_level", "asa_s", "aht_s").rows()
    [(4, 3, 0.5, 30.0, 160.0)]
    """
    agreed = policy or ServiceLevelPolicy()
    keys = break_down("contact_centre", by=by, period=period, at=at, result=_RESULT)
    opened = open_frame(frame, table="interactions")
    texts = {"direction": direction, "outcome": outcome}
    seconds = {"wait": wait, "duration": duration}
    require_columns(opened, {**texts, **seconds, **keys.columns})
    opened = read_objects(opened, [*texts.values(), *seconds.values(), *keys.kinds])
    kinds = dict.fromkeys(texts.values(), ColumnKind.KEY)
    require_kinds(
        opened, {**kinds, **dict.fromkeys(seconds.values(), ColumnKind.NUMBER), **keys.kinds}
    )
    inbound = key_values(opened, direction) == InteractionDirection.INBOUND.value
    rules = [
        not_null(direction),
        _one_of(opened, direction, InteractionDirection),
        # What is wrong with a contact that does not count is not asked.
        *[
            replace(rule, broken=inbound & rule.broken)
            for rule in (*_rules(opened, outcome, [wait, duration]), *keys.rules())
        ],
    ]
    found = check_rows(
        opened,
        rules,
        keys=row_names(opened, "interaction_id", "customer_id", direction),
        ranges=keys.ranges(inbound),
    )

    rows = opened.rows.filter(inbound).select(
        **keys.keys(opened),
        _outcome=key_values(opened, outcome),
        _wait=nw.col(wait).cast(nw.Float64),
        _duration=nw.col(duration).cast(nw.Float64),
    )
    summed = keys.summarise(
        opened,
        _flag(rows, keys, agreed),
        found,
        counts=[*_COUNTS, "_timed"],
        totals=["_waited_s", "_talked_s"],
    )
    return keys.close(opened, _figures(summed, keys, agreed))  # type: ignore[no-any-return]


def _rules(opened: OpenFrame, outcome: str, seconds: Sequence[str]) -> list[RowCheck]:
    schema = opened.rows.collect_schema()
    rules = [_one_of(opened, outcome, InteractionOutcome)]
    for name in seconds:
        rules.append(RowCheck("not_negative", name, nw.col(name) < 0, "is negative", _REMEDY))
        if isinstance(schema[name], nw.dtypes.FloatType):
            rules.append(finite(name))
    return rules


def _one_of(opened: OpenFrame, column: str, words: type[StrEnum]) -> RowCheck:
    given = key_values(opened, column)
    unknown = ~given.is_null() & ~given.is_in([str(word) for word in words])
    return RowCheck("one_of", column, unknown, f"is none of {', '.join(words)}", _REMEDY)


def _flag(
    rows: nw.LazyFrame[Any], keys: Breakdown, policy: ServiceLevelPolicy
) -> nw.LazyFrame[Any]:
    """Mark each inbound contact with what it counts as, 0 or 1, and with its seconds."""

    def flag(condition: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))

    outcome, wait, duration = nw.col("_outcome"), nw.col("_wait"), nw.col("_duration")
    short = nw.lit(0) if policy.short_abandon_s is None else flag(wait <= policy.short_abandon_s)
    # Nulls answer no test, and their opposite neither: flags are whole numbers before they meet.
    told = rows.with_columns(
        _known=flag(~outcome.is_null() & ~wait.is_null()),
        _given_up=flag(outcome == InteractionOutcome.ABANDONED.value),
        _in_time=flag(wait <= policy.threshold_s),
        _short=short,
        _has_duration=flag(~duration.is_null()),
    ).with_columns(
        answered=nw.col("_known") * (1 - nw.col("_given_up")),
        _abandoned=nw.col("_known") * nw.col("_given_up"),
    )
    answered, timed = nw.col("answered"), nw.col("answered") * nw.col("_has_duration")
    return told.select(
        *keys.inner_keys,
        "answered",
        offered=nw.col("_known"),
        unmeasured=1 - nw.col("_known"),
        answered_in_time=answered * nw.col("_in_time"),
        abandoned=nw.col("_abandoned") * (1 - nw.col("_short")),
        short_abandoned=nw.col("_abandoned") * nw.col("_short"),
        _timed=timed,
        _waited_s=nw.when(answered == 1).then(wait).otherwise(nw.lit(0.0)),
        _talked_s=nw.when(timed == 1).then(duration).otherwise(nw.lit(0.0)),
    )


def _figures(
    summed: nw.LazyFrame[Any], keys: Breakdown, policy: ServiceLevelPolicy
) -> nw.LazyFrame[Any]:
    answered, abandoned = nw.col("answered"), nw.col("abandoned")
    in_time, of = nw.col("answered_in_time"), answered
    if policy.abandoned is AbandonedContacts.MISSED:
        of = of + abandoned
    if policy.short_abandons is ShortAbandons.MET:
        in_time, of = in_time + nw.col("short_abandoned"), of + nw.col("short_abandoned")

    def ratio(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
        number = whole.cast(nw.Float64)
        return part.cast(nw.Float64) / nw.when(number > 0).then(number)

    return summed.select(
        *keys.names,
        *_COUNTS,
        service_level=ratio(in_time, of),
        abandonment_rate=ratio(abandoned, answered + abandoned),
        asa_s=ratio(denoise(nw.col("_waited_s")), answered),
        aht_s=ratio(denoise(nw.col("_talked_s")), nw.col("_timed")),
    )
