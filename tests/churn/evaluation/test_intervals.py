"""Intervals: DeLong against the bootstrap, coverage, and the bootstrap of every metric."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.churn.evaluation.cases import A8, B20, C2000, PERFECT

from telcrm.churn.evaluation.intervals import bootstrap_interval, roc_auc_interval
from telcrm.churn.evaluation.metric import ChurnMetric
from telcrm.errors import ParameterError, ScoreError


def test_delong_and_the_bootstrap_agree() -> None:
    exact = roc_auc_interval(*C2000)
    drawn = bootstrap_interval("roc_auc", *C2000, draws=800, random_state=1)
    assert drawn.estimate == exact.estimate == pytest.approx(roc_auc_score(*C2000))
    assert drawn.standard_error == pytest.approx(exact.standard_error, rel=0.08)
    assert drawn.lower == pytest.approx(exact.lower, abs=0.004)
    assert drawn.upper == pytest.approx(exact.upper, abs=0.004)


def test_delongs_interval_holds_the_area_as_often_as_it_says() -> None:
    """Of normal scores a shift apart: the true area is Phi(1 / sqrt(2)) = 0.7602."""
    chance = np.random.default_rng(2)
    y = np.arange(300) < 100
    inside = 0
    for _ in range(300):
        found = roc_auc_interval(y, chance.normal(size=300) + y, confidence=0.9)
        inside += found.lower <= 0.7602 <= found.upper
    assert 0.85 <= inside / 300 <= 0.95


def test_a_metric_of_ones_own_is_resampled_too() -> None:
    own = bootstrap_interval(
        lambda y, s: float(roc_auc_score(y, s)), *B20, draws=50, random_state=5
    )
    named = bootstrap_interval(ChurnMetric.ROC_AUC, *B20, draws=50, random_state=5)
    ends = [(each.estimate, each.lower, each.upper) for each in (own, named)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)


def test_the_same_seed_draws_the_same() -> None:
    found = [bootstrap_interval("lift", *B20, draws=60, random_state=at) for at in (6, 6, 7)]
    assert found[0] == found[1] != found[2]


def test_more_confidence_is_wider() -> None:
    wide = roc_auc_interval(*C2000, confidence=0.99)
    narrow = roc_auc_interval(*C2000, confidence=0.5)
    assert wide.lower < narrow.lower < narrow.upper < wide.upper
    assert "99%" in repr(wide)


def test_scores_that_part_all_have_an_interval_without_length() -> None:
    found = roc_auc_interval(*PERFECT)
    assert (found.lower, found.upper) == (1.0, 1.0)


def test_figures_of_probabilities_need_probabilities() -> None:
    y, s = [0, 1, 0, 1], [1.0, 2.0, 3.0, 4.0]
    assert bootstrap_interval("lift", y, s, draws=20, random_state=1).estimate >= 0
    with pytest.raises(ScoreError, match="probabilities"):
        bootstrap_interval("brier", y, s, draws=20, random_state=1)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"metric": "auc"}, "'auc' is no ChurnMetric"),
        ({"draws": 3}, "draws is 3"),
        ({"random_state": None}, "random_state is None"),
        ({"confidence": 1}, "confidence is 1"),
        ({"clv": 5}, "worth more than the incentive"),
        ({"q": 0}, "q is 0"),
    ],
)
def test_arguments_out_of_range_are_refused(change: dict[str, Any], complaint: str) -> None:
    given = {"metric": "lift", "random_state": 1, **change}
    with pytest.raises(ParameterError, match=complaint):
        bootstrap_interval(given.pop("metric"), *A8, **given)
