"""Rules as columns: the traps of each engine, and what is refused."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from tests.rules.random_conditions import ARROW, KINDS, Rows, column_answers, frame_of

from telcrm.errors import FieldTypeError, RuleError, RuleMismatchError
from telcrm.rules import (
    MAX_RULES,
    MAX_TESTS,
    Condition,
    Matching,
    Rule,
    RuleSet,
    any_of,
    condition_column,
    field,
    flag_columns,
    holds,
    label_column,
    rule_column,
    score_column,
)
from telcrm.tables.door import open_frame, parse_objects

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)
DAY = date(2026, 2, 17)
x, y = field("x"), field("y")

ROWS: Rows = [
    dict.fromkeys(KINDS),
    {
        "segment": "mass",
        "region": "mass",
        "tenure_months": 5,
        "sms_count": 5,
        "revenue": 0.1,
        "revenue_before": 0.2,
        "key_account": True,
        "roaming": False,
        "activated_on": DAY,
        "terminated_on": DAY + timedelta(days=1),
        "started_at": NOON,
        "ended_at": NOON + timedelta(microseconds=1),
    },
    {
        "segment": "Mass Ö'%_",
        "region": "",
        "tenure_months": -1,
        "sms_count": 2**53,
        "revenue": float("nan"),
        "revenue_before": float("inf"),
        "key_account": False,
        "roaming": False,
        "activated_on": date(1970, 1, 1),
        "terminated_on": date(1969, 12, 31),
        "started_at": datetime(2026, 2, 18, tzinfo=UTC),
        "ended_at": datetime(2026, 2, 17, tzinfo=UTC),
    },
]

CONDITIONS: list[Condition] = [
    field("segment") == "mass",
    field("segment") != "mass",
    field("segment") == field("region"),
    field("segment").one_of("mass", ""),
    field("segment").starts_with("Mass"),
    field("segment").contains("%_"),
    field("segment").contains("'"),
    field("segment").ends_with("ss"),
    field("segment").is_missing(),
    field("revenue") == Decimal("0.1"),
    field("revenue") != 5,
    field("revenue") > -1e9,
    field("revenue").is_missing(),
    field("revenue") == 0.5 * field("revenue_before"),
    field("revenue_before") > 2**53,
    field("revenue").one_of(0.1, 7),
    field("tenure_months") < 4.5,
    field("tenure_months") >= 4.5,
    field("tenure_months") == 4.5,
    field("tenure_months").one_of(5, 4.5),
    field("tenure_months").one_of(4.5),
    field("tenure_months") == field("sms_count"),
    field("tenure_months") > field("revenue"),
    field("sms_count") == 2**53,
    field("tenure_months").between(-1, 5, include="high"),
    field("key_account").is_true(),
    field("key_account") != field("roaming"),
    field("activated_on") == DAY,
    field("activated_on").one_of(DAY, date.max),
    field("activated_on") < field("terminated_on"),
    field("terminated_on") <= date.max,
    field("started_at") == DAY,
    field("started_at") <= DAY,
    field("started_at") > DAY,
    field("started_at") > date.max,
    field("started_at").between(DAY, DAY),
    field("started_at") == NOON,
    field("started_at").one_of(NOON, NOON + timedelta(1)),
    field("started_at") < field("ended_at"),
    ~((field("segment") != "mass") | (field("revenue") > 0)),
]

RULES = RuleSet(
    name="fixed",
    version=1,
    rules=(
        Rule(name="one", when=field("segment") == "mass", then="a", score=1.5),
        Rule(name="two", when=field("key_account").is_true(), then="b", score=0.25),
        Rule(name="three", when=field("region") == "", then="c"),
    ),
)


def answers(native: Any, *conditions: Condition) -> list[list[Any]]:
    def make(schema: Any) -> dict[str, nw.Expr]:
        return {f"c{at}": condition_column(one, schema) for at, one in enumerate(conditions)}

    return list(column_answers(native, make).values())


def placed(**columns: Any) -> dict[str, Any]:
    [length] = {len(column) for column in columns.values()}
    return {"place": list(range(length)), **columns}


def test_every_engine_gives_the_answers_of_the_records(backend: Any) -> None:
    expected = [[holds(condition, row) for row in ROWS] for condition in CONDITIONS]
    assert answers(frame_of(backend, ROWS), *CONDITIONS) == expected
    assert any(any(column) for column in expected)


@pytest.mark.parametrize("matching", Matching)
def test_every_engine_decides_alike(backend: Any, matching: Matching) -> None:
    rule_set = RULES.replace(matching=matching, otherwise="z")

    def make(schema: Any) -> dict[str, nw.Expr]:
        made = {"rule": rule_column(rule_set, schema), "label": label_column(rule_set, schema)}
        return {**made, **flag_columns(rule_set, schema), "score": score_column(rule_set, schema)}

    every = matching is Matching.ALL
    assert column_answers(frame_of(backend, ROWS), make) == {
        "rule": [None, "one", "three"],
        "label": ["z", "a", "c"],
        "one": [False, True, False],
        "two": [False, every, False],
        "three": [False, False, True],
        "score": [0.0, 1.75 if every else 1.5, 0.0],
    }


def test_types_are_the_same_on_every_quick_engine(quick_backend: Any) -> None:
    opened = open_frame(frame_of(quick_backend, ROWS), table="t")
    schema = opened.rows.collect_schema()
    added = opened.rows.with_columns(
        **flag_columns(RULES, schema),
        label=label_column(RULES, schema),
        score=score_column(RULES, schema),
    ).collect_schema()
    assert added["one"] == nw.Boolean
    assert added["two"] == nw.Boolean
    assert added["label"] == nw.String
    assert added["score"] == nw.Float64


CATEGORIES = {
    "polars": lambda: pl.DataFrame(placed(x=pl.Series(["b", None, "a"], dtype=pl.Categorical))),
    "enum": lambda: pl.DataFrame(placed(x=pl.Series(["b", None, "a"], dtype=pl.Enum(["b", "a"])))),
    "pandas": lambda: pd.DataFrame(placed(x=pd.Categorical(["b", None, "a"]))),
    "pyarrow": lambda: pa.table(placed(x=pa.array(["b", None, "a"]).dictionary_encode())),
}


@pytest.mark.parametrize("make", CATEGORIES.values(), ids=CATEGORIES)
def test_a_category_is_its_text(make: Any) -> None:
    found = answers(make(), x == "a", x != "a", x.one_of("a", "b"), x.starts_with("b"))
    assert found == [
        [False, False, True],
        [True, False, False],
        [True, False, True],
        [True, False, False],
    ]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("engine", ["polars", "pandas", "pandas_pyarrow", "pyarrow", "duckdb"])
def test_timestamps_of_every_unit_and_zone(engine: str, zone: str | None, unit: str) -> None:
    times = pa.array([NOON, None, NOON + timedelta(hours=12)], pa.timestamp(unit, zone))
    table = pa.table(placed(x=times, y=pa.array([NOON, NOON, NOON], pa.timestamp("us", zone))))
    made: dict[str, Any] = {
        "polars": lambda: pl.from_arrow(table),
        "pandas": table.to_pandas,
        "pandas_pyarrow": lambda: table.to_pandas(types_mapper=pd.ArrowDtype),
        "pyarrow": lambda: table,
        "duckdb": lambda: duckdb_table(table, "Europe/Berlin"),
    }
    frame = made[engine]()
    asked = [x == NOON, NOON + timedelta(microseconds=1) < x, x == DAY, x > DAY, x == y]
    if engine == "duckdb" and zone and unit == "ns":
        # A type of DuckDB that narwhals does not know.
        with pytest.raises(FieldTypeError, match="column 'x' holds Unknown"):
            answers(frame, *asked)
        return
    assert answers(frame, *asked) == [
        [True, False, False],
        [False, False, True],
        [True, False, False],
        [False, False, True],
        [True, False, False],
    ]


def duckdb_table(table: Any, zone: str) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{zone}'")
    connection.register("given", table)
    return connection.table("given")


def test_spark_reads_naive_timestamps_in_utc(
    spark_backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    naive = pa.array([NOON.replace(tzinfo=None), datetime(2026, 2, 18)], pa.timestamp("us"))
    frame = spark_backend.frame(placed(x=pa.array([NOON, NOON], ARROW["instant"]), y=naive))
    session = frame.sparkSession
    before = session.conf.get("spark.sql.session.timeZone")
    asked = [x == NOON, x == DAY, y == NOON, y > NOON, y == DAY, y > DAY]
    try:
        session.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        found = answers(frame, *asked)
    finally:
        session.conf.set("spark.sql.session.timeZone", before)
        monkeypatch.undo()
        time.tzset()
    yes, first, second = [True, True], [True, False], [False, True]
    assert found == [yes, yes, first, second, first, second]


def test_two_zones_are_compared_as_instants() -> None:
    there = pl.Series([NOON], dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(placed(x=there, y=there.dt.convert_time_zone("Asia/Tokyo")))
    assert answers(frame, x == y, x < y) == [[True], [False]]


def test_a_naive_column_beside_one_of_a_zone_is_refused() -> None:
    frame = pl.DataFrame(placed(x=[NOON], y=[NOON.replace(tzinfo=None)]))
    with pytest.raises(FieldTypeError, match="one of them has no time zone"):
        answers(frame, x == y)


def test_a_zone_at_the_end_of_the_calendar() -> None:
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    frame = pd.DataFrame(placed(x=pd.Series([NOON.astimezone(ZoneInfo("Asia/Tokyo"))])))
    assert answers(frame, x < last) == [[True]]


@pytest.mark.parametrize("engine", ["polars", "pandas_pyarrow", "duckdb"])
def test_decimals_are_numbers(engine: str) -> None:
    table = pa.table(placed(x=pa.array([Decimal("0.10"), None, Decimal("2.50")])))
    made: dict[str, Any] = {
        "polars": lambda: pl.from_arrow(table),
        "pandas_pyarrow": lambda: table.to_pandas(types_mapper=pd.ArrowDtype),
        "duckdb": lambda: duckdb_table(table, "UTC"),
    }
    assert answers(made[engine](), x == Decimal("0.1"), x > 0.1, x.one_of(2.5)) == [
        [True, False, False],
        [False, False, True],
        [False, False, True],
    ]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int32, pl.UInt64, pl.Int128, pl.Float32])
def test_numbers_of_every_width(dtype: Any) -> None:
    frame = pl.DataFrame(placed(x=pl.Series([5, None, 100], dtype=dtype)))
    found = answers(frame, x > 5.5, x < 1000, x > -1000, x == 5, x != 2**53)
    present = [True, False, True]
    assert found == [[False, False, True], present, present, [True, False, False], present]


def test_a_sum_of_duckdb_is_a_number() -> None:
    frame = duckdb.connect().sql("SELECT 0 AS place, sum(v) AS x FROM (VALUES (5), (6)) t(v)")
    assert nw.from_native(frame).collect_schema()["x"] == nw.Int128
    assert answers(frame, x == 11, x > -1) == [[True], [True]]


def test_pandas_columns_of_objects_are_parsed_by_the_caller() -> None:
    frame = pd.DataFrame(placed(x=pd.Series([True, None], dtype=object), y=[DAY, None]))
    with pytest.raises(FieldTypeError, match="column 'x' holds Object, which no test can read"):
        answers(frame, x.is_true())
    parsed = parse_objects(open_frame(frame, table="t"), ["x", "y"]).rows.to_native()
    assert answers(parsed, x.is_true(), y == DAY) == [[True, False], [True, False]]


def test_text_in_a_pandas_column_of_objects() -> None:
    frame = pd.DataFrame(placed(x=pd.Series(["mass", None], dtype=object)))
    assert answers(frame, x == "mass", x != "youth", x.contains("a"), ~x.starts_with("y")) == [
        [True, False],
        [True, False],
        [True, False],
        [True, True],
    ]


def test_whole_numbers_beyond_floats_are_told_apart() -> None:
    frame = pl.DataFrame(placed(x=[2**53, 2**53 + 1]))
    assert answers(frame, x > 2**53, x == float(2**53)) == [[False, True], [True, False]]


def test_all_that_does_not_fit_a_frame_is_told_at_once() -> None:
    frame = duckdb.sql("SELECT 'a' AS Revenue, 1 AS segment")
    # DuckDB would find the column whatever the case of its letters; other engines would not.
    wrong = (field("Revenue") > 5) & (field("Segment") == "mass") & (field("segment") == "mass")
    with pytest.raises(RuleMismatchError) as caught:
        answers(frame, wrong)
    assert [problem.kind.value for problem in caught.value.context["problems"]] == [
        "wrong_type",
        "unknown_field",
        "wrong_type",
    ]
    assert "the table has no column 'Segment'. Did you mean 'segment'" in caught.value.message


def test_labels_and_scores_that_are_not_there_are_refused() -> None:
    rule_set = RuleSet(name="plain", version=1, rules=(Rule(name="a", when=x > 1),))
    schema = nw.Schema({"x": nw.Int64()})
    with pytest.raises(RuleError, match="the rules of 'plain' have no labels"):
        label_column(rule_set, schema)
    with pytest.raises(RuleError, match="no rule of 'plain' has a score"):
        score_column(rule_set, schema)


@pytest.mark.parametrize("engine", ["polars", "pandas", "duckdb"])
def test_the_largest_rules_run(engine: str) -> None:
    whole = pa.table(placed(x=[3, 10**6]))
    frame = {
        "polars": lambda: pl.from_arrow(whole),
        "pandas": whole.to_pandas,
        "duckdb": lambda: duckdb_table(whole, "UTC"),
    }[engine]()
    largest = any_of(*[x == at for at in range(MAX_TESTS)])
    assert answers(frame, largest) == [[True, False]]
    rules = tuple(
        Rule(name=f"r{at}", when=at == x, then=f"l{at}", score=at) for at in range(MAX_RULES)
    )
    rule_set = RuleSet(name="s", version=1, rules=rules, matching=Matching.ALL)

    def make(schema: Any) -> dict[str, nw.Expr]:
        return {"l": label_column(rule_set, schema), "s": score_column(rule_set, schema)}

    assert column_answers(frame, make) == {"l": ["l3", None], "s": [3.0, 0.0]}
