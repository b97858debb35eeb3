"""Segments by rules: every engine agrees with the decision on one record at a time."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    FieldTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    RuleError,
    RuleMismatchError,
)
from telcrm.rules import Rule, RuleSet, decide, field
from telcrm.segmentation import RuleSegmenter, rule_coverage, segment_by_rules

RULES = RuleSet(
    name="value segments",
    version=1,
    rules=(
        Rule(name="high spend", when=field("revenue") >= 50, then="premium"),
        Rule(name="young", when=field("age") < 26, then="youth"),
        Rule(name="very high spend", when=field("revenue") >= 80, then="top"),
    ),
)
COLUMNS: dict[str, list[Any]] = {
    "customer_id": ["d", "b", "a", "c", "e"],
    "revenue": [90.0, 60.0, None, 9.0, 2.0],
    "age": [70, 20, 20, 70, None],
}
customers = st.lists(
    st.tuples(
        st.sampled_from([None, float("nan"), 0.0, 49.9, 50.0, 80.0, -1.0]),
        st.sampled_from([None, 20, 26]),
    ),
    max_size=12,
)


def frame_of(rows: list[tuple[float | None, int | None]]) -> pl.DataFrame:
    named = [(f"C-{at:02}", *row) for at, row in enumerate(rows)]
    schema = {"customer_id": pl.String, "revenue": pl.Float64, "age": pl.Int64}
    return pl.DataFrame(named, schema=schema, orient="row")


@given(customers, st.sampled_from(["first", "all"]), st.sampled_from([None, "mass"]))
@settings(max_examples=6)
def test_each_row_is_what_is_decided_on_its_record(
    rows: list[Any], matching: str, otherwise: str | None
) -> None:
    frame, rules = frame_of(rows), RULES.replace(matching=matching)
    found = segment_by_rules(frame, rules, otherwise=otherwise).to_dicts()
    assert len(found) == len(rows)
    for row, record in zip(found, frame.to_dicts(), strict=True):
        decision = decide(rules.replace(otherwise=otherwise), record)
        fired = [outcome.rule for outcome in decision.fired]
        assert (row["segment"], row["rule"]) == (decision.label, fired[0] if fired else None)
        if matching == "all":
            assert [rule.name for rule in RULES.rules if row[rule.name]] == fired
        else:
            assert set(row) == {"customer_id", "segment", "rule"}


@given(customers)
@settings(max_examples=5)
def test_every_customer_is_counted_by_one_rule_or_by_none(rows: list[Any]) -> None:
    covered = rule_coverage(frame_of(rows), RULES)
    assert sum(each.fires for each in covered.rules) + covered.unmatched == covered.customers
    assert covered.customers == len(rows)
    assert all(0 <= each.fires <= each.holds for each in covered.rules)
    assert covered.rules[0].shadowed == 0
    every = rule_coverage(frame_of(rows), RULES.replace(matching="all"))
    assert [each.fires for each in every.rules] == [each.holds for each in covered.rules]
    assert every.unmatched == covered.unmatched


def test_every_engine_gives_the_same_segments(backend: Any) -> None:
    found = segment_by_rules(backend.frame(COLUMNS), RULES, otherwise="mass")
    assert backend.is_own(found)
    assert [tuple(row.values()) for row in backend.rows(found)] == [
        ("a", "youth", "young"),
        ("b", "premium", "high spend"),
        ("c", "mass", None),
        ("d", "premium", "high spend"),
        ("e", "mass", None),
    ]


def test_every_engine_counts_alike(backend: Any) -> None:
    covered = rule_coverage(backend.frame(COLUMNS), RULES)
    counts = [(each.rule, each.segment, each.holds, each.fires) for each in covered.rules]
    assert counts == [
        ("high spend", "premium", 2, 2),
        ("young", "youth", 2, 1),
        ("very high spend", "top", 1, 0),
    ]
    assert (covered.customers, covered.unmatched) == (5, 2)
    assert covered.idle == ("very high spend",)
    assert "unmatched 2" in repr(covered)


def test_each_engine_flags_every_rule_that_holds(backend: Any) -> None:
    rules = RULES.replace(matching="all")
    found = backend.rows(segment_by_rules(backend.frame(COLUMNS), rules))
    flags = {row["customer_id"]: [row[rule.name] for rule in RULES.rules] for row in found}
    assert flags == {
        "a": [False, True, False],
        "b": [True, True, False],
        "c": [False, False, False],
        "d": [True, False, True],
        "e": [False, False, False],
    }


def test_a_lazy_frame_stays_lazy_and_columns_have_their_types() -> None:
    found = segment_by_rules(pl.LazyFrame(COLUMNS), RULES.replace(matching="all"))
    assert isinstance(found, pl.LazyFrame)
    assert set(found.collect_schema().dtypes()) == {pl.String, pl.Boolean}


def test_a_base_of_nobody_gives_nobody() -> None:
    schema = {"customer_id": pl.String, "revenue": pl.Float64, "age": pl.Int64}
    nobody = pl.DataFrame(schema=schema)
    assert segment_by_rules(nobody, RULES).is_empty()
    assert rule_coverage(nobody, RULES).customers == 0
    pandas = segment_by_rules(nobody.to_pandas(), RULES)
    assert list(pandas) == ["customer_id", "segment", "rule"]
    assert len(pandas) == 0


def test_a_customer_stands_in_one_row(backend: Any) -> None:
    columns = {**COLUMNS, "customer_id": ["d", "b", "a", "b", "b"]}
    with pytest.raises(
        InvalidTableError, match=r"customer_id comes more than once: 1 key \(first keys: b\)"
    ):
        segment_by_rules(backend.frame(columns), RULES)
    columns["customer_id"] = ["d", "b", None, "c", "e"]
    with pytest.raises(InvalidTableError, match="'customer_id' is null in 1 row"):
        rule_coverage(backend.frame(columns), RULES)


def test_rules_have_to_fit_the_table() -> None:
    frame = pl.DataFrame(COLUMNS)
    with pytest.raises(RuleMismatchError, match="has no column 'age'"):
        segment_by_rules(frame.drop("age"), RULES)
    with pytest.raises(MissingColumnsError, match="lacks 'customer_id'"):
        segment_by_rules(frame.drop("customer_id"), RULES)
    with pytest.raises(ColumnTypeError, match="has to hold text, whole numbers"):
        segment_by_rules(frame, RULES, customer="revenue")
    unlabelled = RuleSet(name="s", version=1, rules=(RULES.rules[0].replace(then=None),))
    with pytest.raises(RuleError, match="have no labels"):
        segment_by_rules(frame, unlabelled)
    with pytest.raises(FieldTypeError, match="Cast it first"):
        segment_by_rules(frame.with_columns(age=None), RULES)
    everything_missing = frame.with_columns(age=pl.lit(None, pl.Int64), revenue=float("nan"))
    assert segment_by_rules(everything_missing, RULES)["rule"].null_count() == frame.height


@pytest.mark.parametrize("taken", ["segment", "Rule"])
def test_names_that_clash_are_refused(taken: str) -> None:
    frame = pl.DataFrame(COLUMNS).rename({"customer_id": taken})
    with pytest.raises(ParameterError, match="would stand twice"):
        segment_by_rules(frame, RULES, customer=taken)
    called_so = RULES.rules[0].replace(name=taken)
    every = RuleSet(name="s", version=1, rules=(called_so,), matching="all")
    with pytest.raises(ParameterError, match="would stand twice"):
        segment_by_rules(pl.DataFrame(COLUMNS), every)


def test_what_is_no_rule_set_is_refused() -> None:
    rule: Any = RULES.rules[0]
    with pytest.raises(ParameterError, match="rule_set is a Rule"):
        segment_by_rules(pl.DataFrame(COLUMNS), rule)


def test_the_segmenter_checks_the_rules_when_it_is_fitted() -> None:
    with pytest.raises(RuleMismatchError, match="has no column 'age'"):
        RuleSegmenter(rule_set=RULES).fit(pl.DataFrame(COLUMNS).drop("age"))
    found = RuleSegmenter(rule_set=RULES).predict(pl.DataFrame(COLUMNS))
    assert found["segment"].to_list() == ["youth", "premium", None, "premium", None]
