"""A report has the sections that its tables allow, and names the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import polars.selectors as cs
import pytest

from telcrm.errors import (
    CurrencyMismatchError,
    InvalidTableError,
    NoTablesError,
    ParameterError,
    UnknownCurrencyError,
)
from telcrm.report import Report, Section, build, read_folder
from telcrm.report.sections import CHAPTERS, Chapter
from telcrm.report.sources import Sources
from telcrm.tables import TABLES

ROUNDED = cs.float().round(6)


def names(report: Report) -> list[str]:
    return [section.name for section in report.sections]


def test_all_tables_give_all_sections(operator_report: Report) -> None:
    assert names(operator_report) == ["overview", *(chapter.name for chapter in CHAPTERS)]
    assert operator_report.skipped == ()


def test_every_table_has_a_section_that_needs_it() -> None:
    needed = {table for chapter in CHAPTERS for table in chapter.tables}
    # Payments are never reported on without the invoices that they pay, and service requests are
    # read for warnings only.
    assert needed == set(TABLES) - {"payments", "service_requests"}


@pytest.fixture(scope="module")
def built(operator_tables: Mapping[str, pl.DataFrame]) -> Callable[..., Report]:
    """Report on one table, or only on some rows of the columns that it has to have.

    Several chapters ask for the same.
    """

    @cache
    def report(table: str, rows: int | None = None) -> Report:
        frame = operator_tables[table]
        if rows is not None:
            required = [column.name for column in TABLES[table].columns if column.required]
            frame = frame.select(required).head(rows)
        return build({table: frame})

    return report


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_any_one_of_its_tables_is_enough(built: Callable[..., Report], chapter: Chapter) -> None:
    for table in chapter.tables:
        report = built(table)
        assert chapter.name in names(report)
        skipped = {skipped.section for skipped in report.skipped}
        assert skipped == {other.name for other in CHAPTERS} - set(names(report))


NEEDS_MORE = {
    "retention": ["a single month"],
    "churn": ["no table has a date"],
    "profitability": ["no direct_cost"],
    "lifetime": ["less than 12 weeks", "bought again", "was terminated", "no direct_cost"],
}
"""Sections that say what they lack when a table holds no more than it must."""


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_required_columns_are_enough(built: Callable[..., Report], chapter: Chapter) -> None:
    """Every optional column may be left out, and one row is a table."""
    for table in chapter.tables:
        for rows in (1, 40):
            report = built(table, rows)
            if chapter.name in NEEDS_MORE and chapter.name not in names(report):
                [skipped] = [each for each in report.skipped if each.section == chapter.name]
                assert any(reason in skipped.reason for reason in NEEDS_MORE[chapter.name])
                continue
            for exhibit in report.section(chapter.name).exhibits:
                assert exhibit.columns.keys() <= set(exhibit.frame.columns)
                assert exhibit.plot is None or exhibit.plot.svg(prefix="p").startswith("<svg")


def test_skipped_sections_say_for_want_of_which_table(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges})
    reasons = {skipped.section: skipped.reason for skipped in report.skipped}
    assert reasons["movement"] == "there is no table subscriber_months"
    assert reasons["base"] == "there is no table customers or subscriptions"
    assert "recharges" not in reasons


def test_an_empty_table_is_as_good_as_none(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges.head(0)})
    assert names(report) == ["overview"]
    assert report.as_of is None
    reasons = {skipped.section: skipped.reason for skipped in report.skipped}
    assert reasons["recharges"] == "recharges holds no rows"
    assert "No dates" in report.to_html()


def test_the_last_event_is_the_default_as_of(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges})
    assert report.as_of == date(2026, 3, 2)
    assert "the last day on which something happened" in report.notes[0]


def test_a_month_counts_to_its_end() -> None:
    months = pl.DataFrame(
        {
            "subscription_id": ["S"],
            "customer_id": ["C"],
            "period": [date(2026, 2, 1)],
            "revenue": [1.0],
        }
    )
    assert build({"subscriber_months": months}).as_of == date(2026, 2, 28)


def test_without_events_the_newest_customer_counts() -> None:
    customers = pl.DataFrame(
        {
            "customer_id": ["C"],
            "party_type": ["individual"],
            "status": ["active"],
            "since": [date(2026, 2, 3)],
        }
    )
    assert build({"customers": customers}).as_of == date(2026, 2, 3)


def test_what_happened_after_the_as_of_date_is_left_out(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges}, as_of=date(2026, 2, 1))
    assert report.section("overview").exhibit("tables").frame["rows"].to_list() == [3]
    counts = report.section("recharges").exhibit("amounts").frame
    assert counts["recharges"].sum() == 2
    assert "recharges: 1 later row was left out." in report.notes


def test_a_datetime_is_no_as_of(recharges: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="has to be a date"):
        build({"recharges": recharges}, as_of=datetime(2026, 1, 1, tzinfo=UTC))


def numbers(report: Report) -> list[object]:
    """All that it says, but for the last digits of sums: they hang on the order of adding."""
    return [
        (section.name, section.figures, exhibit.name, exhibit.frame.with_columns(ROUNDED).rows())
        for section in report.sections
        for exhibit in section.exhibits
    ]


def test_the_engine_makes_no_difference(operator_tables: Mapping[str, pl.DataFrame]) -> None:
    # Most rows are of usage, and a tenth of them has every kind of row.
    usage = operator_tables["usage"].gather_every(10)
    frames = {**operator_tables, "usage": usage}
    expected = numbers(build(frames))
    connection = duckdb.connect()
    for table, frame in frames.items():
        connection.register(table, frame.to_arrow())
    engines: dict[str, dict[str, object]] = {
        "pandas": {table: frame.to_pandas() for table, frame in frames.items()},
        "lazy": {table: frame.lazy() for table, frame in frames.items()},
        "arrow": {table: frame.to_arrow() for table, frame in frames.items()},
        "duckdb": {table: connection.table(table) for table in frames},
    }
    for engine, tables in engines.items():
        assert numbers(build(tables)) == expected, engine


def test_the_order_of_rows_makes_no_difference(
    operator_tables: Mapping[str, pl.DataFrame], operator_report: Report
) -> None:
    shuffled = {
        table: frame.sample(fraction=1, shuffle=True, seed=5)
        for table, frame in reversed(list(operator_tables.items()))
    }
    assert numbers(build(shuffled)) == numbers(operator_report)


def test_a_name_that_is_no_table_is_refused(recharges: pl.DataFrame) -> None:
    with pytest.raises(ParameterError, match="recharges"):
        build({"recharge": recharges})


def test_a_broken_table_stops_the_report(recharges: pl.DataFrame) -> None:
    with pytest.raises(InvalidTableError, match="R-1"):
        build({"recharges": recharges.with_columns(recharge_id=pl.lit("R-1"))})


def test_keep_going_skips_what_stands_on_a_broken_table(
    operator_tables: Mapping[str, pl.DataFrame],
) -> None:
    broken = operator_tables["invoices"].with_columns(invoice_id=pl.lit("I-1"))
    report = build({**operator_tables, "invoices": broken}, keep_going=True)
    assert not {"billing", "arrears"} & set(names(report))
    assert [skipped.section for skipped in report.skipped] == ["billing", "arrears"]
    for skipped in report.skipped:
        assert skipped.reason == "invoices is broken, see the findings above"
    states = dict(report.section("overview").exhibit("tables").frame["table", "state"].iter_rows())
    assert states["invoices"] == "breaks its contract, left out"
    assert states["payments"] == "sound"
    assert any(note.startswith("invoices was left out") for note in report.notes)
    findings = report.section("overview").exhibit("findings").frame
    assert "I-1" in findings["message"][0]


def test_two_currencies_do_not_add_up(operator_tables: Mapping[str, pl.DataFrame]) -> None:
    dollars = operator_tables["payments"].with_columns(currency=pl.lit("USD"))
    with pytest.raises(CurrencyMismatchError, match=r"EUR: .*invoices.*USD: payments"):
        build({**operator_tables, "payments": dollars})


def test_mixed_currencies_in_one_table_are_a_finding(recharges: pl.DataFrame) -> None:
    mixed = recharges.with_columns(currency=pl.Series(["EUR", "USD", "EUR"]))
    with pytest.raises(InvalidTableError, match="currenc"):
        build({"recharges": mixed})


def test_a_currency_may_be_named_for_tables_that_name_none(recharges: pl.DataFrame) -> None:
    report = build({"recharges": recharges}, currency="KWD")
    assert str(report.currency) == "KWD"
    assert "amounts in KWD" in report.to_html()
    with pytest.raises(UnknownCurrencyError):
        build({"recharges": recharges}, currency="EURO")


def test_the_currency_named_must_be_that_of_the_others(recharges: pl.DataFrame) -> None:
    payments = pl.DataFrame(
        {
            "payment_id": ["P-1"],
            "customer_id": ["ann"],
            "paid_on": [date(2026, 1, 1)],
            "amount": [1.0],
            "currency": ["EUR"],
        }
    )
    with pytest.raises(CurrencyMismatchError, match="EUR: payments; USD: recharges"):
        build({"recharges": recharges, "payments": payments}, currency="USD")


def test_a_folder_its_path_and_its_tables_say_the_same(
    operator_tables: Mapping[str, pl.DataFrame], operator_report: Report, tmp_path: Path
) -> None:
    for table, frame in operator_tables.items():
        frame.write_parquet(tmp_path / f"{table}.parquet")
    assert numbers(build(tmp_path)) == numbers(operator_report)
    # What is read is the same in all three: for the other two ways a few tables will do.
    for table in set(operator_tables) - {"recharges", "payments"}:
        (tmp_path / f"{table}.parquet").unlink()
    few = numbers(build(tmp_path))
    assert len(few) > 2
    for source in (str(tmp_path), read_folder(tmp_path)):
        assert numbers(build(source)) == few


def test_arguments_go_before_the_settings(tmp_path: Path, recharges: pl.DataFrame) -> None:
    recharges.write_parquet(tmp_path / "recharges.parquet")
    (tmp_path / "telcrm.toml").write_text(
        'title = "Ours"\nas_of = 2026-02-01\ncurrency = "EUR"\n', encoding="utf-8"
    )
    said = build(tmp_path)
    assert (said.title, said.as_of, str(said.currency)) == ("Ours", date(2026, 2, 1), "EUR")
    argued = build(tmp_path, title="Mine", as_of=date(2026, 1, 5), currency="USD")
    assert (argued.title, argued.as_of) == ("Mine", date(2026, 1, 5))
    assert str(argued.currency) == "USD"


def test_an_empty_folder_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(NoTablesError):
        build(tmp_path)


def test_each_section_is_told_of(recharges: pl.DataFrame) -> None:
    told: list[str] = []
    build({"recharges": recharges}, on_section=lambda title, _: told.append(title))
    assert told == [chapter.title for chapter in CHAPTERS]


@pytest.mark.parametrize("kind", [pl.exceptions.ComputeError, OverflowError, InvalidTableError])
def test_numbers_that_cannot_be_had_cost_one_section(
    operator_tables: Mapping[str, pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Exception],
) -> None:
    def fail(_: Sources) -> Section:
        raise kind("too large")

    broken = tuple(
        replace(chapter, write=fail) if chapter.name == "usage" else chapter
        for chapter in CHAPTERS
        if chapter.name in ("base", "usage", "recharges")
    )
    assert len(broken) == 3
    monkeypatch.setattr("telcrm.report.sections.CHAPTERS", broken)
    report = build(operator_tables)
    (skipped,) = report.skipped
    assert skipped.section == "usage"
    assert "too large" in skipped.reason
    assert names(report) == ["overview", "base", "recharges"]
