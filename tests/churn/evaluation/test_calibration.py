"""Calibration metrics, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from tests.churn.evaluation.cases import A8, B20, C2000, PERFECT, REVERSED, Case, scored, shuffled

from telcrm.churn.evaluation.calibration import (
    brier,
    calibration_line,
    expected_calibration_error,
    log_loss,
    reliability,
)
from telcrm.errors import ParameterError, ScoreError
from telcrm.kpi import wilson_interval


def test_published_brier_score() -> None:
    assert brier(*B20) == pytest.approx(0.22625, abs=1e-9)


@given(scored())
def test_errors_are_those_of_scikit_learn(case: Case) -> None:
    assert brier(*case) == pytest.approx(brier_score_loss(*case), abs=1e-12)
    assert log_loss(*case) == pytest.approx(sklearn_log_loss(*case), rel=1e-9, abs=1e-12)


@given(scored(), st.integers(1, 12), st.integers(0, 3))
def test_bins_hold_every_customer_once_and_never_part_a_tie(
    case: Case, bins: int, seed: int
) -> None:
    found = reliability(*case, bins=bins)
    assert sum(each.customers for each in found.bins) == len(case.y)
    assert sum(each.churners for each in found.bins) == sum(case.y)
    assert len(found.bins) <= bins
    for before, after in zip(found.bins[:-1], found.bins[1:], strict=True):
        assert before.high < after.low
    for each in found.bins:
        own = [y for y, s in zip(*case, strict=True) if each.low <= s <= each.high]
        assert (each.customers, each.churners) == (len(own), sum(own))
        ends = wilson_interval(each.churners, each.customers)
        assert (each.lower, each.upper) == ends
        assert each.low - 1e-12 <= each.predicted <= each.high + 1e-12
    error = expected_calibration_error(*case, bins=bins)
    assert error == pytest.approx(found.error, abs=1e-12)
    assert expected_calibration_error(*shuffled(case, seed), bins=bins) == pytest.approx(error)


def test_bins_are_of_equal_count_where_scores_differ() -> None:
    found = reliability(*C2000, bins=10)
    assert [each.customers for each in found.bins] == [200] * 10
    y, s = (np.array(part)[np.argsort(C2000.s)] for part in C2000)
    parts = zip(np.split(y, 10), np.split(s, 10), strict=True)
    by_hand = sum(abs(a.mean() - b.mean()) for a, b in parts) / 10
    assert expected_calibration_error(*C2000) == pytest.approx(by_hand, abs=1e-12)


def test_one_bin_is_the_calibration_in_the_large() -> None:
    gap = abs(np.mean(C2000.y) - np.mean(C2000.s))
    assert expected_calibration_error(*C2000, bins=1) == pytest.approx(gap)


def test_true_probabilities_have_a_line_of_0_and_1_and_a_small_error() -> None:
    chance = np.random.default_rng(2)
    p = chance.beta(1.0, 5.0, 200_000)
    y = chance.random(p.size) < p
    found = calibration_line(y, p)
    assert found.slope == pytest.approx(1.0, abs=0.02)
    assert found.intercept == pytest.approx(0.0, abs=0.03)
    assert found.in_the_large == pytest.approx(0.0, abs=0.02)
    assert expected_calibration_error(y, p) < 2 * np.sqrt(2 / np.pi * 10 * 0.14 / p.size)


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


def test_the_table_is_a_frame() -> None:
    found = reliability(*A8, bins=4, confidence=0.9)
    frame = found.to_frame()
    assert frame.columns[:4] == ["low", "high", "customers", "churners"]
    assert frame["customers"].to_list() == [2, 2, 2, 2]
    assert "90% interval" in repr(found)
    assert found._repr_html_().startswith("<table>")


@pytest.mark.parametrize(
    "metric", [brier, log_loss, expected_calibration_error, reliability, calibration_line]
)
def test_scores_have_to_be_probabilities(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(ScoreError, match="probabilities"):
        metric([0, 1], [0.5, 1.5])


@pytest.mark.parametrize("bins", [0, 2.5, True, 10_001])
def test_bins_are_a_number_of_bins(bins: int) -> None:
    with pytest.raises(ParameterError, match="bins is"):
        expected_calibration_error(*A8, bins=bins)


def test_confidence_is_a_share() -> None:
    with pytest.raises(ParameterError, match="confidence is 95"):
        reliability(*A8, confidence=95)
