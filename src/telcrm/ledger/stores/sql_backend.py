"""What a database engine does in its own way, and what the SQL stores ask of any."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ColumnElement, Dialect, Engine, PoolProxiedConnection
from sqlalchemy.sql import ClauseElement

from telcrm.ledger.stores.sql_errors import translated
from telcrm.ledger.stores.sql_rows import Rows

__all__ = ["DriverConnection", "Query", "SqlBackend"]

T = TypeVar("T")

DriverConnection = Any
"""A connection of the driver, sqlite3 or psycopg, in its autocommit mode."""


class Query:
    """A statement that SQLAlchemy writes once and the driver then runs as text.

    A posting costs a handful of statements; to send them through SQLAlchemy costs more than they
    do. Values go to the driver and come from it as they are: dates are ISO text on SQLite.
    """

    def __init__(self, clause: ClauseElement, backend: SqlBackend) -> None:
        compiled: Any = clause.compile(dialect=backend.dialect)
        self._sql: str = compiled.string
        self._names: Sequence[str] = compiled.positiontup
        self._constants = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self._backend = backend

    def rows(self, connection: DriverConnection, **values: Any) -> list[Sequence[Any]]:
        """Run it and return all rows."""
        rows: list[Sequence[Any]] = self._execute(connection, values).fetchall()
        return rows

    def run(self, connection: DriverConnection, **values: Any) -> None:
        """Run it; it returns no rows."""
        self._execute(connection, values)

    def _execute(self, connection: DriverConnection, values: dict[str, Any]) -> Any:
        bind = self._backend.bind
        bound = self._constants | {name: bind(value) for name, value in values.items()}
        return self._backend.execute(connection, self._sql, [bound[name] for name in self._names])


class SqlBackend(ABC):
    """One database, reached through a pool of connections."""

    driver_error: ClassVar[type[Exception]]
    """What the driver raises."""
    owns_database: ClassVar[bool]
    """Whether a database holds nothing beside the ledger."""
    advice_on_place: ClassVar[str]
    """Where else to put a ledger."""
    begin_migration: ClassVar[str]
    """What begins a transaction that no other process migrates the database beside."""
    begin_snapshot: ClassVar[str]
    feed_conditions: ClassVar[Sequence[ColumnElement[bool]]]
    """What is in the feed, after ``after_txid`` and ``after_position``."""
    feed_order: ClassVar[Sequence[ColumnElement[Any]]]

    one_connection = False
    """Whether who reads on while others write would stand in their way."""

    def __init__(self, engine: Engine, dialect: Dialect) -> None:
        self.engine = engine
        self.dialect = dialect
        self.place = engine.url.set(query={}).render_as_string(hide_password=True)
        self._queries: dict[Hashable, Query] = {}

    def query(self, build: Callable[..., ClauseElement], *flags: Hashable) -> Query:
        """Return the statement that ``build(backend, *flags)`` makes, compiled once."""
        name = (build, *flags)
        found = self._queries.get(name)
        if found is None:
            found = self._queries[name] = Query(build(self, *flags), self)
        return found

    def translated(self) -> AbstractContextManager[None]:
        """Raise errors of the driver as errors of telcrm."""
        return translated(self.place, self.driver_error)

    def read(self, ask: Callable[[DriverConnection], T]) -> T:
        """Ask single questions, each of which sees what is committed when it is asked."""
        with self.translated():
            pooled = self.take()
            try:
                return ask(pooled.driver_connection)
            except self.driver_error:
                if not self.is_lost(pooled.driver_connection):
                    raise
            finally:
                self.give_back(pooled)
            # It had been lost while it was idle, or just now: to ask again does no harm.
            with self.connect() as connection:
                return ask(connection)

    @contextmanager
    def snapshot(self) -> Iterator[DriverConnection]:
        """Ask several questions of one state of the books."""
        with self.translated(), self._transaction(self.begin_snapshot) as connection:
            yield connection

    def write(self, tenant_number: int) -> AbstractContextManager[DriverConnection]:
        """Change a tenant's books: all that is done is committed together, or nothing.

        Until it ends the tenant's period stays as it is.
        """
        return self._transaction(self.begin_write(tenant_number))

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[DriverConnection]:
        pooled = self._begun(begin)
        connection = pooled.driver_connection
        try:
            yield connection
            self.execute(connection, "COMMIT")
        except BaseException:
            # Some failures have ended the transaction, or the connection, already.
            with suppress(self.driver_error):
                self.execute(connection, "ROLLBACK")
            raise
        finally:
            self.give_back(pooled)

    def _begun(self, begin: str) -> PoolProxiedConnection:
        pooled = self.take()
        try:
            self.execute(pooled.driver_connection, begin)
        except BaseException as error:
            was_lost = self.is_lost(pooled.driver_connection)
            self.give_back(pooled)
            if not (was_lost and isinstance(error, self.driver_error)):
                raise
        else:
            return pooled
        # It had been lost while it was idle; nothing was done yet, so a new one will do.
        pooled = self.take()
        try:
            self.execute(pooled.driver_connection, begin)
        except BaseException:
            self.give_back(pooled)
            raise
        return pooled

    @contextmanager
    def connect(self) -> Iterator[DriverConnection]:
        """Take a connection for a while."""
        pooled = self.take()
        try:
            yield pooled.driver_connection
        finally:
            self.give_back(pooled)

    def take(self) -> PoolProxiedConnection:
        """Take a connection out of the pool."""
        return self.engine.raw_connection()

    def give_back(self, pooled: PoolProxiedConnection) -> None:
        """Put a connection back into the pool, unless it was lost."""
        if self.is_lost(pooled.driver_connection):
            pooled.invalidate()
            # What one connection suffered, the idle ones have suffered too.
            self.engine.dispose()
        else:
            pooled.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @abstractmethod
    def execute(self, connection: DriverConnection, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement and return the driver's cursor."""

    @abstractmethod
    def begin_write(self, tenant_number: int) -> str:
        """Return what begins a transaction that writes, and holds the tenant's period."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the database ready for tables; called before any is made."""

    def mend_feed(self, tenant_number: int) -> None:  # noqa: B027 - few engines count transactions
        """See to it that new entries come after all that the feed has shown."""

    @abstractmethod
    def lock_period(self, connection: DriverConnection, tenant_number: int) -> None:
        """Wait until no other transaction holds the tenant's period, and keep others from it."""

    @abstractmethod
    def next_numbers(self, connection: DriverConnection, count: int) -> list[int]:
        """Return numbers for new accounts."""

    @abstractmethod
    def write_rows(self, connection: DriverConnection, rows: Rows) -> None:
        """Insert and update rows of the journal and of its sums."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that a column is in the list that is bound to a name."""

    @abstractmethod
    def among_pairs(
        self, first: ColumnElement[Any], second: ColumnElement[Any], name: str
    ) -> ColumnElement[bool]:
        """Return the condition that two columns are in the list of pairs bound to a name."""

    @abstractmethod
    def bind_pairs(self, name: str, pairs: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Return what :meth:`among_pairs` is bound to."""

    @abstractmethod
    def bind(self, value: Any) -> Any:
        """Return a value as the driver takes it."""

    @abstractmethod
    def day(self, value: Any) -> Any:
        """Return a date (or None) that the driver gave."""

    @abstractmethod
    def month(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the first day of a date's month."""

    def is_lost(self, connection: DriverConnection) -> bool:  # noqa: ARG002 - files stay
        """Whether the server has gone."""
        return False

    def is_race(self, error: Exception) -> bool:  # noqa: ARG002 - who is alone has no race
        """Whether a transaction failed because of another one, so that it may be tried again."""
        return False
