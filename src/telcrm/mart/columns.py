"""The columns of the mart: always the same, in the same order, whatever tables were there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.mart.contacts import COMPLAINT_COLUMNS, INTERACTION_COLUMNS
from telcrm.mart.devices import DEVICE_COLUMNS
from telcrm.mart.usage import USAGE_COLUMNS
from telcrm.tables import TABLES, ColumnType
from telcrm.tables.door import OpenFrame, open_frame, require_columns
from telcrm.tables.row_checks import RowCheck, check_rows

__all__ = ["MART_COLUMNS", "settle", "to_subscriber_months"]

FrameT = TypeVar("FrameT")

_TEXT, _WHOLE, _AMOUNT = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.NUMBER
_FLAG, _DAY = ColumnType.BOOLEAN, ColumnType.DAY

MART_COLUMNS: Mapping[str, ColumnType] = MappingProxyType(
    {
        "subscription_id": _TEXT,
        "period": ColumnType.MONTH,
        "customer_id": _TEXT,
        "account_id": _TEXT,
        "payment_mode": _TEXT,
        "offer_id": _TEXT,
        "segment": _TEXT,
        "region": _TEXT,
        "status": _TEXT,
        "in_service": _FLAG,
        "active": _FLAG,
        "last_activity_on": _DAY,
        "tenure_months": _WHOLE,
        "termination_reason": _TEXT,
        "commitment_end": _DAY,
        "in_commitment": _FLAG,
        "commitment_days_left": _WHOLE,
        **dict.fromkeys(USAGE_COLUMNS, _WHOLE),
        "recharge_count": _WHOLE,
        "recharge_amount": _AMOUNT,
        "usage_charge": _AMOUNT,
        "billed_amount": _AMOUNT,
        "revenue": _AMOUNT,
        "direct_cost": _AMOUNT,
        "margin": _AMOUNT,
        "invoice_count": _WHOLE,
        "invoiced_amount": _AMOUNT,
        "payment_count": _WHOLE,
        "paid_amount": _AMOUNT,
        "open_balance": _AMOUNT,
        "overdue_amount": _AMOUNT,
        "overdue_days": _WHOLE,
        **dict.fromkeys((*COMPLAINT_COLUMNS, *INTERACTION_COLUMNS), _WHOLE),
        **dict.fromkeys(DEVICE_COLUMNS, _TEXT),
        "device_count": _WHOLE,
        "currency": _TEXT,
        "policy": _TEXT,
    }
)
"""Every column of the mart, and what it holds."""


def settle(opened: OpenFrame, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Give the columns their order and types; in pandas those that have a null of their own."""
    wanted = {_WHOLE: nw.Int64, _AMOUNT: nw.Float64}
    if opened.implementation is not nw.Implementation.PANDAS:
        return rows.select(
            *[
                nw.col(name).cast(wanted[kind]) if kind in wanted else nw.col(name)
                for name, kind in MART_COLUMNS.items()
            ]
        )
    own = {_WHOLE: "Int64", _AMOUNT: "float64", _FLAG: "boolean"}
    types = {name: own[kind] for name, kind in MART_COLUMNS.items() if kind in own}
    native: Any = rows.select(*MART_COLUMNS).to_native().astype(types)
    settled: nw.LazyFrame[Any] = nw.from_native(native).lazy()
    return settled


def to_subscriber_months(frame: FrameT) -> FrameT:
    """Reduce a mart to the canonical table ``subscriber_months``: active lines, agreed columns.

    Parameters
    ----------
    frame : dataframe
        Months of the mart, from :func:`subscriber_month`, :func:`build` or a store.

    Returns
    -------
    dataframe
        Of the same kind: what :func:`telcrm.kpi.movement` and the other KPIs start from.

    Raises
    ------
    MissingColumnsError
        ``frame`` is no mart.
    InvalidTableError
        The revenue of an active line is null: the table that it comes from was not there.

    Examples
    --------
    >>> from datetime import date
    >>> from telcrm.mart import subscriber_month
    >>> from telcrm.synth import Operator
    >>> month = subscriber_month(Operator(subscribers=30, months=3).tables(), date(2025, 3, 1))
    >>> months = to_subscriber_months(month)
    >>> months.height == month["active"].sum(), months.columns[:3]
    (True, ['subscription_id', 'period', 'customer_id'])
    """
    opened = open_frame(frame, table="mart")
    names = [*TABLES["subscriber_months"].column_names]
    require_columns(opened, {name: name for name in ("active", *names)})
    active = opened.rows.filter(nw.col("active"))
    unknown = RowCheck(
        "null",
        "revenue",
        nw.col("revenue").is_null(),
        "is null",
        "Give the mart the tables that revenue comes from: invoices, and recharges or usage.",
    )
    check_rows(
        OpenFrame(active, opened.table, opened.given), [unknown], keys=["subscription_id", "period"]
    )
    return opened.close(active.select(*names))  # type: ignore[no-any-return]
