"""The tables of a ledger in SQL.

``entry`` and ``posting`` are the journal: rows are added, never changed. ``account`` and ``item``
keep the sums that follow from it, so that a balance is one row. The migrations make the tables;
these objects are what statements are built from, and a test holds the two equal.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from telcrm.ledger.journal import EntryKind

__all__ = [
    "REVISION",
    "SPARSE_KINDS",
    "VERSION_TABLE",
    "account",
    "entry",
    "is_live",
    "is_sparse",
    "item",
    "metadata",
    "posting",
    "tenant",
]

REVISION: Final = "0001"
"""The newest migration that this release knows."""

VERSION_TABLE: Final = "ledger_version"
"""Where the revision of a database stands. Not Alembic's own name for it: the tables may share a
PostgreSQL schema with those of an application that has migrations of its own.
"""

SPARSE_KINDS: Final = (
    EntryKind.OPEN_ACCOUNT.value,
    EntryKind.CHANGE_ACCOUNT.value,
    EntryKind.CLOSE_ACCOUNT.value,
    EntryKind.PROMISE.value,
    EntryKind.INSTALMENT_PLAN.value,
    EntryKind.DUNNING_HOLD.value,
    EntryKind.DUNNING.value,
    EntryKind.PERIOD_CLOSE.value,
    EntryKind.PERIOD_REOPEN.value,
)
"""Kinds that post nothing. They are few, and an index finds them among an account's entries."""

# Code points decide what comes first, on every engine: PostgreSQL would else follow its locale.
_Text = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

tenant = Table(
    "tenant",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("tenant", _Text, nullable=False, unique=True),
    Column("closed_through", Date),
    # What is added to the numbers of PostgreSQL's transactions, so that they go on rising when the
    # books move to another server; see PostgresqlBackend.
    Column("txid_shift", BigInteger, nullable=False, server_default=text("0")),
)

account = Table(
    "account",
    metadata,
    Column("number", Integer, Identity(), primary_key=True),
    Column("tenant_number", ForeignKey(tenant.c.number), nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("currency", _Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("party_id", _Text),
    Column("customer_class", _Text),
    Column("credit_limit", BigInteger),
    Column("closed_on", Date),
    Column("seq", Integer, nullable=False),
    Column("hash", _Text, nullable=False),
    Column("receivable", BigInteger, nullable=False),
    Column("disputed", BigInteger, nullable=False),
    Column("unapplied", BigInteger, nullable=False),
    Column("deposit", BigInteger, nullable=False),
    Column("written_off", BigInteger, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("dunning", _Text),
    UniqueConstraint("tenant_number", "account_id", name="account_name"),
)
Index(
    "account_party",
    account.c.tenant_number,
    account.c.party_id,
    postgresql_where=account.c.party_id.is_not(None),
    sqlite_where=account.c.party_id.is_not(None),
)

entry = Table(
    "entry",
    metadata,
    Column("account_number", ForeignKey(account.c.number), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("tenant_number", Integer, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("key", _Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("request_hash", _Text, nullable=False),
    Column("body", _Text, nullable=False),
    Column("reverses", Integer),
    Column("opens_kind", _Text),
    Column("opens_document", _Text),
    Column("opens_due_on", Date),
    Column("opens_amount", BigInteger),
    Column("balance", BigInteger, nullable=False),
    Column("hash", _Text, nullable=False),
    # On SQLite the primary key, where (account_number, seq) is unique beside it.
    Column("position", BigInteger().with_variant(Integer(), "sqlite"), nullable=False),
    Column("txid", BigInteger, nullable=False),
    UniqueConstraint("tenant_number", "key", "step", name="entry_key"),
)
Index(
    "entry_reverses",
    entry.c.account_number,
    entry.c.reverses,
    postgresql_where=entry.c.reverses.is_not(None),
    sqlite_where=entry.c.reverses.is_not(None),
)
is_sparse = text("kind IN ({})".format(", ".join(f"'{kind}'" for kind in SPARSE_KINDS)))
"""The condition of the index; a question that repeats it can use the index."""
Index(
    "entry_sparse",
    entry.c.account_number,
    entry.c.seq,
    postgresql_where=is_sparse,
    sqlite_where=is_sparse,
)
Index("entry_feed", entry.c.tenant_number, entry.c.txid, entry.c.position).ddl_if(
    dialect="postgresql"
)

posting = Table(
    "posting",
    metadata,
    Column("account_number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),
    Column("gl", _Text, nullable=False),
    Column("detail", _Text, nullable=False),
    Column("item", Integer),
    Column("counter", Integer),
    Column("amount", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
# The postings of the entry that opened an item are found by its number.
_is_later = text("item <> seq")
Index(
    "posting_item",
    posting.c.account_number,
    posting.c.item,
    postgresql_where=_is_later,
    sqlite_where=_is_later,
)

item = Table(
    "item",
    metadata,
    Column("account_number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", _Text, nullable=False),
    Column("document", _Text),
    Column("effective_on", Date, nullable=False),
    Column("due_on", Date),
    Column("amount", BigInteger, nullable=False),
    Column("open_net", BigInteger, nullable=False),
    Column("open_tax", BigInteger, nullable=False),
    Column("disputed_net", BigInteger, nullable=False),
    Column("disputed_tax", BigInteger, nullable=False),
    Column("written_off", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
_live = text("live")
is_live: ColumnClause[Any] = literal_column("item.live")
"""The same condition for questions: SQLite uses the index only where it stands unchanged."""
Index(
    "item_live",
    item.c.account_number,
    item.c.seq,
    postgresql_where=_live,
    sqlite_where=_live,
)
Index(
    "item_document",
    item.c.account_number,
    item.c.document,
    postgresql_where=item.c.document.is_not(None),
    sqlite_where=item.c.document.is_not(None),
)
