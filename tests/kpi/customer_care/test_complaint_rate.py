"""Complaints per thousand customers: an oracle in plain Python, laws, every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi.customer_care.complaint_rate import CustomerBase, complaint_rate
from telcrm.testing import bases

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in (1, 2, 3, 4))
START = datetime(2023, 9, 15, tzinfo=UTC)
NAMES = ["received_at", "segment", "category"]

received = st.lists(
    st.tuples(
        st.integers(0, 320).map(lambda days: START + timedelta(days=days)),
        st.sampled_from(["business", "mass", "premium"]),
        st.sampled_from(["billing", "network"]),
    ),
    max_size=12,
).map(lambda rows: {name: [row[place] for row in rows] for place, name in enumerate(NAMES)})


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    types: list[Any] = [pl.Datetime("us", "UTC"), pl.String, pl.String]
    return pl.DataFrame(columns, schema=dict(zip(NAMES, types, strict=True)))


def index(day: date) -> int:
    return 12 * day.year + day.month - 1


def oracle(
    complaints: dict[str, list[Any]],
    base: dict[str, list[Any]],
    kind: str,
    by: str | None = None,
    complaint_by: str | None = None,
) -> list[dict[str, Any]]:
    """The definition in plain Python: sets of customers per month and group."""
    none = [None] * len(complaints["received_at"])
    came = [
        (index(at), group, sort)
        for at, group, sort in zip(
            complaints["received_at"],
            complaints[by] if by else none,
            complaints[complaint_by] if complaint_by else none,
            strict=True,
        )
    ]
    active = {
        (index(month), base[by][nth] if by else None, base["customer_id"][nth])
        for nth, month in enumerate(base["period"])
    }
    known = {month for month, _, _ in active}
    span = known | {month for month, _, _ in came}
    groups = {group for _, group, _ in active} | {group for _, group, _ in came}
    kinds = {kind_ for _, _, kind_ in came} if complaint_by else {None}
    rows = []
    for month in range(min(span, default=1), max(span, default=0) + 1):
        for group in sorted(groups, key=str):
            for sort in sorted(kinds, key=str):
                number = came.count((month, group, sort))
                here, were = (
                    len([1 for m, g, _ in active if (m, g) == (which, group)])
                    for which in (month, month - 1)
                )
                told_here = bool(known) and min(known) <= month <= max(known)
                told_were = bool(known) and min(known) <= month - 1 <= max(known)
                customers: float | None = None
                if kind == "active" and told_here:
                    customers = float(here)
                elif kind == "opening" and told_were:
                    customers = float(were)
                elif kind == "average" and told_here and told_were:
                    customers = (here + were) / 2
                row: dict[str, Any] = {"period": date(month // 12, month % 12 + 1, 1)}
                row |= ({by: group} if by else {}) | ({complaint_by: sort} if complaint_by else {})
                rate = number * 1000 / customers if customers else None
                rows.append(
                    row
                    | {
                        "complaints": number,
                        "customers": customers,
                        "complaints_per_1000": rate,
                    }
                )
    return rows


def operator() -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    random = Random(29)  # noqa: S311 (a fixture, not a secret)
    months = [date(2023 + (10 + m) // 12, (10 + m) % 12 + 1, 1) for m in (0, 1, 2, 4, 5)]
    rows = [
        (f"C-{n:02}", month, random.choice(["mass", "premium"]))
        for n in range(40)
        for month in months
        for _ in range(random.choice([0, 1, 2]))
    ]
    base = {
        name: [row[p] for row in rows]
        for p, name in enumerate(["customer_id", "period", "segment"])
    }
    came = [
        (
            START + timedelta(days=random.randrange(300)),
            random.choice(["mass", "business"]),
            random.choice(["billing", "network", "device"]),
        )
        for _ in range(50)
    ]
    return {name: [row[p] for row in came] for p, name in enumerate(NAMES)}, base


@pytest.mark.parametrize("kind", CustomerBase)
@pytest.mark.parametrize(
    "keys", [(None, None), ("segment", None), ("segment", "category")], ids=str
)
@given(complaints=received, base=bases(max_months=4))
@settings(max_examples=6)
def test_the_definition_in_plain_sets_agrees(
    kind: CustomerBase, keys: Any, complaints: dict[str, list[Any]], base: pl.DataFrame
) -> None:
    by, complaint_by = keys
    found = complaint_rate(
        frame_of(complaints), base, by=by, complaint_by=complaint_by, customers=kind
    )
    columns = base.to_dict(as_series=False)
    assert found.to_dicts() == oracle(complaints, columns, kind, by, complaint_by)


@pytest.mark.parametrize("keys", [(None, None), ("segment", "category")], ids=str)
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, keys: Any) -> None:
    complaints, base = operator()
    by, complaint_by = keys
    result = complaint_rate(*backend.frames(complaints, base), by=by, complaint_by=complaint_by)
    assert backend.is_own(result)
    assert backend.rows(result) == oracle(complaints, base, "average", by, complaint_by)
    schema = nw.from_native(result).collect_schema()
    assert schema["complaints"] == nw.Int64
    assert schema["customers"] == schema["complaints_per_1000"] == nw.Float64


@given(complaints=received, base=bases(min_rows=1))
@settings(max_examples=3)
def test_engines_agree_on_any_tables(
    backend: Any, complaints: dict[str, list[Any]], base: pl.DataFrame
) -> None:
    if complaints["category"]:
        columns = base.to_dict(as_series=False)
        tables = backend.frames(complaints, columns)
        found = complaint_rate(*tables, by="segment", customers="opening")
        assert backend.rows(found) == oracle(complaints, columns, "opening", "segment")


@given(complaints=received, base=bases())
@settings(max_examples=10)
def test_counts_add_up_over_the_categories_whatever_the_order(
    complaints: dict[str, list[Any]], base: pl.DataFrame
) -> None:
    frame = frame_of(complaints)
    parted = complaint_rate(frame, base, complaint_by="category", customers="active")
    whole = complaint_rate(frame, base, customers="active")
    assert whole["complaints"].sum() == frame.height
    summed = parted.group_by("period").agg(pl.sum("complaints")).sort("period")
    if frame.height:
        assert summed["complaints"].to_list() == whole["complaints"].to_list()
    turned = complaint_rate(
        frame.reverse().select(NAMES[::-1]),
        base.reverse().select(base.columns[::-1]),
        complaint_by="category",
        customers="active",
    )
    assert turned.equals(parted)


def test_a_rate_is_over_the_mean_of_both_ends_of_the_month() -> None:
    base = pl.DataFrame(
        {
            "customer_id": [f"C-{n}" for n in range(100)] + [f"C-{n}" for n in range(60)],
            "period": [JAN] * 100 + [FEB] * 60,
        }
    )
    complaints = pl.DataFrame({"received_at": [JAN] * 5 + [FEB] * 4 + [MAR]})
    for kind, expected in (
        ("average", [None, 50.0, None]),
        ("opening", [None, 40.0, 1000 / 60]),
        ("active", [50.0, 4000 / 60, None]),
    ):
        found = complaint_rate(complaints, base, customers=kind)
        assert found["complaints"].to_list() == [5, 4, 1]
        assert found["complaints_per_1000"].to_list() == expected


def test_several_lines_are_one_customer_and_may_be_counted_themselves() -> None:
    base = pl.DataFrame(
        {"customer_id": ["ann"] * 3, "subscription_id": ["1", "2", "3"], "period": [JAN] * 3}
    )
    complaints = pl.DataFrame({"received_at": [JAN]})
    rates = [
        complaint_rate(complaints, base, customer=unit, customers="active")[
            "complaints_per_1000"
        ].item()
        for unit in ("customer_id", "subscription_id")
    ]
    assert rates == [1000.0, 1000 / 3]


def test_a_month_without_anybody_has_no_rate_and_one_without_complaints_a_rate_of_nought() -> None:
    base = pl.DataFrame({"customer_id": ["ann", "ann"], "period": [JAN, MAR]})
    complaints = pl.DataFrame({"received_at": [FEB]})
    found = complaint_rate(complaints, base, customers="active")
    assert found.drop("period").rows() == [(0, 1.0, 0.0), (1, 0.0, None), (0, 1.0, 0.0)]


@pytest.mark.parametrize(
    "keys", [{}, {"by": "segment"}, {"by": "segment", "complaint_by": "category"}]
)
def test_one_table_without_rows(keys: dict[str, str]) -> None:
    complaints = frame_of({name: [] for name in NAMES})
    base = pl.DataFrame({"customer_id": ["ann"], "period": [JAN], "segment": ["mass"]})
    found = complaint_rate(complaints, base, customers="active", **keys)
    assert found["complaints"].to_list() == ([] if "complaint_by" in keys else [0])
    some = frame_of({"received_at": [START], "segment": ["mass"], "category": ["billing"]})
    found = complaint_rate(some, base.clear(), **keys)
    assert found.select("complaints", "customers", "complaints_per_1000").rows() == [
        (1, None, None)
    ]
    assert complaint_rate(complaints, base.clear(), **keys).height == 0
    pandas = complaint_rate(complaints.to_pandas(), base.clear().to_pandas(), **keys)
    assert pandas.shape[0] == 0


def test_the_callers_names_come_back_and_lazy_stays_lazy() -> None:
    base = pl.LazyFrame({"kunde": ["a"], "monat": [JAN]})
    complaints = pl.LazyFrame({"am": [datetime(2024, 1, 9)], "Art": ["x"]})
    found = complaint_rate(
        complaints, base, at="am", customer="kunde", period="monat", complaint_by="Art"
    )
    assert isinstance(found, pl.LazyFrame)
    assert found.collect().columns[:3] == ["monat", "Art", "complaints"]


def test_months_are_those_of_the_clock_of_receipt() -> None:
    base = pl.DataFrame({"customer_id": ["ann"] * 2, "period": [JAN, FEB]})
    at = pl.Series([datetime(2024, 1, 31, 20, tzinfo=UTC)])
    for zone, counts in (("UTC", [1, 0]), ("Asia/Tokyo", [0, 1])):
        complaints = pl.DataFrame({"received_at": at.dt.convert_time_zone(zone)})
        assert complaint_rate(complaints, base)["complaints"].to_list() == counts


def test_tables_that_do_not_fit_are_refused() -> None:
    base = pl.DataFrame({"customer_id": ["ann"], "period": [JAN], "segment": ["mass"]})
    complaints = frame_of({"received_at": [START], "segment": ["mass"], "category": ["billing"]})
    with pytest.raises(UnsupportedFrameError, match="Pass both tables on one engine"):
        complaint_rate(complaints.to_pandas(), base)
    with pytest.raises(ColumnTypeError, match="'segment' holds String, in subscriber_months Int32"):
        complaint_rate(complaints, base.with_columns(segment=1), by="segment")
    assert complaint_rate(complaints, base.cast({"segment": pl.Categorical}), by="segment").height
    with pytest.raises(MissingColumnsError, match="subscriber_months lacks 'category'"):
        complaint_rate(complaints, base, by="category")
    with pytest.raises(InvalidTableError, match="'period' is not the first day"):
        complaint_rate(complaints, base.with_columns(period=date(2024, 1, 2)))
    with pytest.raises(InvalidTableError, match="'received_at' is null"):
        complaint_rate(complaints.with_columns(received_at=pl.lit(None, pl.Datetime)), base)
    with pytest.raises(InvalidTableError, match="subscriber_months: 'segment' is null"):
        complaint_rate(complaints, base.with_columns(segment=pl.lit(None, pl.String)), by="segment")
    for keys in (
        {"by": "period"},
        {"by": "segment", "complaint_by": "segment"},
        {"by": "Complaints"},
    ):
        with pytest.raises(ParameterError, match="stand twice"):
            complaint_rate(complaints, base, **keys)
    with pytest.raises(ParameterError, match="average, opening, active"):
        complaint_rate(complaints, base, customers="closing")
