"""The random building blocks: streams, categories, days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from telcrm.synth.draws import categories, choose_by_row, uniform_days
from telcrm.synth.streams import stream

WEIGHTS = st.lists(st.floats(0.0, 10.0), min_size=1, max_size=9).filter(lambda w: sum(w) > 0.1)


def test_streams_differ_by_name_and_by_seed() -> None:
    pairs = [(1, "usage"), (1, "bills"), (2, "usage"), (2**70, "usage")]
    draws = {float(stream(seed, name).random()) for seed, name in pairs}
    assert len(draws) == len(pairs)
    assert stream(1, "usage").random() == stream(1, "usage").random()


@given(weights=WEIGHTS, seed=st.integers(0, 99))
def test_categories_of_weight_zero_are_not_drawn(weights: list[float], seed: int) -> None:
    drawn = categories(np.random.default_rng(seed), weights, 200)
    assert all(weights[number] > 0 for number in set(drawn.tolist()))


def test_categories_have_their_shares() -> None:
    weights = np.array([0.5, 0.3, 0.15, 0.049, 0.001])
    drawn = categories(np.random.default_rng(3), weights, 200_000)
    counts = np.bincount(drawn, minlength=5)
    assert stats.chisquare(counts, weights * counts.sum()).pvalue > 0.001


def test_rows_are_drawn_by_their_own_weights() -> None:
    weights = np.tile([[1.0, 3.0, 0.0], [0.0, 1.0, 1.0]], (20_000, 1))
    drawn = choose_by_row(np.random.default_rng(4), weights)
    assert (drawn[0::2] == 1).mean() == pytest.approx(0.75, abs=0.015)
    assert (drawn[1::2] == 2).mean() == pytest.approx(0.5, abs=0.015)
    assert not (drawn[0::2] == 2).any()


@given(low=st.integers(-1000, 1000), span=st.integers(-5, 40), seed=st.integers(0, 99))
def test_days_lie_in_their_interval(low: int, span: int, seed: int) -> None:
    drawn = uniform_days(np.random.default_rng(seed), np.full(50, low), np.full(50, low + span))
    assert (drawn >= low).all()
    assert (drawn < low + max(span, 1)).all()
