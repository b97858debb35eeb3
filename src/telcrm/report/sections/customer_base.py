"""Who the customers are, and what they subscribe to."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import ranking
from telcrm.report.sources import Sources

__all__ = ["BASE"]

_TRAIT = "As the extract has it, which goes on after the as-of date."
_TENURES = (
    (0, "under 6 months"),
    (6, "6 to 12 months"),
    (12, "1 to 2 years"),
    (24, "2 to 3 years"),
    (36, "3 to 5 years"),
    (60, "5 years and more"),
)


def _write(sources: Sources) -> Section:
    return Section(
        name="base",
        title="Customers and subscriptions",
        summary=_summary(sources),
        figures=tuple(_figures(sources)),
        headlines=0,
        exhibits=tuple(
            exhibit
            for table, column, title in (
                ("customers", "status", "Customers by status on file"),
                ("customers", "segment", "Customers by segment"),
                ("customers", "region", "Customers by region"),
                ("customers", "acquisition_channel", "Customers by acquisition channel"),
                ("subscriptions", "offer_id", "Active subscriptions by offer"),
                ("subscriptions", "termination_reason", "Terminated, by reason"),
            )
            for exhibit in _counted(sources, table, column, title)
        )
        + tuple(_by_status(sources))
        + tuple(_tenure(sources)),
    )


def _summary(sources: Sources) -> str:
    if not sources.looks_back:
        return (
            "The tables of customers and subscriptions as they stand in the folder. Active here "
            "means a status on file; in the other sections, a row in a month."
        )
    day = show(sources.day, Kind.DAY)
    said = (
        f"The tables go on after {day}. Left out is who came later; the status, segment and other "
        "traits of a customer are those of the extract."
    )
    if sources.has("subscriptions", "activated_on") or sources.has(
        "subscriptions", "terminated_on"
    ):
        said += (
            f" A subscription counts as active if it was activated by {day} and terminated later; "
            "any other status is that of the extract."
        )
    elif "subscriptions" in sources:
        said += " The subscriptions have no dates, so they too are those of the extract."
    return said


def _subscriptions(sources: Sources) -> pl.DataFrame:
    """Subscriptions in the status that they had on the as-of date, as far as dates can tell."""
    subscriptions = sources["subscriptions"]
    if sources.as_of is None or "terminated_on" not in subscriptions.columns:
        return subscriptions
    gone_later = (pl.col("status") == "terminated") & (pl.col("terminated_on") > sources.as_of)
    return subscriptions.with_columns(
        status=pl.when(gone_later).then(pl.lit("active")).otherwise("status")
    )


def _figures(sources: Sources) -> Iterator[KeyFigure]:
    if "customers" in sources:
        customers = sources["customers"]
        yield KeyFigure(
            "Customers on file",
            short(customers.height, Kind.COUNT),
            f"since {show(sources.day, Kind.DAY)} or before, whatever their status",
        )
        if sources.has("customers", "key_account"):
            keys = int(customers["key_account"].sum())
            yield KeyFigure("Key accounts", short(keys, Kind.COUNT))
    if "subscriptions" in sources:
        subscriptions = _subscriptions(sources)
        active = subscriptions.filter(pl.col("status") == "active").height
        share = show(active / subscriptions.height, Kind.SHARE)
        yield KeyFigure(
            "Active subscriptions",
            short(active, Kind.COUNT),
            f"status active, {share} of {short(subscriptions.height, Kind.COUNT)} on file",
        )


def _counted(sources: Sources, table: str, column: str, title: str) -> Iterator[Exhibit]:
    if not sources.has(table, column):
        return
    frame = sources[table]
    if table == "subscriptions":
        frame = _subscriptions(sources)
    if column == "offer_id":
        frame = frame.filter(pl.col("status") == "active")
    if column == "termination_reason":
        frame = frame.filter((pl.col("status") == "terminated") & pl.col(column).is_not_null())
    if frame.is_empty():
        return
    counts = ranking(frame, column)
    yield Exhibit(
        name=f"{table}_{column}",
        title=title,
        note=_TRAIT if sources.looks_back and table == "customers" else "",
        frame=counts,
        plot=charts.ranked(counts, name=column, value="count", kind=Kind.COUNT, label=title),
    )


def _by_status(sources: Sources) -> Iterator[Exhibit]:
    if "subscriptions" not in sources:
        return
    counts = (
        _subscriptions(sources)
        .group_by("payment_mode", "status")
        .agg(count=pl.len())
        .sort("payment_mode", "count", descending=[False, True])
    )
    yield Exhibit(
        name="subscriptions_status",
        title="Subscriptions by status",
        note="States of a product as TM Forum's TMF637 names them.",
        frame=counts,
        columns={
            "payment_mode": Column("Payment mode"),
            "status": Column("Status"),
            "count": Column("Subscriptions", Kind.COUNT),
        },
    )


def _tenure(sources: Sources) -> Iterator[Exhibit]:
    if not sources.has("subscriptions", "activated_on") or sources.as_of is None:
        return
    months = (pl.lit(sources.as_of) - pl.col("activated_on")).dt.total_days() / 30.4375
    active = (
        _subscriptions(sources)
        .filter((pl.col("status") == "active") & pl.col("activated_on").is_not_null())
        .select(months=months)
    )
    if active.is_empty():
        return
    floors = [floor for floor, _ in _TENURES]
    counts = pl.DataFrame(
        {
            "tenure": [name for _, name in _TENURES],
            "count": [
                active.filter(pl.col("months").is_between(low, high, closed="left")).height
                for low, high in zip(floors, [*floors[1:], 10_000], strict=True)
            ],
        }
    )
    yield Exhibit(
        name="tenure",
        title="Active subscriptions by tenure",
        note="Time from activation to the as-of date.",
        frame=counts,
        plot=charts.ranked(
            counts,
            name="tenure",
            value="count",
            kind=Kind.COUNT,
            label="Active subscriptions by tenure",
        ),
    )


BASE = Chapter("base", "Customers and subscriptions", ("customers", "subscriptions"), _write)
