"""The facts behind a stage, worked out month by month in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

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
    UnsupportedFrameError,
)
from telcrm.segmentation import LifecyclePolicy, lifecycle_facts
from telcrm.segmentation.lifecycle_stages.lifecycle_facts import LIFECYCLE_FACTS

Row = tuple[str, int, float, int | None]
SCHEMA = {
    "customer_id": pl.String,
    "period": pl.Date,
    "revenue": pl.Float64,
    "tenure_months": pl.Int64,
}
months = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 11),
        st.sampled_from([0.0, 0.1, 0.2, 10.0, -3.0]),
        st.sampled_from([None, 0, 30]),
    ),
    max_size=15,
)


def month(index: int) -> date:
    return date(2024, index + 1, 1)


def columns_of(rows: list[Row]) -> dict[str, list[Any]]:
    return {
        "customer_id": [row[0] for row in rows],
        "period": [month(row[1]) for row in rows],
        "revenue": [row[2] for row in rows],
        "tenure_months": [row[3] for row in rows],
    }


def oracle(rows: list[Row], last: int, trend: int, known: str = "") -> list[tuple[Any, ...]]:
    paid: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    joined: dict[str, int] = {}
    for who, at, revenue, tenure in rows:
        if at <= last:
            paid[who][at] += revenue
            joined[who] = min(joined.get(who, 99), at - (tenure or 0))
    start = min((row[1] for row in rows), default=0)

    def mean(who: str, first: int, end: int) -> float | None:
        window = [at for at in range(first, end + 1) if at >= max(joined[who], start)]
        if not window:
            return None
        return round(sum(paid[who].get(at, 0.0) for at in window) / len(window), 6) + 0.0

    facts: list[tuple[Any, ...]] = []
    for who in sorted({*paid, *known}):
        if who not in paid:
            facts.append((who, 0, *[None] * 5))
            continue
        seen = sorted(paid[who])
        paying = [at for at in seen if round(paid[who][at], 6) > 0]
        facts.append(
            (
                who,
                len(seen),
                last - joined[who],
                last - seen[-1],
                last - paying[-1] if paying else last - seen[0] + 1,
                mean(who, last - trend + 1, last),
                mean(who, last - 2 * trend + 1, last - trend),
            )
        )
    return facts


@given(months, st.integers(0, 11), st.integers(1, 4), st.sampled_from(["", "ax"]))
@settings(max_examples=6)
def test_facts_by_hand_agree(rows: list[Row], last: int, trend: int, known: str) -> None:
    frame = pl.DataFrame(columns_of(rows), schema=SCHEMA)
    customers = pl.DataFrame({"customer_id": list(known)}) if known else None
    found = lifecycle_facts(
        frame,
        as_of=month(last),
        customers=customers,
        tenure="tenure_months",
        policy=LifecyclePolicy(trend_months=trend),
    )
    assert found.columns == ["customer_id", *LIFECYCLE_FACTS]
    assert found.rows() == oracle(rows, last, trend, known)


FIXED: list[Row] = [
    ("b", 2, 9.0, None),
    *[("a", at, 10.0 + 5 * (at > 2), None) for at in range(6)],
    ("a", 5, 0.1, None),
    ("c", 5, -1.0, 40),
    ("d", 6, 50.0, None),
]


def test_every_engine_gives_the_same_facts(backend: Any) -> None:
    frame, customers = backend.frames(columns_of(FIXED), {"customer_id": ["a", "d", "e"]})
    found = lifecycle_facts(
        frame, as_of=date(2024, 6, 30), customers=customers, tenure="tenure_months"
    )
    assert backend.is_own(found)
    rows = [tuple(row.values()) for row in backend.rows(found)]
    assert rows == oracle(FIXED, 5, 3, "ade")


def test_types_are_the_same_with_and_without_prospects() -> None:
    frame = pl.LazyFrame(columns_of(FIXED), schema=SCHEMA)
    known = pl.LazyFrame({"customer_id": ["z"]})
    alone = lifecycle_facts(frame, as_of=date(2024, 6, 1))
    beside = lifecycle_facts(frame, as_of=date(2024, 6, 1), customers=known)
    assert isinstance(beside, pl.LazyFrame)
    assert alone.collect_schema() == beside.collect_schema()
    assert alone.collect_schema().dtypes() == [pl.String, *[pl.Int64] * 4, *[pl.Float64] * 2]


@given(st.permutations(FIXED))
@settings(max_examples=5)
def test_rows_and_columns_come_in_any_order(rows: list[Row]) -> None:
    frame = pl.DataFrame(columns_of(rows), schema=SCHEMA).select(sorted(SCHEMA))
    found = lifecycle_facts(frame, as_of=date(2024, 6, 1), tenure="tenure_months")
    assert found.rows() == oracle(FIXED, 5, 3)


def test_what_came_later_is_not_looked_at() -> None:
    frame = pl.DataFrame(columns_of(FIXED), schema=SCHEMA)
    early = frame.filter(pl.col("period") <= date(2024, 3, 1))
    day = date(2024, 3, 31)
    assert lifecycle_facts(frame, as_of=day).equals(lifecycle_facts(early, as_of=day))


def test_nobody_and_one_are_bases_too(backend: Any) -> None:
    frame = backend.frame(columns_of(FIXED[:1]))
    assert backend.rows(lifecycle_facts(frame, as_of=date(2023, 12, 31))) == []
    [one] = backend.rows(lifecycle_facts(frame, as_of=date(2024, 3, 1)))
    assert one["earlier_revenue"] is None
    assert one["recent_revenue"] == 9


def test_a_table_without_rows_still_has_its_prospects() -> None:
    known = pl.DataFrame({"customer_id": ["a", "a"]})
    found = lifecycle_facts(pl.DataFrame(schema=SCHEMA), as_of=date(2024, 1, 1), customers=known)
    assert found.rows() == [("a", 0, None, None, None, None, None)]


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"customer_id": pl.lit(None, pl.String)}, InvalidTableError, "'customer_id' is null"),
        ({"revenue": pl.lit(None, pl.Float64)}, InvalidTableError, "'revenue' is null in 10 rows"),
        ({"revenue": float("nan")}, InvalidTableError, "not a finite number"),
        ({"tenure_months": -1}, InvalidTableError, "'tenure_months' is negative in 10 rows"),
        ({"tenure_months": float("inf")}, InvalidTableError, "not a finite number"),
        ({"period": pl.lit(date(2024, 1, 2))}, InvalidTableError, "first day of its month"),
        ({"period": pl.lit("2024-01")}, ColumnTypeError, "'period' holds String"),
        ({"revenue": pl.lit("9")}, ColumnTypeError, "'revenue' holds String"),
        ({"customer_id": 0.5}, ColumnTypeError, "'customer_id' holds Float64"),
    ],
)
def test_what_gives_wrong_facts_is_refused(changes: Any, error: Any, complaint: str) -> None:
    frame = pl.DataFrame(columns_of(FIXED), schema=SCHEMA).with_columns(**changes)
    with pytest.raises(error, match=complaint):
        lifecycle_facts(frame, as_of=date(2024, 6, 1), tenure="tenure_months")


def test_tables_and_parameters_that_do_not_fit_are_refused() -> None:
    frame = pl.DataFrame(columns_of(FIXED), schema=SCHEMA)
    day = date(2024, 6, 1)
    with pytest.raises(MissingColumnsError, match='Pass tenure="tenure_months"'):
        lifecycle_facts(frame, as_of=day, tenure="tenure")
    with pytest.raises(ParameterError, match="has to be a date"):
        lifecycle_facts(frame, as_of=datetime(2024, 6, 1))
    with pytest.raises(ParameterError, match="as_of is '2024-06'"):
        lifecycle_facts(frame, as_of="2024-06")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="'Active_Months' would stand twice"):
        lifecycle_facts(
            frame.rename({"customer_id": "Active_Months"}), as_of=day, customer="Active_Months"
        )
    with pytest.raises(UnsupportedFrameError, match="Pass both tables on one engine"):
        lifecycle_facts(frame, as_of=day, customers=frame.to_pandas())
    with pytest.raises(ColumnTypeError, match=r"holds Int64, in subscriber_months String"):
        lifecycle_facts(frame, as_of=day, customers=pl.DataFrame({"customer_id": [1]}))
    mixed = frame.with_columns(currency=pl.Series(["EUR", "USD"] * 5))
    with pytest.raises(CurrencyMismatchError, match="mixes"):
        lifecycle_facts(mixed, as_of=day)
