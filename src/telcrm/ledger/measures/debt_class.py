"""Classes of debtors: who pays, who pays late, who stays in debt, and which rule says so."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain.identifiers import AccountId
from telcrm.domain.rate import NoFloat
from telcrm.domain.record import Record

__all__ = [
    "DebtClass",
    "DebtClassPolicy",
    "DebtClassification",
    "DebtLimits",
    "DebtReason",
    "DebtRule",
    "PaymentBehaviour",
    "debt_class",
]

_Count = Annotated[int, Field(strict=True, ge=0)]
_Limit = Annotated[int, Field(strict=True, ge=1)]


class DebtClass(StrEnum):
    """How a customer pays."""

    REPUTABLE = "reputable"
    """No rule speaks against the customer, so a new customer is reputable."""
    SLOW = "slow"
    """Pays, but late."""
    CHRONIC = "chronic"
    """In debt again and again, or for good."""


class DebtRule(StrEnum):
    """What a class of debtor is decided by, in the order in which reasons are listed."""

    WRITTEN_OFF = "written_off"
    OLDEST_OPEN_DAYS = "oldest_open_days"
    DAYS_LATE_MAX = "days_late_max"
    DAYS_BEYOND_TERMS = "days_beyond_terms"
    PROMISES_BROKEN = "promises_broken"
    TIMES_DUNNED = "times_dunned"


class PaymentBehaviour(Record):
    """How an account has paid, over a window that the operator chooses and keeps for all accounts.

    Twelve months are usual. The numbers are of one day; disputed invoices are left out of them.
    """

    account_id: AccountId
    invoices_paid: _Count = 0
    """Invoices paid in full in the window."""
    days_beyond_terms: Annotated[Decimal, NoFloat()] = Decimal(0)
    """Mean of the days from the due date to the last payment over the invoices paid, each weighted
    by its amount, so that a small late bill does not outweigh large ones paid in time. Negative if
    the customer pays early; 0 if no invoice was paid."""
    days_late_max: _Count = 0
    """Most days that a paid invoice was late; 0 if none was."""
    oldest_open_days: _Count = 0
    """Days past due of the oldest open invoice; 0 if none is overdue."""
    times_dunned: _Count = 0
    """Dunning notices sent in the window, reminders before the due date not counted."""
    promises_broken: _Count = 0
    """Promises to pay and instalments that were not kept in the window."""
    written_off: bool = False
    """Debt of the account was written off, in the window or before, and was not recovered."""

    @model_validator(mode="after")
    def _lateness_is_consistent(self) -> Self:
        if self.days_beyond_terms > self.days_late_max:
            message = (
                f"account {self.account_id} pays {self.days_beyond_terms} days late in the mean, "
                f"but never more than {self.days_late_max}: a mean is not above the maximum"
            )
            raise ValueError(message)
        if not self.invoices_paid and (self.days_beyond_terms or self.days_late_max):
            message = (
                f"account {self.account_id} has paid no invoice, so none was paid late: put open "
                f"invoices into oldest_open_days"
            )
            raise ValueError(message)
        return self


class DebtLimits(Record):
    """Values from which on a class applies, each included."""

    oldest_open_days: _Limit
    days_late_max: _Limit
    days_beyond_terms: _Limit
    promises_broken: _Limit
    times_dunned: _Limit


class DebtClassPolicy(Record):
    """Limits of the classes of debtors.

    The defaults for days past due follow two presumptions of IFRS 9 that an entity may rebut:
    credit risk has risen significantly at 30 days (5.5.11), and 90 days are default (B5.5.37). No
    standard gives the others: they are starting points, for each operator to set by its own data.

    Examples
    --------
    >>> policy = DebtClassPolicy()
    >>> policy.slow.oldest_open_days, policy.chronic.oldest_open_days
    (30, 90)
    """

    slow: DebtLimits = DebtLimits(
        oldest_open_days=30,
        days_late_max=30,
        days_beyond_terms=10,
        promises_broken=1,
        times_dunned=2,
    )
    chronic: DebtLimits = DebtLimits(
        oldest_open_days=90,
        days_late_max=90,
        days_beyond_terms=30,
        promises_broken=3,
        times_dunned=6,
    )
    min_invoices_paid: _Limit = 3
    """Fewer paid invoices make no mean: ``days_beyond_terms`` then decides nothing."""
    chronic_if_written_off: bool = True
    """Whether a write-off makes the account chronic whatever else it does."""

    @model_validator(mode="after")
    def _chronic_is_worse(self) -> Self:
        for name in DebtLimits.model_fields:
            slow, chronic = getattr(self.slow, name), getattr(self.chronic, name)
            if chronic < slow:
                message = (
                    f"the limit of {name} is {chronic} for chronic and {slow} for slow: whoever "
                    f"is chronic must be slow, too"
                )
                raise ValueError(message)
        return self


class DebtReason(Record):
    """A rule that put an account into its class: what was found, and from where on it counts."""

    rule: DebtRule
    value: Decimal
    """1 for a write-off."""
    limit: Decimal


class DebtClassification(Record):
    """The class of an account, and every rule that by itself leads to that class."""

    account_id: AccountId
    debt_class: DebtClass
    reasons: tuple[DebtReason, ...] = ()
    """Empty for a reputable account: nothing spoke against it."""

    def explain(self) -> str:
        """Say the class and its reasons in one line.

        Returns
        -------
        str
        """
        found = [f"{reason.rule} {reason.value} >= {reason.limit}" for reason in self.reasons]
        return f"{self.debt_class}: {', '.join(found) or 'no rule speaks against it'}"


def debt_class(behaviour: PaymentBehaviour, policy: DebtClassPolicy) -> DebtClassification:
    """Class an account by how it has paid, and say why.

    Parameters
    ----------
    behaviour : PaymentBehaviour
    policy : DebtClassPolicy

    Returns
    -------
    DebtClassification
        Chronic if any value reaches a chronic limit, else slow if any reaches a slow one, else
        reputable.

    Notes
    -----
    Worse behaviour never leads to a better class. The class describes payment, not the person:
    whether it may decide about service or credit is a question of law as well.

    Examples
    --------
    >>> late = PaymentBehaviour(
    ...     account_id="A-7",
    ...     invoices_paid=9,
    ...     days_beyond_terms="12.5",
    ...     days_late_max=28,
    ...     oldest_open_days=95,
    ... )
    >>> debt_class(late, DebtClassPolicy()).explain()
    'chronic: oldest_open_days 95 >= 90'
    >>> debt_class(late.replace(oldest_open_days=0), DebtClassPolicy()).explain()
    'slow: days_beyond_terms 12.5 >= 10'
    >>> debt_class(PaymentBehaviour(account_id="A-8"), DebtClassPolicy()).explain()
    'reputable: no rule speaks against it'
    """
    chronic = _reached(behaviour, policy.chronic, policy)
    if behaviour.written_off and policy.chronic_if_written_off:
        once = DebtReason(rule=DebtRule.WRITTEN_OFF, value=Decimal(1), limit=Decimal(1))
        chronic = (once, *chronic)
    for reached, reasons in (
        (DebtClass.CHRONIC, chronic),
        (DebtClass.SLOW, _reached(behaviour, policy.slow, policy)),
    ):
        if reasons:
            return DebtClassification(
                account_id=behaviour.account_id, debt_class=reached, reasons=reasons
            )
    return DebtClassification(account_id=behaviour.account_id, debt_class=DebtClass.REPUTABLE)


def _reached(
    behaviour: PaymentBehaviour, limits: DebtLimits, policy: DebtClassPolicy
) -> tuple[DebtReason, ...]:
    has_mean = behaviour.invoices_paid >= policy.min_invoices_paid
    return tuple(
        DebtReason(rule=rule, value=Decimal(value), limit=Decimal(limit))
        for rule in DebtRule
        if rule is not DebtRule.WRITTEN_OFF and (has_mean or rule is not DebtRule.DAYS_BEYOND_TERMS)
        if (value := getattr(behaviour, rule)) >= (limit := getattr(limits, rule))
    )
