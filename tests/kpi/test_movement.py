"""The movement of the base: its laws, an oracle of plain sets, and every engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import duckdb_connection

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi import MovementPolicy, RateBase, movement
from telcrm.testing import bases

JAN, FEB, MAR, APR, JUL = (date(2024, month, 1) for month in (1, 2, 3, 4, 7))
SQL = """
WITH parts AS (
    SELECT customer_id, period, segment, round(sum(revenue), 6) AS revenue
    FROM base GROUP BY customer_id, period, segment
),
months AS (
    SELECT customer_id, period, sum(revenue) AS revenue,
        first(segment ORDER BY revenue DESC, segment) AS segment
    FROM parts GROUP BY customer_id, period
),
began AS (SELECT customer_id, min(period) AS first_period FROM months GROUP BY customer_id),
won AS (
    SELECT now.period, now.segment, count(*) AS closing, sum(now.revenue) AS closing_revenue,
        count(*) FILTER (WHERE now.period = first_period) AS new,
        count(*) FILTER (WHERE past.period IS NULL AND now.period > first_period) AS reactivated,
        count(*) FILTER (WHERE past.segment <> now.segment) AS transferred_in,
        count(*) FILTER (WHERE past.segment = now.segment) AS retained,
        count(*) FILTER (WHERE past.segment = now.segment AND now.revenue - past.revenue > 5e-7)
            AS upgraded,
        count(*) FILTER (WHERE past.segment = now.segment AND past.revenue - now.revenue > 5e-7)
            AS downgraded,
        sum(now.revenue) FILTER (WHERE now.period = first_period) AS new_revenue,
        sum(now.revenue) FILTER (WHERE past.period IS NULL AND now.period > first_period)
            AS reactivated_revenue,
        sum(past.revenue) FILTER (WHERE past.segment <> now.segment) AS transferred_in_revenue,
        sum(greatest(now.revenue - past.revenue, 0)) AS expansion_revenue,
        sum(greatest(past.revenue - now.revenue, 0)) AS contraction_revenue
    FROM months AS now JOIN began USING (customer_id) LEFT JOIN months AS past
        ON past.customer_id = now.customer_id AND past.period = now.period - INTERVAL 1 MONTH
    GROUP BY now.period, now.segment
),
held AS (
    SELECT (past.period + INTERVAL 1 MONTH)::DATE AS period, past.segment, count(*) AS opening,
        count(*) FILTER (WHERE now.period IS NULL) AS lost,
        count(*) FILTER (WHERE now.segment <> past.segment) AS transferred_out,
        sum(past.revenue) AS opening_revenue,
        sum(past.revenue) FILTER (WHERE now.period IS NULL) AS lost_revenue,
        sum(past.revenue) FILTER (WHERE now.segment <> past.segment) AS transferred_out_revenue
    FROM months AS past LEFT JOIN months AS now
        ON now.customer_id = past.customer_id AND now.period = past.period + INTERVAL 1 MONTH
    GROUP BY past.period, past.segment
),
calendar AS (
    SELECT unnest(generate_series(min(period) + INTERVAL 1 MONTH, max(period), INTERVAL 1 MONTH))
        ::DATE AS period
    FROM months
)
SELECT calendar.period, named.segment, won.* EXCLUDE (period, segment),
    held.* EXCLUDE (period, segment)
FROM calendar CROSS JOIN (SELECT DISTINCT segment FROM months) AS named
    LEFT JOIN won ON won.period = calendar.period AND won.segment = named.segment
    LEFT JOIN held ON held.period = calendar.period AND held.segment = named.segment
ORDER BY calendar.period, named.segment
"""
# The oracle below, which implies these laws, is asked more often.
laws = settings(max_examples=8)


def _allowed(policy: MovementPolicy, before: Decimal) -> Decimal:
    share = abs(before) * Decimal(str(policy.tolerance_share))
    return max(Decimal(str(policy.tolerance)), round(share, 6))


def oracle(
    columns: dict[str, list[Any]],
    by: str | None,
    policy: MovementPolicy = MovementPolicy(),  # noqa: B008 (frozen)
) -> list[dict[str, Any]]:
    """The definition in plain Python: sets of customers per month and group."""
    paid: dict[tuple[int, str], dict[str | None, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    rank: dict[tuple[int, str], int] = defaultdict(int)
    count = len(columns["period"])
    groups = columns[by] if by else [None] * count
    ranks = columns.get("plan_rank", [0] * count)
    for who, when, what, group, place in zip(
        columns["customer_id"], columns["period"], columns["revenue"], groups, ranks, strict=True
    ):
        key = 12 * when.year + when.month - 1, who
        paid[key][group] += Decimal(str(what))
        rank[key] = max(rank[key], place)
    if not paid:
        return []
    last_seen = max(month for month, _ in paid)
    first_seen = min(month for month, _ in paid)
    if policy.same_month == "ignore":
        alone = [(m, who) for m, who in paid if not {(m - 1, who), (m + 1, who)} & set(paid)]
        for key in alone:
            del paid[key]
    home = {key: min(sums, key=lambda g: (-sums[g], g or "")) for key, sums in paid.items()}
    total = {key: sum(sums.values(), Decimal()) for key, sums in paid.items()}
    early = policy.loss_month == "last_active"
    active = {
        month: {who for when, who in paid if when == month}
        for month in range(first_seen, last_seen + 2)
    }
    stays = {month: active[month] & active[month + 1] for month in range(first_seen, last_seen)}
    closing = stays if early else active
    window = policy.reactivation_window_months

    rows = []
    for now in range(first_seen + 1, last_seen + (0 if early else 1)):
        before = [(month, who) for month, who in sorted(paid) if month < now and who in active[now]]
        seen = {who: month for month, who in before}
        late = {who for who, month in seen.items() if window and now - month - 1 > window}
        both = active[now] & active[now - 1]
        for group in sorted({*home.values()}, key=str):
            here = {who for who in active[now] if home[now, who] == group}
            were = {who for who in closing[now - 1] if home[now - 1, who] == group}
            closed = here & closing[now]
            stayed = here & were
            retained = stayed & closed
            new = here - (set(seen) - late)
            back = (here & set(seen)) - late - active[now - 1]
            lost = here - closed if early else were - active[now]
            came, gone = (here & both) - were, (were & both) - here
            changes = {who: total[now, who] - total[now - 1, who] for who in here & both}
            steps = changes
            if policy.change_basis == "plan_rank":
                steps = {who: Decimal(rank[now, who] - rank[now - 1, who]) for who in here & both}
            allowed = {who: _allowed(policy, total[now - 1, who]) for who in here & both}
            row = {
                "opening": len(were),
                "new": len(new),
                "reactivated": len(back),
                "transferred_in": len(came),
                "lost": len(lost),
                "transferred_out": len(gone),
                "closing": len(closed),
                "retained": len(retained),
                "upgraded": sum(steps[who] > allowed[who] for who in retained),
                "downgraded": sum(-steps[who] > allowed[who] for who in retained),
            }
            amounts = {
                "opening_revenue": sum(total[now - 1, who] for who in were),
                "new_revenue": sum(total[now, who] for who in new),
                "reactivated_revenue": sum(total[now, who] for who in back),
                "transferred_in_revenue": sum(total[now - 1, who] for who in came),
                "expansion_revenue": sum(change for change in changes.values() if change > 0),
                "contraction_revenue": -sum(change for change in changes.values() if change < 0),
                "lost_revenue": sum(total[now if early else now - 1, who] for who in lost),
                "transferred_out_revenue": sum(total[now - 1, who] for who in gone),
                "closing_revenue": sum(total[now, who] for who in closed),
            }
            keys = {"period": date(now // 12, now % 12 + 1, 1)} | ({by: group} if by else {})
            kept = {name: row[name] for name in row if by or "transferred" not in name}
            base = {
                "opening": row["opening"],
                "average": (row["opening"] + row["closing"]) / 2,
                "opening_and_new": row["opening"] + row["new"] + row["reactivated"],
            }[policy.rate_base]
            rates = {
                f"{name}_rate": number / base if base else None
                for name, number in kept.items()
                if name not in {"opening", "closing"}
            }
            moved = {
                name: round(float(amount), 6)
                for name, amount in amounts.items()
                if by or "transferred" not in name
            }
            rows.append({**keys, **kept, **rates, **moved})
    return rows


def operator(customers: int = 120, months: int = 9) -> dict[str, list[Any]]:
    """A fixed base with gaps, several subscriptions, moves, and one month in which nobody is."""
    random = Random(7)  # noqa: S311 (a fixture, not a secret)
    rows: list[tuple[str, date, float, str, str]] = []
    for nth in range(customers):
        begin, end = sorted(random.choices(range(months), k=2))
        segment = random.choice(["mass", "premium"])
        for month in range(begin, end + 1):
            if month == 5 or random.random() < 0.2:
                continue
            if random.random() < 0.1:
                segment = random.choice(["business", "mass", "premium"])
            for _ in range(random.choice([1, 1, 3])):
                amount = random.choice([0.1, 0.2, 0.3, 10.0])
                other = random.choice([segment, "mass"])
                when = date(2023 + (9 + month) // 12, (9 + month) % 12 + 1, 1)
                rows.append((f"C-{nth:03}", when, amount, other, random.choice(["north", "south"])))
    names = ["customer_id", "period", "revenue", "segment", "region"]
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def small(**columns: list[Any]) -> dict[str, list[Any]]:
    given: dict[str, list[Any]] = {
        "customer_id": ["ann", "bob", "ann"],
        "period": [JAN, JAN, FEB],
        "revenue": [1.0, 2.0, 1.0],
    }
    return given | columns


@given(bases())
@laws
def test_closing_equals_opening_plus_won_minus_lost(base: pl.DataFrame) -> None:
    m = movement(base)
    assert (m["opening"] + m["new"] + m["reactivated"] - m["lost"] == m["closing"]).all()
    assert (m["retained"] + m["lost"] == m["opening"]).all()
    assert (m["closing"][:-1] == m["opening"][1:]).all()


@given(bases())
@laws
def test_a_group_closes_with_what_it_opened_won_and_took_over(base: pl.DataFrame) -> None:
    m = movement(base, by="segment")
    won = m["new"] + m["reactivated"] + m["transferred_in"]
    assert (m["opening"] + won - m["lost"] - m["transferred_out"] == m["closing"]).all()
    assert (m["retained"] + won == m["closing"]).all()
    assert (m["upgraded"] + m["downgraded"] <= m["retained"]).all()


@given(bases())
@laws
def test_groups_add_up_to_the_whole(base: pl.DataFrame) -> None:
    counts = ["opening", "new", "reactivated", "lost", "closing"]
    summed = (
        movement(base, by="segment")
        .group_by("period", maintain_order=True)
        .agg(pl.col(*counts, "transferred_in", "transferred_out").sum())
    )
    assert summed.select("period", *counts).equals(movement(base).select("period", *counts))
    assert (summed["transferred_in"] == summed["transferred_out"]).all()


@pytest.mark.parametrize("by", [None, "segment"])
@given(base=bases())
def test_the_definition_in_plain_sets_agrees(base: pl.DataFrame, by: str | None) -> None:
    assert movement(base, by=by).to_dicts() == oracle(base.to_dict(as_series=False), by)


policies = st.builds(
    lambda loss, changes, **fields: MovementPolicy(**fields, **loss, **changes),
    loss=st.sampled_from(
        [
            {},
            {"loss_month": "last_active"},
            {"loss_month": "last_active", "same_month": "ignore"},
        ]
    ),
    changes=st.sampled_from(
        [
            {},
            {"tolerance": 0.1},
            {"tolerance_share": 0.5},
            {"tolerance": 0.2, "tolerance_share": 1.0},
            {"change_basis": "plan_rank"},
        ]
    ),
    reactivation_window_months=st.sampled_from([None, 1, 2]),
    rate_base=st.sampled_from(list(RateBase)),
)


def ranked(base: pl.DataFrame) -> pl.DataFrame:
    """A plan for each amount, so that ranks rise and fall where amounts do not."""
    return base.with_columns(plan_rank=(pl.col("revenue") * 10).cast(pl.Int64) % 4)


def moved(frame: Any, by: str | None, policy: MovementPolicy) -> Any:
    rank = "plan_rank" if policy.change_basis == "plan_rank" else None
    return movement(frame, by=by, policy=policy, rank=rank)


@pytest.mark.parametrize("by", [None, "segment"])
@given(base=bases(), policy=policies)
def test_every_policy_agrees_with_plain_sets(
    base: pl.DataFrame, by: str | None, policy: MovementPolicy
) -> None:
    base = ranked(base)
    assert moved(base, by, policy).to_dicts() == oracle(base.to_dict(as_series=False), by, policy)


@given(base=bases(), policy=policies)
@laws
def test_what_opens_comes_and_goes_is_what_closes_under_every_policy(
    base: pl.DataFrame, policy: MovementPolicy
) -> None:
    m = moved(ranked(base), "segment", policy)
    for end in ("", "_revenue"):
        won = m[f"new{end}"] + m[f"reactivated{end}"] + m[f"transferred_in{end}"]
        closing = m[f"opening{end}"] + won - m[f"lost{end}"] - m[f"transferred_out{end}"]
        if end:
            closing = closing + m["expansion_revenue"] - m["contraction_revenue"]
        assert ((closing - m[f"closing{end}"]).abs() < 1e-6).all()


def with_plans() -> dict[str, list[Any]]:
    columns = operator(40)
    return columns | {"plan_rank": [int(revenue * 10) % 4 for revenue in columns["revenue"]]}


def test_every_engine_follows_the_policy(backend: Any) -> None:
    policy = MovementPolicy(
        loss_month="last_active",
        same_month="ignore",
        rate_base="average",
        reactivation_window_months=1,
        tolerance=0.1,
        tolerance_share=0.5,
    )
    columns = with_plans()
    rows = backend.rows(moved(backend.frame(columns), "segment", policy))
    assert rows == oracle(columns, "segment", policy)


def test_plans_rank_alike_on_every_engine(backend: Any) -> None:
    policy = MovementPolicy(loss_month="last_active", change_basis="plan_rank")
    columns = with_plans()
    rows = backend.rows(moved(backend.frame(columns), "segment", policy))
    assert rows == oracle(columns, "segment", policy)


def test_rank_and_policy_have_to_agree() -> None:
    frame = pl.DataFrame(small(plan=[1, 2, 3]))
    with pytest.raises(ParameterError, match="Pass rank="):
        movement(frame, policy=MovementPolicy(change_basis="plan_rank"))
    with pytest.raises(ParameterError, match="tells upgrades by revenue"):
        movement(frame, rank="plan")


@given(bases())
@settings(max_examples=12)
def test_sql_by_hand_agrees(base: pl.DataFrame) -> None:
    connection = duckdb_connection()
    connection.register("base", base.to_arrow())
    by_hand = connection.sql(SQL).pl()
    found = movement(base, by="segment")
    rates = {name for name in found.columns if name.endswith("_rate")}
    assert set(found.columns) - rates == set(by_hand.columns)
    for own, other in zip(found.to_dicts(), by_hand.to_dicts(), strict=True):
        told = {name: value or 0 for name, value in other.items()}
        assert {name: own[name] for name in told} == pytest.approx(told, abs=1e-6)


@given(base=bases(min_rows=1), by=st.sampled_from([None, "segment"]))
@settings(max_examples=4)
def test_engines_agree_on_any_base(backend: Any, base: pl.DataFrame, by: str | None) -> None:
    columns = base.to_dict(as_series=False)
    assert backend.rows(movement(backend.frame(columns), by=by)) == oracle(columns, by)


@pytest.mark.parametrize("by", [None, "segment"], ids=str)
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, by: Any) -> None:
    columns = operator()
    result = movement(backend.frame(columns), by=by)
    assert backend.is_own(result)
    rows = backend.rows(result)
    assert rows == oracle(columns, by)
    assert {type(row["opening"]) for row in rows} == {int}


@cache
def with_polars(by: tuple[str, ...]) -> list[dict[str, Any]]:
    return movement(pl.DataFrame(operator()), by=by).to_dicts()


def test_two_columns_of_groups(backend: Any) -> None:
    by = ("segment", "region")
    rows = backend.rows(movement(backend.frame(operator()), by=by))
    assert rows == with_polars(by)
    assert len({(row["segment"], row["region"]) for row in rows}) == 6


def test_counts_are_integers_and_rates_floats_on_every_engine(backend: Any) -> None:
    result = movement(backend.frame(operator(20)))
    schema = nw.from_native(result).collect_schema()
    assert schema.names()[:3] == ["period", "opening", "new"]
    for name, dtype in schema.items():
        if name == "period":
            # pandas 2 takes PyArrow's days for timestamps.
            own = (nw.Date, nw.Datetime) if "pandas" in backend.name else nw.Date
            assert isinstance(dtype, own)
        else:
            is_float = name.endswith(("_rate", "_revenue"))
            assert dtype == (nw.Float64 if is_float else nw.Int64)


def test_the_first_month_is_only_an_opening_and_the_month_after_the_last_has_no_row() -> None:
    result = movement(pl.DataFrame(small()))
    assert result.select("period", "opening", "new", "lost", "closing").rows() == [
        (FEB, 2, 0, 1, 1)
    ]


def test_one_month_has_no_movement(backend: Any) -> None:
    result = movement(backend.frame(small(period=[JAN] * 3)))
    assert backend.rows(result) == []
    assert "closing" in nw.from_native(result).collect_schema().names()


@pytest.mark.parametrize("by", [None, "customer_id"])
def test_no_rows_have_no_movement(by: str | None) -> None:
    empty = pl.DataFrame(small()).clear()
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        result: Any = movement(frame, by=by)
        assert nw.from_native(result).lazy().collect().shape[0] == 0


def test_months_in_which_nobody_is_active_still_appear(backend: Any) -> None:
    columns = small(period=[JAN, JAN, APR])
    rows = backend.rows(movement(backend.frame(columns)))
    flows = [(row["opening"], row["reactivated"], row["lost"], row["closing"]) for row in rows]
    assert flows == [(2, 0, 2, 0), (0, 0, 0, 0), (0, 1, 0, 1)]
    assert [row["lost_rate"] for row in rows] == [1.0, None, None]


def test_rates_over_an_empty_opening_are_null_not_nan() -> None:
    result = movement(pl.DataFrame(small(period=[JAN, JAN, APR])))
    assert result["lost_rate"].null_count() == 2
    assert not result["lost_rate"].is_nan().any()


def test_a_customer_belongs_to_the_group_that_carries_most_revenue_or_comes_first_by_name() -> None:
    columns = {
        "customer_id": ["ann"] * 5,
        "period": [JAN, JAN, FEB, FEB, FEB],
        "revenue": [1.0, 2.0, 0.3, 0.1, 0.2],
        "segment": ["mass", "premium", "premium", "mass", "mass"],
    }
    result = movement(pl.DataFrame(columns), by="segment")
    assert result.select("segment", "transferred_in", "transferred_out").rows() == [
        ("mass", 1, 0),
        ("premium", 0, 1),
    ]


@pytest.mark.parametrize("group", [[True, False, True], [3, 4, 4], [JAN, FEB, FEB]], ids=str)
def test_groups_may_be_booleans_whole_numbers_or_dates(backend: Any, group: Any) -> None:
    columns = small(group=group)
    rows = backend.rows(movement(backend.frame(columns), by="group"))
    assert rows == movement(pl.DataFrame(columns), by="group").to_dicts()
    assert [row["group"] for row in rows] == sorted(set(group))


def test_the_order_of_adding_floats_makes_no_upgrade() -> None:
    columns = {
        "customer_id": ["ann"] * 6,
        "period": [JAN] * 3 + [FEB] * 3,
        "revenue": [0.1, 0.2, 0.3, 0.3, 0.2, 0.1],
    }
    result = movement(pl.DataFrame(columns))
    assert result.select("retained", "upgraded", "downgraded").row(0) == (1, 0, 0)


def test_the_callers_own_column_names_come_back() -> None:
    columns = {"kunde": ["a", "a"], "monat": [JAN, FEB], "umsatz": [1, 2], "Gruppe": ["x", "x"]}
    names = {"customer": "kunde", "period": "monat", "revenue": "umsatz", "by": ["Gruppe"]}
    result = movement(pl.DataFrame(columns), **names)  # type: ignore[arg-type]
    assert result.columns[:3] == ["monat", "Gruppe", "opening"]
    assert result["upgraded"].to_list() == [1]


def _as_objects(dates: Any) -> Any:
    return dates


def _as_nanoseconds(dates: Any) -> Any:
    return pd.to_datetime(dates).astype("datetime64[ns]")


def _as_utc(dates: Any) -> Any:
    return pd.to_datetime(dates).dt.tz_localize("UTC")


@pytest.mark.parametrize("dates", [_as_objects, _as_nanoseconds, _as_utc])
def test_pandas_periods_of_every_kind(dates: Callable[[Any], Any]) -> None:
    frame = pd.DataFrame(small())
    frame["period"] = dates(frame["period"])
    before = frame.copy()
    result = movement(frame)
    assert [stamp.date() for stamp in result["period"]] == [FEB]
    pd.testing.assert_frame_equal(frame, before)


def test_polars_datetimes_and_categories_are_accepted() -> None:
    frame = pl.DataFrame(small(segment=["x", "y", "y"])).with_columns(
        pl.col("period").cast(pl.Datetime), pl.col("customer_id", "segment").cast(pl.Categorical)
    )
    result = movement(frame, by="segment")
    assert result.schema["period"] == pl.Date
    assert result.select("segment", "transferred_in", "lost").rows() == [("x", 0, 0), ("y", 1, 1)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_zoned_periods_count_in_their_own_zone(zone: str) -> None:
    frame = pl.DataFrame(small()).with_columns(
        pl.col("period").cast(pl.Datetime).dt.replace_time_zone(zone)
    )
    assert movement(frame).select("period", "opening", "lost").rows() == [(FEB, 2, 1)]


def test_spark_timestamps_count_in_the_zone_of_the_session(spark_backend: Any) -> None:
    plain = spark_backend.frame(small())
    settings_of = plain.sparkSession.conf
    settings_of.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        moments = plain.withColumn("period", plain["period"].cast("timestamp"))
        rows = spark_backend.rows(movement(moments))
    finally:
        settings_of.set("spark.sql.session.timeZone", "UTC")
    assert [(row["period"], row["opening"], row["lost"]) for row in rows] == [(FEB, 2, 1)]


def test_decimal_revenue_is_accepted() -> None:
    frame = pl.DataFrame(small()).with_columns(pl.col("revenue").cast(pl.Decimal(12, 2)))
    assert movement(frame)["retained"].to_list() == [1]


def test_lazy_stays_lazy_and_narwhals_stays_narwhals() -> None:
    assert isinstance(movement(pl.LazyFrame(small())), pl.LazyFrame)
    wrapped = movement(nw.from_native(pl.DataFrame(small())))
    assert isinstance(wrapped, nw.DataFrame)


def test_a_duckdb_result_stays_on_the_callers_connection() -> None:
    connection = duckdb.connect()
    connection.register("months", pl.DataFrame(small()).to_arrow())
    result = movement(connection.table("months"))
    assert result.aggregate("sum(lost)").fetchall() == [(1,)]
    crossed: Any = result.query("moved", "SELECT count(*) FROM moved, months")
    assert crossed.fetchall() == [(3,)]


def test_a_missing_column_is_named_with_the_keyword_that_mends_it(backend: Any) -> None:
    columns = {"customer_id": ["a"], "periods": [JAN], "revenue": [1.0]}
    with pytest.raises(
        MissingColumnsError, match=r"found: customer_id, periods.*period=\"periods\""
    ):
        movement(backend.frame(columns))
    with pytest.raises(MissingColumnsError, match=r"lacks 'segment'.*by=<your column>"):
        movement(backend.frame(small()), by="segment")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"period": ["2024-01-01"] * 3}, "'period' holds String"),
        ({"revenue": ["1", "2", "3"]}, "'revenue' holds String"),
        ({"customer_id": [1.5, 2.0, 3.0]}, "'customer_id' holds Float64"),
    ],
)
def test_a_wrong_type_is_refused(backend: Any, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(ColumnTypeError, match=words):
        movement(backend.frame(small(**columns)))


@pytest.mark.parametrize(
    ("columns", "rule", "column", "count"),
    [
        ({"customer_id": ["ann", None, None]}, "null", "customer_id", 2),
        ({"period": [JAN, None, FEB]}, "null", "period", 1),
        ({"period": [JAN, date(2024, 1, 31), date(2024, 2, 2)]}, "month_start", "period", 2),
        ({"revenue": [1.0, None, 2.0]}, "null", "revenue", 1),
        ({"segment": ["x", None, "y"]}, "null", "segment", 1),
    ],
)
def test_rows_that_would_give_wrong_numbers_are_refused(
    backend: Any, columns: dict[str, Any], rule: str, column: str, count: int
) -> None:
    frame = backend.frame(small(**columns))
    with pytest.raises(InvalidTableError) as raised:
        movement(frame, by="segment" if "segment" in columns else None)
    [finding] = raised.value.context["findings"]
    assert (finding.rule, finding.column, finding.count) == (rule, column, count)
    assert len(finding.keys) == count


def test_infinite_and_nan_revenue_is_refused() -> None:
    frame = pl.DataFrame(small(revenue=[1.0, float("inf"), float("nan")]))
    with pytest.raises(
        InvalidTableError, match=r"not a finite number in 2 rows .*ann/2024-02-01, bob/"
    ):
        movement(frame)


def test_mixed_currencies_are_refused(backend: Any) -> None:
    frame = backend.frame(small(currency=["EUR", "XOF", None]))
    with pytest.raises(CurrencyMismatchError, match=r"mixes 'EUR' with 'XOF'"):
        movement(frame)


@pytest.mark.parametrize("by", ["period", "new", "New", ["segment", "segment"], "lost_rate"])
def test_a_group_that_clashes_with_the_result_is_refused(by: Any) -> None:
    with pytest.raises(ParameterError, match="stand twice"):
        movement(pl.DataFrame(small()), by=by)


def test_no_dataframe_is_refused() -> None:
    with pytest.raises(UnsupportedFrameError, match=r"builtins\.dict is no dataframe"):
        movement(small())


def test_objects_that_are_no_dates_are_refused() -> None:
    frame = pd.DataFrame(small(period=[JAN, 3, "x"]))
    with pytest.raises(ColumnTypeError, match="'period' holds Object"):
        movement(frame)


def test_datetimes_as_objects_are_accepted() -> None:
    moments = pd.Series([datetime(2024, month, 1) for month in (1, 1, 2)], dtype="object")
    result = movement(pd.DataFrame(small()).assign(period=moments))
    assert result["opening"].tolist() == [2]
