"""Every cell holds what the model says of such a customer; what cannot be is empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from tests.plots.look import figure_of, overlaps
from tests.value.non_contractual.customers import known, stand_in

from telcrm.errors import NotFittedError, ParameterError
from telcrm.plots import frequency_recency_matrix
from telcrm.value import BetaGeoModel, ParetoNBDModel


def shaded(axes: Axes) -> NDArray[np.float64]:
    """Recency by frequency; what is not shaded is NaN."""
    [mesh] = [one for one in axes.collections if isinstance(one, QuadMesh)]
    return np.ma.filled(np.ma.asarray(mesh.get_array(), float), np.nan)


@pytest.mark.parametrize("kind", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
@pytest.mark.parametrize("horizon", [None, 13.0])
def test_cells_are_those_of_the_model(kind: str, horizon: float | None) -> None:
    model = known(kind)
    axes = frequency_recency_matrix(model, age=40, horizon=horizon, most=6)
    grid = shaded(axes)
    assert grid.shape == (40, 7)
    # The first row is recency 0, the others end at whole weeks.
    customers = pl.DataFrame(
        {"frequency": [0, 1, 6, 3], "recency": [0.0, 40.0, 2.0, 30.0], "age": [40.0] * 4}
    )
    scored = (
        model.probability_alive(customers)["probability_alive"]
        if horizon is None
        else model.expected_purchases(customers, horizon=horizon)["expected_purchases"]
    )
    assert_allclose([grid[0, 0], grid[39, 1], grid[1, 6], grid[29, 3]], scored)
    empty = np.isnan(grid)
    assert empty[0, 1:].all()
    assert empty[1:, 0].all()
    assert not empty[1:, 1:].any()
    assert overlaps(axes) == []
    assert len(figure_of(axes).axes) == 2  # the scale of shades


def test_whole_periods() -> None:
    model = known("bg_bb")
    axes = frequency_recency_matrix(model, age=5, most=6)
    grid = shaded(axes)
    assert grid.shape == (6, 7)
    possible = [[x == 0 if y == 0 else 0 < x <= y for x in range(7)] for y in range(6)]
    assert (~np.isnan(grid)).tolist() == possible
    assert axes.get_ylabel() == "recency: months from the first to the last"


def test_lines_join_what_is_alike() -> None:
    axes = frequency_recency_matrix(known("pareto_nbd"), age=40)
    assert len(axes.collections) == 2
    [_, scale] = figure_of(axes).axes
    levels = [label.get_text() for label in scale.get_yticklabels()]
    assert levels == ["0%", "20%", "40%", "60%", "80%", "100%"]
    alone = frequency_recency_matrix(known("pareto_nbd"), age=40, most=1)
    assert len(alone.collections) == 1


def test_titles() -> None:
    model = known("bg_nbd")
    week = frequency_recency_matrix(model, age=1, horizon=timedelta(days=7))
    assert week.get_title(loc="left") == "Expected purchases in the next 1 week, age 1 week"
    alive = frequency_recency_matrix(model, age=38.9)
    assert alive.get_title(loc="left") == "Probability alive, age 38.9 weeks"


def test_covariates() -> None:
    model = stand_in(ParetoNBDModel(dropout_covariates=["dealer"]), (0.9, 8.0, 1.4, 20.0, 0.7))
    sold, own = (
        shaded(frequency_recency_matrix(model, age=40, covariates={"dealer": at})) for at in (1, 0)
    )
    plain = shaded(frequency_recency_matrix(known("pareto_nbd"), age=40))
    assert_allclose(own, plain)
    assert np.nanmax((sold - own)[:-1]) < 0  # who has just bought is alive either way
    with pytest.raises(ParameterError, match="the model has dealer"):
        frequency_recency_matrix(model, age=40)


def test_nothing_to_expect() -> None:
    axes = frequency_recency_matrix(known("bg_nbd"), age=40, horizon=0)
    assert np.nanmax(shaded(axes)) == 0
    assert overlaps(axes) == []


def test_refusals() -> None:
    model = known("bg_nbd")
    with pytest.raises(ParameterError, match="model of purchases"):
        frequency_recency_matrix("bg_nbd", age=40)  # type: ignore[arg-type]
    with pytest.raises(NotFittedError):
        frequency_recency_matrix(BetaGeoModel(), age=40)
    wrong: list[dict[str, Any]] = [
        {"age": 0},
        {"age": float("nan")},
        {"age": 40, "most": 0},
        {"age": 40, "most": 501},
        {"age": 40, "horizon": -1},
        {"age": 40, "ax": 1},
    ]
    for arguments in wrong:
        with pytest.raises(ParameterError):
            frequency_recency_matrix(model, **arguments)
    for age in (5.5, 1001):
        with pytest.raises(ParameterError, match="whole number from 1 to 1000"):
            frequency_recency_matrix(known("bg_bb"), age=age)
