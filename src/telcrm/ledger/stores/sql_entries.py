"""Reading entries with their postings: one question for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from telcrm.ledger.journal import Entry
from telcrm.ledger.stores.schema import account, entry, posting
from telcrm.ledger.stores.sql_backend import DriverConnection, Query, SqlBackend
from telcrm.ledger.stores.sql_rows import ENTRY_COLUMNS, POSTING_COLUMNS, read_entries

__all__ = ["entries_where", "fetch_entries", "with_postings"]


def entries_where(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the question for entries, of :data:`ENTRY_COLUMNS`."""
    return (
        select(*ENTRY_COLUMNS)
        .join_from(account, entry, entry.c.account_number == account.c.number)
        .where(*conditions)
    )


def fetch_entries(
    backend: SqlBackend, connection: DriverConnection, query: Query, **values: Any
) -> list[Entry]:
    """Ask for entries, and then for their postings."""
    return with_postings(backend, connection, query.rows(connection, **values))


def with_postings(
    backend: SqlBackend, connection: DriverConnection, rows: Sequence[Sequence[Any]]
) -> list[Entry]:
    """Return the entries of rows whose first columns are :data:`ENTRY_COLUMNS`."""
    if not rows:
        return []
    keys = backend.bind_pairs("keys", ((row[2], row[3]) for row in rows))
    postings = backend.query(_postings).rows(connection, **keys)
    return read_entries(rows, postings, backend.day)


def _postings(backend: SqlBackend) -> Select[Any]:
    return (
        select(*POSTING_COLUMNS)
        .where(backend.among_pairs(posting.c.account_number, posting.c.seq, "keys"))
        .order_by(posting.c.account_number, posting.c.seq, posting.c.line)
    )
