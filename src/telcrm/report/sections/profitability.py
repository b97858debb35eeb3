"""What customers leave over when their direct cost is paid."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm import kpi
from telcrm.report import time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter, NothingToReport
from telcrm.report.sections.counting import in_groups
from telcrm.report.sources import Sources

__all__ = ["PROFITABILITY"]


def _write(sources: Sources) -> Section:
    if not sources.has("subscriber_months", "direct_cost"):
        raise NothingToReport("subscriber_months holds no direct_cost")
    given = sources["subscriber_months"]
    months = given.filter(pl.col("direct_cost").is_not_null())
    missing = given.height - months.height
    by_month = kpi.average_profitability(months)
    return Section(
        name="profitability",
        title="Profitability",
        summary=(
            "Margin is revenue less direct cost, per customer with a row in the month. Costs that "
            "cannot be told apart by customer are not in it."
            + (f" {missing} subscriber-months without a direct cost are left out." * bool(missing))
        ),
        figures=tuple(_figures(sources, by_month)),
        headlines=1,
        exhibits=(
            Exhibit(
                name="average_profit",
                title=sources.headed("Average profit per customer"),
                note="Margin / customers with a row in the month.",
                frame=by_month,
                columns={
                    "period": Column("Month", Kind.MONTH),
                    "customers": Column("Customers", Kind.COUNT),
                    "margin": Column(sources.headed("Margin"), Kind.MONEY),
                    "margin_rate": Column("of revenue", Kind.SHARE),
                    "average_profit": Column(sources.headed("per customer"), Kind.PRICE),
                    "unprofitable_share": Column("Unprofitable", Kind.SHARE),
                },
                plot=time_charts.lines(
                    by_month,
                    {"average_profit": "Average profit"},
                    kind=Kind.PRICE,
                    label="Average profit per customer and month",
                ),
            ),
            *_by_segment(sources, months),
            *_lost(sources, months),
        ),
    )


def _figures(sources: Sources, by_month: pl.DataFrame) -> Iterator[KeyFigure]:
    last = by_month.row(-1, named=True)
    when = show(last["period"], Kind.MONTH)
    share = show(last["margin_rate"], Kind.SHARE)
    yield KeyFigure(
        "Profit per customer",
        short(last["average_profit"], Kind.PRICE, unit=sources.unit),
        f"{when}; {share} of revenue",
    )
    yield KeyFigure(
        "Unprofitable customers",
        show(last["unprofitable_share"], Kind.SHARE),
        f"{show(last['unprofitable'], Kind.COUNT)} with a margin of 0 or below, {when}",
    )


def _by_segment(sources: Sources, months: pl.DataFrame) -> Iterator[Exhibit]:
    grouped, said = in_groups(months, "segment")
    if grouped is None:
        return
    table = kpi.average_profitability(grouped, by="segment")
    yield Exhibit(
        name="by_segment",
        title=sources.headed("Average profit by segment"),
        note=f"Of customers with a row of the segment in the month.{said}",
        frame=table,
        plot=time_charts.lines_by(
            table,
            group="segment",
            value="average_profit",
            kind=Kind.PRICE,
            label="Average profit per customer and month by segment",
        ),
    )


def _lost(sources: Sources, months: pl.DataFrame) -> Iterator[Exhibit]:
    lost = kpi.profit_lost(months)
    if lost.is_empty():
        return
    yield Exhibit(
        name="profit_lost",
        title="Profit that left with customers",
        note=(
            "Mean margin of each lost customer in its last three months, added up: what they "
            "brought per month, not what they would have brought."
        ),
        frame=lost,
        columns={
            "period": Column("Month", Kind.MONTH),
            "lost": Column("Lost", Kind.COUNT),
            "profit_lost": Column(sources.headed("Profit a month"), Kind.MONEY),
            "average_profit": Column(sources.headed("each"), Kind.PRICE),
            "unprofitable": Column("of them unprofitable", Kind.COUNT),
        },
    )


PROFITABILITY = Chapter("profitability", "Profitability", ("subscriber_months",), _write)
