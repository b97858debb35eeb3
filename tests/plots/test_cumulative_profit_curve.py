"""The curve is that of the whale curve, its peak and its end marked."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.plots.look import overlaps, points, texts

from telcrm.errors import ParameterError
from telcrm.plots import cumulative_profit_curve
from telcrm.value import WhaleCurve, whale_curve


def curve(*margins: float) -> WhaleCurve:
    frame = pl.DataFrame({"customer_id": range(len(margins)), "margin": margins})
    return whale_curve(frame.cast({"margin": pl.Float64}))


def test_points_in_shares_of_the_total() -> None:
    result = curve(90, 10, 0, -20, -40)
    axes = cumulative_profit_curve(result)
    assert_allclose(points(axes, 2), [(x, y / 40) for x, y in result.points])
    assert points(axes, 3) == [(0.4, 2.5), (1, 1)]
    assert points(axes, 0) == [(0, 1), (1, 1)]  # 100 %
    assert texts(axes) == ["the best 40% of customers make 250%"]
    assert axes.get_title(loc="left") == "Profit of 5 customers, added up to 40"
    assert overlaps(axes) == []


def test_money_where_a_share_says_nothing() -> None:
    for result in (curve(10, 5, -40), curve(5, -5), curve(1000, -999)):
        axes = cumulative_profit_curve(result)
        assert points(axes, 2) == [(x, y) for x, y in result.points]
        assert axes.get_ylabel() == "profit"
        assert overlaps(axes) == []
    assert texts(axes) == ["the best 50% of customers make 1k"]


def test_all_of_one_kind() -> None:
    assert texts(cumulative_profit_curve(curve(5, 3))) == ["no customer costs"]
    assert texts(cumulative_profit_curve(curve(-5, -3))) == ["no customer earns"]
    assert texts(cumulative_profit_curve(curve(0, 0))) == ["no profit and no loss"]
    assert texts(cumulative_profit_curve(curve())) == ["no customers"]


def test_what_loss_makers_lose_is_shaded() -> None:
    assert len(cumulative_profit_curve(curve(5, -3)).collections) == 1
    assert len(cumulative_profit_curve(curve(5, 3)).collections) == 0


@pytest.mark.parametrize("wrong", [None, pl.DataFrame(), {"a": curve(1)}])
def test_refusals(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="whale_curve returns"):
        cumulative_profit_curve(wrong)
