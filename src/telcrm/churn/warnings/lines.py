"""Which lines can still be lost: those in service at the first moment of a day."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.day_numbers import day_number
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.domain import Subscription, SubscriptionStatus
from telcrm.tables.typed_columns import flag

__all__ = [
    "drop_ended",
    "in_service_days",
    "is_gone",
    "lines_at_risk",
    "standing_lines",
    "with_standing",
]

_IN_SERVICE: Final = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.SUSPENDED,
    SubscriptionStatus.PENDING_TERMINATE,
)


def with_standing(rows: nw.LazyFrame[Any], as_of: date) -> nw.LazyFrame[Any]:
    """Add to subscriptions how each stood at the first moment of a day.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    as_of : date

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        With ``at_risk``, ``ended`` and ``suspended``, 0 or 1; ``in_service_days``, very many where
        the start is not known; ``bound_until``, a day number, 0 without a commitment.

    Notes
    -----
    The table holds the present status. A line that ended on the day or later was in service until
    then; one that was activated on the day or later was not there.
    """
    today = as_of.toordinal()
    dated = rows.with_columns(
        _began=day_number("activated_on", missing=0),
        _until=day_number("terminated_on", missing=0),
    )
    status, there = nw.col("status"), nw.col("_began") < today
    terminated = status == SubscriptionStatus.TERMINATED.value
    in_service = status.is_in([each.value for each in _IN_SERVICE])
    return dated.with_columns(
        at_risk=flag(there & (in_service | (terminated & (nw.col("_until") >= today)))),
        ended=flag(there & terminated & (nw.col("_until") < today)),
        suspended=flag(status == SubscriptionStatus.SUSPENDED.value),
        in_service_days=today - nw.col("_began"),
        bound_until=day_number("commitment_end", missing=0),
    )


def lines_at_risk(subscriptions: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the lines in service, from :func:`with_standing`."""
    return subscriptions.filter(nw.col("at_risk") == 1).select(
        "customer_id", "subscription_id", "in_service_days", "suspended", "bound_until"
    )


def drop_ended(rows: nw.LazyFrame[Any], subscriptions: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Leave out rows of lines that had ended, and of customers of whom no line was left.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
        With ``customer_id`` and ``subscription_id``.
    subscriptions : narwhals.stable.v2.LazyFrame
        From :func:`with_standing`.
    """
    lines = _only_ended(subscriptions, "subscription_id", "_ended")
    customers = _only_ended(subscriptions, "customer_id", "_gone")
    kept = rows.join(lines, how="anti", left_on="subscription_id", right_on="_ended")
    return kept.join(customers, how="anti", left_on="customer_id", right_on="_gone")


def _only_ended(subscriptions: nw.LazyFrame[Any], key: str, name: str) -> nw.LazyFrame[Any]:
    each = subscriptions.group_by(key).agg(nw.col("ended").max(), nw.col("at_risk").max())
    only = each.filter((nw.col("ended") == 1) & (nw.col("at_risk") == 0))
    return only.select(nw.col(key).alias(name))


def standing_lines(history: CustomerHistory, as_of: date) -> list[Subscription]:
    """Return the lines of one customer in service, as :func:`lines_at_risk` does."""
    return [line for line in history.subscriptions or () if _at_risk(line, as_of)]


def is_gone(history: CustomerHistory, as_of: date, line: str | None) -> bool:
    """Tell whether one customer, or a line of it, had ended, as :func:`drop_ended` does."""
    lines = history.subscriptions or ()
    at_risk = {one.subscription_id for one in lines if _at_risk(one, as_of)}
    ended = {one.subscription_id for one in lines if _ended(one, as_of)}
    return (bool(ended) and not at_risk) or line in ended - at_risk


def in_service_days(line: Subscription, as_of: date) -> int:
    """Return the days of one line in service; very many where its start is not known."""
    return as_of.toordinal() - (line.activated_on.toordinal() if line.activated_on else 0)


def _at_risk(line: Subscription, as_of: date) -> bool:
    later = line.terminated_on is not None and line.terminated_on >= as_of
    return _was_there(line, as_of) and (line.status in _IN_SERVICE or later)


def _ended(line: Subscription, as_of: date) -> bool:
    terminated = line.status is SubscriptionStatus.TERMINATED
    return _was_there(line, as_of) and terminated and not _at_risk(line, as_of)


def _was_there(line: Subscription, as_of: date) -> bool:
    return line.activated_on is None or line.activated_on < as_of
