"""Invoices that have been overdue for long: a customer whom the operator may have to end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.churn.warnings.day_numbers import day_number
from telcrm.churn.warnings.formulas import Case, Facts, counted, ramp, sentence, whole
from telcrm.churn.warnings.history import CustomerHistory, age_in_days
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import SeenTables
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.churn.warnings.signal_policy import Days, SeverityRange, SignalPolicy
from telcrm.domain import Invoice, PaymentStatus
from telcrm.mart import OpenInvoice
from telcrm.mart.customer_debt import debt_of
from telcrm.mart.lines import LATEST
from telcrm.mart.micros import MICROS, micros

__all__ = ["PAYMENT_STRESS", "PaymentStressPolicy"]

_RECEIVED: Final = (PaymentStatus.DONE, PaymentStatus.CAPTURED)


class PaymentStressPolicy(SignalPolicy):
    """When debts warn, from ``invoices`` and ``payments``.

    Payments and credit notes settle what fell due first, of the account where the tables tell
    accounts. The column ``open_amount`` is not read: it tells the present only.

    Notes
    -----
    Its ``churn_kind`` is involuntary: the customer is one for collections, and gets no retention
    offer.

    References
    ----------
    AIS (Thailand) ends postpaid service of accounts overdue by more than 60 days (glossary of its
    filings to the SEC); the rest are conventions of ours.

    Examples
    --------
    >>> PaymentStressPolicy(overdue_days=15).worst_days
    60
    """

    overdue_days: Days = 30
    worst_days: Days = 60
    """Days overdue from which the severity is ``severity.most``."""
    severity: SeverityRange = SeverityRange(least=0.4, most=0.8)
    least_overdue: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    """Major units in all that have to be overdue."""


def _in_tables(tables: SeenTables, _: PaymentStressPolicy) -> nw.LazyFrame[Any]:
    payer = ["customer_id", "_account"]
    invoices = _by_account(tables, "invoices").with_columns(
        _due=day_number("due_on", missing=LATEST), _units=micros(nw.col("total"))
    )
    status = nw.col("status")
    good = status.is_null() | status.is_in([each.value for each in _RECEIVED])
    paid = _by_account(tables, "payments").filter(good)
    credited = invoices.filter(nw.col("_units") <= 0)
    receipts = nw.concat(
        [
            paid.select(*payer, _received=micros(nw.col("amount"))),
            credited.select(*payer, _received=0 - nw.col("_units")),
        ]
    )
    summed = receipts.group_by(*payer).agg(nw.col("_received").sum())
    received = summed.select(
        _payer=nw.col("customer_id"),
        _payer_account=nw.col("_account"),
        _received=nw.col("_received").cast(nw.Int64),
    )
    upto = nw.col("_units").cum_sum().over(*payer, order_by=["_due", "invoice_id"])
    owed = invoices.filter(nw.col("_units") > 0).with_columns(_upto=upto.cast(nw.Int64))
    joined = owed.join(
        received, how="left", left_on=payer, right_on=["_payer", "_payer_account"]
    ).with_columns(_left=nw.col("_upto") - nw.col("_received").fill_null(0).cast(nw.Int64))
    late = joined.filter((nw.col("_left") > 0) & (nw.col("_due") < tables.today))
    # What is left of the first open invoice is a part of it; those after it are open in full.
    part = nw.min_horizontal(nw.col("_left"), nw.col("_units"))
    told = late.with_columns(_open=part).with_columns(
        _all=nw.col("_open").sum().over("customer_id")
    )
    return told.select(
        "customer_id",
        subscription_id=tables.no_text("invoices"),
        evidence_id=nw.col("invoice_id"),
        overdue_days=tables.today - nw.col("_due"),
        owed_micros=nw.col("_all").cast(nw.Int64),
        currency=nw.lit(_unit(tables.currency)),
    )


def _by_account(tables: SeenTables, name: str) -> nw.LazyFrame[Any]:
    billing = [each for each in ("subscriptions", "invoices", "payments") if tables.has(each)]
    by_account = all(tables.has(each, "account_id") for each in billing)
    account = nw.col("account_id").fill_null("") if by_account else nw.lit("")
    return tables.rows(name).with_columns(_account=account)


def _unit(currency: str | None) -> str:
    return f" {currency}" if currency else ""


def _of_customer(
    history: CustomerHistory, as_of: date, _: PaymentStressPolicy
) -> list[dict[str, Any]]:
    late = [one for one in _open_invoices(history, as_of) if one.due_on < as_of]
    owed = sum(int(one.open_amount.amount * MICROS) for one in late)
    return [
        {
            "subscription_id": None,
            "evidence_id": one.invoice_id,
            "overdue_days": (as_of - one.due_on).days,
            "owed_micros": owed,
            "currency": _unit(one.open_amount.currency.code),
        }
        for one in late
    ]


def _open_invoices(history: CustomerHistory, as_of: date) -> tuple[OpenInvoice, ...]:
    if history.open_invoices is not None:
        return history.open_invoices
    invoices = [o for o in history.invoices or () if age_in_days(o.issued_on, as_of) >= 1]
    payments = [o for o in history.payments or () if age_in_days(o.paid_on, as_of) >= 1]
    if not invoices:
        return ()
    debt = debt_of(
        [_invoice_row(one) for one in invoices],
        [
            {
                "account_id": one.account_id,
                "paid_on": one.paid_on,
                "amount": one.amount.amount,
                "status": one.status,
            }
            for one in payments
        ],
        by_account=any(one.account_id is not None for one in invoices),
        currency=invoices[0].total.currency,
        as_of=as_of,
    )
    return debt.open_invoices


def _invoice_row(one: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": one.invoice_id,
        "account_id": one.account_id,
        "issued_on": one.issued_on,
        "due_on": one.due_on,
        "total": one.total.amount,
    }


def _cases(facts: Facts, policy: PaymentStressPolicy) -> list[Case]:
    late, owed = facts["overdue_days"], facts["owed_micros"]
    enough = owed >= int(policy.least_overdue * MICROS)
    return [
        Case(
            holds=(late >= policy.overdue_days) & enough,
            severity=ramp(late, policy.overdue_days, policy.worst_days, policy.severity),
            age_days=0,
            words=sentence(
                "An invoice is ",
                counted(late, "day"),
                " overdue; overdue in all: ",
                whole(owed * 1e-6),
                facts["currency"],
                ".",
            ),
        )
    ]


PAYMENT_STRESS: Final = SignalRule(
    signal=WarningSignal.PAYMENT_STRESS,
    needs=(("invoices", "payments"), ("open_invoices",)),
    in_tables=_in_tables,
    of_customer=_of_customer,
    cases=_cases,
)
