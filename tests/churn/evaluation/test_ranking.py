"""Ranking metrics, against scikit-learn and against lift by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from tests.churn.evaluation.cases import A8, B20, C2000, CONSTANT, PERFECT, Case, scored, shuffled

from telcrm.churn.evaluation.ranking import gains, lift, pr_auc, roc_auc
from telcrm.errors import ParameterError, ScoreError, SingleClassError


# As scikit-learn 1.9.1 gives them.
@pytest.mark.parametrize(
    ("case", "area"), [(A8, 0.625), (B20, 0.75), (CONSTANT, 0.5), (PERFECT, 1.0)]
)
def test_published_areas(case: Case, area: float) -> None:
    assert roc_auc(*case) == pytest.approx(area, abs=1e-9)


def test_published_lifts() -> None:
    assert lift(*B20, q=0.1) == pytest.approx(5 / 3, abs=1e-9)
    assert lift(*B20, q=0.2) == pytest.approx(2.5, abs=1e-9)


@given(scored())
def test_areas_are_those_of_scikit_learn(case: Case) -> None:
    assert roc_auc(*case) == pytest.approx(roc_auc_score(*case), abs=1e-12)
    assert pr_auc(*case) == pytest.approx(average_precision_score(*case), abs=1e-12)


def _lift_one_by_one(case: Case, q: float) -> float:
    """Go down the ranking, customer by customer; of a tied group each counts alike."""
    room = q * len(case.y)
    caught = 0.0
    for score in sorted(set(case.s), reverse=True):
        group = [y for y, s in zip(*case, strict=True) if s == score]
        part = min(1.0, room / len(group))
        caught += part * sum(group)
        room -= part * len(group)
        if room <= 0:
            break
    return caught / q / sum(case.y)


@given(scored(), st.floats(0.01, 1.0), st.integers(0, 3))
def test_lift_is_the_rate_among_the_top_over_the_base_rate(case: Case, q: float, seed: int) -> None:
    found = lift(*case, q=q)
    assert found == pytest.approx(_lift_one_by_one(case, q), rel=1e-9)
    assert -1e-9 <= found <= len(case.y) / sum(case.y) + 1e-9
    assert lift(*shuffled(case, seed), q=q) == pytest.approx(found, rel=1e-12)
    assert lift(*case, q=1.0) == pytest.approx(1.0)


@given(scored())
def test_a_monotone_score_ranks_alike(case: Case) -> None:
    moved = Case(case.y, [np.exp(5 * s) - 100 for s in case.s])
    for metric in (roc_auc, pr_auc, lift):
        assert metric(*moved) == metric(*case)
    assert gains(*moved) == gains(*case)


@given(scored(), st.floats(0.01, 1.0))
def test_gains_give_the_same_lift(case: Case, q: float) -> None:
    curve = gains(*case)
    assert curve.lift(q) == pytest.approx(lift(*case, q=q), rel=1e-9)
    shares, caught = zip(*curve.points, strict=True)
    assert (shares[0], caught[0], shares[-1], caught[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert all(np.diff(caught) >= 0)


@given(scored(), st.floats(0.0, 1.0))
def test_the_share_for_so_many_churners_is_the_smallest_that_holds_them(
    case: Case, captured: float
) -> None:
    curve = gains(*case)
    share = curve.share_for(captured)
    assert 0.0 <= share <= 1.0
    if share > 1e-6:
        assert curve.captured(share) == pytest.approx(captured, abs=1e-6)
        assert curve.captured(share * 0.999) <= captured


def test_a_long_gains_curve_is_thinned() -> None:
    curve = gains(*C2000)
    assert len(curve.points) == 1001
    assert curve.lift(0.1) == pytest.approx(lift(*C2000))
    frame = curve.to_frame()
    assert frame.columns == ["contacted_share", "captured_share", "lift"]
    assert frame["lift"][0] is None
    assert frame["lift"][-1] == 1.0
    assert "<caption>GainsCurve(2,000 customers" in curve._repr_html_()


@pytest.mark.parametrize("q", [0, -0.1, 1.1, "x", float("nan"), True])
def test_a_share_is_a_share(q: float) -> None:
    with pytest.raises(ParameterError, match="q is "):
        lift(*A8, q=q)
    with pytest.raises(ParameterError, match="q is "):
        gains(*A8).captured(q)


@pytest.mark.parametrize("metric", [roc_auc, pr_auc, lift, gains])
def test_bad_input_is_refused(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(SingleClassError):
        metric([1, 1], [0.1, 0.2])
    with pytest.raises(ScoreError):
        metric([0, 1], [0.1, np.nan])
