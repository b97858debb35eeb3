"""Who is likely to leave, how well that is known, why, and whom it pays to contact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from telcrm import plots
from telcrm.churn import (
    ChurnReport,
    Interval,
    RetentionOffer,
    RetentionPlan,
    SplineLogisticModel,
    churn_drivers,
    churn_reasons,
    churn_report,
    plan_retention,
    roc_auc_interval,
)
from telcrm.churn.reasons.words import value_words
from telcrm.errors import TelcrmError
from telcrm.report.drawing import drawn
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter, NothingToReport, Part
from telcrm.report.sections.churn_money import VALUE, ChurnMoney, churn_money, with_values
from telcrm.report.sections.churn_panel import ChurnRows, churn_rows
from telcrm.report.sections.churn_warnings import found_warnings, in_debt, warned
from telcrm.report.sections.counting import with_names
from telcrm.report.sources import Sources

__all__ = ["CHURN"]

_LEAST_TO_LEARN: Final = 30
_LEAST_TO_TEST: Final = 10
# Leavers of a few months are few for so many columns.
_KNOTS: Final = 3
_RIDGE: Final = 50.0
# Customers whose answers are as much evidence on acceptance as what is assumed of it.
_BELIEF: Final = 20.0
_BINS: Final = 8
_DRIVERS: Final = 10
_TOP: Final = 15
_CHANCE: Final = "churn_probability"


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A model, how it did on later lines, and what it says of those of today."""

    rows: ChurnRows
    model: SplineLogisticModel
    tested: ChurnReport
    area: Interval
    today: pl.DataFrame
    money: ChurnMoney | None
    plan: RetentionPlan | None


def _write(sources: Sources) -> Section:
    if sources.as_of is None:
        raise NothingToReport("no table has a date")
    found, said = found_warnings(sources)
    try:
        learnt = _learnt(sources, in_debt(found))
        modelled = _model_part(sources, learnt)
    except NothingToReport as nothing:
        modelled = Part(f"There is no model of churn: {nothing}.")
    except TelcrmError as error:
        modelled = Part(f"There is no model of churn: {error.message}")
    parts = (modelled, warned(found, said))
    if not any(part.tells for part in parts):
        raise NothingToReport(" ".join(part.said for part in parts if part.said))
    return Section(
        name="churn",
        title="Churn risk",
        summary=" ".join(part.said for part in parts if part.said),
        figures=tuple(figure for part in parts for figure in part.figures),
        headlines=1,
        exhibits=tuple(exhibit for part in parts for exhibit in part.exhibits),
    )


def _learnt(sources: Sources, debtors: list[str]) -> _Learnt:
    rows = churn_rows(sources)
    for frame, least, what in (
        (rows.learn, _LEAST_TO_LEARN, "to learn from"),
        (rows.test, _LEAST_TO_TEST, "to test it"),
    ):
        left = int(frame["churned"].sum())
        if left < least or left == frame.height:
            raise NothingToReport(
                f"{left} of {frame.height} lines {what} have left, and {least} are needed"
            )
    model = SplineLogisticModel(features=rows.features, knots=_KNOTS, ridge=_RIDGE)
    model.fit(rows.learn, rows.learn["churned"].to_numpy())
    money = churn_money(sources, rows)
    tested = _tested(sources, rows, model, money)
    chance = model.predict_proba(rows.today)[:, 1]
    today = rows.today.with_columns(pl.Series(_CHANCE, chance))
    plan = None
    if money is not None:
        today = with_values(today, sources, rows.day, money)
        # The plan has an offer_id of its own.
        asked = today.filter(~pl.col("customer_id").is_in(debtors)).select(
            "subscription_id", _CHANCE, VALUE
        )
        plan = plan_retention(asked, offers=[_offer(money)], customer="subscription_id")
    area = roc_auc_interval(rows.test["churned"], model.predict_proba(rows.test)[:, 1])
    return _Learnt(rows, model, tested, area, today, money, plan)


def _tested(
    sources: Sources, rows: ChurnRows, model: SplineLogisticModel, money: ChurnMoney | None
) -> ChurnReport:
    chance = model.predict_proba(rows.test)[:, 1]
    segments = {"payment mode": rows.test["payment_mode"]}
    if money is None:
        return churn_report(rows.test["churned"], chance, segments=segments, bins=_BINS)
    return churn_report(
        rows.test["churned"],
        chance,
        segments=segments,
        bins=_BINS,
        clv=with_values(rows.test, sources, rows.tested_on, money)[VALUE].to_numpy(),
        incentive=money.incentive,
        contact=money.contact,
        alpha=_BELIEF * money.acceptance,
        beta=_BELIEF * (1.0 - money.acceptance),
    )


def _offer(money: ChurnMoney) -> RetentionOffer:
    return RetentionOffer(
        offer_id="standard",
        name="A standard offer",
        cost=money.incentive,
        contact_cost=money.contact,
        acceptance=money.acceptance,
    )


def _model_part(sources: Sources, learnt: _Learnt) -> Part:
    rows = learnt.rows
    days = rows.learn["snapshot"]
    gap, outcome = rows.window.gap_days, rows.window.outcome_days
    said = (
        f"The model, a logistic regression with splines, says how likely a line is to leave within "
        f"{outcome} days, after a gap of {gap} in which it can still be kept. It has learnt from "
        f"lines as they stood from {show(days.min(), Kind.DAY)} to {show(days.max(), Kind.DAY)}, "
        f"by what was known on {show(rows.tested_on, Kind.DAY)}; it is tested on those of that "
        f"day, and scores those of {show(rows.day, Kind.DAY)}. When a commitment ends is left out: "
        "the table tells it as of today, when those who left have no new one."
    )
    if rows.scale > 1:
        said += (
            f" Of {show(rows.lines, Kind.COUNT)} lines, {show(rows.sampled, Kind.COUNT)} are "
            "looked at, all those of customers drawn by a hash of their id; counts and sums are "
            "scaled up to all."
        )
    told = " ".join([said, *rows.said, learnt.money.said if learnt.money else _NO_MONEY])
    exhibits = (
        *_accuracy(learnt),
        *_profit(sources, learnt),
        _drivers(learnt),
        _by_mode(learnt),
        _first_calls(sources, learnt),
    )
    return Part(told, tuple(_figures(sources, learnt)), exhibits)


_NO_MONEY: Final = (
    "What it pays to contact is not told: no margins say what a line is worth. State "
    "lifetime_value under [churn] in telcrm.toml."
)


def _figures(sources: Sources, learnt: _Learnt) -> Iterator[KeyFigure]:
    rows, tested = learnt.rows, learnt.tested.evaluation
    chance = learnt.today[_CHANCE]
    yield KeyFigure(
        "Lines expected to leave",
        show(float(chance.sum()) * rows.scale, Kind.COUNT),
        f"{show(chance.mean(), Kind.SHARE)} of {show(chance.len() * rows.scale, Kind.COUNT)} "
        f"lines, within {rows.window.outcome_days} days after the next {rows.window.gap_days}",
    )
    area = learnt.area
    yield KeyFigure(
        "ROC AUC",
        f"{area.estimate:.3f}",
        f"95%: {area.lower:.3f} to {area.upper:.3f}, on {show(tested.customers, Kind.COUNT)} "
        f"lines of {show(rows.tested_on, Kind.DAY)}",
    )
    yield KeyFigure(
        "Lift of the first 10%",
        f"{tested.lift:.1f}",
        f"they hold {show(tested.captured, Kind.SHARE)} of the {tested.churners} who left, "
        f"{show(tested.base_rate, Kind.SHARE)} of all",
    )
    predicted = learnt.tested.slices[0].overall.predicted
    yield KeyFigure(
        "Predicted on the test",
        show(predicted, Kind.SHARE),
        f"{show(tested.base_rate, Kind.SHARE)} left; expected calibration error "
        f"{tested.expected_calibration_error:.3f}",
    )
    if learnt.plan is not None:
        plan, scale = learnt.plan, rows.scale
        yield KeyFigure(
            "Lines worth a contact",
            show(plan.contacts * scale, Kind.COUNT),
            f"expected profit {short(plan.expected_profit * scale, Kind.MONEY, unit=sources.unit)}"
            f" at a cost of {short(plan.expected_cost * scale, Kind.MONEY, unit=sources.unit)}",
        )


def _accuracy(learnt: _Learnt) -> Iterator[Exhibit]:
    curve, reliability = learnt.tested.gains, learnt.tested.reliability
    yield Exhibit(
        name="gains",
        title="Leavers found, by lines contacted",
        note=(
            "Lines of the test, the likeliest first. Lift: times as many leavers as among as many "
            "lines drawn at random."
        ),
        frame=curve.to_frame(),
        plot=drawn(
            lambda axes: plots.gains_curve(curve, ax=axes),
            "Share of leavers found by share of lines contacted",
            height_in=3.9,
        ),
    )
    if reliability is None:
        return
    yield Exhibit(
        name="reliability",
        title="Do as many leave as predicted?",
        note="Lines of the test in groups of about equal number, with Wilson intervals.",
        frame=reliability.to_frame(),
        plot=drawn(
            lambda axes: plots.reliability_diagram(reliability, ax=axes),
            "Observed by predicted share of lines that left",
            height_in=3.9,
        ),
    )


def _profit(sources: Sources, learnt: _Learnt) -> Iterator[Exhibit]:
    money, curve = learnt.money, learnt.tested.profit
    if money is None:
        return
    costs = [
        short(each, Kind.PRICE, unit=sources.unit) for each in (money.incentive, money.contact)
    ]
    yield Exhibit(
        name="profit",
        title=sources.headed("What a campaign would have earned per line"),
        note=(
            f"Lines of the test. An offer costs {costs[0]} where it is taken, a contact "
            f"{costs[1]}; {show(money.acceptance, Kind.SHARE)} of those who would leave accept and "
            "stay, and all who would have stayed take it too."
        ),
        frame=curve.to_frame(),
        plot=drawn(
            lambda axes: plots.campaign_profit_curve(curve, ax=axes),
            "Profit per line by share of lines contacted",
        ),
    )


def _drivers(learnt: _Learnt) -> Exhibit:
    drivers = churn_drivers(learnt.model, learnt.today)
    return Exhibit(
        name="drivers",
        title="What the model goes by",
        note=(
            "Mean absolute contribution of a column to the log odds of today's lines, as a share "
            "of all. What goes with leaving need not cause it."
        ),
        frame=drivers.to_frame(),
        columns={
            "words": Column("Column", prose=True),
            "share": Column("Weight", Kind.SHARE),
            "riskiest": Column("Riskiest at"),
            "safest": Column("Safest at"),
        },
        plot=drawn(
            lambda axes: plots.contribution_bars(drivers, most=_DRIVERS, ax=axes),
            "Columns by their weight in the model",
            height_in=3.6,
        ),
        most=_DRIVERS,
    )


def _by_mode(learnt: _Learnt) -> Exhibit:
    [sliced] = learnt.tested.slices
    table = sliced.to_frame().select(
        "segment", "customers", "churners", "base_rate", "predicted", "roc_auc", "lift"
    )
    return Exhibit(
        name="payment_modes",
        title="The test by mode of payment",
        note="Among lines of one mode it is harder to tell who leaves than among all.",
        frame=table,
        columns={
            "segment": Column("Payment"),
            "customers": Column("Lines", Kind.COUNT),
            "churners": Column("Left", Kind.COUNT),
            "base_rate": Column("Share", Kind.SHARE),
            "predicted": Column("Predicted", Kind.SHARE),
            "roc_auc": Column("AUC", Kind.PRICE),
            "lift": Column("Lift", Kind.NUMBER),
        },
    )


def _first_calls(sources: Sources, learnt: _Learnt) -> Exhibit:
    lines = learnt.today.with_columns(_gain=pl.lit(0.0))
    if learnt.plan is not None:
        gains = learnt.plan.frame.select("subscription_id", _gain="expected_profit")
        lines = learnt.today.join(gains, on="subscription_id", how="left")
    first = lines.sort(
        pl.col("_gain").fill_null(0.0), _CHANCE, "subscription_id", descending=[True, True, False]
    ).head(_TOP)
    # That something is not known may tell of a line, but nobody can be called about it.
    why = (
        churn_reasons(learnt.model, first, top=len(learnt.rows.features))
        .filter(pl.col("value") != value_words("", None))
        .unique("subscription_id", keep="first", maintain_order=True)
        .select("subscription_id", "reason")
    )
    columns = {
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "subscription_id": Column("Line"),
        _CHANCE: Column("Leaves", Kind.SHARE),
        VALUE: Column(sources.headed("Worth"), Kind.PRICE),
        "gain": Column(sources.headed("Gain"), Kind.PRICE),
        "reason": Column("Strongest reason that is known", prose=True),
    }
    told = first.join(why, on="subscription_id", how="left", maintain_order="left")
    if learnt.plan is not None:
        told = told.with_columns(gain=pl.when(pl.col("_gain") > 0).then("_gain"))
    table = with_names(told.select([name for name in columns if name in told.columns]), sources)
    return Exhibit(
        name="first_calls",
        title="Whom to look at first",
        note=(
            "By what an offer is expected to gain, then by the chance to leave. Without a gain: an "
            "offer is not expected to pay, or debt warns of the customer, and none is made."
            if learnt.plan
            else "By the chance to leave."
        ),
        frame=table,
        columns={name: column for name, column in columns.items() if name in table.columns},
        wide=True,
    )


CHURN = Chapter("churn", "Churn risk", ("subscriptions",), _write)
