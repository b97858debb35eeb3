"""Table ``complaints``: one row per complaint."""

import narwhals.stable.v2 as nw

from telcrm.domain import Complaint
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["COMPLAINTS"]

COMPLAINTS = derive_contract(
    Complaint,
    name="complaints",
    key=("complaint_id",),
    required=("customer_id", "received_at", "category", "status"),
    optional=("subscription_id", "resolved_at", "severity", "channel"),
    row_rules=(
        RowRule(
            name="resolved_before_received",
            words="was resolved before it was received",
            columns=("received_at", "resolved_at"),
            failing=lambda: nw.col("resolved_at") < nw.col("received_at"),
            validator="_resolved_after_receipt",
        ),
    ),
)
