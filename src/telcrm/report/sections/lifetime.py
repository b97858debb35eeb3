"""What customers will be worth: recharges to come, months to come, and who earns nothing."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import polars as pl

from telcrm import plots, value
from telcrm.errors import EstimatorError
from telcrm.report.drawing import drawn
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter, NothingToReport, Part
from telcrm.report.sections.counting import with_names
from telcrm.report.sources import Sources
from telcrm.value import (
    BetaDiscreteWeibullModel,
    ConvergenceWarning,
    DiscountRate,
    GammaGammaModel,
    ModifiedBetaGeoModel,
    TimeUnit,
)

__all__ = ["LIFETIME"]

_RATE: Final = DiscountRate(annual=0.10)
_YEAR_WEEKS: Final = TimeUnit.YEAR.days / TimeUnit.WEEK.days
_LEAST_DAYS: Final = 84
_TOP: Final = 10
_BANDS: Final = ("below 20%", "20% to 40%", "40% to 60%", "60% to 80%", "80% and more")
_CURVE_MONTHS: Final = 36
_MARGIN_MONTHS: Final = 3


def _write(sources: Sources) -> Section:
    parts = [part(sources) for part in (_recharging, _contracts, _profit)]
    written = [part for part in parts if part.tells]
    if not written:
        raise NothingToReport(" ".join(part.said for part in parts if part.said))
    return Section(
        name="lifetime",
        title="Lifetime value",
        summary=(
            "What customers are expected to bring from now on, by models that are fitted here. "
            f"Money to come is discounted at {_RATE.annual:.0%} a year. "
            + " ".join(part.said for part in parts if part.said)
        ),
        figures=tuple(figure for part in written for figure in part.figures),
        headlines=1,
        exhibits=tuple(exhibit for part in written for exhibit in part.exhibits),
    )


def _recharging(sources: Sources) -> Part:
    if "recharges" not in sources:
        return Part()
    recharges = sources["recharges"].filter(pl.col("amount") > 0)
    until = sources.day
    began = recharges["recharged_at"].dt.date().min()
    if not isinstance(began, date) or (until - began).days < _LEAST_DAYS:
        return Part(f"Recharges are known for less than {_LEAST_DAYS // 7} weeks.")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            valued, model = _valued_recharges(recharges, until)
    except EstimatorError as error:
        return Part(f"Recharges have no model: {error.message}")
    doubts = " ".join(str(one.message) for one in caught)
    return Part(
        doubts,
        tuple(_recharge_figures(sources, valued)),
        (
            _bands(sources, valued),
            *_calibration(recharges, began, until, model),
            _top(sources, valued),
        ),
    )


def _valued_recharges(
    recharges: pl.DataFrame, until: date
) -> tuple[pl.DataFrame, ModifiedBetaGeoModel]:
    summary = value.summarize_transactions(
        recharges, at="recharged_at", amount="amount", until=until
    )
    model = ModifiedBetaGeoModel().fit(summary)
    spend = GammaGammaModel().fit(summary)
    valued = value.lifetime_value(
        model.probability_alive(summary),
        purchases=model,
        spend=spend,
        discount_rate=_RATE,
        horizon=_YEAR_WEEKS,
    )
    return valued, model


def _recharge_figures(sources: Sources, valued: pl.DataFrame) -> Iterator[KeyFigure]:
    total = float(valued["lifetime_value"].sum())
    alive = float(valued["probability_alive"].sum())
    yield KeyFigure(
        "Recharges of the next 12 months",
        short(total, Kind.MONEY, unit=sources.unit),
        f"expected of {show(valued.height, Kind.COUNT)} customers who recharged, discounted",
    )
    yield KeyFigure(
        "Still recharging",
        show(alive / valued.height, Kind.SHARE),
        "expected share of customers who ever recharged",
    )


def _bands(sources: Sources, valued: pl.DataFrame) -> Exhibit:
    band = (pl.col("probability_alive") * len(_BANDS)).floor().clip(0, len(_BANDS) - 1)
    table = (
        valued.group_by(place=band.cast(pl.Int64))
        .agg(
            customers=pl.len(),
            purchases=pl.col("discounted_purchases").mean(),
            value=pl.col("lifetime_value").mean(),
            total=pl.col("lifetime_value").sum(),
        )
        .sort("place")
        .with_columns(band=pl.col("place").replace_strict(dict(enumerate(_BANDS))))
    )
    return Exhibit(
        name="still_there",
        title="Customers by the chance that they are still there",
        note=(
            "MBG/NBD after Batislam et al. (2007), from frequency, recency and age; amounts by "
            "Gamma-Gamma (Fader, Hardie & Lee 2005). A customer's age counts from the first "
            "recharge in the table."
        ),
        frame=table.drop("place"),
        columns={
            "band": Column("Chance"),
            "customers": Column("Customers", Kind.COUNT),
            "purchases": Column("Recharges to come", Kind.NUMBER),
            "value": Column(sources.headed("Value each"), Kind.PRICE),
            "total": Column(sources.headed("Value"), Kind.MONEY),
        },
    )


def _calibration(
    recharges: pl.DataFrame, began: date, until: date, model: ModifiedBetaGeoModel
) -> Iterator[Exhibit]:
    split = until - timedelta(days=(until - began).days // 3)
    held = value.summarize_transactions(
        recharges, at="recharged_at", until=until, calibration_until=split
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            earlier = ModifiedBetaGeoModel(time_unit=model.time_unit).fit(held)
    except EstimatorError:
        return
    yield Exhibit(
        name="holdout",
        title="Was the model right before?",
        note=(
            f"Fitted on recharges up to {show(split, Kind.DAY)} alone: what it expected for the "
            f"time up to {show(until, Kind.DAY)}, and what came."
        ),
        frame=held.group_by("frequency")
        .agg(customers=pl.len(), holdout_mean=pl.col("holdout_frequency").mean())
        .sort("frequency"),
        plot=drawn(
            lambda axes: plots.holdout_calibration(held, earlier, ax=axes),
            "Recharges of the last third, expected and actual, by recharges before",
        ),
    )


def _top(sources: Sources, valued: pl.DataFrame) -> Exhibit:
    best = valued.sort("lifetime_value", "customer_id", descending=[True, False]).head(_TOP)
    columns = {
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "probability_alive": Column("Still there", Kind.SHARE),
        "discounted_purchases": Column("To come", Kind.NUMBER),
        "lifetime_value": Column(sources.headed("12 months"), Kind.PRICE),
    }
    table = with_names(best.select(*[name for name in columns if name in best.columns]), sources)
    return Exhibit(
        name="top_recharging",
        title=f"The {table.height} who will recharge most",
        frame=table,
        columns={name: column for name, column in columns.items() if name in table.columns},
    )


def _contracts(sources: Sources) -> Part:
    if "subscriptions" not in sources:
        return Part()
    if not sources.has("subscriptions", "activated_on", "terminated_on"):
        return Part("No contract was terminated, so none of their lives is known.")
    lines = sources["subscriptions"].filter(
        pl.col("activated_on").is_not_null(), pl.col("activated_on") <= sources.day
    )
    if sources.has("subscriptions", "payment_mode"):
        lines = lines.filter(pl.col("payment_mode") == "postpaid")
    known_since = lines["terminated_on"].min()
    if not isinstance(known_since, date):
        return Part("No contract was terminated, so none of their lives is known.")
    spells = _spells(lines, known_since.replace(day=1), sources.day)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            model = BetaDiscreteWeibullModel(entered="entered").fit(spells)
    except EstimatorError as error:
        return Part(f"Contracts have no model: {error.message}")
    said = " ".join(str(one.message) for one in caught)
    return Part(
        said,
        tuple(_contract_figures(sources, spells, model)),
        (_survival(model, known_since),),
    )


def _spells(lines: pl.DataFrame, since: date, until: date) -> pl.DataFrame:
    """Return the whole months that each line lived, up to its end or the day of the report."""
    lost = pl.col("terminated_on").is_not_null() & (pl.col("terminated_on") <= until)
    end = pl.when(lost).then("terminated_on").otherwise(pl.lit(until))

    def months(to: pl.Expr) -> pl.Expr:
        days = (to - pl.col("activated_on")).dt.total_days()
        return (days / TimeUnit.MONTH.days).floor().cast(pl.Int64)

    spells = lines.select(
        "subscription_id",
        # Whoever leaves in the first month has age 1.
        age=months(end) + lost.cast(pl.Int64),
        lost=lost,
        entered=months(pl.lit(since)).clip(lower_bound=0),
    )
    return spells.filter(pl.col("age") > pl.col("entered"))


def _contract_figures(
    sources: Sources, spells: pl.DataFrame, model: BetaDiscreteWeibullModel
) -> Iterator[KeyFigure]:
    here = spells.filter(~pl.col("lost"))
    lives = model.residual_lifetime(here, discount_rate=_RATE)
    column = "discounted_expected_residual_lifetime"
    yield KeyFigure(
        "Months to come per contract",
        show(lives[column].mean(), Kind.NUMBER, decimals=1),
        f"discounted, mean of {show(here.height, Kind.COUNT)} postpaid lines",
    )
    if not sources.has("subscriber_months", "subscription_id", "revenue", "direct_cost"):
        return
    months = sources["subscriber_months"]
    last = pl.lit(months["period"].max()).dt.offset_by(f"-{_MARGIN_MONTHS - 1}mo")
    margin = (
        months.filter(pl.col("period") >= last)
        .group_by("subscription_id")
        .agg(margin=(pl.col("revenue") - pl.col("direct_cost").fill_null(0.0)).mean())
    )
    known = lives.join(margin, on="subscription_id", how="inner")
    total = float((known["margin"] * known[column]).sum())
    yield KeyFigure(
        "Margin to come of contracts",
        short(total, Kind.MONEY, unit=sources.unit),
        f"at the margin of the last {_MARGIN_MONTHS} months of {show(known.height, Kind.COUNT)}",
    )


def _survival(model: BetaDiscreteWeibullModel, since: date) -> Exhibit:
    ages = list(range(_CURVE_MONTHS + 1))
    stayed = [None, *model.retention_rate(ages[1:]).tolist()]
    table = pl.DataFrame({"month": ages, "there": model.survival(ages), "stayed": stayed})
    return Exhibit(
        name="contract_survival",
        title="How long contracts live",
        note=(
            "Beta-discrete-Weibull after Fader et al. (2018). Lines that began before "
            f"{show(since, Kind.MONTH)} count from then on, because those that ended earlier are "
            "not known."
        ),
        frame=table,
        columns={
            "month": Column("Month", Kind.COUNT),
            "there": Column("Still there", Kind.SHARE),
            "stayed": Column("Stayed through it", Kind.SHARE),
        },
        plot=drawn(
            lambda axes: plots.retention_curves(model, horizon=_CURVE_MONTHS, ax=axes),
            "Share of contracts that are still there by month",
        ),
    )


def _profit(sources: Sources) -> Part:
    if "subscriber_months" not in sources:
        return Part()
    if not sources.has("subscriber_months", "direct_cost"):
        return Part("subscriber_months holds no direct_cost.")
    months = sources["subscriber_months"].filter(pl.col("direct_cost").is_not_null())
    first = pl.lit(sources.day).dt.truncate("1mo").dt.offset_by("-11mo")
    recent = months.filter(pl.col("period") >= first)
    if recent.is_empty():
        return Part(f"subscriber_months holds no rows in the 12 months up to {sources.day}")
    curve = value.whale_curve(value.customer_margin(recent))
    if curve.peak_multiple is None:
        return Part("The margins of the last 12 months add up to no profit.")
    frame: pl.DataFrame = curve.to_frame()
    return Part(
        "",
        (
            KeyFigure(
                "Profit at the peak",
                show(curve.peak_multiple, Kind.SHARE),
                f"of the total; {show(curve.loss_making_share, Kind.SHARE)} of customers cost more "
                "than they bring",
            ),
        ),
        (
            Exhibit(
                name="whale_curve",
                title="Whale curve",
                note=(
                    "Margin of the last 12 months, customers from the best to the worst, added up "
                    "(Kaplan & Narayanan 2001). Past the peak, customers take profit away."
                ),
                frame=frame,
                plot=drawn(
                    lambda axes: plots.cumulative_profit_curve(curve, ax=axes),
                    "Cumulative share of profit by share of customers",
                ),
            ),
        ),
    )


LIFETIME = Chapter(
    "lifetime", "Lifetime value", ("recharges", "subscriptions", "subscriber_months"), _write
)
