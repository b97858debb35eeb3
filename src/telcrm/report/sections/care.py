"""Complaints, and contacts with the company."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month, ranking
from telcrm.report.sources import Sources

__all__ = ["COMPLAINTS", "INTERACTIONS"]


def _complaints(sources: Sources) -> Section:
    complaints = sources["complaints"].with_columns(days=_days_to_resolve(sources))
    per_hundred = _per_hundred_customers(sources, complaints)
    return Section(
        name="complaints",
        title="Complaints",
        summary=(
            "Complaints by the day they were received. Days to resolve run from received_at to "
            "resolved_at; those not resolved by the as-of date have none and are counted apart, "
            "so the figures say nothing about how long the open ones will take."
        ),
        figures=(
            KeyFigure("Complaints", short(complaints.height, Kind.COUNT), per_hundred),
            KeyFigure(
                "Median days to resolve",
                short(complaints["days"].median(), Kind.NUMBER),  # type: ignore[arg-type]
            ),
            KeyFigure(
                "Not resolved",
                short(complaints["days"].null_count(), Kind.COUNT),
                show(complaints["days"].null_count() / complaints.height, Kind.SHARE),
            ),
        ),
        exhibits=(*_received(complaints), *_by_category(complaints), *_by_status(complaints)),
    )


def _days_to_resolve(sources: Sources) -> pl.Expr:
    if not sources.has("complaints", "resolved_at"):
        return pl.lit(None, pl.Float64)
    resolved = pl.when(pl.col("resolved_at").cast(pl.Date) <= sources.day).then("resolved_at")
    return (resolved - pl.col("received_at")).dt.total_seconds() / 86_400


def _per_hundred_customers(sources: Sources, complaints: pl.DataFrame) -> str:
    if "customers" not in sources:
        return ""
    rate = 100 * complaints.height / sources["customers"].height
    return f"{show(rate, Kind.NUMBER)} per 100 customers"


def _received(complaints: pl.DataFrame) -> Iterator[Exhibit]:
    months = per_month(complaints, "received_at", received=pl.len()).fill_null(0)
    yield Exhibit(
        name="months",
        title="Complaints received",
        note="By month of receipt.",
        frame=months,
        plot=time_charts.bars(
            months, "received", kind=Kind.COUNT, label="Complaints received per month"
        ),
    )


def _by_category(complaints: pl.DataFrame) -> Iterator[Exhibit]:
    days = pl.col("days")
    table = (
        complaints.group_by("category")
        .agg(
            resolved=days.count(),
            open=days.null_count(),
            median_days=days.median(),
            slow_days=days.quantile(0.9, "linear"),
            received=pl.len(),
        )
        .sort(["received", "category"], descending=[True, False])
    )
    yield Exhibit(
        name="categories",
        title="By category",
        frame=table.select("category", "received", "resolved", "open"),
        plot=charts.stacked(
            table,
            name="category",
            parts={"resolved": "Resolved", "open": "Not resolved"},
            kind=Kind.COUNT,
            label="Complaints by category, resolved and not",
        ),
    )
    yield Exhibit(
        name="days_to_resolve",
        title="Days to resolve",
        note="Of the resolved ones half took no longer than the median, nine in ten than 90%.",
        frame=table.select("category", "resolved", "median_days", "slow_days"),
        columns={
            "category": Column("Category"),
            "resolved": Column("Resolved", Kind.COUNT),
            "median_days": Column("Median", Kind.NUMBER),
            "slow_days": Column("90%", Kind.NUMBER),
        },
    )


def _by_status(complaints: pl.DataFrame) -> Iterator[Exhibit]:
    counts = ranking(complaints, "status")
    yield Exhibit(
        name="status",
        title="By status",
        frame=counts,
        plot=charts.ranked(
            counts, name="status", value="count", kind=Kind.COUNT, label="Complaints by status"
        ),
    )


def _interactions(sources: Sources) -> Section:
    interactions = sources["interactions"]
    return Section(
        name="interactions",
        title="Contacts",
        summary="Interactions on all channels, by the time they started.",
        headlines=0,
        figures=(
            KeyFigure("Contacts", short(interactions.height, Kind.COUNT)),
            *_abandoned(sources),
        ),
        exhibits=(*_contacts(interactions), *_channels(sources), *_reasons(sources)),
    )


def _abandoned(sources: Sources) -> Iterator[KeyFigure]:
    if sources.has("interactions", "outcome"):
        inbound = sources["interactions"].filter(
            (pl.col("direction") == "inbound") & pl.col("outcome").is_not_null()
        )
        share = inbound.select((pl.col("outcome") == "abandoned").mean()).item()
        of = f"of {short(inbound.height, Kind.COUNT)} inbound contacts"
        yield KeyFigure("Abandoned", show(share, Kind.SHARE), of)


def _contacts(interactions: pl.DataFrame) -> Iterator[Exhibit]:
    months = per_month(
        interactions,
        "started_at",
        inbound=(pl.col("direction") == "inbound").sum(),
        outbound=(pl.col("direction") == "outbound").sum(),
    ).fill_null(0)
    yield Exhibit(
        name="months",
        title="Contacts per month",
        note="Inbound: the customer began. Outbound: the company did.",
        frame=months,
        plot=time_charts.lines(
            months,
            {"inbound": "Inbound", "outbound": "Outbound"},
            kind=Kind.COUNT,
            label="Inbound and outbound contacts per month",
        ),
    )


def _channels(sources: Sources) -> Iterator[Exhibit]:
    what = {"contacts": pl.len()}
    columns = {"channel": Column("Channel"), "contacts": Column("Contacts", Kind.COUNT)}
    if sources.has("interactions", "wait_s"):
        what["wait_s"] = pl.col("wait_s").median()
        columns["wait_s"] = Column("Median wait, s", Kind.COUNT)
    if sources.has("interactions", "duration_s"):
        what["duration_s"] = pl.col("duration_s").median()
        columns["duration_s"] = Column("Median duration, s", Kind.COUNT)
    table = sources["interactions"].group_by("channel").agg(**what)
    yield Exhibit(
        name="channels",
        title="By channel",
        frame=table.sort(["contacts", "channel"], descending=[True, False]),
        columns=columns,
    )


def _reasons(sources: Sources) -> Iterator[Exhibit]:
    if sources.has("interactions", "reason"):
        counts = ranking(sources["interactions"], "reason")
        yield Exhibit(
            name="reasons",
            title="By reason",
            frame=counts,
            plot=charts.ranked(
                counts, name="reason", value="count", kind=Kind.COUNT, label="Contacts by reason"
            ),
        )


COMPLAINTS = Chapter("complaints", "Complaints", ("complaints",), _complaints)
INTERACTIONS = Chapter("interactions", "Contacts", ("interactions",), _interactions)
