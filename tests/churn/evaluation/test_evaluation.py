"""The evaluation as a whole: its figures are those of the functions, its forms hold them."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from tests.churn.evaluation.cases import A8, B20, C2000, Case, scored

from telcrm.churn.evaluation.calibration import brier, calibration_line, log_loss
from telcrm.churn.evaluation.campaign import campaign_profit
from telcrm.churn.evaluation.evaluation import evaluate
from telcrm.churn.evaluation.intervals import bootstrap_interval, roc_auc_interval
from telcrm.churn.evaluation.metric import ChurnMetric
from telcrm.churn.evaluation.profit import expected_maximum_profit, maximum_profit
from telcrm.churn.evaluation.ranking import gains, lift, pr_auc, roc_auc
from telcrm.churn.evaluation.reliability import expected_calibration_error
from telcrm.errors import ParameterError, ScoreError, SingleClassError

_OF_PROBABILITIES = [
    "brier",
    "log_loss",
    "expected_calibration_error",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "decision_profit",
    "decision_share",
]


@given(scored())
def test_each_figure_is_that_of_the_function_of_its_name(case: Case) -> None:
    clv = np.linspace(50.0, 400.0, len(case.y))
    found = evaluate(*case, clv=clv, q=0.3, bins=4, alpha=3, beta=9)
    line = calibration_line(*case)
    decided = campaign_profit(*case, clv=clv, acceptance=0.25)
    best = maximum_profit(*case, clv=clv, acceptance=0.25)
    expected = expected_maximum_profit(*case, clv=clv, alpha=3, beta=9)
    assert found.figures == {
        "base_rate": sum(case.y) / len(case.y),
        "roc_auc": roc_auc(*case),
        "pr_auc": pr_auc(*case),
        "lift": lift(*case, q=0.3),
        "captured": pytest.approx(gains(*case).captured(0.3)),
        "brier": brier(*case),
        "log_loss": log_loss(*case),
        "expected_calibration_error": expected_calibration_error(*case, bins=4),
        "calibration_in_the_large": line.in_the_large,
        "calibration_intercept": line.intercept,
        "calibration_slope": line.slope,
        "maximum_profit": best.profit,
        "maximum_profit_share": best.share,
        "maximum_profit_threshold": best.threshold,
        "expected_maximum_profit": expected.profit,
        "expected_maximum_profit_share": expected.share,
        "decision_profit": pytest.approx(decided.profit),
        "decision_share": decided.share,
        "target_all": pytest.approx(decided.bounds.target_all),
        "perfect": pytest.approx(decided.bounds.perfect),
    }


def test_scores_that_are_no_probabilities_have_the_figures_of_ranks() -> None:
    scores = [100 * s for s in C2000.s]
    with pytest.raises(ScoreError, match="probabilities=False"):
        evaluate(C2000.y, scores)
    found = evaluate(C2000.y, scores, probabilities=False).figures
    whole = evaluate(*C2000).figures
    for name, value in found.items():
        if name in _OF_PROBABILITIES:
            assert value is None
        elif name == "maximum_profit_threshold":
            assert value == pytest.approx(100 * (whole[name] or 0.0))
        else:
            assert value == whole[name]


def test_intervals_are_those_of_the_functions() -> None:
    found = evaluate(*B20, confidence=0.9, draws=80, random_state=5, q=0.2)
    assert set(found.intervals) == set(ChurnMetric)
    assert found.intervals["roc_auc"] == roc_auc_interval(*B20, confidence=0.9)
    for name in ("lift", "expected_maximum_profit", "brier"):
        assert found.intervals[name] == bootstrap_interval(
            name, *B20, confidence=0.9, draws=80, random_state=5, q=0.2
        )
    plain = evaluate(*B20, probabilities=False, confidence=0.9, draws=20, random_state=1)
    assert "brier" not in plain.intervals
    assert "lift" in plain.intervals


def test_one_leaver_has_no_interval_of_the_area() -> None:
    found = evaluate([0, 0, 1], [0.1, 0.2, 0.3], confidence=0.9, draws=20, random_state=1)
    assert "roc_auc" not in found.intervals
    assert "pr_auc" in found.intervals


def test_it_is_written_as_json_and_frame_and_words() -> None:
    found = evaluate(*A8, confidence=0.9, draws=20, random_state=1)
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["customers"] == 8
    assert told["roc_auc"] == 0.625
    assert told["parameters"]["clv"] == 200.0
    assert set(told["intervals"]["lift"]) == {
        "lower",
        "upper",
        "standard_error",
        "confidence",
        "method",
    }
    frame = found.to_frame()
    assert frame.columns == ["metric", "value", "lower", "upper"]
    assert dict(frame.select("metric", "value").rows()) == found.figures
    assert frame.filter(frame["metric"] == "base_rate")["lower"].to_list() == [None]
    assert found.to_frame(backend="pandas").shape == (20, 4)
    assert "ROC AUC 0.6250" in repr(found)
    assert "ECE" not in repr(evaluate(*A8, probabilities=False))
    assert "8 customers, 4 left" in found._repr_html_()
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (written just now)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"confidence": 0.9}, "Pass random_state="),
        ({"confidence": 0, "random_state": 1}, "confidence is 0"),
        ({"confidence": 0.9, "random_state": -1}, "random_state is -1"),
        ({"confidence": 0.9, "random_state": 1, "draws": 1}, "draws is 1"),
        ({"clv": 1}, "worth more than the incentive"),
        ({"alpha": 0}, "alpha is 0"),
        ({"bins": 0}, "bins is 0"),
        ({"q": 2}, "q is 2"),
    ],
)
def test_arguments_out_of_range_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        evaluate(*A8, **change)


def test_one_class_is_refused() -> None:
    with pytest.raises(SingleClassError):
        evaluate([0, 0], [0.1, 0.2])
