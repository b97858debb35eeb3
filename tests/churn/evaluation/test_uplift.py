"""Qini and uplift: frozen figures of scikit-uplift, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.churn.evaluation.uplift import (
    QiniConvention,
    UpliftConvention,
    qini_curve,
    qini_score,
    uplift_at,
    uplift_curve,
    uplift_score,
)
from telcrm.errors import ParameterError, ScoreError, SingleClassError

# Figures of scikit-uplift 0.5.1.
Y = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
U = [0.9, 0.8, 0.7, 0.65, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01]
T = [1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1]

Arms = tuple[list[int], list[float], list[int]]


def test_published_curves() -> None:
    assert qini_curve(Y, U, T).gain == pytest.approx(
        [0, 1, 1, 2, 1, 0.5, 1, 5 / 3, 2, 1.4, 1, 4 / 3, 2], abs=1e-9
    )
    assert uplift_curve(Y, U, T).gain == pytest.approx(
        [0, 1, 2, 3, 2, 5 / 6, 2, 35 / 12, 4, 3.15, 2, 44 / 15, 4], abs=1e-9
    )
    assert qini_curve(Y, U, T).customers == tuple(range(13))


def test_published_scores() -> None:
    assert qini_score(Y, U, T) == pytest.approx(0.1115384615, abs=1e-9)
    assert qini_score(Y, U, T, convention="nonnegative") == pytest.approx(0.29, abs=1e-9)
    assert uplift_score(Y, U, T) == pytest.approx(0.115, abs=1e-9)
    assert uplift_at(Y, U, T, q=0.5) == pytest.approx(1 / 3, abs=1e-9)


@st.composite
def _arms(draw: st.DrawFn) -> Arms:
    row = st.tuples(st.integers(0, 1), st.integers(-3, 3), st.integers(0, 1))
    rows = draw(
        st.lists(row, min_size=4, max_size=30).filter(
            lambda each: len({y for y, _, _ in each}) == len({t for _, _, t in each}) == 2
        )
    )
    y, u, t = (list(part) for part in zip(*rows, strict=True))
    return y, [score / 2 for score in u], t


@given(_arms())
def test_curves_are_those_of_the_definition(arms: Arms) -> None:
    y, u, t = (np.array(part) for part in arms)
    levels = sorted(set(arms[1]), reverse=True)
    for found, scale in ((qini_curve(*arms), "treated"), (uplift_curve(*arms), "all")):
        for at, level in enumerate(levels, start=1):
            top = u >= level
            treated, control = top & (t == 1), top & (t == 0)
            rates = [y[arm].mean() if arm.any() else 0.0 for arm in (treated, control)]
            size = treated.sum() if scale == "treated" else top.sum()
            assert found.customers[at] == top.sum()
            expected = (rates[0] - rates[1]) * size
            assert found.gain[at] == pytest.approx(expected, abs=1e-9)


@given(_arms())
def test_the_perfect_order_scores_1_and_no_order_0(arms: Arms) -> None:
    y, _, t = arms
    perfect = [(2 * treated - 1) * left for left, treated in zip(y, t, strict=True)]
    assert qini_score(y, perfect, t) == pytest.approx(1.0)
    same = [0.3] * len(y)
    for convention in QiniConvention:
        if convention is not QiniConvention.NONNEGATIVE:
            assert qini_score(y, same, t, convention=convention) == pytest.approx(0.0, abs=1e-12)
    assert uplift_score(y, same, t, convention="area") == pytest.approx(0.0, abs=1e-12)


@given(_arms(), st.integers(0, 3))
def test_order_of_rows_and_scale_of_scores_do_not_matter(arms: Arms, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(arms[0]))
    y, u, t = (np.array(part)[order] for part in arms)
    again = (y, np.exp(u), t)
    assert qini_curve(*again).gain == pytest.approx(qini_curve(*arms).gain)
    assert qini_score(*again) == pytest.approx(qini_score(*arms))
    areas = [uplift_score(*each, convention="area") for each in (again, arms)]
    assert areas[0] == pytest.approx(areas[1])


@given(_arms())
def test_everybody_gains_the_difference_of_the_arms(arms: Arms) -> None:
    y, _, t = (np.array(part) for part in arms)
    effect = y[t == 1].mean() - y[t == 0].mean()
    assert uplift_at(*arms, q=1.0) == pytest.approx(effect)
    assert uplift_curve(*arms).gain[-1] == pytest.approx(effect * y.size)


def test_customers_tied_at_the_cut_count_in_proportion() -> None:
    y, u, t = [1, 0, 1, 0], [0.5, 0.5, 0.5, 0.1], [1, 0, 0, 1]
    assert uplift_at(y, u, t, q=0.25) == uplift_at(y, u, t, q=0.75) == pytest.approx(0.5)


def test_conventions_differ_by_scale_alone() -> None:
    scores = {each: qini_score(Y, U, T, convention=each) for each in QiniConvention}
    # The area per customer of all, over that of the perfect curve.
    assert scores[QiniConvention.AREA] == pytest.approx(0.02013888889, abs=1e-9)
    assert scores[QiniConvention.NONNEGATIVE] * (2 * (12 - 2) / 2) / 144 == pytest.approx(
        scores[QiniConvention.AREA]
    )
    relative = uplift_score(Y, U, T, convention=UpliftConvention.RELATIVE)
    area = uplift_score(Y, U, T, convention=UpliftConvention.AREA)
    assert relative == pytest.approx(0.5 + area * 144 / (4 * 12))


def test_a_random_order_has_no_qini() -> None:
    chance = np.random.default_rng(3)
    y, t = chance.integers(0, 2, 40_000), chance.integers(0, 2, 40_000)
    assert qini_score(y, chance.random(y.size), t) == pytest.approx(0.0, abs=0.02)
    assert uplift_score(y, chance.random(y.size), t) == pytest.approx(0.0, abs=0.02)


def test_the_curve_is_a_frame() -> None:
    frame = qini_curve(Y, U, T).to_frame()
    assert frame.columns == ["customers", "share", "qini", "random"]
    assert frame["random"][-1] == frame["qini"][-1] == 2.0
    assert "at best 2.00 of 3" in repr(qini_curve(Y, U, T))
    assert "<th>uplift</th>" in uplift_curve(Y, U, T)._repr_html_()


@pytest.mark.parametrize(
    ("y", "u", "t", "error", "complaint"),
    [
        ([1, 1, 1], [0.1, 0.2, 0.3], [0, 1, 1], SingleClassError, "response is 1"),
        ([1, 0, 1], [0.1, 0.2, 0.3], [1, 1, 1], SingleClassError, "treatment is 1"),
        ([1, 0, 1], [0.1, 0.2], [0, 1, 1], ScoreError, "uplift holds 2 values"),
        ([1, 0, 1], [0.1, 0.2, 0.3], [0, 1], ScoreError, "treatment holds 2 values"),
        ([1, 0, 1], [0.1, 0.2, np.nan], [0, 1, 1], ScoreError, "uplift is NaN"),
        ([1, 0, 2], [0.1, 0.2, 0.3], [0, 1, 1], ScoreError, "response has to be 0 or 1"),
    ],
)
def test_bad_input_is_refused(
    y: list[int], u: list[float], t: list[int], error: type[Exception], complaint: str
) -> None:
    for metric in (qini_curve, uplift_curve, qini_score, uplift_score, uplift_at):
        with pytest.raises(error, match=complaint):
            metric(y, u, t)


def test_what_a_convention_cannot_measure_is_refused() -> None:
    harmful = [1 - treated for treated in T]
    with pytest.raises(ScoreError, match="'nonnegative'"):
        qini_score(harmful, U, T, convention="nonnegative")
    with pytest.raises(ScoreError, match="'relative'"):
        uplift_score([1, 0, 1, 0], [0.1, 0.2, 0.3, 0.4], [1, 1, 0, 0], convention="relative")
    with pytest.raises(ScoreError, match="perfect order gains nothing"):
        uplift_score([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4], [0, 0, 0, 1])
    with pytest.raises(ParameterError, match="no QiniConvention"):
        qini_score(Y, U, T, convention="best")


def test_the_top_has_to_hold_both_arms() -> None:
    with pytest.raises(ScoreError, match="nobody who was left alone"):
        uplift_at(Y, U, T, q=0.05)
    with pytest.raises(ScoreError, match="nobody who was treated"):
        uplift_at([1, 0], [0.9, 0.1], [0, 1], q=0.5)
