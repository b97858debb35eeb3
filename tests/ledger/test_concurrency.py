"""Writers that all touch one account at once, and readers that check totals meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.nursery import Nursery
from tests.ledger.writers import DAY, DUE, HOT, HOT_STAKE, STAKE, euros, own

from telcrm.ledger.journal import GlAccount
from telcrm.ledger.ledger import Ledger

pytestmark = pytest.mark.slow

READERS = 2


@dataclass(frozen=True)
class Stage:
    """An empty database, and how many processes write to it."""

    url: str
    writers: int
    nursery: Nursery

    @property
    def names(self) -> list[str]:
        return [HOT, *map(own, range(self.writers))]

    def open(self) -> Ledger:
        return Ledger.open(self.url)

    def run(self, work: str, commands: int) -> list[dict[str, Any]]:
        """Let all of them work; return what the writers tell."""
        place = {"url": self.url, "work": work, "writers": self.writers}
        self.nursery.run("prepare", **place)
        answer = self.nursery.run("together", **place, readers=READERS, commands=commands)
        for read in answer["read"]:
            assert "error" not in read, read
            assert read["wrong"] == []
            assert read["looks"] > 0
        written: list[dict[str, Any]] = answer["written"]
        assert [one for one in written if "error" in one] == []
        return written


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture(params=[("sqlite", 4), ("postgresql", 8)], ids=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery) -> Stage:
    engine, writers = request.param
    if engine == "sqlite":
        return Stage(f"sqlite:///{tmp_path / 'crm.db'}", writers, nursery)
    return Stage(request.getfixturevalue("new_postgres_url"), writers, nursery)


def kept_entries(ledger: Ledger, names: list[str]) -> set[tuple[str, str]]:
    return {(one.entry_id, one.hash) for name in names for one in ledger.journal(name)}


def acknowledged(written: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in written:
        for _, _, entries in one["receipts"]:
            yield from ((entry_id, chain) for entry_id, chain in entries)


def check_books(ledger: Ledger, stage: Stage, written: list[dict[str, Any]]) -> None:
    """No entry is lost, none is doubled, every sum is right, and statements end at balances."""
    entries = list(acknowledged(written))
    assert len(entries) == len(set(entries))
    assert set(entries) <= kept_entries(ledger, stage.names)
    verification = ledger.verify()
    assert verification.ok, verification.first_break
    for name in stage.names:
        assert ledger.statement(name, start=DAY, end=DUE).closing == ledger.balance(name)


def test_transfers_through_one_account_lose_and_make_nothing(stage: Stage) -> None:
    """As in Jepsen's bank test: the total is the same at every look."""
    commands = 24
    written = stage.run("transfers", commands)
    with stage.open() as ledger:
        check_books(ledger, stage, written)
        assert [len(one["receipts"]) for one in written] == [commands] * stage.writers
        receivable = ledger.trial_balance().balance(GlAccount.RECEIVABLE, "EUR")
        assert receivable == euros(stage.writers * STAKE)


def test_balances_are_the_sums_of_what_all_writers_were_told(stage: Stage) -> None:
    written = stage.run("mixed", 18)
    expected = Counter({HOT: HOT_STAKE})
    for one in written:
        expected.update(one["moved"])
    with stage.open() as ledger:
        check_books(ledger, stage, written)
        assert {name: ledger.balance(name) for name in stage.names} == {
            name: euros(expected[name]) for name in stage.names
        }


def test_a_key_that_all_writers_post_at_once_is_booked_once(stage: Stage) -> None:
    commands = 12
    written = stage.run("same_keys", commands)
    first = [one for told in written for one in told["receipts"] if not one[1]]
    assert len(first) == commands
    booked = {key: entries for key, _, entries in first}
    for told in written:
        assert {key: entries for key, _, entries in told["receipts"]} == booked
    with stage.open() as ledger:
        assert ledger.balance(HOT) == euros(commands)
        assert len(ledger.journal(HOT)) == 1 + commands
        assert ledger.verify().ok
