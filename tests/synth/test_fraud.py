"""Each injected fraud shows its signature, and only its own records carry its label."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from telcrm.synth import FraudKind, FraudMix, Operator
from telcrm.synth.columns import Words


@pytest.fixture(scope="module")
def labelled(operator: Operator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    truth = operator.truth
    labels = pl.DataFrame(
        {
            "usage_id": truth.fraud_usage_id,
            "case": truth.fraud_usage_case,
            "fraud": truth.fraud_kind[truth.fraud_usage_case],
        }
    )
    joined = tables["usage"].join(labels, on="usage_id")
    assert joined.height == labels.height
    return joined.sort("case", "started_at")


def cases(labelled: pl.DataFrame, kind: FraudKind) -> list[pl.DataFrame]:
    found = labelled.filter(pl.col("fraud") == kind).partition_by("case")
    assert len(found) >= 10
    return found


def lines(operator: Operator, kind: FraudKind) -> Words:
    truth = operator.truth
    found: Words = truth.fraud_subscription_id[truth.fraud_kind == kind]
    return found


def test_every_kind_is_injected_and_no_line_twice(operator: Operator) -> None:
    truth = operator.truth
    assert set(truth.fraud_kind.tolist()) == {kind.value for kind in FraudKind}
    assert np.unique(truth.fraud_subscription_id).size == truth.fraud_subscription_id.size


def test_labels_belong_to_the_case_and_its_interval(
    operator: Operator, labelled: pl.DataFrame
) -> None:
    truth = operator.truth
    case = labelled["case"].to_numpy()
    owner = truth.fraud_subscription_id[case]
    assert labelled["subscription_id"].to_list() == owner.tolist()
    day = labelled["started_at"].dt.date().to_numpy().astype("datetime64[D]")
    assert (day >= truth.fraud_start[case]).all()
    assert (day < truth.fraud_end[case]).all()


def test_irsf(labelled: pl.DataFrame) -> None:
    for case in cases(labelled, FraudKind.IRSF):
        assert case.height >= 60
        assert case["other_party"].n_unique() <= 3
        assert (case["zone"] == "international").all()
        assert (case["started_at"].dt.hour() < 6).all()
        assert (case["duration_s"] >= 600).all()
        gaps = case["started_at"].diff().dt.total_seconds().drop_nulls()
        assert (gaps < case["duration_s"][:-1]).mean() > 0.5  # type: ignore[operator]


def test_wangiri(labelled: pl.DataFrame) -> None:
    for case in cases(labelled, FraudKind.WANGIRI):
        calls = case.filter(pl.col("direction") == "outgoing")
        backs = case.filter(pl.col("direction") == "incoming")
        assert calls.height >= 300
        assert calls["other_party"].n_unique() == calls.height
        assert (calls["duration_s"] <= 6).all()
        assert 0.005 < backs.height / calls.height < 0.12
        assert set(backs["other_party"]) <= set(calls["other_party"])
        assert (backs["duration_s"] >= 30).all()


def test_sim_box(operator: Operator, tables: dict[str, pl.DataFrame]) -> None:
    boxes = lines(operator, FraudKind.SIM_BOX).tolist()
    usage = tables["usage"].filter(pl.col("subscription_id").is_in(boxes))
    by_line = usage.group_by("subscription_id").agg(
        pl.len(),
        (pl.col("direction") == "outgoing").all().alias("outgoing"),
        (pl.col("kind") == "voice").all().alias("voice"),
        pl.col("cell_id").n_unique(),
        (pl.col("other_party").n_unique() / pl.len()).alias("distinct"),
        pl.col("imei").first(),
    )
    assert by_line.height == len(boxes)
    assert by_line["outgoing"].all()
    assert by_line["voice"].all()
    assert (by_line["cell_id"] == 1).all()
    assert (by_line["distinct"] > 0.99).all()
    assert (by_line["len"] >= 80).all()
    assert by_line["imei"].n_unique() == -(-len(boxes) // 4)


def test_pbx_hacking(
    operator: Operator, labelled: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    owners = tables["subscriptions"].join(tables["customers"], on="customer_id")
    for case in cases(labelled, FraudKind.PBX_HACKING):
        assert case.height >= 150
        assert case["started_at"].dt.hour().is_between(1, 4).all()
        assert (case["zone"] == "international").all()
        assert case["started_at"].dt.date().n_unique() == 1
    owned = owners.filter(
        pl.col("subscription_id").is_in(lines(operator, FraudKind.PBX_HACKING).tolist())
    )
    assert (owned["party_type"] == "organization").all()


def test_subscription(
    operator: Operator, labelled: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    truth = operator.truth
    own = tables["subscriptions"].filter(
        pl.col("subscription_id").is_in(lines(operator, FraudKind.SUBSCRIPTION).tolist())
    )
    payer = dict(zip(truth.customer_id.tolist(), truth.payer_class.tolist(), strict=True))
    assert {payer[customer] for customer in own["customer_id"]} == {"never_pay"}
    assert (own["payment_mode"] == "postpaid").all()
    assert (own["activated_on"].dt.year() == 2025).all()
    assert (own["activated_on"].dt.ordinal_day() > 365 - 76).all()
    for case in cases(labelled, FraudKind.SUBSCRIPTION):
        assert (case["zone"] == "international").all()
        assert case["charge"].sum() > 10


def test_premium_rate(labelled: pl.DataFrame) -> None:
    for case in cases(labelled, FraudKind.PREMIUM_RATE):
        assert case.height >= 80
        assert (case["zone"] == "premium").all()
        assert case["other_party"].n_unique() <= 2
        assert case["charge"].sum() > 400


def test_roaming(labelled: pl.DataFrame) -> None:
    for case in cases(labelled, FraudKind.ROAMING):
        assert (case["zone"] == "roaming").all()
        assert case["started_at"].dt.date().n_unique() <= 2
        assert set(case["kind"]) == {"voice", "data"}


def test_cloning(labelled: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> None:
    for case in cases(labelled, FraudKind.CLONING):
        line = case["subscription_id"][0]
        own = tables["usage"].filter(
            (pl.col("subscription_id") == line) & ~pl.col("usage_id").is_in(case["usage_id"])
        )
        assert case["imei"].n_unique() == 1
        assert case["imei"][0] not in set(own["imei"])
        ends = own.select(
            "started_at",
            (pl.col("started_at") + pl.duration(seconds="duration_s")).alias("until"),
        )
        started = case["started_at"].to_list()
        during = [
            ((ends["started_at"] <= moment) & (ends["until"] >= moment)).any() for moment in started
        ]
        assert all(during)


def test_usage_ids_do_not_tell_the_fraud(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    ids = tables["usage"].select(
        pl.col("usage_id").is_in(operator.truth.fraud_usage_id.tolist()).alias("fraud"),
        pl.col("usage_id").str.slice(1).cast(pl.Int64).alias("number"),
    )
    fraud, regular = (ids.filter(pl.col("fraud") == is_fraud)["number"] for is_fraud in (1, 0))
    assert fraud.mean() == pytest.approx(regular.mean(), rel=0.02)


def test_without_frauds_nothing_is_labelled() -> None:
    truth = Operator(subscribers=300, months=2, frauds=FraudMix.none()).truth
    assert truth.fraud_kind.size == 0
    assert truth.fraud_usage_id.size == 0


def test_more_cases_than_lines_takes_every_line_once() -> None:
    mix = FraudMix(**dict.fromkeys(FraudMix.__dataclass_fields__, 1.0))
    truth = Operator(subscribers=40, months=2, frauds=mix).truth
    assert np.unique(truth.fraud_subscription_id).size == truth.fraud_subscription_id.size <= 60
