"""Columns of every engine and single records give the same answers, row by row."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rules.random_conditions import (
    Rows,
    arrow_columns,
    column_answers,
    conditions,
    frame_of,
    modest_rows,
    rows,
    rule_sets,
)

from telcrm.rules import (
    Condition,
    RuleSet,
    condition_column,
    decide,
    fired_rules,
    flag_columns,
    holds,
    label_column,
    not_,
    rule_column,
    score_column,
)

# Engines need long enough for a query that Hypothesis would call the data slow.
few = settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])


def polars_frame(given_rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(pa.table(arrow_columns(given_rows))))


def columns_of(condition: Condition, native: Any) -> list[Any]:
    def make(schema: Any) -> Any:
        return {"holds": condition_column(condition, schema)}

    return column_answers(native, make)["holds"]


def rule_columns(rule_set: RuleSet, native: Any) -> dict[str, list[Any]]:
    def make(schema: Any) -> Any:
        made = {**flag_columns(rule_set, schema), "rule": rule_column(rule_set, schema)}
        if rule_set.has_labels:
            made["label"] = label_column(rule_set, schema)
        if rule_set.has_scores:
            made["score"] = score_column(rule_set, schema)
        return made

    return column_answers(native, make)


def expected(rule_set: RuleSet, given_rows: Rows) -> dict[str, list[Any]]:
    decisions = [decide(rule_set, row) for row in given_rows]
    columns: dict[str, list[Any]] = {
        rule.name: [rule.name in {one.rule for one in decision.fired} for decision in decisions]
        for rule in rule_set.rules
    }
    columns["rule"] = [one.fired[0].rule if one.fired else None for one in decisions]
    if rule_set.has_labels:
        columns["label"] = [decision.label for decision in decisions]
    if rule_set.has_scores:
        columns["score"] = [decision.score for decision in decisions]
    return columns


@given(conditions, rows)
def test_columns_and_records_agree(condition: Condition, given_rows: Rows) -> None:
    answers = [holds(condition, row) for row in given_rows]
    assert columns_of(condition, polars_frame(given_rows)) == answers


@given(st.data())
@few
def test_every_quick_engine_agrees(quick_backend: Any, data: Any) -> None:
    condition, given_rows = data.draw(conditions), data.draw(modest_rows)
    answers = [holds(condition, row) for row in given_rows]
    assert columns_of(condition, frame_of(quick_backend, given_rows)) == answers


@given(conditions, conditions, rows)
@settings(max_examples=25)
def test_de_morgan(left: Condition, right: Condition, given_rows: Rows) -> None:
    frame = polars_frame(given_rows)
    neither, both = ~(left | right), ~(left & right)
    assert columns_of(neither, frame) == columns_of(~left & ~right, frame)
    assert columns_of(both, frame) == columns_of(~left | ~right, frame)
    for row in given_rows:
        assert holds(neither, row) == holds(~left & ~right, row)
        assert holds(both, row) == holds(~left | ~right, row)
        assert holds(not_(left), row) is not holds(left, row)


@given(rule_sets(), rows)
@settings(max_examples=25)
def test_rule_sets_decide_alike_on_columns_and_records(rule_set: RuleSet, given_rows: Rows) -> None:
    answers = rule_columns(rule_set, polars_frame(given_rows))
    assert answers == expected(rule_set, given_rows)
    fired = fired_rules(rule_set)
    for row in given_rows:
        names = [outcome.rule for outcome in decide(rule_set, row).fired]
        assert [rule.name for rule in fired(row)] == names


@given(st.data())
@few
def test_rule_sets_decide_alike_on_every_quick_engine(quick_backend: Any, data: Any) -> None:
    rule_set, given_rows = data.draw(rule_sets()), data.draw(modest_rows)
    answers = rule_columns(rule_set, frame_of(quick_backend, given_rows))
    assert answers == expected(rule_set, given_rows)
