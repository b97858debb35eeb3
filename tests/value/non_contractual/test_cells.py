"""Cells: customers of a frame as arrays, one each or as many as are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from tests.conftest import Backend
from tests.value.non_contractual.customers import cells

from telcrm.errors import InvalidTableError, UnidentifiedModelError
from telcrm.value.non_contractual.cells import CellColumns, Cells

COLUMNS: dict[str, list[Any]] = {
    "frequency": [2, 0, 2, 1, 0],
    "recency": [5.0, 0.0, 5.0, 3.0, 0.0],
    "age": [9.0, 9.0, 9.0, 8.0, 9.0],
    "dealer": [1, 0, 1, 1, 1],
    "n": [1, 2, 3, 4, 5],
}
PLAIN = CellColumns("frequency", "recency", "age")
FULL = CellColumns("frequency", "recency", "age", "n", ("dealer",))


def weights_of(found: Cells) -> dict[tuple[float, ...], float]:
    """How many customers are of each kind, whether the engine has counted them or not."""
    merged: dict[tuple[float, ...], float] = {}
    rows = np.vstack([found.frequency, found.recency, found.age, found.covariates])
    for row, weight in zip(rows.T.tolist(), found.customers.tolist(), strict=True):
        merged[tuple(row)] = merged.get(tuple(row), 0.0) + weight
    return merged


def test_every_engine_reads_the_same_customers(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(COLUMNS)
    assert weights_of(PLAIN.read(frame)) == {
        (2.0, 5.0, 9.0): 2.0,
        (0.0, 0.0, 9.0): 2.0,
        (1.0, 3.0, 8.0): 1.0,
    }
    assert weights_of(FULL.read(frame)) == {
        (2.0, 5.0, 9.0, 1.0): 4.0,
        (0.0, 0.0, 9.0, 0.0): 2.0,
        (0.0, 0.0, 9.0, 1.0): 5.0,
        (1.0, 3.0, 8.0, 1.0): 4.0,
    }


def test_an_engine_that_counts_hands_over_kinds_alone(distinct_backend: Backend) -> None:
    found = PLAIN.read(distinct_backend.frame(COLUMNS))
    counted = distinct_backend.name in {"polars_lazy", "duckdb"}
    assert found.frequency.size == (3 if counted else 5)


def test_the_number_of_customers_is_looked_at_when_they_are_learnt_from_alone() -> None:
    frame = pl.DataFrame(COLUMNS).with_columns(n=pl.lit(0))
    FULL.open(frame, weighted=False)
    with pytest.raises(InvalidTableError, match="'n' is not above 0 in 5 rows"):
        FULL.open(frame, weighted=True)


def test_a_refusal_counts_rows_and_shows_the_first(distinct_backend: Backend) -> None:
    bad = COLUMNS | {"age": [4.0, 9.0, 4.5, 8.0, 9.0]}
    with pytest.raises(InvalidTableError, match="'recency' is above the age in 2 rows") as refused:
        PLAIN.open(distinct_backend.frame(bad), weighted=False)
    [finding] = refused.value.context["findings"]
    assert (finding.column, finding.count) == ("recency", 2)
    assert finding.keys == ((2, 5.0, 4.0), (2, 5.0, 4.5))


def test_nobody_bought_again() -> None:
    frame = pl.DataFrame(COLUMNS).with_columns(frequency=0, recency=0.0)
    with pytest.raises(UnidentifiedModelError, match="none of 5 bought again") as refused:
        FULL.read(frame)
    assert refused.value.context["customers"] == 15


def test_arrays_become_cells_of_one_customer_each() -> None:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in COLUMNS.items()}
    found = FULL.of(arrays)
    assert_array_equal(found.frequency, arrays["frequency"])
    assert_array_equal(found.covariates, arrays["dealer"][None])
    assert_array_equal(found.customers, np.ones(5))
    assert PLAIN.of(arrays).covariates.shape == (0, 5)


def test_some_cells_are_chosen_together() -> None:
    whole = cells([2, 0, 1], [5.0, 0.0, 3.0], 9.0, {"z": [1.0, 2.0, 3.0]})
    some = whole.where(np.array([True, False, True]))
    assert some.frequency.tolist() == [2.0, 1.0]
    assert some.recency.tolist() == [5.0, 3.0]
    assert some.covariates.tolist() == [[1.0, 3.0]]
    assert some.customers.tolist() == [1.0, 1.0]


def test_time_per_purchase() -> None:
    found = FULL.read(pl.DataFrame(COLUMNS))
    # 9 + 18 + 27 + 32 + 45 weeks, and 2 + 6 + 4 purchases.
    assert found.time_per_purchase() == pytest.approx(131 / 12)
