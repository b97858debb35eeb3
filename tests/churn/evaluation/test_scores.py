"""What is read as outcomes and scores, and what is refused with words that help."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from telcrm.churn.evaluation.scores import read_flags, read_pair
from telcrm.errors import ScoreError, SingleClassError


@pytest.mark.parametrize(
    "outcomes",
    [
        [0, 1, 1],
        [False, True, True],
        np.array([0.0, 1.0, 1.0]),
        np.array([0, 1, 1], dtype=np.uint8),
        pd.Series([0, 1, 1], index=[7, 8, 9]),
        pd.Series([False, True, True], dtype="boolean"),
        pd.Series([0, 1, 1], dtype="int64[pyarrow]"),
        pl.Series([False, True, True]),
        np.array([False, True, 1], dtype=object),
    ],
)
def test_outcomes_come_in_many_forms(outcomes: Any) -> None:
    churned, scores = read_pair(outcomes, pl.Series([0.1, 0.2, 0.3], dtype=pl.Float32))
    assert churned.dtype == np.bool_
    assert churned.tolist() == [False, True, True]
    assert scores.dtype == np.float64


@pytest.mark.parametrize(
    ("y", "s", "error", "complaint"),
    [
        ([0, 0], [0.1, 0.2], SingleClassError, "y_true is 0 for all 2 customers"),
        ([True, True], [0.1, 0.2], SingleClassError, "y_true is 1 for all 2 customers"),
        ([0, np.nan, 1], [0.1, 0.2, 0.3], ScoreError, "1 of 3 are missing"),
        ([0, None, 1], [0.1, 0.2, 0.3], ScoreError, "1 of 3 are missing"),
        (pd.Series([0, None, 1], dtype="Int64"), [0.1, 0.2, 0.3], ScoreError, "missing|nulls"),
        ([0, 2, 1], [0.1, 0.2, 0.3], ScoreError, "found 2"),
        (["no", "yes"], [0.1, 0.2], ScoreError, "such as .*no"),
        (["0", "1"], [0.1, 0.2], ScoreError, "Convert them first"),
        (np.array(["0", 1], dtype=object), [0.1, 0.2], ScoreError, "Convert them first"),
        ([], [], ScoreError, r"shape \(0,\)"),
        ([[0, 1]], [0.1, 0.2], ScoreError, r"shape \(1, 2\)"),
        ([0, 1], [[0.9, 0.1], [0.2, 0.8]], ScoreError, r"pass the column of those who leave"),
        ([0, 1], [0.1], ScoreError, "holds 1 values for 2 customers"),
        ([0, 1], [0.1, np.nan], ScoreError, "NaN or infinite for 1 of 2 .* place 1"),
        ([0, 1], [np.inf, 0.1], ScoreError, "place 0"),
        ([0, 1], [0.1, None], ScoreError, "NaN or infinite"),
    ],
)
def test_what_is_no_such_thing_is_refused(
    y: Any, s: Any, error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        read_pair(y, s)


@pytest.mark.parametrize("s", [[-0.1, 0.5], [0.5, 1.1]])
def test_probabilities_lie_between_0_and_1(s: list[float]) -> None:
    read_pair([0, 1], s)
    with pytest.raises(ScoreError, match="probabilities=False"):
        read_pair([0, 1], s, probabilities=True)


def test_the_callers_array_is_not_changed() -> None:
    given = np.array([True, False])
    read_flags("y", given)
    assert given.tolist() == [True, False]
