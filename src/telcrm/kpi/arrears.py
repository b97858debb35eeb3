"""Arrears of invoices: what is open, what is overdue, who owes it, how well it is collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_day, require_positive
from telcrm.kpi.breakdown import Breakdown, break_down
from telcrm.tables.calendar_index import day_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null

__all__ = ["arrears"]

FrameT = TypeVar("FrameT")

_RESULT = (
    "customers",
    "billed",
    "open",
    "overdue",
    "overdue_share",
    "customers_overdue",
    "customers_overdue_share",
    "due",
    "collected_share",
    "days_sales_outstanding",
)


def arrears(
    frame: FrameT,
    *,
    as_of: date,
    customer: str = "customer_id",
    issued: str = "issued_on",
    due: str = "due_on",
    total: str = "total",
    open_amount: str = "open_amount",
    by: str | Sequence[str] | None = None,
    days: int = 90,
) -> FrameT:
    """Return what is owed on invoices on a day, how much of it is late, and how fast it is paid.

    Parameters
    ----------
    frame : dataframe
        Invoices with what is open of each on ``as_of``; the ledger's ``to_tables`` makes them.
        Invoices issued later are left out.
    as_of : date
    customer : str
        Column that names who owes.
    issued, due : str
        Date columns.
    total, open_amount : str
        Numeric columns, major units, one currency.
    by : str or sequence of str, optional
        Columns to break it down by.
    days : int
        How far billing is looked back on for ``days_sales_outstanding`` and ``collected_share``.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by group, one row each; a single row without ``by``:

        ``customers``, ``customers_overdue``
            Int64: billed at any time; owing something past its due date.
        ``billed``
            Float64: totals of invoices issued in the last ``days`` days.
        ``open``, ``overdue``
            Float64: open on the day; of that what was due before it.
        ``overdue_share``
            Float64: overdue over open; null where nothing is open.
        ``customers_overdue_share``
            Float64.
        ``due``
            Float64: totals of invoices that fell due in the last ``days`` days, the day itself not
            counted.
        ``collected_share``
            Float64: part of ``due`` that is no longer open; null where nothing fell due.
        ``days_sales_outstanding``
            Float64: ``open / billed * days``; null where nothing was billed.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A key, a date or an amount is null; more is open than was billed.
    ParameterError
        ``as_of`` is no date, ``days`` not above 0, or ``by`` clashes with the result.

    Notes
    -----
    An invoice is overdue from the day after it is due. What is measured is what invoices say;
    :class:`telcrm.ledger.Ledger` measures the same from its entries, for any day of the past.

    References
    ----------
    Credit Research Foundation, *Standard Definitions*: days sales outstanding over the billing of
    the same number of days.

    Examples
    --------
    >>> import polars as pl
    >>> invoices = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "issued_on": [date(2024, 1, 1), date(2024, 1, 1)],
    ...         "due_on": [date(2024, 1, 15), date(2024, 1, 15)],
    ...         "total": [40.0, 60.0],
    ...         "open_amount": [0.0, 30.0],
    ...     }
    ... )
    >>> owed = arrears(invoices, as_of=date(2024, 1, 31), days=31)
    >>> owed.select("overdue", "collected_share", "days_sales_outstanding").row(0)
    (30.0, 0.7, 9.3)
    """
    require_day("arrears", as_of)
    require_positive(days=days)
    keys = break_down("arrears", by=by, period=None, at=issued, result=_RESULT)
    opened = _open(
        frame,
        keys,
        customer=customer,
        dates={"issued": issued, "due": due},
        amounts={"total": total, "open_amount": open_amount},
    )
    today = as_of.toordinal()
    rows = opened.rows.select(
        **keys.keys(opened),
        _customer=key_values(opened, customer),
        _issued=day_index(issued),
        _due=day_index(due),
        _total=nw.col(total).cast(nw.Float64),
        _open=nw.col(open_amount).cast(nw.Float64),
    ).filter(nw.col("_issued") <= today)
    parts = _parts(today, days)
    told = rows.select(*keys.inner_keys, "_customer", **parts)
    each = told.group_by(*keys.inner_keys, "_customer").agg(*[nw.col(name).sum() for name in parts])
    owing = denoise(nw.col("overdue")) > 0
    counted = each.with_columns(
        customers=nw.lit(1),
        customers_overdue=nw.when(owing).then(nw.lit(1)).otherwise(nw.lit(0)),
    )
    counts = ["customers", "customers_overdue"]
    summed = keys.summarise(opened, counted, {}, counts=counts, totals=list(parts))
    clean = summed.with_columns(**{name: denoise(nw.col(name)) for name in parts})
    result = clean.select(*keys.names, **_figures(days))
    return keys.close(opened, result)  # type: ignore[no-any-return]


def _open(
    frame: Any,
    keys: Breakdown,
    *,
    customer: str,
    dates: Mapping[str, str],
    amounts: Mapping[str, str],
) -> OpenFrame:
    opened = open_frame(frame, table="invoices")
    require_columns(opened, {"customer": customer, **dates, **amounts, **keys.columns})
    opened = parse_objects(opened, [*dates.values(), *keys.groups])
    kinds = {customer: ColumnKind.KEY, **keys.kinds}
    kinds |= dict.fromkeys(dates.values(), ColumnKind.DATE)
    kinds |= dict.fromkeys(amounts.values(), ColumnKind.NUMBER)
    require_kinds(opened, kinds)
    total, open_amount = amounts["total"], amounts["open_amount"]
    rules = [
        not_null(customer),
        *[not_null(name) for name in dates.values()],
        *[rule for name in amounts.values() for rule in amount_checks(opened, name)],
        RowCheck(
            "open_more_than_billed",
            f"{open_amount},{total}",
            (nw.col(total) >= 0) & (nw.col(open_amount) > nw.col(total)),
            "leave more open than was billed",
            "Mend those rows.",
        ),
        *keys.rules(),
    ]
    check_rows(opened, rules, keys=[customer, dates["issued"]])
    return opened


def _parts(today: int, days: int) -> dict[str, nw.Expr]:
    """Express the parts of an invoice's amounts that are summed up."""

    def amount(holds: nw.Expr, value: nw.Expr) -> nw.Expr:
        return nw.when(holds).then(value).otherwise(nw.lit(0.0))

    recent = nw.col("_issued") > today - days
    fell_due = (nw.col("_due") < today) & (nw.col("_due") >= today - days)
    return {
        "billed": amount(recent, nw.col("_total")),
        "open": nw.col("_open"),
        "overdue": amount(nw.col("_due") < today, nw.col("_open")),
        "due": amount(fell_due, nw.col("_total")),
        "_due_open": amount(fell_due, nw.col("_open")),
    }


def _figures(days: int) -> dict[str, nw.Expr]:
    def share(part: nw.Expr, whole: nw.Expr) -> nw.Expr:
        return part / nw.when(whole > 0).then(whole)

    everyone = nw.col("customers").cast(nw.Float64)
    late = nw.col("customers_overdue").cast(nw.Float64)
    derived = {
        "overdue_share": share(nw.col("overdue"), nw.col("open")),
        "customers_overdue_share": share(late, everyone),
        "collected_share": share(nw.col("due") - nw.col("_due_open"), nw.col("due")),
        "days_sales_outstanding": share(nw.col("open") * float(days), nw.col("billed")),
    }
    return {name: derived.get(name, nw.col(name)) for name in _RESULT}
