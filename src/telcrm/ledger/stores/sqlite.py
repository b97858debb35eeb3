"""SQLite: one file, many readers and one writer at a time.

A transaction that writes takes the only writer's place with ``BEGIN IMMEDIATE`` before it reads, so
nothing that it read can change before it writes. The journal is in WAL mode, where readers do not
wait, and every commit is on the disk before it returns (``synchronous=FULL``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from threading import RLock
from time import sleep
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Dialect,
    PoolProxiedConnection,
    Select,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql import ClauseElement

from telcrm.ledger.stores import schema
from telcrm.ledger.stores.sql_backend import DriverConnection, SqlBackend
from telcrm.ledger.stores.sql_rows import (
    ACCOUNT_COLUMNS,
    ACCOUNT_UPDATES,
    ENTRY_INSERTS,
    ITEM_COLUMNS,
    ITEM_UPDATES,
    POSTING_COLUMNS,
    Columns,
    Rows,
)

__all__ = ["SqliteBackend"]

_TIMEOUT_S: Final = 30.0
"""How long a writer waits for its turn, unless the URL says so (``?timeout=5``)."""

_CACHE_KIB: Final = 64_000

_WAL_ATTEMPTS: Final = 200
_WAL_PAUSE_S: Final = 0.05

_Many = tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]] | None]
"""A statement for many rows, and how to bring a row into the order of its parameters."""


class SqliteBackend(SqlBackend):
    """A SQLite database in a file, or in memory with one connection."""

    driver_error = sqlite3.Error
    owns_database = True
    advice_on_place = "Name another file."
    begin_migration = "BEGIN IMMEDIATE"
    begin_snapshot = "BEGIN"
    feed_conditions = (schema.entry.c.position > bindparam("after_position"),)
    # There is one writer at a time, so positions are committed in their order.
    feed_order = (schema.entry.c.position,)

    def __init__(self, url: URL) -> None:
        self.one_connection = url.database in (None, "", ":memory:")
        given = {} if "timeout" in url.query else {"timeout": _TIMEOUT_S}
        options: dict[str, Any] = {"connect_args": given}
        if self.one_connection:
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        # Who begins a transaction ends it. In memory, questions are asked in the middle of one, and
        # it must not end with them.
        engine = create_engine(
            url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **options
        )
        event.listen(engine, "connect", _set_up)
        dialect = engine.dialect
        super().__init__(engine, dialect)
        self._one_at_a_time = RLock()
        self._insert_account = _insert(dialect, schema.account, ACCOUNT_COLUMNS)
        self._insert_entry = _insert(dialect, schema.entry, ENTRY_INSERTS)
        self._insert_posting = _insert(dialect, schema.posting, POSTING_COLUMNS)
        self._insert_item = _insert(dialect, schema.item, ITEM_COLUMNS)
        self._update_account = _update(dialect, schema.account, ACCOUNT_UPDATES, keys=1)
        self._update_item = _update(dialect, schema.item, ITEM_UPDATES, keys=2)

    def take(self) -> PoolProxiedConnection:
        """Take a connection; of a database in memory there is one, and threads take turns."""
        if self.one_connection:
            self._one_at_a_time.acquire()
        return super().take()

    def give_back(self, pooled: PoolProxiedConnection) -> None:
        """Put a connection back."""
        super().give_back(pooled)
        if self.one_connection:
            self._one_at_a_time.release()

    def execute(self, connection: DriverConnection, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement and return the driver's cursor."""
        return connection.execute(sql, values)

    def begin_write(self, tenant_number: int) -> str:  # noqa: ARG002 - a file has one writer
        """Return what takes the only writer's place."""
        return "BEGIN IMMEDIATE"

    def prepare(self) -> None:
        """Turn the write-ahead log on; it stays on."""
        with self.connect() as connection:
            for _ in range(_WAL_ATTEMPTS):
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                except sqlite3.OperationalError as error:
                    # SQLite does not wait its timeout for this one.
                    if error.sqlite_errorname != "SQLITE_BUSY":
                        raise
                    sleep(_WAL_PAUSE_S)
                else:
                    return

    def lock_period(self, connection: DriverConnection, tenant_number: int) -> None:
        """Do nothing: the transaction is alone."""

    def next_numbers(self, connection: DriverConnection, count: int) -> list[int]:
        """Return the numbers after the last."""
        ((last,),) = self.query(_last_number).rows(connection)
        return list(range(last + 1, last + 1 + count))

    def write_rows(self, connection: DriverConnection, rows: Rows) -> None:
        """Insert and update, many rows of a table at once."""
        for (sql, in_order), many in (
            (self._insert_account, rows.new_accounts),
            (self._insert_entry, rows.entries),
            (self._insert_posting, rows.postings),
            (self._insert_item, rows.new_items),
            (self._update_account, rows.accounts),
            (self._update_item, rows.items),
        ):
            if many:
                connection.executemany(sql, many if in_order is None else map(in_order, many))

    def among(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that a column is in a list; the list is one value, of JSON."""
        given = func.json_each(bindparam(name)).table_valued("value", name=name)
        return column.in_(select(given.c.value))

    def among_pairs(
        self, first: ColumnElement[Any], second: ColumnElement[Any], name: str
    ) -> ColumnElement[bool]:
        """Return the condition that two columns are in a list of pairs, which is JSON."""
        given = func.json_each(bindparam(name)).table_valued("value", name=name)
        numbers = [func.json_extract(given.c.value, place) for place in ("$[0]", "$[1]")]
        return tuple_(first, second).in_(select(*numbers))

    def bind_pairs(self, name: str, pairs: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Return pairs as JSON."""
        return {name: json.dumps(list(pairs))}

    def bind(self, value: Any) -> Any:
        """Return dates as ISO text and lists as JSON."""
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, list):
            return json.dumps(value)
        return value

    def day(self, value: Any) -> Any:
        """Return the date of ISO text."""
        return None if value is None else date.fromisoformat(value)

    def month(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the first day of a date's month."""
        return func.date(column, "start of month")


def _set_up(driver_connection: Any, _: object) -> None:
    cursor = driver_connection.cursor()
    for pragma in ("foreign_keys = ON", "synchronous = FULL", f"cache_size = -{_CACHE_KIB}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _last_number(_: SqlBackend) -> Select[Any]:
    return select(func.coalesce(func.max(schema.account.c.number), 0))


def _insert(dialect: Dialect, table: Table, columns: Columns) -> _Many:
    names = [column.name for column in columns]
    return _compiled(
        insert(table).values({name: bindparam(name) for name in names}), dialect, names
    )


def _update(dialect: Dialect, table: Table, columns: Columns, *, keys: int) -> _Many:
    names = [f"new_{column.name}" for column in columns]
    values: list[BindParameter[Any]] = [bindparam(name) for name in names]
    is_row = [column == value for column, value in zip(columns[:keys], values[:keys], strict=True)]
    changes = dict(zip(columns[keys:], values[keys:], strict=True))
    return _compiled(update(table).where(*is_row).values(changes), dialect, names)


def _compiled(clause: ClauseElement, dialect: Dialect, names: Sequence[str]) -> _Many:
    compiled: Any = clause.compile(dialect=dialect)
    order = [names.index(name) for name in compiled.positiontup]
    in_order = order == list(range(len(names)))
    return compiled.string, None if in_order else itemgetter(*order)
