"""Table ``customers``: one row per customer."""

from telcrm.domain import Customer
from telcrm.tables.contract import derive_contract

__all__ = ["CUSTOMERS"]

CUSTOMERS = derive_contract(
    Customer,
    name="customers",
    key=("customer_id",),
    required=("party_type", "status", "since"),
    optional=("name", "segment", "region", "acquisition_channel", "key_account"),
    record_only={"_history_leads_to_status": "the table holds the present status alone"},
)
