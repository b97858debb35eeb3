"""The curve is that of the campaign; best, all, nobody and perfect are told."""

from __future__ import annotations

import pytest
from tests.plots.look import overlaps, points, texts
from tests.plots.scored import scored

from telcrm.churn import profit_curve
from telcrm.errors import ParameterError
from telcrm.plots import campaign_profit_curve


def test_points_and_words_are_those_of_the_curve() -> None:
    curve = profit_curve([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9])
    axes = campaign_profit_curve(curve)
    assert tuple(points(axes, 1)) == curve.points
    assert texts(axes) == [
        "perfect 22.4",
        "nobody",
        "everybody 15.8",
        "best: 22.4 from the first 40%",
    ]
    assert points(axes, 5) == [(0.4, 22.4)]


def test_a_campaign_that_cannot_pay() -> None:
    axes = campaign_profit_curve(profit_curve(*scored(), incentive=150, contact=40))
    assert "best: contact nobody" in texts(axes)
    assert overlaps(axes) == []


def test_great_losses_do_not_hide_the_gain() -> None:
    curve = profit_curve(*scored(), incentive=80, contact=10)
    axes = campaign_profit_curve(curve)
    low, high = axes.get_ylim()
    assert low > 2 * -high
    assert curve.points[-1][1] < low
    assert [each for each in texts(axes) if each.endswith(", far below")]
    assert overlaps(axes) == []


def test_an_ordinary_one_has_no_overlaps() -> None:
    assert overlaps(campaign_profit_curve(profit_curve(*scored()))) == []


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="profit_curve returns"):
        campaign_profit_curve({})  # type: ignore[arg-type]
