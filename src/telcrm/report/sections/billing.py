"""What was billed, and what was paid."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month, ranking, total
from telcrm.report.sections.open_items import money_in
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["BILLING"]


def _write(sources: Sources) -> Section:
    invoices = sources["invoices"]
    return Section(
        name="billing",
        title="Invoices and payments",
        summary=f"Invoices and payments up to {show(sources.day, Kind.DAY)}.",
        figures=(
            KeyFigure(
                "Billed",
                short(total(invoices["total"]), Kind.MONEY, unit=sources.unit),
                counted(invoices.height, "invoice"),
            ),
            *_paid(sources),
        ),
        exhibits=(
            *_by_month(sources, invoices),
            *_methods(sources),
        ),
    )


def _paid(sources: Sources) -> tuple[KeyFigure, ...]:
    if "payments" not in sources:
        return ()
    paid = money_in(sources)
    detail = counted(paid.height, "payment")
    return (KeyFigure("Paid", short(total(paid["amount"]), Kind.MONEY, unit=sources.unit), detail),)


def _by_month(sources: Sources, invoices: pl.DataFrame) -> Iterator[Exhibit]:
    months = per_month(invoices, "issued_on", invoices=pl.len(), billed=pl.col("total").sum())
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


BILLING = Chapter("billing", "Invoices and payments", ("invoices",), _write)
