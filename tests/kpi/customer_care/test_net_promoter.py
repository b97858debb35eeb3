"""The interval and the change of a net promoter score: published numbers and laws."""

from __future__ import annotations

from math import sqrt
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from telcrm.errors import ParameterError
from telcrm.kpi.confidence import normal_quantile
from telcrm.kpi.customer_care.net_promoter import (
    NpsInterval,
    nps_change,
    nps_of_counts,
)

counts = st.integers(0, 400)


def test_the_worked_number_of_half_promoters_and_a_sixth_detractors() -> None:
    # Variance 5/9 of an answer (cybaea.net, CrossValidated 18603); 324 answers.
    found = nps_of_counts(162, 108, 54)
    assert found.nps == pytest.approx(33.33, abs=5e-3)
    assert found.standard_error == pytest.approx(100 * sqrt(5 / 9 / 324))
    assert found.standard_error == pytest.approx(4.14, abs=5e-3)
    assert found.high is not None
    assert found.nps is not None
    assert found.high - found.nps == pytest.approx(8.12, abs=5e-3)


@given(counts, counts, counts)
def test_the_error_is_that_of_a_mean_of_ones_noughts_and_minus_ones(
    promoters: int, passives: int, detractors: int
) -> None:
    found = nps_of_counts(promoters, passives, detractors)
    answers = [1] * promoters + [0] * passives + [-1] * detractors
    assert found.responses == len(answers)
    if not answers:
        assert found.nps is None
        return
    assert found.nps == pytest.approx(100 * fmean(answers))
    spread = pstdev(answers)
    if len(set(answers)) > 1:
        assert found.standard_error == pytest.approx(100 * spread / sqrt(len(answers)))
    else:
        assert found.standard_error is None


@given(counts, counts, counts, st.sampled_from(NpsInterval))
def test_the_interval_lies_on_the_scale_and_turns_with_the_answers(
    promoters: int, passives: int, detractors: int, interval: NpsInterval
) -> None:
    found = nps_of_counts(promoters, passives, detractors, interval=interval)
    turned = nps_of_counts(detractors, passives, promoters, interval=interval)
    assert (found.low is None) == (found.standard_error is None)
    if found.low is not None:
        assert found.high is not None
        assert turned.high is not None
        assert -100 <= found.low <= found.high <= 100
        assert turned.high == pytest.approx(-found.low)


@pytest.mark.parametrize("answers", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (50, 0, 0), (0, 7, 0)])
def test_answers_that_are_all_alike_tell_nothing_of_the_spread(
    answers: tuple[int, int, int],
) -> None:
    plain = nps_of_counts(*answers)
    assert plain.nps is not None
    assert (plain.standard_error, plain.low, plain.high) == (None, None, None)
    adjusted = nps_of_counts(*answers, interval="adjusted_wald")
    assert adjusted.nps == plain.nps
    assert adjusted.low is not None
    assert adjusted.high is not None
    assert adjusted.low < adjusted.high


def test_the_adjusted_interval_adds_three_answers() -> None:
    # Rocks (2016): n + 3, three quarters each to promoters and detractors.
    found = nps_of_counts(10, 5, 5, interval="adjusted_wald")
    p, d, n = 10.75 / 23, 5.75 / 23, 23
    reach = normal_quantile(0.95) * sqrt((p + d - (p - d) ** 2) / n)
    assert found.low == pytest.approx(100 * (p - d - reach))
    assert found.high == pytest.approx(100 * (p - d + reach))


def test_no_answers_have_no_score() -> None:
    found = nps_of_counts(0, 0, 0, interval="adjusted_wald")
    assert (found.nps, found.standard_error, found.low, found.high) == (None, None, None, None)


def test_more_confidence_is_a_wider_interval() -> None:
    wide, narrow = (nps_of_counts(50, 30, 20, confidence=c) for c in (0.99, 0.8))
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low
    assert (wide.confidence, wide.standard_error) == (0.99, narrow.standard_error)


def test_a_change_is_tested_against_both_errors() -> None:
    before, after = nps_of_counts(162, 108, 54), nps_of_counts(200, 80, 44)
    change = nps_change(before, after)
    assert before.standard_error is not None
    assert after.standard_error is not None
    error = sqrt(before.standard_error**2 + after.standard_error**2)
    assert change.difference == pytest.approx(100 * (156 - 108) / 324)
    assert change.standard_error == pytest.approx(error)
    assert change.z == pytest.approx(100 * (156 - 108) / 324 / error)
    assert change.low == pytest.approx(100 * (156 - 108) / 324 - 1.959964 * error, abs=1e-4)
    assert change.z is not None
    assert change.p_value == pytest.approx(2 * norm.sf(change.z))


def test_no_change_has_a_p_value_of_one_and_the_reverse_the_same_one() -> None:
    one, other = nps_of_counts(60, 25, 15), nps_of_counts(45, 25, 30)
    assert nps_change(one, one).p_value == 1.0
    there, back = nps_change(one, other), nps_change(other, one)
    assert there.p_value == back.p_value
    assert there.difference is not None
    assert back.difference == -there.difference


def test_a_p_value_below_the_level_is_an_interval_without_nought() -> None:
    change = nps_change(nps_of_counts(40, 30, 30), nps_of_counts(55, 25, 20), confidence=0.95)
    assert change.p_value is not None
    assert change.low is not None
    assert (change.p_value < 0.05) == (change.low > 0)


def test_a_sample_without_an_error_is_not_tested() -> None:
    some, alike, none = nps_of_counts(5, 3, 2), nps_of_counts(9, 0, 0), nps_of_counts(0, 0, 0)
    change = nps_change(some, alike)
    assert change.difference == 70.0
    assert (change.z, change.p_value, change.low) == (None, None, None)
    assert nps_change(none, some).difference is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nps_of_counts(-1, 0, 0), "promoters is -1"),
        (lambda: nps_of_counts(1, 2.5, 0), "passives is 2.5"),  # type: ignore[arg-type]
        (lambda: nps_of_counts(1, 0, True), "detractors is True"),
        (lambda: nps_of_counts(1, 0, 0, confidence=1.0), "confidence is 1.0"),
        (lambda: nps_of_counts(1, 0, 0, confidence=95), "confidence is 95"),
        (lambda: nps_of_counts(1, 0, 0, confidence=float("nan")), "confidence is nan"),
        (lambda: nps_of_counts(1, 0, 0, interval="exact"), "adjusted_wald"),
    ],
)
def test_what_is_no_count_or_share_is_refused(call: object, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        call()  # type: ignore[operator]
