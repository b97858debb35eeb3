"""Bars are the shares of the drivers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.plots.look import overlaps, texts

from telcrm.churn import ChurnDrivers, SplineLogisticModel, churn_drivers
from telcrm.errors import ParameterError
from telcrm.plots import contribution_bars


@pytest.fixture(scope="module")
def drivers() -> ChurnDrivers:
    rng = np.random.default_rng(4)
    names = ("tenure_months", "revenue_change", "a_column_whose_name_runs_over_two_lines_or_more")
    base = pl.DataFrame({name: rng.normal(size=600) for name in names})
    chance = 1 / (1 + np.exp(base["tenure_months"].to_numpy()))
    return churn_drivers(SplineLogisticModel(knots=0).fit(base, rng.random(600) < chance), base)


def test_bars_are_the_shares(drivers: ChurnDrivers) -> None:
    axes = contribution_bars(drivers)
    widths = [bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert_allclose(widths, [row.share for row in drivers.rows])
    assert axes.get_yticklabels()[0].get_text() == "tenure"
    assert f"risky at {drivers.rows[0].riskiest}" in texts(axes)[0]
    assert "log odds" in axes.get_title(loc="left")
    assert overlaps(axes) == []


def test_only_so_many(drivers: ChurnDrivers) -> None:
    assert len(contribution_bars(drivers, most=1).patches) == 1


@pytest.mark.parametrize("most", [0, 41, "3"])
def test_most_is_a_whole_number(drivers: ChurnDrivers, most: Any) -> None:
    with pytest.raises(ParameterError, match="most"):
        contribution_bars(drivers, most=most)


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="churn_drivers returns"):
        contribution_bars([])  # type: ignore[arg-type]
