"""Spans in which a line that nobody terminated was gone: silent, not refilled, or not billed.

An absence has ``_date``, the churn date; ``_known``, the first day on which it is certain;
``_since``, the day on which the line came back, and ``_back``, the first snapshot that sees it
back. A line that did not come back has :data:`telcrm.mart.lines.LATEST` in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.sources import PanelSources
from telcrm.churn.window import ChurnWindow, PrepaidRule
from telcrm.domain import ActivityKind, PaymentMode, UsageDirection
from telcrm.domain.moments import first_of_month, month_number
from telcrm.mart.lines import LATEST
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["ABSENCE", "SPELL", "Knowledge", "absences", "activity_tables"]

SPELL = ("subscription_id", "_activated_on")
"""What names a row of the table of subscriptions."""

ABSENCE = (*SPELL, "_date", "_known", "_since", "_back")

_USAGE = {
    ActivityKind.OUTGOING: UsageDirection.OUTGOING,
    ActivityKind.INCOMING: UsageDirection.INCOMING,
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Up to which day events are looked at, and which of them had been recorded.

    Attributes
    ----------
    until : int
        Day number; events are known before it.
    seen : int
        Rows count that had been recorded by this day.
    first : dict of str to (int or None)
        The first day that each table tells of.
    """

    until: int
    seen: int
    first: dict[str, int | None]

    def rows(self, sources: PanelSources, table: str) -> nw.LazyFrame[Any]:
        """Return the events of a table that count."""
        late = (nw.col("_day") >= self.until) | (nw.col("_seen") > self.seen)
        return sources.rows(table).filter(~late)


def activity_tables(sources: PanelSources, rule: PrepaidRule) -> list[str]:
    """List the tables that tell of the activities of a rule."""
    tables = ["recharges"] if ActivityKind.RECHARGE in rule.kinds else []
    tables += ["usage"] if set(_USAGE) & set(rule.kinds) else []
    return [table for table in tables if sources.has(table)]


def absences(
    sources: PanelSources, window: ChurnWindow, lines: nw.LazyFrame[Any], known: Knowledge
) -> nw.LazyFrame[Any] | None:
    """Find all absences of lines, now: rows of ``ABSENCE``.

    Parameters
    ----------
    sources : PanelSources
    window : ChurnWindow
    lines : narwhals.stable.v2.LazyFrame
        ``SPELL``, ``customer_id``, ``payment_mode`` and ``_ended``.
    known : Knowledge

    Returns
    -------
    narwhals.stable.v2.LazyFrame or None
        None if no table could tell of any.
    """
    parts = []
    prepaid = nw.col("payment_mode") == str(PaymentMode.PREPAID)
    if window.prepaid is not None:
        parts += _of_prepaid(sources, window.prepaid, lines.filter(prepaid), known)
        lines = lines.filter(~prepaid)
    if window.absent_months is not None and sources.has("subscriber_months"):
        found = _without_months(sources, window.absent_months, lines, known)
        parts += [found] if found is not None else []
    if not parts:
        return None
    # Few, and looked at three times for each snapshot.
    return sources.main.computed(nw.concat([part.select(*ABSENCE) for part in parts]))


def _of_prepaid(
    sources: PanelSources, rule: PrepaidRule, lines: nw.LazyFrame[Any], known: Knowledge
) -> list[nw.LazyFrame[Any]]:
    tables = activity_tables(sources, rule)
    if not tables:
        return []
    told = [day for table in tables if (day := known.first[table]) is not None]
    first = min(told, default=known.until)
    days = [_activity(sources, rule, table, lines, known) for table in tables]
    # What a line did before the tables begin is not known: it gets the benefit of the doubt.
    began = nw.max_horizontal("_activated_on", nw.lit(first - 1))
    begun = lines.with_columns(_day=began.cast(nw.Int64)).filter(nw.col("_day") < known.until)
    # A day that comes twice is no gap.
    active = nw.concat([part.select(*SPELL, "_day") for part in [*days, begun]])
    silent = nw.lit(rule.inactivity_days)
    parts = [_gaps(active, known, date=nw.col("_day") + 1, wait=silent)]
    refilled = sources.has("recharges", "validity_days") and "recharges" in known.first
    if rule.refill_grace_days is not None and refilled:
        parts.append(_unrefilled(sources, rule.refill_grace_days, lines, known))
    return parts


def _activity(
    sources: PanelSources,
    rule: PrepaidRule,
    table: str,
    lines: nw.LazyFrame[Any],
    known: Knowledge,
) -> nw.LazyFrame[Any]:
    rows = known.rows(sources, table)
    if table == "recharges":
        return _within(rows.filter(nw.col("amount") > 0), lines)
    counted = [str(own) for kind, own in _USAGE.items() if kind in rule.kinds]
    used = rows.filter(nw.col("direction").is_in(counted)).select("subscription_id", "_day")
    return _within(used, lines).select(*SPELL, "_day").unique()


def _within(rows: nw.LazyFrame[Any], lines: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Join events with the spell of the line that they fall in."""
    return rows.join(lines.select(*SPELL, "_ended"), how="inner", on="subscription_id").filter(
        _lives()
    )


def _lives() -> nw.Expr:
    # Before and after, the number may have been another holder's.
    return (nw.col("_day") >= nw.col("_activated_on")) & (nw.col("_day") < nw.col("_ended"))


def _gaps(
    days: nw.LazyFrame[Any], known: Knowledge, *, date: nw.Expr, wait: nw.Expr
) -> nw.LazyFrame[Any]:
    """Find the days that none follows within ``wait`` days of ``date``."""
    beside = with_neighbours(days, {"_next": ("_day", -1)}, among=SPELL, order_by=["_day"])
    dated = beside.with_columns(_date=date, _next=nw.col("_next").fill_null(LATEST).cast(nw.Int64))
    dated = dated.with_columns(_known=nw.col("_date") + wait)
    long = (nw.col("_known") <= nw.col("_next")) & (nw.col("_known") <= known.until)
    return dated.filter(long).select(
        *SPELL, "_date", "_known", _since=nw.col("_next"), _back=nw.col("_next") + 1
    )


def _unrefilled(
    sources: PanelSources, grace: int, lines: nw.LazyFrame[Any], known: Knowledge
) -> nw.LazyFrame[Any]:
    rows = _within(known.rows(sources, "recharges"), lines)
    valid = nw.col("_day") + nw.col("validity_days").fill_null(float(LATEST)).cast(nw.Int64)
    expires = rows.with_columns(_valid=valid).group_by(*SPELL, "_day").agg(nw.col("_valid").max())
    # An earlier recharge may be valid for longer than a later one.
    upto = nw.col("_valid").cum_max().over(*SPELL, order_by="_day")
    days = expires.with_columns(_valid=upto.cast(nw.Int64))
    return _gaps(days, known, date=nw.col("_valid"), wait=nw.lit(grace))


def _without_months(
    sources: PanelSources, absent: int, lines: nw.LazyFrame[Any], known: Knowledge
) -> nw.LazyFrame[Any] | None:
    last = month_number(date.fromordinal(known.until)) - 1
    rows = known.rows(sources, "subscriber_months").filter(nw.col("_month") <= last)
    first = known.first["subscriber_months"]
    if first is None:
        return None
    months = range(month_number(date.fromordinal(first)), last + absent + 3)
    opened = sources.main
    starts = result_table(
        opened,
        {
            "_at": ResultColumn(int, list(months)),
            "_start": ResultColumn(int, [first_of_month(at).toordinal() for at in months]),
        },
    )
    ended = lines.select(*SPELL, "_ended")
    inside = (nw.col("_day") > nw.col("_activated_on") - 31) & (nw.col("_day") < nw.col("_ended"))
    active = rows.join(ended, how="inner", on="subscription_id").filter(inside)
    active = active.select(*SPELL, "_ended", "_day", "_month")
    beside = with_neighbours(active, {"_next": ("_month", -1)}, among=SPELL, order_by=["_month"])
    told = rows.select(_last=nw.col("_month").max())
    beside = beside.join(told, how="cross")
    beside = beside.with_columns(_next=nw.col("_next").fill_null(LATEST).cast(nw.Int64))
    gone = nw.min_horizontal(nw.col("_next") - 1, nw.col("_last")) >= nw.col("_month") + absent
    # A termination in the last month or the one after tells the day itself.
    stated = nw.col("_ended") < nw.col("_day") + 62
    found = beside.filter(gone & ~stated).with_columns(
        _gone=nw.col("_month") + absent + 1,
        _seen=nw.when(nw.col("_next") < LATEST).then(nw.col("_next") + 1).otherwise(nw.lit(-1)),
    )
    found = found.join(starts, how="left", left_on="_gone", right_on="_at")
    found = found.with_columns(_known=nw.col("_start")).drop("_start")
    returns = starts.select("_at", _back=nw.col("_start"))
    found = found.join(returns, how="left", left_on="_seen", right_on="_at")
    begun = starts.select("_at", _since=nw.col("_start"))
    found = found.join(begun, how="left", left_on="_next", right_on="_at")
    return found.select(
        *SPELL,
        _date=nw.col("_day") + 15,
        _known=nw.col("_known").cast(nw.Int64),
        _since=nw.col("_since").fill_null(LATEST).cast(nw.Int64),
        _back=nw.col("_back").fill_null(LATEST).cast(nw.Int64),
    )
