"""What is agreed on before a mart is built: operators differ on every one of these."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import (
    ActivityKind,
    ActivityRule,
    NonNegativeMoney,
    Rate,
    Record,
    UsageKind,
    UsageZone,
)

__all__ = [
    "ArrearsBasis",
    "Attribution",
    "MartPolicy",
    "PostpaidActivity",
    "PrepaidRevenue",
    "UnitCost",
]


class PostpaidActivity(StrEnum):
    """What makes a postpaid line that is in service active in a month."""

    BILLED = "billed"
    """Its account got an invoice that is dated in the month."""
    USAGE = "usage"
    """The rule for prepaid lines holds for it too."""
    IN_SERVICE = "in_service"
    """Being in service is enough."""


class PrepaidRevenue(StrEnum):
    """What the revenue of a prepaid line is made of."""

    RECHARGES = "recharges"
    """What was paid for top-ups in the month: money received."""
    USAGE = "usage"
    """What the usage of the month was charged: credit used up."""


class Attribution(StrEnum):
    """How amounts of an account are split among its lines; the parts always add up."""

    EQUAL = "equal"
    """In equal parts."""
    FIRST_LINE = "first_line"
    """All of it on the line that was activated first."""
    USAGE_CHARGE = "usage_charge"
    """In proportion to the usage charges of the month; in equal parts where there are none."""


class ArrearsBasis(StrEnum):
    """From what open and overdue amounts at the end of a month are told."""

    PAYMENTS = "payments"
    """Invoices and payments up to the day, the payments settling what fell due first.

    Any month can be built at any time, with the same result.
    """
    OPEN_AMOUNT = "open_amount"
    """The column ``open_amount`` of the invoices: right for the month that ended last.

    Only open invoices and those of the month are read.
    """


class UnitCost(Record):
    """What it costs the operator to carry one unit of usage."""

    usage_kind: UsageKind
    usage_zone: UsageZone | None = None
    """None is every zone that no other cost of the kind names."""
    cost: NonNegativeMoney
    per_units: Annotated[int, Field(strict=True, ge=1)]
    """Seconds of outgoing calls, messages sent, or bytes of data that ``cost`` pays for."""


class MartPolicy(Record):
    """How :func:`~telcrm.mart.subscriber_month` decides who is active, and what a line brings.

    Examples
    --------
    >>> policy = MartPolicy(
    ...     prepaid_activity=ActivityRule(window_days=30, kinds=["recharge", "outgoing"]),
    ...     attribution="usage_charge",
    ...     revenue_cost_share="0.15",
    ... )
    >>> MartPolicy.from_json(policy.to_json()) == policy
    True
    """

    prepaid_activity: ActivityRule = ActivityRule()
    """When a prepaid line is active: by default after usage in the last 90 days, as ITU has it."""
    postpaid_activity: PostpaidActivity = PostpaidActivity.BILLED
    prepaid_revenue: PrepaidRevenue = PrepaidRevenue.RECHARGES
    attribution: Attribution = Attribution.EQUAL
    arrears_basis: ArrearsBasis = ArrearsBasis.PAYMENTS
    arrears_grace_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    """Days after the due date on which an item is not yet overdue, 0 to 365."""
    unstated_tax_rate: Rate = Decimal(0)
    """Share of the net amount that tax adds, for invoices that do not tell their tax."""
    unit_costs: tuple[UnitCost, ...] = ()
    recharge_cost_share: Rate | None = None
    """Share of a recharge that is paid to whoever sold it."""
    revenue_cost_share: Rate | None = None
    """Share of revenue that is direct cost, where nothing finer is known."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if ActivityKind.REGISTRATION in self.prepaid_activity.kinds:
            message = (
                "prepaid_activity counts registrations, and no canonical table tells of them: "
                "name recharge, outgoing or incoming"
            )
            raise ValueError(message)
        named = [(cost.usage_kind, cost.usage_zone) for cost in self.unit_costs]
        if len(set(named)) < len(named):
            message = "unit_costs names one kind and zone twice"
            raise ValueError(message)
        currencies = sorted({cost.cost.currency.code for cost in self.unit_costs})
        if len(currencies) > 1:
            message = f"unit_costs mixes currencies: {', '.join(currencies)}"
            raise ValueError(message)
        return self

    @property
    def tells_cost(self) -> bool:
        """Whether direct cost can be told at all."""
        shares = (self.recharge_cost_share, self.revenue_cost_share)
        return bool(self.unit_costs) or any(share is not None for share in shares)

    @property
    def digest(self) -> str:
        """Sixteen characters that differ between policies.

        Examples
        --------
        >>> MartPolicy().digest == MartPolicy(arrears_grace_days=3).digest
        False
        """
        # Defaults are left out: a field that a later release adds changes no digest.
        told = self.model_dump(mode="json", exclude_defaults=True)
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def needs(self) -> Sequence[tuple[str, str]]:
        """List the tables without which activity cannot be told, each with the reason.

        Examples
        --------
        >>> [table for table, _ in MartPolicy().needs()]
        ['usage', 'invoices']
        """
        kinds = self.prepaid_activity.kinds
        needed = []
        if {ActivityKind.OUTGOING, ActivityKind.INCOMING} & set(kinds):
            needed.append(("usage", "prepaid_activity counts outgoing or incoming usage"))
        if ActivityKind.RECHARGE in kinds:
            needed.append(("recharges", "prepaid_activity counts recharges"))
        if self.postpaid_activity is PostpaidActivity.BILLED:
            needed.append(("invoices", "a postpaid line is active when it is billed"))
        if self.attribution is Attribution.USAGE_CHARGE:
            needed.append(("usage", "amounts are split by usage charges"))
        return needed
