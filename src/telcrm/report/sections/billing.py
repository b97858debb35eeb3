"""What was billed, what was paid, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month, ranking, total, with_names
from telcrm.report.sections.open_items import money_in, with_open
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["BILLING"]

_AGES = ("not yet due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")
_MOST_DEBTORS = 10


def _write(sources: Sources) -> Section:
    invoices, known = with_open(sources)
    late = invoices.filter(pl.col("due_on") < sources.day)
    overdue = total(late["open"])
    billed = total(invoices["total"])
    open_amount = total(invoices["open"])
    return Section(
        name="billing",
        title="Invoices and payments",
        summary=f"Invoices and payments up to {show(sources.day, Kind.DAY)}. {known}",
        figures=(
            KeyFigure(
                "Overdue",
                short(overdue, Kind.MONEY, unit=sources.unit),
                show(overdue / billed if billed else None, Kind.SHARE) + " of all billed",
            ),
            KeyFigure(
                "Billed",
                short(billed, Kind.MONEY, unit=sources.unit),
                counted(invoices.height, "invoice"),
            ),
            KeyFigure("Open", short(open_amount, Kind.MONEY, unit=sources.unit)),
            *_paid(sources),
        ),
        exhibits=(
            *_by_month(sources, invoices),
            *_ageing(sources, invoices),
            *_methods(sources),
            *_debtors(sources, late),
        ),
    )


def _paid(sources: Sources) -> tuple[KeyFigure, ...]:
    if "payments" not in sources:
        return ()
    paid = money_in(sources)
    detail = counted(paid.height, "payment")
    return (KeyFigure("Paid", short(total(paid["amount"]), Kind.MONEY, unit=sources.unit), detail),)


def _by_month(sources: Sources, invoices: pl.DataFrame) -> Iterator[Exhibit]:
    months = per_month(
        invoices,
        "issued_on",
        invoices=pl.len(),
        billed=pl.col("total").sum(),
        open=pl.col("open").sum(),
    )
    series = {"billed": "Billed"}
    if "payments" in sources:
        paid = per_month(money_in(sources), "paid_on", paid=pl.col("amount").sum())
        months = months.join(paid, on="period", how="full", coalesce=True).sort("period")
        series["paid"] = "Paid"
    yield Exhibit(
        name="months",
        title=sources.headed("Billed and paid"),
        note="Invoices by their day of issue, payments by their day of payment.",
        frame=months,
        plot=time_charts.lines(
            months, series, kind=Kind.MONEY, label="Billed and paid amounts per month"
        ),
    )


def _ageing(sources: Sources, invoices: pl.DataFrame) -> Iterator[Exhibit]:
    days = (pl.lit(sources.day) - pl.col("due_on")).dt.total_days()
    age = (
        pl.when(days <= 0)
        .then(pl.lit(_AGES[0]))
        .when(days <= 30)
        .then(pl.lit(_AGES[1]))
        .when(days <= 60)
        .then(pl.lit(_AGES[2]))
        .when(days <= 90)
        .then(pl.lit(_AGES[3]))
        .otherwise(pl.lit(_AGES[4]))
    )
    owed = (
        invoices.filter(pl.col("open") > 0)
        .group_by(age=age)
        .agg(
            invoices=pl.len(), customers=pl.col("customer_id").n_unique(), open=pl.col("open").sum()
        )
    )
    ages = pl.DataFrame({"age": _AGES}).join(owed, on="age", how="left", maintain_order="left")
    ages = ages.with_columns(pl.col("invoices", "customers", "open").fill_null(0))
    yield Exhibit(
        name="ageing",
        title=sources.headed("Open amount by days past due"),
        note="Days from the due date to the as-of date.",
        frame=ages,
        columns={
            "age": Column("Past due"),
            "invoices": Column("Invoices", Kind.COUNT),
            "customers": Column("Customers", Kind.COUNT),
            "open": Column(sources.headed("Open"), Kind.MONEY),
        },
        plot=charts.ranked(
            ages, name="age", value="open", kind=Kind.MONEY, label="Open amount by days past due"
        ),
    )


def _methods(sources: Sources) -> Iterator[Exhibit]:
    if not sources.has("payments", "method"):
        return
    counts = ranking(money_in(sources), "method")
    yield Exhibit(
        name="methods",
        title="Payments by method",
        frame=counts,
        plot=charts.ranked(
            counts, name="method", value="count", kind=Kind.COUNT, label="Payments by method"
        ),
    )


def _debtors(sources: Sources, late: pl.DataFrame) -> Iterator[Exhibit]:
    debtors = (
        late.filter(pl.col("open") > 0)
        .group_by("customer_id")
        .agg(overdue=pl.col("open").sum(), invoices=pl.len(), since=pl.col("due_on").min())
        .sort(["overdue", "customer_id"], descending=[True, False])
        .head(_MOST_DEBTORS)
    )
    if debtors.is_empty():
        return
    columns = {
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "overdue": Column(sources.headed("Overdue"), Kind.PRICE),
        "invoices": Column("Invoices", Kind.COUNT),
        "since": Column("Oldest due", Kind.DAY),
    }
    named = with_names(debtors, sources)
    yield Exhibit(
        name="debtors",
        title="Largest overdue amounts",
        frame=named,
        columns={name: column for name, column in columns.items() if name in named.columns},
    )


BILLING = Chapter("billing", "Invoices and payments", ("invoices",), _write)
