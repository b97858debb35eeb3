"""What the command prints, writes and returns."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import telcrm
from telcrm.cli import main
from telcrm.cli.printable import printable
from telcrm.tables import TABLES

ROWS = "recharge_id,customer_id,recharged_at,amount\nR-1,C-1,2026-01-05,10\nR-2,C-2,2026-02-05,5\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one sound table; the terminal is wide, so that no line is broken."""
    monkeypatch.setenv("COLUMNS", "300")
    data = tmp_path / "data"
    data.mkdir()
    (data / "recharges.csv").write_text(ROWS, encoding="utf-8")
    return data


def test_report_writes_one_file_and_says_what_it_skipped(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "Skipped: Customer movement (there is no table subscriber_months)" in said.out
    assert f"Wrote {out}" in said.out
    assert "recharges.csv" in said.out
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.html"]


def test_options_reach_the_report(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    options = ["--as-of", "2026-01-31", "--title", "Mine", "--currency", "EUR"]
    numbers = tmp_path / "numbers"
    assert main(["report", str(folder), "--out", str(out), *options, "--csv", str(numbers)]) == 0
    html = out.read_text(encoding="utf-8")
    assert "As of 2026-01-31" in html
    assert "<h1>Mine</h1>" in html
    assert "amounts in EUR" in html
    assert (numbers / "recharges_amounts.csv").is_file()


def test_demo_writes_its_tables_and_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    small = ["demo", "--subscribers", "60", "--months", "3", "--out", str(out)]
    assert main([*small, "--seed", "1"]) == 0
    first = (out / "report.html").read_bytes()
    assert len(list(out.glob("*.parquet"))) == 12
    assert b"A synthetic operator: 60 lines, 3 months, seed 1" in first
    assert main([*small, "--seed", "2"]) == 0
    assert b"seed 2" in (out / "report.html").read_bytes()
    assert "Skipped" not in capsys.readouterr().out


def test_demo_does_not_mix_with_your_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--out", str(folder)]) == 2
    assert "recharges.csv" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["recharges.csv"]


def test_validate_says_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder)]) == 0
    said = capsys.readouterr()
    assert "sound" in said.out
    assert said.err == ""


def test_validate_writes_findings_that_a_spreadsheet_may_open(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = '"=HYPERLINK(1)",C-1,2026-01-05,-3\n'
    (folder / "recharges.csv").write_text(ROWS + evil, encoding="utf-8")
    findings = tmp_path / "findings.csv"
    assert main(["validate", str(folder), "--findings", str(findings)]) == 2
    with findings.open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["table"] == "recharges"
    assert row["column"] == "amount"
    assert row["count"] == "1"
    assert row["first_keys"] == "'=HYPERLINK(1)"
    assert "recharges.csv" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"telcrm {telcrm.__version__}\n"


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(command in said for command in ("report", "validate", "tables", "demo", "ledger"))


@pytest.mark.parametrize(
    "arguments", [["repot", "x"], ["report"], ["demo", "--subscribers", "many"]]
)
def test_a_wrong_call_is_exit_code_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_number_out_of_range_is_exit_code_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--subscribers", "0", "--out", str(tmp_path / "demo")]) == 2
    assert "subscribers" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def test_names_do_not_command_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "recharges.csv").write_text(
        ROWS + "[red]\x1b[2J,C-1,2026-01-05,-3\n", encoding="utf-8"
    )
    assert main(["validate", str(folder)]) == 2
    said = capsys.readouterr()
    assert "\x1b[2J" not in said.out + said.err
    assert "[red]" in said.out
    assert printable("a\x1bb\nc\xa0") == "a\N{REPLACEMENT CHARACTER}b\nc\xa0"


def test_keep_going_skips_the_broken_table_and_names_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "payments.parquet").write_bytes(b"PAR1half")
    pl.DataFrame({"equipment_id": ["E-1"], "kind": ["router"], "ownership": ["lent"]}).with_columns(
        status=pl.lit("lots")
    ).write_csv(folder / "equipment.csv")
    out = tmp_path / "report.html"
    assert main(["report", str(folder), "--out", str(out)]) == 2
    assert not out.exists()
    assert "--keep-going" in capsys.readouterr().out
    assert main(["report", str(folder), "--out", str(out), "--keep-going"]) == 0
    said = capsys.readouterr()
    assert "Skipped: Equipment (equipment is broken, see the findings above)" in said.out
    assert said.out.count("such as 'lots'") == 1
    assert "lots" not in said.err
    assert "payments.parquet" in said.err
    assert "payments" in out.read_text(encoding="utf-8")


def test_without_the_extra_one_is_told_what_to_install() -> None:
    program = (
        "import sys; sys.modules['typer'] = None; from telcrm.cli import main; sys.exit(main([]))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'the command needs typer. Run: pip install "telcrm[cli]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_never_overwrites_tables_that_are_not_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real folders hold exactly the canonical names."""
    theirs = {f"{table}.parquet": b"precious" for table in TABLES} | {"telcrm.toml": b"title='x'"}
    for name, content in theirs.items():
        (tmp_path / name).write_bytes(content)
    assert main(["demo", "--subscribers", "60", "--months", "3", "--out", str(tmp_path)]) == 2
    assert "campaign_contacts.parquet" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == theirs


def test_an_impossible_date_is_a_warning_and_no_traceback(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "payments.csv").write_text(
        "payment_id,customer_id,paid_on,amount\nP-1,C-1,2099-01-01,1\n", encoding="utf-8"
    )
    (folder / "subscriber_months.csv").write_text(
        "subscription_id,period,customer_id,revenue\nS,2026-01-01,C-1,1\n", encoding="utf-8"
    )
    assert main(["report", str(folder), "--out", str(tmp_path / "report.html")]) == 0
    said = capsys.readouterr()
    assert "warning: payments.paid_on reaches 2099-01-01" in said.err
    assert "Skipped: Customer value (subscriber_months holds no rows in the 12 months" in said.out


def test_findings_name_files_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "usage.parquet").write_bytes(b"PAR1half")
    findings = tmp_path / "findings.csv"
    assert main(["validate", str(folder), "--findings", str(findings)]) == 2
    with findings.open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["file"], row["table"], row["rule"]) == ("usage.parquet", "usage", "unreadable_file")


def test_what_was_not_read_is_said_once(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "usage.parquet").mkdir()
    for command in (["validate"], ["report", "--out", str(tmp_path / "report.html")]):
        assert main([*command, str(folder)]) == 0
        assert capsys.readouterr().out.count("usage.parquet was not read: it is a folder") == 1


@pytest.mark.parametrize(
    ("command", "option", "target"),
    [
        ("report", "--out", "data/recharges.csv"),
        ("report", "--out", "data/telcrm.toml"),
        ("report", "--csv", "data"),
        ("report", "--csv", "data/recharges.csv"),
        ("validate", "--findings", "data/recharges.csv"),
        ("validate", "--findings", "missing/findings.csv"),
    ],
)
def test_targets_are_checked_before_any_work(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    option: str,
    target: str,
) -> None:
    assert main([command, str(folder), option, str(tmp_path / target)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert str(tmp_path / target) in said.err
    assert (folder / "recharges.csv").read_text(encoding="utf-8") == ROWS
    assert [path.name for path in folder.iterdir()] == ["recharges.csv"]


def test_numbers_of_two_reports_never_mix(folder: Path, tmp_path: Path) -> None:
    numbers, out = tmp_path / "numbers", str(tmp_path / "report.html")
    call = ["report", str(folder), "--out", out, "--csv", str(numbers)]
    assert main(call) == 0
    assert (numbers / "recharges_amounts.csv").exists()
    (folder / "recharges.csv").rename(folder / "old.txt")
    (folder / "customers.csv").write_text(
        "customer_id,party_type,status,since\nC,individual,active,2026-01-01\n", encoding="utf-8"
    )
    assert main(call) == 0
    assert not (numbers / "recharges_amounts.csv").exists()
    assert (numbers / "base_customers_status.csv").exists()
