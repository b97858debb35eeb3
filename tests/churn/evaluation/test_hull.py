"""The upper hull, against one that looks at all pairs of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.churn.evaluation.hull import upper_hull

_POINT = st.tuples(st.integers(0, 12), st.integers(-5, 12))


def _greatest(x: list[float], y: list[float], price: float) -> float:
    return max(b - price * a for a, b in zip(x, y, strict=True))


@given(st.lists(_POINT, max_size=30), st.floats(0.0, 20.0))
def test_the_vertices_hold_the_best_point_at_every_price(
    drawn: list[tuple[int, int]], price: float
) -> None:
    points = [(0, 0), *sorted(drawn, key=lambda point: point[0])]
    x, y = ([float(point[at]) for point in points] for at in (0, 1))
    found = upper_hull(np.array(x), np.array(y))
    kept = ([x[at] for at in found], [y[at] for at in found])
    assert found[0] == 0
    assert _greatest(*kept, price) == pytest.approx(_greatest(x, y, price), abs=1e-12)
    slopes = np.diff(kept[1]) / np.where(np.diff(kept[0]) > 0, np.diff(kept[0]), 1e-300)
    assert (np.diff(kept[1]) > 0).all()
    assert (np.diff(slopes) < 0).all()


@pytest.mark.parametrize("size", [20_000])
def test_many_points_leave_the_same_hull_as_few_at_a_time(size: int) -> None:
    chance = np.random.default_rng(1)
    x = np.cumsum(chance.random(size))
    y = np.cumsum(chance.random(size) * np.linspace(2.0, 0.1, size))
    found = upper_hull(x, y)
    above = np.interp(x, x[found], y[found]) - y
    assert found.size < size / 50
    assert above.min() >= -1e-9
    assert above[found] == pytest.approx(0.0, abs=1e-12)


def test_a_curve_that_bends_everywhere_is_its_own_hull() -> None:
    x = np.arange(3000.0)
    found = upper_hull(x, np.sqrt(x))
    assert found.tolist() == list(range(3000))


def test_one_pass_after_another_is_given_up_where_each_finds_little() -> None:
    """A last point far above takes the bent curve before it off, one point a pass."""
    x = np.arange(3000.0)
    y = np.sqrt(x)
    y[-1] = 1e6
    assert upper_hull(x, y).tolist() == [0, 2999]
