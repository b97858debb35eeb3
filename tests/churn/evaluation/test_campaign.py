"""What a campaign earns beside all, none and a perfect ranking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.churn.evaluation.cases import A8, C2000, PERFECT, Case, scored

from telcrm.churn.evaluation.campaign import campaign_profit, profit_curve
from telcrm.churn.evaluation.profit import maximum_profit, profit_threshold
from telcrm.errors import ParameterError, ScoreError


@pytest.mark.parametrize(
    ("churners", "customers", "without", "perfect"),
    [
        # max(0, pi0(0.3(200-10)-1) - pi1(10+1)), and pi0(0.3(200-10)-1), of the churn rates of IBM
        # telco, to four places, and of mlc_churn.
        (2654, 10_000, 6.782, 14.862),
        (707, 5000, 0.0, 7.918),
    ],
)
def test_published_bounds(churners: int, customers: int, without: float, perfect: float) -> None:
    y = np.arange(customers) < churners
    bounds = campaign_profit(y, y.astype(float), share=0.1).bounds
    assert bounds.without_model == pytest.approx(without, abs=5e-4)
    assert bounds.perfect == pytest.approx(perfect, abs=5e-4)
    assert bounds.target_none == 0.0


@given(scored(), st.floats(0.0, 1.0))
def test_a_share_lies_on_the_curve(case: Case, share: float) -> None:
    found = campaign_profit(*case, share=share)
    curve = profit_curve(*case)
    shares, profits = zip(*curve.points, strict=True)
    assert found.profit == pytest.approx(float(np.interp(share, shares, profits)), abs=1e-9)
    assert found.share == share
    best = maximum_profit(*case)
    assert (curve.best_profit, curve.best_share) == pytest.approx((best.profit, best.share))
    assert campaign_profit(*case, share=1.0).profit == pytest.approx(found.bounds.target_all)
    assert campaign_profit(*case, share=0.0).profit == 0.0


@given(scored(), st.floats(0.0, 1.0))
def test_a_threshold_contacts_who_scores_so_much(case: Case, threshold: float) -> None:
    found = campaign_profit(*case, threshold=threshold)
    chosen = [y for y, s in zip(*case, strict=True) if s >= threshold]
    earned = sum(0.3 * 190 - 1 if y else -11 for y in chosen)
    assert found.share == pytest.approx(len(chosen) / len(case.y))
    assert found.captured == pytest.approx(sum(chosen) / sum(case.y))
    assert found.total == pytest.approx(earned)


def test_by_default_each_customer_has_a_threshold_of_its_own() -> None:
    y, p = np.array(C2000.y), np.array(C2000.s)
    clv = np.where(np.arange(y.size) % 2 == 0, 400.0, 60.0)
    found = campaign_profit(y, p, clv=clv)
    chosen = p >= profit_threshold(clv=clv)
    earned = np.where(y == 1, 0.3 * (clv - 10) - 1, -11.0)
    assert found.profit == pytest.approx(earned[chosen].sum() / y.size)
    assert found.bounds.perfect == pytest.approx(np.where(y == 1, earned, 0.0).mean())


def test_a_perfect_ranking_achieves_all_and_no_ranking_nothing() -> None:
    assert campaign_profit(*PERFECT, share=0.4).achieved == pytest.approx(1.0)
    assert campaign_profit(*PERFECT, share=1.0).achieved == pytest.approx(0.0)
    assert "100% of the possible gain" in repr(campaign_profit(*PERFECT, share=0.4))


def test_where_nothing_can_be_gained_nothing_is_achieved() -> None:
    found = campaign_profit(*PERFECT, share=0.4, clv=11.0, acceptance=0.0)
    assert found.bounds.perfect == 0.0
    assert found.achieved is None
    assert found.gain < 0


def test_churners_not_worth_keeping_are_left_out_of_the_perfect_campaign() -> None:
    found = campaign_profit([1, 1, 0], [0.9, 0.8, 0.1], share=1 / 3, clv=[300.0, 0.0, 300.0])
    assert found.bounds.perfect == pytest.approx((0.3 * 290 - 1) / 3)


def test_the_curve_is_thinned_but_keeps_its_peak() -> None:
    curve = profit_curve(*C2000)
    assert len(curve.points) <= 1002
    assert max(profit for _, profit in curve.points) == pytest.approx(3.52)
    assert curve.to_frame().columns == ["contacted_share", "profit"]
    assert "at best 3.520" in repr(curve)
    assert "target_all" in curve._repr_html_()


def test_share_and_threshold_exclude_each_other() -> None:
    with pytest.raises(ParameterError, match="share or threshold"):
        campaign_profit(*A8, share=0.1, threshold=0.5)


@pytest.mark.parametrize("cut", [{"share": 1.2}, {"threshold": float("nan")}])
def test_cuts_are_numbers(cut: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        campaign_profit(*A8, **cut)


def test_scores_need_be_probabilities_only_where_no_cut_is_given() -> None:
    y, s = [0, 1], [3.0, 7.0]
    assert campaign_profit(y, s, share=0.5).profit > 0
    assert campaign_profit(y, s, threshold=5.0).profit > 0
    with pytest.raises(ScoreError, match="probabilities"):
        campaign_profit(y, s)
