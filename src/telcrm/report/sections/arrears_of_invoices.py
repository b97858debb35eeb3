"""Arrears by the tables of invoices and payments, and a simulation of dunning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger import AgingBuckets, collection_effectiveness_index
from telcrm.report.age_chart import by_age
from telcrm.report.collection import Collection
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Column, Exhibit, Section
from telcrm.report.sections.arrears_exhibits import MOST_DEBTORS, by_step, figures
from telcrm.report.sections.counting import total, with_names
from telcrm.report.sections.dunning_ladder import STEPS, standard_ladder, with_standing
from telcrm.report.sections.open_items import money_in, with_open
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["arrears_of_invoices"]

_WEEK = timedelta(days=7)


def arrears_of_invoices(sources: Sources) -> Section:
    """Write the section from the tables.

    Parameters
    ----------
    sources : Sources
        With a table ``invoices``.

    Returns
    -------
    Section
    """
    invoices, known = with_open(sources)
    ages = _aged(invoices, sources.day)
    debtors = _debtors(sources, invoices)
    simulated = (
        " The tables hold no history of dunning: the steps of dunning are a simulation."
        if debtors.height
        else ""
    )
    return Section(
        name="arrears",
        title="Arrears",
        summary=f"What is owed on {show(sources.day, Kind.DAY)}, by the table invoices. {known}"
        f"{simulated}",
        figures=tuple(
            figures(
                sources, ages, counted(debtors.height, "customer"), _collection(sources, invoices)
            )
        ),
        exhibits=(_aging(sources, ages), *_dunning(sources, debtors)),
    )


def _aged(invoices: pl.DataFrame, day: date) -> pl.DataFrame:
    buckets = AgingBuckets()
    place = pl.sum_horizontal(
        (pl.col("due_on") < edge).cast(pl.UInt32) for edge in buckets.edges(day)
    )
    owed = (
        invoices.filter(pl.col("open") > 0)
        .group_by(place=place)
        .agg(
            invoices=pl.len(), customers=pl.col("customer_id").n_unique(), open=pl.col("open").sum()
        )
    )
    return (
        pl.DataFrame({"age": buckets.names})
        .with_row_index("place")
        .join(owed, on="place", how="left", maintain_order="left")
        .drop("place")
        .with_columns(pl.col("invoices", "customers", "open").fill_null(0))
    )


def _aging(sources: Sources, ages: pl.DataFrame) -> Exhibit:
    return Exhibit(
        name="aging",
        title=sources.headed("Open amount by days past due"),
        note="Day 1 is the day after the due date; current is what is not yet past it. Shares are "
        "of all that is open.",
        frame=ages,
        columns={
            "age": Column("Days past due"),
            "invoices": Column("Invoices", Kind.COUNT),
            "customers": Column("Customers", Kind.COUNT),
            "open": Column(sources.headed("Open"), Kind.MONEY),
        },
        plot=by_age(
            ages["age"].to_list(), ages["open"].to_list(), label="Open amount by days past due"
        ),
        open=True,
    )


def _debtors(sources: Sources, invoices: pl.DataFrame) -> pl.DataFrame:
    owing = (
        invoices.filter((pl.col("open") > 0) & (pl.col("due_on") < sources.day))
        .group_by("customer_id")
        .agg(overdue=pl.col("open").sum(), invoices=pl.len(), since=pl.col("due_on").min())
        .sort(["overdue", "customer_id"], descending=[True, False])
        .with_columns(days_past_due=(pl.lit(sources.day) - pl.col("since")).dt.total_days())
    )
    return with_standing(owing)


def _dunning(sources: Sources, debtors: pl.DataFrame) -> Iterator[Exhibit]:
    if debtors.is_empty():
        return
    rungs = ", ".join(f"{rung.step} on day {rung.day}" for rung in standard_ladder())
    yield by_step(
        sources,
        debtors,
        title="Dunning, simulated: debtors by the last step",
        note="What the standard policy would have come to, had it run daily over the invoices that "
        f"are open today and nothing else: {rungs}.",
        who="Customers",
    )
    yield from _next_steps(sources, debtors)
    columns = {
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "overdue": Column(sources.headed("Overdue"), Kind.PRICE),
        "invoices": Column("Invoices", Kind.COUNT),
        "since": Column("Oldest due", Kind.DAY),
        "days_past_due": Column("Days past due", Kind.COUNT),
        "step": Column("Dunning, simulated"),
        "next_step": Column("Next step"),
        "next_on": Column("on", Kind.DAY),
    }
    listed = with_names(debtors, sources)
    yield Exhibit(
        name="debtors",
        title="Debtors",
        note="The largest overdue amounts first.",
        frame=listed,
        columns={name: column for name, column in columns.items() if name in listed.columns},
        wide=True,
        most=MOST_DEBTORS,
    )


def _next_steps(sources: Sources, debtors: pl.DataFrame) -> Iterator[Exhibit]:
    ahead = debtors.group_by(step="next_step").agg(
        debtors=pl.len(),
        overdue=pl.col("overdue").sum(),
        first_on=pl.col("next_on").min(),
        within_a_week=(pl.col("next_on") <= sources.day + _WEEK).sum(),
    )
    steps = pl.DataFrame({"step": STEPS}).join(ahead, on="step", maintain_order="left")
    if steps.is_empty():
        return
    yield Exhibit(
        name="next_steps",
        title="Dunning, simulated: what comes next",
        note="If nothing is paid until then.",
        frame=steps,
        columns={
            "step": Column("Next step"),
            "debtors": Column("Customers", Kind.COUNT),
            "overdue": Column(sources.headed("Overdue"), Kind.MONEY),
            "within_a_week": Column("within 7 days", Kind.COUNT),
            "first_on": Column("the first on", Kind.DAY),
        },
    )


def _collection(sources: Sources, invoices: pl.DataFrame) -> Collection | None:
    first = invoices["issued_on"].sort()[0]

    def sold(start: date, end: date) -> Money:
        within = pl.col("issued_on").is_between(start, end)
        return _money(total(invoices.filter(within)["total"]))

    def effectiveness(start: date, end: date) -> Decimal:
        if "payments" not in sources or first >= start:
            raise ParameterError("what was open when the month began is not known.")
        beginning, _ = _owed_on(sources, start - timedelta(days=1))
        ending, current = _owed_on(sources, end)
        return collection_effectiveness_index(
            beginning=beginning,
            sales=sold(start, end),
            ending_total=ending,
            ending_current=current,
        )

    return Collection.reckon(
        _money(total(invoices["open"].clip(0))),
        sold,
        effectiveness,
        since=first,
        as_of=sources.day,
    )


def _owed_on(sources: Sources, day: date) -> tuple[Money, Money]:
    """Return what was open at the end of a day, and what of that was not past due.

    Both are reckoned from the payments: what is stated to be open is so of one day only. Money
    settles what falls due first, so what a customer still owes is what falls due last.
    """
    total_ = pl.col("total")
    billed = (
        sources["invoices"]
        .filter(pl.col("issued_on") <= day)
        .group_by("customer_id")
        .agg(
            billed=total_.sum(),
            due_later=total_.filter((pl.col("due_on") >= day) & (total_ > 0)).sum(),
        )
    )
    paid = (
        money_in(sources)
        .filter(pl.col("paid_on") <= day)
        .group_by("customer_id")
        .agg(paid=pl.col("amount").sum())
    )
    owed = (pl.col("billed") - pl.col("paid").fill_null(0)).clip(0)
    sums = billed.join(paid, on="customer_id", how="left").select(
        open=owed, current=pl.min_horizontal(owed, "due_later")
    )
    return _money(total(sums["open"])), _money(total(sums["current"]))


def _money(amount: float) -> Money:
    # Tables need not name a currency, and a ratio is the same in any.
    return Money.from_minor(round(100 * amount), "EUR")
