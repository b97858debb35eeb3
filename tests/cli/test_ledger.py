"""What the commands on a ledger print, write and return."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from beancount import loader

from telcrm.cli import main
from telcrm.domain import Money
from telcrm.ledger import Ledger
from telcrm.tables import validate


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is wide, so that no line is broken."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger of two accounts in EUR and one in JPY."""
    path = tmp_path / "crm.db"
    with Ledger.open(f"sqlite:///{path}", tenant="north") as ledger:
        for name, currency in (("A-1", "EUR"), ("[b]A-2", "EUR"), ("J", "JPY")):
            ledger.open_account(name, currency=currency, on=date(2026, 1, 1))
        for number, (name, amount) in enumerate(
            (
                ("A-1", Money("1234.50", "EUR")),
                ("[b]A-2", Money("20", "EUR")),
                ("J", Money(7, "JPY")),
            )
        ):
            ledger.charge(
                name,
                amount,
                on=date(2026, 2, 1),
                due=date(2026, 2, 15),
                key=f"c{number}",
                document=f"INV-{number}",
            )
        ledger.pay("A-1", Money("34.50", "EUR"), on=date(2026, 2, 20), key="p")
        ledger.pay("J", Money("9", "JPY"), on=date(2026, 2, 20), key="q")
    return path


def call(command: str, file: Path, *options: str) -> int:
    return main(["ledger", command, f"sqlite:///{file}", "--tenant", "north", *options])


def test_verify_says_sound(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("verify", file) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("Accounts: 3\nEntries: 8\nSeal: ")
    assert said.out.endswith("\nSound: every hash, sum and rule holds.\n")


def test_verify_names_the_first_break(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(file) as session:
        guards = session.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in guards:
            session.execute(f'DROP TRIGGER "{name}"')
        session.execute("UPDATE entry SET body = replace(body, 'INV-0', 'INV-9')")
    session.close()
    assert call("verify", file) == 1
    said = capsys.readouterr()
    assert "telcrm: broken at A-1:2, rule hash: " in said.err
    assert "Sound" not in said.out


def test_aging_shows_totals_and_debtors(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("aging", file, "--as-of", "2026-03-20") == 0
    said = capsys.readouterr().out
    cells = [line.strip("│ ").split("│") for line in said.splitlines() if line.startswith("│")]
    rows = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells}
    assert rows == {
        "Accounts": ["2", "1"],
        "current": ["0.00", "0"],
        "1-30": ["0.00", "0"],
        "31-60": ["1,220.00", "0"],
        "61-90": ["0.00", "0"],
        "90+": ["0.00", "0"],
        "Disputed": ["0.00", "0"],
        "Unapplied": ["0.00", "-2"],
        "Balance": ["1,220.00", "-2"],
        "A-1": ["1,200.00", "1,200.00", "33", "0.00"],
        "[b]A-2": ["20.00", "20.00", "33", "0.00"],
    }
    assert said.index("A-1") < said.index("[b]A-2")
    assert "Largest debtors, EUR" in said
    assert "Largest debtors, JPY" not in said


def test_aging_shows_no_amount_cut_off_in_a_narrow_terminal(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert call("aging", file, "--as-of", "2026-03-20") == 0
    assert "…" not in capsys.readouterr().out


def test_aging_shows_as_many_debtors_as_asked(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("aging", file, "--as-of", "2026-03-20", "--limit", "1") == 0
    said = capsys.readouterr().out
    assert "A-1" in said
    assert "A-2" not in said
    assert call("aging", file, "--as-of", "2026-03-20", "--limit", "0") == 0
    assert "Largest" not in capsys.readouterr().out


def test_aging_before_anything_was_owed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("aging", file, "--as-of", "2026-01-20") == 0
    said = capsys.readouterr().out
    assert said == "On 2026-01-20 no account owes anything or has unapplied credit.\n"


def test_aging_writes_every_account(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "aging.csv"
    assert call("aging", file, "--as-of", "2026-02-16", "--csv", str(out), "--limit", "1") == 0
    rows = pl.read_csv(out)
    assert rows.select("account_id", "currency", "1-30", "balance").rows() == [
        ("A-1", "EUR", 1234.5, 1234.5),
        ("J", "JPY", 7.0, 7.0),
        ("[b]A-2", "EUR", 20.0, 20.0),
    ]


def test_export_for_beancount(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    assert call("export", file, "--format", "beancount", "--out", str(out)) == 0
    entries, errors, _ = loader.load_file(str(out))
    assert errors == []
    assert out.read_text(encoding="utf-8").count("* ") == 5
    assert (
        call("export", file, "--format", "beancount", "--out", str(out), "--as-of", "2026-02-01")
        == 0
    )
    assert len(loader.load_file(str(out))[0]) < len(entries)


def test_export_for_hledger(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "books.journal"
    assert call("export", file, "--format", "hledger", "--out", str(out)) == 0
    text = out.read_text(encoding="utf-8")
    assert "2026-02-01 * charge INV-0\n" in text
    assert text.endswith("commodity 1. JPY\n")


@pytest.mark.parametrize(("table", "rows"), [("invoices", 3), ("payments", 2)])
def test_export_of_a_canonical_table(file: Path, tmp_path: Path, table: str, rows: int) -> None:
    out = tmp_path / f"{table}.csv"
    assert call("export", file, "--format", table, "--out", str(out)) == 0
    read = pl.read_csv(out, try_parse_dates=True)
    assert len(read) == rows
    assert validate(read, table, allow_mixed_currencies=True).findings == ()


def test_a_password_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    urls = [
        "postgresql+psycopg://u:hush-hush@127.0.0.1:1/crm?connect_timeout=1",
        "postgresql+psycopg://u@127.0.0.1:1/crm?connect_timeout=1&password=hush-hush",
        "postgres://u:hush-hush@127.0.0.1:1/crm",
        "u:hush-hush@127.0.0.1/crm",
        "postgresql://u:hush-hush@[::1:x/crm",
        "postgresql://u:/hush-hush@127.0.0.1/crm",
    ]
    for url in urls:
        assert main(["ledger", "verify", url]) == 2
    said = capsys.readouterr()
    assert said.err.count("telcrm: [TC-") == len(urls)
    assert "hush" not in said.err + said.out


def test_a_ledger_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify", f"sqlite:///{tmp_path}/nope.db"]) == 2
    assert "there is no ledger" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "text.db"
    path.write_text("hello " * 1000, encoding="utf-8")
    assert main(["ledger", "verify", f"sqlite:///{path}"]) == 2
    said = capsys.readouterr().err
    assert "TC-STORE" in said
    assert "Traceback" not in said


def test_a_tenant_without_books_is_not_called_sound(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify", f"sqlite:///{file}"]) == 2
    said = capsys.readouterr()
    assert "tenant 'default' has no books here" in said.err
    assert said.out == ""


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_the_ledger_is_not_written_over(
    file: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    target = f"{file}{suffix}"
    assert call("export", file, "--format", "invoices", "--out", target) == 2
    assert call("aging", file, "--as-of", "2026-03-01", "--csv", target) == 2
    link = file.with_name("link.db")
    link.symlink_to(file)
    assert call("export", link, "--format", "invoices", "--out", target) == 2
    assert capsys.readouterr().err.count("is the ledger; name another file") == 3
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "options",
    [
        ["aging"],
        ["aging", "--as-of", "tomorrow"],
        ["aging", "--as-of", "2026-03-01", "--limit", "-1"],
        ["export", "--out", "x"],
        ["export", "--format", "excel", "--out", "x"],
        ["export", "--format", "invoices"],
        ["export", "--format", "invoices", "--out", "no/such/folder/x.csv"],
    ],
)
def test_a_wrong_call_is_exit_code_two(
    file: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(options[0], file, *options[1:]) == 2
    assert "Traceback" not in capsys.readouterr().err
