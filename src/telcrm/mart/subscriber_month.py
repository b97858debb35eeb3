"""One month of the mart: a row for each line, with all that it did, brought, cost and owes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import PaymentMode
from telcrm.errors import (
    MartMismatchError,
    MissingColumnsError,
    MissingTableError,
    ParameterError,
)
from telcrm.mart.beside import beside
from telcrm.mart.columns import settle
from telcrm.mart.contacts import (
    COMPLAINT_COLUMNS,
    INTERACTION_COLUMNS,
    complaints_of_customers,
    interactions_of_customers,
)
from telcrm.mart.costs import direct_cost
from telcrm.mart.devices import DEVICE_COLUMNS, devices_of_lines
from telcrm.mart.lines import LATEST, lines
from telcrm.mart.micros import major
from telcrm.mart.month import Month
from telcrm.mart.payers import PAYER_AMOUNTS, PAYER_COUNTS, borne
from telcrm.mart.policy import ArrearsBasis, MartPolicy, PostpaidActivity, PrepaidRevenue
from telcrm.mart.sources import Sources, open_sources
from telcrm.mart.usage import USAGE_COLUMNS, days_to_read, recharges_of_lines, usage_of_lines
from telcrm.tables import ColumnType
from telcrm.tables.door import parse_objects, require_columns
from telcrm.tables.findings import readable
from telcrm.tables.second_table import open_beside
from telcrm.tables.typed_columns import day_literal, nothing

__all__ = ["subscriber_month"]


def subscriber_month(
    tables: Mapping[str, Any],
    period: date,
    *,
    policy: MartPolicy | None = None,
    previous: Any = None,
) -> Any:
    """Build one month of the mart: a row for each line that was in service or had anything booked.

    Parameters
    ----------
    tables : mapping of str to dataframe
        Canonical tables by name, all of one engine (and one DuckDB connection or Spark session):
        ``subscriptions`` and, as far as there are any, ``usage``, ``recharges``, ``invoices``,
        ``payments``, ``complaints``, ``interactions``, ``equipment`` and ``customers``.
    period : date
        First day of the month.
    policy : MartPolicy, optional
        Who is active, what revenue and cost are made of, how amounts are split.
    previous : dataframe, optional
        The month before, built under the same policy. Usage and recharges are then read of this
        month alone; otherwise also of the days that the activity rule looks back on.

    Returns
    -------
    dataframe
        Of the same kind as ``tables["subscriptions"]``, sorted by ``subscription_id``; the columns
        are those of :data:`MART_COLUMNS`, always all of them. A lazy frame stays lazy.

        ``in_service``, ``active``
            Boolean: in service on any day of the month; active by the policy. Every active line is
            in service. A line that is not has a row if it used or topped up something in the
            month, or bears an invoice, a payment or a debt.
        ``status``
            At the end of the month: ``terminated`` from ``terminated_on`` on. A table knows only
            the present status, so one that ended later reads ``active`` before, and any other
            status is the present one.
        ``last_activity_on``
            Last day in the window of the activity rule with an activity that counts; null if there
            is none, and for lines out of service.
        ``tenure_months``, ``commitment_days_left``, ``in_commitment``
            Calendar months since the month of activation; days bound after the end of the month, 0
            when over, null where there was no commitment.
        ``voice_s``, ``data_bytes``, ``sms_count``
            Calls both ways, bytes, messages sent. ``voice_<zone>_s`` and ``sms_<zone>_count`` count
            outgoing usage, ``data_<zone>_bytes`` all; ``*_incoming_*`` what was received.
        ``recharge_count``, ``recharge_amount``, ``usage_charge``, ``billed_amount``
            Of the month; ``billed_amount`` is the part of invoices without tax.
        ``revenue``, ``direct_cost``, ``margin``
            Revenue is ``billed_amount``, and for prepaid lines besides what the policy says;
            negative when credits exceed charges. Cost is null unless the policy tells rates.
        ``invoiced_amount``, ``paid_amount``, ``open_balance``, ``overdue_amount``
            The line's part of the payer's amounts: invoiced and received in the month, tax
            included; owed and overdue at its end. A balance below 0 is a credit.
        ``invoice_count``, ``payment_count``, ``overdue_days``
            Of the payer, on every line that bears for it: do not add them. ``overdue_days`` is the
            age of the oldest overdue item since its due date, null if nothing is overdue.
        ``customer_complaints_*``, ``customer_contacts_*``
            Of the customer, on each of its lines: do not add them.
        ``device_*``
            Of the device assigned last among those that the line had on the last day.
        ``currency``, ``policy``
            The currency of all amounts, where a table tells it; the digest of the policy.

        Columns whose table, or optional column, was not given are null, never 0. Numbers of a
        table that was given are 0 for lines that do not stand in it. In pandas whole numbers are
        ``Int64`` and flags ``boolean``.

    Raises
    ------
    MissingTableError
        ``subscriptions`` or a table that the policy goes by is not there.
    MissingColumnsError, ColumnTypeError
        A table is not as its contract has it, or instants are kept in different time zones.
    InvalidTableError
        A row breaks a rule of its contract, or a subscription or customer comes twice.
    CurrencyMismatchError
        Amounts are in different currencies.
    ParameterError
        ``period`` is not the first day of a month, a table is not a canonical one, the tables are
        of several engines, or ``previous`` is not the month before.
    UnsupportedFrameError
        ``previous`` is a frame of another engine.
    MartMismatchError
        ``previous`` was built under another policy.

    Notes
    -----
    *Who pays.* The account that an invoice or payment names, or the customer where it names none;
    customers if one of the three tables has no column ``account_id``. What a payer is charged is
    borne by its postpaid lines in service in the month; without any by its prepaid ones, and
    without these by the line that ended last. The parts add up to the payer's amount exactly. What
    names a payer or a line that ``subscriptions`` does not know has no row.

    *Arrears.* By default invoices and payments up to the end of the month are read, and payments
    and credit notes settle what fell due first: what is overdue is what fell due, less all that was
    received, and not below 0. Received is a payment whose status is ``done`` or ``captured``, or
    is not told.

    *Days* are those of the clock that instants are kept in; without a zone they count as UTC.
    Nothing that is dated after the month has any effect, ``terminated_on`` included, so a month
    can be built at any time.

    One query for each table looks over the rows that will be read, and runs at once.

    Examples
    --------
    >>> from telcrm.synth import Operator
    >>> tables = Operator(subscribers=30, months=3, seed=2).tables()
    >>> month = subscriber_month(tables, date(2025, 3, 1))
    >>> month.filter(month["active"]).height == month["in_service"].sum()
    True
    >>> payers = tables["payments"].filter(tables["payments"]["paid_on"] >= date(2025, 3, 1))
    >>> abs(month["paid_amount"].sum() - payers["amount"].sum()) < 0.005
    True
    """
    agreed = policy or MartPolicy()
    month = Month.of(period)
    for table, why in agreed.needs():
        if table not in tables:
            raise MissingTableError(
                f"tables lacks {table!r} (found: {', '.join(tables) or 'none'}), and {why}. Add "
                "the table, or agree on another policy.",
                missing=table,
            )
    sources = open_sources(tables, _days(month, agreed, continued=previous is not None))
    if agreed.arrears_basis is ArrearsBasis.OPEN_AMOUNT and sources.has("invoices"):
        _require_open_amount(sources)
    rows = _join_all(sources, month, agreed, _last_known(sources, month, agreed, previous))
    marks = ["_served", "_used", "_topped_up", "_bears"]
    kept = rows.filter(nw.sum_horizontal(*[nw.col(mark).fill_null(0) for mark in marks]) > 0)
    told = _tell(sources, month, agreed, kept)
    return sources.main.close(settle(sources.main, told).sort("subscription_id"))


def _days(
    month: Month, policy: MartPolicy, *, continued: bool
) -> dict[str, tuple[str, date | None, date]]:
    first, last = days_to_read(month, policy, continued=continued)
    settled = policy.arrears_basis is ArrearsBasis.PAYMENTS
    return {
        "usage": ("started_at", first, last),
        "recharges": ("recharged_at", first, last),
        "invoices": ("issued_on", None, last),
        "payments": ("paid_on", None if settled else month.first, last),
        "complaints": ("received_at", None, last),
        "interactions": ("started_at", month.first, last),
    }


def _require_open_amount(sources: Sources) -> None:
    if not sources.has("invoices", "open_amount"):
        raise MissingColumnsError(
            "invoices lacks 'open_amount', and the policy tells arrears by it. Add the column, or "
            "choose arrears_basis='payments'.",
            table="invoices",
            missing=["open_amount"],
        )


def _last_known(
    sources: Sources, month: Month, policy: MartPolicy, previous: Any
) -> nw.LazyFrame[Any] | None:
    """Read the days of last activity from the month before, if that is what it is."""
    if previous is None:
        return None
    opened = open_beside(sources.main, previous, table="previous")
    names = ["subscription_id", "period", "last_activity_on", "policy"]
    require_columns(opened, {name: name for name in names})
    opened = parse_objects(opened, names)
    ends = [nw.col(name).min().alias(f"least_{name}") for name in ("period", "policy")]
    ends += [nw.col(name).max().alias(f"greatest_{name}") for name in ("period", "policy")]
    [found] = opened.rows.select(*ends).collect().rows(named=True)
    periods = {readable(found[f"{end}_period"]) for end in ("least", "greatest")} - {None}
    if periods - {month.before.first}:
        raise ParameterError(
            f"previous holds {', '.join(map(str, sorted(periods)))}, and has to be the month "
            f"before {month.first}: {month.before.first} alone. Leave it out to build the month "
            "from the tables.",
            period=month.first,
            found=sorted(periods),
        )
    policies = {found[f"{end}_policy"] for end in ("least", "greatest")} if periods else set()
    if policies - {policy.digest}:
        raise MartMismatchError(
            f"previous was built under the policy {', '.join(sorted(policies))}, and this month "
            f"is to be under {policy.digest}. Build it under the same policy, or leave previous "
            "out.",
            found=sorted(policies),
            policy=policy.digest,
        )
    last = nw.col("last_activity_on")
    if opened.implementation is nw.Implementation.PANDAS:
        last = last.cast(nw.Datetime("us"))
    return opened.rows.select("subscription_id", _previous=last)


def _join_all(
    sources: Sources, month: Month, policy: MartPolicy, previous: nw.LazyFrame[Any] | None
) -> nw.LazyFrame[Any]:
    """Put everything beside its line; amounts in micro-units, counts 0 where there is nothing."""
    rows = lines(sources, month)
    used = usage_of_lines(sources, month, policy) if sources.has("usage") else None
    counts = ["_used", "_charge", *USAGE_COLUMNS]
    rows = beside(sources, rows, used, whole=counts, days=["_last_usage"])
    topped = recharges_of_lines(sources, month, policy, rows) if sources.has("recharges") else None
    counts = ["_topped_up", "recharge_count", "_recharged"]
    rows = beside(sources, rows, topped, whole=counts, days=["_last_recharge"])
    billed = borne(sources, month, policy, rows) if sources.has("invoices") else None
    sums = [*PAYER_AMOUNTS, *PAYER_COUNTS, "_bears"]
    rows = beside(sources, rows, billed, whole=sums)
    rows = _unknown_without_payments(sources, policy, rows)
    said = complaints_of_customers(sources, month) if sources.has("complaints") else None
    rows = beside(sources, rows, said, whole=COMPLAINT_COLUMNS, on="customer_id")
    met = interactions_of_customers(sources) if sources.has("interactions") else None
    rows = beside(sources, rows, met, whole=INTERACTION_COLUMNS, on="customer_id")
    held = devices_of_lines(sources, month) if sources.has("equipment") else None
    rows = beside(sources, rows, held, whole=["device_count"], texts=DEVICE_COLUMNS)
    who = sources.rows("customers") if sources.has("customers") else None
    rows = beside(sources, rows, who, texts=["segment", "region"], on="customer_id")
    return beside(sources, rows, previous, days=["_previous"])


def _unknown_without_payments(
    sources: Sources, policy: MartPolicy, rows: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    if sources.has("payments"):
        return rows
    unknown = {"_paid": ColumnType.INTEGER, "payment_count": ColumnType.INTEGER}
    if policy.arrears_basis is ArrearsBasis.PAYMENTS:
        unknown |= dict.fromkeys(["_open", "_overdue"], ColumnType.INTEGER)
    return rows.with_columns(**{name: _none(sources, kind) for name, kind in unknown.items()})


def _tell(
    sources: Sources, month: Month, policy: MartPolicy, rows: nw.LazyFrame[Any]
) -> nw.LazyFrame[Any]:
    """Tell activity, revenue and cost, and bring amounts to major units."""
    rows = rows.with_columns(_last=_latest("_last_usage", "_last_recharge"))
    rows = rows.with_columns(_last=_latest("_last", "_previous"))
    start = month.last - timedelta(days=policy.prepaid_activity.window_days - 1)
    served, last = nw.col("_served") == 1, nw.col("_last")
    counts = served & (last >= day_literal(sources.main, start))
    # An activity before the line was activated was that of another holder of the number.
    counts = counts & (nw.col("activated_on").is_null() | (last >= nw.col("activated_on")))
    rows = rows.with_columns(last_activity_on=nw.when(counts).then(last))
    rows = rows.with_columns(_revenue=_revenue(policy))
    cost = direct_cost(policy).round() if policy.tells_cost else _none(sources, ColumnType.NUMBER)
    rows = rows.with_columns(_cost=cost)
    bound = nw.col("commitment_days_left")
    currency = nw.lit(sources.currency) if sources.currency else _none(sources, ColumnType.TEXT)
    late = nw.col("_oldest") < LATEST
    return rows.with_columns(
        period=day_literal(sources.main, month.first),
        in_service=served,
        active=served & _active(policy),
        in_commitment=nw.when(~bound.is_null()).then(bound > 0)
        if sources.has("subscriptions", "commitment_end")
        else _none(sources, ColumnType.BOOLEAN),
        recharge_amount=major(nw.col("_recharged")),
        usage_charge=major(nw.col("_charge")),
        billed_amount=major(nw.col("_billed")),
        revenue=major(nw.col("_revenue")),
        direct_cost=major(nw.col("_cost")),
        margin=major(nw.col("_revenue") - nw.col("_cost")),
        invoiced_amount=major(nw.col("_invoiced")),
        paid_amount=major(nw.col("_paid")),
        open_balance=major(nw.col("_open")),
        overdue_amount=major(nw.col("_overdue")),
        overdue_days=nw.when(late & (nw.col("_overdue") > 0)).then(
            month.last.toordinal() - nw.col("_oldest")
        ),
        currency=currency,
        policy=nw.lit(policy.digest),
    )


def _none(sources: Sources, kind: ColumnType) -> nw.Expr:
    return nothing(sources.main, "subscription_id", kind)


def _latest(one: str, other: str) -> nw.Expr:
    first, second = nw.col(one), nw.col(other)
    return nw.when(first.is_null() | (second > first)).then(second).otherwise(first)


def _active(policy: MartPolicy) -> nw.Expr:
    """Express activity of a line that is in service."""
    acted = ~nw.col("last_activity_on").is_null()
    match policy.postpaid_activity:
        case PostpaidActivity.BILLED:
            postpaid = nw.col("invoice_count").fill_null(0) > 0
        case PostpaidActivity.USAGE:
            postpaid = acted
        case PostpaidActivity.IN_SERVICE:
            postpaid = nw.col("_served") == 1
    is_prepaid = nw.col("payment_mode") == str(PaymentMode.PREPAID)
    return (is_prepaid & acted) | (~is_prepaid & postpaid)


def _revenue(policy: MartPolicy) -> nw.Expr:
    """Express revenue in micro-units: what a line was billed, and what it paid in advance."""
    by_recharge = policy.prepaid_revenue is PrepaidRevenue.RECHARGES
    ahead = nw.col("_recharged" if by_recharge else "_charge")
    billed = nw.col("_billed")
    # Usage of a postpaid line is on its bill; a recharge of one is not.
    besides = billed + ahead.fill_null(0) if by_recharge else billed
    is_prepaid = nw.col("payment_mode") == str(PaymentMode.PREPAID)
    return nw.when(is_prepaid).then(ahead + billed.fill_null(0)).otherwise(besides)
