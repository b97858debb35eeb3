"""Resamples: whom they draw, and that counting them is as good as repeating rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.churn.evaluation.cases import B20

from telcrm.churn.evaluation.levels import order_scores
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, read_settings
from telcrm.churn.evaluation.resampling import measure_resamples, resamples


def test_resamples_keep_the_number_of_leavers() -> None:
    churned = np.array(B20.y, dtype=bool)
    drawn = np.array(list(resamples(churned, 400, 3)))
    assert drawn.shape == (400, 20)
    assert (drawn[:, churned].sum(axis=1) == 6).all()
    assert (drawn[:, ~churned].sum(axis=1) == 14).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(20), abs=0.2)
    # Customers vary as they do with replacement: 1 - 1/6 and 1 - 1/14.
    assert drawn[:, churned].var() == pytest.approx(5 / 6, rel=0.1)


@pytest.mark.parametrize("metric", list(ChurnMetric))
def test_a_resample_counts_like_the_rows_themselves(metric: ChurnMetric) -> None:
    churned, scores = np.array(B20.y, dtype=bool), np.array(B20.s)
    clv = np.linspace(50.0, 400.0, 20)
    ranked = order_scores(churned, scores)
    terms: dict[str, Any] = {
        "incentive": 10,
        "contact": 1,
        "alpha": 6,
        "beta": 14,
        "q": 0.1,
        "bins": 5,
    }
    for weights in resamples(churned, 25, 4):
        own = read_settings(clv=clv, customers=20, **terms)
        rows = [np.repeat(each, weights) for each in (churned, scores, clv)]
        repeated = order_scores(rows[0], rows[1]).levels()
        again = read_settings(clv=rows[2], customers=20, **terms)
        found = MEASURES[metric](ranked.levels(weights), own)
        assert found == pytest.approx(MEASURES[metric](repeated, again), abs=1e-12)


def test_rankings_are_measured_on_the_same_resamples() -> None:
    churned, scores = np.array(B20.y, dtype=bool), np.array(B20.s)
    settings = read_settings(
        clv=200, incentive=10, contact=1, alpha=6, beta=14, q=0.1, bins=5, customers=20
    )
    rankings = [order_scores(churned, each) for each in (scores, scores**2, 1 - scores)]
    asked = [ChurnMetric.ROC_AUC, ChurnMetric.BRIER]
    found = measure_resamples(rankings, asked, settings, resamples(churned, 30, 8))
    assert found.shape == (2, 3, 30)
    areas, errors = found
    # The order is the same, or turned around, and the squares are worse as probabilities.
    assert areas[0] == pytest.approx(areas[1])
    assert areas[0] == pytest.approx(1 - areas[2])
    for at, weights in enumerate(resamples(churned, 30, 8)):
        gaps = (scores**2 - churned) ** 2
        assert errors[1, at] == pytest.approx(np.average(gaps, weights=weights))
