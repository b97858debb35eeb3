"""How often, how much and how lately customers recharge."""

from __future__ import annotations

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month, total
from telcrm.report.sources import Sources
from telcrm.segmentation import rfm
from telcrm.tables.findings import counted

__all__ = ["RECHARGES"]

_BINS = 5


def _write(sources: Sources) -> Section:
    recharges = sources["recharges"]
    months = per_month(
        recharges,
        "recharged_at",
        recharges=pl.len(),
        customers=pl.col("customer_id").n_unique(),
        amount=pl.col("amount").sum(),
    ).with_columns(pl.col("recharges", "customers", "amount").fill_null(0))
    months = months.with_columns(
        per_recharge=pl.col("amount") / pl.when(pl.col("recharges") > 0).then("recharges")
    )
    scored = rfm(recharges, as_of=sources.day, bins=_BINS)
    return Section(
        name="recharges",
        title="Recharges",
        summary=(
            "Top-ups, or purchases, by the day they were made. RFM scores rank each customer among "
            "all by days since the last one, by number, and by amount, from 1 to 5; 5 is best. "
            "Equal customers have equal scores, so scores need not hold a fifth each."
        ),
        figures=_figures(sources, recharges, scored),
        exhibits=(*_months(sources, months), *_rfm(sources, scored)),
    )


def _figures(
    sources: Sources, recharges: pl.DataFrame, scored: pl.DataFrame
) -> tuple[KeyFigure, ...]:
    amount = total(recharges["amount"])
    best = scored.filter(pl.col("rfm_score") == 555).height
    return (
        KeyFigure(
            "Recharges",
            short(recharges.height, Kind.COUNT),
            f"of {counted(scored.height, 'customer')}",
        ),
        KeyFigure("Recharged", short(amount, Kind.MONEY, unit=sources.unit), "all months"),
        KeyFigure("Mean recharge", short(amount / recharges.height, Kind.PRICE, unit=sources.unit)),
        KeyFigure("Best in all three scores", short(best, Kind.COUNT), "RFM 555"),
    )


def _months(sources: Sources, months: pl.DataFrame) -> tuple[Exhibit, ...]:
    return (
        Exhibit(
            name="amounts",
            title=sources.headed("Recharged per month"),
            note="Sum of all amounts.",
            frame=months,
            plot=time_charts.bars(
                months, "amount", kind=Kind.MONEY, label="Amount recharged per month"
            ),
        ),
        Exhibit(
            name="activity",
            title="Recharges and customers per month",
            note="A customer counts once in each month with a recharge.",
            frame=months,
            columns={
                "period": Column("Month", Kind.MONTH),
                "recharges": Column("Recharges", Kind.COUNT),
                "customers": Column("Customers", Kind.COUNT),
                "amount": Column(sources.headed("Amount"), Kind.MONEY),
                "per_recharge": Column(sources.headed("Per recharge"), Kind.PRICE),
            },
            plot=time_charts.lines(
                months,
                {"recharges": "Recharges", "customers": "Customers"},
                kind=Kind.COUNT,
                label="Recharges and recharging customers per month",
            ),
        ),
    )


def _rfm(sources: Sources, scored: pl.DataFrame) -> tuple[Exhibit, ...]:
    scores = range(1, _BINS + 1)
    grid = (
        pl.DataFrame({"recency_score": reversed(scores)})
        .join(pl.DataFrame({"frequency_score": scores}), how="cross")
        .join(
            scored.group_by("recency_score", "frequency_score").agg(customers=pl.len()),
            on=["recency_score", "frequency_score"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("customers").fill_null(0))
    )
    counts = grid["customers"].to_list()
    by_recency = (
        scored.group_by("recency_score")
        .agg(
            customers=pl.len(),
            days=pl.col("recency_days").median(),
            frequency=pl.col("frequency").mean(),
            monetary=pl.col("monetary").mean(),
            amount=pl.col("monetary").sum(),
        )
        .sort("recency_score", descending=True)
    )
    return (
        Exhibit(
            name="rfm_grid",
            title="Customers by recency and frequency",
            note="Top right: lately and often. Top left: new. Bottom right: often, but not lately.",
            frame=grid,
            plot=charts.heat_map(
                [counts[_BINS * row : _BINS * (row + 1)] for row in range(_BINS)],
                rows=[str(score) for score in reversed(scores)],
                columns=[str(score) for score in scores],
                row_title="recency score",
                column_title="frequency score",
                written=True,
                label="Number of customers by recency score and frequency score",
            ),
        ),
        Exhibit(
            name="rfm_recency",
            title="Customers by recency score",
            note=f"Days are counted back from {show(sources.day, Kind.DAY)}.",
            frame=by_recency,
            columns={
                "recency_score": Column("Recency score", Kind.COUNT),
                "customers": Column("Customers", Kind.COUNT),
                "days": Column("Median days since", Kind.COUNT),
                "frequency": Column("Mean number", Kind.NUMBER),
                "monetary": Column(sources.headed("Mean amount"), Kind.PRICE),
                "amount": Column(sources.headed("Amount"), Kind.MONEY),
            },
        ),
    )


RECHARGES = Chapter("recharges", "Recharges", ("recharges",), _write)
