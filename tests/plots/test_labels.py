"""Labels keep apart, in their order, and below the top."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.plots.labels import spread


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 0.1))
def test_labels_keep_apart(heights: list[float], least: float) -> None:
    placed = spread(heights, least=least, most=1.0)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    assert all(placed[over] - placed[under] >= least - 1e-9 for under, over in pairwise(order))
    assert max(placed) <= 1.0


def test_labels_with_room_stay() -> None:
    assert spread([0.9, 0.1, 0.5], least=0.2, most=1.0) == [0.9, 0.1, 0.5]


def test_the_top_pushes_down() -> None:
    assert spread([0.98, 1.0, 0.99], least=0.1, most=1.0) == pytest.approx([0.8, 1.0, 0.9])
