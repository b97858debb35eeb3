"""The subscriptions table: how each line stands when the window closes."""

from __future__ import annotations

import numpy as np

from telcrm.domain import SubscriptionStatus
from telcrm.synth.churn_hazard import NO_COMMITMENT
from telcrm.synth.columns import NOT_A_DAY, Coded, Dates, Flags, KeyRefs, Keys, Table
from telcrm.synth.lifecycle import NEVER, REASONS, Lifecycle
from telcrm.synth.plans import Plan
from telcrm.synth.population import Population
from telcrm.synth.timeline import Timeline

__all__ = ["subscriptions_table"]


def subscriptions_table(
    lifecycle: Lifecycle,
    population: Population,
    plans: tuple[Plan, ...],
    timeline: Timeline,
    suspended: Flags,
) -> Table:
    """Return the canonical subscriptions table as it stands when the window closes."""
    live = lifecycle.live_at_end
    back = lifecycle.return_month != NEVER
    status = np.where(live, np.where(suspended, 2, 0), 1)
    end_day = np.where(back, lifecycle.second_leave_day, lifecycle.leave_day)
    reason = np.where(back, lifecycle.second_reason, lifecycle.reason)
    committed = lifecycle.commitment_end != NO_COMMITMENT
    commitment_day = timeline.first_day_of(np.where(committed, lifecycle.commitment_end, 0) + 1) - 1
    statuses = (
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.TERMINATED,
        SubscriptionStatus.SUSPENDED,
    )
    return {
        "subscription_id": Keys(population.subscription_id),
        "customer_id": KeyRefs(population.owner, population.customer_id),
        "account_id": KeyRefs(population.owner, population.account_id),
        "offer_id": Coded(lifecycle.offer[-1], [plan.offer_id for plan in plans]),
        "msisdn": Keys(population.msisdn),
        "payment_mode": Coded(population.prepaid.astype(np.int8), ("postpaid", "prepaid")),
        "status": Coded(status, statuses),
        "activated_on": Dates(population.start_day),
        "terminated_on": Dates(np.where(live, NOT_A_DAY, end_day)),
        "termination_reason": Coded(np.where(live, -1, reason), REASONS),
        "commitment_end": Dates(np.where(committed, commitment_day, NOT_A_DAY)),
    }
