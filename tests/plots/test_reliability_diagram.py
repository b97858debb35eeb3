"""Dots are the bins, bars their intervals, and the histogram their density."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose
from tests.plots.look import overlaps, points, texts
from tests.plots.scored import scored

from telcrm.churn import reliability
from telcrm.errors import ParameterError
from telcrm.plots import reliability_diagram


def test_dots_and_intervals_are_those_of_the_bins() -> None:
    found = reliability(*scored(), bins=8)
    axes = reliability_diagram(found)
    assert points(axes, 1) == [(each.predicted, each.observed) for each in found.bins]
    [bars] = axes.collections
    ends = np.array([np.asarray(path.vertices)[:, 1] for path in bars.get_paths()])
    assert_allclose(ends, [(each.lower, each.upper) for each in found.bins])
    assert texts(axes)[0] == f"{found.error:.3f} apart on average (ECE)\nbars: 95% intervals"
    assert axes.get_title(loc="left") == "Predicted and observed churn of 2,000 customers"
    assert overlaps(axes) == []


def test_the_histogram_holds_all_predictions() -> None:
    """Heights times widths go with the customers of the bins."""
    found = reliability(*scored(), bins=5)
    patches = [each for each in reliability_diagram(found).patches if isinstance(each, Rectangle)]
    areas = np.array([each.get_width() * each.get_height() for each in patches])
    assert_allclose(areas / areas.sum(), np.array([each.customers for each in found.bins]) / 2000)
    assert max(each.get_y() + each.get_height() for each in patches) < 0


def test_percentages_start_at_nothing() -> None:
    ticks = reliability_diagram(reliability(*scored())).get_yticks()
    assert ticks[0] == 0
    assert max(ticks) <= 1


def test_one_score_for_all() -> None:
    axes = reliability_diagram(reliability([0, 1, 0, 0], [0.25] * 4))
    assert points(axes, 1) == [(0.25, 0.25)]
    assert overlaps(axes) == []


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="reliability returns"):
        reliability_diagram([0.1])  # type: ignore[arg-type]
