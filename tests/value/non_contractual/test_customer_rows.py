"""Rules of customers' rows: the same rows are refused whether as arrays or by the engine."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.value import GammaGammaModel
from telcrm.value.non_contractual.cells import CellColumns
from telcrm.value.non_contractual.customer_rows import is_amount, not_whole

COLUMNS = CellColumns("frequency", "recency", "age", "n", (), whole_periods=True)
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 2.5, -1.0, 7.0, None, float("nan"), float("inf"), 1e17])


def refusal(frame: Any) -> list[tuple[str, str, int]]:
    try:
        COLUMNS.open(frame, weighted=True)
    except InvalidTableError as refused:
        found = refused.context["findings"]
        return [(finding.rule, finding.column, finding.count) for finding in found]
    return []


@given(
    rows=st.lists(
        st.fixed_dictionaries(dict.fromkeys(("frequency", "recency", "age", "n"), NUMBERS)),
        min_size=1,
        max_size=4,
    )
)
def test_arrays_and_engines_refuse_the_same_rows(rows: list[dict[str, float | None]]) -> None:
    names = ("frequency", "recency", "age", "n")
    table = {name: pl.Series([row[name] for row in rows], dtype=pl.Float64) for name in names}
    # A frame in memory is looked at as arrays first; a lazy one is asked.
    assert refusal(pl.DataFrame(table)) == refusal(pl.LazyFrame(table))


def test_a_good_frame_in_memory_hands_over_its_arrays(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(
        {"frequency": [1, 0], "recency": [3, 0], "age": [5, 4], "n": [1, 2], "more": ["x", "y"]}
    )
    found = COLUMNS.open(frame, weighted=True)
    assert found.opened.given is frame or distinct_backend.name == "pyarrow"
    if found.arrays is None:
        assert distinct_backend.name in {"polars_lazy", "duckdb", "pyspark"}
        return
    assert {name: values.tolist() for name, values in found.arrays.items()} == {
        "frequency": [1.0, 0.0],
        "recency": [3.0, 0.0],
        "age": [5.0, 4.0],
        "n": [1.0, 2.0],
    }


def test_a_bad_row_is_found_in_any_block() -> None:
    size = 40_000
    frame = pd.DataFrame({"frequency": np.zeros(size), "recency": 0.0, "age": 9.0, "n": 1.0})
    COLUMNS.open(frame, weighted=True)
    frame.loc[size - 1, "frequency"] = -1.0
    with pytest.raises(InvalidTableError, match="'frequency' is negative in 1 row"):
        COLUMNS.open(frame, weighted=True)


def test_times_are_in_no_currency_and_amounts_are() -> None:
    frame = pl.DataFrame(
        {"frequency": [1, 0], "recency": [3, 0], "age": [5, 4], "monetary_value": [2.0, None]}
    ).with_columns(currency=pl.Series(["EUR", "USD"]))
    CellColumns("frequency", "recency", "age").open(frame, weighted=False)
    with pytest.raises(CurrencyMismatchError, match="'EUR' with 'USD'"):
        GammaGammaModel().open(frame, weighted=False)


@given(values=st.lists(NUMBERS, min_size=1))
def test_what_is_asked_of_an_expression_is_asked_of_an_array(values: list[float | None]) -> None:
    column = pl.Series("x", values, dtype=pl.Float64)
    known = column.fill_null(float("nan")).to_numpy()
    told = nw.from_native(column.to_frame()).select(
        amount=is_amount(nw.col("x")), part=not_whole("x").broken({"x": nw.col("x")})
    )
    assert told["amount"].to_list() == is_amount(known).tolist()
    finite = np.isfinite(known)
    parts = np.array(told["part"].fill_null(value=False).to_list())
    assert parts[finite].tolist() == not_whole("x").broken({"x": known})[finite].tolist()
