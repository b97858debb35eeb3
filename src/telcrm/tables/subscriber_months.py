"""Table ``subscriber_months``: one row per active subscription and month."""

from telcrm.domain import SubscriberMonth
from telcrm.tables.contract import derive_contract

__all__ = ["SUBSCRIBER_MONTHS"]

SUBSCRIBER_MONTHS = derive_contract(
    SubscriberMonth,
    name="subscriber_months",
    key=("subscription_id", "period"),
    required=("customer_id", "revenue"),
    optional=(
        "payment_mode",
        "offer_id",
        "segment",
        "direct_cost",
        "voice_s",
        "data_bytes",
        "sms_count",
        "tenure_months",
    ),
    record_only={"_one_currency": "a row has one currency for all its amounts"},
)
