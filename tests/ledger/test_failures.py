"""What is refused, and what breaks in the middle, leaves whole books and no trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url

from telcrm.domain import Money
from telcrm.errors import (
    AccountExistsError,
    AlreadyReversedError,
    ClosedAccountError,
    ClosedPeriodError,
    CurrencyMismatchError,
    FullStoreError,
    InvalidCommandError,
    KeyConflictError,
    MinorUnitError,
    OverAllocationError,
    PostingDateError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreUnavailableError,
    StoreVersionError,
    UnknownAccountError,
    UnknownEntryError,
    UnknownItemError,
)
from telcrm.ledger.commands import Pay
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.receipts import Outcome, Receipt
from telcrm.ledger.stores.schema import VERSION_TABLE

DAY = date(2026, 2, 2)
DUE = date(2026, 2, 16)


def euros(amount: str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Empty books."""
    if request.param == "memory":
        return "memory://"
    name = "sqlite_url" if request.param == "sqlite" else "new_postgres_url"
    found: str = request.getfixturevalue(name)
    return found


def fill(ledger: Ledger) -> None:
    """Open accounts and book the start of a month; January is closed, account C-1 too."""
    for name, currency in (("A-1", "EUR"), ("B-1", "USD"), ("C-1", "EUR")):
        ledger.open_account(name, currency=currency, on=date(2026, 1, 1))
    ledger.close_account("C-1", on=date(2026, 1, 20), key="close C-1")
    ledger.close_period(date(2026, 1, 31), on=date(2026, 2, 1), key="close January")
    ledger.charge(
        "A-1", euros("120"), tax=euros("20"), on=DAY, due=DUE, key="INV-1", document="INV-1"
    )
    ledger.pay("A-1", euros("30"), on=DAY, key="bank-1")
    ledger.charge("A-1", euros("9"), on=DAY, due=DUE, key="taken back")
    ledger.reverse("A-1:4", on=DAY, key="take back")


def entries(ledger: Ledger) -> list[tuple[str, str]]:
    return [(one.entry_id, one.hash) for one in ledger.entries(limit=10_000).entries]


@contextmanager
def unchanged(ledger: Ledger) -> Iterator[None]:
    """Check that the books are whole afterwards, and hold what they held before."""
    before, seal = entries(ledger), ledger.verify().seal
    yield
    verification = ledger.verify()
    assert verification.ok, verification.first_break
    assert (entries(ledger), verification.seal) == (before, seal)


def charge(ledger: Ledger, key: str = "new", **other: Any) -> Receipt:
    """Book a charge of 5 euros, or another one."""
    asked: dict[str, Any] = {"account_id": "A-1", "money": euros("5"), "on": DAY, "due": DUE}
    return ledger.charge(key=key, **asked | other)


REFUSED: dict[str, tuple[type[Exception], Callable[[Ledger], object]]] = {
    "wrong currency": (
        CurrencyMismatchError,
        lambda ledger: charge(ledger, money=Money("5", "USD")),
    ),
    "nothing": (InvalidCommandError, lambda ledger: charge(ledger, money=euros("0"))),
    "below zero": (InvalidCommandError, lambda ledger: charge(ledger, money=euros("-5"))),
    "too fine": (MinorUnitError, lambda ledger: charge(ledger, money=Money("0.001", "EUR"))),
    "too much for a database": (
        InvalidCommandError,
        lambda ledger: charge(ledger, money=Money.from_minor(10**15, "EUR")),
    ),
    "unknown account": (UnknownAccountError, lambda ledger: charge(ledger, account_id="Z-9")),
    "closed account": (ClosedAccountError, lambda ledger: charge(ledger, account_id="C-1")),
    "account twice": (
        AccountExistsError,
        lambda ledger: ledger.open_account("A-1", currency="EUR", on=DAY, key="again"),
    ),
    "unknown entry": (
        UnknownEntryError,
        lambda ledger: ledger.reverse("A-1:99", on=DAY, key="new"),
    ),
    "no entry": (UnknownEntryError, lambda ledger: ledger.reverse("A-1", on=DAY, key="new")),
    "unknown debt": (
        UnknownItemError,
        lambda ledger: ledger.pay("A-1", euros("5"), on=DAY, key="new", to="INV-9"),
    ),
    "more than is open": (
        OverAllocationError,
        lambda ledger: ledger.write_off(
            "A-1", euros("90.01"), on=DAY, key="new", reason="lost", approver="head"
        ),
    ),
    "reversed before": (
        AlreadyReversedError,
        lambda ledger: ledger.reverse("A-1:4", on=DAY, key="new"),
    ),
    "key with other content": (
        KeyConflictError,
        lambda ledger: ledger.pay("A-1", euros("31"), on=DAY, key="bank-1"),
    ),
    "closed period": (ClosedPeriodError, lambda ledger: charge(ledger, on=date(2026, 1, 31))),
    "before the account opened": (
        PostingDateError,
        lambda ledger: charge(ledger, on=date(2025, 12, 31)),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_no_trace(case: str) -> None:
    error, ask = REFUSED[case]
    with Ledger.open("memory://") as ledger:
        fill(ledger)
        with unchanged(ledger), pytest.raises(error):
            ask(ledger)


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_databases_keep_no_trace_of_what_is_refused(url: str) -> None:
    with Ledger.open(url) as ledger:
        fill(ledger)
        with unchanged(ledger):
            for error, ask in REFUSED.values():
                with pytest.raises(error):
                    ask(ledger)
        assert charge(ledger).balance == euros("95")


class Fuse:
    """A clock that does something, once, in the middle of the next posting."""

    def __init__(self) -> None:
        self.blow: Callable[[], object] | None = None

    def __call__(self) -> datetime:
        blow, self.blow = self.blow, None
        if blow is not None:
            blow()
        return datetime.now(UTC)


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("error", [BrokenError, KeyboardInterrupt, MemoryError])
def test_an_error_in_the_middle_leaves_no_trace(url: str, error: type[BaseException]) -> None:
    fuse = Fuse()

    def break_down() -> None:
        raise error

    with Ledger.open(url, clock=fuse) as ledger:
        fill(ledger)
        fuse.blow = break_down
        with unchanged(ledger), pytest.raises(error):
            charge(ledger)
        assert not charge(ledger).replayed


def test_a_connection_that_is_lost_in_the_middle(new_postgres_url: str) -> None:
    """It is told, nothing is half-posted, and the same command again is booked once."""
    fuse = Fuse()
    with Ledger.open(new_postgres_url, clock=fuse) as ledger:
        fill(ledger)
        fuse.blow = lambda: end_sessions(new_postgres_url)
        with unchanged(ledger), pytest.raises(StoreUnavailableError):
            charge(ledger)
        first, second = charge(ledger), charge(ledger)
        assert (first.replayed, second.replayed) == (False, True)
        assert first.entries == second.entries
        assert ledger.verify().ok


def test_a_connection_that_is_lost_in_a_chunk(new_postgres_url: str) -> None:
    """Chunks before it are booked, its own is not, and all of them again are booked once."""
    fuse = Fuse()
    with Ledger.open(new_postgres_url, clock=fuse) as ledger:
        fill(ledger)
        many = [
            Pay(key=f"pay-{number}", account_id="A-1", amount=euros("1"), on=DAY)
            for number in range(30)
        ]
        told: list[Outcome] = []

        def post_all() -> None:
            for outcome in ledger.post_each(many, chunk_size=10):
                told.append(outcome)
                if len(told) == 20:
                    fuse.blow = lambda: end_sessions(new_postgres_url)

        with pytest.raises(StoreUnavailableError):
            post_all()
        assert len(told) == 20
        done = ledger.post_many(many, chunk_size=10)
        assert (done.posted, done.replayed, done.refused) == (10, 20, ())
        assert ledger.balance("A-1") == euros("60")
        assert ledger.verify().ok


def test_a_connection_that_was_lost_while_it_was_idle_is_not_noticed(
    new_postgres_url: str,
) -> None:
    with Ledger.open(new_postgres_url) as ledger:
        fill(ledger)
        end_sessions(new_postgres_url)
        assert ledger.balance("A-1") == euros("90")
        end_sessions(new_postgres_url)
        assert charge(ledger).balance == euros("95")


def end_sessions(url: str) -> None:
    """Do what an operator, or a failing server, does to all connections."""
    others = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        assert session.execute(others).fetchall()


def with_options(url: str, options: str) -> str:
    changed = make_url(url).update_query_dict({"options": options})
    return changed.render_as_string(hide_password=False)


def test_a_file_that_is_opened_to_read_is_read_and_not_written(
    sqlite_url: str, tmp_path: Path
) -> None:
    with Ledger.open(sqlite_url) as writer:
        fill(writer)
        reading = f"sqlite:///file:{tmp_path / 'crm.db'}?mode=ro&uri=true"
        with Ledger.open(reading) as ledger:
            with unchanged(writer), pytest.raises(ReadOnlyStoreError):
                charge(ledger)
            assert ledger.balance("A-1") == euros("90")


def test_a_server_that_only_reads(new_postgres_url: str) -> None:
    with Ledger.open(new_postgres_url) as writer:
        fill(writer)
        reading = with_options(new_postgres_url, "-cdefault_transaction_read_only=on")
        with Ledger.open(reading) as ledger:
            with unchanged(writer), pytest.raises(ReadOnlyStoreError):
                charge(ledger)
            assert ledger.balance("A-1") == euros("90")


@contextmanager
def full_disk(pages: int) -> Iterator[None]:
    """Let SQLite files that are opened meanwhile have so many pages and no more."""

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_full_disk_keeps_all_that_was_acknowledged(sqlite_url: str) -> None:
    acknowledged = []

    def post_all(ledger: Ledger) -> None:
        for number in range(10_000):
            receipt = charge(ledger, key=f"charge-{number}", reason="x" * 200)
            acknowledged.append((receipt.entry_id, receipt.entry.hash))

    with full_disk(pages=60), Ledger.open(sqlite_url) as ledger:
        fill(ledger)
        with pytest.raises(FullStoreError):
            post_all(ledger)
        assert set(acknowledged) <= set(entries(ledger))
        assert ledger.verify().ok
    with Ledger.open(sqlite_url) as ledger:
        assert set(acknowledged) <= set(entries(ledger))
        assert ledger.verify().ok
        failed = charge(ledger, key=f"charge-{len(acknowledged)}", reason="x" * 200)
        assert not failed.replayed


def test_a_writer_that_waits_too_long(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger.open(f"{sqlite_url}?timeout=0.1") as ledger:
        fill(ledger)
        with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with unchanged(ledger), pytest.raises(StoreBusyError):
                charge(ledger)
        assert not charge(ledger).replayed


def test_an_account_that_is_held_too_long(new_postgres_url: str) -> None:
    patient = with_options(new_postgres_url, "-clock_timeout=100ms")
    with Ledger.open(patient) as ledger:
        fill(ledger)
        with psycopg.connect(new_postgres_url.replace("+psycopg", "")) as other:
            other.execute("SELECT FROM account WHERE account_id = 'A-1' FOR UPDATE")
            with unchanged(ledger), pytest.raises(StoreBusyError):
                charge(ledger)
        assert not charge(ledger).replayed


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    with Ledger.open(url) as ledger:
        fill(ledger)
        seal = ledger.verify().seal
    set_version(url, "9999")
    with pytest.raises(StoreVersionError):
        Ledger.open(url)
    set_version(url, "0001")
    with Ledger.open(url) as ledger:
        assert ledger.verify().ok
        assert ledger.verify().seal == seal


def set_version(url: str, revision: str) -> None:
    statement = f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'"  # noqa: S608
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute(statement)
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as session:
            session.execute(statement)
