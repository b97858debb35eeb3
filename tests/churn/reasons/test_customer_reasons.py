"""Reasons of each customer: exact where the model is a sum, and adding up where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logit
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import Backend

from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.feature_table import read_features
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.reasons.customer_reasons import churn_reasons
from telcrm.errors import (
    MissingColumnsError,
    NotFittedError,
    ParameterError,
    SchemaDriftError,
    UnsupportedFrameError,
)

FRAME, LEFT = customers()
SOME = FRAME.head(25)
CURVES = SplineLogisticModel(features=FEATURES).fit(FRAME, LEFT)
TREES = BoostedModel(features=FEATURES, most_trees=20, repeats=1, leaves=4).fit(FRAME, LEFT)
ALL: dict[str, Any] = {"top": 99, "only_raising": False}


def wide(found: pl.DataFrame) -> dict[Any, dict[str, float]]:
    """Contributions by customer and column."""
    made: dict[Any, dict[str, float]] = {}
    for row in found.to_dicts():
        made.setdefault(row["customer_id"], {})[row["feature"]] = row["contribution"]
    return made


def sums(found: pl.DataFrame, among: pl.DataFrame = SOME) -> Any:
    own = wide(found)
    return np.array([sum(own.get(each, {}).values()) for each in among["customer_id"]])


@pytest.mark.parametrize("model", [CURVES, ScorecardModel(features=FEATURES).fit(FRAME, LEFT)])
def test_of_a_formula_they_are_its_terms(model: Any) -> None:
    found = churn_reasons(model, SOME, **ALL)
    terms = model.formula_.contributions(read_features(SOME, FEATURES))
    for at, own in enumerate(wide(found).values()):
        assert own == {name: term[at] for name, term in terms.items() if abs(term[at]) > 1e-9}
    assert_allclose(sums(found) + model.formula_.intercept, model.decision_function(SOME))


def test_of_a_calibrated_formula_too() -> None:
    model = CalibratedModel(CURVES, folds=2).fit(FRAME, LEFT)
    found = churn_reasons(model, SOME, **ALL)
    odds = logit(model.predict_proba(SOME)[:, 1])
    assert_allclose(sums(found) + model.formula_.intercept, odds, rtol=1e-9)
    assert_allclose(found["churn_probability"][0], model.predict_proba(SOME)[0, 1])


@settings(max_examples=8)
@given(st.integers(1, 20), st.integers(0, 99))
def test_against_a_background_they_add_up(size: int, seed: int) -> None:
    background, few = FRAME[100 : 100 + size], SOME.head(5)
    options: dict[str, Any] = {**ALL, "background": background, "draws": 20, "random_state": seed}
    for model in (CURVES, TREES):
        found = churn_reasons(model, few, **options)
        apart = model.decision_function(few) - model.decision_function(background).mean()
        assert_allclose(sums(found, few), apart, atol=1e-7)


def test_sampled_reasons_of_a_sum_are_the_exact_ones() -> None:
    background = FRAME[100:120]
    # A vote of one model says the same, and has no formula.
    vote = SoftVoteModel({"curves": CURVES}).fit(FRAME, LEFT)
    exact = wide(churn_reasons(CURVES, SOME, background=background, **ALL))
    found = wide(churn_reasons(vote, SOME, background=background, draws=20, **ALL))
    for customer, own in exact.items():
        assert found[customer] == pytest.approx(own, abs=1e-7)


def test_what_a_model_does_not_look_at_is_no_reason() -> None:
    model = LogisticRegression(C=1e3).fit(FRAME.select("tenure", "calls"), LEFT)
    model.coef_[0, 1] = 0.0
    found = churn_reasons(model, FRAME, draws=5, **ALL)
    assert set(found["feature"]) == {"tenure"}


def test_numbers_of_two_types_are_numbers() -> None:
    background = FRAME[200:220]
    other = background.with_columns(pl.col("calls").cast(pl.Float32))
    found = churn_reasons(TREES, SOME, background=other)
    assert found.equals(churn_reasons(TREES, SOME, background=background))


def test_the_order_of_rows_does_not_matter() -> None:
    background = FRAME[200:220]
    order = np.random.default_rng(0).permutation(len(SOME))
    for model, other in ((CURVES, background[::-1]), (TREES, background)):
        whole = churn_reasons(model, SOME, background=background, **ALL)
        turned = churn_reasons(model, SOME[order], background=other, **ALL)
        assert list(wide(turned)) == SOME["customer_id"][order].to_list()
        for customer, own in wide(whole).items():
            assert wide(turned)[customer] == pytest.approx(own, abs=1e-9)


def test_hazards_tell_why_a_line_leaves_for_whatever_cause() -> None:
    cause = np.where(LEFT == 0, "stayed", np.where(np.arange(LEFT.size) % 3, "port_out", "moved"))
    model = HazardModel(features=["tenure", "calls", "plan"]).fit(FRAME, cause)
    stayed = list(model.classes_).index("stayed")
    found = churn_reasons(model, SOME, background=FRAME[50:60], draws=10, **ALL)
    there = model.predict_proba(SOME)[:, stayed]
    first = found.group_by("customer_id", maintain_order=True).first()
    assert_allclose(first["churn_probability"], 1 - there)
    base = model.predict_proba(FRAME[50:60])[:, stayed]
    assert_allclose(sums(found), -logit(there) + logit(base).mean(), atol=1e-7)


def test_pipelines_of_scikit_learn_take_the_frame_as_it_is() -> None:
    frame = FRAME.to_pandas()
    plan = make_pipeline(OneHotEncoder(handle_unknown="ignore"))
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["tenure", "calls"]), (plan, ["plan"])),
        RandomForestClassifier(10, max_depth=4, random_state=0),
    ).fit(frame[["tenure", "calls", "plan"]], LEFT)
    some = frame.sample(40, random_state=1)
    found = churn_reasons(model, some, draws=10, **ALL)
    assert isinstance(found, pd.DataFrame)
    assert list(found.index) == list(range(len(found)))
    assert set(found["feature"]) <= {"tenure", "calls", "plan"}
    chances = dict(zip(found["customer_id"], found["churn_probability"], strict=True))
    expected = model.predict_proba(some[["tenure", "calls", "plan"]])[:, 1]
    assert_allclose([chances[each] for each in some["customer_id"]], expected)


def test_strongest_first_and_only_what_raises() -> None:
    found = churn_reasons(CURVES, FRAME, top=2)
    assert (found["contribution"] > 0).all()
    assert set(found["direction"]) == {"raises"}
    for _, rows in found.group_by("customer_id", maintain_order=True):
        assert rows["rank"].to_list() == list(range(1, len(rows) + 1))
        assert rows["contribution"].is_sorted(descending=True)
    either = churn_reasons(CURVES, FRAME, top=2, only_raising=False)
    assert set(either["direction"]) == {"raises", "lowers"}
    assert ((either["contribution"] > 0) == (either["direction"] == "raises")).all()
    assert len(either) == 2 * len(FRAME)


def test_reasons_in_words() -> None:
    one = FRAME.head(1).with_columns(tenure=pl.lit(1), plan=pl.lit("solo"), calls=pl.lit(9))
    found = churn_reasons(CURVES, one, top=9, words={"tenure": "months with us"})
    told = dict(found.select("feature", "reason").rows())
    values = dict(found.select("feature", "value").rows())
    assert told["tenure"].startswith("months with us: 1; multiplies the odds of leaving by ")
    assert told["plan"].startswith("plan: solo; raises")
    assert values["calls"] == "9"
    placed = churn_reasons(CURVES, one, top=9, background=FRAME)
    told = dict(placed.select("feature", "reason").rows())
    assert told["tenure"].startswith("tenure: 1, which is low; ")
    assert told["calls"].startswith("calls: 9, which is high; ")


def test_a_null_is_a_reason_that_is_not_known() -> None:
    unknown = FRAME.filter(pl.col("fee").is_null()).head(3)
    found = churn_reasons(CURVES, unknown, background=FRAME, **ALL).filter(
        pl.col("feature") == "fee"
    )
    assert set(found["value"]) == {"not known"}
    assert found["reason"].str.starts_with("fee: not known; ").all()


def test_whom_a_row_is_of() -> None:
    lines = SOME.with_columns(subscription_id=pl.lit(7), snapshot=pl.date(2026, 1, 1))
    found = churn_reasons(CURVES, lines)
    assert found.columns[:3] == ["subscription_id", "customer_id", "snapshot"]
    assert found.schema["snapshot"] == pl.Date
    assert churn_reasons(CURVES, lines, keep=["customer_id"]).columns[:2] == [
        "customer_id",
        "churn_probability",
    ]
    nameless = churn_reasons(CURVES, SOME.drop("customer_id"))
    assert nameless.columns[0] == "row"
    named = churn_reasons(CURVES, SOME)
    assert (
        SOME["customer_id"][nameless["row"].to_list()].to_list() == named["customer_id"].to_list()
    )
    with pytest.raises(MissingColumnsError, match="'line'"):
        churn_reasons(CURVES, SOME, keep=["line"])
    with pytest.raises(ParameterError, match="'Reason' would stand twice"):
        churn_reasons(CURVES, SOME.with_columns(Reason=1), keep=["Reason"])


def test_nobody_has_a_reason() -> None:
    loyal = FRAME.sort("tenure").tail(1).with_columns(calls=pl.lit(0), plan=pl.lit("family"))
    model = SplineLogisticModel(features=["tenure"]).fit(FRAME, LEFT)
    found = churn_reasons(model, loyal)
    assert found.shape == (0, 8)
    assert found.schema["contribution"] == pl.Float64


def test_every_engine_in_memory(backend: Backend) -> None:
    given = backend.frame(SOME.to_dict(as_series=False))
    other = backend.frame(FRAME[40:50].to_dict(as_series=False))
    if backend.name in {"polars_lazy", "duckdb", "pyspark"}:
        with pytest.raises(UnsupportedFrameError, match="score_churn scores all of them"):
            churn_reasons(CURVES, given, background=other)
        return
    for model in (CURVES, TREES):
        found = churn_reasons(model, given, background=other)
        assert backend.is_own(found)
        rows = backend.rows(found)
        expected = churn_reasons(model, SOME, background=FRAME[40:50]).to_dicts()
        for number in ("contribution", "churn_probability"):
            assert_allclose(
                [row.pop(number) for row in rows], [row.pop(number) for row in expected], atol=1e-9
            )
        assert rows == expected


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="customers has 25 rows, fewer than the 30"):
        churn_reasons(TREES, SOME)
    with pytest.raises(ParameterError, match="top is 0"):
        churn_reasons(CURVES, SOME, top=0)
    with pytest.raises(ParameterError, match="draws is 0"):
        churn_reasons(TREES, FRAME, draws=0)
    with pytest.raises(ParameterError, match="customers has no rows"):
        churn_reasons(CURVES, SOME.head(0))
    with pytest.raises(SchemaDriftError, match="customers lacks 'plan'"):
        churn_reasons(CURVES, SOME.drop("plan"))
    with pytest.raises(SchemaDriftError, match="background lacks 'plan'"):
        churn_reasons(CURVES, SOME, background=FRAME.drop("plan"))
    other = FRAME.with_columns(pl.col("calls").cast(pl.String))
    with pytest.raises(SchemaDriftError, match="background: column 'calls' holds String"):
        churn_reasons(TREES, SOME, background=other)
    with pytest.raises(NotFittedError, match="is not fitted"):
        churn_reasons(SplineLogisticModel(), FRAME)
    by_array = SplineLogisticModel().fit(FRAME.select("tenure", "calls").to_numpy(), LEFT)
    with pytest.raises(SchemaDriftError, match="learnt from an array"):
        churn_reasons(by_array, SOME)
