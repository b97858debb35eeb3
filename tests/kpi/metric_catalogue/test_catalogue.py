"""The catalogue cannot drift from the code: it names what functions really return and read."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

import telcrm.tables.plain_frame
from telcrm import kpi
from telcrm.errors import MissingExtraError, ParameterError
from telcrm.kpi.metric_catalogue.catalogue import Catalogue, catalogue
from telcrm.kpi.metric_catalogue.metric import Metric
from telcrm.synth import Operator
from telcrm.tables import TABLES

# Public functions that yield no figure of their own, and why.
NOT_FIGURES = {
    "catalogue": "it is the catalogue",
    "changes": "compares a figure with itself",
    "cohort_matrix": "lays out cohort_retention",
    "deviations": "judges a figure",
    "mann_kendall": "tests a series of a figure",
    "month_ends": "lists days",
    "theil_sen": "fits a series of a figure",
    "trend": "tests a figure",
}
# Tables that are no canonical ones: the caller puts them together.
OWN_TABLES = {
    "acquisition_costs",
    "market",
    "ports",
    "prepaid_activity",
    "subscription_prices",
}
# Columns of canonical tables that an operator adds to them.
OWN_COLUMNS = {("subscriber_months", "account_id"), ("subscriber_months", "equipment_revenue")}

JAN, FEB = date(2025, 1, 1), date(2025, 2, 1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """What each function returns, on small data, asked for all that it can tell."""
    names = ["subscriber_months", "subscriptions", "customers", "recharges", "invoices"]
    names += ["complaints", "interactions", "surveys"]
    tables = Operator(subscribers=60, months=5, seed=4).tables(names)
    months, lines, surveys = (
        tables[name] for name in ("subscriber_months", "subscriptions", "surveys")
    )
    own = months.with_columns(account_id="customer_id", equipment_revenue=pl.lit(1.0))
    costs = pl.DataFrame({"period": [JAN], "cost": [10.0]})
    ports = pl.DataFrame({"ported_on": [JAN], "donor": ["a"], "recipient": ["us"]})
    market = pl.DataFrame({"operator": ["us"], "subscriptions": [5]})
    events = pl.DataFrame({"subscription_id": ["S"], "at": [JAN], "kind": ["outgoing"]})
    prices = pl.DataFrame(
        {
            "subscription_id": ["S"],
            "customer_id": ["C"],
            "activated_on": [JAN],
            "terminated_on": [FEB],
            "amount": [12.0],
            "interval_months": [12],
        }
    )
    before, after = kpi.nps_of_counts(5, 3, 2), kpi.nps_of_counts(6, 3, 1)
    calls: dict[str, Callable[[], Any]] = {
        "abpu": lambda: kpi.abpu(own),
        "acquisition_cost": lambda: kpi.acquisition_cost(tables["customers"], costs),
        "agents_for": lambda: kpi.agents_for(10, handling_time_s=180),
        "ampu": lambda: kpi.ampu(months),
        "arpa": lambda: kpi.arpa(own),
        "arpu": lambda: kpi.arpu(months),
        "arrears": lambda: kpi.arrears(tables["invoices"], as_of=date(2025, 6, 1)),
        "average_base_churn_rate": lambda: kpi.average_base_churn_rate([1], [10], [9]),
        "average_profitability": lambda: kpi.average_profitability(months),
        "average_users": lambda: kpi.average_users([10], [9]),
        "ces": lambda: kpi.ces(surveys, period="month"),
        "churn_by_reason": lambda: kpi.churn_by_reason(lines),
        "churn_rate": lambda: kpi.churn_rate(months),
        "cohort_retention": lambda: kpi.cohort_retention(months, value="revenue"),
        "complaint_rate": lambda: kpi.complaint_rate(tables["complaints"], months),
        "compound_churn_rate": lambda: kpi.compound_churn_rate(0.1, periods=2),
        "contact_centre": lambda: kpi.contact_centre(tables["interactions"], period="month"),
        "cost_per_acquisition": lambda: kpi.cost_per_acquisition(1, 1),
        "cost_to_serve": lambda: kpi.cost_to_serve(
            tables["interactions"], kpi.ServingCosts(other=1.0)
        ),
        "csat": lambda: kpi.csat(surveys, period="month"),
        "data_per_user": lambda: kpi.data_per_user(months),
        "erlang_b": lambda: kpi.erlang_b(10, 10),
        "erlang_c": lambda: kpi.erlang_c(10, 14),
        "first_contact_resolution": lambda: kpi.first_contact_resolution(
            tables["complaints"], as_of=NOON
        ),
        "gross_revenue_churn_rate": lambda: kpi.gross_revenue_churn_rate(
            base=9, lost=1, contraction=1
        ),
        "lines_for": lambda: kpi.lines_for(10, blocking=0.01),
        "loss_analysis": lambda: kpi.loss_analysis(
            lines.with_columns(value=1.0), value="value", period="month"
        ),
        "market_share": lambda: kpi.market_share(market),
        "monthly_churn_rate": lambda: kpi.monthly_churn_rate(0.1, months=3),
        "monthly_recurring_revenue": lambda: kpi.monthly_recurring_revenue(1, months=1),
        "mou": lambda: kpi.mou(months),
        "movement": lambda: kpi.movement(months, by="segment"),
        "net_porting": lambda: kpi.net_porting(ports, own="us"),
        "net_revenue_churn_rate": lambda: kpi.net_revenue_churn_rate(
            base=9, lost=1, contraction=1, expansion=1
        ),
        "nps": lambda: kpi.nps(surveys, period="month"),
        "nps_change": lambda: kpi.nps_change(before, after),
        "nps_of_counts": lambda: before,
        "offered_load": lambda: kpi.offered_load(1, interval_s=1, handling_time_s=1),
        "opening_churn_rate": lambda: kpi.opening_churn_rate(1, 2),
        "payback_months": lambda: kpi.payback_months(1, arpa=1, margin_rate=0.5),
        "prepaid_activity": lambda: kpi.prepaid_activity(events, on=[FEB]),
        "profit_lost": lambda: kpi.profit_lost(months),
        "queue_measures": lambda: kpi.queue_measures(10, 14, handling_time_s=180),
        "recurring_revenue": lambda: kpi.recurring_revenue(prices, through=FEB),
        "revenue_retention": lambda: kpi.revenue_retention(months, by="segment"),
        "sales": lambda: kpi.sales(tables["recharges"]),
        "time_to_resolve": lambda: kpi.time_to_resolve(tables["complaints"], as_of=NOON),
        "wilson_interval": lambda: kpi.wilson_interval(1, 2),
    }
    return {name: call() for name, call in calls.items()}


# Columns that tell whose and when a figure is, and no figures.
KEYS = {
    "age_months",
    "as_of",
    "cohort",
    "competitor",
    "confidence",
    "customer_id",
    "operator",
    "period",
    "segment",
    "subscription_id",
    "termination_reason",
}


def test_every_function_that_yields_a_figure_is_in_it(results: dict[str, Any]) -> None:
    functions = {name for name in kpi.__all__ if inspect.isfunction(getattr(kpi, name))}
    in_it = {metric.function for metric in catalogue()}
    assert in_it == functions - set(NOT_FIGURES)
    assert in_it == set(results)


def test_what_a_function_returns_is_what_the_catalogue_says(results: dict[str, Any]) -> None:
    for function, result in results.items():
        named = {metric.column for metric in catalogue().of(function)}
        if isinstance(result, pl.DataFrame):
            assert named == set(result.columns) - KEYS, function
            assert result.height, function
        elif is_dataclass(result):
            own = {field.name for field in fields(result)} - KEYS
            derived = {n for n, v in vars(type(result)).items() if isinstance(v, property)}
            assert named == own | derived, function
        else:
            assert named == {None}, function
            assert isinstance(result, float | int | tuple), function


def test_a_figure_of_counts_is_whole_and_a_share_is_one(results: dict[str, Any]) -> None:
    not_whole = {"base", "users", "customers", "total"}  # averages, or what the caller has
    for metric in catalogue():
        result = results[metric.function]
        if not isinstance(result, pl.DataFrame) or metric.column is None:
            continue
        dtype = result.schema[metric.column]
        if metric.unit == "count":
            assert dtype.is_integer() or metric.column in not_whole, metric.name
        elif metric.unit == "share":
            assert dtype == pl.Float64, metric.name
            if not metric.name.startswith("revenue_retention."):
                assert result[metric.column].drop_nulls().is_between(0, 1.6).all(), metric.name


def test_inputs_are_columns_that_the_function_reads_by_default() -> None:
    for metric in catalogue():
        parameters = inspect.signature(getattr(kpi, metric.function)).parameters.values()
        defaults: set[str] = set()
        for parameter in parameters:
            if isinstance(parameter.default, str):
                defaults.add(parameter.default)
            elif isinstance(parameter.default, tuple):
                defaults |= {part for part in parameter.default if isinstance(part, str)}
        for given in metric.inputs:
            assert set(given.columns) <= defaults, (metric.name, set(given.columns) - defaults)
            if given.table in OWN_TABLES:
                continue
            canonical = {column.name for column in TABLES[given.table].columns}
            extra = {(given.table, name) for name in set(given.columns) - canonical}
            assert extra <= OWN_COLUMNS, metric.name


def test_policies_are_types_that_the_function_takes() -> None:
    for metric in catalogue():
        if metric.policy is None:
            continue
        hints = inspect.signature(getattr(kpi, metric.function)).parameters.values()
        assert any(metric.policy in str(hint.annotation) for hint in hints), metric.name


def test_words_are_there_and_names_are_unique() -> None:
    metrics = list(catalogue())
    names = [metric.name for metric in metrics]
    assert names == sorted(set(names))
    for metric in metrics:
        for text in (metric.title, metric.formula, metric.grain, *metric.sources):
            assert text == text.strip() != "", metric.name
        assert metric.name.split(".")[0] == metric.function


def test_lookup() -> None:
    metrics = catalogue()
    assert metrics["movement.lost_rate"].formula == "lost / opening"
    assert "nps" in metrics
    assert "joy" not in metrics
    assert metrics.of("joy") == ()
    assert len(metrics) == len(list(metrics)) > 150
    assert catalogue() is metrics
    assert repr(metrics).startswith("Catalogue(")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("arpuu", "arpu"), ("lost_rate", "movement.lost_rate"), ("Churn Rate", "churn_rate")],
)
def test_an_unknown_name_is_told_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ParameterError) as caught:
        catalogue()[name]
    assert nearest in caught.value.context["nearest"]
    assert nearest in str(caught.value)


@pytest.mark.parametrize("name", ["", "zzzzzzzz", None, 3, ("nps",)])
def test_a_name_like_none(name: Any) -> None:
    with pytest.raises(ParameterError, match="There is no metric"):
        catalogue()[name]


def test_json_holds_it_all() -> None:
    stored = json.loads(catalogue().to_json())
    assert stored["$format"] == "telcrm.kpi.catalogue/1"
    assert tuple(Metric(**each) for each in stored["metrics"]) == catalogue().metrics


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
def test_a_frame_has_a_row_for_each(backend: str) -> None:
    frame = catalogue().to_frame(backend=backend)
    assert type(frame).__module__.partition(".")[0] == backend
    names = frame["name"].to_pylist() if backend == "pyarrow" else frame["name"].to_list()
    assert names == [metric.name for metric in catalogue()]
    one = Catalogue((catalogue()["arpu"],)).to_frame()
    assert one["inputs"].item() == "subscriber_months(subscription_id, period, revenue)"
    assert one["unit"].item() == "money"


def test_frames_of_nothing_and_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Catalogue(()).to_frame().columns == list(Metric.model_fields)
    with pytest.raises(ParameterError, match="polars, pandas, pyarrow"):
        catalogue().to_frame(backend="spark")
    monkeypatch.setattr(telcrm.tables.plain_frame, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"telcrm\[pandas\]"):
        catalogue().to_frame(backend="pandas")
