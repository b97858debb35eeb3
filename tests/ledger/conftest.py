"""An empty PostgreSQL database for one test of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from sqlalchemy import make_url

_database_numbers = count(1)


@pytest.fixture
def new_postgres_url(postgres_url: str) -> Iterator[str]:
    """URL of an empty database for one test."""
    name = f"test_{next(_database_numbers)}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")
