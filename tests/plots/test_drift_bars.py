"""Bars are the indices, and those that moved stand out."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex
from tests.plots.look import overlaps, texts

from telcrm.churn import ReferenceProfile, StabilityReport, population_stability
from telcrm.errors import ParameterError
from telcrm.plots import drift_bars
from telcrm.plots.style import ACCENT


def report(features: int = 6) -> StabilityReport:
    rng = np.random.default_rng(3)
    before = pl.DataFrame({f"number_{at}": rng.normal(size=2000) for at in range(features)})
    moved = before.with_columns(pl.col("number_2") * 2, pl.col("number_4") + 3)
    return population_stability(ReferenceProfile.of(before, features=before.columns), moved)


def test_bars_are_the_indices() -> None:
    found = report()
    axes = drift_bars(found)
    widths = [bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert widths == [each.index for each in found.features]
    orange = [to_hex(bar.get_facecolor()) == ACCENT for bar in axes.patches]
    assert orange == [each.has_moved for each in found.features]
    assert sum(orange) == 2
    assert f"{found.features[0].index:.3f}" in texts(axes)
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["number 4", "number 2"]
    assert overlaps(axes) == []


def test_only_so_many() -> None:
    assert len(drift_bars(report(), most=2).patches) == 2


def test_many_names_do_not_overlap() -> None:
    assert overlaps(drift_bars(report(40), most=40)) == []


@pytest.mark.parametrize("most", [0, 61, 2.5, "3"])
def test_most_is_a_whole_number(most: Any) -> None:
    with pytest.raises(ParameterError, match="most"):
        drift_bars(report(), most=most)


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="population_stability returns"):
        drift_bars(report().features)  # type: ignore[arg-type]
