"""Complaints, and contacts with the company."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm import kpi
from telcrm.domain import Channel
from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show, span
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month, ranking
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["COMPLAINTS", "INTERACTIONS"]

_STATES = {"resolved": "Resolved", "ended": "Ended, day not stated", "open": "Open"}
_ENDED = ("resolved", "closed", "rejected", "cancelled")
_SERVICE = kpi.ServiceLevelPolicy()
_SNAPSHOT = " The status is that of the extract, which goes on after the as-of date."


def _complaints(sources: Sources) -> Section:
    complaints = sources["complaints"].with_columns(days=_days_to_resolve(sources))
    complaints = complaints.with_columns(state=_state(sources))
    still_open = complaints.filter(pl.col("state") == "open").height
    per_hundred = _per_hundred_customers(sources, complaints)
    return Section(
        name="complaints",
        title="Complaints",
        summary=(
            "Complaints by the day they were received. Days to resolve run from received_at to "
            "resolved_at, of those resolved by the as-of date; the figures say nothing about how "
            "long the open ones will take. A complaint whose status is resolved, closed, rejected "
            "or cancelled and that has no resolved_at is ended, on a day that nobody stated."
            f"{_SNAPSHOT if sources.looks_back else ''}"
        ),
        figures=(
            KeyFigure("Complaints", short(complaints.height, Kind.COUNT), per_hundred),
            KeyFigure(
                "Median days to resolve",
                short(complaints["days"].median(), Kind.NUMBER),  # type: ignore[arg-type]
            ),
            KeyFigure(
                "Open",
                short(still_open, Kind.COUNT),
                f"{show(still_open / complaints.height, Kind.SHARE)} of those received",
            ),
        ),
        exhibits=(*_received(complaints), *_by_category(complaints), *_by_status(sources)),
    )


def _days_to_resolve(sources: Sources) -> pl.Expr:
    if not sources.has("complaints", "resolved_at"):
        return pl.lit(None, pl.Float64)
    resolved = pl.when(pl.col("resolved_at").cast(pl.Date) <= sources.day).then("resolved_at")
    return (resolved - pl.col("received_at")).dt.total_seconds() / 86_400


def _state(sources: Sources) -> pl.Expr:
    """Whether a complaint was resolved on a known day, ended on an unknown one, or is open."""
    ended = pl.col("status").is_in(_ENDED)
    if sources.has("complaints", "resolved_at"):
        ended &= pl.col("resolved_at").is_null()  # else it was resolved after the as-of date
    return (
        pl.when(pl.col("days").is_not_null())
        .then(pl.lit("resolved"))
        .when(ended)
        .then(pl.lit("ended"))
        .otherwise(pl.lit("open"))
    )


def _per_hundred_customers(sources: Sources, complaints: pl.DataFrame) -> str:
    if "customers" not in sources:
        return ""
    rate = 100 * complaints.height / sources["customers"].height
    first, last = complaints.select(
        first=pl.col("received_at").min().dt.date(), last=pl.col("received_at").max().dt.date()
    ).row(0)
    return f"{show(rate, Kind.NUMBER)} per 100 customers on file, {span(first, last)}"


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
            **{state: (pl.col("state") == state).sum() for state in _STATES},
            median_days=days.median(),
            slow_days=days.quantile(0.9, "linear"),
            received=pl.len(),
        )
        .sort(["received", "category"], descending=[True, False])
    )
    yield Exhibit(
        name="categories",
        title="By category",
        frame=table.select("category", "received", *_STATES),
        plot=charts.stacked(
            table,
            name="category",
            parts={state: name for state, name in _STATES.items() if table[state].sum()},
            kind=Kind.COUNT,
            label="Complaints by category, resolved, ended and open",
        ),
    )
    yield Exhibit(
        name="days_to_resolve",
        title="Days to resolve",
        note="Half of the resolved ones took no longer than the median, nine in ten no longer than "
        "the percentile.",
        frame=table.select("category", "resolved", "median_days", "slow_days"),
        columns={
            "category": Column("Category"),
            "resolved": Column("Resolved", Kind.COUNT),
            "median_days": Column("Median", Kind.NUMBER),
            "slow_days": Column("90th percentile", Kind.NUMBER),
        },
    )


def _by_status(sources: Sources) -> Iterator[Exhibit]:
    counts = ranking(sources["complaints"], "status")
    yield Exhibit(
        name="status",
        title="By status on file",
        note=_SNAPSHOT.strip() if sources.looks_back else "",
        frame=counts,
        plot=charts.ranked(
            counts, name="status", value="count", kind=Kind.COUNT, label="Complaints by status"
        ),
    )


def _interactions(sources: Sources) -> Section:
    interactions, served = sources["interactions"], _served(sources)
    return Section(
        name="interactions",
        title="Contacts",
        summary="Interactions on all channels, by the time they started.",
        headlines=0,
        figures=(
            KeyFigure("Contacts", short(interactions.height, Kind.COUNT)),
            *_answering(served),
        ),
        exhibits=(*_contacts(interactions), *_channels(sources, served), *_reasons(sources)),
    )


def _served(sources: Sources) -> pl.DataFrame | None:
    """How contacts were answered on each channel, where the table tells outcome and wait."""
    if not sources.has("interactions", "outcome", "wait_s"):
        return None
    interactions = sources["interactions"]
    if "duration_s" not in interactions.columns:
        interactions = interactions.with_columns(duration_s=pl.lit(None, pl.Float64))
    return kpi.contact_centre(interactions, by="channel", policy=_SERVICE)


def _answering(served: pl.DataFrame | None) -> Iterator[KeyFigure]:
    """Only calls wait in a queue: with shops and the web among them any level looks good."""
    calls = None if served is None else served.filter(pl.col("channel") == Channel.CALL_CENTRE)
    if calls is None or not calls["offered"].sum():
        return
    found = calls.row(0, named=True)
    of = f"of {counted(found['offered'], 'call')} to the call centre"
    answered = f"{of}, answered within {_SERVICE.threshold_s:g} s"
    yield KeyFigure("Service level", show(found["service_level"], Kind.SHARE), answered)
    yield KeyFigure("Abandoned", show(found["abandonment_rate"], Kind.SHARE), of)
    if found["asa_s"] is not None:
        handling = f"mean wait; mean handling time {show(found['aht_s'], Kind.COUNT)} s"
        yield KeyFigure("Speed of answer", f"{show(found['asa_s'], Kind.COUNT)} s", handling)


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


def _channels(sources: Sources, served: pl.DataFrame | None) -> Iterator[Exhibit]:
    what = {"contacts": pl.len()}
    columns = {"channel": Column("Channel"), "contacts": Column("Contacts", Kind.COUNT)}
    if sources.has("interactions", "wait_s"):
        what["wait_s"] = pl.col("wait_s").median()
        columns["wait_s"] = Column("Median wait, s", Kind.COUNT)
    if sources.has("interactions", "duration_s"):
        what["duration_s"] = pl.col("duration_s").median()
        columns["duration_s"] = Column("Median duration, s", Kind.COUNT)
    table = sources["interactions"].group_by("channel").agg(**what)
    if served is not None:
        measures = {"service_level": "Service level", "abandonment_rate": "Abandoned"}
        table = table.join(served.select("channel", *measures), on="channel", how="left")
        columns |= {name: Column(label, Kind.SHARE) for name, label in measures.items()}
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
