"""What Alembic runs: it migrates the connection that :mod:`telcrm.ledger.stores.migrate` opened."""

from alembic import context

from telcrm.ledger.stores.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # On SQLite too: the transaction is begun by the caller, not by Python's driver.
    transactional_ddl=True,
)
context.run_migrations()
