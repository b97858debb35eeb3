"""The subscriber-month mart: what every line did, brought, cost and owes, month by month.

Built from the canonical tables under an explicit policy, one month at a time; kept in a folder of
Parquet files; and, of one customer, everything as a record.

>>> from datetime import date
>>> from telcrm.synth import Operator
>>> tables = Operator(subscribers=20, months=2).tables()
>>> subscriber_month(tables, date(2025, 2, 1))["in_service"].sum()
20
"""

from telcrm.mart.build import build
from telcrm.mart.columns import MART_COLUMNS, to_subscriber_months
from telcrm.mart.customer_360 import customer_360
from telcrm.mart.customer_view import Customer360, CustomerMonth, OpenInvoice, PaymentHabits
from telcrm.mart.month import months
from telcrm.mart.policy import (
    ArrearsBasis,
    Attribution,
    MartPolicy,
    PostpaidActivity,
    PrepaidRevenue,
    UnitCost,
)
from telcrm.mart.store import MartStore
from telcrm.mart.subscriber_month import subscriber_month

__all__ = [
    "MART_COLUMNS",
    "ArrearsBasis",
    "Attribution",
    "Customer360",
    "CustomerMonth",
    "MartPolicy",
    "MartStore",
    "OpenInvoice",
    "PaymentHabits",
    "PostpaidActivity",
    "PrepaidRevenue",
    "UnitCost",
    "build",
    "customer_360",
    "months",
    "subscriber_month",
    "to_subscriber_months",
]
