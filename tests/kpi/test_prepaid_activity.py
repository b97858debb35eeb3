"""Active prepaid subscriptions: laws, an oracle in plain Python, every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import ActivityKind, ActivityRule
from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.kpi.prepaid_activity import month_ends, prepaid_activity

START = date(2024, 1, 1)
NAMES = ["subscription_id", "at", "kind", "region"]

activity = st.lists(
    st.tuples(
        st.sampled_from(["S-1", "S-2", "S-3"]),
        st.integers(-20, 60).map(lambda n: START + timedelta(days=n)),
        st.sampled_from(ActivityKind).map(str),
        st.sampled_from(["north", "south"]),
    ),
    max_size=20,
).map(lambda rows: {name: [row[place] for row in rows] for place, name in enumerate(NAMES)})

reporting = st.lists(st.integers(0, 55), min_size=1, max_size=8, unique=True).map(
    lambda days: [START + timedelta(days=n) for n in days]
)
rules = st.builds(
    ActivityRule,
    window_days=st.sampled_from([1, 3, 10, 30]),
    kinds=st.lists(st.sampled_from(ActivityKind), min_size=1, unique=True).map(tuple),
)


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    types: list[Any] = [pl.String, pl.Date, pl.String, pl.String]
    return pl.DataFrame(columns, schema=dict(zip(NAMES, types, strict=True)))


def log(rows: int = 400) -> dict[str, list[Any]]:
    random = Random(31)  # noqa: S311 (a fixture, not a secret)
    return {
        "subscription_id": [f"S-{random.randrange(60):02}" for _ in range(rows)],
        "at": [START + timedelta(days=random.randrange(-100, 200)) for _ in range(rows)],
        "kind": [str(random.choice(list(ActivityKind))) for _ in range(rows)],
        "region": [random.choice(["north", "south"]) for _ in range(rows)],
    }


def oracle(
    columns: dict[str, list[Any]], on: list[date], rule: ActivityRule, by: str | None = None
) -> list[dict[str, Any]]:
    """The definition in plain Python: sets of subscriptions per reporting day."""
    rows = [row for row in zip(*columns.values(), strict=True) if row[2] in rule.kinds]
    days = sorted(on)

    def active(day: date, group: str | None) -> set[str]:
        window = timedelta(days=rule.window_days)
        return {
            who
            for who, at, _, region in rows
            if (by is None or region == group) and day - window < at <= day
        }

    groups = sorted({row[3] for row in rows}) if by else [None]
    seen = [g for g in groups if by is None or any(active(day, g) for day in days)]
    result = []
    for nth, day in enumerate(days):
        for group in seen:
            now = active(day, group)
            before = active(days[nth - 1], group) if nth else None
            row: dict[str, Any] = {"as_of": day} | ({by: group} if by else {})
            row["active"] = len(now)
            row["newly_active"] = None if before is None else len(now - before)
            row["gone_silent"] = None if before is None else len(before - now)
            result.append(row)
    return result


@pytest.mark.parametrize("by", [None, "region"])
@given(columns=activity, on=reporting, rule=rules)
@settings(max_examples=20)
def test_the_definition_in_plain_sets_agrees(
    by: str | None, columns: dict[str, list[Any]], on: list[date], rule: ActivityRule
) -> None:
    found = prepaid_activity(frame_of(columns), on=on, by=by, rule=rule)
    assert found.to_dicts() == oracle(columns, on, rule, by)


@pytest.mark.parametrize("by", [None, "region"])
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, by: str | None) -> None:
    on = month_ends(date(2024, 1, 1), date(2024, 6, 1))
    rule = ActivityRule(window_days=30)
    result = prepaid_activity(backend.frame(log()), on=on, by=by, rule=rule)
    assert backend.is_own(result)
    assert backend.rows(result) == oracle(log(), on, rule, by)
    schema = nw.from_native(result).collect_schema()
    assert {schema[n] for n in ("active", "newly_active", "gone_silent")} == {nw.Int64}


@given(columns=activity, on=reporting, rule=rules)
@settings(max_examples=3)
def test_engines_agree_on_any_activity(
    backend: Any, columns: dict[str, list[Any]], on: list[date], rule: ActivityRule
) -> None:
    if columns["at"]:
        found = prepaid_activity(backend.frame(columns), on=on, by="region", rule=rule)
        assert backend.rows(found) == oracle(columns, on, rule, "region")


@given(columns=activity, on=reporting, rule=rules)
@settings(max_examples=12)
def test_the_days_hang_together(
    columns: dict[str, list[Any]], on: list[date], rule: ActivityRule
) -> None:
    frame = frame_of(columns)
    found = prepaid_activity(frame, on=on, rule=rule)
    carried = found["active"].shift(1) + found["newly_active"] - found["gone_silent"]
    assert (carried == found["active"]).all()
    # A day's count does not hang on which other days are reported, nor on the order of anything.
    single = [prepaid_activity(frame, on=[day], rule=rule)["active"].item() for day in sorted(on)]
    assert found["active"].to_list() == single
    turned = frame.reverse().select(NAMES[::-1])
    assert prepaid_activity(turned, on=on[::-1], rule=rule).equals(found)


@given(columns=activity, on=reporting, rule=rules)
@settings(max_examples=15)
def test_a_longer_window_and_more_kinds_never_count_fewer(
    columns: dict[str, list[Any]], on: list[date], rule: ActivityRule
) -> None:
    frame = frame_of(columns)
    found = prepaid_activity(frame, on=on, rule=rule)["active"]
    longer = rule.replace(window_days=rule.window_days + 5)
    assert (prepaid_activity(frame, on=on, rule=longer)["active"] >= found).all()
    any_kind = rule.replace(kinds=tuple(ActivityKind))
    assert (prepaid_activity(frame, on=on, rule=any_kind)["active"] >= found).all()


def test_the_window_ends_on_the_reporting_day_and_includes_it() -> None:
    days = [START + timedelta(days=n) for n in range(5)]
    frame = pl.DataFrame({"subscription_id": ["S-1"], "at": [days[1]], "kind": ["outgoing"]})
    found = prepaid_activity(frame, on=days, rule=ActivityRule(window_days=3))
    assert found["active"].to_list() == [0, 1, 1, 1, 0]
    assert found["newly_active"].to_list() == [None, 1, 0, 0, 0]
    assert found["gone_silent"].to_list() == [None, 0, 0, 0, 1]


def test_who_is_silent_only_between_reporting_days_never_left() -> None:
    days = [START, START + timedelta(days=30)]
    frame = pl.DataFrame({"subscription_id": ["S-1", "S-1"], "at": days, "kind": ["incoming"] * 2})
    found = prepaid_activity(frame, on=days, rule=ActivityRule(window_days=1))
    assert found.drop("as_of").rows() == [(1, None, None), (1, 0, 0)]


def test_kinds_that_do_not_count_are_silence() -> None:
    frame = pl.DataFrame(
        {
            "subscription_id": ["S-1", "S-2", "S-3"],
            "at": [START] * 3,
            "kind": ["recharge", "outgoing", "registration"],
        }
    )
    counts = {
        kinds: prepaid_activity(frame, on=[START], rule=ActivityRule(kinds=kinds))["active"].item()
        for kinds in [("recharge",), ("outgoing", "incoming"), tuple(ActivityKind)]
    }
    assert list(counts.values()) == [1, 1, 3]
    # ITU, I271: usage counts, for three months.
    assert ActivityRule() == ActivityRule(window_days=90, kinds=("outgoing", "incoming"))


def test_a_subscription_counts_in_every_group_it_was_active_in() -> None:
    frame = pl.DataFrame(
        {
            "subscription_id": ["S-1", "S-1"],
            "at": [START] * 2,
            "kind": ["outgoing"] * 2,
            "region": ["north", "south"],
        }
    )
    assert prepaid_activity(frame, on=[START], by="region")["active"].to_list() == [1, 1]
    assert prepaid_activity(frame, on=[START])["active"].to_list() == [1]


def test_no_events_are_days_of_nought(backend: Any) -> None:
    columns = {"subscription_id": ["S-1"], "at": [START], "kind": ["outgoing"]}
    before = [START - timedelta(days=2), START - timedelta(days=1)]
    rows = backend.rows(prepaid_activity(backend.frame(columns), on=before))
    assert [tuple(row.values()) for row in rows] == [
        (before[0], 0, None, None),
        (before[1], 0, 0, 0),
    ]
    frame = backend.frame({**columns, "region": ["north"]})
    assert backend.rows(prepaid_activity(frame, on=before, by="region")) == []


def test_a_table_without_rows() -> None:
    empty = frame_of({name: [] for name in NAMES})
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        for by, height in ((None, 1), ("region", 0)):
            result: Any = prepaid_activity(frame, on=[START], by=by)
            assert nw.from_native(result).lazy().collect().shape[0] == height


def test_days_are_those_of_the_clock_the_events_are_kept_in() -> None:
    at = pl.Series([datetime(2024, 1, 1, 20, tzinfo=UTC)])
    for zone, counts in (("UTC", [1, 0]), ("Asia/Tokyo", [0, 1])):
        frame = pl.DataFrame(
            {
                "subscription_id": ["S-1"],
                "at": at.dt.convert_time_zone(zone),
                "kind": ["outgoing"],
            }
        )
        on = [START, START + timedelta(days=1)]
        found = prepaid_activity(frame, on=on, rule=ActivityRule(window_days=1))
        assert found["active"].to_list() == counts


def test_month_ends() -> None:
    assert month_ends(date(2023, 12, 5), date(2024, 2, 1)) == [
        date(2023, 12, 31),
        date(2024, 1, 31),
        date(2024, 2, 29),
    ]
    assert month_ends(date(2024, 2, 1), date(2024, 1, 31)) == []


@pytest.mark.parametrize(
    "on", [[], [START, START], [datetime(2024, 1, 1)], ["2024-01-01"]], ids=str
)
def test_reporting_days_are_dates_each_once(on: Any) -> None:
    with pytest.raises(ParameterError, match="prepaid_activity: on holds"):
        prepaid_activity(frame_of(log(3)), on=on)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"subscription_id": ["S-1", None]}, "'subscription_id' is null in 1 row"),
        ({"at": [START, None]}, "'at' is null in 1 row"),
        ({"kind": ["outgoing", None]}, "'kind' is null in 1 row"),
        ({"kind": ["outgoing", "topup"]}, "'kind' is none of recharge, outgoing"),
        ({"region": ["north", None]}, "'region' is null in 1 row"),
    ],
)
def test_rows_that_would_give_wrong_numbers_are_refused(
    backend: Any, changed: dict[str, list[Any]], words: str
) -> None:
    columns = {
        "subscription_id": ["S-1", "S-2"],
        "at": [START] * 2,
        "kind": ["outgoing"] * 2,
        "region": ["north"] * 2,
    }
    with pytest.raises(InvalidTableError, match=words):
        prepaid_activity(backend.frame(columns | changed), on=[START], by="region")


def test_other_bad_input_is_refused() -> None:
    frame = frame_of(log(3))
    with pytest.raises(MissingColumnsError, match="at=<your column>"):
        prepaid_activity(frame.drop("at"), on=[START])
    with pytest.raises(ColumnTypeError, match="'at' holds String"):
        prepaid_activity(frame.cast({"at": pl.String}), on=[START])
    for by in ("as_of", "Active", ["region", "region"]):
        with pytest.raises(ParameterError, match="stand twice"):
            prepaid_activity(frame, on=[START], by=by)


def test_a_rule_is_stored_and_checked() -> None:
    rule = ActivityRule(window_days=30, kinds=("recharge",))
    assert ActivityRule.from_json(rule.to_json()) == rule
    for wrong in (
        {"window_days": 0},
        {"window_days": 30.0},
        {"kinds": ()},
        {"kinds": ("recharge", "recharge")},
        {"kinds": ("topup",)},
    ):
        with pytest.raises(pydantic.ValidationError):
            ActivityRule.model_validate(wrong)


def test_pandas_objects_are_read() -> None:
    moments = [datetime(2024, 1, 1, 5, tzinfo=UTC), datetime(2024, 1, 1)]
    frame = pd.DataFrame(
        {
            "subscription_id": pd.Series(["S-1", "S-2"], dtype=object),
            "at": pd.Series(moments, dtype=object),
            "kind": pd.Series(["outgoing"] * 2, dtype="category"),
        }
    )
    found = prepaid_activity(frame, on=[START])
    assert found["active"].tolist() == [2]
    assert str(found["newly_active"].dtype) == "Int64"
