"""Who is a customer, and what marks it carries: thresholds, and rules from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import Record
from telcrm.rules import Condition, Rule, RuleSet, all_of, any_of, field, not_

__all__ = ["CustomerMark", "CustomerStatusPolicy", "StatusClass"]

_Months = Annotated[int, Field(strict=True, ge=1, le=120)]
_Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
_Share = Annotated[float, Field(gt=0, le=1)]


class StatusClass(StrEnum):
    """Whether someone is a customer now. Each belongs to one class."""

    EXISTING = "existing"
    """Has an active subscription."""
    POTENTIAL = "potential"
    """Never had one."""
    FORMER = "former"
    """Had one, and has none."""


class CustomerMark(StrEnum):
    """What else is to be known of a customer. Each may carry several marks."""

    KEY_ACCOUNT = "key_account"
    """Brings so much that someone looks after it in person."""
    REPUTABLE = "reputable"
    """Pays, and pays in time."""
    CHRONIC_DEBTOR = "chronic_debtor"
    """Owes again and again, or for long."""
    GONE_TO_COMPETITOR = "gone_to_competitor"
    """Former, and took its number along."""


class CustomerStatusPolicy(Record):
    """What an operator agrees on before customers are classed and marked.

    All defaults are conventions of ours: agree on your own.

    Examples
    --------
    >>> from telcrm.rules import describe
    >>> print(describe(CustomerStatusPolicy().status_rules()))
    customer status, version 1: the first rule that holds fires.
    1. existing: if active_subscriptions is above 0: existing [Has an active subscription.]
    2. former: if past_subscriptions is above 0: former [Had a subscription, and has none.]
    Otherwise: potential
    """

    key_account_value_share: Annotated[float, Field(gt=0, lt=1)] | None = 0.2
    """Key accounts are the customers of most revenue who together hold this share of it; None
    leaves it to ``key_account_revenue``."""
    key_account_revenue: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """A customer of so much revenue is a key account too, whatever the others bring."""
    revenue_months: _Months = 12
    """Revenue of so many months counts, the month looked at included."""
    payment_months: _Months = 12
    """How far payments are looked back on."""
    grace_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    """A bill is late only so many days after it was due."""
    reputable_share: _Share = 0.95
    """Share of bills that a good payer has paid on time, at least."""
    reputable_bills: _Count = 6
    """Fewer bills say too little of anyone."""
    debtor_spells: _Count = 3
    """So many stretches of overdue days make a chronic debtor."""
    debtor_days: _Count = 90
    """So many overdue days make one too, in one stretch or several."""

    @model_validator(mode="after")
    def _has_key_accounts(self) -> Self:
        if self.key_account_value_share is None and self.key_account_revenue is None:
            raise ValueError(
                "key accounts need key_account_value_share, key_account_revenue, or both"
            )
        return self

    def status_rules(self) -> RuleSet:
        """Write the classes as rules, of which the first that holds decides.

        Returns
        -------
        RuleSet
        """
        rules = (
            Rule(
                name=StatusClass.EXISTING,
                when=field("active_subscriptions") > 0,
                then=StatusClass.EXISTING,
                reason="Has an active subscription.",
            ),
            Rule(
                name=StatusClass.FORMER,
                when=field("past_subscriptions") > 0,
                then=StatusClass.FORMER,
                reason="Had a subscription, and has none.",
            ),
        )
        return RuleSet(
            name="customer status", version=1, rules=rules, otherwise=StatusClass.POTENTIAL
        )

    def mark_rules(self) -> RuleSet:
        """Write the marks as rules, each of which may hold.

        Returns
        -------
        RuleSet
        """
        big: list[Condition] = []
        if self.key_account_value_share is not None:
            most = field("revenue_share_above") < self.key_account_value_share
            big.append((field("revenue") > 0) & most)
        if self.key_account_revenue is not None:
            big.append(field("revenue") >= self.key_account_revenue)
        active = field("active_subscriptions") > 0
        owes_much = any_of(
            field("overdue_spells") >= self.debtor_spells,
            field("overdue_days") >= self.debtor_days,
        )
        pays_well = all_of(
            field("bills_due") >= self.reputable_bills,
            field("paid_on_time_share") >= self.reputable_share,
            field("overdue_amount") <= 0,
            not_(owes_much),
        )
        rules = (
            Rule(
                name=CustomerMark.KEY_ACCOUNT,
                when=active & any_of(*big),
                reason="Among the customers who bring most of the revenue.",
            ),
            Rule(
                name=CustomerMark.REPUTABLE,
                when=pays_well,
                reason="Enough bills, nearly all paid in time, nothing overdue.",
            ),
            Rule(
                name=CustomerMark.CHRONIC_DEBTOR,
                when=owes_much,
                reason="Overdue too often, or for too many days.",
            ),
            Rule(
                name=CustomerMark.GONE_TO_COMPETITOR,
                when=~active & field("ported_out").is_true(),
                reason="The last number that left went to a competitor.",
            ),
        )
        return RuleSet(name="customer marks", version=1, rules=rules, matching="all")
