"""The value of contracts: what is learnt, and what it makes of lines, on every engine."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.base import clone

from telcrm.errors import (
    ColumnTypeError,
    EstimatorFormatError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
    UnidentifiedModelError,
)
from telcrm.value.contractual.contract_terms import ContractTerms, ContractValuePolicy
from telcrm.value.contractual.contract_value import ContractValueModel
from telcrm.value.contractual.tenure_baseline import TenureBaseline
from telcrm.value.likelihood.convergence import ConvergenceWarning

CONSTANT = TenureBaseline(form="constant")
PARTS = ["margin_value", "fee_value", "loss_value", "subsidy_value", "acquisition_value"]
TERMS = ContractTerms(
    acquisition_cost=60.0,
    device_subsidy=150.0,
    renewal_share=0.5,
    renewal_subsidy=80.0,
    termination_fee_per_month=10.0,
    fee_collected=0.7,
    unpaid_months=2.0,
    unpaid_share=0.8,
)
LINES = {
    "subscription_id": ["c", "a", "d", "b"],
    "tenure_months": [12, 0, 5, 70],
    "to_end": [0, 23, None, -7],
    "segment": ["youth", "mass", "mass", "premium"],
    "log_fee": [0.0, 0.7, -0.5, 0.2],
    "in_arrears": [False, False, True, False],
    "margin": [9.0, 20.0, -3.0, 14.0],
    "revenue": [15.0, 30.0, 10.0, 22.0],
}


@cache
def person_months() -> dict[str, list[Any]]:
    """Months of 600 lines whose hazards are known: logits of two causes."""
    chance = np.random.default_rng(11)
    rows = []
    for line in range(600):
        segment = str(chance.choice(["mass", "premium", "youth"]))
        tenure, log_fee = int(chance.integers(0, 40)), float(chance.choice([-0.5, 0.0, 0.7]))
        to_end = None if chance.random() < 0.3 else int(chance.integers(-6, 20))
        for _ in range(12):
            arrears = bool(chance.random() < 0.15)
            phase = 0.0 if to_end is None else (to_end >= 2) * -1.1 + (to_end in {0, -1}) * 1.3
            willing = -3.2 - 0.4 * np.log1p(tenure / 12) + phase + 0.35 * log_fee
            odds = np.exp([willing + 0.3 * (segment == "youth"), -5.0 + 2.5 * arrears])
            drawn = chance.random() * (1 + odds.sum())
            event = [None, "voluntary", "involuntary"][int(drawn > 1) + int(drawn > 1 + odds[0])]
            rows.append((str(line), tenure, to_end, segment, log_fee, arrears, event))
            if event:
                break
            tenure, to_end = tenure + 1, None if to_end is None else to_end - 1
    names = [*list(LINES)[:6], "event"]
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def unfitted(**more: Any) -> ContractValueModel:
    given: dict[str, Any] = {
        "months_to_contract_end": "to_end",
        "covariates": ["segment", "log_fee", "in_arrears"],
        "terms": TERMS,
        "policy": ContractValuePolicy(horizon_months=30),
    }
    return ContractValueModel(**{**given, **more})


@cache
def fitted() -> ContractValueModel:
    return unfitted().fit(pl.DataFrame(person_months()))


def value(lines: pl.DataFrame, **more: Any) -> pl.DataFrame:
    model = ContractValueModel.from_json(fitted().to_json()).set_params(**more)
    return model.lifetime_value(lines, revenue="revenue")


def test_every_engine_learns_and_values_alike(distinct_backend: Any) -> None:
    model = unfitted().fit(distinct_backend.frame(person_months()))
    assert model.estimates_ == fitted().estimates_
    assert model.covariance_ == fitted().covariance_
    assert model.customers_ == 600
    assert (model.months_, model.leavers_) == (fitted().months_, fitted().leavers_)
    frame = distinct_backend.frame(LINES)
    found = model.lifetime_value(frame, revenue="revenue")
    assert distinct_backend.is_own(found)
    expected = {row["subscription_id"]: row for row in value(pl.DataFrame(LINES)).to_dicts()}
    rows = distinct_backend.rows(found)
    assert list(rows[0]) == [*LINES, *PARTS, "lifetime_value", "expected_months", "survival"]
    for row in rows:
        own = expected[row["subscription_id"]]
        assert_allclose([row[name] for name in PARTS], [own[name] for name in PARTS], rtol=1e-12)
        assert_allclose(row["lifetime_value"], own["lifetime_value"], rtol=1e-12)
    ahead = distinct_backend.rows(model.survival(frame, months=30))
    for row in ahead:
        assert_allclose(row["survival"], expected[row["subscription_id"]]["survival"], rtol=1e-12)
    draws = model.lifetime_value_draws(frame, draws=3, random_state=1, revenue="revenue")
    polars = fitted().lifetime_value_draws(
        pl.DataFrame(LINES), draws=3, random_state=1, revenue="revenue"
    )
    assert_allclose(draws, polars, rtol=1e-12)


def test_known_hazards_are_found() -> None:
    truth = {
        "voluntary:constant": -3.2,
        "voluntary:log(1+tenure/12)": -0.4,
        "voluntary:committed": -1.1,
        "voluntary:ending": 1.3,
        "voluntary:segment=youth": 0.3,
        "voluntary:segment=premium": 0.0,
        "voluntary:log_fee": 0.35,
        "voluntary:in_arrears": 0.0,
        "involuntary:constant": -5.0,
        "involuntary:in_arrears": 2.5,
        "involuntary:log_fee": 0.0,
    }
    for name, coefficient in truth.items():
        error = fitted().standard_errors_[name]
        assert error is not None
        assert abs(fitted().coefficients_[name] - coefficient) < 4 * error, name


def test_steps_for_each_month_are_the_life_table() -> None:
    # Deaths over lines at risk, month by month; two lines come into sight late, one goes unseen.
    spells = [(0, 3, "voluntary"), (0, 5, None), (0, 4, "voluntary"), (0, 3, "involuntary")]
    spells += [(2, 5, "voluntary"), (1, 5, None), (0, 1, "voluntary"), (3, 5, "involuntary")]
    spells += [(0, 2, "voluntary"), (0, 1, "involuntary"), (0, 2, "involuntary")]
    rows = [
        (str(line), month, cause if month == end - 1 else "")
        for line, (start, end, cause) in enumerate(spells)
        for month in range(start, end)
    ]
    months = pl.DataFrame(rows, ["subscription_id", "tenure_months", "event"], orient="row")
    steps = TenureBaseline(form="steps", cut_points=(1, 2, 3, 4))
    with pytest.warns(ConvergenceWarning, match="nobody left"):
        model = ContractValueModel(baseline=steps).fit(months)
    curve = model.curve(months=5)
    there, left = [1.0], {"voluntary": [0.0], "involuntary": [0.0]}
    for month in range(5):
        at_risk = sum(start <= month < end for start, end, _ in spells)
        for cause, gone in left.items():
            deaths = sum(end - 1 == month and cause == why for _, end, why in spells)
            gone.append(gone[-1] + there[-1] * deaths / at_risk)
        there.append(1.0 - sum(gone[-1] for gone in left.values()))
    assert_allclose(curve.survival, there, atol=1e-7)
    for cause, gone in left.items():
        assert_allclose(curve.incidence[cause], gone, atol=1e-7)
    # Kaplan & Meier (1958), J. American Statistical Association 53, 457-481: the product.
    product = 1.0
    for month in range(5):
        at_risk = sum(start <= month < end for start, end, _ in spells)
        product *= 1 - sum(end - 1 == month and why is not None for _, end, why in spells) / at_risk
    assert_allclose(curve.survival[-1], product, atol=1e-7)


def test_competing_causes_share_out_those_who_left() -> None:
    pattern = {"segment": "mass", "log_fee": 0.0, "in_arrears": True}
    curve = fitted().curve(months=40, tenure=3, months_to_contract_end=9, covariates=pattern)
    gone = np.array([curve.incidence[cause] for cause in ("voluntary", "involuntary")])
    assert_allclose(np.array(curve.survival) + gone.sum(axis=0), 1.0, rtol=1e-12)
    assert (np.diff(gone) > 0).all()
    line = pl.DataFrame({**pattern, "tenure_months": 3, "to_end": 9})
    found = fitted().survival(line, months=40)["survival"][0]
    assert_allclose(found, curve.survival[-1], rtol=1e-12)


def test_parts_add_up_to_the_total() -> None:
    found = value(pl.DataFrame(LINES))
    assert_allclose(
        found.select(total=pl.sum_horizontal(PARTS))["total"].to_numpy(),
        found["lifetime_value"].to_numpy(),
        rtol=1e-12,
    )
    assert (found["fee_value"] >= 0).all()
    for name in PARTS[2:]:
        assert (found[name] <= 0).all()
    new = found.filter(pl.col("tenure_months") == 0)
    assert new["acquisition_value"].to_list() == [-60.0]
    assert found["acquisition_value"].sum() == -60.0


@given(st.floats(0.01, 50), st.permutations(range(4)))
@settings(max_examples=6)
def test_money_scales_and_order_does_not_matter(factor: float, order: list[int]) -> None:
    lines, amounts = pl.DataFrame(LINES), {n: v for n, v in TERMS if isinstance(v, float)}
    money = {n: v * factor for n, v in amounts.items() if "share" not in n and "unpaid" not in n}
    money.pop("fee_collected")
    scaled = lines.with_columns(pl.col("margin", "revenue") * factor)[order]
    found = value(scaled, terms=TERMS.replace(**money))
    own = value(lines)[order]
    assert_allclose(found["lifetime_value"], own["lifetime_value"] * factor, rtol=1e-9)
    assert found["survival"].to_list() == own["survival"].to_list()


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=6)
def test_a_longer_horizon_adds_months_and_changes_none(first: int, more: int) -> None:
    lines = pl.DataFrame(LINES).filter(pl.col("to_end").is_null() | (pl.col("to_end") < 0))
    free = ContractTerms()

    def months(lines: pl.DataFrame, horizon: int) -> pl.DataFrame:
        return value(lines, terms=free, policy=ContractValuePolicy(horizon_months=horizon))

    near, whole = months(lines, first), months(lines, first + more)
    later = months(lines.with_columns(pl.col("tenure_months") + first), more)
    step = 1.1 ** (-first / 12)
    expected = near["lifetime_value"] + near["survival"] * later["lifetime_value"] * step
    # Every line without a commitment is there again, older, and as likely to leave.
    settled = lines["to_end"].is_null() | (lines["to_end"] < -1)
    assert_allclose(whole.filter(settled)["lifetime_value"], expected.filter(settled), rtol=1e-10)


def test_scalars_are_columns_that_are_the_same_for_all() -> None:
    lines = pl.DataFrame(LINES).with_columns(margin=7.5, revenue=12.0)
    model = fitted()
    one = model.lifetime_value(lines, revenue="revenue")
    other = model.lifetime_value(lines, margin=7.5, revenue=12.0)
    assert one.equals(other)
    mean = model.lifetime_value_draws(lines, draws=1, random_state=0, margin=7.5, revenue=12)
    assert mean.shape == (1,)


def test_draws_spread_around_the_point_and_repeat() -> None:
    lines = pl.DataFrame(LINES)
    point = value(lines)["lifetime_value"].mean()
    draws = fitted().lifetime_value_draws(lines, draws=60, random_state=4, revenue="revenue")
    assert isinstance(point, float)
    assert abs(draws.mean() - point) < 4 * draws.std() / np.sqrt(60) + 0.02 * abs(point)
    again = fitted().lifetime_value_draws(lines, draws=60, random_state=4, revenue="revenue")
    assert np.array_equal(draws, again)
    with pytest.raises(ParameterError, match="no line"):
        fitted().lifetime_value_draws(lines.head(0), draws=1, random_state=0, revenue="revenue")
    assert fitted().lifetime_value(lines.head(0), revenue="revenue").height == 0


def test_stored_models_come_back_to_the_bit() -> None:
    text = fitted().to_json()
    back = ContractValueModel.from_json(text)
    assert back.to_json() == text
    assert back.coefficients_ == fitted().coefficients_
    lines = pl.DataFrame(LINES)
    assert value(lines).equals(back.lifetime_value(lines, revenue="revenue"))


def test_it_clones_like_any_estimator() -> None:
    copied = clone(fitted())
    assert copied.get_params() == fitted().get_params()
    assert not copied.is_fitted
    with pytest.raises(NotFittedError):
        copied.survival(pl.DataFrame(LINES), months=1)


def test_a_failed_fit_changes_nothing() -> None:
    model = unfitted().fit(pl.DataFrame(person_months()))
    before = model.to_json()
    stayed = pl.DataFrame(person_months()).with_columns(event=pl.lit(None, pl.String))
    for nobody in (stayed, stayed.with_columns(event=None), stayed.to_pandas()):
        with pytest.raises(UnidentifiedModelError, match="none did"):
            model.fit(nobody)
    assert model.to_json() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tenure_months": -1}, "is negative"),
        ({"tenure_months": 0.5}, "is no whole number of months"),
        ({"tenure_months": 1201}, "is above 1,200 months"),
        ({"tenure_months": None}, "is null"),
        ({"to_end": 1.5}, "is no whole number of months"),
        ({"to_end": float("inf")}, "is not a finite number"),
        ({"event": "fraud"}, "is none of 'voluntary', 'involuntary'"),
        ({"segment": None}, "is null"),
        ({"log_fee": float("inf")}, "is not a finite number"),
        ({"subscription_id": None}, "is null"),
    ],
)
def test_months_that_say_nothing_are_refused(change: dict[str, Any], words: str) -> None:
    columns = {name: values[:50] for name, values in person_months().items()}
    [(name, bad)] = change.items()
    columns[name] = [*columns[name][:-1], bad]
    with pytest.raises(InvalidTableError, match=words):
        unfitted().fit(pl.DataFrame(columns, strict=False))


def test_columns_of_no_use_are_refused() -> None:
    months = pl.DataFrame(person_months())
    with pytest.raises(MissingColumnsError, match="lacks 'fee'"):
        unfitted(covariates=["fee"]).fit(months)
    with pytest.raises(ColumnTypeError, match="'event' holds Int32"):
        unfitted().fit(months.with_columns(event=pl.lit(1, pl.Int32)))
    dated = months.with_columns(segment=pl.date(2024, 1, 1))
    with pytest.raises(ColumnTypeError, match="a covariate has to hold"):
        unfitted().fit(dated)
    with pytest.raises(InvalidTableError, match="categories"):
        unfitted(covariates=["subscription_id"]).fit(months)
    with pytest.raises(UnidentifiedModelError, match="'log_fee' is the same"):
        unfitted().fit(months.with_columns(log_fee=2.0))
    twice = months.with_columns(fee=pl.col("log_fee") * 3 + 1)
    with pytest.raises(UnidentifiedModelError, match="follow from one another"):
        unfitted(covariates=["log_fee", "fee"]).fit(twice)
    with pytest.raises(UnidentifiedModelError, match="no line left for 'fraud'"):
        unfitted(causes=("voluntary", "involuntary", "fraud")).fit(months)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"causes": ()}, "causes"),
        ({"causes": ("a", "a")}, "each once"),
        ({"causes": ("a", "")}, "each once"),
        ({"causes": "voluntary"}, "has to be a list"),
        ({"covariates": "segment"}, "has to be a list of columns"),
        ({"ridge": -1.0}, "ridge is -1"),
        ({"baseline": "steps"}, "has to be a TenureBaseline"),
        ({"policy": 36}, "has to be a ContractValuePolicy"),
    ],
)
def test_parameters_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        unfitted(**change).fit(pl.DataFrame(person_months()))


def test_wrong_questions_are_refused() -> None:
    lines, model = pl.DataFrame(LINES), fitted()
    with pytest.raises(ParameterError, match="Pass revenue="):
        model.lifetime_value(lines)
    with pytest.raises(MissingColumnsError, match='margin="margin"'):
        model.lifetime_value(lines, margin="margins", revenue=1.0)
    with pytest.raises(ParameterError, match="revenue is nan"):
        model.lifetime_value(lines, revenue=float("nan"))
    with pytest.raises(InvalidTableError, match="category that fit has not seen"):
        model.lifetime_value(lines.with_columns(segment=pl.lit("vip")), revenue=1.0)
    with pytest.raises(ColumnTypeError, match="held text in fit"):
        model.lifetime_value(lines.with_columns(segment=pl.lit(1)), revenue=1.0)
    with pytest.raises(ParameterError, match="already has a column 'survival'"):
        model.survival(lines.with_columns(survival=1.0), months=1)
    with pytest.raises(ParameterError, match="months is 0"):
        model.survival(lines, months=0)
    with pytest.raises(ParameterError, match="'in_arrears', 'log_fee' is missing"):
        model.curve(months=3, covariates={"segment": "mass"})
    pattern = {"segment": "vip", "log_fee": 0.0, "in_arrears": False}
    with pytest.raises(ParameterError, match="one of mass, premium, youth"):
        model.curve(months=3, covariates=pattern)
    with pytest.raises(ParameterError, match="has to be a finite number"):
        model.curve(months=3, covariates={**pattern, "segment": "mass", "log_fee": "dear"})
    other = unfitted(terms=TERMS.replace(loss_causes=("debt",))).fit(pl.DataFrame(person_months()))
    with pytest.raises(ParameterError, match="the causes 'debt'"):
        other.lifetime_value(lines, revenue=1.0)
    simple = ContractValueModel(baseline=CONSTANT).fit(pl.DataFrame(person_months()))
    with pytest.raises(ParameterError, match="fitted without months_to_contract_end"):
        simple.curve(months=3, months_to_contract_end=2)


def test_lines_without_any_commitment_need_no_type_for_it(distinct_backend: Any) -> None:
    columns = {**LINES, "to_end": [None] * 4}
    found = fitted().survival(distinct_backend.frame(columns), months=5)
    free = fitted().survival(pl.DataFrame(LINES).with_columns(to_end=-9), months=5)
    by_line = {row["subscription_id"]: row["survival"] for row in free.to_dicts()}
    for row in distinct_backend.rows(found):
        assert_allclose(row["survival"], by_line[row["subscription_id"]], rtol=1e-12)


def probability(logits: list[float]) -> NDArray[np.float64]:
    odds = np.exp(logits)
    found: NDArray[np.float64] = odds / (1 + odds.sum())
    return found


def test_the_first_month_is_the_multinomial_logit_written_out() -> None:
    named = fitted().coefficients_
    logits = [
        named[f"{cause}:constant"]
        + named[f"{cause}:log(1+tenure/12)"] * np.log1p(5 / 12)
        + named[f"{cause}:committed"]
        + named[f"{cause}:segment=youth"]
        + named[f"{cause}:log_fee"] * 0.7
        + named[f"{cause}:in_arrears"]
        for cause in ("voluntary", "involuntary")
    ]
    pattern = {"segment": "youth", "log_fee": 0.7, "in_arrears": True}
    curve = fitted().curve(months=1, tenure=5, months_to_contract_end=8, covariates=pattern)
    found = [curve.incidence[cause][1] for cause in ("voluntary", "involuntary")]
    assert_allclose(found, probability(logits), rtol=1e-12)


def test_a_stored_model_that_lost_an_estimate_is_refused() -> None:
    content = json.loads(fitted().to_json())
    content["state"]["estimates_"].pop()
    with pytest.raises(EstimatorFormatError, match="is damaged"):
        ContractValueModel.from_json(json.dumps(content))
