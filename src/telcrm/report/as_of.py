"""How far the tables reach, and so the day from which a report looks back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EVENT_TIME", "STATE_TIME", "Reach", "reach"]

EVENT_TIME: Final[Mapping[str, str]] = {
    "subscriber_months": "period",
    "usage": "started_at",
    "recharges": "recharged_at",
    "invoices": "issued_on",
    "payments": "paid_on",
    "complaints": "received_at",
    "interactions": "started_at",
    "service_requests": "requested_at",
    "surveys": "responded_at",
    "campaign_contacts": "contacted_at",
}
"""When a row of a table happened. The other tables hold states, not events."""

STATE_TIME: Final[Mapping[str, str]] = {
    "customers": "since",
    "subscriptions": "activated_on",
    "equipment": "assigned_on",
}
"""Since when a row of the other tables holds."""

_EVENTS: Final = (
    *EVENT_TIME.items(),
    ("complaints", "resolved_at"),
    ("service_requests", "completed_at"),
)
_STATES: Final = (*STATE_TIME.items(), ("equipment", "returned_on"))
_FAR_DAYS: Final = 31


@dataclass(frozen=True, slots=True)
class Reach:
    """The column that reaches furthest, and the furthest of the other tables.

    Attributes
    ----------
    column : str
        ``"payments.paid_on"``.
    day : datetime.date
        Its last day; a month of ``subscriber_months`` counts to its end.
    next_column : str, optional
        The furthest of the other tables; None: there is no other table of events.
    next_day : datetime.date, optional
    """

    column: str
    day: date
    next_column: str | None = None
    next_day: date | None = None

    @property
    def far_days(self) -> int:
        """Days that one table alone reaches beyond all others, if that is over a month; else 0."""
        if self.next_day is None:
            return 0
        days = (self.day - self.next_day).days
        return days if days > _FAR_DAYS else 0


def reach(frames: Mapping[str, pl.DataFrame]) -> Reach | None:
    """Find the last day on which something happened.

    Where no table holds events, the last customer, subscription or assigned device counts.

    Parameters
    ----------
    frames : mapping of str to polars.DataFrame

    Returns
    -------
    Reach or None
        None: no table has a date.
    """
    for times in (_EVENTS, _STATES):
        days = [
            (day, table, f"{table}.{column}")
            for table, column in times
            if table in frames and column in frames[table].columns
            if (day := _last_day_of(frames[table], column)) is not None
        ]
        if days:
            (day, first, column), *rest = sorted(days, key=lambda found: found[0], reverse=True)
            others = ((day, column) for day, table, column in rest if table != first)
            next_day, next_column = next(others, (None, None))
            return Reach(column, day, next_column, next_day)
    return None


def _last_day_of(frame: pl.DataFrame, column: str) -> date | None:
    import polars as pl

    day = pl.col(column).cast(pl.Date).max()
    if column == "period":
        day = day.dt.month_end()
    found: date | None = frame.select(day).item()
    return found
