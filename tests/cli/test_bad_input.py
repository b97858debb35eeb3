"""Bad input ends in exit code 2, one message that can be acted on, and no file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telcrm.cli import main

RECHARGES = "recharge_id,customer_id,recharged_at,amount\n"
GOOD = RECHARGES + "R-1,C-1,2026-01-05T10:00,10\n"
USAGE = "usage_id,subscription_id,started_at,kind,direction,zone,duration_s,volume_bytes\n"
MONTHS = "subscription_id,period,customer_id,revenue\n"

CASES: dict[str, tuple[dict[str, bytes], list[str]]] = {
    "empty folder": ({}, ["TC-TABLE-008", "no CSV or Parquet file"]),
    "unknown names only": ({"tariffs.csv": b"a\n1\n"}, ["TC-TABLE-008", "tariffs.csv"]),
    "half-written parquet": (
        {"recharges.parquet": b"PAR1\x15\x04\x15\x10half"},
        ["TC-TABLE-007", "recharges.parquet"],
    ),
    "empty parquet": ({"recharges.parquet": b""}, ["TC-TABLE-007", "recharges.parquet"]),
    "latin-1": (
        {"recharges.csv": GOOD.replace("C-1", "Zo\xeb").encode("latin-1")},
        ["TC-TABLE-007", "recharges.csv", "latin-1"],
    ),
    "utf-16": ({"recharges.csv": GOOD.encode("utf-16")}, ["TC-TABLE-007", "utf-16"]),
    "missing columns": (
        {"recharges.csv": b"recharge_id,customer_id\nR-1,C-1\n"},
        ["TC-TABLE-001", "recharges.csv", "amount", "recharged_at"],
    ),
    "wrong types": (
        {"recharges.csv": GOOD.replace("10\n", "ten\n").encode()},
        ["recharges.csv", "amount", "1 value", "'ten'", "R-1"],
    ),
    "null keys": (
        {"recharges.csv": (GOOD + ",C-2,2026-01-06,5\n").encode()},
        ["TC-TABLE-004", "recharges.csv", "recharge_id", "1 row"],
    ),
    "duplicate keys": (
        {"recharges.csv": (GOOD + "R-1,C-2,2026-01-06,5\n").encode()},
        ["TC-TABLE-004", "recharges.csv", "recharge_id", "2 rows", "R-1"],
    ),
    "negative durations": (
        {"usage.csv": (USAGE + "U-9,S-1,2026-01-05T10:00Z,voice,outgoing,local,-60,0\n").encode()},
        ["TC-TABLE-004", "usage.csv", "duration_s", "1 row", "U-9"],
    ),
    "mixed currencies": (
        {
            "recharges.csv": (
                RECHARGES.replace("\n", ",currency\n")
                + "R-1,C-1,2026-01-05,10,EUR\nR-2,C-1,2026-01-05,10,USD\n"
            ).encode()
        },
        ["TC-TABLE-004", "recharges.csv", "currency", "EUR", "USD"],
    ),
    "mixed currencies across tables": (
        {
            "recharges.csv": (
                RECHARGES.replace("\n", ",currency\n") + "R-1,C-1,2026-01-05,10,EUR\n"
            ).encode(),
            "subscriber_months.csv": (
                MONTHS.replace("\n", ",currency\n") + "S-1,2026-01-01,C-1,10,USD\n"
            ).encode(),
        },
        ["TC-MONEY-003", "EUR: recharges", "USD: subscriber_months"],
    ),
    "period in mid-month": (
        {"subscriber_months.csv": (MONTHS + "S-7,2026-01-15,C-1,10\n").encode()},
        ["TC-TABLE-004", "subscriber_months.csv", "period", "1 row", "S-7"],
    ),
    "csv and parquet": (
        {"recharges.csv": GOOD.encode(), "recharges.parquet": b""},
        ["TC-TABLE-010", "recharges.csv and recharges.parquet"],
    ),
    "broken settings": (
        {"recharges.csv": GOOD.encode(), "telcrm.toml": b'title = "a"\nas_of = yes\n'},
        ["TC-TABLE-007", "telcrm.toml", "line 2"],
    ),
    "unknown setting": (
        {"recharges.csv": GOOD.encode(), "telcrm.toml": b"asof = 2026-01-01\n"},
        ["TC-TABLE-009", "telcrm.toml", "did you mean 'as_of'?"],
    ),
    "unknown field in settings": (
        {"recharges.csv": GOOD.encode(), "telcrm.toml": b'[columns.recharges]\nwho = "x"\n'},
        ["TC-TABLE-009", "telcrm.toml", "'who'"],
    ),
    "mapping to a column that is not there": (
        {"recharges.csv": GOOD.encode(), "telcrm.toml": b'[columns.recharges]\namount = "sum"\n'},
        ["TC-TABLE-002", "recharges.csv", "sum"],
    ),
    "unknown currency in settings": (
        {"recharges.csv": GOOD.encode(), "telcrm.toml": b'currency = "EURO"\n'},
        ["TC-MONEY-004", "EURO"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_the_facts(
    case: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "600")
    files, says = CASES[case]
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    out = tmp_path / "report.html"
    assert main(["report", str(folder), "--out", str(out)]) == 2
    said = capsys.readouterr()
    told = " ".join((said.out + said.err).split())
    assert [word for word in says if word not in told] == [], told
    assert said.err.startswith("telcrm: [TC-")
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("out", ["missing/report.html", "data"])
def test_a_target_that_cannot_be_written_is_refused_before_reading(
    out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "recharges.csv").write_text(GOOD, encoding="utf-8")
    assert main(["report", str(tmp_path / "data"), "--out", str(tmp_path / out)]) == 2
    said = capsys.readouterr()
    assert str(tmp_path / out) in said.err
    assert said.out == ""


def test_an_operating_system_that_refuses_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "report.html"))

    (tmp_path / "recharges.csv").write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr("telcrm.report.files.NamedTemporaryFile", full)
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "report.html")]) == 2
    assert "report.html: No space left on device" in capsys.readouterr().err


def test_the_command_itself_shows_no_traceback(tmp_path: Path) -> None:
    """As a user meets it: in a process of its own, through the installed entry point."""
    (tmp_path / "recharges.parquet").write_bytes(b"PAR1half")
    command = Path(sys.executable).parent / "telcrm"
    done = subprocess.run(  # noqa: S603
        [command, "report", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("telcrm: [TC-TABLE-007]")
