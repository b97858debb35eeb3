"""hledger, a program of others, checks the books too, where it is installed."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Transaction

from telcrm.ledger.export import to_beancount, to_hledger
from telcrm.ledger.ledger import Ledger

BusyLedger = Callable[[int], Ledger]
HLEDGER = shutil.which("hledger")
installed = pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed")


def hledger(*arguments: str, lines: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    assert HLEDGER
    journal = folder / "books.journal"
    journal.write_text("\n".join([*lines, ""]), encoding="utf-8")
    command = [HLEDGER, "--file", str(journal), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


@installed
@pytest.mark.parametrize("seed", range(3))
def test_hledger_finds_no_error_and_the_balances_of_beancount(
    busy_ledger: BusyLedger, seed: int, tmp_path: Path
) -> None:
    store = busy_ledger(seed).store
    lines = list(to_hledger(store))
    checked = hledger("check", "--strict", lines=lines, folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    arguments = ["balance", "--flat", "--empty", "--no-total", "--layout", "bare", "-O", "csv"]
    listed = hledger(*arguments, lines=lines, folder=tmp_path)
    found = {
        (row["account"], row["commodity"]): Decimal(row["balance"])
        for row in csv.DictReader(listed.stdout.splitlines())
        if row["commodity"]
    }
    expected: dict[tuple[str, str], Decimal] = {}
    for entry in loader.load_string("\n".join(to_beancount(store)))[0]:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            units: Any = posting.units
            place = (posting.account, units.currency)
            expected[place] = expected.get(place, Decimal(0)) + units.number
    assert {place: amount for place, amount in found.items() if amount} == {
        place: amount for place, amount in expected.items() if amount
    }


@installed
@pytest.mark.parametrize("pattern", [r"Assets:Cash  .*\d EUR$", r"= .*\d EUR$"])
def test_one_unit_more_is_caught(busy_ledger: BusyLedger, pattern: str, tmp_path: Path) -> None:
    lines = list(to_hledger(busy_ledger(0).store))
    at = next(number for number, line in enumerate(lines) if re.search(pattern, line))
    lines[at] = re.sub(r"\d EUR$", lambda found: f"{(int(found[0][0]) + 1) % 10} EUR", lines[at])
    assert hledger("check", lines=lines, folder=tmp_path).returncode == 1


@installed
def test_names_and_keys_are_tags(busy_ledger: BusyLedger, tmp_path: Path) -> None:
    ledger = busy_ledger(1)
    lines = list(to_hledger(ledger.store))
    listed = hledger("tags", "key", "--values", lines=lines, folder=tmp_path)
    posted = {
        entry.key
        for _, journal, _ in ledger.store.journals()
        for entry in journal
        if entry.postings
    }
    assert len(listed.stdout.splitlines()) == len(posted)


def test_what_is_written(busy_ledger: BusyLedger) -> None:
    lines = list(to_hledger(busy_ledger(0).store))
    assert lines[:2] == ["; Ledger of telcrm, tenant 'seed 0'", "decimal-mark ."]
    assert lines[-3:] == ["commodity 1.00 EUR", "commodity 1. JPY", "commodity 1.000 KWD"]
    # A comma would end a tag, a semicolon begin a comment.
    tags = [line for line in lines if line.startswith("    ; ")]
    assert tags
    assert not any("," in line or ";" in line[6:] for line in tags)
