"""Arrears by the books of a ledger: what it says, and what happens when it says nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from telcrm.domain import Currency, Money
from telcrm.errors import (
    CorruptStoreError,
    CurrencyMismatchError,
    ParameterError,
    StoreUnavailableError,
    TelcrmError,
    UnknownStoreError,
)
from telcrm.ledger import Charge, DunningPolicy, Ledger, OpenAccount
from telcrm.report import LedgerSettings, Report, Section, build
from telcrm.report.books import read_books

FIRST = date(2026, 1, 1)
AS_OF = date(2026, 4, 30)


def euros(amount: int) -> Money:
    return Money(amount, "EUR")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four accounts: one never pays, one pays late, one contests, one is in dollars."""
    file = tmp_path_factory.mktemp("ledger") / "books.db"
    with Ledger.open(f"sqlite:///{file}") as books:
        for name, code in (("A-1", "EUR"), ("A-2", "EUR"), ("A-3", "EUR"), ("B-1", "USD")):
            books.open_account(name, currency=code, on=FIRST, party_id=f"C-{name}")
            books.charge(name, Money(100, code), on=FIRST, due=date(2026, 1, 15), key=f"I-{name}")
        day = FIRST
        while day <= AS_OF + timedelta(days=40):
            if day == date(2026, 2, 20):
                books.pay("A-2", euros(130), on=day, key="P-1")
            if day == date(2026, 4, 1):
                books.charge("A-1", euros(50), on=day, due=date(2026, 5, 1), key="I-next")
                (item,) = books.open_items("A-3")
                books.dispute("A-3", item=item.item_id, money=euros(30), on=day, key="D-1")
            books.run_dunning(DunningPolicy(), as_of=day)
            day += timedelta(days=1)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table that has nothing to do with bills."""
    pl.DataFrame(
        {
            "customer_id": ["C-A-1"],
            "party_type": ["individual"],
            "status": ["active"],
            "since": [FIRST],
            "name": ["Ann <Lee>"],
        }
    ).write_parquet(tmp_path / "customers.parquet")
    return tmp_path


def reported(folder: Path, url: str, *, top: str = "", keep_going: bool = False) -> Report:
    text = f'as_of = {AS_OF}\n{top}\n[ledger]\nurl = "{url}"\n'
    (folder / "telcrm.toml").write_text(text, encoding="utf-8")
    return build(folder, keep_going=keep_going)


def arrears(folder: Path, file: Path) -> Section:
    report = reported(folder, f"sqlite:///{file}", top='currency = "EUR"')
    return report.section("arrears")


def test_the_section_says_that_it_is_of_the_books(folder: Path, file: Path) -> None:
    section = arrears(folder, file)
    assert "by the books of" in section.summary
    assert "books.db, tenant default: 3 accounts in EUR" in section.summary
    assert "Accounts in USD are left out." in section.summary
    assert "simulat" not in section.summary


def test_all_lines_of_the_aging_are_the_balance(folder: Path, file: Path) -> None:
    lines = arrears(folder, file).exhibit("aging").frame
    assert lines.rows() == [
        ("current", 1, 50.0),
        ("1-30", 0, 0.0),
        ("31-60", 0, 0.0),
        ("61-90", 0, 0.0),
        ("90+", 2, 170.0),
        ("disputed", None, 30.0),
        ("unapplied credit", None, -30.0),
    ]
    with Ledger.open(f"sqlite:///{file}") as books:
        assert lines["open"].sum() == float(books.aging(as_of=AS_OF).total("EUR").balance.amount)


def test_debtors_stand_where_the_ledger_has_them(folder: Path, file: Path) -> None:
    debtors = arrears(folder, file).exhibit("debtors")
    assert debtors.frame.select(
        "customer_id", "name", "overdue", "days_past_due", "step", "step_on", "service"
    ).rows() == [
        ("C-A-1", "Ann <Lee>", 100.0, 105, "termination", date(2026, 4, 15), "terminated"),
        ("C-A-3", None, 70.0, 105, "termination", date(2026, 4, 15), "terminated"),
    ]
    steps = arrears(folder, file).exhibit("steps").frame
    assert steps.filter(pl.col("debtors") > 0).rows() == [("termination", 2, 170.0)]


def test_actions_are_those_that_were_emitted_by_the_day(folder: Path, file: Path) -> None:
    exhibit = arrears(folder, file).exhibit("actions")
    expected: Counter[tuple[date, str]] = Counter()
    with Ledger.open(f"sqlite:///{file}") as books:
        page = books.entries(limit=10_000)
        on = {entry.entry_id: entry.on for entry in page.entries}
        for given in page.actions:
            day = on[given.entry_id]
            if day <= AS_OF and given.account_id != "B-1":
                expected[day.replace(day=1), given.action.kind.value] += 1
    assert {(month, kind): n for month, kind, n in exhibit.frame.iter_rows()} == expected
    assert expected[date(2026, 2, 1), "delisted"] == 1
    assert expected[date(2026, 4, 1), "termination"] == 2
    assert exhibit.plot is not None
    assert "one-way bar" in exhibit.plot.svg(prefix="p")


def test_measures_are_those_of_the_books(folder: Path, file: Path) -> None:
    shown = {figure.label: figure.value for figure in arrears(folder, file).figures}
    with Ledger.open(f"sqlite:///{file}") as books:
        measures = books.measures(currency="EUR")
        index = measures.collection_effectiveness_index(date(2026, 4, 1), AS_OF)
        # Nothing was sold in February and March, but the books had begun.
        days = measures.dso(date(2026, 2, 1), AS_OF)
    assert shown["Collection effectiveness"] == f"{index:.1f}%"
    assert shown["Days sales outstanding"] == f"{days:.1f} days"


def test_the_books_need_no_table_of_invoices(folder: Path, file: Path) -> None:
    report = reported(folder, f"sqlite:///{file}", top='currency = "EUR"')
    assert {skipped.section for skipped in report.skipped} >= {"billing"}
    assert "Ann &lt;Lee&gt;" in report.to_html()


def test_a_path_starts_at_the_folder(folder: Path, file: Path) -> None:
    (folder / "here.db").write_bytes(file.read_bytes())
    report = reported(folder, "sqlite:///here.db?timeout=5", top='currency = "EUR"')
    assert "the books of here.db, tenant" in report.section("arrears").summary


def test_books_in_two_currencies_need_one_to_be_named(folder: Path, file: Path) -> None:
    with pytest.raises(CurrencyMismatchError, match="EUR, USD"):
        reported(folder, f"sqlite:///{file}")


def test_books_in_one_currency_name_it(folder: Path) -> None:
    with Ledger.open(f"sqlite:///{folder}/yen.db") as books:
        opened = OpenAccount(key="o", account_id="A", currency="JPY", on=FIRST)
        owed = Charge(key="c", account_id="A", amount=Money(900, "JPY"), on=FIRST, due_on=FIRST)
        assert not books.post_many([opened, owed]).refused
    section = reported(folder, "sqlite:///yen.db").section("arrears")
    assert section.figures[0].value == "JPY\xa0900"
    # No dunning was run: there are debtors without a step, and no actions.
    assert [exhibit.name for exhibit in section.exhibits] == ["aging", "steps", "debtors"]
    assert section.exhibit("steps").frame["debtors"][0] == 1


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("sqlite:///none.db", StoreUnavailableError, "there is no ledger"),
        ("sqlite:///customers.parquet", CorruptStoreError, "is no database"),
        ("mysql://bob:s3cret@db/crm", UnknownStoreError, "'mysql'"),
        ("bob:s3cret@db", UnknownStoreError, "no ledger store"),
        ("memory://", ParameterError, "no account of the tenant 'default'"),
    ],
)
def test_a_ledger_that_cannot_be_read(
    folder: Path, url: str, kind: type[TelcrmError], says: str
) -> None:
    files = sorted(folder.iterdir())
    with pytest.raises(kind) as caught:
        reported(folder, url)
    assert says in str(caught.value)
    assert sorted(folder.iterdir()) == sorted([*files, folder / "telcrm.toml"])
    report = reported(folder, url, keep_going=True)
    assert "arrears" not in {section.name for section in report.sections}
    (skipped,) = [skipped for skipped in report.skipped if skipped.section == "arrears"]
    assert skipped.reason == "ledger is broken, see the findings above"
    findings = report.section("overview").exhibit("findings").frame
    rule = "settings" if kind is ParameterError else "unreadable_ledger"
    assert findings.select("table", "rule", "level").rows() == [("ledger", rule, "error")]
    assert any(note.startswith("The ledger was left out") for note in report.notes)
    assert "s3cret" not in str(caught.value) + report.to_html()


def test_without_the_ledger_the_tables_speak(folder: Path) -> None:
    pl.DataFrame(
        {
            "invoice_id": ["I-1"],
            "customer_id": ["C-A-1"],
            "issued_on": [FIRST],
            "due_on": [FIRST],
            "total": [7.0],
        }
    ).write_parquet(folder / "invoices.parquet")
    section = reported(folder, "sqlite:///none.db", keep_going=True).section("arrears")
    assert "by the table invoices" in section.summary


def test_a_server_that_is_not_there_is_named_without_its_password(folder: Path) -> None:
    url = "postgresql+psycopg://bob:s3cret@127.0.0.1:1/crm"
    with pytest.raises(StoreUnavailableError) as caught:
        reported(folder, url)
    assert "s3cret" not in str(caught.value)
    report = reported(folder, url, keep_going=True)
    assert "s3cret" not in report.to_html() + repr(report)


def test_another_tenant_is_not_seen(file: Path) -> None:
    there = LedgerSettings(f"sqlite:///{file}", "elsewhere")
    with pytest.raises(ParameterError, match="tenant 'elsewhere'"):
        read_books(there, as_of=AS_OF, currency=Currency("EUR"))


def test_a_ledger_needs_a_day(folder: Path, file: Path) -> None:
    (folder / "telcrm.toml").write_text(f'[ledger]\nurl = "sqlite:///{file}"\n', encoding="utf-8")
    (folder / "customers.parquet").unlink()
    pl.DataFrame(
        schema={
            "recharge_id": pl.String,
            "customer_id": pl.String,
            "recharged_at": pl.Datetime("us", "UTC"),
            "amount": pl.Float64,
        }
    ).write_parquet(folder / "recharges.parquet")
    with pytest.raises(ParameterError, match="name the day"):
        build(folder)
