"""The tables are those that statements are written for, and the journal cannot be changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from telcrm.ledger.stores.protocol import LedgerStore
from telcrm.ledger.stores.schema import REVISION, VERSION_TABLE, metadata
from telcrm.ledger.stores.sql_rows import ENTRY_INSERTS
from telcrm.testing.random_books import RandomBooks

Opened = Callable[..., LedgerStore]
Fill = Callable[..., RandomBooks]


@pytest.fixture
def engine(url: str, opened: Opened, fill: Fill) -> Iterator[Engine]:
    fill(opened(url))
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_the_newest_migration_is_the_revision_that_the_code_is_for() -> None:
    config = Config()
    config.set_main_option("script_location", "telcrm.ledger.stores:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_migrations_make_the_tables_that_statements_are_written_for(engine: Engine) -> None:
    found = inspect(engine)
    assert set(found.get_table_names()) == {*metadata.tables, VERSION_TABLE}
    for name, table in metadata.tables.items():
        made = {column["name"]: column for column in found.get_columns(name)}
        assert list(made) == [column.name for column in table.c]
        for column in table.c:
            kind = made[column.name]["type"].compile(dialect=engine.dialect)
            assert kind == column.type.compile(dialect=engine.dialect), (name, column.name)
            assert made[column.name]["nullable"] == column.nullable, (name, column.name)


def test_migrations_make_the_indexes_that_statements_are_written_for(engine: Engine) -> None:
    found = inspect(engine)
    dialect = engine.dialect
    for name, table in metadata.tables.items():
        made = {
            index["name"]: index["column_names"]
            for index in found.get_indexes(name)
            if "duplicates_constraint" not in index
        }
        wanted = {
            index.name: [column.name for column in index.columns]
            for index in table.indexes
            if index.name != "entry_feed" or dialect.name == "postgresql"
        }
        assert made == wanted


def journal(connection: Connection) -> list[tuple[Any, ...]]:
    rows = "SELECT account_number, seq, {} FROM {} ORDER BY 1, 2, 3"
    return [
        tuple(row)
        for columns in (rows.format("hash", "entry"), rows.format("line", "posting"))
        for row in connection.execute(text(columns))
    ]


@pytest.mark.parametrize("table", ["entry", "posting"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET recorded_us = recorded_us + 1",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
    ],
)
def test_the_journal_is_append_only(engine: Engine, table: str, statement: str) -> None:
    if engine.dialect.name == "sqlite" and statement.startswith("TRUNCATE"):
        statement = "DELETE FROM {} WHERE seq = 2"
    with engine.connect() as connection:
        before = journal(connection)
        assert before
        with pytest.raises(IntegrityError, match="the journal is append-only"):
            connection.execute(text(statement.format(table)))
        connection.rollback()
        assert journal(connection) == before


POSTING = (
    "INSERT INTO posting (account_number, seq, line, gl, detail, amount, effective_on, recorded_us)"
    " SELECT account_number, seq + {gap}, 90 + n, 'cash', '', {amount}, '2024-01-01', 1"
    " FROM entry, (SELECT 1 AS n UNION ALL SELECT 2) AS line WHERE account_number = 1 AND seq = 1"
)


def test_postgresql_refuses_what_does_not_balance(
    new_postgres_url: str, opened: Opened, fill: Fill
) -> None:
    fill(opened(new_postgres_url))
    engine = create_engine(new_postgres_url)
    with engine.connect() as connection:
        before = journal(connection)
        with pytest.raises(IntegrityError, match=r"does not balance: its postings sum to 3"):
            connection.execute(text(POSTING.format(gap=0, amount="n")))
        connection.rollback()
        assert journal(connection) == before
        connection.execute(text(POSTING.format(gap=0, amount="CASE n WHEN 1 THEN 7 ELSE -7 END")))
    engine.dispose()


def test_postings_need_an_entry(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            connection.rollback()
        with pytest.raises(IntegrityError, match=r"FOREIGN KEY|no entry"):
            connection.execute(text(POSTING.format(gap=10_000, amount="3 - 2 * n")))


def test_a_key_has_each_step_once(engine: Engine) -> None:
    entry = metadata.tables["entry"]
    names = [column.name for column in ENTRY_INSERTS]
    again = select(*(entry.c[name] + 10_000 if name == "seq" else entry.c[name] for name in names))
    with engine.connect() as connection, pytest.raises(IntegrityError, match=r"(?i)unique"):
        connection.execute(insert(entry).from_select(names, again))


def test_importing_the_ledger_does_not_import_sqlalchemy() -> None:
    check = "import sys, telcrm.ledger; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0  # noqa: S603
