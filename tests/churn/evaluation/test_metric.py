"""The metrics by name: which way is better, and what they need."""

from __future__ import annotations

import numpy as np
import pytest
from tests.churn.evaluation.cases import C2000

from telcrm.churn.evaluation.levels import order_scores
from telcrm.churn.evaluation.metric import MEASURES, ChurnMetric, read_settings


def test_every_metric_has_its_measure() -> None:
    assert set(MEASURES) == set(ChurnMetric)


@pytest.mark.parametrize("metric", list(ChurnMetric))
def test_scores_that_know_more_are_better(metric: ChurnMetric) -> None:
    churned = np.array(C2000.y, dtype=bool)
    settings = read_settings(
        clv=200, incentive=10, contact=1, alpha=6, beta=14, q=0.1, bins=10, customers=2000
    )
    knowing = np.where(churned, 0.99, 0.01)
    poor, good = (
        MEASURES[metric](order_scores(churned, scores).levels(), settings)
        for scores in (1.0 - knowing, knowing)
    )
    assert (good > poor) is metric.greater_is_better


@pytest.mark.parametrize("metric", list(ChurnMetric))
def test_metrics_of_ranks_do_not_look_at_the_scores_themselves(metric: ChurnMetric) -> None:
    churned, scores = np.array(C2000.y, dtype=bool), np.array(C2000.s)
    settings = read_settings(
        clv=200, incentive=10, contact=1, alpha=6, beta=14, q=0.1, bins=10, customers=2000
    )
    here, moved = (
        MEASURES[metric](order_scores(churned, each).levels(), settings)
        for each in (scores, scores**3)
    )
    assert (here != moved) is metric.needs_probabilities
