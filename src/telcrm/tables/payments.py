"""Table ``payments``: one row per payment received."""

from telcrm.domain import Payment
from telcrm.tables.contract import derive_contract

__all__ = ["PAYMENTS"]

PAYMENTS = derive_contract(
    Payment,
    name="payments",
    key=("payment_id",),
    required=("customer_id", "paid_on", "amount"),
    optional=("account_id", "method", "status", "channel"),
)
