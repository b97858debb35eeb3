"""Boosted trees with defaults for telecom tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from tests.churn.models.tables import FEATURES, customers

from telcrm.churn.models.boosted import BoostedModel
from telcrm.errors import ParameterError


@cache
def fitted() -> BoostedModel:
    frame, left = customers()
    return BoostedModel(features=FEATURES, most_trees=90).fit(frame, left)


def test_weak_signs_take_small_trees() -> None:
    assert fitted().leaves_ == 6
    assert 1 < fitted().trees_ <= 90


def test_strong_rules_take_large_trees() -> None:
    chance = np.random.default_rng(4)
    matrix = chance.integers(0, 4, size=(3_000, 5)).astype(float)
    rule = (matrix[:, 0] + matrix[:, 1] + matrix[:, 2]) % 4 == 1
    left = (chance.random(3_000) < np.where(rule, 0.95, 0.03)).astype(int)
    model = BoostedModel(most_trees=90).fit(matrix, left)
    assert model.leaves_ == 31


def test_it_gives_what_scikit_learn_grew() -> None:
    frame, left = customers()
    plain = frame.select("tenure", "calls").to_numpy().astype(float)
    model = BoostedModel(leaves=8, most_trees=40, repeats=1).fit(plain, left)
    grown = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=model.trees_,
        max_leaf_nodes=8,
        max_features=0.6,
        min_samples_leaf=20,
        early_stopping=False,
        random_state=0,
    ).fit(plain, left)
    assert model.decision_function(plain).tolist() == grown.decision_function(plain).tolist()


def test_repeats_are_averaged() -> None:
    frame, left = customers()
    plain = frame.select("tenure", "calls").to_numpy().astype(float)
    parts = [
        BoostedModel(leaves=8, most_trees=40, repeats=1, random_state=0).fit(plain, left),
        BoostedModel(leaves=8, most_trees=40, repeats=2, random_state=0).fit(plain, left),
    ]
    once, twice = (model.decision_function(plain) for model in parts)
    second = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=parts[0].trees_,
        max_leaf_nodes=8,
        max_features=0.6,
        min_samples_leaf=20,
        early_stopping=False,
        random_state=1,
    ).fit(plain, left)
    np.testing.assert_allclose(twice, (once + second.decision_function(plain)) / 2)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_may_only_rise_only_rises(sign: int) -> None:
    frame, left = customers()
    model = BoostedModel(features=FEATURES, leaves=8, most_trees=60, monotone={"tenure": sign})
    model.fit(frame, left)
    one = frame.head(1)
    rows = pl.concat([one.with_columns(tenure=pl.lit(tenure)) for tenure in range(0, 90, 3)])
    steps = np.diff(model.decision_function(rows.with_columns(pl.col("tenure").cast(pl.Int64))))
    assert (steps * sign >= -1e-12).all()


def test_a_large_table_is_held_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, left = customers()
    monkeypatch.setattr("telcrm.churn.models.boosted._FOLDED_ROWS", 100)
    model = BoostedModel(features=FEATURES, most_trees=60).fit(frame, left)
    assert (
        np.corrcoef(model.decision_function(frame), fitted().decision_function(frame))[0, 1] > 0.9
    )


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"leaves": 33}, "leaves"),
        ({"leaves": "many"}, "leaves"),
        ({"learning_rate": 1.0}, "learning_rate"),
        ({"most_trees": 0}, "most_trees"),
        ({"column_share": 0.0}, "column_share"),
        ({"monotone": {"plan": 1}}, "'plan', which are no columns of numbers"),
        ({"monotone": {"tenure": 2}}, "monotone"),
        ({"random_state": -1}, "random_state"),
        ({"repeats": 0}, "repeats"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], words: str) -> None:
    frame, left = customers()
    with pytest.raises(ParameterError, match=words):
        BoostedModel(features=FEATURES, **parameters).fit(frame, left)
