"""The books in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from random import uniform
from time import sleep
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    bindparam,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from telcrm.errors import MissingExtraError, ParameterError
from telcrm.ledger.journal import Account, Entry, Item
from telcrm.ledger.stores.migrate import migrate
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    FeedPage,
    GlSum,
    ItemMovement,
    ItemState,
    LedgerStore,
    StoreTransaction,
)
from telcrm.ledger.stores.schema import account, entry, item, posting, tenant
from telcrm.ledger.stores.sql_backend import DriverConnection, SqlBackend
from telcrm.ledger.stores.sql_entries import entries_where, fetch_entries, with_postings
from telcrm.ledger.stores.sql_reads import (
    Limits,
    Scope,
    counts,
    read_aging,
    read_gl_months,
    read_gl_sums,
    read_item_states,
    read_movements,
    read_sums,
)
from telcrm.ledger.stores.sql_rows import (
    ACCOUNT_COLUMNS,
    ENTRY_COLUMNS,
    ITEM_COLUMNS,
    POSTING_COLUMNS,
    read_account,
    read_entries,
    read_item,
)
from telcrm.ledger.stores.sql_transaction import SqlTransaction

__all__ = ["SqlStore", "open_sql_store"]

T = TypeVar("T")

_ATTEMPTS: Final = 12
_LONGEST_PAUSE_S: Final = 0.5
_ACCOUNTS_AT_ONCE: Final = 500
_NO_TENANT: Final = -1
_ENGINES: Final = frozenset({"sqlite", "postgresql"})
_BAD_URL: Final = (
    "the URL is that of no database that keeps a ledger: write 'sqlite:///crm.db' or "
    "'postgresql+psycopg://user@host/database'."
)


class SqlStore:
    """The books of one tenant in a database that has the tables of :mod:`.schema`.

    Parameters
    ----------
    backend : SqlBackend
        Of a migrated database.
    tenant_name : str
        It is added to the database with its first transaction.
    """

    def __init__(self, backend: SqlBackend, tenant_name: str) -> None:
        self._backend = backend
        self._tenant = tenant_name
        self._known_number: int | None = None

    @property
    def tenant(self) -> str:
        """Whose books they are."""
        return self._tenant

    def close(self) -> None:
        """Close the connections."""
        self._backend.close()

    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        """Run ``work`` in a transaction and commit it; undo everything if it raises."""
        backend = self._backend
        with backend.translated():
            number = self._tenant_number() or self._add_tenant()
            for attempt in range(1, _ATTEMPTS):
                try:
                    return self._attempt(work, number)
                except backend.driver_error as error:
                    if not backend.is_race(error):
                        raise
                    # Whoever collided must not collide again at the next beat.
                    sleep(uniform(0, min(0.002 * 2**attempt, _LONGEST_PAUSE_S)))  # noqa: S311
            return self._attempt(work, number)

    def _attempt(self, work: Callable[[StoreTransaction], T], tenant_number: int) -> T:
        with self._backend.write(tenant_number) as connection:
            return work(SqlTransaction(self._backend, connection, tenant_number))

    def _tenant_number(self) -> int | None:
        if self._known_number is None:
            query = self._backend.query(_tenant_number)
            rows = self._backend.read(lambda ask: query.rows(ask, tenant=self._tenant))
            if rows:
                ((number,),) = rows
                self._backend.mend_feed(number)
                self._known_number = number
        return self._known_number

    def _add_tenant(self) -> int:
        with self._backend.write(_NO_TENANT) as connection:
            self._backend.query(_add_tenant).run(connection, tenant=self._tenant)
        number = self._tenant_number()
        assert number is not None  # noqa: S101 - this process or another has just added it
        return number

    # Questions.

    def account(self, account_id: str) -> Account | None:
        """Return what is kept of an account."""
        rows = self._ask(_account_by_name, account_id=account_id)
        return read_account(rows[0], self._backend.day) if rows else None

    def accounts(self, *, party_id: str | None = None) -> list[Account]:
        """Return the accounts, by name: all of them, or those of a party."""
        rows = self._ask(_accounts, party_id is not None, party_id=party_id)
        return [read_account(row, self._backend.day) for row in rows]

    def closed_through(self) -> date | None:
        """Return the end of what is closed."""
        rows = self._ask(_closed_through)
        return self._backend.day(rows[0][0]) if rows else None

    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        """Return what accounts hold, by name; those that were not yet opened are left out."""
        with self._backend.snapshot() as connection:
            return read_sums(self._backend, connection, self._scope(account_ids, as_of))

    def item_states(
        self, account_ids: Sequence[str] | None, as_of: AsOf, *, live: bool = True
    ) -> list[ItemState]:
        """Return items, by account and number; ``live`` leaves out those with nothing left."""
        with self._backend.snapshot() as connection:
            scope = self._scope(account_ids, as_of)
            return read_item_states(self._backend, connection, scope, live=live)

    def aging(
        self, edges: Sequence[date], account_ids: Sequence[str] | None, as_of: AsOf
    ) -> list[AgingSums]:
        """Return a row for each account with an open or contested debt or unapplied credit."""
        with self._backend.snapshot() as connection:
            scope = self._scope(account_ids, as_of)
            return read_aging(self._backend, connection, scope, edges)

    def gl_sums(self, as_of: AsOf, *, since: date | None = None) -> list[GlSum]:
        """Return the sums by general ledger account, detail and currency."""
        scope = self._scope(None, as_of)
        return self._backend.read(lambda ask: read_gl_sums(self._backend, ask, scope, since))

    def gl_months(self, gl: Sequence[str], as_of: AsOf) -> dict[tuple[str, str, date], int]:
        """Return sums by currency, kind of entry and first day of the month."""
        scope = self._scope(None, as_of)
        return self._backend.read(lambda ask: read_gl_months(self._backend, ask, scope, gl))

    def entries(
        self, account_id: str, as_of: AsOf, *, after: int = 0, limit: int | None = None
    ) -> list[Entry]:
        """Return an account's entries, by number, from after a number."""
        query = self._backend.query(_entries, Limits.of(as_of), limit is not None)
        values = self._scope([account_id], as_of).values
        return self._backend.read(
            lambda ask: fetch_entries(
                self._backend, ask, query, **values, account_id=account_id, after=after, most=limit
            )
        )

    def feed(
        self, cursor: str | None, limit: int, *, kinds: Sequence[str] | None = None
    ) -> FeedPage:
        """Return entries of all accounts after a cursor; None is the start."""
        txid, position = _place(cursor)
        chosen = None if kinds is None else [str(kind) for kind in kinds]
        start = {
            "tenant_number": self._number(),
            "after_txid": txid,
            "after_position": position,
        }

        def ask(connection: DriverConnection) -> FeedPage:
            rows = self._backend.query(_feed, chosen is not None).rows(
                connection, **start, kinds=chosen, most=limit
            )
            last = rows[-1][-2:] if rows else (txid, position)
            if chosen is not None and len(rows) < limit:
                # All that is left was looked at: the next page need not look at it again.
                end = self._backend.query(_feed_end).rows(connection, **start)
                last = end[-1] if end else last
            entries = with_postings(self._backend, connection, [row[:-2] for row in rows])
            return FeedPage(tuple(entries), ":".join(map(str, last)))

        if chosen is None:
            return self._backend.read(ask)
        with self._backend.snapshot() as connection:
            return ask(connection)

    def journals(self) -> Iterator[tuple[Account, list[Entry], list[Item]]]:
        """Run over all accounts by name: what is kept of each, its entries and its items."""
        return self._run(self._journals)

    def movements(self, as_of: AsOf, account_ids: Sequence[str] | None) -> Iterator[ItemMovement]:
        """Run over the movements of debts, by account and entry."""
        scope = self._scope(account_ids, as_of)
        return self._run(lambda ask: read_movements(self._backend, ask, scope))

    def _run(self, ask: Callable[[DriverConnection], Iterator[T]]) -> Iterator[T]:
        def run() -> Iterator[T]:
            with self._backend.snapshot() as connection:
                yield from ask(connection)

        return iter(list(run())) if self._backend.one_connection else run()

    def _journals(
        self, connection: DriverConnection
    ) -> Iterator[tuple[Account, list[Entry], list[Item]]]:
        backend, day = self._backend, self._backend.day
        last = ""
        while True:
            rows = backend.query(_next_accounts).rows(
                connection, tenant_number=self._number(), last=last, most=_ACCOUNTS_AT_ONCE
            )
            if not rows:
                return
            accounts = [read_account(row, day) for row in rows]
            last = accounts[-1].account_id
            numbers = [row[0] for row in rows]
            entries, postings, items = (
                backend.query(build).rows(connection, numbers=numbers)
                for build in (_entries_of_accounts, _postings_of_accounts, _items_of_accounts)
            )
            by_account = _grouped(read_entries(entries, postings, day), itemgetter(0))
            rows_of_items = _grouped(items, itemgetter(0))
            for number, account_ in zip(numbers, accounts, strict=True):
                name = account_.account_id
                yield (
                    account_,
                    by_account.get(name, []),
                    [read_item(name, row, day) for row in rows_of_items.get(number, [])],
                )

    def _number(self) -> int:
        return self._tenant_number() or _NO_TENANT

    def _scope(self, account_ids: Sequence[str] | None, as_of: AsOf) -> Scope:
        return Scope(self._number(), account_ids, as_of)

    def _ask(self, build: Callable[..., Select[Any]], *flags: bool, **values: Any) -> Any:
        query = self._backend.query(build, *flags)
        number = self._number()
        return self._backend.read(lambda ask: query.rows(ask, tenant_number=number, **values))


def open_sql_store(url: str, tenant: str) -> LedgerStore:
    """Open the books of a tenant in a SQL database; make the tables where there are none.

    Parameters
    ----------
    url : str
        ``sqlite:///crm.db``, ``sqlite://`` (in memory, gone with the store),
        ``postgresql+psycopg://user@host/database``, or ``postgresql://...``, which means the same.
        SQLAlchemy's options may follow: ``?timeout=5`` (seconds that a SQLite writer waits),
        ``?options=-csearch_path%3Dledger`` (a PostgreSQL schema).
    tenant : str

    Returns
    -------
    LedgerStore

    Raises
    ------
    ParameterError
        It is no such URL.
    StoreVersionError
        The database was written by a newer release, or holds other things.
    LedgerStoreError
        The database cannot be reached, read, or made.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Its text may hold a password.
        raise ParameterError(_BAD_URL) from None
    if parsed.get_backend_name() not in _ENGINES:
        raise ParameterError(_BAD_URL)
    backend = _backend(parsed)
    try:
        migrate(backend)
    except BaseException:
        backend.close()
        raise
    return SqlStore(backend, tenant)


def _backend(url: URL) -> SqlBackend:
    if url.get_backend_name() == "sqlite":
        from telcrm.ledger.stores.sqlite import SqliteBackend

        return SqliteBackend(url)
    try:
        from telcrm.ledger.stores.postgresql import PostgresqlBackend
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise MissingExtraError.needing(
            "a ledger in PostgreSQL", "psycopg", extra="postgres"
        ) from error
    return PostgresqlBackend(url)


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    txid, colon, position = str(cursor).partition(":")
    if not (
        colon and txid.isascii() and txid.isdigit() and position.isascii() and position.isdigit()
    ):
        raise ParameterError(
            f"{cursor!r:.80} is no cursor of this feed. Pass the cursor of a page, or None.",
            cursor=cursor,
        )
    return int(txid), int(position)


def _grouped(rows: Sequence[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    return {name: list(group) for name, group in groupby(rows, key=key)}


def _of_tenant() -> ColumnElement[bool]:
    return account.c.tenant_number == bindparam("tenant_number")


def _tenant_number(_: SqlBackend) -> Select[Any]:
    return select(tenant.c.number).where(tenant.c.tenant == bindparam("tenant"))


def _add_tenant(backend: SqlBackend) -> Insert:
    # Both dialects have the clause; SQLAlchemy writes it for each of them alone.
    kind = sqlite.insert if backend.dialect.name == "sqlite" else postgresql.insert
    return kind(tenant).values(tenant=bindparam("tenant")).on_conflict_do_nothing()


def _account_by_name(_: SqlBackend) -> Select[Any]:
    is_account = account.c.account_id == bindparam("account_id")
    return select(*ACCOUNT_COLUMNS).where(_of_tenant(), is_account)


def _accounts(_: SqlBackend, of_party: bool) -> Select[Any]:
    found = select(*ACCOUNT_COLUMNS).where(_of_tenant()).order_by(account.c.account_id)
    return found.where(account.c.party_id == bindparam("party_id")) if of_party else found


def _closed_through(_: SqlBackend) -> Select[Any]:
    return select(tenant.c.closed_through).where(tenant.c.number == bindparam("tenant_number"))


def _entries(_: SqlBackend, limits: Limits, limited: bool) -> Select[Any]:
    found = entries_where(
        _of_tenant(),
        account.c.account_id == bindparam("account_id"),
        entry.c.seq > bindparam("after"),
        counts(entry.c.effective_on, entry.c.recorded_us, limits),
    ).order_by(entry.c.seq)
    return found.limit(bindparam("most", type_=Integer)) if limited else found


def _feed(backend: SqlBackend, of_kinds: bool) -> Select[Any]:
    found = entries_where(
        entry.c.tenant_number == bindparam("tenant_number"), *backend.feed_conditions
    )
    if of_kinds:
        found = found.where(backend.among(entry.c.kind, "kinds"))
    return (
        found.add_columns(entry.c.txid, entry.c.position)
        .order_by(*backend.feed_order)
        .limit(bindparam("most", type_=Integer))
    )


def _feed_end(backend: SqlBackend) -> Select[Any]:
    return (
        select(entry.c.txid, entry.c.position)
        .where(entry.c.tenant_number == bindparam("tenant_number"), *backend.feed_conditions)
        .order_by(*(column.desc() for column in backend.feed_order))
        .limit(1)
    )


def _next_accounts(_: SqlBackend) -> Select[Any]:
    return (
        select(*ACCOUNT_COLUMNS)
        .where(_of_tenant(), account.c.account_id > bindparam("last"))
        .order_by(account.c.account_id)
        .limit(bindparam("most", type_=Integer))
    )


def _entries_of_accounts(backend: SqlBackend) -> Select[Any]:
    return (
        select(*ENTRY_COLUMNS)
        .join_from(account, entry, entry.c.account_number == account.c.number)
        .where(backend.among(account.c.number, "numbers"))
        .order_by(entry.c.account_number, entry.c.seq)
    )


def _postings_of_accounts(backend: SqlBackend) -> Select[Any]:
    return (
        select(*POSTING_COLUMNS)
        .where(backend.among(posting.c.account_number, "numbers"))
        .order_by(posting.c.account_number, posting.c.seq, posting.c.line)
    )


def _items_of_accounts(backend: SqlBackend) -> Select[Any]:
    return (
        select(*ITEM_COLUMNS)
        .where(backend.among(item.c.account_number, "numbers"))
        .order_by(item.c.account_number, item.c.seq)
    )
