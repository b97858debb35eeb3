"""Table ``subscriptions``: one row per line or service, past and present."""

import narwhals.stable.v2 as nw

from telcrm.domain import Subscription, SubscriptionStatus
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["SUBSCRIPTIONS"]

_ALIVE = [status.value for status in SubscriptionStatus if status != SubscriptionStatus.TERMINATED]

SUBSCRIPTIONS = derive_contract(
    Subscription,
    name="subscriptions",
    key=("subscription_id",),
    required=("customer_id", "payment_mode", "status"),
    optional=(
        "account_id",
        "offer_id",
        "msisdn",
        "imsi",
        "iccid",
        "activated_on",
        "terminated_on",
        "termination_reason",
        "commitment_end",
    ),
    row_rules=(
        RowRule(
            name="terminated_before_activated",
            words="ended before it was activated",
            columns=("activated_on", "terminated_on"),
            failing=lambda: nw.col("terminated_on") < nw.col("activated_on"),
            validator="_consistent",
        ),
        RowRule(
            name="ended_but_not_terminated",
            words="has a day of ending, but is not terminated",
            columns=("status", "terminated_on"),
            failing=lambda: nw.col("status").is_in(_ALIVE) & ~nw.col("terminated_on").is_null(),
            validator="_consistent",
        ),
        RowRule(
            name="reason_but_not_terminated",
            words="has a reason for ending, but is not terminated",
            columns=("status", "termination_reason"),
            failing=lambda: (
                nw.col("status").is_in(_ALIVE) & ~nw.col("termination_reason").is_null()
            ),
            validator="_consistent",
        ),
    ),
)
