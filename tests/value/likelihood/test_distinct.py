"""Rows that are alike: merged with their weights, or computed once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from telcrm.value.likelihood import distinct as module
from telcrm.value.likelihood.distinct import by_distinct, distinct_rows

Floats = NDArray[np.float64]

# Counts, days as weeks, other numbers, covariates below 0.
_VALUES = {
    "counts": [0.0, 1.0, 2.0, 7.0],
    "weeks": [1 / 7, 2 / 7, 38 + 6 / 7, 0.0],
    "floats": [0.1 + 0.2, 0.3, 1e-300, 5.5],
    "covariates": [-2.0, 0.0, 1.5, -0.1],
    "large": [2.0**53, 2.0**53 - 1, 0.0, 4e6],
}


@st.composite
def tables(draw: st.DrawFn) -> list[Floats]:
    size = draw(st.integers(0, 40))
    kinds = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=4))
    return [
        np.array(draw(st.lists(st.sampled_from(_VALUES[k]), min_size=size, max_size=size)), float)
        for k in kinds
    ]


def merged_by_hand(columns: list[Floats], weights: Floats) -> dict[tuple[float, ...], float]:
    found: dict[tuple[float, ...], float] = {}
    for *row, weight in zip(*(c.tolist() for c in columns), weights.tolist(), strict=True):
        found[tuple(row)] = found.get(tuple(row), 0.0) + weight
    return found


@pytest.mark.parametrize("dense", [4_000_000, 1])
@given(columns=tables(), seed=st.integers(0, 1000))
def test_merged_rows_are_distinct_and_weigh_the_same(
    dense: int, columns: list[Floats], seed: int
) -> None:
    chance = np.random.default_rng(seed)
    size = columns[0].size
    weights = chance.integers(1, 9, size).astype(np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DENSE", dense)
        rows, merged = distinct_rows(*columns, weights=weights)
        found = {tuple(row): weight for row, weight in zip(rows.T.tolist(), merged, strict=True)}
        assert rows.shape == (len(columns), merged.size)
        assert len(found) == merged.size
        assert found == merged_by_hand(columns, weights)
        turned = chance.permutation(size)
        again, weighed = distinct_rows(*(c[turned] for c in columns), weights=weights[turned])
    # Fits of the same rows in another order are equal to the last bit.
    assert_array_equal(again, rows)
    assert_array_equal(weighed, merged)


@pytest.mark.parametrize("dense", [4_000_000, 1])
@given(columns=tables())
def test_each_kind_of_row_is_computed_once_where_it_is_told_apart_cheaply(
    dense: int, columns: list[Floats]
) -> None:
    asked: list[tuple[float, ...]] = []

    def function(*given_columns: Floats) -> Floats:
        asked.extend(zip(*(c.tolist() for c in given_columns), strict=True))
        found: Floats = np.sum([np.sin(c) * (at + 1) for at, c in enumerate(given_columns)], axis=0)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DENSE", dense)
        found = by_distinct(function, *columns)
    kinds = merged_by_hand(columns, np.ones(columns[0].size))
    assert set(asked) == set(kinds)
    if dense > 1:
        assert len(asked) == len(kinds)
    assert_array_equal(found, function(*columns))


def test_many_kinds_of_many_columns_do_not_run_out_of_numbers() -> None:
    chance = np.random.default_rng(0)
    columns = [chance.random(3_000) for _ in range(8)]
    rows, merged = distinct_rows(*columns, weights=np.ones(3_000))
    assert rows.shape == (8, 3_000)
    assert merged.sum() == 3_000
    assert_array_equal(by_distinct(lambda *c: c[0] + c[7], *columns), columns[0] + columns[7])
