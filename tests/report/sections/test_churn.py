"""The section on churn says what the models and rules of telcrm.churn say, or why they cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from telcrm.churn import SplineLogisticModel, early_warnings, gains, profit_threshold, roc_auc
from telcrm.report import Section, build
from telcrm.report.sections.churn_money import VALUE, churn_money, with_values
from telcrm.report.sections.churn_panel import ChurnRows, churn_rows
from telcrm.report.settings import ChurnSettings
from telcrm.report.sources import Sources, prepare
from telcrm.synth import Operator
from telcrm.value import margin_multiple

DAY = date(2025, 12, 31)
TABLES = ("subscriptions", "subscriber_months", "recharges", "invoices", "customers")


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    made = Operator(subscribers=900, months=12, seed=5).tables(backend="polars")
    return {name: made[name] for name in TABLES}


@pytest.fixture(scope="module")
def section(tables: dict[str, pl.DataFrame]) -> Section:
    return build(tables, as_of=DAY).section("churn")


@pytest.fixture(scope="module")
def sources(tables: dict[str, pl.DataFrame]) -> Sources:
    return prepare(tables, as_of=DAY, currency=None)


@pytest.fixture(scope="module")
def rows(sources: Sources) -> ChurnRows:
    return churn_rows(sources)


@pytest.fixture(scope="module")
def model(rows: ChurnRows) -> SplineLogisticModel:
    made = SplineLogisticModel(features=rows.features, knots=3, ridge=50.0)
    return made.fit(rows.learn, rows.learn["churned"].to_numpy())


def figure(section: Section, label: str) -> tuple[str, str]:
    [found] = [each for each in section.figures if each.label == label]
    return found.value, found.detail


def test_the_test_is_that_of_later_lines(
    section: Section, rows: ChurnRows, model: SplineLogisticModel
) -> None:
    chance = model.predict_proba(rows.test)[:, 1]
    value, detail = figure(section, "ROC AUC")
    assert value == f"{roc_auc(rows.test['churned'], chance):.3f}"
    assert detail.endswith(f"on {rows.test.height} lines of {rows.tested_on}")
    curve = gains(rows.test["churned"], chance)
    assert section.exhibit("gains").frame.equals(curve.to_frame())
    modes = section.exhibit("payment_modes").frame
    assert modes["customers"].sum() == rows.test.height
    assert modes["churners"].sum() == rows.test["churned"].sum()
    assert section.exhibit("reliability").frame["customers"].sum() == rows.test.height


def test_lines_of_today_are_scored(
    section: Section, rows: ChurnRows, model: SplineLogisticModel
) -> None:
    chance = model.predict_proba(rows.today)[:, 1]
    value, detail = figure(section, "Lines expected to leave")
    assert value == f"{chance.sum():.0f}"
    assert f"of {rows.today.height} lines" in detail.replace(",", "")
    assert section.headlines == 1
    assert section.figures[0].label == "Lines expected to leave"


def test_who_is_worth_a_contact_is_above_the_threshold(
    section: Section, sources: Sources, rows: ChurnRows, model: SplineLogisticModel
) -> None:
    money = churn_money(sources, rows)
    assert money is not None
    valued = with_values(rows.today, sources, rows.day, money)
    clv = valued[VALUE].clip(money.incentive + 1e-9)
    least = profit_threshold(
        clv=clv.to_numpy(),
        incentive=money.incentive,
        contact=money.contact,
        acceptance=money.acceptance,
    )
    late = early_warnings(sources.frames, as_of=rows.day).filter(
        pl.col("churn_kind") == "involuntary"
    )
    chance = model.predict_proba(rows.today)[:, 1]
    solvent = ~rows.today["customer_id"].is_in(late["customer_id"].to_list()).to_numpy()
    assert figure(section, "Lines worth a contact")[0] == str(
        int(((chance > least) & solvent).sum())
    )


def test_the_first_calls_are_in_order(section: Section) -> None:
    first = section.exhibit("first_calls").frame
    gain = first["gain"].fill_null(0.0)
    assert gain.is_sorted(descending=True)
    assert first.filter(gain == 0)["churn_probability"].is_sorted(descending=True)
    assert first["reason"].drop_nulls().str.contains("odds of leaving").all()
    assert "name" in first.columns


def test_drivers_share_all_weight(section: Section, rows: ChurnRows) -> None:
    drivers = section.exhibit("drivers").frame
    assert set(drivers["feature"]) <= set(rows.features)
    assert drivers["share"].sum() == pytest.approx(1.0)


def test_warnings_are_those_of_the_rules(section: Section, sources: Sources) -> None:
    found = early_warnings(sources.frames, as_of=date(2026, 1, 1))
    shown = section.exhibit("warnings").frame
    counts = found.group_by("signal").agg(pl.col("customer_id").n_unique())
    assert sorted(shown["customers"]) == sorted(counts["customer_id"])
    assert figure(section, "Customers with a warning")[0] == str(found["customer_id"].n_unique())


def test_every_plot_can_be_drawn(section: Section) -> None:
    drawn = {each.name for each in section.exhibits if each.plot and each.plot.svg(prefix="p")}
    assert drawn == {"gains", "reliability", "profit", "drivers", "warnings"}


def test_a_line_is_worth_its_margins_for_as_long_as_its_kind_stays(
    sources: Sources, rows: ChurnRows
) -> None:
    money = churn_money(sources, rows)
    assert money is not None
    valued = with_values(rows.today, sources, rows.day, money)
    who, mode = valued.filter(pl.col(VALUE) > 0).select("subscription_id", "payment_mode").row(0)
    months = sources["subscriber_months"].filter(
        pl.col("subscription_id") == who, pl.col("period") >= date(2025, 10, 1)
    )
    margin = (months["revenue"] - months["direct_cost"].fill_null(0.0)).mean()
    assert isinstance(margin, float)
    left = rows.learn.filter(pl.col("payment_mode") == mode)["churned"].mean()
    assert isinstance(left, float)
    multiple = margin_multiple((1 - left) ** (30.4375 / 30), 1.1 ** (1 / 12) - 1)
    told = valued.filter(pl.col("subscription_id") == who)[VALUE].item()
    assert told == pytest.approx(margin * multiple)
    mean = valued[VALUE].mean()
    assert isinstance(mean, float)
    assert (money.incentive, money.contact) == pytest.approx((0.05 * mean, 0.005 * mean))


def test_the_settings_may_state_worth_and_costs(sources: Sources, rows: ChurnRows) -> None:
    stated = ChurnSettings(lifetime_value=100.0, incentive=8.0, contact=0.5, acceptance=0.25)
    money = churn_money(replace(sources, churn=stated), rows)
    assert money is not None
    assert (money.incentive, money.contact, money.acceptance) == (8.0, 0.5, 0.25)
    assert with_values(rows.today, sources, rows.day, money)[VALUE].unique().to_list() == [100.0]
    assert money.said == "Every line is worth what telcrm.toml states."


def test_without_margins_no_profit_is_told(tables: dict[str, pl.DataFrame]) -> None:
    costless = {**tables, "subscriber_months": tables["subscriber_months"].drop("direct_cost")}
    found = build(costless, as_of=DAY).section("churn")
    assert "State lifetime_value under [churn] in telcrm.toml" in found.summary
    assert "Lines worth a contact" not in {each.label for each in found.figures}
    assert "profit" not in {each.name for each in found.exhibits}
    first = found.exhibit("first_calls").frame
    assert first["churn_probability"].is_sorted(descending=True)
    assert "gain" not in first.columns


def test_few_leavers_are_a_note_and_no_crash(tables: dict[str, pl.DataFrame]) -> None:
    loyal = tables["subscriptions"].filter(
        pl.col("terminated_on").is_null(), pl.col("payment_mode") == "postpaid"
    )
    small = build({**tables, "subscriptions": loyal.head(400)}, as_of=DAY).section("churn")
    assert small.summary.startswith("There is no model of churn: subscriptions holds 400 lines")
    assert [each.name for each in small.exhibits] == ["warnings"]
    many = pl.concat(
        [loyal.with_columns(pl.col("subscription_id") + f"-{copy}") for copy in range(2)]
    )
    found = build({**tables, "subscriptions": many}, as_of=DAY).section("churn")
    assert "to learn from have left, and 30 are needed" in found.summary


def test_without_lines_of_any_day_the_section_is_skipped(tables: dict[str, pl.DataFrame]) -> None:
    bare = tables["subscriptions"].select(
        "subscription_id", "customer_id", "payment_mode", "status"
    )
    report = build({"subscriptions": bare})
    [skipped] = [each for each in report.skipped if each.section == "churn"]
    assert skipped.reason == "no table has a date"


def test_telcrm_toml_reaches_the_section(tables: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    for name, frame in tables.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "telcrm.toml").write_text(
        "[churn]\nlifetime_value = 300\nincentive = 12.5\n", encoding="utf-8"
    )
    found = build(tmp_path, as_of=DAY).section("churn")
    assert "Every line is worth what telcrm.toml states" in found.summary
    assert "An offer costs EUR\xa012.50" in found.exhibit("profit").note
