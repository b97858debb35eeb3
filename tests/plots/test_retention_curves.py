"""Points are the counts, lines the models."""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import Any

import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.plots.look import figure_of, overlaps, points, texts

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
)
from telcrm.plots import RetentionMeasure, retention_curves
from telcrm.value import BetaDiscreteWeibullModel, ShiftedBetaGeoModel, cohort_survivors

# Fader & Hardie (2007), "high end" customers.
LEFT = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
TABLE = pl.DataFrame({"period": range(13), "survivors": LEFT})
SEEN = cohort_survivors(TABLE.head(8))
SBG = ShiftedBetaGeoModel(customers="customers", time_unit="year").fit(SEEN)
BDW = BetaDiscreteWeibullModel(customers="customers", time_unit="year").fit(SEEN)


def named(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_survival() -> None:
    axes = retention_curves({"sBG": SBG, "BdW": BDW}, survivors=TABLE, calibration_until=7)
    assert points(axes, 0) == [(at, left / 1000) for at, left in enumerate(LEFT)]
    for line, model in ((1, SBG), (2, BDW)):
        assert_allclose([y for _, y in points(axes, line)], model.survival(range(13)))
    assert points(axes, 3)[0][0] == 7
    assert named(axes) == ["counted", "sBG", "BdW"]
    assert texts(axes) == ["calibration ", " holdout"]
    assert axes.get_xlabel() == "years"
    assert overlaps(axes) == []


def test_retention_rate() -> None:
    axes = retention_curves(SBG, survivors=TABLE, measure=RetentionMeasure.RETENTION_RATE)
    rates = [after / before for before, after in pairwise(LEFT)]
    assert_allclose(points(axes, 0), list(enumerate(rates, start=1)))
    assert_allclose([y for _, y in points(axes, 1)], SBG.retention_rate(range(1, 13)))
    assert axes.get_title(loc="left") == "Retention rate, by age"
    assert overlaps(axes) == []


def test_horizons() -> None:
    assert points(retention_curves(SBG), 0)[-1][0] == 24
    short = retention_curves(SBG, survivors=TABLE, horizon=3, calibration_until=7)
    assert [len(points(short, line)) for line in (0, 1)] == [4, 4]
    assert len(short.get_lines()) == 2  # the calibration ends beyond what is shown
    far = retention_curves(SBG, survivors=TABLE, horizon=60)
    assert [len(points(far, line)) for line in (0, 1)] == [13, 61]
    assert overlaps(far) == []


def test_every_engine_draws_the_same(distinct_backend: Backend) -> None:
    native = distinct_backend.frame(TABLE.to_dict(as_series=False))
    assert points(retention_curves(SBG, survivors=native), 0) == points(
        retention_curves(SBG, survivors=TABLE), 0
    )


def test_many_models_are_told_apart() -> None:
    axes = retention_curves({f"_{nth} " + "long name " * 5: SBG for nth in range(7)})
    assert len(named(axes)) == 7
    assert all(name.startswith("_") and name.endswith("…") for name in named(axes))
    assert overlaps(axes) == []
    legend = axes.get_legend()
    assert legend is not None
    box, page = legend.get_window_extent(), figure_of(axes).bbox
    assert box.x1 <= page.x1
    assert box.y1 <= page.y1


def test_different_periods_have_no_common_name() -> None:
    by_month = ShiftedBetaGeoModel(customers="customers").fit(SEEN)
    assert retention_curves({"a": by_month, "b": SBG}).get_xlabel() == "periods"
    assert retention_curves({}, survivors=TABLE).get_xlabel() == "periods"


def test_nothing_single_and_all_lost() -> None:
    assert texts(retention_curves({})) == ["no models"]
    assert texts(retention_curves({}, survivors=TABLE.head(0))) == ["no models"]
    assert points(retention_curves(SBG, survivors=TABLE.head(1)), 0) == [(0, 1)]
    lost = pl.DataFrame({"period": [0, 1, 2, 3], "survivors": [5, 2, 0, 0]})
    rates = points(retention_curves(SBG, survivors=lost, measure="retention_rate"), 0)
    assert rates[:2] == [(1, 0.4), (2, 0)]
    assert isnan(rates[2][1])  # nobody was left to renew


def test_refusals() -> None:
    with pytest.raises(NotFittedError):
        retention_curves({"a": ShiftedBetaGeoModel()})
    for wrong in (None, [SBG], {"a": 0.5}):
        with pytest.raises(ParameterError, match="model of retention"):
            retention_curves(wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="told apart"):
        retention_curves({str(nth): SBG for nth in range(8)})
    arguments: list[dict[str, Any]] = [
        {"measure": "hazard"},
        {"horizon": 0},
        {"horizon": 1201},
        {"calibration_until": 0},
        {"ax": 1},
    ]
    for each in arguments:
        with pytest.raises(ParameterError):
            retention_curves(SBG, **each)
    with pytest.raises(MissingColumnsError, match="survivors"):
        retention_curves(SBG, survivors=TABLE.drop("survivors"))
    with pytest.raises(ColumnTypeError):
        retention_curves(SBG, survivors=TABLE.with_columns(survivors=pl.lit("9")))
    with pytest.raises(InvalidTableError, match="one group"):
        retention_curves(SBG, survivors=pl.concat([TABLE, TABLE]))
    tables: dict[str, dict[str, Any]] = {
        "without a gap": {"period": [0, 2], "survivors": [9, 8]},
        "null": {"period": [0, 1], "survivors": [9, None]},
        "begin above 0": {"period": [0, 1], "survivors": [0, 0]},
        "never rise": {"period": [0, 1], "survivors": [8, 9]},
    }
    for words, columns in tables.items():
        with pytest.raises(InvalidTableError, match=words):
            retention_curves(SBG, survivors=pl.DataFrame(columns))
