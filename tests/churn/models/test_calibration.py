"""Maps that put probabilities right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import TypeAdapter, ValidationError
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from telcrm.churn.models.calibration import (
    Calibration,
    IsotonicCalibration,
    PlattCalibration,
    calibrate,
    to_log_odds,
)
from telcrm.errors import ParameterError, ScoreError, SingleClassError

CASES = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.02, 0.2, 0.3, 0.55, 0.8, 1.0])),
    min_size=4,
    max_size=40,
)


def both(cases: list[tuple[bool, float]]) -> tuple[Any, Any]:
    left, scores = (np.array(each) for each in zip(*cases, strict=True))
    assume(0 < left.sum() < left.size and np.ptp(scores) > 0)
    return left, scores


def test_platt_of_two_scores_by_hand() -> None:
    # A line through two points meets both: at each, the mean of Platt's smoothed outcomes.
    left, scores = [0, 0, 0, 1, 0, 1, 1, 1], [0.02] * 4 + [0.98] * 4
    leaver, stayer = 5 / 6, 1 / 6
    found = calibrate(left, scores).apply([0.02, 0.98])
    assert_allclose(found, [(leaver + 3 * stayer) / 4, (3 * leaver + stayer) / 4], rtol=1e-9)


def test_platt_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(1)
    scores = chance.beta(1, 4, 800)
    left = chance.random(800) < scores**2
    line = _SigmoidCalibration().fit(to_log_odds(scores), left)
    expected = line.predict(to_log_odds(scores))
    assert_allclose(calibrate(left, scores).apply(scores), expected, atol=1e-5)


@given(CASES)
def test_platt_keeps_to_the_number_of_smoothed_leavers(cases: list[tuple[bool, float]]) -> None:
    left, scores = both(cases)
    leavers, stayers = int(left.sum()), int((~left).sum())
    expected = leavers * (leavers + 1) / (leavers + 2) + stayers / (stayers + 2)
    found = calibrate(left, scores)
    assert found.apply(scores).sum() == pytest.approx(expected, rel=1e-6)
    assert isinstance(found, PlattCalibration)
    assert "nan" not in found.words()


@given(CASES)
def test_isotonic_is_that_of_scikit_learn_and_never_falls(cases: list[tuple[bool, float]]) -> None:
    left, scores = both(cases)
    found = calibrate(left, scores, method="isotonic")
    expected = IsotonicRegression(out_of_bounds="clip").fit(scores, left)
    grid = np.linspace(0, 1, 21)
    assert_allclose(found.apply(grid), expected.predict(grid), atol=1e-12)
    assert (np.diff(found.apply(grid)) >= 0).all()
    assert found.apply(scores).sum() == pytest.approx(left.sum())
    again = (
        calibrate(left, found.apply(scores), method="isotonic")
        if np.ptp(found.apply(scores))
        else found
    )
    assert_allclose(again.apply(found.apply(scores)), found.apply(scores), atol=1e-12)


@given(CASES, st.sampled_from(["platt", "isotonic"]))
def test_a_map_is_stored_to_the_last_bit(cases: list[tuple[bool, float]], method: str) -> None:
    found = calibrate(*both(cases), method=method)
    again = TypeAdapter(Calibration).validate_json(found.model_dump_json())
    assert again == found


def test_log_odds_and_probabilities_are_put_right_alike() -> None:
    left, scores = [0, 1, 0, 1, 1], np.array([0.1, 0.2, 0.3, 0.6, 0.9])
    for method in ("platt", "isotonic"):
        found = calibrate(left, scores, method=method)
        assert_allclose(found.of_log_odds(to_log_odds(scores)), found.apply(scores), atol=1e-12)


def test_a_map_in_words() -> None:
    assert PlattCalibration(intercept=-0.5, slope=0.25).words() == (
        "log odds = -0.5000 +0.2500 x log odds of the model"
    )
    steps = IsotonicCalibration(scores=(0.1, 0.5), values=(0.0, 0.25))
    assert steps.words() == "rising line through 0.1 -> 0, 0.5 -> 0.25"


@pytest.mark.parametrize(
    ("left", "scores", "error", "words"),
    [
        ([0, 0], [0.1, 0.2], SingleClassError, "is 0 for all 2"),
        ([0, 1], [0.1, 1.2], ScoreError, "probabilities from 0 to 1"),
        ([0, 1], [0.1, np.nan], ScoreError, "NaN or infinite for 1"),
        ([0, 1, 1], [0.1, 0.2], ScoreError, "2 values for 3 customers"),
        ([0, 1], [0.3, 0.3], ScoreError, "are 0.3 for all 2 customers"),
        ([0, 1], [1e-9, 1e-8], ScoreError, "no map of them"),
    ],
)
def test_what_no_map_is_learnt_from(left: Any, scores: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        calibrate(left, scores)


def test_maps_that_cannot_be() -> None:
    with pytest.raises(ParameterError, match="method='beta' is no CalibrationMethod"):
        calibrate([0, 1], [0.1, 0.2], method="beta")
    with pytest.raises(ScoreError, match="probabilities from 0 to 1"):
        PlattCalibration(intercept=0.0, slope=1.0).apply([1.5])
    for scores, values in [
        ((0.1, 0.2), (0.3,)),
        ((0.2, 0.1), (0.3, 0.4)),
        ((0.1, 0.2), (0.4, 0.3)),
    ]:
        with pytest.raises(ValidationError, match=r"two lengths|do not rise"):
            IsotonicCalibration(scores=scores, values=values)
