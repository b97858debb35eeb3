"""Lifecycle stages: the ordered rules in plain Python, their laws, and every engine."""

from __future__ import annotations

from math import isnan
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.rules import decide
from telcrm.segmentation import (
    LifecyclePolicy,
    LifecycleSegmenter,
    LifecycleStage,
    lifecycle,
    rule_coverage,
)

SCHEMA = {
    "customer_id": pl.String,
    "tenure_months": pl.Int64,
    "months_since_active": pl.Int64,
    "months_without_revenue": pl.Int64,
    "recent_revenue": pl.Float64,
    "earlier_revenue": pl.Float64,
}
count = st.none() | st.integers(0, 8)
amount = st.sampled_from([None, float("nan"), -2.0, 0.0, 8.0, 10.0, 12.0])
facts = st.tuples(count, count, count, amount, amount)
policies = st.builds(
    LifecyclePolicy,
    new_months=st.integers(1, 5),
    dormant_after_months=st.integers(1, 2),
    lost_after_months=st.integers(2, 6),
)
COLUMNS: dict[str, list[Any]] = {
    "customer_id": ["g", "f", "e", "d", "c", "b", "a"],
    "tenure_months": [24, 24, 24, 24, 24, 2, None],
    "months_since_active": [4, 0, 0, 0, 0, 0, None],
    "months_without_revenue": [4, 2, 0, 0, 0, 0, None],
    "recent_revenue": [0.0, 0.0, 8.0, 10.0, 12.0, 5.0, None],
    "earlier_revenue": [10.0, 1.0, 10.0, 10.0, 10.0, None, None],
}


def oracle(row: tuple[Any, ...], policy: LifecyclePolicy) -> LifecycleStage:
    # NaN is no number, and every test on it is false.
    tenure, away, unpaid, recent, earlier = (
        float("nan") if value is None else value for value in row
    )
    tests = {
        LifecycleStage.PROSPECT: isnan(away),
        LifecycleStage.LOST: away >= policy.lost_after_months,
        LifecycleStage.DORMANT: unpaid >= policy.dormant_after_months,
        LifecycleStage.NEW: tenure < policy.new_months,
        LifecycleStage.DECLINING: earlier > 0 and recent <= policy.decline_ratio * earlier,
        LifecycleStage.GROWING: recent > 0 and recent >= policy.growth_ratio * earlier,
    }
    return next((stage for stage, holds in tests.items() if holds), LifecycleStage.MATURE)


def frame_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    named = [(f"C-{at:02}", *row) for at, row in enumerate(rows)]
    return pl.DataFrame(named, schema=SCHEMA, orient="row")


@given(st.lists(facts, max_size=12), policies)
@settings(max_examples=5)
def test_stages_by_hand_agree(rows: list[tuple[Any, ...]], policy: LifecyclePolicy) -> None:
    frame = frame_of(rows)
    found = lifecycle(frame, policy=policy)
    assert found["stage"].to_list() == [oracle(row, policy) for row in rows]
    assert found.drop("stage").equals(frame.select(found.drop("stage").columns))
    segments = LifecycleSegmenter(policy=policy).fit(frame).predict(frame)
    assert segments["segment"].to_list() == found["stage"].to_list()
    rules = policy.rule_set()
    assert [decide(rules, record).label for record in frame.to_dicts()] == found["stage"].to_list()
    covered = rule_coverage(frame, rules)
    assert sum(each.fires for each in covered.rules) + covered.unmatched == len(rows)


@given(facts, policies)
@settings(max_examples=5)
def test_staying_away_longer_never_brings_anyone_back(
    row: tuple[Any, ...], policy: LifecyclePolicy
) -> None:
    longer = [(row[0], away, max(away, row[2] or 0), *row[3:]) for away in range(8)]
    stages = lifecycle(frame_of(longer), policy=policy)["stage"].to_list()
    order = {"dormant": 1, "lost": 2}
    worse = [order.get(stage, 0) for stage in stages]
    assert worse == sorted(worse)


def test_every_engine_tells_the_same_stages(backend: Any) -> None:
    found = lifecycle(backend.frame(COLUMNS))
    assert backend.is_own(found)
    rows = backend.rows(found)
    assert [row["customer_id"] for row in rows] == list("abcdefg")
    assert [row["stage"] for row in rows] == [
        "prospect",
        "new",
        "growing",
        "mature",
        "declining",
        "dormant",
        "lost",
    ]
    assert set(LifecycleStage) == {row["stage"] for row in rows}


def test_facts_are_numbers_of_one_row_each() -> None:
    frame = pl.DataFrame(COLUMNS)
    with pytest.raises(MissingColumnsError, match="lacks 'recent_revenue'"):
        lifecycle(frame.drop("recent_revenue"))
    with pytest.raises(ColumnTypeError, match="'tenure_months' holds String"):
        lifecycle(frame.with_columns(tenure_months=pl.lit("2")))
    with pytest.raises(ColumnTypeError, match="Cast it first"):
        lifecycle(frame.with_columns(tenure_months=None))
    with pytest.raises(InvalidTableError, match="customer_id comes more than once"):
        lifecycle(pl.concat([frame, frame.head(1)]))
    with pytest.raises(ParameterError, match="'stage' would stand twice"):
        lifecycle(frame.rename({"customer_id": "stage"}), customer="stage")
    with pytest.raises(MissingColumnsError, match="lacks 'earlier_revenue'"):
        LifecycleSegmenter().fit(frame.drop("earlier_revenue"))


def test_a_column_without_any_value_of_a_type_leaves_its_rules_out() -> None:
    blank = {name: pl.lit(None, dtype) for name, dtype in SCHEMA.items() if name != "customer_id"}
    found = lifecycle(pl.DataFrame(COLUMNS).with_columns(**blank))
    assert set(found["stage"]) == {"prospect"}
    assert lifecycle(pl.DataFrame(schema=SCHEMA)).is_empty()
