"""Table ``invoices``: one row per bill."""

import narwhals.stable.v2 as nw

from telcrm.domain import Invoice
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["INVOICES"]

# A table may hold floats, and sums of them are not exact.
_NOISE = 1e-6


def _open_beyond_total() -> nw.Expr:
    total, still_open = nw.col("total"), nw.col("open_amount")
    debit = (total >= 0) & ((still_open > total + _NOISE) | (still_open < -_NOISE))
    credit = (total < 0) & ((still_open < total - _NOISE) | (still_open > _NOISE))
    return debit | credit


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
        RowRule(
            name="open_beyond_total",
            words="has more open than its total, or less than nothing",
            columns=("total", "open_amount"),
            failing=_open_beyond_total,
            validator="_adds_up",
        ),
        RowRule(
            name="settled_but_open",
            words="is settled, but something is open",
            columns=("status", "open_amount"),
            failing=lambda: (
                (nw.col("status") == "settled") & (nw.col("open_amount").abs() > _NOISE)
            ),
            validator="_adds_up",
        ),
    ),
)
