"""Service level, speed of answer and abandonment: the trade's example, an oracle, every engine."""

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

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.kpi.customer_care.contact_centre import (
    AbandonedContacts,
    ServiceLevelPolicy,
    ShortAbandons,
    contact_centre,
)

START = datetime(2024, 2, 28, 9, tzinfo=UTC)
OUTCOMES = ["answered", "abandoned", "resolved", "transferred", "callback", None]
NAMES = ["direction", "outcome", "wait_s", "duration_s", "started_at", "channel"]

contacts = st.lists(
    st.tuples(
        st.sampled_from(["inbound", "inbound", "outbound"]),
        st.sampled_from(OUTCOMES),
        st.none() | st.integers(0, 40),
        st.none() | st.integers(0, 600),
        st.integers(0, 5).map(lambda days: START + timedelta(days=days)),
        st.sampled_from(["app", "call_centre"]),
    ),
    max_size=25,
).map(lambda rows: {name: [row[place] for row in rows] for place, name in enumerate(NAMES)})

policies = st.builds(
    ServiceLevelPolicy,
    threshold_s=st.integers(0, 40),
    abandoned=st.sampled_from(AbandonedContacts),
    short_abandon_s=st.none() | st.integers(0, 40),
    short_abandons=st.sampled_from(ShortAbandons),
)


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    zoned = pl.Datetime("us", "UTC")
    types: list[Any] = [pl.String, pl.String, pl.Int64, pl.Int64, zoned, pl.String]
    return pl.DataFrame(columns, schema=dict(zip(NAMES, types, strict=True)))


def log(rows: int = 300) -> dict[str, list[Any]]:
    random = Random(11)  # noqa: S311 (a fixture, not a secret)
    drawn = []
    for _ in range(rows):
        wait = random.choice([None, 0, 5, 12, 20, 21, 90])
        talk = random.choice([None, 0, 60, 200, 601])
        at = START + timedelta(days=random.choice([0, 1, 3, 40]), hours=random.randrange(14))
        direction = random.choice(["inbound", "inbound", "outbound"])
        channel = random.choice(["app", "call_centre", "shop"])
        drawn.append((direction, random.choice(OUTCOMES), wait, talk, at, channel))
    return {name: [row[place] for row in drawn] for place, name in enumerate(NAMES)}


def measure(rows: list[Any], policy: ServiceLevelPolicy) -> dict[str, Any]:
    known = [row for row in rows if row[1] is not None and row[2] is not None]
    answered = [row for row in known if row[1] != "abandoned"]
    in_time = sum(row[2] <= policy.threshold_s for row in answered)
    given_up = [row[2] for row in known if row[1] == "abandoned"]
    limit = -1 if policy.short_abandon_s is None else policy.short_abandon_s
    short = sum(wait <= limit for wait in given_up)
    gone = len(given_up) - short
    missed = gone if policy.abandoned == "missed" else 0
    met = short if policy.short_abandons == "met" else 0
    talks = [row[3] for row in answered if row[3] is not None]

    def ratio(part: float, whole: float) -> float | None:
        return part / whole if whole else None

    return {
        "offered": len(known),
        "answered": len(answered),
        "answered_in_time": in_time,
        "abandoned": gone,
        "short_abandoned": short,
        "unmeasured": len(rows) - len(known),
        "service_level": ratio(in_time + met, len(answered) + missed + met),
        "abandonment_rate": ratio(gone, len(answered) + gone),
        "asa_s": ratio(sum(row[2] for row in answered), len(answered)),
        "aht_s": ratio(sum(talks), len(talks)),
    }


def oracle(
    columns: dict[str, list[Any]], policy: ServiceLevelPolicy, by: str | None, period: str | None
) -> list[dict[str, Any]]:
    rows = [row for row in zip(*columns.values(), strict=True) if row[0] == "inbound"]
    groups = sorted({row[5] for row in rows}) if by else [None]
    times: list[Any] = [None]
    if period == "day":
        days = sorted({row[4].date() for row in rows})
        times = (
            [days[0] + timedelta(n) for n in range((days[-1] - days[0]).days + 1)] if days else []
        )
    elif period == "month":
        months = sorted({12 * row[4].year + row[4].month - 1 for row in rows})
        span = range(months[0], months[-1] + 1) if months else []
        times = [date(m // 12, m % 12 + 1, 1) for m in span]
    result = []
    for time in times:
        for group in groups:
            own = [
                row
                for row in rows
                if by is None or row[5] == group
                if period is None
                or row[4].date() == time
                or (period == "month" and row[4].date().replace(day=1) == time)
            ]
            key = {"period" if period == "month" else "day": time} if period else {}
            result.append(key | ({"channel": group} if by else {}) | measure(own, policy))
    return result


@pytest.mark.parametrize(
    ("policy", "level"),
    # ICMI, Queue Tips, "Service Level Calculations" (2002): its five formulas in its order.
    [
        ({"short_abandon_s": 20, "short_abandons": "met"}, 880 / 1060),
        ({"abandoned": "excluded"}, 860 / 1000),
        ({}, 860 / 1060),
        ({"short_abandon_s": 20}, 860 / 1040),
        ({"short_abandon_s": 5, "short_abandons": "met"}, 870 / 1060),
    ],
)
def test_the_five_service_levels_of_the_trade(policy: dict[str, Any], level: float) -> None:
    waits = [20] * 860 + [21] * 140 + [5] * 10 + [20] * 10 + [21] * 40
    frame = pl.DataFrame(
        {
            "direction": ["inbound"] * 1060,
            "outcome": ["answered"] * 1000 + ["abandoned"] * 60,
            "wait_s": waits,
            "duration_s": [100] * 1060,
        }
    )
    found = contact_centre(frame, policy=ServiceLevelPolicy(**policy))
    assert found["service_level"].item() == level


@pytest.mark.parametrize(
    "keys", [(None, None), ("channel", None), (None, "day"), ("channel", "month")]
)
@given(columns=contacts, policy=policies)
@settings(max_examples=8)
def test_the_definition_in_plain_python_agrees(
    keys: tuple[Any, Any], columns: dict[str, list[Any]], policy: ServiceLevelPolicy
) -> None:
    by, period = keys
    found = contact_centre(frame_of(columns), by=by, period=period, policy=policy)
    assert found.to_dicts() == oracle(columns, policy, by, period)


@pytest.mark.parametrize("keys", [{}, {"by": "channel", "period": "month"}], ids=str)
def test_every_engine_gives_the_same_rows_in_its_own_frame(
    backend: Any, keys: dict[str, Any]
) -> None:
    policy = ServiceLevelPolicy(short_abandon_s=5, short_abandons="met")
    result = contact_centre(backend.frame(log()), policy=policy, **keys)
    assert backend.is_own(result)
    rows = backend.rows(result)
    assert rows == oracle(log(), policy, keys.get("by"), keys.get("period"))
    schema = nw.from_native(result).collect_schema()
    assert {schema[name] for name in ("offered", "answered", "abandoned")} == {nw.Int64}
    if keys:
        assert {schema[name] for name in ("service_level", "asa_s", "aht_s")} == {nw.Float64}


@given(columns=contacts)
@settings(max_examples=4)
def test_engines_agree_on_any_contacts(backend: Any, columns: dict[str, list[Any]]) -> None:
    if any(columns["wait_s"]) and any(columns["duration_s"]) and any(columns["outcome"]):
        policy = ServiceLevelPolicy(short_abandon_s=3)
        found = contact_centre(backend.frame(columns), by="channel", period="day", policy=policy)
        assert backend.rows(found) == oracle(columns, policy, "channel", "day")


@given(columns=contacts, policy=policies, order=st.randoms(use_true_random=False))
@settings(max_examples=8)
def test_contacts_add_up_and_shares_are_shares(
    columns: dict[str, list[Any]], policy: ServiceLevelPolicy, order: Any
) -> None:
    frame = frame_of(columns)
    found = contact_centre(frame, by="channel", policy=policy)
    parts = found["answered"] + found["abandoned"] + found["short_abandoned"]
    assert (parts == found["offered"]).all()
    assert (found["answered_in_time"] <= found["answered"]).all()
    for share in ("service_level", "abandonment_rate"):
        assert found[share].is_between(0, 1).all()
    inbound = frame.filter(pl.col("direction") == "inbound").height
    assert sum(found["offered"] + found["unmeasured"]) == inbound
    places = list(range(frame.height))
    order.shuffle(places)
    turned = frame[places].select(NAMES[::-1])
    assert contact_centre(turned, by="channel", policy=policy).equals(found)
    whole = contact_centre(frame, policy=policy)
    counts = ["offered", "answered", "abandoned", "unmeasured"]
    assert found.select(counts).sum().row(0) == whole.select(counts).row(0)


def test_a_longer_threshold_never_lowers_the_service_level() -> None:
    frame = frame_of(log())
    levels = [
        contact_centre(frame, policy=ServiceLevelPolicy(threshold_s=s))["service_level"].item()
        for s in (0, 5, 20, 89, 90)
    ]
    assert levels == sorted(levels)
    assert levels[0] < levels[-1]


def test_no_inbound_contacts_are_one_row_of_nought(backend: Any) -> None:
    columns = {
        "direction": ["outbound"],
        "outcome": ["answered"],
        "wait_s": [0],
        "duration_s": [5],
        "started_at": [START],
    }
    [row] = backend.rows(contact_centre(backend.frame(columns)))
    assert set(row.values()) == {0, None}
    assert backend.rows(contact_centre(backend.frame(columns), period="day")) == []


def test_a_table_without_rows() -> None:
    empty = frame_of({name: [] for name in NAMES})
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        for keys, height in (({}, 1), ({"by": "channel"}, 0), ({"period": "month"}, 0)):
            result: Any = contact_centre(frame, **keys)  # type: ignore[arg-type]
            assert nw.from_native(result).lazy().collect().shape[0] == height


def test_contacts_without_outcome_or_wait_are_left_out_and_counted(backend: Any) -> None:
    columns = {
        "direction": ["inbound"] * 4,
        "outcome": ["answered", None, "resolved", "abandoned"],
        "wait_s": [10, 10, None, 30],
        "duration_s": [None, 50, 60, None],
    }
    [row] = backend.rows(contact_centre(backend.frame(columns)))
    assert (row["offered"], row["unmeasured"], row["answered"]) == (2, 2, 1)
    assert (row["asa_s"], row["aht_s"], row["service_level"]) == (10.0, None, 0.5)


def test_what_is_wrong_with_outbound_contacts_is_not_asked() -> None:
    columns = {
        "direction": ["inbound", "outbound"],
        "outcome": ["answered", "engaged tone"],
        "wait_s": [10, -1],
        "duration_s": [10, -1],
        "channel": ["app", None],
    }
    assert contact_centre(pl.DataFrame(columns), by="channel")["offered"].to_list() == [1]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"direction": ["inbound", "sideways"]}, "'direction' is none of inbound, outbound"),
        ({"direction": ["inbound", None]}, "'direction' is null in 1 row"),
        ({"outcome": ["answered", "engaged tone"]}, "'outcome' is none of answered, abandoned"),
        ({"wait_s": [3, -1]}, "'wait_s' is negative in 1 row"),
        ({"duration_s": [3, -1]}, "'duration_s' is negative in 1 row"),
        ({"channel": ["app", None]}, "'channel' is null in 1 row"),
    ],
)
def test_rows_that_would_give_wrong_numbers_are_refused(
    backend: Any, changed: dict[str, list[Any]], words: str
) -> None:
    columns = {
        "interaction_id": ["N-1", "N-2"],
        "direction": ["inbound"] * 2,
        "outcome": ["answered"] * 2,
        "wait_s": [1, 2],
        "duration_s": [1, 2],
        "channel": ["app", "web"],
    }
    with pytest.raises(InvalidTableError, match=f"{words}.*N-2"):
        contact_centre(backend.frame(columns | changed), by="channel")


def test_seconds_that_are_no_numbers_are_refused() -> None:
    frame = frame_of(log(5)).with_columns(direction=pl.lit("inbound"))
    for value in (float("nan"), float("inf")):
        with pytest.raises(InvalidTableError, match="not a finite number in 5 rows"):
            contact_centre(frame.with_columns(wait_s=pl.lit(value)))
    with pytest.raises(ColumnTypeError, match="'wait_s' holds String"):
        contact_centre(frame.cast({"wait_s": pl.String}))
    with pytest.raises(MissingColumnsError, match="lacks 'outcome'"):
        contact_centre(frame.drop("outcome"))
    with pytest.raises(ParameterError, match="stand twice"):
        contact_centre(frame, by="Offered")


def test_pandas_objects_and_categories_are_read() -> None:
    frame = pd.DataFrame(
        {
            "direction": pd.Series(["inbound"] * 3, dtype="category"),
            "outcome": pd.Series(["answered", None, "abandoned"], dtype=object),
            "wait_s": [1.5, 2.0, 30.0],
            "duration_s": [10.0, None, None],
        }
    )
    [row] = contact_centre(frame).to_dict("records")
    assert (row["offered"], row["unmeasured"], row["asa_s"]) == (2, 1, 1.5)


def test_a_policy_is_stored_and_checked() -> None:
    policy = ServiceLevelPolicy(threshold_s=30, short_abandon_s=5, short_abandons="met")
    assert ServiceLevelPolicy.from_json(policy.to_json()) == policy
    for wrong in ({"threshold_s": -1}, {"short_abandon_s": 2.5}, {"abandoned": "kept"}):
        with pytest.raises(pydantic.ValidationError):
            ServiceLevelPolicy(**wrong)
