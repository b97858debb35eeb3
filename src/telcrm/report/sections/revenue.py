"""Revenue and what an average customer brings."""

from __future__ import annotations

import polars as pl

from telcrm.report import time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import in_groups, per_month, total
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["REVENUE"]


def _write(sources: Sources) -> Section:
    months = sources["subscriber_months"]
    by_month = _by_month(sources)
    last = by_month.row(-1, named=True)
    when = show(last["period"], Kind.MONTH)
    whole = total(by_month["revenue"])
    return Section(
        name="revenue",
        title="Revenue",
        summary=(
            "Revenue of the subscriber-months, taxes excluded. ARPU is revenue / average active "
            "subscriptions, where the average of a month is (opening + closing) / 2; the first "
            "month has no opening and is divided by its own count. Active is what has a row in the "
            "month."
        ),
        headlines=2,
        figures=(
            KeyFigure("Revenue", short(last["revenue"], Kind.MONEY, unit=sources.unit), when),
            KeyFigure("ARPU", short(last["arpu"], Kind.PRICE, unit=sources.unit), when),
            KeyFigure(
                "Revenue, all months",
                short(whole, Kind.MONEY, unit=sources.unit),
                counted(by_month.height, "month"),
            ),
        ),
        exhibits=(
            Exhibit(
                name="revenue",
                title=sources.headed("Revenue per month"),
                note="Sum over all subscriptions.",
                frame=by_month,
                plot=time_charts.bars(
                    by_month, "revenue", kind=Kind.MONEY, label="Revenue per month"
                ),
            ),
            Exhibit(
                name="arpu",
                title=sources.headed("ARPU"),
                note="Revenue / average active subscriptions.",
                frame=by_month,
                plot=time_charts.lines(
                    by_month, {"arpu": "ARPU"}, kind=Kind.PRICE, label="ARPU per month"
                ),
            ),
            *_by_group(sources, months),
            Exhibit(
                name="months",
                title="Revenue by month",
                frame=by_month,
                columns=_columns(sources, by_month),
                wide=True,
            ),
        ),
    )


def _columns(sources: Sources, by_month: pl.DataFrame) -> dict[str, Column]:
    columns = {
        "period": Column("Month", Kind.MONTH),
        "revenue": Column(sources.headed("Revenue"), Kind.MONEY),
        "subscriptions": Column("Active subscriptions", Kind.COUNT),
        "average": Column("Average active", Kind.NUMBER),
        "arpu": Column(sources.headed("ARPU"), Kind.PRICE),
        "direct_cost": Column(sources.headed("Direct cost"), Kind.MONEY),
        "margin_share": Column("Margin / revenue", Kind.SHARE),
    }
    return {name: column for name, column in columns.items() if name in by_month.columns}


def _by_month(sources: Sources) -> pl.DataFrame:
    what = {"revenue": pl.col("revenue").sum(), "subscriptions": pl.len()}
    if sources.has("subscriber_months", "direct_cost"):
        what["direct_cost"] = pl.col("direct_cost").sum()
    by_month = per_month(sources["subscriber_months"], "period", **what).with_columns(
        pl.col("revenue").fill_null(0.0), pl.col("subscriptions").fill_null(0)
    )
    by_month = _with_arpu(by_month)
    if "direct_cost" in what:
        by_month = by_month.with_columns(
            margin_share=1 - pl.col("direct_cost") / pl.when(pl.col("revenue") > 0).then("revenue")
        )
    return by_month


def _with_arpu(by_month: pl.DataFrame) -> pl.DataFrame:
    closing = pl.col("subscriptions").cast(pl.Float64)
    average = (closing.shift(1).fill_null(closing) + closing) / 2
    return by_month.with_columns(average=average).with_columns(
        arpu=pl.col("revenue") / pl.when(pl.col("average") > 0).then("average")
    )


def _by_group(sources: Sources, months: pl.DataFrame) -> list[Exhibit]:
    exhibits = []
    for column, title in (("payment_mode", "payment mode"), ("segment", "segment")):
        grouped, said = in_groups(months, column)
        if grouped is None:
            continue
        groups = grouped[column].unique().sort().to_list()
        arpu = pl.concat(
            _with_arpu(
                per_month(
                    grouped.filter(pl.col(column) == group),
                    "period",
                    revenue=pl.col("revenue").sum(),
                    subscriptions=pl.len(),
                ).with_columns(pl.col("revenue").fill_null(0), pl.col("subscriptions").fill_null(0))
            ).select("period", pl.lit(group).alias(column), "revenue", "average", "arpu")
            for group in groups
        )
        exhibits.append(
            Exhibit(
                name=f"arpu_by_{column}",
                title=sources.headed(f"ARPU by {title}"),
                note=f"Revenue / average active subscriptions of the group.{said}",
                frame=arpu,
                plot=time_charts.lines_by(
                    arpu,
                    group=column,
                    value="arpu",
                    kind=Kind.PRICE,
                    label=f"ARPU per month by {title}",
                ),
            )
        )
    return exhibits


REVENUE = Chapter("revenue", "Revenue", ("subscriber_months",), _write)
