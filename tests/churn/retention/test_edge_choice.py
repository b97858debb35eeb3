from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.churn.retention.offer_problems import large, tasks

from telcrm.churn.retention.edge_choice import decide_edge
from telcrm.churn.retention.offer_choice import NOBODY, OfferChoice
from telcrm.churn.retention.shadow_prices import price_limits


@settings(max_examples=25)
@given(tasks())
def test_limits_are_kept(task: OfferChoice) -> None:
    if not (task.profit > 0).any() or (task.limits <= 0.01).any():
        return
    prices, _ = price_limits(task)
    found = decide_edge(task, prices, np.full(task.customers, NOBODY))
    assert task.keeps_limits(found)


def test_thousands_of_ties_are_decided_at_once() -> None:
    profit, cost = large(40_000, levels=10)
    task = OfferChoice(profit, cost, None, 2_000, (300, None, 500, None, 40))
    prices, bound = price_limits(task)
    # The prices alone would give all who tie the same, and break the limits.
    assert not task.keeps_limits(task.best(prices)[0])
    clear = np.where(task.best(prices)[1] > 1.0, task.best(prices)[0], NOBODY)
    start = clear if task.keeps_limits(clear) else np.full(40_000, NOBODY)
    found = decide_edge(task, prices, start)
    assert task.keeps_limits(found)
    assert task.gained(found) == pytest.approx(bound, rel=1e-3)
