"""A writer that is killed at any moment leaves whole books behind."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from tests.ledger.nursery import Nursery
from tests.ledger.writers import CHUNK

from telcrm.ledger.journal import Entry
from telcrm.ledger.ledger import Ledger

KILLS = 100
KILLS_BETWEEN_CHECKS = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'crm.db'}"
    found: str = request.getfixturevalue("new_postgres_url")
    return found


def wait_for_sessions_to_end(url: str) -> None:
    """Wait until PostgreSQL has noticed that the killed client is gone."""
    if url.startswith("sqlite"):
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        for _ in range(1000):
            row = session.execute(others).fetchone()
            if row is not None and row[0] == 1:
                return
            time.sleep(0.01)
    pytest.fail("sessions of killed writers stay")


def all_entries(ledger: Ledger) -> Iterator[Entry]:
    cursor = None
    while (page := ledger.entries(after=cursor, limit=5000)).entries:
        yield from page.entries
        cursor = page.cursor


def check(
    ledger: Ledger, acknowledged: dict[str, list[tuple[str, str]]], in_chunks: Callable[[int], bool]
) -> int:
    """Check the books against what was acknowledged; return how many commands they hold."""
    verification = ledger.verify()
    assert verification.ok, verification.first_break
    kept: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in all_entries(ledger):
        kept[entry.key].append(entry)
    for key, told in acknowledged.items():
        assert [(entry.entry_id, entry.hash) for entry in kept[key]] == told
    per_writer: Counter[str] = Counter()
    for key, entries in kept.items():
        command = entries[0].command
        assert command is not None
        assert [entry.step for entry in entries] == list(range(command["metadata"]["steps"]))
        per_writer[key.partition("-")[0]] += 1
    for number, commands in per_writer.items():
        if number.isdigit() and in_chunks(int(number)):
            assert commands % CHUNK == 0
    return len(kept)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.mark.slow
def test_what_a_killed_writer_acknowledged_is_kept_and_nothing_is_half_posted(
    url: str, nursery: Nursery
) -> None:
    rng = random.Random(20260302)  # noqa: S311 - moments of death

    def in_chunks(number: int) -> bool:
        return number % 4 == 1

    acknowledged: dict[str, list[tuple[str, str]]] = {}
    found = 0
    for number in range(KILLS):
        # The first ones die while they make the tables, some later ones while they open them.
        at_once = number < 5 or number % 5 == 0
        answer = nursery.run(
            "crash",
            url=url,
            number=number,
            after=0 if at_once else rng.randint(1, 7),
            delay_s=rng.uniform(0, 0.12 if at_once else 0.015),
            in_chunks=in_chunks(number),
        )
        for key, _, entries in answer:
            acknowledged[key] = [(entry_id, chain) for entry_id, chain in entries]
        if number % KILLS_BETWEEN_CHECKS == KILLS_BETWEEN_CHECKS - 1:
            wait_for_sessions_to_end(url)
            with Ledger.open(url) as ledger:
                found = check(ledger, acknowledged, in_chunks)
    assert len(acknowledged) > KILLS
    # Some were killed between the commit and the word of it.
    assert found >= len(acknowledged)
