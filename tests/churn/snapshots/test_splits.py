"""Splits by time and by customer."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.churn.snapshots.splits import customer_folds, time_splits
from telcrm.churn.window import ChurnWindow, PrepaidRule
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    WindowError,
)

MONTHS = [date(2025, month, 1) for month in range(1, 13)]
ROWS: dict[str, list[Any]] = {
    "customer_id": ["ann", "bob", "ann", "cid", "dee", "bob"],
    "snapshot": [MONTHS[0], MONTHS[0], MONTHS[2], MONTHS[5], MONTHS[5], MONTHS[2]],
}


@given(
    days=st.sets(st.integers(0, 500), min_size=2, max_size=12),
    gap=st.integers(0, 60),
    outcome=st.integers(1, 60),
    kept=st.none() | st.integers(1, 3),
)
def test_no_outcome_of_training_was_open_at_the_test(
    days: set[int], gap: int, outcome: int, kept: int | None
) -> None:
    window = ChurnWindow(gap_days=gap, outcome_days=outcome)
    snapshots = [MONTHS[0] + timedelta(days=day) for day in days]
    late = timedelta(days=gap + outcome)
    possible = [day for day in sorted(snapshots) if min(snapshots) + late <= day]
    if not possible:
        with pytest.raises(WindowError, match="more snapshots"):
            time_splits(snapshots, window=window, train_snapshots=kept)
        return
    splits = time_splits(snapshots, window=window, train_snapshots=kept)
    assert [test for _, (test,) in splits] == possible
    for train, (test,) in splits:
        known = [day for day in sorted(snapshots) if day + late <= test]
        assert list(train) == (known[-kept:] if kept else known)


def test_prepaid_lines_wait_until_silence_is_certain() -> None:
    window = ChurnWindow(prepaid=PrepaidRule(inactivity_days=90, refill_grace_days=None))
    [first, *_] = time_splits(MONTHS, window=window, payment_mode="prepaid")
    assert first == ((MONTHS[0],), (MONTHS[5],))
    [first, *_] = time_splits(MONTHS, window=window)
    # 1 January and 60 days is 2 March.
    assert first == ((MONTHS[0],), (MONTHS[3],))


def test_the_last_splits_can_be_asked_for() -> None:
    window = ChurnWindow()
    every = time_splits(MONTHS, window=window)
    assert time_splits(MONTHS, window=window, n_splits=2) == every[-2:]
    with pytest.raises(WindowError, match="100 are"):
        time_splits(MONTHS, window=window, n_splits=100)
    with pytest.raises(ParameterError):
        time_splits(MONTHS, window=window, n_splits=0)
    with pytest.raises(ParameterError):
        time_splits(MONTHS, window=window, train_snapshots=-1)


def test_snapshots_come_from_a_panel(distinct_backend: Backend) -> None:
    window = ChurnWindow(gap_days=20)
    found = time_splits(distinct_backend.frame(ROWS), window=window)
    assert found == time_splits([MONTHS[0], MONTHS[2], MONTHS[5]], window=window)
    assert len(found) == 2


def test_snapshots_come_from_a_panel_in_spark(spark_backend: Backend) -> None:
    found = time_splits(spark_backend.frame(ROWS), window=ChurnWindow(gap_days=20))
    assert found[0].test == (MONTHS[2],)


def test_a_panel_needs_its_snapshots() -> None:
    with pytest.raises(MissingColumnsError):
        time_splits(pl.DataFrame({"day": MONTHS}), window=ChurnWindow())
    with pytest.raises(ColumnTypeError):
        time_splits(pl.DataFrame({"snapshot": ["2025-01-01"]}), window=ChurnWindow())


def folds_of(engine: Backend, random_state: int = 0) -> list[tuple[str, int]]:
    folded = customer_folds(engine.frame(ROWS), n_splits=3, random_state=random_state)
    assert engine.is_own(folded)
    return sorted((row["customer_id"], row["fold"]) for row in engine.rows(folded))


def test_folds_are_the_same_on_every_engine(backend: Backend) -> None:
    expected = [("ann", 0), ("ann", 0), ("bob", 0), ("bob", 0), ("cid", 2), ("dee", 1)]
    assert folds_of(backend) == expected


def test_folds_are_even_and_never_part_a_customer() -> None:
    names = [f"C{number % 5_000}" for number in range(10_000)]
    folded = customer_folds(pl.DataFrame({"customer_id": names}), n_splits=4, random_state=3)
    assert folded.height == len(names)
    assert folded.group_by("customer_id").agg(pl.col("fold").n_unique())["fold"].max() == 1
    counts = Counter(folded["fold"].to_list())
    assert set(counts) == {0, 1, 2, 3}
    # Five standard deviations of a binomial.
    assert all(
        abs(count - 2_500) < 2 * 5 * (5_000 * 0.25 * 0.75) ** 0.5 for count in counts.values()
    )
    # Whoever else is there changes nothing.
    some = customer_folds(pl.DataFrame({"customer_id": names[:7]}), n_splits=4, random_state=3)
    assert some["fold"].to_list() == [
        dict(zip(folded["customer_id"], folded["fold"], strict=True))[name] for name in names[:7]
    ]


def test_another_seed_gives_other_folds() -> None:
    names = pl.DataFrame({"customer_id": [f"C{number}" for number in range(100)]})
    one, other = (customer_folds(names, random_state=seed)["fold"].to_list() for seed in (0, 1))
    assert one != other


def test_numbers_name_customers_too() -> None:
    words = customer_folds(pl.DataFrame({"customer_id": ["1", "2", "3"]}))
    numbers = customer_folds(pl.DataFrame({"customer_id": [1, 2, 3]}))
    assert sorted(words["fold"]) == sorted(numbers["fold"])


def test_bad_folds_are_refused() -> None:
    rows = pl.DataFrame(ROWS)
    with pytest.raises(ParameterError):
        customer_folds(rows, n_splits=1)
    with pytest.raises(ParameterError, match="fold"):
        customer_folds(rows.with_columns(fold=0))
    with pytest.raises(MissingColumnsError):
        customer_folds(rows, customer="account_id")
    with pytest.raises(InvalidTableError, match="null"):
        customer_folds(pl.DataFrame({"customer_id": ["ann", None]}))
    with pytest.raises(ColumnTypeError):
        customer_folds(pl.DataFrame({"customer_id": [0.5]}))
