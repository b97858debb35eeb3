"""Bins of probabilities, and how far they are off, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.churn.evaluation.cases import A8, C2000, Case, scored, shuffled

from telcrm.churn.evaluation.reliability import expected_calibration_error, reliability
from telcrm.errors import ParameterError, ScoreError
from telcrm.kpi import wilson_interval


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


def test_true_probabilities_have_the_error_of_chance_alone() -> None:
    chance = np.random.default_rng(2)
    p = chance.beta(1.0, 5.0, 200_000)
    y = chance.random(p.size) < p
    assert expected_calibration_error(y, p) < 2 * np.sqrt(2 / np.pi * 10 * 0.14 / p.size)


def test_the_table_is_a_frame() -> None:
    found = reliability(*A8, bins=4, confidence=0.9)
    frame = found.to_frame()
    assert frame.columns[:4] == ["low", "high", "customers", "churners"]
    assert frame["customers"].to_list() == [2, 2, 2, 2]
    assert "90% interval" in repr(found)
    assert found._repr_html_().startswith("<table>")


@pytest.mark.parametrize("metric", [expected_calibration_error, reliability])
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
