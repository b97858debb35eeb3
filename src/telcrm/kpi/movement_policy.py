"""What is agreed on before a movement is counted: sources disagree on every one of these."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["ChangeBasis", "LossMonth", "MovementPolicy", "RateBase", "SameMonth"]


class LossMonth(StrEnum):
    """In which month a customer who left is counted as lost."""

    FIRST_ABSENT = "first_absent"
    """The first month without activity. ``closing`` is who was active in the month."""
    LAST_ACTIVE = "last_active"
    """The last month with activity. ``closing`` is who was active in the month and stays.

    The movement then ends a month before the data: who of the last month stays is not known yet.
    """


class SameMonth(StrEnum):
    """What becomes of a customer who is won and lost in one month.

    Only where :attr:`LossMonth.LAST_ACTIVE` counts the loss: to be active in a single month is to
    be won and lost in it.
    """

    COUNT = "count"
    """Once as new (or reactivated), once as lost."""
    IGNORE = "ignore"
    """Not at all."""


class RateBase(StrEnum):
    """What a rate is a share of."""

    OPENING = "opening"
    """Customers at the start of the month."""
    AVERAGE = "average"
    """The mean of ``opening`` and ``closing``."""
    OPENING_AND_NEW = "opening_and_new"
    """``opening`` and those who were won in the month: ``new`` and ``reactivated``."""


class ChangeBasis(StrEnum):
    """By what an upgrade or a downgrade is recognised."""

    REVENUE = "revenue"
    """Revenue rose or fell by more than the tolerance, by a change of plan or by one call more."""
    PLAN_RANK = "plan_rank"
    """The rank of the plan rose or fell, whatever was paid."""


class MovementPolicy(Record):
    """How :func:`~telcrm.kpi.movement` decides who is new, lost, back, up and down.

    Examples
    --------
    >>> policy = MovementPolicy(reactivation_window_months=3, tolerance_share=0.05)
    >>> MovementPolicy.from_json(policy.to_json()) == policy
    True

    Conventions of others, by month and by customer:

    >>> maxio = MovementPolicy(reactivation_window_months=3)
    >>> stripe = MovementPolicy(rate_base="opening_and_new")
    >>> profitwell = MovementPolicy(loss_month="last_active", same_month="ignore")

    References
    ----------
    Maxio (SaaSOptics), *Reactivation*: a return within 90 days is a reactivation, a later one is
    new. Stripe Billing, *Subscriber churn rate*: churned over active at the start and new since.
    Paddle (ProfitWell), *MRR*: who comes and goes within one month is left out.
    """

    loss_month: LossMonth = LossMonth.FIRST_ABSENT
    reactivation_window_months: Annotated[int, Field(strict=True, ge=1, le=1200)] | None = None
    """Longest absence, in whole months without activity, that is ended by a reactivation.

    Who returns later is new. None is no limit: any return is a reactivation.
    """
    same_month: SameMonth = SameMonth.COUNT
    rate_base: RateBase = RateBase.OPENING
    change_basis: ChangeBasis = ChangeBasis.REVENUE
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Change of revenue, in major units, that is not yet an upgrade or a downgrade."""
    tolerance_share: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """The same as a share of the month before. Where both are given, the greater one holds."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.same_month is SameMonth.IGNORE and self.loss_month is LossMonth.FIRST_ABSENT:
            message = (
                "same_month='ignore' needs loss_month='last_active': where a loss is counted in "
                "the first month of absence, nobody is won and lost in one month"
            )
            raise ValueError(message)
        if self.change_basis is ChangeBasis.PLAN_RANK and (self.tolerance or self.tolerance_share):
            message = (
                "a tolerance is of revenue, and change_basis is 'plan_rank': give one of the two"
            )
            raise ValueError(message)
        return self
