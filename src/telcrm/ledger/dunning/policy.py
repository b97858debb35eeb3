"""What happens to an unpaid account, and when: the dunning ladder as configuration.

A :class:`DunningPolicy` is a list of levels, each with a step and the days past due that it needs,
and the limits around them: tolerance, grace, quiet days, exceptions for classes of customers.
:mod:`telcrm.ledger.dunning.decision` applies it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, field_serializer, model_validator

from telcrm.domain import Currency, Money, NonNegativeMoney, PositiveMoney, Rate, Record
from telcrm.domain.party import Text

__all__ = [
    "DEFAULT_LEVELS",
    "ClassException",
    "DunningLevel",
    "DunningPolicy",
    "DunningStep",
    "ServiceState",
]


class ServiceState(StrEnum):
    """What dunning has done to the services of an account."""

    ACTIVE = "active"
    ONE_WAY_BARRED = "one_way_barred"
    """Outgoing calls, messages and data are barred; incoming calls and emergency calls are not."""
    TWO_WAY_BARRED = "two_way_barred"
    """Incoming calls are barred too."""
    TERMINATED = "terminated"
    """Ended for good: a payment does not bring it back."""


class DunningStep(StrEnum):
    """What a level does, the mildest first."""

    REMINDER = "reminder"
    FINAL_NOTICE = "final_notice"
    ONE_WAY_BAR = "one_way_bar"
    TWO_WAY_BAR = "two_way_bar"
    TERMINATION = "termination"
    COLLECTIONS = "collections"

    @property
    def severity(self) -> int:
        """Place in the order of steps: 0 for a reminder, 5 for collections."""
        return _SEVERITY[self]


_SEVERITY: Final = {step: place for place, step in enumerate(DunningStep)}
_REPEATABLE: Final = frozenset({DunningStep.REMINDER, DunningStep.FINAL_NOTICE})

_Days = Annotated[int, Field(strict=True, ge=1, le=3650)]


def _one_each(amounts: Iterable[Money], what: str) -> None:
    twice = [code for code, n in Counter(m.currency.code for m in amounts).items() if n > 1]
    if twice:
        message = f"{what} names {', '.join(sorted(twice))} twice: give one amount per currency"
        raise ValueError(message)


def _minor_in(amounts: tuple[Money, ...], currency: Currency) -> int:
    for amount in amounts:
        if amount.currency is currency:
            return amount.minor_units
    return 0


class DunningLevel(Record):
    """One rung of the ladder: a step, and what it takes to get there.

    Examples
    --------
    >>> DunningLevel(step="one_way_bar", days_past_due=30, minimum=(Money("5", "EUR"),)).notice_days
    """

    step: DunningStep
    days_past_due: Annotated[int, Field(strict=True, ge=-365, le=3650)]
    """Days from the due date to the step; day 1 is the day after it.

    Zero and below is a reminder on or before the due date. No other step comes that early.
    """
    minimum: tuple[PositiveMoney, ...] = ()
    """Least overdue amount, one per currency; a currency that is not named has no minimum."""
    minimum_share: Annotated[Rate, Field(gt=0)] | None = None
    """Least overdue part of what the overdue items were at first, above 0 to 1."""
    notice_days: _Days | None = None
    """Days since the step before, where that is to be more than ``minimum_gap_days``.

    It keeps the time between a warning and what it warns of when a run that comes late catches up.
    """

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.days_past_due <= 0 and self.step is not DunningStep.REMINDER:
            message = (
                f"{self.step} at {self.days_past_due} days past due: only a reminder may come on "
                "or before the due date"
            )
            raise ValueError(message)
        _one_each(self.minimum, f"the minimum of {self.step}")
        return self

    def minimum_minor(self, currency: Currency) -> int:
        """Return the least overdue amount in a currency, in minor units; 0 if there is none."""
        return _minor_in(self.minimum, currency)


DEFAULT_LEVELS: Final = (
    DunningLevel(step=DunningStep.REMINDER, days_past_due=7),
    DunningLevel(step=DunningStep.FINAL_NOTICE, days_past_due=15),
    DunningLevel(step=DunningStep.ONE_WAY_BAR, days_past_due=30, notice_days=15),
    DunningLevel(step=DunningStep.TWO_WAY_BAR, days_past_due=45, notice_days=15),
    DunningLevel(step=DunningStep.TERMINATION, days_past_due=90, notice_days=15),
    DunningLevel(step=DunningStep.COLLECTIONS, days_past_due=120),
)
"""The ladder of a policy that names none; see :class:`DunningPolicy`."""


class ClassException(Record):
    """How a class of customers is treated otherwise.

    Examples
    --------
    >>> ClassException(customer_class="government", last_step="final_notice").extra_grace_days
    0
    """

    customer_class: Text
    exempt: bool = Field(default=False, strict=True)
    """Never listed, no step, no reminder."""
    extra_grace_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 0
    """Listing and every level after the due date come this many days later."""
    last_step: DunningStep | None = None
    """Nothing beyond this step; None is no limit."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.exempt and (self.extra_grace_days or self.last_step):
            message = (
                f"class {self.customer_class!r} is exempt, so extra_grace_days and last_step have "
                "no meaning: leave them out"
            )
            raise ValueError(message)
        return self


class DunningPolicy(Record):
    """The whole ladder and its limits. All of it is configuration; operators and laws differ.

    Notes
    -----
    The default ladder is a cautious middle and no operator's own: reminder on day 7, final notice
    on 15, outgoing bar on 30, incoming bar on 45, termination on 90, collections on 120. It leans
    on:

    - Two warnings before the first bar: Telecom Decision CRTC 2015-376 (Canada: 14 days and again
      24 hours ahead; a second final notice at day 29 does that), and Coopsar, below.
    - The last warning 15 days before the bar, which never falls on a holiday: Spain, regulation of
      telephone users' rights, articles 20 and 21, as told by the consumer office of San Roque.
    - Outgoing bar at 30 days, after two warnings, with incoming calls left open: Coopsar, a fixed
      line operator in Argentina, which may end a line at 60. Movistar there bars mobiles at 14.
    - The same 15 days before the incoming bar and before termination, so that a late run or a
      bounced payment does not take a line away within days.
    - Termination at three months and collections after it: a draft of the Spanish rules had the
      former (redestelecom.es); the day of the latter is only an example.

    Examples
    --------
    >>> policy = DunningPolicy(tolerance=(Money("1", "EUR"),), quiet_weekdays={6, 7})
    >>> [(level.step.value, level.days_past_due) for level in policy.levels[:3]]
    [('reminder', 7), ('final_notice', 15), ('one_way_bar', 30)]
    >>> policy.is_quiet(date(2026, 2, 15))
    True
    """

    name: Text = "standard"
    levels: tuple[DunningLevel, ...] = DEFAULT_LEVELS
    """Days rise from level to level, severity never falls. Only notices may come several times."""
    grace_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 0
    """Days past due that do not count as overdue yet; the first level after them comes later."""
    tolerance: tuple[NonNegativeMoney, ...] = ()
    """Overdue up to and including this is no debt; a currency that is not named has none."""
    minimum_gap_days: _Days = 1
    """Days between two steps: a late run catches up one level at a time and skips none."""
    quiet_weekdays: frozenset[Annotated[int, Field(strict=True, ge=1, le=7)]] = frozenset()
    """ISO weekdays (Monday is 1) without steps: they wait for the next run."""
    quiet_days: frozenset[date] = frozenset()
    """Holidays without steps."""
    exceptions: tuple[ClassException, ...] = ()
    write_off_releases: bool = Field(default=False, strict=True)
    """Whether giving a debt up sets the account free. By default it does not: who was listed or
    barred stays so, without further steps, until what was written off is recovered.
    """

    @field_serializer("quiet_weekdays", "quiet_days", when_used="json")
    def _in_order(self, days: frozenset[int] | frozenset[date]) -> list[int] | list[date]:
        # The order of a set differs between processes; stored text must not.
        return sorted(days)  # type: ignore[return-value]

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        for lower, upper in pairwise(self.levels):
            if upper.days_past_due <= lower.days_past_due:
                message = (
                    f"{upper.step} at {upper.days_past_due} days stands after {lower.step} at "
                    f"{lower.days_past_due}: each level needs more days than the one before"
                )
                raise ValueError(message)
            if upper.step.severity < lower.step.severity:
                message = (
                    f"{upper.step} at {upper.days_past_due} days is milder than {lower.step} "
                    "before it: the ladder never goes down"
                )
                raise ValueError(message)
            if upper.step is lower.step and upper.step not in _REPEATABLE:
                message = (
                    f"{upper.step} stands twice, at {lower.days_past_due} and "
                    f"{upper.days_past_due} days: only reminders and final notices may repeat"
                )
                raise ValueError(message)
        if self.ladder and self.ladder[0].days_past_due <= self.grace_days:
            first = self.ladder[0]
            message = (
                f"{first.step} at {first.days_past_due} days lies within grace_days="
                f"{self.grace_days}, when nothing is overdue yet: move it beyond the grace"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        _one_each(self.tolerance, "tolerance")
        classes = Counter(exception.customer_class for exception in self.exceptions)
        twice = sorted(name for name, n in classes.items() if n > 1)
        if twice:
            message = f"exceptions name the class {', '.join(twice)} twice: give one each"
            raise ValueError(message)
        if len(self.quiet_weekdays) == 7:
            message = "all seven weekdays are quiet, so no step could ever be taken"
            raise ValueError(message)
        return self

    @cached_property
    def before_due(self) -> tuple[DunningLevel, ...]:
        """The reminders on or before the due date, earliest first."""
        return tuple(level for level in self.levels if level.days_past_due <= 0)

    @cached_property
    def ladder(self) -> tuple[DunningLevel, ...]:
        """The levels after the due date; level 1 is the first of them."""
        return tuple(level for level in self.levels if level.days_past_due > 0)

    def tolerance_minor(self, currency: Currency) -> int:
        """Return the tolerance in a currency, in minor units; 0 if there is none."""
        return _minor_in(self.tolerance, currency)

    def exception_for(self, customer_class: str | None) -> ClassException | None:
        """Return how a class is treated otherwise; None if it is not."""
        for exception in self.exceptions:
            if exception.customer_class == customer_class:
                return exception
        return None

    def is_quiet(self, day: date) -> bool:
        """Tell whether no step is taken on a day."""
        return day.isoweekday() in self.quiet_weekdays or day in self.quiet_days
