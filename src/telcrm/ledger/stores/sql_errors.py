"""From what drivers report to the errors of :mod:`telcrm.errors`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from telcrm.errors import (
    CorruptStoreError,
    FullStoreError,
    LedgerStoreError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreUnavailableError,
)

__all__ = ["translated"]

_AGAIN: Final = "then send the same commands with the same keys again"

_UNAVAILABLE: Final = (
    StoreUnavailableError,
    "cannot be reached, or was lost in the middle. See that it runs and that the URL is right, "
    + _AGAIN,
)
_BUSY: Final = (
    StoreBusyError,
    "is held by other writers for too long. Look for transactions that stay open, " + _AGAIN,
)
_READ_ONLY: Final = (
    ReadOnlyStoreError,
    "cannot be written. Ask for the right to write the database, or the file and its folder",
)
_FULL: Final = (
    FullStoreError,
    "has no room left. Make room, " + _AGAIN,
)
_CORRUPT: Final = (
    CorruptStoreError,
    "is damaged or is no database. Restore it from a backup, then run verify",
)
_CONTRADICTION: Final = (
    CorruptStoreError,
    (
        "would contradict itself, so nothing was written. Lock accounts and find keys first, in "
        "the same transaction, and run verify"
    ),
)
_OTHER: Final = (LedgerStoreError, "could not do what it was asked; nothing was written")

_SQLITE: Final = {
    "SQLITE_AUTH": _READ_ONLY,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_CANTOPEN": _UNAVAILABLE,
    "SQLITE_CONSTRAINT": _CONTRADICTION,
    "SQLITE_CORRUPT": _CORRUPT,
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": _UNAVAILABLE,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_NOTADB": _CORRUPT,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_READONLY": _READ_ONLY,
}
"""By primary result code, https://www.sqlite.org/rescode.html."""

_SQLSTATE: Final = {
    "25006": _READ_ONLY,  # read_only_sql_transaction
    "40001": _BUSY,  # serialization_failure
    "40P01": _BUSY,  # deadlock_detected
    "42501": _READ_ONLY,  # insufficient_privilege
    "53100": _FULL,  # disk_full
    "55P03": _BUSY,  # lock_not_available
    "57014": _BUSY,  # query_canceled, by statement_timeout for one
}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_SQLSTATE_CLASS: Final = {
    "08": _UNAVAILABLE,  # connection exception
    "23": _CONTRADICTION,  # integrity constraint violation
    "25": _UNAVAILABLE,  # invalid transaction state: idle for too long
    "28": _UNAVAILABLE,  # invalid authorization
    "3D": _UNAVAILABLE,  # no such database
    "53": _UNAVAILABLE,  # insufficient resources
    "57": _UNAVAILABLE,  # operator intervention
    "58": _UNAVAILABLE,  # system error
    "XX": _CORRUPT,
}


@contextmanager
def translated(place: str, driver_error: type[Exception]) -> Iterator[None]:
    """Raise errors of a driver as errors of telcrm that name the place."""
    try:
        yield
    except (DBAPIError, driver_error) as error:
        driver: Any = error.orig if isinstance(error, DBAPIError) else error
        kind, advice = _sort(driver)
        reason = " ".join(str(driver).split())
        raise kind(f"{place} {advice}. The database says: {reason}", place=place) from error
    except PoolTimeoutError as error:
        kind, advice = _BUSY
        raise kind(f"{place} {advice}. No connection became free.", place=place) from error


def _sort(driver: Any) -> tuple[type[LedgerStoreError], str]:
    name = getattr(driver, "sqlite_errorname", None)
    if name:
        return _SQLITE.get("_".join(name.split("_")[:2]), _OTHER)
    sqlstate = getattr(driver, "sqlstate", None)
    if sqlstate:
        return _SQLSTATE.get(sqlstate) or _SQLSTATE_CLASS.get(sqlstate[:2], _OTHER)
    if type(driver).__name__ == "OperationalError":
        # Where the server says nothing more, there was none to say it.
        return _UNAVAILABLE
    return _OTHER
