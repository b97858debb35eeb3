"""Comparisons of models: DeLong's paired test, paired resamples, and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest
from tests.churn.evaluation.cases import A8, C2000

from telcrm.churn.evaluation.comparison import compare_models
from telcrm.churn.evaluation.intervals import bootstrap_interval
from telcrm.churn.evaluation.metric import ChurnMetric
from telcrm.churn.evaluation.ranking import roc_auc
from telcrm.errors import ParameterError, ScoreError, SingleClassError


def _scores(seed: int, strength: float) -> Any:
    chance = np.random.default_rng(seed)
    y = np.array(C2000.y)
    return 1 / (1 + np.exp(-(chance.normal(size=y.size) + strength * y - 1.5)))


def test_a_better_model_is_found_better_by_every_metric() -> None:
    found = compare_models(
        C2000.y,
        {"good": _scores(1, 2.5), "poor": _scores(2, 0.2)},
        metrics=list(ChurnMetric),
        draws=60,
        random_state=3,
    )
    assert [pair.metric for pair in found.pairs] == list(ChurnMetric)
    for pair in found.pairs:
        assert pair.lower <= pair.difference <= pair.upper
        if pair.metric is not ChurnMetric.EXPECTED_CALIBRATION_ERROR:
            assert pair.better == "good", pair
    [area] = [pair for pair in found.pairs if pair.metric is ChurnMetric.ROC_AUC]
    assert area.p_value is not None
    assert area.p_value < 1e-6


def test_a_model_does_not_differ_from_itself() -> None:
    found = compare_models(
        C2000.y,
        {"a": C2000.s, "b": C2000.s},
        metrics=["roc_auc", "lift"],
        draws=40,
        random_state=1,
    )
    for pair in found.pairs:
        assert (pair.difference, pair.lower, pair.upper) == pytest.approx((0, 0, 0), abs=1e-9)
        assert pair.better is None
    assert found.pairs[0].p_value == pytest.approx(1.0)


def test_the_order_of_models_turns_the_sign() -> None:
    there = compare_models(C2000.y, {"a": _scores(1, 1.0), "b": _scores(2, 1.0)}).pairs[0]
    back = compare_models(C2000.y, {"b": _scores(2, 1.0), "a": _scores(1, 1.0)}).pairs[0]
    assert there.difference == -back.difference
    assert there.lower == pytest.approx(-back.upper)
    assert there.p_value == pytest.approx(back.p_value)


def test_delong_and_paired_resamples_agree() -> None:
    y = np.array(C2000.y)
    first = _scores(1, 1.2)
    second = 0.5 * first + 0.5 * _scores(4, 1.2)
    exact = compare_models(y, {"first": first, "second": second}).pairs[0]
    both = {0: first, 1: second}

    def difference(_: Any, places: Any) -> float:
        at = places.astype(int)
        areas = [roc_auc(y[at], both[each][at]) for each in (0, 1)]
        return areas[0] - areas[1]

    # Places stand in for scores, so that both models are looked at on the same customers.
    drawn = bootstrap_interval(
        difference, y, np.arange(y.size, dtype=float), draws=300, random_state=5
    )
    assert exact.difference == pytest.approx(drawn.estimate)
    assert (exact.upper - exact.lower) / 3.92 == pytest.approx(drawn.standard_error, rel=0.15)


def test_p_values_are_even_where_models_are_alike() -> None:
    chance = np.random.default_rng(6)
    y = np.arange(200) < 80
    found = [
        compare_models(y, {"a": chance.normal(size=200) + y, "b": chance.normal(size=200) + y})
        .pairs[0]
        .p_value
        or 0.0
        for _ in range(200)
    ]
    assert kstest(found, "uniform").pvalue > 0.01


def test_three_models_make_three_pairs_in_a_frame() -> None:
    scores = {name: _scores(at, 1.0) for at, name in enumerate("abc")}
    found = compare_models(C2000.y, scores)
    frame = found.to_frame()
    assert frame.select("first", "second").rows() == [("a", "b"), ("a", "c"), ("b", "c")]
    assert frame["metric"].unique().to_list() == ["roc_auc"]
    assert "a - b" in repr(found)
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        ({"scores": {"a": A8.s}}, ParameterError, "two models at least"),
        ({"metrics": []}, ParameterError, "0 metrics"),
        ({"metrics": ["auc"]}, ParameterError, "no ChurnMetric"),
        ({"metrics": ["lift"]}, ParameterError, "random_state is None"),
        ({"confidence": 2}, ParameterError, "confidence is 2"),
        ({"y_true": [1] * 8}, SingleClassError, "y_true is 1"),
        ({"y_true": [1] + [0] * 7}, ScoreError, "two at least on either side"),
        ({"scores": {"a": A8.s, "b": A8.s[:3]}}, ScoreError, r"scores\['b'\] holds 3"),
        (
            {"scores": {"a": A8.s, "b": [9.0] * 8}, "metrics": ["brier"], "random_state": 1},
            ScoreError,
            "probabilities",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    change: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    given = {"y_true": A8.y, "scores": {"a": A8.s, "b": A8.s}, **change}
    with pytest.raises(error, match=complaint):
        compare_models(given.pop("y_true"), given.pop("scores"), **given)
