"""Direct cost of a line, from the rates of the policy."""

from __future__ import annotations

from decimal import Decimal

import narwhals.stable.v2 as nw

from telcrm.domain import UsageZone
from telcrm.mart.micros import MICROS
from telcrm.mart.policy import MartPolicy
from telcrm.mart.usage import zoned_column

__all__ = ["direct_cost"]


def direct_cost(policy: MartPolicy) -> nw.Expr:
    """Express the direct cost of a line in micro-units, Float64; null where a part of it is.

    Usage of each kind and zone at its rate, and shares of recharges and of revenue.
    """
    total = nw.lit(0.0)
    rates: dict[str, Decimal] = {}
    # The costs that name a zone come last, and so prevail.
    for cost in sorted(policy.unit_costs, key=lambda one: one.usage_zone is not None):
        zones = [cost.usage_zone] if cost.usage_zone else list(UsageZone)
        for zone in zones:
            rates[zoned_column(cost.usage_kind, zone)] = cost.cost.amount * MICROS / cost.per_units
    for name in sorted(rates):
        total = total + nw.col(name).cast(nw.Float64) * float(rates[name])
    if policy.recharge_cost_share is not None:
        total = total + nw.col("_recharged").cast(nw.Float64) * float(policy.recharge_cost_share)
    if policy.revenue_cost_share is not None:
        total = total + nw.col("_revenue").cast(nw.Float64) * float(policy.revenue_cost_share)
    return total
