"""Table ``invoices``: one row per bill."""

import narwhals.stable.v2 as nw

from telcrm.domain import Invoice
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["INVOICES"]

INVOICES = derive_contract(
    Invoice,
    name="invoices",
    key=("invoice_id",),
    required=("customer_id", "issued_on", "due_on", "total"),
    optional=("account_id", "tax", "open_amount", "status"),
    row_rules=(
        RowRule(
            name="due_before_issued",
            words="falls due before it was issued",
            columns=("issued_on", "due_on"),
            failing=lambda: nw.col("due_on") < nw.col("issued_on"),
            validator="_adds_up",
        ),
    ),
)
