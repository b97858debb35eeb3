"""What each payer, an account or else a customer, was billed, has paid and owes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import PaymentMode, PaymentStatus
from telcrm.mart.attribution import attribute, bearers
from telcrm.mart.lines import LATEST, tier, with_ordinals
from telcrm.mart.micros import micros
from telcrm.mart.month import Month
from telcrm.mart.policy import ArrearsBasis, MartPolicy
from telcrm.mart.sources import Sources
from telcrm.tables.typed_columns import flag

__all__ = ["PAYER_AMOUNTS", "PAYER_COUNTS", "borne", "payers"]

PAYER = ["_by", "_payer"]
"""The key of a payer: 0 and an account, or 1 and a customer."""

PAYER_AMOUNTS = ["_billed", "_invoiced", "_paid", "_open", "_overdue"]
"""Amounts of a payer, in micro-units: net and gross of the month, received, at month end."""

PAYER_COUNTS = ["invoice_count", "payment_count", "_oldest"]
"""What every line that bears for a payer is told of it: documents, and since when it is late."""

_RECEIVED = (PaymentStatus.DONE, PaymentStatus.CAPTURED)


def borne(
    sources: Sources, month: Month, policy: MartPolicy, rows: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Split what payers were billed, paid and owe among their lines.

    Parameters
    ----------
    sources : Sources
    month : Month
    policy : MartPolicy
    rows : narwhals.stable.v2.LazyFrame
        Lines, with their usage charges.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``PAYER_AMOUNTS``, ``PAYER_COUNTS`` and ``_bears``, 1 if the line has
        to have a row for it.
    """
    told = payers(sources, month, policy)
    shares = bearers(_lines_of_payers(sources, rows), policy.attribution, weight="_charge")
    parts = attribute(told, shares, PAYER_AMOUNTS, unit=sources.unit, repeated=PAYER_COUNTS)
    late = nw.col("_oldest")
    parts = parts.with_columns(_oldest=nw.when(late > 0).then(late).otherwise(nw.lit(LATEST)))
    documents = [name for name in PAYER_COUNTS if name != "_oldest"]
    sums = [*PAYER_AMOUNTS, *documents]
    summed = parts.group_by("subscription_id").agg(
        *[nw.col(name).sum() for name in sums], nw.col("_oldest").min()
    )
    moved = (nw.col("invoice_count") > 0) | (nw.col("payment_count") > 0) | (nw.col("_open") != 0)
    return summed.with_columns(nw.col(*sums).cast(nw.Int64), _bears=flag(moved))


def _lines_of_payers(sources: Sources, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Pair payers with the lines that were activated by the end of the month."""
    known = rows.filter(nw.col("_known") == 1).with_columns(_tier=tier(PaymentMode.POSTPAID))
    columns = ["subscription_id", "_began", "_tier", "_charge"]
    by_customer = known.select(*columns, _by=nw.lit(1), _payer=nw.col("customer_id"))
    if not _accounts_pay(sources):
        return by_customer
    named = known.filter(~nw.col("account_id").is_null())
    by_account = named.select(*columns, _by=nw.lit(0), _payer=nw.col("account_id"))
    billing = [name for name in ("invoices", "payments") if sources.has(name)]
    if not any("account_id" in sources.nulls[name] for name in billing):
        return by_account
    return nw.concat([by_account, by_customer])


def _accounts_pay(sources: Sources) -> bool:
    """Tell whether accounts are the payers, and not customers.

    Unless every table tells accounts, customers pay: a payment would not meet its invoice.
    """
    tables = [name for name in ("subscriptions", "invoices", "payments") if sources.has(name)]
    return all(sources.has(name, "account_id") for name in tables)


def _by_payer(sources: Sources, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add the key of the payer: the account, or the customer where none is named."""
    if not _accounts_pay(sources):
        return rows.with_columns(_by=nw.lit(1), _payer=nw.col("customer_id"))
    named = ~nw.col("account_id").is_null()
    return rows.with_columns(
        _by=nw.when(named).then(nw.lit(0)).otherwise(nw.lit(1)),
        _payer=nw.when(named).then(nw.col("account_id")).otherwise(nw.col("customer_id")),
    )


def payers(sources: Sources, month: Month, policy: MartPolicy) -> nw.LazyFrame[Any]:
    """Sum invoices and payments by payer; invoices have to be there.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The key, ``PAYER_AMOUNTS``, ``invoice_count``, ``payment_count`` and ``_oldest``, the day
        number on which the oldest overdue item fell due, or 0.
    """
    rows = _invoice_rows(sources, month, policy)
    sums = ["_billed", "_invoiced", "_owed", "_credit", "_due", "invoice_count"]
    billed = rows.group_by(*PAYER).agg(*[nw.col(name).sum() for name in sums])
    nought = dict.fromkeys(["_received", "_paid", "payment_count"], nw.lit(0))
    parts = [billed.with_columns(nw.col(*sums).cast(nw.Int64), **nought)]
    if sources.has("payments"):
        paid = _payments(sources, month, policy)
        parts.append(paid.with_columns(**dict.fromkeys(sums, nw.lit(0))))
    every = [*sums, *nought]
    columns: list[Any] = [*PAYER, *[nw.col(name).cast(nw.Int64) for name in every]]
    stacked = nw.concat([part.select(*columns) for part in parts])
    summed = stacked.group_by(*PAYER).agg(*[nw.col(name).sum() for name in every])
    summed = summed.with_columns(nw.col(*every).cast(nw.Int64))
    # Credit notes settle what is owed as payments do.
    settled = nw.col("_received") - nw.col("_credit")
    late = nw.col("_due") - settled
    told = summed.with_columns(
        _settled=settled,
        _open=nw.col("_owed") - settled,
        _overdue=nw.when(late > 0).then(late).otherwise(nw.lit(0)),
    )
    oldest = _oldest(rows, told)
    joined = told.join(oldest, how="left", on=PAYER)
    return joined.with_columns(nw.col("_oldest").fill_null(0).cast(nw.Int64))


def _invoice_rows(sources: Sources, month: Month, policy: MartPolicy) -> nw.LazyFrame[Any]:
    """Bring invoices to amounts: ``_owed`` and ``_credit`` at month end, ``_due`` of the first."""
    opened = sources.opened["invoices"]
    rows = _by_payer(sources, sources.rows("invoices"))
    rows = with_ordinals(opened, rows, {"_due_day": ("due_on", LATEST)})
    here = sources.since("invoices", "issued_on", month.first)
    # Where a table does not tell its tax, the net follows from the rate that was agreed on.
    net = nw.when(nw.col("tax").is_null()).then(
        nw.col("total").cast(nw.Float64) / (1 + float(policy.unstated_tax_rate))
    )
    stated = policy.arrears_basis is ArrearsBasis.OPEN_AMOUNT
    left = nw.col("open_amount") if stated else nw.col("total")
    rows = rows.with_columns(
        _here=flag(here),
        _total=micros(nw.col("total")),
        _net=micros(net.otherwise(nw.col("total").cast(nw.Float64) - nw.col("tax"))),
        _left=micros(left.fill_null(0)),
    )
    late = nw.col("_due_day") < (month.last - timedelta(days=policy.arrears_grace_days)).toordinal()

    def where(condition: nw.Expr, name: str) -> nw.Expr:
        return nw.when(condition).then(nw.col(name)).otherwise(nw.lit(0))

    owed, here_only = nw.col("_left") > 0, nw.col("_here") == 1
    return rows.select(
        *PAYER,
        "_due_day",
        _billed=where(here_only, "_net"),
        _invoiced=where(here_only, "_total"),
        _owed=where(owed, "_left"),
        _credit=where(~owed, "_left"),
        _due=where(owed & late, "_left"),
        invoice_count=nw.col("_here"),
    )


def _payments(sources: Sources, month: Month, policy: MartPolicy) -> nw.LazyFrame[Any]:
    rows = _by_payer(sources, sources.rows("payments"))
    received = nw.col("status").is_null() | nw.col("status").is_in([str(s) for s in _RECEIVED])
    rows = rows.filter(received).select(
        *PAYER,
        _micros=micros(nw.col("amount")),
        _here=flag(sources.since("payments", "paid_on", month.first)),
    )
    # Where invoices tell what is open of them, payments are in that already.
    settles = policy.arrears_basis is ArrearsBasis.PAYMENTS
    told = rows.select(
        *PAYER,
        _received=nw.col("_micros") if settles else nw.lit(0),
        _paid=nw.when(nw.col("_here") == 1).then(nw.col("_micros")).otherwise(nw.lit(0)),
        payment_count=nw.col("_here"),
    )
    names = ["_received", "_paid", "payment_count"]
    return told.group_by(*PAYER).agg(*[nw.col(name).sum() for name in names])


def _oldest(rows: nw.LazyFrame[Any], told: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Find the day on which the first item fell due that is not settled, payers in arrears only."""
    late = told.filter(nw.col("_overdue") > 0).select(*PAYER, "_settled")
    due = rows.filter(nw.col("_due") > 0).join(late, how="inner", on=PAYER)
    days = due.group_by(*PAYER, "_due_day").agg(nw.col("_due").sum(), nw.col("_settled").max())
    upto = nw.col("_due").cum_sum().over(*PAYER, order_by="_due_day")
    open_days = days.with_columns(_upto=upto).filter(nw.col("_upto") > nw.col("_settled"))
    return open_days.group_by(*PAYER).agg(nw.col("_due_day").min().alias("_oldest"))
