"""Errors of probabilities and the line that recalibrates, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from tests.churn.evaluation.cases import B20, C2000, PERFECT, REVERSED, Case, scored

from telcrm.churn.evaluation.calibration import brier, calibration_line, log_loss
from telcrm.errors import ScoreError


def test_published_brier_score() -> None:
    assert brier(*B20) == pytest.approx(0.22625, abs=1e-9)


@given(scored())
def test_errors_are_those_of_scikit_learn(case: Case) -> None:
    assert brier(*case) == pytest.approx(brier_score_loss(*case), abs=1e-12)
    assert log_loss(*case) == pytest.approx(sklearn_log_loss(*case), rel=1e-9, abs=1e-12)


def test_true_probabilities_have_a_line_of_0_and_1() -> None:
    chance = np.random.default_rng(2)
    p = chance.beta(1.0, 5.0, 200_000)
    y = chance.random(p.size) < p
    found = calibration_line(y, p)
    assert found.slope == pytest.approx(1.0, abs=0.02)
    assert found.intercept == pytest.approx(0.0, abs=0.03)
    assert found.in_the_large == pytest.approx(0.0, abs=0.02)


def test_the_line_is_that_of_a_logistic_regression() -> None:
    y, s = np.array(C2000.y), np.array(C2000.s)
    odds = np.log(s / (1 - s))
    fitted = LogisticRegression(C=1e12, tol=1e-10).fit(odds[:, None], y)
    found = calibration_line(y, s)
    assert found.slope == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert found.intercept == pytest.approx(fitted.intercept_[0], abs=1e-4)
    moved = 1 / (1 + np.exp(-(odds + found.in_the_large)))
    assert moved.sum() == pytest.approx(y.sum(), abs=1e-6)


@pytest.mark.parametrize(
    "case", [PERFECT, REVERSED, Case([0, 1], [0.3, 0.3]), Case([0, 0, 1], [0.1, 0.5, 0.5])]
)
def test_no_line_is_the_likeliest_where_scores_part_the_classes(case: Case) -> None:
    found = calibration_line(*case)
    assert (found.intercept, found.slope) == (None, None)
    assert np.isfinite(found.in_the_large)


def test_certain_scores_are_kept_off_the_ends() -> None:
    y, p = [0, 1, 1, 0], [0.0, 1.0, 0.0, 1.0]
    assert log_loss(y, p) == pytest.approx(sklearn_log_loss(y, p), rel=1e-6)
    assert calibration_line(y, p).slope == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("metric", [brier, log_loss, calibration_line])
def test_scores_have_to_be_probabilities(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(ScoreError, match="probabilities"):
        metric([0, 1], [0.5, 1.5])
