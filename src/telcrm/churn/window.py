"""What counts as churn, and when: observation, gap and outcome around a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationError, field_validator

from telcrm.domain import ActivityKind, PaymentMode, Record, TerminationReason
from telcrm.errors import WindowError

__all__ = ["ChurnKind", "ChurnWindow", "PrepaidRule", "snapshot_days"]

_Days = Annotated[int, Field(strict=True, ge=1, le=3660)]
_DaysOrNone = Annotated[int, Field(strict=True, ge=0, le=3660)]


class ChurnKind(StrEnum):
    """How a line at risk fared: it stayed, or left for one of the four reasons."""

    STAYED = "stayed"
    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    PORT_OUT = "port_out"
    UNAVOIDABLE = "unavoidable"


class PrepaidRule(Record):
    """When a prepaid line, which nobody terminates, has left.

    Its churn date is the day after its last activity, or the day on which the credit of its last
    recharge expired. That is known only later: after ``inactivity_days`` without activity, or
    ``refill_grace_days`` without a recharge. A line that comes back before has not left.

    Examples
    --------
    >>> PrepaidRule(inactivity_days=60, refill_grace_days=None).wait_days
    60

    References
    ----------
    AIS (Thailand), annual report, glossary: a prepaid subscriber is lost after 45 days without the
    refill that extends validity, or after 90 days without use. ITU, Handbook for the Collection of
    Administrative Data on Telecommunications/ICT, I271: used in the last three months.
    """

    inactivity_days: _Days = 90
    """Days without activity after which a line has left, 1 or more."""
    refill_grace_days: _DaysOrNone | None = 45
    """Days without a recharge after the validity of the last one ended; None: no such rule.

    It applies where ``validity_days`` of recharges is told. A recharge whose validity is null does
    not expire.
    """
    kinds: tuple[ActivityKind, ...] = (
        ActivityKind.RECHARGE,
        ActivityKind.OUTGOING,
        ActivityKind.INCOMING,
    )
    """The activities that count. A recharge that was given, of amount 0, is none."""

    @field_validator("kinds")
    @classmethod
    def _told_by_tables(cls, kinds: tuple[ActivityKind, ...]) -> tuple[ActivityKind, ...]:
        if not kinds or len(set(kinds)) < len(kinds) or ActivityKind.REGISTRATION in kinds:
            message = "kinds names recharge, outgoing or incoming, one or more, each once"
            raise ValueError(message)
        return kinds

    @property
    def wait_days(self) -> int:
        """Days after a churn date until it is known for certain."""
        return max(self.inactivity_days, self.refill_grace_days or 0)


class ChurnWindow(Record):
    """Observation, gap and outcome around a snapshot, and what counts as churn.

    All windows are half-open. With the snapshot ``T``, what happened on ``[T - O, T)`` is observed,
    ``[T, T + G)`` is the gap in which a campaign is prepared and late bookings arrive, and a line
    that leaves on ``[T + G, T + G + H)`` churns. Whoever leaves in the gap is too late to save: it
    is counted and left out.

    Examples
    --------
    >>> window = ChurnWindow(gap_days=31)
    >>> window.outcome(date(2026, 1, 1))
    (datetime.date(2026, 2, 1), datetime.date(2026, 3, 3))
    >>> window.known_from(date(2026, 1, 1), payment_mode="prepaid")
    datetime.date(2026, 6, 1)
    """

    observation_days: _Days = 90
    """``O``: days looked back on by the features that count over the observation."""
    gap_days: _DaysOrNone = 30
    """``G``: not less than bookings are late."""
    outcome_days: _Days = 30
    """``H``: days in which leaving is churn."""
    min_tenure_days: _DaysOrNone = 30
    """A line has a row from this age of its spell on."""
    prepaid: PrepaidRule | None = PrepaidRule()
    """None takes prepaid lines by ``terminated_on`` alone, as postpaid ones."""
    absent_months: Annotated[int, Field(strict=True, ge=1, le=12)] | None = 1
    """Whole months without a row in ``subscriber_months`` after which a postpaid line has left.

    A table of subscriptions with one row for each line forgets that a line that came back was
    gone; the table of months does not. Where the table is there, None passes it over.
    """
    churn_reasons: tuple[TerminationReason, ...] = (
        TerminationReason.VOLUNTARY,
        TerminationReason.PORT_OUT,
        TerminationReason.INVOLUNTARY,
    )
    """The reasons that count as churn.

    Whoever leaves for another one, by default ``unavoidable`` (death, a move abroad), is not at
    risk any more from then on, and was no churner: ``churned`` is 0, and ``churn_kind`` tells why.
    """
    unstated_reason: TerminationReason = TerminationReason.VOLUNTARY
    """What leaving counts as where no reason is told; a prepaid line that falls silent tells none.
    """

    if not TYPE_CHECKING:  # The type checker reads the fields.

        def __init__(self, **fields: Any) -> None:
            try:
                super().__init__(**fields)
            except ValidationError as error:
                problem = error.errors()[0]
                where = ".".join(map(str, problem["loc"]))
                raise WindowError(
                    f"ChurnWindow: {where}={problem['input']!r:.60}: {problem['msg']}. Windows "
                    "are whole numbers of days; observation and outcome have one at least.",
                    field=where,
                ) from error

    @field_validator("churn_reasons")
    @classmethod
    def _some_of_each_once(
        cls, reasons: tuple[TerminationReason, ...]
    ) -> tuple[TerminationReason, ...]:
        if not reasons or len(set(reasons)) < len(reasons):
            message = "churn_reasons names one reason or more, each once"
            raise ValueError(message)
        return reasons

    @property
    def embargo_days(self) -> int:
        """``G + H``: days that the snapshots of training keep before those of a test."""
        return self.gap_days + self.outcome_days

    def observation(self, snapshot: date) -> tuple[date, date]:
        """Return the first day of the observation and the first after it, the snapshot.

        Raises
        ------
        WindowError
            The snapshot is no date, or the window would leave the calendar.
        """
        return _moved(snapshot, -self.observation_days), snapshot

    def gap(self, snapshot: date) -> tuple[date, date]:
        """Return the first day of the gap, the snapshot, and the first after it.

        Raises
        ------
        WindowError
        """
        return snapshot, _moved(snapshot, self.gap_days)

    def outcome(self, snapshot: date) -> tuple[date, date]:
        """Return the first day of the outcome and the first after it.

        Raises
        ------
        WindowError
        """
        return _moved(snapshot, self.gap_days), _moved(snapshot, self.embargo_days)

    def known_from(
        self, snapshot: date, *, payment_mode: PaymentMode | str = PaymentMode.POSTPAID
    ) -> date:
        """Return the day from which an outcome is complete: data have to reach up to it.

        Parameters
        ----------
        snapshot : date
        payment_mode : PaymentMode
            Silence of a prepaid line is known ``prepaid.wait_days`` later.

        Returns
        -------
        date
            ``T + G + H``, for prepaid lines plus the wait.

        Raises
        ------
        WindowError
        """
        waits = self.prepaid is not None and payment_mode == PaymentMode.PREPAID
        wait = self.prepaid.wait_days if waits and self.prepaid else 0
        return _moved(snapshot, self.embargo_days + wait)


def _moved(snapshot: object, days: int) -> date:
    [day] = snapshot_days([snapshot])
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise WindowError(
            f"the windows of the snapshot {day} leave the calendar, by {days} days. Take another "
            "day, or shorter windows.",
            snapshot=day,
        ) from error


def snapshot_days(snapshots: Iterable[object]) -> list[date]:
    """Return snapshots in order, or refuse what are none.

    Parameters
    ----------
    snapshots : iterable of date
        One or more, each once.

    Returns
    -------
    list of date

    Raises
    ------
    WindowError

    Examples
    --------
    >>> snapshot_days([date(2026, 2, 1), date(2026, 1, 1)])
    [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
    """
    given = [snapshots] if isinstance(snapshots, date) else list(snapshots)
    days = [day for day in given if isinstance(day, date) and not isinstance(day, datetime)]
    if not given or len(set(days)) < len(given):
        raise WindowError(
            f"snapshots are {given!r:.120}, and have to be dates, one or more, each once: for "
            "example [date(2026, 1, 1), date(2026, 2, 1)].",
            snapshots=given,
        )
    return sorted(days)
