"""Product baskets: an oracle, a peer, and every engine."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from math import ceil
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlxtend.frequent_patterns import fpgrowth

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.segmentation import baskets

Columns = dict[str, list[Any]]

pairs = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["fibre", "tv", "sim", "roaming"])),
    min_size=1,
    max_size=30,
)


def holdings(rows: list[tuple[str, str]]) -> Columns:
    return {"customer_id": [who for who, _ in rows], "product_id": [what for _, what in rows]}


def some_holdings() -> Columns:
    random = Random(5)  # noqa: S311 (a fixture, not a secret)
    products = ["fibre", "tv", "sim", "sim plus", "it's", "roaming"]
    rows = [
        (f"C-{nth:02}", what)
        for nth in range(40)
        for at, what in enumerate(products)
        if random.random() < 0.6 / (1 + at % 3)
    ]
    return holdings([*rows, *rows[:5]])


def oracle(columns: Columns, min_support: float, max_size: int) -> list[dict[str, Any]]:
    own: dict[str, set[str]] = defaultdict(set)
    for who, what in zip(*columns.values(), strict=True):
        own[who].add(what)
    products = sorted(set(columns["product_id"]))
    least = ceil(Fraction(str(min_support)) * len(own))
    rows = []
    for size in range(1, max_size + 1):
        for items in combinations(products, size):
            count = sum(held.issuperset(items) for held in own.values())
            if count and count >= least:
                rows.append((size, -count, items))
    return [
        {
            "item_set": " + ".join(items),
            "size": size,
            "customers": -count,
            "base": len(own),
            "support": -count / len(own),
        }
        for size, count, items in sorted(rows)
    ]


@given(pairs, st.sampled_from([0.001, 0.07, 0.2, 0.5, 1.0]), st.integers(1, 4))
def test_the_definition_in_plain_python_agrees(
    rows: list[tuple[str, str]], min_support: float, max_size: int
) -> None:
    columns = holdings(rows)
    found = baskets(pl.DataFrame(columns), min_support=min_support, max_size=max_size)
    assert found.to_dicts() == oracle(columns, min_support, max_size)


def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any) -> None:
    columns = some_holdings()
    found = baskets(backend.frame(columns), min_support=0.1)
    assert backend.is_own(found)
    assert backend.rows(found) == oracle(columns, 0.1, 4)


def test_mlxtend_finds_the_same_sets() -> None:
    columns = some_holdings()
    wide = pd.crosstab(columns["customer_id"], columns["product_id"]) > 0
    peer = fpgrowth(wide, min_support=0.1, use_colnames=True)
    expected = {
        " + ".join(sorted(items)): pytest.approx(support)
        for support, items in zip(peer["support"], peer["itemsets"], strict=True)
    }
    found = baskets(pl.DataFrame(columns), min_support=0.1, max_size=9)
    assert dict(found.select("item_set", "support").rows()) == expected


def test_the_least_number_of_customers_is_exact() -> None:
    # As floats 0.07 * 100 is 7.000000000000001, which would ask for 8.
    rows = [(f"C-{nth}", "sim") for nth in range(100)] + [(f"C-{nth}", "tv") for nth in range(7)]
    found = baskets(pl.DataFrame(holdings(rows)), min_support=0.07)
    assert found["item_set"].to_list() == ["sim", "tv", "sim + tv"]


def test_a_smaller_set_is_at_least_as_frequent() -> None:
    found = baskets(pl.DataFrame(some_holdings()), min_support=0.05)
    counts = dict(found.select("item_set", "customers").rows())
    for name, count in counts.items():
        items = name.split(" + ")
        parts = [" + ".join(part) for part in combinations(items, len(items) - 1) if part]
        assert all(counts[part] >= count for part in parts)


def test_nobody_gives_no_sets(backend: Any) -> None:
    empty = pl.DataFrame(schema={"customer_id": pl.String, "product_id": pl.String})
    assert baskets(empty).rows() == []
    alone = backend.frame({"customer_id": ["a", "b"], "product_id": ["sim", "tv"]})
    found = baskets(alone, min_support=1.0)
    assert backend.is_own(found)
    assert backend.rows(found) == []


def test_numbers_and_categories_are_products_too() -> None:
    frame = pl.DataFrame({"customer_id": [1, 1, 2], "product_id": [7, 10, 7]})
    assert baskets(frame)["item_set"].to_list() == ["7", "10", "10 + 7"]
    named = pl.DataFrame(
        {"customer_id": ["a"], "product_id": ["sim"]},
        schema_overrides={"product_id": pl.Categorical},
    )
    assert baskets(named)["item_set"].to_list() == ["sim"]


def test_bad_tables_are_refused(backend: Any) -> None:
    def of(columns: Columns) -> Any:
        return baskets(backend.frame(columns))

    with pytest.raises(InvalidTableError, match="'product_id' is null in 1 row"):
        of({"customer_id": ["a", "b"], "product_id": ["sim", None]})
    with pytest.raises(InvalidTableError, match=r"contains ' \+ ' in 1 row"):
        of({"customer_id": ["a"], "product_id": ["sim + tv"]})
    with pytest.raises(MissingColumnsError, match='product="product"'):
        of({"customer_id": ["a"], "product": ["sim"]})
    with pytest.raises(ColumnTypeError, match="'customer_id' holds Float64"):
        of({"customer_id": [1.5], "product_id": ["sim"]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_support": 0},
        {"min_support": 1.5},
        {"min_support": True},
        {"min_support": "1"},
        {"min_support": float("nan")},
        {"max_size": 0},
        {"max_size": 2.0},
        {"product": "customer_id"},
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        baskets(pl.DataFrame(some_holdings()), **wrong)
