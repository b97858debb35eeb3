"""Scorecards: points that add up, and a formula that says the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.churn.models.tables import FEATURES, customers

from telcrm.churn.models.binning import Direction
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.errors import ParameterError


def fitted(**parameters: Any) -> ScorecardModel:
    frame, left = customers()
    return ScorecardModel(features=FEATURES, **parameters).fit(frame, left)


def test_points_say_what_log_odds_say() -> None:
    frame, _ = customers()
    model = fitted()
    points = model.points(frame)
    # 600 points at odds of 50 to 1, and 20 more for each doubling, but for rounding.
    exact = 600 - 20 / np.log(2) * (np.log(50) + model.decision_function(frame))
    assert np.abs(points - exact).max() <= len(model.formula_.terms) / 2 + 1e-9


def test_the_card_holds_every_bin_and_every_customer() -> None:
    frame, left = customers()
    model = fitted()
    for name in {row.column for row in model.card_}:
        rows = [row for row in model.card_ if row.column == name]
        assert sum(row.customers for row in rows) == len(frame)
        assert sum(row.leavers for row in rows) == left.sum()
    riskiest = min(model.card_, key=lambda row: row.points)
    assert riskiest.churn_rate is not None
    assert riskiest.churn_rate > left.mean()


def test_more_evidence_means_fewer_points() -> None:
    model = fitted()
    for name in {row.column for row in model.card_}:
        rows = [row for row in model.card_ if row.column == name and row.customers]
        by_evidence = sorted(rows, key=lambda row: row.weight_of_evidence)
        assert [row.points for row in by_evidence] == sorted(
            (row.points for row in rows), reverse=True
        )


def test_columns_that_tell_nothing_are_not_on_the_card() -> None:
    on_card = {row.column for row in fitted().card_}
    assert {"tenure", "plan", "calls"} <= on_card
    assert "constant" not in on_card
    assert fitted(least_information=10.0).card_ == ()
    frame, left = customers()
    empty = fitted(least_information=10.0)
    assert empty.predict_proba(frame)[:, 1] == pytest.approx(left.mean())
    assert len(set(empty.points(frame).tolist())) == 1


def test_directions_are_kept() -> None:
    for parameters in (
        {"monotone": {"tenure": Direction.FALLING}},
        {"monotone": "either"},
    ):
        model = fitted(most_bins=8, **parameters)
        [tenure] = [term for term in model.formula_.terms if term.column == "tenure"]
        values = list(tenure.values)  # type: ignore[union-attr]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"most_bins": 1}, "most_bins"),
        ({"least_share": 0.5}, "least_share"),
        ({"least_information": -1.0}, "least_information"),
        ({"base_odds": 0.0}, "base_odds"),
        ({"monotone": {"plan": "rising"}}, "'plan', which are no columns of numbers"),
        ({"monotone": "sideways"}, "monotone"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        fitted(**parameters)


def test_a_level_that_comes_up_later_is_scored() -> None:
    frame, _ = customers()
    new = frame.head(1).with_columns(plan=pl.lit("brand new"))
    assert np.isfinite(fitted().decision_function(new)).all()
