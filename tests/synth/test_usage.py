"""Usage records against the zones, hours, weekdays and sizes of their profile."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from telcrm.synth import FraudMix, Operator, UsageProfile
from telcrm.synth.columns import Floats
from telcrm.synth.usage_profile import ZONES


@pytest.fixture(scope="module")
def regular(operator: Operator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Records of lines without any fraud."""
    frauds = operator.truth.fraud_subscription_id.tolist()
    return tables["usage"].filter(~pl.col("subscription_id").is_in(frauds))


def fits(counts: Floats, weights: Floats) -> bool:
    expected = weights / weights.sum() * counts.sum()
    used = expected > 0
    assert counts[~used].sum() == 0
    return bool(stats.chisquare(counts[used], expected[used]).pvalue > 0.001)


def test_exact_number_of_records(tables: dict[str, pl.DataFrame]) -> None:
    assert tables["usage"].height == 900_000


@settings(max_examples=10, deadline=None)
@given(records=st.integers(0, 3_000), seed=st.integers(0, 99))
def test_any_number_of_records(records: int, seed: int) -> None:
    operator = Operator(
        subscribers=50,
        months=1,
        seed=seed,
        usage=UsageProfile(records=records),
        frauds=FraudMix.none(),
    )
    assert operator.tables(["usage"])["usage"].height == records


@pytest.mark.parametrize("kind", ["voice", "sms", "data"])
def test_zones_of_outgoing_records(operator: Operator, regular: pl.DataFrame, kind: str) -> None:
    chosen = regular.filter((pl.col("kind") == kind) & (pl.col("direction") == "outgoing"))
    counts = np.array([(chosen["zone"] == zone).sum() for zone in ZONES], dtype=float)
    assert fits(counts, np.array(getattr(operator.usage, f"{kind}_zones")))


@pytest.mark.parametrize("party", ["individual", "organization"])
def test_hours_of_the_day(
    operator: Operator, regular: pl.DataFrame, tables: dict[str, pl.DataFrame], party: str
) -> None:
    parties = tables["subscriptions"].join(tables["customers"], on="customer_id")
    chosen = regular.join(
        parties.filter(pl.col("party_type") == party), on="subscription_id", how="semi"
    )
    hours = np.bincount(chosen["started_at"].dt.hour().to_numpy(), minlength=24).astype(float)
    assert fits(hours, np.array(getattr(operator.usage, f"hours_{party}")))
    assert hours.argmax() == {"individual": 20, "organization": 10}[party]


def test_weekdays(operator: Operator, regular: pl.DataFrame) -> None:
    # Lines that come or go inside the window would shift the mix.
    truth = operator.truth
    steady = truth.subscription_id[
        ~np.isnan(truth.hazard[:, -2:]).any(axis=1) & np.isnat(truth.leave_period)
    ]
    live = regular.filter(pl.col("subscription_id").is_in(steady.tolist()))
    days = np.bincount(live["started_at"].dt.weekday().to_numpy() - 1, minlength=7).astype(float)
    assert days.sum() > 100_000
    assert fits(days, np.array(operator.usage.weekdays))


def test_durations_are_lognormal(operator: Operator, regular: pl.DataFrame) -> None:
    calls = regular.filter(pl.col("kind") == "voice")["duration_s"].to_numpy()
    logs = np.log(calls + 0.5)
    assert np.median(logs) == pytest.approx(operator.usage.duration_log_mean, abs=0.03)
    spread = (np.quantile(logs, 0.8413) - np.quantile(logs, 0.1587)) / 2
    assert spread == pytest.approx(operator.usage.duration_log_sd, abs=0.03)


def test_volumes_are_lognormal(operator: Operator, regular: pl.DataFrame) -> None:
    logs = np.log(regular.filter(pl.col("kind") == "data")["volume_bytes"].to_numpy())
    error = operator.usage.volume_log_sd / np.sqrt(logs.size)
    assert logs.mean() == pytest.approx(operator.usage.volume_log_mean, abs=5 * error)
    assert logs.std() == pytest.approx(operator.usage.volume_log_sd, rel=0.01)


def test_incoming_share(operator: Operator, regular: pl.DataFrame) -> None:
    spoken = regular.filter(pl.col("kind") != "data")
    incoming = int((spoken["direction"] == "incoming").sum())
    test = stats.binomtest(incoming, spoken.height, operator.usage.incoming_share)
    assert test.pvalue > 0.001


def test_what_each_kind_carries(tables: dict[str, pl.DataFrame]) -> None:
    usage = tables["usage"]
    data = usage.filter(pl.col("kind") == "data")
    spoken = usage.filter(pl.col("kind") != "data")
    assert data["other_party"].null_count() == data.height
    assert (data["direction"] == "outgoing").all()
    assert (data["volume_bytes"] > 0).all()
    assert spoken["other_party"].null_count() == 0
    assert (spoken["volume_bytes"] == 0).all()
    assert (usage.filter(pl.col("kind") == "sms")["duration_s"] == 0).all()
    incoming = usage.filter(pl.col("direction") == "incoming")
    assert (incoming["charge"] == 0).all()
    assert not (incoming["zone"] == "premium").any()
    assert not (spoken.filter(pl.col("zone") == "premium")["charge"] == 0).all()
    abroad = usage["cell_id"].str.starts_with("ROAM")
    assert (abroad == (usage["zone"] == "roaming")).all()


def test_records_lie_in_the_window_and_in_the_lines_active_days(
    tables: dict[str, pl.DataFrame],
) -> None:
    usage = tables["usage"].with_columns(pl.col("started_at").dt.date().alias("day"))
    assert usage["day"].min() == date(2025, 12, 4)
    assert usage["day"].max() == date(2025, 12, 31)
    assert usage["started_at"].is_sorted()
    lines = usage.join(tables["subscriptions"], on="subscription_id")
    assert (lines["day"] > lines["activated_on"]).all()
    gone = lines.drop_nulls("terminated_on")
    assert gone.height > 500
    assert (gone["day"] < gone["terminated_on"]).all()


def test_counts_follow_the_rates_when_no_number_is_asked_for() -> None:
    operator = Operator(subscribers=4_000, months=1, seed=2, frauds=FraudMix.none())
    usage, profile = operator.tables(["usage", "customers"]), operator.usage
    per_day = usage["usage"].height / 4_000 / profile.days
    low = profile.sms_per_day + profile.voice_per_day + profile.data_per_day
    assert 0.9 * low < per_day < 1.6 * low


def test_months_and_records_share_the_rates(
    operator: Operator, tables: dict[str, pl.DataFrame], regular: pl.DataFrame
) -> None:
    records = regular.filter(pl.col("kind") == "voice").group_by("subscription_id").len()
    months = tables["subscriber_months"].filter(pl.col("period") == date(2025, 11, 1))
    both = months.join(records, on="subscription_id")
    assert stats.spearmanr(both["voice_s"], both["len"]).statistic > 0.8


def test_each_line_has_few_contacts_and_one_device(regular: pl.DataFrame) -> None:
    spoken = regular.filter(pl.col("other_party").is_not_null())
    by_line = spoken.group_by("subscription_id").agg(
        pl.col("imei").n_unique(), pl.col("other_party").n_unique(), pl.len()
    )
    busy = by_line.filter(pl.col("len") > 60)
    assert busy.height > 500
    assert (by_line["imei"] == 1).all()
    assert (busy["other_party"] / busy["len"]).mean() < 0.75  # type: ignore[operator]
