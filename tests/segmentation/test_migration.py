"""Migration: moves counted in plain Python, its balance, and every engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.segmentation.segment_months import (
    MONTHS,
    SCHEMA,
    Rows,
    assignments,
    columns_of,
    frame_of,
    month,
    some_months,
)

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.segmentation import MigrationState, migration

ENTRY, EXIT, UNASSIGNED = (str(state) for state in MigrationState)


def oracle(rows: Rows, months: list[int]) -> list[tuple[Any, ...]]:
    moved = []
    for before, after in pairwise(months):
        was, now = (
            {who: label or UNASSIGNED for (who, at), label in rows.items() if at == when}
            for when in (before, after)
        )
        moves = Counter((was.get(who, ENTRY), now.get(who, EXIT)) for who in sorted({*was, *now}))
        sizes = Counter(was.values()), Counter(now.values())
        for (left, joined), number in sorted(moves.items()):
            size = sizes[0][left]
            numbers = (number, size, sizes[1][joined], number / size if size else None)
            moved.append((month(before), month(after), left, joined, *numbers))
    return moved


@given(assignments)
@settings(max_examples=5)
def test_moves_by_hand_agree(rows: Rows) -> None:
    observed = sorted({at for _, at in rows})
    moved = migration(frame_of(rows))
    assert moved.rows() == oracle(rows, observed)
    assert moved.columns[:4] == ["period_before", "period", "from_segment", "to_segment"]


@given(assignments)
@settings(max_examples=5)
def test_moves_away_are_the_size_before_and_moves_in_the_size_after(rows: Rows) -> None:
    sizes: dict[date, Counter[str]] = defaultdict(Counter)
    for (_, at), label in rows.items():
        sizes[month(at)][label or UNASSIGNED] += 1
    moved = migration(frame_of(rows))
    away = moved.filter(pl.col("from_segment") != ENTRY).group_by("period_before", "from_segment")
    came = moved.filter(pl.col("to_segment") != EXIT).group_by("period", "to_segment")
    last, first = max(sizes, default=None), min(sizes, default=None)
    for groups, left_out in ((away, last), (came, first)):
        found: dict[date, Counter[str]] = defaultdict(Counter)
        for day, label, number in groups.agg(pl.col("customers").sum()).iter_rows():
            found[day][label] = number
        assert found == {day: counts for day, counts in sizes.items() if day != left_out}
    rates = moved.filter(pl.col("from_segment") != ENTRY)
    assert rates["rate"].is_between(0, 1).all()
    whole = rates.group_by("period", "from_segment").agg(pl.col("rate").sum())["rate"]
    assert whole.to_list() == pytest.approx([1.0] * len(whole))
    assert moved.filter(pl.col("from_segment") == ENTRY)["rate"].null_count() == len(
        moved.filter(pl.col("from_segment") == ENTRY)
    )


def test_every_engine_counts_the_same_moves(backend: Any) -> None:
    rows = some_months()
    moved = migration(backend.frame(columns_of(rows)))
    assert backend.is_own(moved)
    assert [tuple(row.values()) for row in backend.rows(moved)] == oracle(rows, list(MONTHS))


def test_each_engine_compares_two_months(backend: Any) -> None:
    rows = some_months()
    moved = migration(backend.frame(columns_of(rows)), between=(month(0), month(6)))
    assert [tuple(row.values()) for row in backend.rows(moved)] == oracle(rows, [0, 6])


@given(st.permutations(list(some_months().items())))
@settings(max_examples=3)
def test_rows_and_columns_come_in_any_order(rows: list[Any]) -> None:
    frame = frame_of(dict(rows)).select("segment", "period", "customer_id")
    assert migration(frame).rows() == oracle(some_months(), list(MONTHS))


def test_adding_customers_adds_their_moves() -> None:
    rows = some_months()
    halves = [
        {key: label for key, label in rows.items() if (key[0] < "C-15") is low}
        for low in (True, False)
    ]
    keys = ["period_before", "period", "from_segment", "to_segment"]
    parts = pl.concat([migration(frame_of(half)) for half in halves])
    added = parts.group_by(keys).agg(pl.col("customers").sum()).sort(keys[1:])
    assert added.equals(migration(frame_of(rows)).select(*keys, "customers"))


def test_whole_numbers_and_other_names_do_too(backend: Any) -> None:
    columns = {
        "kunde": [1, 1, 2],
        "monat": [month(0), month(1), month(1)],
        "cluster": [0, 1, 1],
    }
    moved = migration(backend.frame(columns), customer="kunde", period="monat", segment="cluster")
    found = [tuple(row.values())[2:5] for row in backend.rows(moved)]
    assert found == [(ENTRY, "1", 1), ("0", "1", 1)]
    assert list(backend.rows(moved)[0])[:2] == ["monat_before", "monat"]


def test_fewer_than_two_months_move_nobody(backend: Any) -> None:
    one = backend.frame(columns_of({("a", 0): "mass"}))
    assert backend.rows(migration(one)) == []
    nobody = migration(pl.LazyFrame(schema=SCHEMA))
    assert isinstance(nobody, pl.LazyFrame)
    assert nobody.collect().is_empty()
    types = [pl.Date, pl.Date, pl.String, pl.String, pl.Int64, pl.Int64, pl.Int64, pl.Float64]
    assert nobody.collect_schema().dtypes() == types


def test_a_customer_stands_once_in_a_month(backend: Any) -> None:
    columns = columns_of(some_months())
    twice = {name: [*values, values[0]] for name, values in columns.items()}
    with pytest.raises(InvalidTableError, match="customer_id, period comes more than once: 1 key"):
        migration(backend.frame(twice))


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"customer_id": pl.lit(None, pl.String)}, InvalidTableError, "'customer_id' is null"),
        ({"period": pl.lit(None, pl.Date)}, InvalidTableError, "'period' is null"),
        ({"period": date(2024, 1, 2)}, InvalidTableError, "first day of its month"),
        ({"period": pl.lit("2024-01")}, ColumnTypeError, "'period' holds String"),
        ({"segment": pl.lit("(exit)")}, InvalidTableError, "which are no segments"),
        ({"segment": None}, ColumnTypeError, "has to hold text or whole numbers"),
        ({"segment": 0.5}, ColumnTypeError, "has to hold text or whole numbers"),
        ({"segment": True}, ColumnTypeError, "has to hold text or whole numbers"),
    ],
)
def test_what_cannot_be_followed_is_refused(changes: Any, error: Any, complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        migration(frame_of(some_months()).with_columns(**changes))


def test_segments_that_are_all_null_are_all_unassigned() -> None:
    blank = frame_of(some_months()).with_columns(segment=pl.lit(None, pl.String))
    assert set(migration(blank)["from_segment"]) <= {ENTRY, UNASSIGNED}


@pytest.mark.parametrize(
    "between",
    [
        (month(0), month(3)),
        (month(6), month(7)),
        (month(0), date(2023, 12, 2)),
        (month(1), month(0)),
        (month(0), month(0)),
        (month(0),),
        (datetime(2023, 11, 1), datetime(2023, 12, 1)),
        ("2023-11", "2023-12"),
    ],
)
def test_months_that_the_table_does_not_have_are_refused(between: Any) -> None:
    with pytest.raises(ParameterError, match="between"):
        migration(frame_of(some_months()), between=between)


def test_an_unknown_month_is_told_with_those_that_are_known() -> None:
    with pytest.raises(ParameterError, match=r"no period 2024-02-01. Its months: 2023-11, 2023-12"):
        migration(frame_of(some_months()), between=(month(0), month(3)))
    with pytest.raises(ParameterError, match="Its months: none"):
        migration(pl.DataFrame(schema=SCHEMA), between=(month(0), month(3)))


def test_names_that_are_missing_or_clash_are_refused() -> None:
    frame = frame_of(some_months())
    with pytest.raises(MissingColumnsError, match="lacks 'cluster'"):
        migration(frame, segment="cluster")
    with pytest.raises(ParameterError, match="'rate' would stand twice"):
        migration(frame.rename({"period": "rate"}), period="rate")
