"""With an earlier as-of date a figure is of that day, or says that it is of the extract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl

from telcrm.report import KeyFigure, Section, build

DAY = date(2026, 1, 31)
JAN, FEB, MAR = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)

CUSTOMERS = pl.DataFrame(
    {
        "customer_id": ["old", "new"],
        "party_type": ["individual"] * 2,
        "status": ["active"] * 2,
        "since": [JAN, FEB],
    }
)
SUBSCRIPTIONS = pl.DataFrame(
    {
        "subscription_id": ["stays", "leaves later", "left", "comes later"],
        "customer_id": ["old", "old", "old", "new"],
        "payment_mode": ["prepaid"] * 4,
        "status": ["active", "terminated", "terminated", "active"],
        "offer_id": ["A", "A", "B", "A"],
        "activated_on": [JAN, JAN, JAN, FEB],
        "terminated_on": [None, MAR, date(2026, 1, 20), None],
        "termination_reason": [None, "port_out", "voluntary", None],
    }
)


def figure(section: Section, label: str) -> KeyFigure:
    return next(figure for figure in section.figures if figure.label == label)


def rows(section: Section, exhibit: str) -> list[tuple[object, ...]]:
    return section.exhibit(exhibit).frame.rows()


def test_customers_and_subscriptions_are_those_of_the_day() -> None:
    tables = {"customers": CUSTOMERS, "subscriptions": SUBSCRIPTIONS}
    section = build(tables, as_of=DAY).section("base")
    assert figure(section, "Customers on file").value == "1"
    assert figure(section, "Active subscriptions").value == "2"
    assert rows(section, "subscriptions_offer_id") == [("A", 2, 1.0)]
    assert rows(section, "subscriptions_termination_reason") == [("voluntary", 1, 1.0)]
    assert "go on after 2026-01-31" in section.summary
    assert "extract" in section.exhibit("customers_status").note
    now = build(tables, as_of=MAR).section("base")
    assert figure(now, "Customers on file").value == "2"
    assert figure(now, "Active subscriptions").value == "2"
    assert rows(now, "subscriptions_offer_id") == [("A", 2, 1.0)]
    assert now.exhibit("customers_status").note == ""


def test_what_was_left_out_is_counted_for_states_too() -> None:
    report = build({"customers": CUSTOMERS, "subscriptions": SUBSCRIPTIONS}, as_of=DAY)
    assert "customers: 1 later row was left out." in report.notes
    assert any("is of the day of the extract" in note for note in report.notes)


def test_subscriptions_without_dates_are_said_to_be_of_the_extract() -> None:
    bare = SUBSCRIPTIONS.select("subscription_id", "customer_id", "payment_mode", "status")
    section = build({"customers": CUSTOMERS, "subscriptions": bare}, as_of=DAY).section("base")
    assert "no dates" in section.summary
    bare = bare.filter(pl.col("status") == "active")
    assert figure(section, "Active subscriptions").value == str(bare.height)


def test_devices_are_where_they_were_on_the_day() -> None:
    devices = pl.DataFrame(
        {
            "equipment_id": ["returned later", "assigned later", "in stock"],
            "customer_id": ["old", "new", None],
            "kind": ["router"] * 3,
            "ownership": ["lent"] * 3,
            "status": ["returned", "assigned", "in_stock"],
            "serial": ["1", "2", "3"],
            "assigned_on": [JAN, FEB, None],
            "returned_on": [MAR, None, None],
        }
    )
    section = build({"equipment": devices}, as_of=DAY).section("equipment")
    assert figure(section, "Devices").value == "2"
    assert figure(section, "Lent and with customers").value == "1"
    assert "extract" in section.summary
    now = build({"equipment": devices}, as_of=MAR).section("equipment")
    assert figure(now, "Devices").value == "3"
    assert figure(now, "Lent and with customers").value == "1"


def complaints(*cases: tuple[str, date | None]) -> Mapping[str, pl.DataFrame]:
    received = datetime(2026, 1, 10, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "complaint_id": [f"K-{at}" for at in range(len(cases))],
            "customer_id": ["old"] * len(cases),
            "received_at": [received] * len(cases),
            "resolved_at": [
                None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
                for _, day in cases
            ],
            "category": ["billing"] * len(cases),
            "status": [status for status, _ in cases],
        },
        schema_overrides={"resolved_at": pl.Datetime("us", "UTC")},
    )
    return {"complaints": frame, "customers": CUSTOMERS}


def test_what_ended_without_a_day_is_not_open() -> None:
    cases = [("closed", None), ("rejected", None), ("cancelled", None), ("pending", None)]
    section = build(complaints(*cases, ("resolved", JAN)), as_of=DAY).section("complaints")
    assert figure(section, "Open").value == "1"
    assert rows(section, "categories") == [("billing", 5, 1, 3, 1)]


def test_what_was_resolved_after_the_day_was_open_on_it() -> None:
    section = build(complaints(("resolved", FEB), ("closed", FEB)), as_of=DAY).section("complaints")
    assert figure(section, "Open").value == "2"
    assert "extract" in section.exhibit("status").note


def test_complaints_are_per_customer_of_the_day_and_state_their_period() -> None:
    section = build(complaints(("pending", None)), as_of=DAY).section("complaints")
    detail = "100.0 per 100 customers on file, 2026-01-10 to 2026-01-10"
    assert figure(section, "Complaints").detail == detail
