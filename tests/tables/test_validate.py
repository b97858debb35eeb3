"""Validation gives the same findings on every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import Backend

from telcrm.domain import Money, Recharge, parse_iccid
from telcrm.errors import (
    ColumnTypeError,
    IdentifierError,
    InvalidTableError,
    MappingError,
    MissingColumnsError,
    ParameterError,
    UnknownColumnsError,
    UnsupportedFrameError,
)
from telcrm.tables import Level, ValidationReport, validate
from telcrm.testing import iccids

MONTHS: dict[str, list[Any]] = {
    "subscription_id": ["S-1", "S-2", "S-3", "S-3", "S-4"],
    "period": [
        date(2025, 1, 1),
        date(2025, 1, 2),
        date(2025, 1, 1),
        date(2025, 1, 1),
        date(2025, 2, 1),
    ],
    "customer_id": ["C-1", "C-2", "C-3", "C-3", None],
    "revenue": [10.0, 20.0, -5.0, 0.0, 1.5],
    "voice_s": [0, 60, -1, 5, 7],
    "payment_mode": ["prepaid", "postpaid", "prepaid", "hybrid", "prepaid"],
}


def found(report: ValidationReport) -> dict[tuple[str, str], tuple[int, tuple[Any, ...]]]:
    return {
        (finding.column, finding.rule): (finding.count, finding.keys) for finding in report.errors
    }


def test_the_same_findings_on_every_engine(backend: Backend) -> None:
    report = validate(backend.frame(MONTHS), "subscriber_months")
    january = date(2025, 1, 1)
    assert report.row_count == 5
    assert found(report) == {
        ("period", "month_start"): (1, (("S-2", date(2025, 1, 2)),)),
        ("customer_id", "null"): (1, (("S-4", date(2025, 2, 1)),)),
        ("voice_s", "at_least_0"): (1, (("S-3", january),)),
        ("payment_mode", "one_of"): (1, (("S-3", january),)),
        ("subscription_id, period", "duplicate_key"): (1, (("S-3", january),)),
    }


def test_a_valid_table_has_no_findings_on_any_engine(backend: Backend) -> None:
    valid = {name: values[:1] for name, values in MONTHS.items()}
    report = validate(backend.frame(valid), "subscriber_months")
    assert report.findings == ()
    assert report.ok
    report.raise_if_invalid()


def test_rules_between_columns_on_every_engine(backend: Backend) -> None:
    surveys: dict[str, list[Any]] = {
        "survey_id": ["A", "B", "C"],
        "customer_id": ["C-1"] * 3,
        "responded_at": [datetime(2025, 1, 1)] * 3,
        "kind": ["nps", "csat", "ces"],
        "score": [10, 6, 7],
    }
    report = validate(backend.frame(surveys), "surveys")
    assert found(report) == {("kind, score", "off_its_scale"): (1, (("B",),))}


def test_dates_that_cross_on_every_engine(backend: Backend) -> None:
    invoices: dict[str, list[Any]] = {
        "invoice_id": ["I-1", "I-2"],
        "customer_id": ["C-1", "C-1"],
        "issued_on": [date(2025, 2, 1), date(2025, 2, 1)],
        "due_on": [date(2025, 2, 15), date(2025, 1, 15)],
        "total": [10.0, float("inf")],
        "currency": ["EUR", "EUR"],
    }
    report = validate(backend.frame(invoices), "invoices")
    assert found(report) == {
        ("total", "finite"): (1, (("I-2",),)),
        ("issued_on, due_on", "due_before_issued"): (1, (("I-2",),)),
    }


def test_mixed_currencies_on_every_engine(quick_backend: Backend) -> None:
    frame = quick_backend.frame({**_recharges(3), "currency": ["EUR", "USD", "EUR"]})
    report = validate(frame, "recharges")
    assert found(report) == {("currency", "mixed_currencies"): (1, (("R-1",),))}
    assert validate(frame, "recharges", allow_mixed_currencies=True).ok


def _recharges(count: int) -> dict[str, list[Any]]:
    return {
        "recharge_id": [f"R-{number}" for number in range(count)],
        "customer_id": ["C-1"] * count,
        "recharged_at": [datetime(2025, 1, 1)] * count,
        "amount": [5.0] * count,
    }


def test_missing_columns_name_what_was_found_and_the_remedy() -> None:
    report = validate(pl.DataFrame({"month": ["2025-01"]}), "subscriber_months")
    with pytest.raises(MissingColumnsError, match=r"lacks 'period' \(found: month\)") as caught:
        report.raise_if_invalid()
    assert "mapping=" in str(caught.value)
    assert {finding.column for finding in report.errors} == {
        "subscription_id",
        "period",
        "customer_id",
        "revenue",
    }


def test_a_wrong_type_is_a_finding_and_hides_no_other() -> None:
    frame = pl.DataFrame({**_recharges(2), "amount": ["5", "x"], "customer_id": ["C-1", None]})
    report = validate(frame, "recharges")
    assert {finding.rule for finding in report.errors} == {"type", "null"}
    with pytest.raises(ColumnTypeError, match=r"recharges\.amount holds String"):
        report.raise_if_invalid()


def test_an_unknown_column_is_a_warning_with_the_nearest_name() -> None:
    report = validate(pl.DataFrame({**_recharges(1), "amounts": [1]}), "recharges")
    (finding,) = report.findings
    assert finding.level is Level.WARNING
    assert "did you mean 'amount'?" in finding.message
    assert report.ok


def test_an_empty_table_is_valid(quick_backend: Backend) -> None:
    frame = pl.DataFrame(_recharges(1)).head(0)
    assert validate(frame, "recharges").row_count == 0
    assert validate(frame, "recharges").ok


def test_a_table_without_any_column_lacks_the_required_ones() -> None:
    report = validate(pl.DataFrame(), "recharges")
    assert {finding.rule for finding in report.findings} == {"missing_column"}
    assert (report.ok, report.row_count) == (False, 0)


def test_pandas_integers_with_gaps_must_be_whole() -> None:
    months = {name: values[:1] * 3 for name, values in MONTHS.items()}
    frame = pd.DataFrame({**months, "voice_s": [1.0, None, 1.5], "subscription_id": list("abc")})
    report = validate(frame, "subscriber_months")
    assert found(report) == {("voice_s", "whole"): (1, (("c", date(2025, 1, 1)),))}


def test_a_day_has_no_time_of_day() -> None:
    frame = pl.DataFrame(
        {
            "payment_id": ["P-1"],
            "customer_id": ["C-1"],
            "paid_on": [datetime(2025, 1, 1, 13)],
            "amount": [1.0],
        }
    )
    assert set(found(validate(frame, "payments"))) == {("paid_on", "whole_day")}


def test_categories_count_as_text() -> None:
    frame = pl.DataFrame(MONTHS).with_columns(pl.col("payment_mode").cast(pl.Categorical))
    assert ("payment_mode", "one_of") in found(validate(frame, "subscriber_months"))


def test_the_callers_own_column_names() -> None:
    frame = pl.DataFrame(_recharges(1)).rename({"customer_id": "Kunde"})
    assert validate(frame, "recharges", mapping={"customer_id": "Kunde"}).ok
    with pytest.raises(UnknownColumnsError, match="Did you mean 'Kunde'"):
        validate(frame, "recharges", mapping={"customer_id": "Kunden"})
    with pytest.raises(MappingError, match="did you mean 'customer_id'"):
        validate(frame, "recharges", mapping={"customer": "Kunde"})


def test_no_dataframe_is_refused() -> None:
    with pytest.raises(UnsupportedFrameError, match="recharges"):
        validate({"amount": [1]}, "recharges")


def test_as_many_keys_as_asked_for_smallest_first() -> None:
    frame = pl.DataFrame(_recharges(30)).with_columns(amount=pl.lit(-1.0))
    (finding,) = validate(frame, "recharges", first_keys=2).errors
    assert finding.count == 30
    assert finding.keys == (("R-0",), ("R-1",))


def test_rows_of_a_report_can_fill_a_frame() -> None:
    report = validate(pl.DataFrame(MONTHS), "subscriber_months")
    rows = pl.DataFrame(report.to_rows())
    assert rows["count"].sum() == 5
    assert "S-2/2025-01-02" in rows["first_keys"].to_list()


def test_raising_says_everything_at_once() -> None:
    with pytest.raises(InvalidTableError) as caught:
        validate(pl.DataFrame(MONTHS), "subscriber_months").raise_if_invalid()
    assert str(caught.value).count("\n- ") == 5
    assert len(caught.value.context["findings"]) == 5


AMOUNTS = st.sampled_from(["5.00", "0", "-1", "0.01"])
CHANNELS = st.sampled_from(["app", "shop", "App", "", None])
DAYS = st.sampled_from([0, 30, -1, None])


@given(st.lists(st.tuples(AMOUNTS, CHANNELS, DAYS), min_size=1, max_size=6))
def test_a_row_is_refused_exactly_when_its_record_is(rows: list[tuple[str, Any, Any]]) -> None:
    refused = set()
    for number, (amount, channel, days) in enumerate(rows):
        try:
            Recharge(
                recharge_id=f"R-{number}",
                customer_id="C-1",
                recharged_at=datetime(2025, 1, 1, tzinfo=UTC),
                amount=Money(amount, "EUR"),
                channel=channel,
                validity_days=days,
            )
        except ValidationError:
            refused.add((f"R-{number}",))
    frame = pl.DataFrame(
        {
            **_recharges(len(rows)),
            "amount": [float(amount) for amount, _, _ in rows],
            "channel": pl.Series([channel for _, channel, _ in rows], dtype=pl.String),
            "validity_days": pl.Series([days for _, _, days in rows], dtype=pl.Int64),
        }
    )
    report = validate(frame, "recharges", first_keys=10)
    assert {key for finding in report.errors for key in finding.keys} == refused


def _equipment(**columns: Any) -> dict[str, list[Any]]:
    known = {"kind": ["handset"] * 2, "ownership": ["sold"] * 2, "status": ["in_stock"] * 2}
    return {"equipment_id": ["E-1", "E-2"], **known, **columns}


def test_a_check_digit_is_checked_on_every_engine(backend: Backend) -> None:
    numbers = ["490154203237518", "490154203237510"]
    report = validate(backend.frame(_equipment(imei=numbers)), "equipment")
    assert found(report) == {("imei", "luhn"): (1, (("E-2",),))}


CARDS = st.one_of(iccids(), st.from_regex(r"89[0-9]{17,18}", fullmatch=True))


# Many numbers in few columns: checking a table costs more than checking a number.
@given(st.lists(CARDS, min_size=1, max_size=50))
@settings(max_examples=25)
def test_luhn_in_a_column_is_luhn_in_a_record(numbers: list[str]) -> None:
    def wrong(number: str) -> bool:
        try:
            parse_iccid(number)
        except IdentifierError:
            return True
        return False

    lines = [f"S-{number}" for number in range(len(numbers))]
    frame = pl.DataFrame(
        {
            "subscription_id": lines,
            "customer_id": "C-1",
            "payment_mode": "prepaid",
            "status": "active",
            "iccid": numbers,
        }
    )
    report = validate(frame, "subscriptions", first_keys=len(numbers))
    refused = {line for finding in report.errors for (line,) in finding.keys}
    assert refused == {line for line, number in zip(lines, numbers, strict=True) if wrong(number)}


def test_a_column_left_out_beside_another_counts_as_null(quick_backend: Backend) -> None:
    frame = quick_backend.frame(_equipment(imei=["490154203237518", None]))
    report = validate(frame, "equipment")
    assert found(report) == {("imei, serial", "neither_imei_nor_serial"): (1, (("E-2",),))}


def test_columns_that_were_never_extracted_break_no_rule() -> None:
    assert validate(pl.DataFrame(_equipment(status=["assigned"] * 2)), "equipment").ok


def test_a_word_that_is_not_known_is_answered_with_the_known_ones() -> None:
    frame = pl.DataFrame({**_recharges(1), "channel": ["App"]})
    (finding,) = validate(frame, "recharges").errors
    assert "is none of shop, call_centre, web, app" in finding.message
    assert "such as 'App' (did you mean 'app'?)" in finding.message


def test_a_key_written_as_a_float_is_a_warning() -> None:
    frame = pl.DataFrame({**_recharges(1), "customer_id": ["1001.0"]})
    (finding,) = validate(frame, "recharges").findings
    assert (finding.rule, finding.level) == ("float_key", Level.WARNING)


def test_a_column_without_any_value_is_of_every_type(quick_backend: Backend) -> None:
    nothing = pl.DataFrame(
        {**_recharges(2), "channel": [None, None], "validity_days": [None, None]}
    )
    assert validate(nothing, "recharges").ok
    assert validate(nothing.to_arrow(), "recharges").ok
    missing = nothing.with_columns(customer_id=pl.lit(None))
    assert ("customer_id", "null") in found(validate(missing, "recharges"))


def test_pandas_objects_are_read_as_what_they_are() -> None:
    frame = pd.DataFrame(
        {
            "customer_id": ["C-1", "C-2"],
            "party_type": "individual",
            "status": "active",
            "since": [date(2025, 1, 1), date(2025, 1, 2)],
            "key_account": [True, None],
        }
    )
    report = validate(frame, "customers")
    assert found(report) == {("key_account", "null"): (1, (("C-2",),))}
    paid = pd.DataFrame({**_recharges(1), "amount": [Decimal("5.00")]})
    assert validate(paid, "recharges").ok


def test_rows_are_counted_though_columns_are_missing(quick_backend: Backend) -> None:
    frame = quick_backend.frame({"month": ["2025-01"] * 7})
    assert validate(frame, "subscriber_months").row_count == 7


@pytest.mark.parametrize("first_keys", [-1, 2.5, True])
def test_a_number_of_keys_is_a_number(first_keys: Any) -> None:
    with pytest.raises(ParameterError, match="first_keys"):
        validate(pl.DataFrame(_recharges(1)), "recharges", first_keys=first_keys)


def test_what_is_open_lies_between_nothing_and_the_total(quick_backend: Backend) -> None:
    invoices: dict[str, list[Any]] = {
        "invoice_id": ["A", "B", "C", "D", "E"],
        "customer_id": ["C-1"] * 5,
        "issued_on": [date(2025, 2, 1)] * 5,
        "due_on": [date(2025, 2, 15)] * 5,
        "total": [10.0, 10.0, -5.0, 10.0, 10.0],
        "open_amount": [10.0, 10.01, 1.0, 4.0, None],
        "status": ["sent", "sent", "sent", "settled", "settled"],
    }
    assert found(validate(quick_backend.frame(invoices), "invoices")) == {
        ("total, open_amount", "open_beyond_total"): (2, (("B",), ("C",))),
        ("status, open_amount", "settled_but_open"): (1, (("D",),)),
    }


def test_a_day_that_was_never_extracted_breaks_no_rule(quick_backend: Backend) -> None:
    lines: dict[str, list[Any]] = {
        "subscription_id": ["S-1"],
        "customer_id": ["C-1"],
        "payment_mode": ["prepaid"],
        "status": ["active"],
        "activated_on": [date(2025, 1, 1)],
    }
    assert validate(quick_backend.frame(lines), "subscriptions").ok
