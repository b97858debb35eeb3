"""Calls, messages and data."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, span
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_day, per_month, total
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["USAGE"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_KINDS = {"voice": "Voice", "sms": "SMS", "data": "Data"}
_GIGABYTE = 1e9
_MOST_DAYS = 92


def _write(sources: Sources) -> Section:
    usage = sources["usage"]
    minutes = total(usage.filter(pl.col("kind") == "voice")["duration_s"]) / 60
    gigabytes = total(usage["volume_bytes"]) / _GIGABYTE
    return Section(
        name="usage",
        title="Usage",
        summary="Usage records by the time they started, in UTC. A gigabyte is 10⁹ bytes.",
        figures=(
            KeyFigure("Usage records", short(usage.height, Kind.COUNT), _span(usage)),
            KeyFigure("Voice minutes", short(minutes, Kind.COUNT)),
            KeyFigure("Gigabytes", short(gigabytes, Kind.COUNT)),
            KeyFigure(
                "Subscriptions in use", short(usage["subscription_id"].n_unique(), Kind.COUNT)
            ),
        ),
        exhibits=(*_rhythm(usage), *_over_time(usage), *_by_kind(sources), *_by_zone(sources)),
    )


def _span(usage: pl.DataFrame) -> str:
    first, last = usage.select(
        pl.col("started_at").min().dt.date(), pl.col("started_at").max().dt.date().alias("last")
    ).row(0)
    return span(first, last)


def _measures(sources: Sources) -> dict[str, pl.Expr]:
    measures = {
        "records": pl.len(),
        "minutes": pl.col("duration_s").filter(pl.col("kind") == "voice").sum() / 60,
        "gigabytes": pl.col("volume_bytes").sum() / _GIGABYTE,
    }
    if sources.has("usage", "charge"):
        measures["charge"] = pl.col("charge").sum()
    return measures


def _columns(sources: Sources, first: dict[str, Column]) -> dict[str, Column]:
    columns = {
        **first,
        "records": Column("Records", Kind.COUNT),
        "minutes": Column("Voice minutes", Kind.COUNT),
        "gigabytes": Column("Gigabytes", Kind.NUMBER),
    }
    if sources.has("usage", "charge"):
        columns["charge"] = Column(sources.headed("Charge"), Kind.MONEY)
    return columns


def _by_kind(sources: Sources) -> Iterator[Exhibit]:
    table = (
        sources["usage"]
        .group_by("kind", "direction")
        .agg(**_measures(sources))
        .sort("kind", "direction")
    )
    yield Exhibit(
        name="kinds",
        title="By kind and direction",
        frame=table,
        columns=_columns(sources, {"kind": Column("Kind"), "direction": Column("Direction")}),
    )


def _by_zone(sources: Sources) -> Iterator[Exhibit]:
    table = (
        sources["usage"]
        .group_by("zone")
        .agg(**_measures(sources))
        .sort(["records", "zone"], descending=[True, False])
    )
    yield Exhibit(
        name="zones",
        title="By zone",
        frame=table,
        columns=_columns(sources, {"zone": Column("Zone")}),
    )


def _over_time(usage: pl.DataFrame) -> Iterator[Exhibit]:
    kinds = {kind: name for kind, name in _KINDS.items() if (usage["kind"] == kind).any()}
    daily = usage["started_at"].cast(pl.Date).n_unique() <= _MOST_DAYS
    count = per_day if daily else per_month
    counts = count(usage, "started_at", **{kind: (pl.col("kind") == kind).sum() for kind in kinds})
    title = f"Records per {'day' if daily else 'month'}"
    yield Exhibit(
        name="over_time",
        title=title,
        note="By kind, both directions.",
        frame=counts.fill_null(0),
        plot=time_charts.lines(counts.fill_null(0), kinds, kind=Kind.COUNT, label=title),
    )


def _rhythm(usage: pl.DataFrame) -> Iterator[Exhibit]:
    started = pl.col("started_at")
    counts = usage.group_by(
        weekday=started.dt.weekday().cast(pl.Int64), hour=started.dt.hour().cast(pl.Int64)
    ).agg(records=pl.len())
    grid = (
        pl.DataFrame({"weekday": range(1, 8)})
        .join(pl.DataFrame({"hour": range(24)}), how="cross")
        .join(counts, on=["weekday", "hour"], how="left", maintain_order="left")
        .with_columns(pl.col("records").fill_null(0))
    )
    records = grid["records"].to_list()
    ends = " ".join(
        f"{word}: {counted(count, 'record')}, {_DAYS[at // 24]} {at % 24:02d} h."
        for word, count in (("Lightest", min(records)), ("Darkest", max(records)))
        for at in [records.index(count)]
    )
    yield Exhibit(
        name="rhythm",
        title="When the network is used",
        note=f"Records by weekday and hour of start, all kinds and both directions. {ends}",
        frame=grid,
        plot=charts.heat_map(
            [records[24 * day : 24 * day + 24] for day in range(7)],
            rows=_DAYS,
            columns=[f"{hour:02d}" for hour in range(24)],
            column_title="hour of day, UTC",
            label="Usage records by weekday and hour of day",
        ),
    )


USAGE = Chapter("usage", "Usage", ("usage",), _write)
