"""Making a database a ledger of this release, on opening it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from telcrm.errors import StoreVersionError
from telcrm.ledger.stores.schema import REVISION, VERSION_TABLE, metadata
from telcrm.ledger.stores.sql_backend import SqlBackend

__all__ = ["migrate"]

_version: Final = Table(VERSION_TABLE, MetaData(), Column("version_num", Text))


def migrate(backend: SqlBackend) -> None:
    """Bring a database to :data:`REVISION`; write nothing where it is there already.

    Raises
    ------
    StoreVersionError
        It was written by a newer release, or holds other things than a ledger.
    """
    with backend.translated():
        with backend.engine.connect() as connection:
            found = _revision(connection, backend)
        if found == REVISION:
            return
        if found is None:
            backend.prepare()
        with backend.engine.connect() as connection:
            connection.exec_driver_sql(backend.begin_migration)
            # Another process may have done it while this one waited.
            if _revision(connection, backend) != REVISION:
                _upgrade(connection)
            connection.exec_driver_sql("COMMIT")


def _revision(connection: Connection, backend: SqlBackend) -> str | None:
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        _check_is_free(names, backend)
        return None
    revision = connection.scalar(select(_version.c.version_num))
    if revision is not None and revision not in _known():
        raise StoreVersionError(
            f"{backend.place} is a ledger of revision {revision}; this release knows "
            f"{', '.join(_known())}. Install a newer telcrm to open it.",
            place=backend.place,
            revision=revision,
        )
    return revision


def _known() -> list[str]:
    return [f"{number:04}" for number in range(1, int(REVISION) + 1)]


def _check_is_free(names: set[str], backend: SqlBackend) -> None:
    taken = names if backend.owns_database else names & set(metadata.tables)
    if taken:
        raise StoreVersionError(
            f"{backend.place} is no ledger, and holds the tables {', '.join(sorted(taken)[:5])} "
            f"already. {backend.advice_on_place}",
            place=backend.place,
            tables=sorted(taken),
        )


def _upgrade(connection: Connection) -> None:
    # Alembic is slow to import, and an up-to-date database does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "telcrm.ledger.stores:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
