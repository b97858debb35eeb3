"""Both lines are those of the result."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plots.look import figure_of, overlaps, points, texts

from telcrm.errors import ParameterError
from telcrm.plots import cumulative_tracking
from telcrm.value import CumulativeTransactions, TimeUnit

TRACKED = CumulativeTransactions(
    TimeUnit.WEEK, 2357, (0.0, 1.0, 2.0), (0, 4000, 6500), (0.0, 3500.5, 6800.0), 1.0
)


def test_lines() -> None:
    axes = cumulative_tracking(TRACKED)
    assert points(axes, 0) == [(0, 0), (1, 4000), (2, 6500)]
    assert points(axes, 1) == [(0, 0), (1, 3500.5), (2, 6800)]
    assert points(axes, 2) == [(1, 0), (1, 1)]
    assert texts(axes) == ["calibration ", " holdout"]
    assert axes.get_title(loc="left") == "Repeat purchases of 2,357 customers, added up"
    assert axes.get_xlabel() == "weeks since the first purchase of all"
    assert overlaps(axes) == []


@pytest.mark.parametrize("end", [0.0, 1.99, 2.0])
def test_words_at_the_edge_stay_on_the_page(end: float) -> None:
    axes = cumulative_tracking(
        CumulativeTransactions(TimeUnit.DAY, 1, (0.0, 2.0), (0, 1), (0.0, 0.1), end)
    )
    assert overlaps(axes) == []
    page = figure_of(axes).bbox
    for text in axes.texts:
        box = text.get_window_extent()
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1


def test_without_a_calibration() -> None:
    axes = cumulative_tracking(CumulativeTransactions(TimeUnit.DAY, 1, (0.0,), (0,), (0.0,), None))
    assert len(axes.get_lines()) == 2
    assert texts(axes) == []
    assert overlaps(axes) == []


def test_nobody() -> None:
    nothing = CumulativeTransactions(TimeUnit.WEEK, 0, (), (), (), None)
    assert texts(cumulative_tracking(nothing)) == ["no customers"]


@pytest.mark.parametrize("wrong", [None, [1, 2], {"time": [0]}])
def test_refusals(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="cumulative_transactions returns"):
        cumulative_tracking(wrong)
