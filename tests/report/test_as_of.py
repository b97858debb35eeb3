"""The as-of date is explained, and a date far off does not go by unseen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from telcrm.report import build
from telcrm.report.as_of import reach

Tables = Mapping[str, pl.DataFrame]


def payments(*days: date) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "payment_id": [f"P-{at}" for at in range(len(days))],
            "customer_id": ["ann"] * len(days),
            "paid_on": days,
            "amount": [1.0] * len(days),
        }
    )


def test_the_note_names_the_column_and_the_next_latest(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges, "payments": payments(date(2026, 3, 20))})
    assert report.as_of == date(2026, 3, 20)
    assert "set by payments.paid_on" in report.notes[0]
    assert "recharges.recharged_at, ends 2026-03-02" in report.notes[0]
    assert report.warnings == ()


@pytest.mark.parametrize(("days", "warned"), [(31, False), (32, True)])
def test_one_table_far_beyond_all_others_is_a_warning(
    recharges: pl.DataFrame, days: int, warned: bool
) -> None:
    far = date(2026, 3, 2) + timedelta(days=days)
    report = build({"recharges": recharges, "payments": payments(far)})
    assert bool(report.warnings) == warned
    if warned:
        (said,) = report.warnings
        assert f"payments.paid_on reaches {far}, 32 days beyond all other tables" in said
        assert "--as-of 2026-03-02" in said
        assert said in report.to_html().replace("&#39;", "'")


def test_a_stated_day_is_warned_of_too_but_needs_no_advice(recharges: pl.DataFrame) -> None:
    tables = {"recharges": recharges, "payments": payments(date(2099, 1, 1))}
    report = build(tables, as_of=date(2026, 3, 31))
    (said,) = report.warnings
    assert "payments.paid_on reaches 2099-01-01" in said
    assert "--as-of" not in said


@pytest.mark.parametrize("year", [1, 1900, 2099, 9999])
def test_one_mistyped_date_costs_no_report(operator_tables: Tables, year: int) -> None:
    """Nothing lies in the twelve months before 2099: that section is skipped, for this reason.

    Only what is shown of payments is drawn: what the other tables show of a far day is drawn below,
    where it is looked back from.
    """
    paid = operator_tables["payments"]
    wrong = paid.head(1).with_columns(
        payment_id=pl.lit("P-wrong"), paid_on=pl.lit(date(year, 6, 1))
    )
    tables = {name: operator_tables[name] for name in ("invoices", "subscriber_months")}
    report = build({**tables, "payments": pl.concat([paid, wrong])})
    reasons = {
        skipped.section: skipped.reason
        for skipped in report.skipped
        if "there is no table" not in skipped.reason
    }
    if year > 2026:
        assert report.as_of == date(year, 6, 1)
        assert "payments.paid_on" in report.warnings[0]
        until = f"{year}-06-01"
        empty = f"subscriber_months holds no rows in the 12 months up to {until}"
        assert reasons == {"value": empty, "lifetime": empty}
    else:
        assert reasons == {}
    exhibits = [each for name in ("billing", "arrears") for each in report.section(name).exhibits]
    drawn = [each.plot.svg(prefix="p") for each in exhibits if each.plot is not None]
    assert len(drawn) > 2
    assert all(svg.startswith("<svg") for svg in drawn)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1990, 1, 1), date(9999, 12, 31)])
def test_any_day_to_look_back_from_is_a_report(operator_tables: Tables, day: date) -> None:
    report = build(operator_tables, as_of=day)
    assert report.as_of == day
    assert report.to_html()


def test_states_count_only_where_there_are_no_events() -> None:
    assert reach({}) is None
    found = reach({"customers": pl.DataFrame({"since": [date(2026, 1, 5)]})})
    assert found is not None
    assert (found.column, found.next_day, found.far_days) == ("customers.since", None, 0)


def test_another_column_of_the_same_table_is_no_other_table() -> None:
    complaint = pl.DataFrame(
        {"received_at": [datetime(2026, 1, 5)], "resolved_at": [datetime(2099, 1, 5)]}
    )
    found = reach({"complaints": complaint})
    assert found is not None
    assert (found.column, found.next_column) == ("complaints.resolved_at", None)


def test_a_month_cut_by_the_as_of_date_is_told() -> None:
    months = pl.DataFrame(
        {
            "subscription_id": ["S", "S"],
            "customer_id": ["C", "C"],
            "period": [date(2026, 1, 1), date(2026, 2, 1)],
            "revenue": [1.0, 1.0],
        }
    )
    cut = build({"subscriber_months": months}, as_of=date(2026, 2, 10))
    assert any(note.startswith("Feb 2026 is not over") for note in cut.notes)
    whole = build({"subscriber_months": months}, as_of=date(2026, 2, 28))
    assert not any("is not over" in note for note in whole.notes)


def test_days_of_another_zone_stay_the_days_that_were_written() -> None:
    """Midnight of 1 January in Berlin is 31 December in UTC, and the invoice is of January."""
    local = pl.datetime(2026, 1, 1, time_zone="Europe/Berlin")
    invoices = pl.select(
        invoice_id=pl.lit("I-1"),
        customer_id=pl.lit("C"),
        issued_on=local,
        due_on=local,
        total=pl.lit(5.0),
    )
    report = build({"invoices": invoices})
    assert report.as_of == date(2026, 1, 1)
    months = report.section("billing").exhibit("months").frame
    assert months["period"].to_list() == [date(2026, 1, 1)]
    tables = report.section("overview").exhibit("tables").frame
    assert tables["first"].to_list() == [date(2026, 1, 1)]


def test_months_of_another_zone_stay_the_months_that_were_written() -> None:
    months = pl.select(
        subscription_id=pl.lit("S"),
        customer_id=pl.lit("C"),
        period=pl.datetime(2026, 1, 1, time_zone="Europe/Berlin"),
        revenue=pl.lit(5.0),
    )
    report = build({"subscriber_months": months})
    assert report.as_of == date(2026, 1, 31)
    assert report.section("revenue").exhibit("months").frame["period"][0] == date(2026, 1, 1)


def test_instants_of_another_zone_are_brought_to_utc() -> None:
    recharges = pl.DataFrame(
        {
            "recharge_id": ["R"],
            "customer_id": ["C"],
            "recharged_at": [datetime(2026, 1, 1, 0, 30)],
            "amount": [1.0],
        }
    ).with_columns(pl.col("recharged_at").dt.replace_time_zone("Europe/Berlin"))
    report = build({"recharges": recharges})
    assert report.as_of == date(2025, 12, 31)
    assert report.section("overview").exhibit("tables").frame["last"][0] == date(2025, 12, 31)
