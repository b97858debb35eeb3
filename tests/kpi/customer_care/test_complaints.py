"""Time to resolve and first-contact resolution: laws, oracles in plain Python, every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.kpi.customer_care.complaints import first_contact_resolution, time_to_resolve

START = datetime(2024, 1, 30, 18, tzinfo=UTC)
AS_OF = START + timedelta(days=40)
NAMES = ["complaint_id", "customer_id", "category", "received_at", "resolved_at", "status"]
STATES = ["acknowledged", "inProgress", "rejected", "cancelled", "closed", "resolved"]
ENDED = {"rejected", "cancelled", "closed", "resolved"}

complaints = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["billing", "network"]),
        st.integers(0, 44 * 4).map(lambda n: START + timedelta(hours=6 * n)),
        st.none() | st.integers(0, 60).map(lambda n: timedelta(hours=4 * n)),
        st.sampled_from(STATES),
    ),
    max_size=14,
).map(
    lambda rows: {
        "complaint_id": [f"K-{nth:02}" for nth in range(len(rows))],
        "customer_id": [row[0] for row in rows],
        "category": [row[1] for row in rows],
        "received_at": [row[2] for row in rows],
        "resolved_at": [None if row[3] is None else row[2] + row[3] for row in rows],
        "status": [row[4] for row in rows],
    }
)


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    zoned = pl.Datetime("us", "UTC")
    types: list[Any] = [pl.String, pl.String, pl.String, zoned, zoned, pl.String]
    return pl.DataFrame(columns, schema=dict(zip(NAMES, types, strict=True)))


def log(rows: int = 150) -> dict[str, list[Any]]:
    random = Random(17)  # noqa: S311 (a fixture, not a secret)
    # Equal instants of one customer and matter are common; one month is without complaints.
    came = [
        START + timedelta(hours=24 * random.choice([0, 1, 2, 5, 8, 70, 75])) for _ in range(rows)
    ]
    took = [random.choice([None, 0, 1, 30, 72, 73, 2000]) for _ in range(rows)]
    ended = [
        None if hours is None else at + timedelta(hours=hours)
        for at, hours in zip(came, took, strict=True)
    ]
    return {
        "complaint_id": [f"K-{nth:03}" for nth in range(rows)],
        "customer_id": [f"C-{random.randrange(20)}" for _ in range(rows)],
        "category": [random.choice(["billing", "network"]) for _ in range(rows)],
        "received_at": came,
        "resolved_at": ended,
        "status": [random.choice(STATES) for _ in range(rows)],
    }


def measure_times(rows: list[Any], as_of: datetime, within: timedelta) -> dict[str, Any]:
    solved = [row for row in rows if row[4] is not None and row[4] <= as_of]
    ended = [row for row in rows if row[4] is None and row[5] in ENDED]
    judged = [row for row in rows if row not in ended and row[3] + within <= as_of]
    quick = [row for row in judged if row[4] is not None and row[4] - row[3] <= within]
    hours = [(row[4] - row[3]) / timedelta(hours=1) for row in solved]
    return {
        "received": len(rows),
        "resolved": len(solved),
        "ended": len(ended),
        "open": len(rows) - len(solved) - len(ended),
        "mean_hours": fmean(hours) if hours else None,
        "median_hours": median(hours) if hours else None,
        "judged": len(judged),
        "resolved_within": len(quick),
        "share_within": len(quick) / len(judged) if judged else None,
    }


def measure_firsts(
    rows: list[Any], every: list[Any], as_of: datetime, window: timedelta
) -> dict[str, Any]:
    def near(row: Any, later: int) -> bool:
        """Tell whether the matter came just before, or comes just after."""
        return any(
            (one[3], one[0]) != (row[3], row[0])
            and one[1:3] == row[1:3]
            and timedelta(0) <= later * (one[3] - row[3]) <= window
            and ((one[3], one[0]) > (row[3], row[0])) == (later > 0)
            for one in every
        )

    firsts = [row for row in rows if not near(row, -1)]
    judged = [row for row in firsts if row[3] + window <= as_of]
    solved = [
        row
        for row in judged
        if row[4] is not None and row[4] - row[3] <= window and not near(row, 1)
    ]
    return {
        "contacts": len(rows),
        "repeats": len(rows) - len(firsts),
        "first_contacts": len(firsts),
        "judged": len(judged),
        "resolved_at_first": len(solved),
        "first_contact_resolution": len(solved) / len(judged) if judged else None,
    }


def oracle(
    columns: dict[str, list[Any]], measure: Any, as_of: datetime, by: str | None, period: str | None
) -> list[dict[str, Any]]:
    rows = [row for row in zip(*(columns[n] for n in NAMES), strict=True) if row[3] <= as_of]
    groups = sorted({row[2] for row in rows}) if by else [None]
    months: list[Any] = [None]
    if period:
        found = [12 * row[3].year + row[3].month - 1 for row in rows]
        months = list(range(min(found), max(found) + 1)) if found else []
    result = []
    for month in months:
        for group in groups:
            own = [
                row
                for row in rows
                if by is None or row[2] == group
                if month is None or 12 * row[3].year + row[3].month - 1 == month
            ]
            key = {"period": date(month // 12, month % 12 + 1, 1)} if period else {}
            result.append(key | ({"category": group} if by else {}) | measure(own, rows))
    return result


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the noise of adding floats."""
    return [
        {name: round(v, 6) if isinstance(v, float) else v for name, v in row.items()}
        for row in rows
    ]


def times_oracle(columns: Any, by: Any, period: Any, *, within: float = 72.0) -> Any:
    limit = timedelta(hours=within)
    return told(
        oracle(columns, lambda rows, _: measure_times(rows, AS_OF, limit), AS_OF, by, period)
    )


def firsts_oracle(columns: Any, by: Any, period: Any, *, days: float = 7.0) -> Any:
    window = timedelta(days=days)

    def measure(rows: list[Any], every: list[Any]) -> dict[str, Any]:
        return measure_firsts(rows, every, AS_OF, window)

    return told(oracle(columns, measure, AS_OF, by, period))


KEYS = [(None, None), ("category", None), ("category", "month")]


@pytest.mark.parametrize("keys", KEYS, ids=str)
@given(columns=complaints, within=st.sampled_from([4.0, 24.0, 72.0]))
@settings(max_examples=12)
def test_times_in_plain_python_agree(
    keys: tuple[Any, Any], columns: dict[str, list[Any]], within: float
) -> None:
    by, period = keys
    found = time_to_resolve(
        frame_of(columns), as_of=AS_OF, within_hours=within, by=by, period=period
    )
    assert told(found.to_dicts()) == times_oracle(columns, by, period, within=within)


@pytest.mark.parametrize("keys", KEYS, ids=str)
@given(columns=complaints, days=st.sampled_from([0.25, 2.0, 7.0]))
@settings(max_examples=15)
def test_first_contacts_in_plain_python_agree(
    keys: tuple[Any, Any], columns: dict[str, list[Any]], days: float
) -> None:
    by, period = keys
    found = first_contact_resolution(
        frame_of(columns), as_of=AS_OF, window_days=days, by=by, period=period
    )
    assert told(found.to_dicts()) == firsts_oracle(columns, by, period, days=days)


def test_every_engine_times_alike_in_its_own_frame(backend: Any) -> None:
    result = time_to_resolve(backend.frame(log()), as_of=AS_OF, by="category", period="month")
    assert backend.is_own(result)
    assert told(backend.rows(result)) == times_oracle(log(), "category", "month")
    schema = nw.from_native(result).collect_schema()
    assert {schema[name] for name in ("received", "open", "judged")} == {nw.Int64}
    assert {schema[name] for name in ("mean_hours", "share_within")} == {nw.Float64}


def test_every_engine_follows_first_contacts_alike_in_its_own_frame(backend: Any) -> None:
    frame = backend.frame(log())
    result = first_contact_resolution(frame, as_of=AS_OF, by="category", period="month")
    assert backend.is_own(result)
    assert told(backend.rows(result)) == firsts_oracle(log(), "category", "month")
    schema = nw.from_native(result).collect_schema()
    assert {schema[name] for name in ("contacts", "repeats", "judged")} == {nw.Int64}
    assert schema["first_contact_resolution"] == nw.Float64


@given(columns=complaints)
@settings(max_examples=3)
def test_engines_agree_on_any_complaints(backend: Any, columns: dict[str, list[Any]]) -> None:
    if any(columns["resolved_at"]):
        frame = backend.frame(columns)
        found = backend.rows(time_to_resolve(frame, as_of=AS_OF))
        assert told(found) == times_oracle(columns, None, None)
        found = backend.rows(first_contact_resolution(frame, as_of=AS_OF))
        assert told(found) == firsts_oracle(columns, None, None)


@given(columns=complaints, order=st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_parts_add_up_whatever_the_order(columns: dict[str, list[Any]], order: Any) -> None:
    frame = frame_of(columns)
    places = list(range(frame.height))
    order.shuffle(places)
    turned = frame[places].select(NAMES[::-1])
    times = time_to_resolve(frame, as_of=AS_OF, by="category")
    assert (times["resolved"] + times["ended"] + times["open"] == times["received"]).all()
    assert (times["resolved_within"] <= times["judged"]).all()
    assert time_to_resolve(turned, as_of=AS_OF, by="category").equals(times)
    firsts = first_contact_resolution(frame, as_of=AS_OF, by="category")
    assert (firsts["first_contacts"] + firsts["repeats"] == firsts["contacts"]).all()
    assert (firsts["judged"] <= firsts["first_contacts"]).all()
    assert firsts["first_contact_resolution"].is_between(0, 1).all()
    assert first_contact_resolution(turned, as_of=AS_OF, by="category").equals(firsts)


@given(columns=complaints, later=st.integers(0, 80))
@settings(max_examples=10)
def test_what_is_judged_is_final(columns: dict[str, list[Any]], later: int) -> None:
    """Looking again later, at the same complaints, changes no share that was over."""
    frame = frame_of(columns).filter(pl.col("received_at") <= AS_OF)
    old = frame.filter(pl.col("received_at") <= AS_OF - timedelta(days=7))
    again = AS_OF + timedelta(days=later)
    for part in (old, frame):
        before, after = (
            first_contact_resolution(part, as_of=day, by="complaint_id") for day in (AS_OF, again)
        )
        over = before.filter(pl.col("judged") == 1)
        same = after.join(over.select("complaint_id"), on="complaint_id", how="semi")
        assert same.equals(over)
    soon, late = (time_to_resolve(old, as_of=day, within_hours=168) for day in (AS_OF, again))
    counts = ["received", "ended", "judged", "resolved_within", "share_within"]
    assert soon.select(counts).equals(late.select(counts))


def test_what_comes_or_is_resolved_later_is_not_known_yet() -> None:
    frame = frame_of(log())
    early = START + timedelta(days=6)
    known = frame.filter(pl.col("received_at") <= early).with_columns(
        resolved_at=pl.when(pl.col("resolved_at") <= early).then("resolved_at"),
        status=pl.lit("inProgress"),
    )
    found = time_to_resolve(frame.with_columns(status=pl.lit("inProgress")), as_of=early)
    assert found.equals(time_to_resolve(known, as_of=early))


def test_unresolved_complaints_are_counted_and_not_timed(backend: Any) -> None:
    columns = {
        "received_at": [START] * 4,
        "resolved_at": [START + timedelta(hours=10), None, None, START + timedelta(hours=100)],
        "status": ["closed", "inProgress", "rejected", "resolved"],
    }
    [row] = backend.rows(time_to_resolve(backend.frame(columns), as_of=AS_OF))
    assert row == {
        "received": 4,
        "resolved": 2,
        "ended": 1,
        "open": 1,
        "mean_hours": 55.0,
        "median_hours": 55.0,
        "judged": 3,
        "resolved_within": 1,
        "share_within": 1 / 3,
    }
    [soon] = backend.rows(
        time_to_resolve(backend.frame(columns), as_of=START + timedelta(hours=50))
    )
    assert (soon["resolved"], soon["open"], soon["judged"], soon["share_within"]) == (1, 2, 0, None)


def test_a_chain_of_complaints_is_one_matter_that_was_not_resolved_at_first() -> None:
    days = [0, 5, 10, 30]
    columns = {
        "complaint_id": ["K-1", "K-2", "K-3", "K-4"],
        "customer_id": ["ann"] * 4,
        "category": ["billing"] * 4,
        "received_at": [START + timedelta(days=d) for d in days],
        "resolved_at": [START + timedelta(days=d, hours=1) for d in days],
    }
    found = first_contact_resolution(pl.DataFrame(columns), as_of=AS_OF)
    assert found.row(0) == (4, 2, 2, 2, 1, 0.5)
    other = {**columns, "category": ["billing", "network", "device", "fraud"]}
    assert first_contact_resolution(pl.DataFrame(other), as_of=AS_OF).row(0) == (4, 0, 4, 4, 4, 1.0)
    together = first_contact_resolution(pl.DataFrame(other), as_of=AS_OF, category=None)
    assert together.row(0) == (4, 2, 2, 2, 1, 0.5)


def test_the_window_includes_its_end_and_is_over_at_it() -> None:
    columns = {
        "complaint_id": ["K-1", "K-2"],
        "customer_id": ["ann"] * 2,
        "category": ["billing"] * 2,
        "received_at": [START, START + timedelta(days=7)],
        "resolved_at": [START + timedelta(days=7)] * 2,
    }
    frame = pl.DataFrame(columns)
    found = first_contact_resolution(frame, as_of=START + timedelta(days=7))
    assert found.select("repeats", "judged", "resolved_at_first").row(0) == (1, 1, 0)
    second = first_contact_resolution(frame.head(1), as_of=START + timedelta(days=7))
    assert second.select("judged", "resolved_at_first").row(0) == (1, 1)
    early = first_contact_resolution(frame, as_of=START + timedelta(days=7, seconds=-1))
    assert early.select("contacts", "judged", "first_contact_resolution").row(0) == (1, 0, None)


def test_of_two_complaints_at_one_instant_the_first_by_name_is_first(backend: Any) -> None:
    columns = {
        "complaint_id": ["K-2", "K-1"],
        "customer_id": ["ann"] * 2,
        "category": ["billing"] * 2,
        "received_at": [START] * 2,
        "resolved_at": [START, START],
        "channel": ["web", "app"],
    }
    frame = backend.frame(columns)
    rows = backend.rows(first_contact_resolution(frame, as_of=AS_OF, by="channel"))
    assert [(row["channel"], row["repeats"], row["judged"]) for row in rows] == [
        ("app", 0, 1),
        ("web", 1, 0),
    ]


def test_instants_of_different_zones_meet_in_utc(backend: Any) -> None:
    # Across the change to summer time of Berlin: two hours on the clock, one in truth.
    came = pl.Series([datetime(2024, 3, 31, 0, 30, tzinfo=UTC)])
    frame = pl.DataFrame(
        {
            "received_at": came.dt.convert_time_zone("Europe/Berlin"),
            "resolved_at": (came + timedelta(hours=1)).dt.convert_time_zone("America/New_York"),
            "status": ["closed"],
        }
    )
    found = time_to_resolve(frame, as_of=datetime(2024, 5, 1, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert found["mean_hours"].item() == 1.0
    naive = frame.with_columns(received_at=came.dt.replace_time_zone(None))
    assert time_to_resolve(naive, as_of=AS_OF + timedelta(days=90))["mean_hours"].item() == 1.0
    objects = pd.DataFrame({"status": ["closed"] * 2})
    zones = [ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")]
    for name, hours in (("received_at", 0), ("resolved_at", 1)):
        moments = [(came.item() + timedelta(hours=hours)).astimezone(zone) for zone in zones]
        objects[name] = pd.Series(moments, dtype=object)
    late = time_to_resolve(objects, as_of=AS_OF + timedelta(days=90))
    assert late["mean_hours"].tolist() == [1.0]


def test_a_duckdb_connection_in_another_zone_gives_the_same_hours() -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Europe/Berlin'")
    relation = connection.sql(
        """
        SELECT TIMESTAMPTZ '2024-03-31 00:30:00+00' AS received_at,
               TIMESTAMPTZ '2024-03-31 01:30:00+00' AS resolved_at, 'closed' AS status
        """
    )
    found = time_to_resolve(relation, as_of=datetime(2024, 5, 1, tzinfo=UTC))
    assert found.project("mean_hours").fetchall() == [(1.0,)]


def test_spark_sessions_in_another_zone_give_the_same_hours(spark_backend: Any) -> None:
    columns = {
        "received_at": [datetime(2024, 3, 31, 0, 30, tzinfo=UTC)],
        "resolved_at": [datetime(2024, 3, 31, 1, 30, tzinfo=UTC)],
        "status": ["closed"],
    }
    frame = spark_backend.frame(columns)
    frame.sparkSession.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    try:
        [row] = spark_backend.rows(time_to_resolve(frame, as_of=AS_OF + timedelta(days=90)))
        naive = frame.withColumns(
            {name: frame[name].cast("timestamp_ntz") for name in ("received_at", "resolved_at")}
        )
        [local] = spark_backend.rows(time_to_resolve(naive, as_of=AS_OF + timedelta(days=90)))
    finally:
        frame.sparkSession.conf.set("spark.sql.session.timeZone", "UTC")
    # Without a zone the clock of Berlin is all there is: 1:30 and 3:30.
    assert (row["mean_hours"], local["mean_hours"]) == (1.0, 2.0)


def test_days_are_their_first_second() -> None:
    frame = pl.DataFrame(
        {
            "received_at": [date(2024, 1, 1)],
            "resolved_at": [date(2024, 1, 3)],
            "status": ["closed"],
        }
    )
    for given_frame in (frame, frame.to_arrow(), frame.to_pandas()):
        result: Any = time_to_resolve(given_frame, as_of=AS_OF)
        assert nw.from_native(result)["mean_hours"].to_list() == [48.0]


@pytest.mark.parametrize("function", [time_to_resolve, first_contact_resolution])
def test_no_complaints_are_one_row_of_nought(function: Any) -> None:
    empty = frame_of({name: [] for name in NAMES})
    for frame in (empty, empty.lazy(), empty.to_arrow(), empty.to_pandas()):
        result = nw.from_native(function(frame, as_of=AS_OF)).lazy().collect()
        assert result.shape[0] == 1
        assert not any(value for value in result.row(0) if value == value)  # noqa: PLR0124 (NaN)
        for keys in ({"by": "category"}, {"period": "day"}):
            result = nw.from_native(function(frame, as_of=AS_OF, **keys)).lazy().collect()
            assert result.shape[0] == 0
    later = frame_of(log(5))
    assert function(later, as_of=START - timedelta(days=1)).row(0)[0] == 0


def test_complaints_of_which_none_was_ever_resolved() -> None:
    columns = {**log(6), "resolved_at": [None] * 6, "status": ["held"] * 6}
    columns["received_at"] = [START] * 6
    for frame in (frame_of(columns), frame_of(columns).to_pandas()):
        result: Any = time_to_resolve(frame, as_of=AS_OF)
        [row] = nw.from_native(result).rows(named=True)
        assert (row["open"], row["judged"], row["share_within"]) == (6, 6, 0.0)
        assert pd.isna(row["median_hours"])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"received_at": [START, None]}, "'received_at' is null in 1 row"),
        ({"resolved_at": [START, START - timedelta(days=1)]}, "resolved before it was received"),
        ({"status": ["closed", None]}, "'status' is null in 1 row"),
        ({"status": ["closed", "done"]}, "'status' is none of acknowledged"),
        ({"category": ["billing", None]}, "'category' is null in 1 row"),
    ],
)
def test_rows_that_would_give_wrong_numbers_are_refused(
    backend: Any, changed: dict[str, list[Any]], words: str
) -> None:
    columns = {
        "complaint_id": ["K-1", "K-2"],
        "customer_id": ["ann", "bob"],
        "category": ["billing", "network"],
        "received_at": [START] * 2,
        "resolved_at": [START] * 2,
        "status": ["closed"] * 2,
    }
    frame = backend.frame(columns | changed)
    with pytest.raises(InvalidTableError, match=f"{words}.*K-2"):
        time_to_resolve(frame, as_of=AS_OF, by="category")
    if "status" not in changed:
        with pytest.raises(InvalidTableError, match=f"{words}.*K-2"):
            first_contact_resolution(frame, as_of=AS_OF)


def test_bad_arguments_are_refused() -> None:
    frame = frame_of(log(5))
    for as_of in (date(2024, 1, 1), datetime(2024, 1, 1)):
        with pytest.raises(ParameterError, match="has to be an instant"):
            time_to_resolve(frame, as_of=as_of)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="within_hours is 0"):
        time_to_resolve(frame, as_of=AS_OF, within_hours=0)
    with pytest.raises(ParameterError, match="window_days is nan"):
        first_contact_resolution(frame, as_of=AS_OF, window_days=float("nan"))
    with pytest.raises(ParameterError, match="stand twice"):
        time_to_resolve(frame, as_of=AS_OF, by="resolved")
    with pytest.raises(MissingColumnsError, match="category=<your column>"):
        first_contact_resolution(frame.drop("category"), as_of=AS_OF)
    with pytest.raises(ColumnTypeError, match="'resolved_at' holds String"):
        time_to_resolve(frame.cast({"resolved_at": pl.String}), as_of=AS_OF)
    with pytest.raises(ColumnTypeError, match="'resolved_at' holds"):
        time_to_resolve(frame.with_columns(resolved_at=None), as_of=AS_OF)
