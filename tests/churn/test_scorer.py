"""What a scorer asks of a model, and what it takes along to another process."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from tests.churn.models.tables import FEATURES, customers

from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.scorer import Scorer, features_of, has_learnt_from_array


def scorer(model: Any, **others: Any) -> Scorer:
    given = {
        "model": model,
        "features": ("calls",),
        "from_array": False,
        "handed_as": None,
        "kept": ("customer_id",),
        "into": "risk",
        "periods": None,
        "batch_rows": 10,
    }
    return Scorer(**given | others)


class Counting:
    """Keeps how many rows it was asked about each time."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        self.asked.append(len(X))
        return np.full((len(X), 2), 0.5)


class Nameless(BaseEstimator):  # type: ignore[misc]
    """Takes frames, and does not say what it looks at."""

    def fit(self, _: Any, y: Any) -> Nameless:
        self.classes_ = np.unique(y)
        return self


def test_small_batches_are_put_together_and_large_ones_cut() -> None:
    table = pl.DataFrame({"customer_id": [str(at) for at in range(47)], "calls": 1}).to_arrow()
    model = Counting()
    parts = list(scorer(model).of_arrow(table.to_batches(max_chunksize=3)))
    # Four of three rows each are the first to have ten.
    assert model.asked == [10, 2, 10, 2, 10, 2, 10, 1]
    assert pa.Table.from_batches(parts)["customer_id"].to_pylist() == [str(at) for at in range(47)]
    assert list(scorer(model).of_arrow([])) == []


def test_own_models_travel_as_numbers_and_others_as_they_are() -> None:
    frame, left = customers()
    learnt = SplineLogisticModel(features=["calls", "plan"]).fit(frame, left)
    asked = scorer(learnt, features=("calls", "plan"), batch_rows=1000)
    packed = asked.packed()
    assert packed.scorer.model is None
    assert packed.text is not None
    assert json.loads(packed.text)["kind"] == "spline_logistic"
    batches = frame.to_arrow().to_batches()
    for one in (packed, pickle.loads(pickle.dumps(packed))):  # noqa: S301 (our own)
        assert list(one.of_arrow(batches)) == list(asked.of_arrow(batches))
    vote = SoftVoteModel({"a": SplineLogisticModel(features=["calls"])}).fit(frame, left)
    assert scorer(vote).packed().scorer.model is vote


def test_a_stored_model_is_handed_its_columns_in_its_own_order() -> None:
    frame, left = customers()
    learnt = SplineLogisticModel().fit(frame.select(sorted(FEATURES, reverse=True)), left)
    asked = scorer(learnt, features=features_of(learnt), batch_rows=1000)
    batches = frame.to_arrow().to_batches()
    assert list(asked.packed().of_arrow(batches)) == list(asked.of_arrow(batches))


def members(*models: Any) -> SoftVoteModel:
    return SoftVoteModel({str(at): model for at, model in enumerate(models)})


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (SplineLogisticModel(), ("plan", "fee", "calls")),
        (SplineLogisticModel(features=["calls", "fee"]), ("calls", "fee")),
        (
            CalibratedModel(SplineLogisticModel(features=["calls", "fee"]), folds=2),
            ("calls", "fee"),
        ),
        (CalibratedModel(SplineLogisticModel(), folds=2), ("plan", "fee", "calls")),
        (
            members(ScorecardModel(features=["fee"]), SplineLogisticModel(features=["calls"])),
            ("fee", "calls"),
        ),
        (
            members(ScorecardModel(features=["fee"]), SplineLogisticModel()),
            ("plan", "fee", "calls"),
        ),
        (members(Nameless(), ScorecardModel(features=["fee"])), ("fee",)),
        (Nameless(), None),
    ],
)
def test_a_model_tells_what_it_looks_at(model: Any, expected: tuple[str, ...] | None) -> None:
    frame, left = customers(300)
    learnt = model.fit(frame.select("plan", "fee", "calls"), left)
    assert features_of(learnt) == expected
    assert not has_learnt_from_array(learnt)


@pytest.mark.parametrize(
    "model",
    [
        SplineLogisticModel(),
        LogisticRegression(),
        members(SplineLogisticModel()),
        CalibratedModel(SplineLogisticModel(), folds=2),
    ],
)
def test_a_model_of_an_array_tells_no_columns(model: Any) -> None:
    frame, left = customers(300)
    learnt = model.fit(frame.select("calls", "tenure").to_numpy(), left)
    assert features_of(learnt) is None
    assert has_learnt_from_array(learnt)
