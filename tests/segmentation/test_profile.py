"""Profiles of segments: an oracle in plain Python, their laws, and every engine."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from random import Random
from statistics import fmean, median, variance
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.segmentation import profile

Columns = dict[str, list[Any]]

amounts = st.one_of(st.none(), st.sampled_from([-2.0, 0.0, 0.1, 0.3, 7.0, 1e6]))
rows_of_customers = st.lists(
    st.tuples(
        st.sampled_from(["high", "low", "new"]), amounts, st.sampled_from(["dsl", "tv", None])
    ),
    min_size=1,
    max_size=25,
)


def customers(rows: Sequence[tuple[str, float | None, str | None]]) -> Columns:
    return {
        "customer_id": [f"C-{at:03}" for at in range(len(rows))],
        "segment": [row[0] for row in rows],
        "revenue": [row[1] for row in rows],
        "technology": [row[2] for row in rows],
    }


def some_customers() -> Columns:
    random = Random(8)  # noqa: S311 (a fixture, not a secret)
    columns = customers(
        [
            (
                segment := random.choice(["it's high", "low", "new"]),
                random.choice([None, 0.1, 0.2, random.gammavariate(2, 20)]),
                random.choice(["dsl", "fibre", None] if segment == "low" else ["fibre", "tv"]),
            )
            for _ in range(60)
        ]
    )
    columns["key_account"] = [at % 7 == 0 for at in range(60)]
    columns["lines"] = [at % 3 for at in range(60)]
    return columns


def spread(apart: float, variance: float) -> float | None:
    return apart / sqrt(variance) if variance > 0 else None


def numbers_by_hand(own: list[float], rest: list[float]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mean": fmean(own) if own else None,
        "median": median(own) if own else None,
        "rest_mean": fmean(rest) if rest else None,
        "rest_median": median(rest) if rest else None,
        "ratio": None,
        "difference": None,
    }
    if own and rest and fmean(own) > 0 and fmean(rest) > 0:
        found["ratio"] = fmean(own) / fmean(rest)
    if min(len(own), len(rest)) >= 2:
        spreads = [variance(side) if len(set(side)) > 1 else 0.0 for side in (own, rest)]
        found["difference"] = spread(fmean(own) - fmean(rest), sum(spreads) / 2)
    return found


def shares_by_hand(level: str, own: list[str], rest: list[str]) -> dict[str, Any]:
    p1 = own.count(level) / len(own) if own else None
    p0 = rest.count(level) / len(rest) if rest else None
    base = (own + rest).count(level) / len(own + rest)
    found = {"level_share": p1, "rest_share": p0, "base_share": base, "lift": None}
    found["difference"] = None
    if p1 is not None:
        found["lift"] = p1 / base
    if p1 is not None and p0 is not None:
        found["difference"] = spread(p1 - p0, (p1 * (1 - p1) + p0 * (1 - p0)) / 2)
    return found


def oracle(
    columns: Columns, features: list[str], levels: list[str], min_support: int
) -> list[dict[str, Any]]:
    names = "level mean rest_mean ratio median rest_median level_share rest_share base_share"
    none = dict.fromkeys([*names.split(), "lift", "difference"])
    rows = []
    everybody = len(columns["segment"])
    for segment in sorted(set(columns["segment"])):
        mine = [name == segment for name in columns["segment"]]
        size = sum(mine)
        for feature in [*features, *levels]:
            pairs = list(zip(columns[feature], mine, strict=True))
            own = [value for value, is_mine in pairs if is_mine and value is not None]
            rest = [value for value, is_mine in pairs if not is_mine and value is not None]
            head = {
                **none,
                "segment": segment,
                "customers": size,
                "share": size / everybody,
                "feature": feature,
                "present": len(own),
                "missing_share": 1 - len(own) / size,
            }
            enough = min(len(own), len(rest)) >= min_support
            if feature in features:
                rows.append({**head, **numbers_by_hand(own, rest), "supported": enough})
                continue
            for level in sorted(set(own) | set(rest)):
                held = (own + rest).count(level)
                text = str(level).lower() if isinstance(level, bool) else str(level)
                measured = shares_by_hand(level, own, rest)
                supported = enough and held >= min_support
                rows.append({**head, **measured, "level": text, "supported": supported})
    return rows


def assert_alike(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        for name, value in theirs.items():
            near = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            assert ours[name] == near, (name, ours, theirs)
        assert ours.keys() == theirs.keys()


@given(rows_of_customers, st.integers(1, 4))
def test_the_definitions_in_plain_python_agree(rows: list[Any], min_support: int) -> None:
    columns = customers(rows)
    frame = pl.DataFrame(columns, schema_overrides={"revenue": pl.Float64, "technology": pl.String})
    found = profile(
        frame, features=["revenue"], levels=["technology"], min_support=min_support
    ).to_dicts()
    assert_alike(found, oracle(columns, ["revenue"], ["technology"], min_support))


def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any) -> None:
    columns = some_customers()
    features, levels = ["revenue", "lines"], ["technology", "key_account", "lines"]
    found = profile(backend.frame(columns), features=["revenue"], levels=levels, min_support=12)
    assert backend.is_own(found)
    assert_alike(backend.rows(found), oracle(columns, features[:1], levels, 12))


def test_an_integer_feature_is_a_number() -> None:
    columns = some_customers()
    found = profile(pl.DataFrame(columns), features=["lines"]).to_dicts()
    assert_alike(found, oracle(columns, ["lines"], [], 30))


def test_standardised_differences_of_the_literature() -> None:
    # Austin (2009): means 2 and 1 with variances 1 and 1 differ by 1; shares 0.6 and 0.4 by
    # 0.2 / sqrt(0.24) = 0.408.
    columns = {
        "customer_id": list(range(40)),
        "segment": [1] * 20 + [2] * 20,
        "revenue": [3.0, 1.0] * 10 + [2.0, 0.0] * 10,
        "paid": [True] * 12 + [False] * 8 + [True] * 8 + [False] * 12,
    }
    found = profile(pl.DataFrame(columns), features=["revenue"], levels=["paid"]).to_dicts()
    assert found[0]["difference"] == pytest.approx(1 / sqrt(20 / 19))
    assert found[2]["difference"] == pytest.approx(0.408248, abs=1e-6)
    assert (found[2]["level"], found[2]["lift"]) == ("true", pytest.approx(1.2))


@settings(max_examples=7)
@given(rows_of_customers)
def test_shares_and_differences_keep_their_laws(rows: list[Any]) -> None:
    columns = customers(rows)
    frame = pl.DataFrame(columns, schema_overrides={"revenue": pl.Float64, "technology": pl.String})
    found = profile(frame, features=["revenue"], levels=["technology"], min_support=1)
    sizes = found.unique("segment")
    assert sizes["customers"].sum() == len(rows)
    assert sizes["share"].sum() == pytest.approx(1.0)
    shares = found.drop_nulls("level_share")
    for name in ("level_share", "base_share", "missing_share"):
        assert shares[name].is_between(0, 1).all()
    of_levels = shares.group_by("segment").agg(pl.col("level_share").sum())["level_share"]
    assert of_levels.to_list() == pytest.approx([1.0] * len(of_levels))
    # Of two segments, one differs from the other as the other from the one.
    two = profile(
        frame.with_columns(segment=pl.col("segment") == "high"), features=["revenue"], min_support=1
    )
    if two.height == 2:
        one, other = two["difference"].to_list()
        assert one == (None if other is None else pytest.approx(-other))


@settings(max_examples=7)
@given(rows_of_customers, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[Any], random: Any) -> None:
    frame = pl.DataFrame(
        customers(rows), schema_overrides={"revenue": pl.Float64, "technology": pl.String}
    )
    order = list(range(len(rows)))
    random.shuffle(order)
    options: dict[str, Any] = {"features": ["revenue"], "levels": ["technology"]}
    assert profile(frame[order], **options).equals(profile(frame, **options))


def test_equal_values_have_no_spread_by_rounding() -> None:
    columns = customers([*[("high", 0.1, None)] * 30, *[("low", 0.3, None)] * 30])
    found = profile(pl.DataFrame(columns), features=["revenue"]).to_dicts()
    assert [row["difference"] for row in found] == [None, None]
    assert [row["mean"] for row in found] == [0.1, 0.3]


def test_nan_is_missing(backend: Any) -> None:
    columns = customers([("high", 1.0, "dsl"), ("high", float("nan"), "dsl"), ("low", 3.0, "dsl")])
    columns["revenue"] = [1.0, float("nan"), 3.0]
    found = backend.rows(profile(backend.frame(columns), features=["revenue"], min_support=1))
    assert [(row["present"], row["missing_share"], row["mean"]) for row in found] == [
        (1, 0.5, 1.0),
        (1, 0.0, 3.0),
    ]


def test_one_segment_has_no_rest_and_nobody_no_segment(backend: Any) -> None:
    columns = customers([("all", 1.0, "dsl"), ("all", 3.0, "tv")])
    found = backend.rows(
        profile(backend.frame(columns), features=["revenue"], levels=["technology"], min_support=1)
    )
    assert [row["rest_mean"] for row in found] == [None] * 3
    assert [row["lift"] for row in found] == [None, 1.0, 1.0]
    assert not any(row["supported"] for row in found)
    empty = pl.DataFrame(columns).clear()
    assert profile(empty, features=["revenue"], levels=["technology"]).rows() == []


def test_what_is_always_missing_is_told_as_missing() -> None:
    frame = pl.DataFrame(customers([("high", None, None), ("low", 2.0, None)]))
    frame = frame.with_columns(pl.col("technology").cast(pl.String))
    found = profile(frame, features=["revenue"], levels=["technology"], min_support=1).to_dicts()
    assert [(row["segment"], row["feature"], row["missing_share"]) for row in found] == [
        ("high", "revenue", 1.0),
        ("low", "revenue", 0.0),
    ]
    assert found[0]["mean"] is None
    assert (found[1]["rest_mean"], found[1]["rest_median"]) == (None, None)


def test_categories_and_objects_of_pandas_are_levels() -> None:
    columns = some_customers()
    frame = pd.DataFrame(columns).astype({"technology": "category", "key_account": object})
    found = profile(frame, levels=["technology", "key_account"])
    expected = oracle(columns, [], ["technology", "key_account"], 30)
    rows = pl.from_pandas(found).to_dicts()
    assert_alike(rows, expected)


def test_bad_tables_are_refused(backend: Any) -> None:
    def of(changes: Columns, **options: Any) -> Any:
        columns = {**customers([("high", 1.0, "dsl"), ("low", 2.0, "tv")]), **changes}
        return profile(backend.frame(columns), **{"features": ["revenue"], **options})

    with pytest.raises(InvalidTableError, match="customer_id comes more than once"):
        of({"customer_id": ["a", "a"]})
    with pytest.raises(InvalidTableError, match="'segment' is null in 1 row"):
        of({"segment": ["a", None]})
    with pytest.raises(InvalidTableError, match="'revenue' is infinite in 1 row"):
        of({"revenue": [1.0, float("inf")]})
    with pytest.raises(CurrencyMismatchError):
        of({"currency": ["EUR", "USD"]})
    with pytest.raises(MissingColumnsError, match="lacks 'tenure'"):
        of({}, features=["tenure"])
    with pytest.raises(ColumnTypeError, match="'technology' holds"):
        of({}, features=["technology"])
    with pytest.raises(ColumnTypeError, match="'revenue' holds"):
        of({}, levels=["revenue"], features=[])


@pytest.mark.parametrize(
    "wrong",
    [
        {"features": []},
        {"features": "revenue"},
        {"levels": "technology"},
        {"features": ["revenue", "revenue"]},
        {"levels": ["segment"]},
        {"min_support": 0},
        {"min_support": 1.5},
        {"levels": ["number"]},
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any]) -> None:
    columns = customers([("high", 1.0, "dsl")] * 300)
    columns["number"] = list(range(300))
    with pytest.raises(ParameterError):
        profile(pl.DataFrame(columns), **{"features": ["revenue"], **wrong})
