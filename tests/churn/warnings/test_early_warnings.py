"""Tables and one customer's records tell the same, on every engine, and know no future."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.churn.warnings.drawn_histories import (
    AS_OF,
    COMPETITOR,
    Columns,
    day,
    history,
    moment,
    tables_of,
)
from tests.conftest import Backend

from telcrm.churn.warnings.competitor_calls import CompetitorCallsPolicy
from telcrm.churn.warnings.consumption_anomaly import ConsumptionAnomalyPolicy
from telcrm.churn.warnings.customer_warnings import customer_warnings
from telcrm.churn.warnings.early_warnings import early_warnings
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.policy import WarningPolicy
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    MissingTableError,
    ParameterError,
    UnsupportedFrameError,
    WindowError,
)

POLICY = WarningPolicy(
    competitor_calls=CompetitorCallsPolicy(
        numbers=(COMPETITOR,), lawful_basis="consent, GDPR article 6(1)(a)"
    ),
    consumption_anomaly=ConsumptionAnomalyPolicy(
        least_voice_s=900, least_data_bytes=60_000_000, least_sms_count=1
    ),
)

_TYPES = {
    "started_at": pl.Datetime,
    "received_at": pl.Datetime,
    "resolved_at": pl.Datetime,
    "requested_at": pl.Datetime,
    "completed_at": pl.Datetime,
    "recorded_at": pl.Datetime,
    "duration_s": pl.Int64,
    "volume_bytes": pl.Int64,
    "total": pl.Float64,
    "amount": pl.Float64,
}


def polars(tables: dict[str, Columns]) -> dict[str, pl.DataFrame]:
    def dtype(name: str) -> Any:
        dates = ("_on", "_end")
        return _TYPES.get(name, pl.Date if name.endswith(dates) else pl.String)

    return {
        name: pl.DataFrame(columns, schema={column: dtype(column) for column in columns})
        for name, columns in tables.items()
    }


def drawn(seed: int, customers: int = 4) -> list[CustomerHistory]:
    chance = Random(seed)  # noqa: S311
    return [history(chance, f"C-{at}") for at in range(customers)]


def told(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows that compare equal if they differ by the noise of floats only."""
    return [
        tuple(round(value, 9) if isinstance(value, float) else value for value in row.values())
        for row in rows
    ]


def expected(histories: list[CustomerHistory]) -> list[tuple[Any, ...]]:
    rows = [
        {
            "customer_id": one.customer_id,
            "subscription_id": one.subscription_id,
            "signal": one.signal.value,
            "churn_kind": one.churn_kind.value,
            "severity": one.severity,
            "evidence": one.evidence,
            "evidence_id": one.evidence_id,
            "evidence_on": one.evidence_on,
            "half_life_days": one.half_life_days,
            "weight": one.weight,
        }
        for customer in histories
        for one in customer_warnings(customer, as_of=AS_OF, policy=POLICY)
    ]
    return sorted(told(rows), key=lambda row: (row[0], row[1] or "", row[2]))


@given(st.integers(0, 10**6))
@settings(max_examples=10)
def test_tables_and_records_tell_the_same(seed: int) -> None:
    histories = drawn(seed)
    found = early_warnings(polars(tables_of(histories)), as_of=AS_OF, policy=POLICY)
    assert told(found.rows(named=True)) == expected(histories)
    assert not found.select("customer_id", "subscription_id", "signal").is_duplicated().any()
    for row in found.rows(named=True):
        assert 0 <= row["weight"] <= row["severity"] <= 1
        faded = 0.5 ** ((AS_OF - row["evidence_on"]).days / row["half_life_days"])
        assert row["weight"] == pytest.approx(row["severity"] * faded)


@pytest.mark.parametrize("seed", [1, 7])
def test_the_customers_of_every_engine_show_every_signal(seed: int) -> None:
    assert {row[2] for row in expected(drawn(seed, customers=6))} == set(WarningSignal)


def _on(backend: Backend, histories: list[CustomerHistory]) -> Any:
    tables = tables_of(histories)
    frames = dict(zip(tables, backend.frames(*tables.values()), strict=True))
    return early_warnings(frames, as_of=AS_OF, policy=POLICY)


@pytest.mark.parametrize("seed", [1, 7])
def test_every_engine_tells_the_same(distinct_backend: Backend, seed: int) -> None:
    histories = drawn(seed, customers=6)
    found = _on(distinct_backend, histories)
    assert distinct_backend.is_own(found)
    assert told(distinct_backend.rows(found)) == expected(histories)


def test_spark_tells_the_same(spark_backend: Backend) -> None:
    histories = drawn(1, customers=6)
    names = ("subscriptions", "usage", "complaints")
    tables = {name: columns for name, columns in tables_of(histories).items() if name in names}
    frames = dict(zip(tables, spark_backend.frames(*tables.values()), strict=True))
    policy = POLICY.replace(consumption_anomaly=None, competitor_calls=None)
    found = early_warnings(frames, as_of=AS_OF, policy=policy)
    assert spark_backend.is_own(found)
    signals = ("contract_expiry", "high_risk_complaint", "silent_customer")
    rows = [row for row in expected(histories) if row[2] in signals]
    assert {row[2] for row in rows} == set(signals)
    assert told(spark_backend.rows(found)) == rows


def test_nobody_warns_of_nothing(distinct_backend: Backend) -> None:
    tables = tables_of(drawn(1, customers=1))
    lines = {name: values[:1] for name, values in tables["subscriptions"].items()}
    lines |= {"commitment_end": [None], "status": ["active"], "terminated_on": [None]}
    empty: Columns = {name: [] for name in tables["complaints"]}
    frames = distinct_backend.frames(lines, empty)
    found = early_warnings(
        dict(zip(("subscriptions", "complaints"), frames, strict=True)), as_of=AS_OF
    )
    assert distinct_backend.rows(found) == []


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=4)
def test_what_comes_later_changes_nothing(seed: int, later: int) -> None:
    histories = drawn(seed)
    now = tables_of(histories)
    future = tables_of(drawn(later, customers=5))
    at = {
        "subscriptions": "activated_on",
        "usage": "started_at",
        "complaints": "received_at",
        "interactions": "started_at",
        "service_requests": "requested_at",
        "invoices": "issued_on",
        "payments": "paid_on",
    }
    grown = {}
    for name, column in at.items():
        rows = pl.DataFrame(polars(future)[name]).filter(
            pl.col(column).cast(pl.Datetime) >= datetime.combine(AS_OF, datetime.min.time())
        )
        key = polars(now)[name].columns[0]
        rows = rows.with_columns(pl.concat_str(pl.lit("later "), key).alias(key))
        grown[name] = pl.concat([polars(now)[name], rows])
    found = early_warnings(grown, as_of=AS_OF, policy=POLICY)
    assert told(found.rows(named=True)) == expected(histories)


@given(st.integers(0, 10**6))
@settings(max_examples=4)
def test_what_is_done_later_is_still_open(seed: int) -> None:
    histories = drawn(seed)
    tables = polars(tables_of(histories))
    after = pl.lit(datetime.combine(AS_OF, datetime.min.time()))
    done = {
        "complaints": ("resolved_at", "resolved"),
        "service_requests": ("completed_at", "completed"),
    }
    for name, (column, status) in done.items():
        frame = tables[name]
        still = pl.col(column).is_null() & ~pl.col("status").is_in(["cancelled", status])
        tables[name] = frame.with_columns(
            pl.when(still).then(pl.lit(status)).otherwise("status").alias("status"),
            pl.when(still)
            .then(pl.max_horizontal(after, frame.columns[2 if name == "complaints" else 5]))
            .otherwise(column)
            .alias(column),
        )
    found = early_warnings(tables, as_of=AS_OF, policy=POLICY)
    assert told(found.rows(named=True)) == expected(histories)


@given(st.integers(0, 10**6))
@settings(max_examples=3)
def test_what_is_recorded_later_is_not_seen(seed: int) -> None:
    chance = Random(seed)  # noqa: S311
    tables = polars(tables_of(drawn(seed)))
    patient = POLICY.replace(usage_lag_days=100)
    midnight = datetime.combine(AS_OF, datetime.min.time())
    times = [midnight - timedelta(days=1), midnight, midnight + timedelta(seconds=1)]
    dated = {
        name: frame.with_columns(
            recorded_at=pl.Series(
                [chance.choice(times) for _ in range(frame.height)], dtype=pl.Datetime
            )
        )
        for name, frame in tables.items()
    }
    known = {
        n: f.filter(pl.col("recorded_at") <= midnight).drop("recorded_at") for n, f in dated.items()
    }
    found = early_warnings(dated, as_of=AS_OF, policy=patient)
    assert found.equals(early_warnings(known, as_of=AS_OF, policy=patient))
    blind = early_warnings(dated, as_of=AS_OF, policy=patient, recorded_at=None)
    assert blind.equals(early_warnings(tables, as_of=AS_OF, policy=patient))


@given(st.integers(0, 10**6))
@settings(max_examples=2)
def test_a_signal_is_told_from_its_own_tables(seed: int) -> None:
    tables = polars(tables_of(drawn(seed)))
    whole = early_warnings(tables, as_of=AS_OF, policy=POLICY)
    for names, signals in {
        ("subscriptions", "usage"): ["silent_customer", "consumption_anomaly", "competitor_calls"],
        ("subscriptions", "complaints"): ["high_risk_complaint"],
        ("subscriptions", "invoices", "payments"): ["payment_stress"],
    }.items():
        some = early_warnings({n: tables[n] for n in names}, as_of=AS_OF, policy=POLICY)
        mine = pl.col("signal").is_in(signals)
        assert some.filter(mine).equals(whole.filter(mine))


def test_a_day_begins_by_the_clock_of_the_table() -> None:
    calls = pl.DataFrame(
        {
            "interaction_id": ["early", "late"],
            "customer_id": ["ann", "bob"],
            # Berlin is an hour ahead: 23:30 UTC lies after its midnight.
            "started_at": [moment(1, 22), moment(1, 23) + timedelta(minutes=30)],
            "direction": ["inbound"] * 2,
            "reason": ["pac"] * 2,
        }
    )
    berlin = calls.with_columns(pl.col("started_at").dt.convert_time_zone("Europe/Berlin"))
    for frame, seen in ((calls, ["ann", "bob"]), (berlin, ["ann"])):
        found = early_warnings({"interactions": frame}, as_of=AS_OF)
        assert found["customer_id"].to_list() == seen


def test_instants_with_a_zone_are_read_on_every_engine(distinct_backend: Backend) -> None:
    calls: Columns = {
        "interaction_id": ["N-1", "N-2", "N-3"],
        "customer_id": ["ann", "bob", "cid"],
        "started_at": [moment(7, 12), moment(-1, 12), moment(3, 12)],
        "direction": ["inbound"] * 3,
        "reason": ["pac"] * 3,
        "recorded_at": [moment(6, 12), moment(-1, 12), moment(-1, 12)],
    }
    found = early_warnings({"interactions": distinct_backend.frame(calls)}, as_of=AS_OF)
    [row] = distinct_backend.rows(found)
    assert (row["customer_id"], row["evidence_on"]) == ("ann", day(7))


LINE: Columns = {
    "subscription_id": ["S-1"],
    "customer_id": ["ann"],
    "status": ["active"],
    "activated_on": [day(400)],
    "commitment_end": [day(-10)],
}


def test_of_a_line_the_row_recorded_last_counts(distinct_backend: Backend) -> None:
    versions = {name: values * 3 for name, values in LINE.items()}
    versions["commitment_end"] = [day(-10), day(-20), day(-30)]
    versions["recorded_at"] = [moment(9).replace(tzinfo=None), moment(0).replace(tzinfo=None)]
    versions["recorded_at"].append(moment(-1).replace(tzinfo=None))
    found = early_warnings({"subscriptions": distinct_backend.frame(versions)}, as_of=AS_OF)
    [row] = distinct_backend.rows(found)
    assert row["evidence"] == "The contract ends in 20 days."


def test_usage_that_ends_too_early_is_refused() -> None:
    tables = polars(tables_of(drawn(1)))
    lines = {name: tables[name] for name in ("subscriptions", "usage")}
    later = AS_OF + timedelta(days=4)
    early_warnings(lines, as_of=AS_OF + timedelta(days=3), policy=POLICY)
    last = tables["usage"].filter(
        pl.col("started_at") < datetime.combine(AS_OF, datetime.min.time())
    )
    late = {**lines, "usage": last}
    early_warnings(late, as_of=AS_OF + timedelta(days=3), policy=POLICY)
    with pytest.raises(WindowError, match="usage ends 5 days before 2026-03-05"):
        early_warnings(late, as_of=later, policy=POLICY)
    with pytest.raises(WindowError, match="tells of no day shortly before"):
        early_warnings({**lines, "usage": last.clear()}, as_of=AS_OF)
    early_warnings(late, as_of=later, policy=POLICY.replace(usage_lag_days=4))


def test_silence_reaches_back_no_further_than_the_table() -> None:
    tables = polars(tables_of(drawn(1)))
    quiet = pl.DataFrame({**LINE, "subscription_id": ["S-9"], "commitment_end": [None]})
    for days, words in ((13, []), (20, ["20 days or more"]), (112, ["90 days or more"])):
        near = pl.col("started_at") >= datetime.combine(day(days), datetime.min.time())
        beats = tables["usage"].filter(near)
        first = beats.head(1).with_columns(started_at=pl.lit(moment(days).replace(tzinfo=None)))
        usage = pl.concat([beats, first.with_columns(subscription_id=pl.lit("busy"))])
        found = early_warnings({"subscriptions": quiet, "usage": usage}, as_of=AS_OF)
        expected = [f"No outgoing call, message or data for {one}." for one in words]
        assert found["evidence"].to_list() == expected


def test_a_line_that_came_back_warns_again() -> None:
    spells = pl.DataFrame(
        {
            "subscription_id": ["S-1", "S-1"],
            "customer_id": ["ann", "ann"],
            "status": ["terminated", "active"],
            "activated_on": [day(900), day(100)],
            "terminated_on": [day(500), None],
            "commitment_end": [day(600), day(-10)],
        }
    )
    found = early_warnings({"subscriptions": spells}, as_of=AS_OF)
    assert found["evidence"].to_list() == ["The contract ends in 10 days."]


def test_tables_that_cannot_be_told_from_are_refused(distinct_backend: Backend) -> None:
    def ask(columns: Columns, name: str = "subscriptions", **options: Any) -> Any:
        frame = distinct_backend.frame(columns)
        return early_warnings({name: frame}, **{"as_of": AS_OF, **options})

    with pytest.raises(MissingColumnsError, match="subscriptions lacks 'status'"):
        ask({name: LINE[name] for name in LINE if name != "status"})
    with pytest.raises(InvalidTableError, match=r"'status' .*in 1 row"):
        ask({**LINE, "status": ["running"]})
    with pytest.raises(InvalidTableError, match="'customer_id' is null in 1 row"):
        ask(
            {name: [*values, *values] for name, values in LINE.items()}
            | {"customer_id": ["a", None]}
        )
    dated = {name: [*values, *values] for name, values in LINE.items()} | {
        "subscription_id": ["S-1", None],
        "recorded_at": [moment(9).replace(tzinfo=None)] * 2,
    }
    with pytest.raises(InvalidTableError, match="'subscription_id' is null in 1 row"):
        ask(dated)
    with pytest.raises(InvalidTableError, match="comes more than once"):
        ask({name: values * 2 for name, values in LINE.items()})
    with pytest.raises(ColumnTypeError, match="'commitment_end' holds"):
        ask({**LINE, "commitment_end": ["tomorrow"]})
    calls: Columns = {
        "interaction_id": ["N-1", "N-2"],
        "customer_id": ["ann", "bob"],
        "started_at": [datetime(2026, 1, 1), None],
        "direction": ["inbound", "inbound"],
    }
    with pytest.raises(InvalidTableError, match="'started_at' is null in 1 row"):
        ask(calls, "interactions")
    recorded = {
        **calls,
        "started_at": [datetime(2026, 1, 1)] * 2,
        "recorded_at": calls["started_at"],
    }
    with pytest.raises(
        InvalidTableError, match=r"'recorded_at' is null in 1 row.*recorded_at=None"
    ):
        ask(recorded, "interactions")


def test_arguments_that_cannot_be_are_refused() -> None:
    lines = pl.DataFrame(LINE)
    with pytest.raises(ParameterError, match="as_of is the datetime"):
        early_warnings({"subscriptions": lines}, as_of=datetime(2026, 3, 1))
    with pytest.raises(ParameterError, match=r"'complaint'\. Did you mean 'complaints'"):
        early_warnings({"complaint": lines}, as_of=AS_OF)
    with pytest.raises(MissingTableError, match="holds none that warnings are read from"):
        early_warnings({"customers": lines}, as_of=AS_OF)
    usage = polars(tables_of(drawn(1)))["usage"]
    with pytest.raises(MissingTableError, match="no signal can be told from usage"):
        early_warnings({"usage": usage}, as_of=AS_OF)
    with pytest.raises(UnsupportedFrameError, match="different engines"):
        early_warnings({"subscriptions": lines, "usage": usage.to_pandas()}, as_of=AS_OF)
    nothing = WarningPolicy(**dict.fromkeys(WarningPolicy.model_fields.keys() - {"usage_lag_days"}))
    with pytest.raises(ParameterError, match="turns every signal off"):
        early_warnings({"subscriptions": lines}, as_of=AS_OF, policy=nothing)
    unlawful = WarningPolicy(competitor_calls=CompetitorCallsPolicy(numbers=("+49",)))
    with pytest.raises(ParameterError, match="no lawful_basis"):
        early_warnings({"subscriptions": lines}, as_of=AS_OF, policy=unlawful)


def test_amounts_of_two_currencies_are_refused() -> None:
    tables = polars(tables_of(drawn(1)))
    billed = {name: tables[name] for name in ("invoices", "payments")}
    mixed = billed["payments"].with_columns(currency=pl.lit("USD"))
    with pytest.raises(CurrencyMismatchError, match="invoices in EUR, payments in USD"):
        early_warnings({**billed, "payments": mixed}, as_of=AS_OF)


def test_the_earliest_days_can_be_asked_about() -> None:
    assert early_warnings({"subscriptions": pl.DataFrame(LINE)}, as_of=date(1, 1, 2)).is_empty()
