"""Who leaves, what leaves with them, and how cohorts keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from telcrm import kpi, plots
from telcrm.kpi import MovementPolicy, RateBase
from telcrm.report import time_charts
from telcrm.report.drawing import WIDE_IN, Plot, untitled
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter, NothingToReport
from telcrm.report.sections.counting import in_groups
from telcrm.report.sources import Sources

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RETENTION"]

_QUARTER = 3
_COHORTS = 13
_BY_DATES = ("activated_on", "terminated_on", "termination_reason")
_ON_AVERAGE = MovementPolicy(rate_base=RateBase.AVERAGE)


def _write(sources: Sources) -> Section:
    months = sources["subscriber_months"]
    kept = kpi.revenue_retention(months)
    if kept.is_empty():
        raise NothingToReport("subscriber_months holds a single month, and nobody can have left")
    churn = _churn(months)
    return Section(
        name="retention",
        title="Churn and retention",
        summary=(
            "Churn over a quarter is lost / average base, summed over its three months: a monthly "
            "rate, as operators publish it. Revenue churn is what left and what shrank, over the "
            "opening revenue (gross); less what grew and what came back (net), after ChartMogul. "
            "Lost and active mean what they mean under customer movement."
        ),
        figures=tuple(_figures(churn, kept)),
        headlines=1,
        exhibits=(
            *_waterfall(sources, months),
            *_rates(churn),
            _revenue_rates(kept),
            *_cohorts(months),
            *_reasons(sources),
        ),
    )


def _churn(months: pl.DataFrame) -> pl.DataFrame:
    """Monthly churn over a quarter, or over the one or two months that there are."""
    span = min(_QUARTER, kpi.movement(months).height)
    return kpi.churn_rate(months, months=span, policy=_ON_AVERAGE).with_columns(months=pl.lit(span))


def _figures(churn: pl.DataFrame, kept: pl.DataFrame) -> Iterator[KeyFigure]:
    last = churn.row(-1, named=True)
    when = show(last["period"], Kind.MONTH)
    yearly = show(last["annual_churn_rate"], Kind.SHARE)
    span = {1: when, 2: f"two months to {when}"}.get(last["months"], f"quarter to {when}")
    yield KeyFigure(
        "Monthly churn", show(last["churn_rate"], Kind.SHARE), f"{span}; {yearly} in a year"
    )
    month = kept.row(-1, named=True)
    for name, label in (("net", "Net revenue retention"), ("gross", "Gross revenue retention")):
        said = show(month["period"], Kind.MONTH)
        yield KeyFigure(label, show(month[f"{name}_retention"], Kind.SHARE), said)


def _waterfall(sources: Sources, months: pl.DataFrame) -> Iterator[Exhibit]:
    last = kpi.movement(months).tail(1)
    when = show(last["period"][0], Kind.MONTH)

    def draw(figure: Figure) -> None:
        axes = plots.movement_waterfall(last, measure="revenue", ax=figure.add_subplot())
        untitled(axes)

    yield Exhibit(
        name="waterfall",
        title=sources.headed(f"Where the revenue of {when} came from"),
        note=(
            "New and reactivated customers bring what they paid now, lost ones take what they had "
            "paid in the month before; expansion and contraction are of those who stayed."
        ),
        frame=last,
        plot=Plot(
            draw,
            f"Waterfall of revenue from the month before to {when}",
            width_in=WIDE_IN,
            height_in=3.2,
        ),
        wide=True,
    )


def _rates(churn: pl.DataFrame) -> Iterator[Exhibit]:
    if churn.height > 1:
        yield Exhibit(
            name="churn",
            title="Monthly churn, rolling quarter",
            note="Lost / average base, over three months; the year's rate is compounded from it.",
            frame=churn.drop("months"),
            plot=time_charts.lines(
                churn,
                {"churn_rate": "Monthly churn"},
                kind=Kind.SHARE,
                label="Monthly churn rate over a rolling quarter",
            ),
        )


def _revenue_rates(kept: pl.DataFrame) -> Exhibit:
    return Exhibit(
        name="revenue_retention",
        title="Revenue retention",
        note="1 less gross and net revenue churn. Net above 100%: those who stay grow by more than "
        "is lost.",
        frame=kept,
        columns={
            "period": Column("Month", Kind.MONTH),
            "gross_retention": Column("Gross", Kind.SHARE),
            "net_retention": Column("Net", Kind.SHARE),
        },
        plot=time_charts.lines(
            kept,
            {"net_retention": "Net", "gross_retention": "Gross"},
            kind=Kind.SHARE,
            label="Gross and net revenue retention per month",
        ),
    )


def _cohorts(months: pl.DataFrame) -> Iterator[Exhibit]:
    followed = kpi.cohort_retention(months, drop_first_cohort=True)
    newest = followed["cohort"].unique().sort().tail(_COHORTS)
    shown = followed.filter(
        pl.col("cohort").is_in(newest.implode()) & pl.col("active").is_not_null()
    )
    if newest.len() < 2:
        return

    def draw(figure: Figure) -> None:
        untitled(plots.cohort_heatmap(shown, ax=figure.add_subplot()))

    yield Exhibit(
        name="cohorts",
        title="Retention by month of joining",
        note=(
            "Share of those who joined in a month that are active so many months later. Who was "
            "there in the first month of the data may have joined at any time, and is left out; "
            "what is not over yet is blank."
        ),
        frame=shown,
        plot=Plot(
            draw,
            "Retention by cohort and age in months",
            width_in=WIDE_IN,
            height_in=1.0 + 0.26 * newest.len(),
        ),
        wide=True,
    )


def _reasons(sources: Sources) -> Iterator[Exhibit]:
    if not sources.has("subscriptions", *_BY_DATES):
        return
    told, ended = pl.col("activated_on").is_not_null(), pl.col("terminated_on") <= sources.day
    # What ended later was there on the as-of date, for a reason that nobody knew then.
    lines = (
        sources["subscriptions"]
        .filter(told)
        .with_columns(
            pl.when(ended).then(pl.col(name)) for name in ("terminated_on", "termination_reason")
        )
    )
    gone = lines.filter(ended)
    named, said = in_groups(gone, "termination_reason")
    if named is None:
        return
    rates = kpi.churn_by_reason(pl.concat([named, lines.filter(~ended.fill_null(value=False))]))
    yield Exhibit(
        name="reasons",
        title="Churn by reason",
        note=(
            "Subscriptions that ended in the month for a reason / those in service on its eve. By "
            f"dates of activation and termination, not by activity.{said}"
        ),
        frame=rates,
        plot=time_charts.lines_by(
            rates.filter(pl.col("period").dt.month_end() <= sources.day),
            group="termination_reason",
            value="churn_rate",
            kind=Kind.SHARE,
            label="Monthly churn of subscriptions by reason",
        ),
    )


RETENTION = Chapter("retention", "Churn and retention", ("subscriber_months",), _write)
