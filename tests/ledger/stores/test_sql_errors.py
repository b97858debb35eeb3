"""What drivers report becomes an error that says what to do."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from telcrm.errors import (
    CorruptStoreError,
    FullStoreError,
    LedgerStoreError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreUnavailableError,
)
from telcrm.ledger.stores.sql_errors import translated


def raised(error: Exception, driver_error: type[Exception]) -> LedgerStoreError:
    with pytest.raises(LedgerStoreError) as caught, translated("sqlite:///crm.db", driver_error):
        raise error
    assert caught.value.context["place"] == "sqlite:///crm.db"
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_BUSY", StoreBusyError),
        ("SQLITE_BUSY_SNAPSHOT", StoreBusyError),
        ("SQLITE_LOCKED", StoreBusyError),
        ("SQLITE_READONLY", ReadOnlyStoreError),
        ("SQLITE_READONLY_DIRECTORY", ReadOnlyStoreError),
        ("SQLITE_PERM", ReadOnlyStoreError),
        ("SQLITE_FULL", FullStoreError),
        ("SQLITE_IOERR_WRITE", StoreUnavailableError),
        ("SQLITE_CANTOPEN", StoreUnavailableError),
        ("SQLITE_NOTADB", CorruptStoreError),
        ("SQLITE_CORRUPT_INDEX", CorruptStoreError),
        ("SQLITE_CONSTRAINT_UNIQUE", CorruptStoreError),
        ("SQLITE_ERROR", LedgerStoreError),
    ],
)
def test_sqlite_by_its_result_codes(name: str, expected: type[LedgerStoreError]) -> None:
    error: Any = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorname = name
    found = raised(error, sqlite3.Error)
    assert type(found) is expected
    assert "what SQLite says" in str(found)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.SerializationFailure, StoreBusyError),
        (errors.DeadlockDetected, StoreBusyError),
        (errors.LockNotAvailable, StoreBusyError),
        (errors.QueryCanceled, StoreBusyError),
        (errors.ReadOnlySqlTransaction, ReadOnlyStoreError),
        (errors.InsufficientPrivilege, ReadOnlyStoreError),
        (errors.DiskFull, FullStoreError),
        (errors.TooManyConnections, StoreUnavailableError),
        (errors.AdminShutdown, StoreUnavailableError),
        (errors.ConnectionFailure, StoreUnavailableError),
        (errors.InvalidCatalogName, StoreUnavailableError),
        (errors.InvalidPassword, StoreUnavailableError),
        (errors.UniqueViolation, CorruptStoreError),
        (errors.CheckViolation, CorruptStoreError),
        (errors.DataCorrupted, CorruptStoreError),
        (errors.UndefinedTable, LedgerStoreError),
        (psycopg.OperationalError, StoreUnavailableError),
        (psycopg.InterfaceError, LedgerStoreError),
    ],
)
def test_postgresql_by_its_error_codes(
    error: type[Exception], expected: type[LedgerStoreError]
) -> None:
    assert type(raised(error("what PostgreSQL says"), psycopg.Error)) is expected


def test_what_sqlalchemy_has_wrapped() -> None:
    wrapped = OperationalError("SELECT 1", None, errors.DiskFull("no space left"))
    found = raised(wrapped, psycopg.Error)
    assert type(found) is FullStoreError
    assert "no space left" in str(found)
    assert "SELECT 1" not in str(found)


def test_a_pool_without_a_free_connection() -> None:
    assert type(raised(PoolTimeoutError("limit reached"), sqlite3.Error)) is StoreBusyError


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), translated("place", sqlite3.Error):
        raise ZeroDivisionError
