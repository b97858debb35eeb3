"""Recharges, usage, care, surveys, campaigns and equipment: every row is counted once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import NormalDist

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.report import Report, build
from telcrm.report.sections.campaigns import newcombe

Tables = Mapping[str, pl.DataFrame]


def test_recharges_add_up(operator_tables: Tables, operator_report: Report) -> None:
    recharges = operator_tables["recharges"]
    section = operator_report.section("recharges")
    months = section.exhibit("activity").frame
    assert months["recharges"].sum() == recharges.height
    assert months["amount"].sum() == pytest.approx(recharges["amount"].sum())
    customers = recharges["customer_id"].n_unique()
    assert section.exhibit("rfm_grid").frame["customers"].sum() == customers
    assert section.exhibit("rfm_recency").frame["customers"].sum() == customers


def test_a_month_without_recharges_is_there() -> None:
    recharges = pl.DataFrame(
        {
            "recharge_id": ["R-1", "R-2"],
            "customer_id": ["ann", "ann"],
            "recharged_at": [datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)],
            "amount": [1.0, 2.0],
        }
    )
    months = build({"recharges": recharges}).section("recharges").exhibit("activity").frame
    assert months.select("period", "recharges", "per_recharge").rows() == [
        (date(2026, 1, 1), 1, 1.0),
        (date(2026, 2, 1), 0, None),
        (date(2026, 3, 1), 1, 2.0),
    ]


def test_usage_is_counted_once_in_each_table(
    operator_tables: Tables, operator_report: Report
) -> None:
    usage = operator_tables["usage"]
    section = operator_report.section("usage")
    for name in ("kinds", "zones", "rhythm"):
        assert section.exhibit(name).frame["records"].sum() == usage.height
    kinds = section.exhibit("over_time").frame.drop("period")
    assert sum(kinds[column].sum() for column in kinds.columns) == usage.height
    volume = section.exhibit("zones").frame["gigabytes"].sum()
    assert volume == pytest.approx(float(usage["volume_bytes"].sum()) / 1e9)


def usage_at(*started: datetime) -> pl.DataFrame:
    count = len(started)
    return pl.DataFrame(
        {
            "usage_id": [f"U-{at}" for at in range(count)],
            "subscription_id": ["S"] * count,
            "started_at": started,
            "kind": ["voice"] * count,
            "direction": ["outgoing"] * count,
            "zone": ["local"] * count,
            "duration_s": [60] * count,
            "volume_bytes": [0] * count,
        }
    )


def test_the_rhythm_knows_weekday_and_hour() -> None:
    sunday = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    grid = build({"usage": usage_at(sunday)}).section("usage").exhibit("rhythm").frame
    assert grid.filter(pl.col("records") > 0).rows() == [(7, 23, 1)]
    assert grid.height == 7 * 24


def test_long_usage_is_shown_by_month() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=day) for day in range(120)]
    months = build({"usage": usage_at(*days)}).section("usage").exhibit("over_time").frame
    assert months["voice"].to_list() == [31, 28, 31, 30]


def complaints(**resolved: int | None) -> pl.DataFrame:
    received = datetime(2026, 1, 1, tzinfo=UTC)
    days = list(resolved.values())
    return pl.DataFrame(
        {
            "complaint_id": list(resolved),
            "customer_id": ["C"] * len(days),
            "received_at": [received] * len(days),
            "resolved_at": [
                None if day is None else received + timedelta(days=day) for day in days
            ],
            "category": ["billing"] * len(days),
            "status": ["resolved" if day is not None else "inProgress" for day in days],
        },
        schema_overrides={"resolved_at": pl.Datetime("us", "UTC")},
    )


def test_time_to_resolve_counts_what_was_resolved_by_then() -> None:
    table = {"complaints": complaints(a=1, b=3, c=20, d=None)}
    section = build(table, as_of=date(2026, 1, 15)).section("complaints")
    assert section.exhibit("categories").frame.rows() == [("billing", 4, 2, 0, 2)]
    assert section.exhibit("days_to_resolve").frame["median_days"].to_list() == [2.0]


def surveys(kind: str, scores: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "survey_id": [f"V-{at}" for at in range(len(scores))],
            "customer_id": ["C"] * len(scores),
            "responded_at": [datetime(2026, 1, 1, tzinfo=UTC)] * len(scores),
            "kind": [kind] * len(scores),
            "score": scores,
        }
    )


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_nps_is_promoters_less_detractors(scores: list[int]) -> None:
    section = build({"surveys": surveys("nps", scores)}).section("surveys")
    row = section.exhibit("nps_months").frame.row(0, named=True)
    signs = [(score >= 9) - (score <= 6) for score in scores]
    mean = sum(signs) / len(signs)
    assert row["nps"] == pytest.approx(100 * mean)
    variance = sum((sign - mean) ** 2 for sign in signs) / len(signs)
    half = 100 * NormalDist().inv_cdf(0.975) * (variance / len(signs)) ** 0.5
    if len(scores) < 30:
        assert (row["low"], row["high"]) == (None, None)
        assert "±" not in section.figures[0].detail
    else:
        assert row["high"] - row["low"] == pytest.approx(2 * half, abs=1e-5)
    assert section.exhibit("nps_scores").frame["answers"].to_list() == [
        scores.count(score) for score in range(11)
    ]


def test_csat_and_ces_are_named_with_their_counts() -> None:
    both = pl.concat(
        [
            surveys("csat", [1, 4, 5, 5]),
            surveys("ces", [7, 6]).with_columns(survey_id=pl.col("survey_id") + "x"),
        ]
    )
    figures = build({"surveys": both}).section("surveys").figures
    assert [(figure.label, figure.value) for figure in figures] == [
        ("CSAT", "75.0%"),
        ("CES", "6.5"),
    ]


@pytest.mark.parametrize(
    ("counts", "interval"),
    [  # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_is_newcombes(
    counts: tuple[int, int, int, int], interval: tuple[float, float]
) -> None:
    _, low, high = newcombe(*counts)
    assert (low, high) == pytest.approx(interval, abs=5e-5)


counted = st.integers(1, 200).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size)))


@given(counted, counted)
def test_an_interval_holds_its_difference_and_turns_with_the_groups(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    point, low, high = newcombe(*one, *other)
    assert point is not None
    assert low is not None
    assert high is not None
    assert -1 - 1e-9 <= low <= point + 1e-9
    assert point - 1e-9 <= high <= 1 + 1e-9
    turned = newcombe(*other, *one)
    assert turned == pytest.approx((-point, -high, -low))


def test_campaigns_without_control_claim_nothing(operator_tables: Tables) -> None:
    treated = operator_tables["campaign_contacts"].filter(pl.col("arm") == "treatment")
    section = build({"campaign_contacts": treated}).section("campaigns")
    assert [exhibit.name for exhibit in section.exhibits] == ["responses"]
    assert (
        section.exhibit("responses").frame["difference"].null_count()
        == treated["campaign_id"].n_unique()
    )


def test_campaigns_count_every_contact(operator_tables: Tables, operator_report: Report) -> None:
    contacts = operator_tables["campaign_contacts"]
    table = operator_report.section("campaigns").exhibit("responses").frame
    everyone = table.select("treated", "controls").sum_horizontal().sum()
    responses = table.select("yes_treated", "yes_controls").sum_horizontal().sum()
    assert everyone == contacts.height
    assert responses == contacts["responded"].sum()


def test_equipment_and_contacts_and_customers_are_counted_once(
    operator_tables: Tables, operator_report: Report
) -> None:
    devices = operator_tables["equipment"]
    section = operator_report.section("equipment")
    assert section.exhibit("kinds").frame["devices"].sum() == devices.height
    assert section.exhibit("status").frame["devices"].sum() == devices.height
    contacts = operator_report.section("interactions")
    assert (
        contacts.exhibit("channels").frame["contacts"].sum()
        == operator_tables["interactions"].height
    )
    base = operator_report.section("base")
    for exhibit in base.exhibits:
        if exhibit.name.startswith("customers_"):
            assert exhibit.frame["count"].sum() == operator_tables["customers"].height
    active = (operator_tables["subscriptions"]["status"] == "active").sum()
    assert base.exhibit("tenure").frame["count"].sum() == active


def test_a_long_tail_is_added_up() -> None:
    customers = pl.DataFrame(
        {
            "customer_id": [f"C-{at}" for at in range(30)],
            "party_type": ["individual"] * 30,
            "status": ["active"] * 30,
            "since": [date(2026, 1, 1)] * 30,
            "region": [f"region {at:02d}" for at in range(30)],
        }
    )
    counts = build({"customers": customers}).section("base").exhibit("customers_region").frame
    assert counts.height == 12
    assert counts["count"].sum() == 30
    assert counts["region"][-1] == "all other (19)"


def campaigns(count: int) -> pl.DataFrame:
    """Campaigns of which each clearly made a difference."""
    rows = [
        {"campaign_id": f"K-{at:02d}", "arm": arm, "responded": arm == "treatment"}
        for at in range(count)
        for arm in ("treatment", "control")
        for _ in range(10)
    ]
    return pl.DataFrame(rows).with_columns(
        contact_id=pl.int_range(pl.len()).cast(pl.String),
        customer_id=pl.lit("C"),
        contacted_at=pl.datetime(2026, 1, 1, time_zone="UTC"),
        channel=pl.lit("sms"),
    )


def test_all_campaigns_are_counted_and_exported_though_not_all_are_shown(tmp_path: Path) -> None:
    report = build({"campaign_contacts": campaigns(20)})
    section = report.section("campaigns")
    clear = section.figures[2]
    assert (clear.value, clear.detail) == ("20", "of 20 with a control group")
    assert section.exhibit("responses").frame.height == 20
    assert section.exhibit("differences").frame.height == 20
    assert "15 of 20 campaigns" in section.exhibit("differences").note
    html = report.to_html()
    assert "The first 15 of 20 rows." in html
    assert "K-19" not in html
    report.export(tmp_path)
    exported = (tmp_path / "campaigns_responses.csv").read_text(encoding="utf-8")
    assert "K-19" in exported


def test_the_rhythm_names_its_lightest_and_darkest_cell() -> None:
    sunday = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    note = build({"usage": usage_at(sunday)}).section("usage").exhibit("rhythm").note
    assert note.endswith("Lightest: 0 records, Mon 00 h. Darkest: 1 record, Sun 23 h.")


def test_one_is_not_many(recharges: pl.DataFrame) -> None:
    one = build({"recharges": recharges.head(1), "surveys": surveys("csat", [5])})
    assert one.section("recharges").figures[0].detail == "of 1 customer"
    assert one.section("surveys").figures[0].detail == "1 answer"
