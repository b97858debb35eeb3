"""Table ``recharges``: one row per prepaid top-up."""

from telcrm.domain import Recharge
from telcrm.tables.contract import derive_contract

__all__ = ["RECHARGES"]

RECHARGES = derive_contract(
    Recharge,
    name="recharges",
    key=("recharge_id",),
    required=("customer_id", "recharged_at", "amount"),
    optional=("subscription_id", "channel", "validity_days"),
)
