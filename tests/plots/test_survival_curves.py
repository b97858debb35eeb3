"""Curves and areas are those of the hazard model, and add up to all lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.plots.look import overlaps, points, texts

from telcrm.churn import HazardModel, SplineLogisticModel
from telcrm.errors import MissingColumnsError, NotFittedError, ParameterError
from telcrm.plots import survival_curves
from telcrm.plots.words import percent

LINES = pl.DataFrame({"tenure": [0, 1, 2, 3, 5, 8] * 60, "plan": ["solo", "duo", "family"] * 120})


@pytest.fixture(scope="module")
def model() -> HazardModel:
    rng = np.random.default_rng(5)
    drawn = rng.random(LINES.height)
    risk = np.where(LINES["plan"].to_numpy() == "solo", 0.12, 0.05)
    kind = np.where(rng.random(LINES.height) < 0.5, "port_out", "voluntary")
    label = np.where(drawn < risk, kind, "stayed")
    return HazardModel(advancing={"tenure": 1}, knots=0).fit(LINES, label)


def test_causes_are_stacked_above_who_is_there(model: HazardModel) -> None:
    axes = survival_curves(model, LINES, periods=12)
    there = model.survival(LINES, periods=12).mean(axis=0)
    assert_allclose([y for _, y in points(axes, 0)], [1.0, *there])
    tops = [area.get_datalim(axes.transData).y1 for area in axes.collections]
    assert_allclose(max(tops), 1.0)
    gone = model.cumulative_incidence(LINES, periods=12)
    assert texts(axes) == [
        f"still there {percent(there[-1])}",
        f"port out {percent(gone['port_out'][:, -1].mean())}",
        f"voluntary {percent(gone['voluntary'][:, -1].mean())}",
    ]
    assert overlaps(axes) == []


def test_segments_have_curves_of_their_own(model: HazardModel) -> None:
    axes = survival_curves(model, LINES, periods=6, segment="plan")
    there = model.survival(LINES, periods=6)
    for at, plan in enumerate(("duo", "family", "solo")):
        rows = (LINES["plan"] == plan).to_numpy()
        assert_allclose([y for _, y in points(axes, at)], [1.0, *there[rows].mean(axis=0)])
        assert texts(axes)[at].startswith(plan)
    assert overlaps(axes) == []


def test_one_customer_and_one_period(model: HazardModel) -> None:
    axes = survival_curves(model, LINES.head(1), periods=1, unit="week")
    assert axes.get_title(loc="left") == "What is expected of a line, by week"
    assert axes.get_xlabel() == "weeks from now"
    assert overlaps(axes) == []


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_frames_of_other_libraries(model: HazardModel, kind: str) -> None:
    frame: Any = LINES.to_pandas() if kind == "pandas" else LINES.to_arrow()
    drawn = survival_curves(model, frame, periods=3, segment="plan")
    assert points(drawn, 0) == points(survival_curves(model, LINES, periods=3, segment="plan"), 0)


def test_no_lines(model: HazardModel) -> None:
    assert texts(survival_curves(model, LINES.head(0))) == ["no lines"]


def test_refusals(model: HazardModel) -> None:
    with pytest.raises(ParameterError, match="HazardModel"):
        survival_curves(SplineLogisticModel(), LINES)
    with pytest.raises(NotFittedError):
        survival_curves(HazardModel(), LINES)
    with pytest.raises(MissingColumnsError, match="region"):
        survival_curves(model, LINES, segment="region")
    with pytest.raises(ParameterError, match="periods"):
        survival_curves(model, LINES, periods=0)
    many = LINES.with_columns(nth=pl.int_range(pl.len()) % 9)
    with pytest.raises(ParameterError, match="told apart"):
        survival_curves(
            HazardModel(features=["tenure"], knots=0).fit(many, (many["tenure"] > 3).to_numpy()),
            many,
            segment="nth",
        )
