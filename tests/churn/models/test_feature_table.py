"""What a model looks at, read from frames."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.conftest import Backend

from telcrm.churn.models.feature_table import FeatureColumn, is_frame, read_features
from telcrm.errors import ParameterError, SchemaDriftError

COLUMNS: dict[str, list[Any]] = {
    "fee": [1.5, None, 3.0, 4.0],
    "calls": [1, 2, 3, 4],
    "roams": [True, False, True, True],
    "plan": ["duo", "solo", None, "duo"],
}


def test_every_engine_is_read_alike(distinct_backend: Backend) -> None:
    found = read_features(distinct_backend.frame(COLUMNS), list(COLUMNS))
    assert found.names == ["fee", "calls", "roams", "plan"]
    assert found.rows == 4
    np.testing.assert_array_equal(found.numbers["fee"], [1.5, np.nan, 3.0, 4.0])
    assert found.numbers["calls"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found.numbers["roams"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert found.categories["plan"].tolist() == ["duo", "solo", None, "duo"]


def test_categories_of_pandas_and_polars_are_text() -> None:
    for frame in (
        pd.DataFrame({"plan": pd.Categorical(["b", None, "a"])}),
        pl.DataFrame({"plan": ["b", None, "a"]}, schema={"plan": pl.Categorical}),
        pl.DataFrame({"plan": ["b", None, "a"]}, schema={"plan": pl.Enum(["a", "b"])}),
    ):
        assert read_features(frame, ["plan"]).categories["plan"].tolist() == ["b", None, "a"]


def test_levels_are_the_frequent_ones_first_and_ties_by_name() -> None:
    found = read_features(pl.DataFrame({"plan": ["b", "c", "a", "c", "a", "d"]}), ["plan"])
    assert found.levels("plan", 1) == ("a", "c", "b", "d")
    assert found.levels("plan", 2) == ("a", "c")
    column = FeatureColumn(name="plan", levels=("a", "c"))
    assert found.codes(column).tolist() == [-1, 1, 0, 1, 0, -1]


def test_a_column_of_nulls_holds_no_numbers() -> None:
    found = read_features(pl.DataFrame({"x": [None, None]}), ["x"])
    assert np.isnan(found.numbers["x"]).all()


def test_arrays_and_numbered_columns_are_no_frames() -> None:
    assert is_frame(pl.DataFrame({"a": [1]}))
    assert not is_frame(np.zeros((2, 2)))
    assert not is_frame(pd.DataFrame(np.zeros((2, 2))))
    assert not is_frame([[1.0]])


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (pl.DataFrame({"b": [1]}), SchemaDriftError, "lacks 'a', which the model looks at"),
        (pl.DataFrame({"a": [date(2024, 1, 1)]}), ParameterError, "Make a number of it"),
        (pl.DataFrame({"a": [float("inf")]}), ParameterError, "'a' holds an infinity"),
        (pl.DataFrame({"a": [[1]]}), ParameterError, "numbers and text"),
    ],
)
def test_what_no_model_can_look_at(frame: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_features(frame, ["a"])
