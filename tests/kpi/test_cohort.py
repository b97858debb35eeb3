"""Cohorts: their laws, an oracle of plain sets, a plain SQL one, and every engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.kpi.cohort import cohort_matrix, cohort_retention
from telcrm.testing import bases

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in (1, 2, 3, 4))


def index(day: date) -> int:
    return 12 * day.year + day.month - 1


def oracle(
    columns: dict[str, list[Any]], by: str | None = None, *, value: bool = False, drop: bool = False
) -> list[dict[str, Any]]:
    """The definition in plain Python: sets of customers per month."""
    paid: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    groups: dict[tuple[str, int], set[Any]] = defaultdict(set)
    amounts = columns.get("revenue", [0] * len(columns["period"]))
    of = columns[by] if by else [None] * len(columns["period"])
    for who, when, amount, group in zip(
        columns["customer_id"], columns["period"], amounts, of, strict=True
    ):
        paid[who, index(when)] += Decimal(str(amount))
        groups[who, index(when)].add(group)
    if not paid:
        return []
    months = {month for _, month in paid}
    joined = {who: min(m for w, m in paid if w == who) for who, _ in paid}
    home = {who: min(groups[who, month], key=str) for who, month in joined.items()}
    oldest = min(months) + drop
    rows = []
    for group, cohort in sorted({(home[who], joined[who]) for who in joined}, key=str):
        members = {who for who in joined if (home[who], joined[who]) == (group, cohort)}
        if cohort < oldest:
            continue
        first_paid = sum(paid[who, cohort] for who in members)
        for age in range(max(months) - oldest + 1):
            known = cohort + age <= max(months)
            active = {who for who in members if (who, cohort + age) in paid}
            sums = sum((paid[who, cohort + age] for who in active), Decimal(0))
            row = {by: group} if by else {}
            row |= {"cohort": date(cohort // 12, cohort % 12 + 1, 1), "age_months": age}
            row |= {"size": len(members), "active": len(active) if known else None}
            row |= {"retention": len(active) / len(members) if known else None}
            if value:
                share = float(sums) / float(first_paid) if known and first_paid > 0 else None
                row |= {"value": float(sums) if known else None, "value_share": share}
            rows.append(row)
    return rows


def operator(customers: int = 90, months: int = 9) -> dict[str, list[Any]]:
    """A fixed base with gaps, several subscriptions, changes of segment, and months of no joins."""
    random = Random(23)  # noqa: S311 (a fixture, not a secret)
    rows: list[tuple[str, date, float, str]] = []
    for nth in range(customers):
        begin = random.choice([0, 0, 1, 3, 6, months - 1])
        for month in range(begin, months):
            if month == 5 or (month > begin and random.random() < 0.4):
                continue
            for _ in range(random.choice([1, 1, 2])):
                when = date(2023 + (9 + month) // 12, (9 + month) % 12 + 1, 1)
                segment = random.choice(["mass", "premium"])
                rows.append((f"C-{nth:03}", when, random.choice([0.1, 0.2, 10.0, -0.5]), segment))
    names = ["customer_id", "period", "revenue", "segment"]
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def small(**columns: list[Any]) -> dict[str, list[Any]]:
    given: dict[str, list[Any]] = {
        "customer_id": ["ann", "bob", "ann", "cid", "bob"],
        "period": [JAN, JAN, FEB, FEB, APR],
        "revenue": [10.0, 5.0, 12.0, 1.0, 20.0],
    }
    return given | columns


@pytest.mark.parametrize("by", [None, "segment"])
@given(base=bases())
@settings(max_examples=20)
def test_the_definition_in_plain_sets_agrees(base: pl.DataFrame, by: str | None) -> None:
    columns = base.to_dict(as_series=False)
    for drop in (False, True):
        found = cohort_retention(base, by=by, drop_first_cohort=drop)
        assert found.to_dicts() == oracle(columns, by, drop=drop)


@given(base=bases())
@settings(max_examples=20)
def test_sums_follow_the_members(base: pl.DataFrame) -> None:
    found = cohort_retention(base, by="segment", value="revenue").to_dicts()
    expected = oracle(base.to_dict(as_series=False), "segment", value=True)
    assert found == [pytest.approx(row) if row["value_share"] else row for row in expected]


@given(base=bases(min_rows=1))
@settings(max_examples=3)
def test_engines_agree_on_any_base(backend: Any, base: pl.DataFrame) -> None:
    columns = base.to_dict(as_series=False)
    found = cohort_retention(backend.frame(columns), by="segment", drop_first_cohort=True)
    assert backend.rows(found) == oracle(columns, "segment", drop=True)


@pytest.mark.parametrize("by", [None, "segment"])
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, by: str | None) -> None:
    result = cohort_retention(backend.frame(operator()), by=by, value="revenue")
    assert backend.is_own(result)
    rows = backend.rows(result)
    assert rows == cohort_retention(pl.DataFrame(operator()), by=by, value="revenue").to_dicts()
    plain = [
        {name: cell for name, cell in row.items() if not name.startswith("value")} for row in rows
    ]
    assert plain == oracle(operator(), by)
    schema = nw.from_native(result).collect_schema()
    assert {schema[name] for name in ("age_months", "size", "active")} == {nw.Int64}
    assert {schema[name] for name in ("retention", "value", "value_share")} == {nw.Float64}
    wide = backend.rows(cohort_matrix(result))
    assert wide == cohort_matrix(pl.DataFrame(plain), value="retention").to_dicts()


def test_hand_written_sql_agrees() -> None:
    connection = duckdb.connect()
    connection.register("months", pl.DataFrame(operator()).to_arrow())
    rows = connection.sql(
        """
        WITH joined AS (SELECT customer_id, min(period) AS cohort FROM months GROUP BY 1),
        active AS (
            SELECT cohort, date_diff('month', cohort, period) AS age,
                   count(DISTINCT customer_id) AS active
            FROM months JOIN joined USING (customer_id) GROUP BY 1, 2
        )
        SELECT cohort, age, active FROM active ORDER BY 1, 2
        """
    ).fetchall()
    found = cohort_retention(pl.DataFrame(operator())).filter(pl.col("active") > 0)
    assert found.select("cohort", "age_months", "active").rows() == rows


@given(base=bases(min_rows=1))
@settings(max_examples=20)
def test_a_cohort_starts_whole_and_never_exceeds_itself(base: pl.DataFrame) -> None:
    found = cohort_retention(base)
    at_first = found.filter(pl.col("age_months") == 0)
    assert (at_first["retention"] == 1.0).all()
    assert (at_first["active"] == at_first["size"]).all()
    assert at_first["size"].sum() == base["customer_id"].n_unique()
    assert found["retention"].is_between(0, 1).all()
    # Every row of the table is somebody's month.
    months = base.select("customer_id", "period").unique().height
    assert found["active"].sum() == months


@given(base=bases(), other=bases())
@settings(max_examples=12)
def test_disjoint_bases_add_up(base: pl.DataFrame, other: pl.DataFrame) -> None:
    stranger = other.with_columns(customer_id="x" + pl.col("customer_id"))
    both = cohort_retention(pl.concat([base, stranger]))
    parts = [cohort_retention(part) for part in (base, stranger)]
    keys = ["cohort", "age_months"]
    counted = pl.concat(parts).filter(pl.col("active") > 0).group_by(keys).agg(pl.sum("active"))
    whole = both.filter(pl.col("active") > 0).select(*keys, "active")
    assert counted.sort(keys).equals(whole)


@given(base=bases())
@settings(max_examples=12)
def test_the_order_of_rows_and_columns_does_not_matter(base: pl.DataFrame) -> None:
    turned = base.reverse().select(base.columns[::-1])
    for by in (None, ["segment", "subscription_id"]):
        assert cohort_retention(turned, by=by).equals(cohort_retention(base, by=by))


def test_months_without_activity_are_not_retained_and_cells_past_the_data_are_null() -> None:
    found = cohort_retention(pl.DataFrame(small()))
    assert found.select("cohort", "age_months", "size", "active", "retention").rows() == [
        (JAN, 0, 2, 2, 1.0),
        (JAN, 1, 2, 1, 0.5),
        (JAN, 2, 2, 0, 0.0),
        (JAN, 3, 2, 1, 0.5),
        (FEB, 0, 1, 1, 1.0),
        (FEB, 1, 1, 0, 0.0),
        (FEB, 2, 1, 0, 0.0),
        (FEB, 3, 1, None, None),
    ]


def test_the_first_cohort_may_be_left_out() -> None:
    found = cohort_retention(pl.DataFrame(small()), drop_first_cohort=True)
    assert found.select("cohort", "age_months", "active").rows() == [
        (FEB, 0, 1),
        (FEB, 1, 0),
        (FEB, 2, 0),
    ]


def test_values_are_shares_of_the_first_month() -> None:
    found = cohort_retention(pl.DataFrame(small()), value="revenue")
    assert found["value"].to_list() == [15.0, 12.0, 0.0, 20.0, 1.0, 0.0, 0.0, None]
    assert found["value_share"].to_list() == [1.0, 0.8, 0.0, 20 / 15, 1.0, 0.0, 0.0, None]


def test_a_first_month_that_is_not_positive_has_no_shares() -> None:
    found = cohort_retention(
        pl.DataFrame(small(revenue=[1.0, -1.0, 3.0, -2.0, 5.0])), value="revenue"
    )
    assert found["value_share"].null_count() == found.height
    assert found["value"].null_count() == 1


def test_a_customer_keeps_the_group_of_its_first_month(backend: Any) -> None:
    columns = {
        "customer_id": ["ann", "ann", "ann", "bob"],
        "period": [JAN, JAN, FEB, JAN],
        "region": ["south", "south", "north", "north"],
        "key_account": [True, False, True, True],
    }
    by = ["key_account", "region"]
    rows = backend.rows(cohort_retention(backend.frame(columns), by=by))
    shown = [(row["key_account"], row["region"], row["size"], row["active"]) for row in rows]
    assert shown == [
        (False, "south", 1, 1),
        (False, "south", 1, 1),
        (True, "north", 1, 1),
        (True, "north", 1, 0),
    ]


def test_one_customer_in_one_month_is_one_cell(backend: Any) -> None:
    columns = {"customer_id": ["ann"], "period": [JAN], "revenue": [1.0]}
    [row] = backend.rows(cohort_retention(backend.frame(columns)))
    assert row == {"cohort": JAN, "age_months": 0, "size": 1, "active": 1, "retention": 1.0}
    dropped = cohort_retention(backend.frame(columns), drop_first_cohort=True)
    assert backend.rows(dropped) == []


@pytest.mark.parametrize("by", [None, "customer_id"])
def test_no_rows_have_no_cohorts(by: str | None) -> None:
    empty = pl.DataFrame(small()).clear()
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        result: Any = cohort_retention(frame, by=by, value="revenue")
        assert nw.from_native(result).lazy().collect().shape[0] == 0
        assert nw.from_native(cohort_matrix(result)).lazy().collect().shape[0] == 0


def test_the_matrix_has_a_row_for_a_cohort_and_a_column_for_an_age(backend: Any) -> None:
    followed = cohort_retention(backend.frame(small()))
    assert backend.rows(cohort_matrix(followed, value="active")) == [
        {"cohort": JAN, "size": 2, "0": 2, "1": 1, "2": 0, "3": 1},
        {"cohort": FEB, "size": 1, "0": 1, "1": 0, "2": 0, "3": None},
    ]
    assert backend.is_own(cohort_matrix(followed))


@given(base=bases())
@settings(max_examples=12)
def test_the_matrix_holds_every_cell_of_the_long_form(base: pl.DataFrame) -> None:
    followed = cohort_retention(base, by="segment")
    wide = cohort_matrix(followed, value="active")
    ages = [name for name in wide.columns if name.isdigit()]
    if not ages:
        assert followed.height == 0
        return
    keys = ["segment", "cohort", "size"]
    long = wide.unpivot(ages, index=keys, variable_name="age_months", value_name="active")
    long = long.with_columns(pl.col("age_months").cast(pl.Int64)).sort(
        "segment", "cohort", "age_months"
    )
    assert long.equals(followed.select(long.columns))


def test_the_matrix_refuses_what_is_no_result() -> None:
    followed = cohort_retention(pl.DataFrame(small()))
    with pytest.raises(MissingColumnsError, match="lacks 'value'"):
        cohort_matrix(followed, value="value")
    with pytest.raises(ColumnTypeError, match="'cohort' holds Date"):
        cohort_matrix(followed, value="cohort")
    with pytest.raises(MissingColumnsError, match="lacks 'age_months'"):
        cohort_matrix(followed.drop("age_months"))
    with pytest.raises(ParameterError, match="stand twice"):
        cohort_matrix(cohort_retention(pl.DataFrame(small(**{"1": ["x"] * 5})), by="1"))


def test_lazy_stays_lazy_and_zones_keep_their_months() -> None:
    lazy = pl.LazyFrame(small())
    assert isinstance(cohort_matrix(cohort_retention(lazy)), pl.LazyFrame)
    zoned = pl.DataFrame(small()).with_columns(
        pl.col("period").cast(pl.Datetime).dt.replace_time_zone("Asia/Tokyo")
    )
    assert cohort_retention(zoned).equals(cohort_retention(pl.DataFrame(small())))


def test_pandas_periods_may_be_objects() -> None:
    found = cohort_retention(pd.DataFrame(small()))
    assert found["active"].tolist()[:3] == [2, 1, 0]
    assert str(found["active"].dtype) == "Int64"


@pytest.mark.parametrize(
    ("columns", "rule", "column", "count"),
    [
        ({"customer_id": ["ann", None, None, "bob", "cid"]}, "null", "customer_id", 2),
        ({"period": [JAN, None, FEB, MAR, MAR]}, "null", "period", 1),
        ({"period": [JAN, date(2024, 1, 31), FEB, MAR, MAR]}, "month_start", "period", 1),
        ({"revenue": [1.0, None, 2.0, 3.0, 4.0]}, "null", "revenue", 1),
        ({"segment": ["x", None, "y", "y", "y"]}, "null", "segment", 1),
    ],
)
def test_rows_that_would_give_wrong_numbers_are_refused(
    backend: Any, columns: dict[str, Any], rule: str, column: str, count: int
) -> None:
    frame = backend.frame(small(**columns))
    with pytest.raises(InvalidTableError) as raised:
        cohort_retention(frame, by="segment" if "segment" in columns else None, value="revenue")
    [finding] = raised.value.context["findings"]
    assert (finding.rule, finding.column, finding.count) == (rule, column, count)


def test_other_bad_input_is_refused() -> None:
    frame = pl.DataFrame(small(currency=["EUR", "EUR", "XOF", "EUR", "EUR"]))
    with pytest.raises(CurrencyMismatchError, match="mixes 'EUR' with 'XOF'"):
        cohort_retention(frame, value="revenue")
    with pytest.raises(InvalidTableError, match="not a finite number"):
        cohort_retention(
            pl.DataFrame(small(revenue=[1.0, 1.0, 1.0, 1.0, float("nan")])), value="revenue"
        )
    with pytest.raises(ColumnTypeError, match="'revenue' holds String"):
        cohort_retention(pl.DataFrame(small(revenue=["1"] * 5)), value="revenue")
    with pytest.raises(MissingColumnsError, match="value=<your column>"):
        cohort_retention(pl.DataFrame(small()), value="margin")
    for by in ("cohort", "Size", ["customer_id", "customer_id"]):
        with pytest.raises(ParameterError, match="stand twice"):
            cohort_retention(pl.DataFrame(small()), by=by)
