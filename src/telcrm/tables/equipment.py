"""Table ``equipment``: one row per device lent or sold."""

import narwhals.stable.v2 as nw

from telcrm.domain import Equipment
from telcrm.tables.contract import RowRule, derive_contract

__all__ = ["EQUIPMENT"]

EQUIPMENT = derive_contract(
    Equipment,
    name="equipment",
    key=("equipment_id",),
    required=("kind", "ownership", "status"),
    optional=(
        "customer_id",
        "subscription_id",
        "imei",
        "serial",
        "assigned_on",
        "returned_on",
        "residual_value",
        "subsidy",
    ),
    row_rules=(
        RowRule(
            name="neither_imei_nor_serial",
            words="has neither imei nor serial",
            columns=("imei", "serial"),
            failing=lambda: nw.col("imei").is_null() & nw.col("serial").is_null(),
            validator="_consistent",
        ),
        RowRule(
            name="assigned_to_nobody",
            words="is assigned, but to nobody",
            columns=("status", "customer_id"),
            failing=lambda: (nw.col("status") == "assigned") & nw.col("customer_id").is_null(),
            validator="_consistent",
        ),
        RowRule(
            name="returned_before_assigned",
            words="came back before it was assigned",
            columns=("assigned_on", "returned_on"),
            failing=lambda: nw.col("returned_on") < nw.col("assigned_on"),
            validator="_consistent",
        ),
    ),
)
