"""PostgreSQL: many writers, each of whom takes the accounts that it is about to change.

Transactions are READ COMMITTED. A writer first shares its tenant's lock, which who moves the period
takes alone, and then takes the rows of its accounts in the order of their numbers, so that no two
writers wait for each other. What they read after that cannot change before they commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Dialect,
    Integer,
    Select,
    Update,
    any_,
    bindparam,
    cast,
    create_engine,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL

from telcrm.errors import ReadOnlyStoreError
from telcrm.ledger.stores import schema
from telcrm.ledger.stores.postgresql_write import array, write_statement
from telcrm.ledger.stores.sql_backend import DriverConnection, SqlBackend
from telcrm.ledger.stores.sql_rows import (
    Rows,
)

__all__ = ["PostgresqlBackend"]

_LOCKS: Final = 0x7E1C
"""First key of our advisory locks; the second is a tenant's number, or 0 for migrations."""

_RACES: Final = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected"""

_RACED_KEYS: Final = frozenset({"entry_key", "account_name"})
"""Where another writer was first, a second look sees what it wrote."""

_OLDEST_TXID: Final[ColumnElement[int]] = literal_column(
    "pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger
)
"""All transactions before this one have ended."""

_NEXT_TXID: Final[ColumnElement[int]] = literal_column(
    "pg_snapshot_xmax(pg_current_snapshot())::text::bigint", BigInteger
)


def _is_tenant() -> ColumnElement[bool]:
    return schema.tenant.c.number == bindparam("tenant_number")


def _shift() -> ColumnElement[int]:
    return select(schema.tenant.c.txid_shift).where(_is_tenant()).scalar_subquery()


_Dialect: Callable[..., Dialect] = PGDialect_psycopg


class PostgresqlBackend(SqlBackend):
    """A PostgreSQL database, reached through psycopg 3."""

    driver_error = psycopg.Error
    begin_migration = f"BEGIN; SELECT pg_advisory_xact_lock({_LOCKS}, 0)"
    begin_snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    owns_database = False
    advice_on_place = "Give the ledger a schema of its own: ?options=-csearch_path%3Dledger"
    # Transactions that began later may commit earlier. An entry is shown when all transactions
    # that began before its own have ended, so nothing appears before it any more. A server counts
    # its transactions from its own beginning: mend_feed keeps the count rising.
    feed_conditions = (
        tuple_(schema.entry.c.txid, schema.entry.c.position)
        > tuple_(
            bindparam("after_txid", type_=BigInteger), bindparam("after_position", type_=BigInteger)
        ),
        schema.entry.c.txid < _OLDEST_TXID + _shift(),
    )
    feed_order = (schema.entry.c.txid, schema.entry.c.position)

    def __init__(self, url: URL) -> None:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        # $1, $2, ... is how PostgreSQL itself names them, so the driver need not look for others.
        super().__init__(engine, _Dialect(paramstyle="numeric_dollar"))

    def execute(self, connection: DriverConnection, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement and return the driver's cursor."""
        return psycopg.RawCursor(connection).execute(sql, values or None)

    def begin_write(self, tenant_number: int) -> str:
        """Return what begins a transaction and shares the tenant's lock, in one round trip."""
        return (
            "BEGIN ISOLATION LEVEL READ COMMITTED; "
            "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; "
            "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; "
            f"SELECT pg_advisory_xact_lock_shared({_LOCKS}, {tenant_number})"
        )

    def prepare(self) -> None:
        """Do nothing: a PostgreSQL database is ready."""

    def mend_feed(self, tenant_number: int) -> None:
        """Shift the count of transactions where the books came from another server."""
        behind = self.query(_is_behind)
        if self.read(lambda ask: behind.rows(ask, tenant_number=tenant_number)) != [(True,)]:
            return
        # Who may only read finds less in the feed, and all else as it was.
        with suppress(ReadOnlyStoreError), self.translated(), self.write(tenant_number) as session:
            self.lock_period(session, tenant_number)
            if behind.rows(session, tenant_number=tenant_number) == [(True,)]:
                self.query(_catch_up).run(session, tenant_number=tenant_number)

    def lock_period(self, connection: DriverConnection, tenant_number: int) -> None:
        """Wait until no other transaction shares the tenant's lock, and take it alone."""
        self.execute(connection, f"SELECT pg_advisory_xact_lock({_LOCKS}, {tenant_number})")

    def next_numbers(self, connection: DriverConnection, count: int) -> list[int]:
        """Return the next numbers of the sequence."""
        rows = self.query(_next_numbers).rows(connection, count=count)
        return [number for (number,) in rows]

    def write_rows(self, connection: DriverConnection, rows: Rows) -> None:
        """Insert and update everything in one statement, each column as one array."""
        statement = write_statement(rows, self.dialect)
        if statement is not None:
            self.execute(connection, *statement)

    def among(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """Return the condition that a column is in a list, which is one array."""
        return column == any_(bindparam(name, type_=ARRAY(type(column.type)())))

    def among_pairs(
        self, first: ColumnElement[Any], second: ColumnElement[Any], name: str
    ) -> ColumnElement[bool]:
        """Return the condition that two columns are in a list of pairs, which is two arrays."""
        arrays = [bindparam(f"{name}_{place}", type_=ARRAY(Integer)) for place in ("a", "b")]
        given = func.unnest(*arrays).table_valued("a", "b").render_derived()
        return tuple_(first, second).in_(select(given.c.a, given.c.b))

    def bind_pairs(self, name: str, pairs: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Return pairs as two arrays."""
        both = list(pairs)
        return {f"{name}_a": [one for one, _ in both], f"{name}_b": [other for _, other in both]}

    def bind(self, value: Any) -> Any:
        """Return lists as arrays in PostgreSQL's own words; psycopg takes the rest."""
        return array(value) if isinstance(value, list) else value

    def day(self, value: Any) -> Any:
        """Return the value: psycopg gives dates."""
        return value

    def month(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the first day of a date's month."""
        return cast(func.date_trunc(literal_column("'month'"), column), Date)

    def is_lost(self, connection: DriverConnection) -> bool:
        """Whether the server has gone."""
        return bool(connection.closed)

    def is_race(self, error: Exception) -> bool:
        """Whether another writer was in the way, or was the first to use a key or a name."""
        if not isinstance(error, psycopg.Error):
            return False
        return error.sqlstate in _RACES or error.diag.constraint_name in _RACED_KEYS


def _last_txid() -> ColumnElement[int]:
    last = select(schema.entry.c.txid).where(
        schema.entry.c.tenant_number == bindparam("tenant_number")
    )
    return last.order_by(schema.entry.c.txid.desc()).limit(literal_column("1")).scalar_subquery()


def _is_behind(_: SqlBackend) -> Select[Any]:
    return select(_last_txid() - _shift() >= _NEXT_TXID)


def _catch_up(_: SqlBackend) -> Update:
    following = _last_txid() + literal_column("1")
    return update(schema.tenant).where(_is_tenant()).values(txid_shift=following)


def _next_numbers(_: SqlBackend) -> Select[Any]:
    sequence = func.pg_get_serial_sequence("account", "number")
    each = func.generate_series(1, bindparam("count", type_=Integer)).table_valued("place")
    return select(func.nextval(sequence)).select_from(each)
