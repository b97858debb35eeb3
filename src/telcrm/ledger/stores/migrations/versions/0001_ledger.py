"""The tables, and what keeps the journal from being changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make everything."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    _create_tenant()
    _create_account()
    _create_entry(on_postgresql=on_postgresql)
    _create_posting(on_postgresql=on_postgresql)
    _create_item()
    for statement in _ON_POSTGRESQL if on_postgresql else _ON_SQLITE:
        op.execute(statement)
    if not on_postgresql:
        _tell_shape()


def _create_tenant() -> None:
    op.create_table(
        "tenant",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("tenant", _text, nullable=False, unique=True),
        sa.Column("closed_through", sa.Date),
        sa.Column("txid_shift", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("number", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("tenant_number", sa.Integer, sa.ForeignKey("tenant.number"), nullable=False),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("currency", _text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("party_id", _text),
        sa.Column("customer_class", _text),
        sa.Column("credit_limit", sa.BigInteger),
        sa.Column("closed_on", sa.Date),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", _text, nullable=False),
        sa.Column("receivable", sa.BigInteger, nullable=False),
        sa.Column("disputed", sa.BigInteger, nullable=False),
        sa.Column("unapplied", sa.BigInteger, nullable=False),
        sa.Column("deposit", sa.BigInteger, nullable=False),
        sa.Column("written_off", sa.BigInteger, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.Column("dunning", _text),
        sa.UniqueConstraint("tenant_number", "account_id", name="account_name"),
    )
    _index_where("account_party", "account", ["tenant_number", "party_id"], "party_id IS NOT NULL")


def _create_entry(*, on_postgresql: bool) -> None:
    position = (
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False)
        if on_postgresql
        else sa.Column("position", sa.Integer, primary_key=True)
    )
    txid = sa.text("pg_current_xact_id()::text::bigint" if on_postgresql else "0")
    name_of_entry = sa.PrimaryKeyConstraint if on_postgresql else sa.UniqueConstraint
    op.create_table(
        "entry",
        sa.Column("account_number", sa.Integer, sa.ForeignKey("account.number"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("tenant_number", sa.Integer, nullable=False),
        sa.Column("kind", _text, nullable=False),
        sa.Column("key", _text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.Column("request_hash", _text, nullable=False),
        sa.Column("body", _text, nullable=False),
        sa.Column("reverses", sa.Integer),
        sa.Column("opens_kind", _text),
        sa.Column("opens_document", _text),
        sa.Column("opens_due_on", sa.Date),
        sa.Column("opens_amount", sa.BigInteger),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("hash", _text, nullable=False),
        position,
        sa.Column("txid", sa.BigInteger, nullable=False, server_default=txid),
        name_of_entry("account_number", "seq", name="entry_name"),
        sa.UniqueConstraint("tenant_number", "key", "step", name="entry_key"),
    )
    _index_where("entry_reverses", "entry", ["account_number", "reverses"], "reverses IS NOT NULL")
    _index_where(
        "entry_sparse",
        "entry",
        ["account_number", "seq"],
        "kind IN ('open_account', 'change_account', 'close_account', 'promise', "
        "'instalment_plan', 'dunning_hold', 'dunning', 'period_close', 'period_reopen')",
    )
    if on_postgresql:
        op.create_index("entry_feed", "entry", ["tenant_number", "txid", "position"])


def _create_posting(*, on_postgresql: bool) -> None:
    # On PostgreSQL a trigger looks for the entries of many postings at once, at less cost.
    of_entry = sa.ForeignKeyConstraint(
        ["account_number", "seq"], ["entry.account_number", "entry.seq"]
    )
    op.create_table(
        "posting",
        sa.Column("account_number", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("line", sa.SmallInteger, nullable=False),
        sa.Column("gl", _text, nullable=False),
        sa.Column("detail", _text, nullable=False),
        sa.Column("item", sa.Integer),
        sa.Column("counter", sa.Integer),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_number", "seq", "line"),
        *(() if on_postgresql else (of_entry,)),
        sqlite_with_rowid=False,
    )
    _index_where("posting_item", "posting", ["account_number", "item"], "item <> seq")


def _create_item() -> None:
    op.create_table(
        "item",
        sa.Column("account_number", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("kind", _text, nullable=False),
        sa.Column("document", _text),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("open_net", sa.BigInteger, nullable=False),
        sa.Column("open_tax", sa.BigInteger, nullable=False),
        sa.Column("disputed_net", sa.BigInteger, nullable=False),
        sa.Column("disputed_tax", sa.BigInteger, nullable=False),
        sa.Column("written_off", sa.BigInteger, nullable=False),
        sa.Column("recovered", sa.BigInteger, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("recorded_us", sa.BigInteger, nullable=False),
        sa.Column("opened_us", sa.BigInteger, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("account_number", "seq"),
        sqlite_with_rowid=False,
    )
    _index_where("item_live", "item", ["account_number", "seq"], "live")
    _index_where("item_document", "item", ["account_number", "document"], "document IS NOT NULL")


def _index_where(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)


def _tell_shape() -> None:
    # SQLite's planner knows nothing of a database that was never analysed, and would read an
    # account's whole history where an index has the few rows. An ANALYZE tells it the truth.
    op.execute("ANALYZE")
    op.execute("DELETE FROM sqlite_stat1")
    shape = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
    op.bulk_insert(shape, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in _SHAPE])
    op.execute("ANALYZE sqlite_schema")


# Rows, and rows for each value of the first column, of the first two, ...
_SHAPE = [
    ("account", "sqlite_autoindex_account_1", "1000000 1000000 1"),
    ("account", "account_party", "1000000 1000000 2"),
    ("entry", "sqlite_autoindex_entry_1", "60000000 60 1"),
    ("entry", "sqlite_autoindex_entry_2", "60000000 60000000 2 1"),
    ("entry", "entry_reverses", "1000000 2 1"),
    ("entry", "entry_sparse", "2000000 2 1"),
    ("posting", "posting", "180000000 180 3 1"),
    ("posting", "posting_item", "60000000 60 2"),
    ("item", "item", "60000000 60 1"),
    ("item", "item_live", "2000000 2 1"),
    ("item", "item_document", "30000000 30 1"),
]

_ON_SQLITE = [
    f"""
    CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: no {verb} of {table}'); END
    """
    for table in ("entry", "posting")
    for verb in ("update", "delete")
]

_ON_POSTGRESQL = [
    # Room in each page for the next state of its rows: their indexes then need no change.
    *(f"ALTER TABLE {table} SET (fillfactor = 80)" for table in ("account", "item")),
    """
    CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the journal is append-only: no % of %', lower(TG_OP), TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
        """
        for table in ("entry", "posting")
    ),
    # Not deferred, and once for each statement: what a statement adds to an entry is balanced, so
    # every entry is, and a bulk load hardly feels it.
    """
    CREATE FUNCTION ledger_check_postings() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    DECLARE broken record;
    BEGIN
        SELECT s.account_number, s.seq, s.excess INTO broken
        FROM (
            SELECT account_number, seq, sum(amount) AS excess
            FROM added GROUP BY account_number, seq
        ) AS s LEFT JOIN entry AS e ON e.account_number = s.account_number AND e.seq = s.seq
        WHERE s.excess <> 0 OR e.seq IS NULL LIMIT 1;
        IF broken.excess <> 0 THEN
            RAISE EXCEPTION 'entry % of account number % does not balance: its postings sum to %',
                broken.seq, broken.account_number, broken.excess
                USING ERRCODE = 'check_violation';
        ELSIF FOUND THEN
            RAISE EXCEPTION 'account number % has no entry % to post to',
                broken.account_number, broken.seq
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER posting_check AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_postings()
    """,
]
