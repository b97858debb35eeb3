"""Where books are kept: in memory, in SQLite, in PostgreSQL, or in a store of your own.

A store implements :class:`LedgerStore`. :func:`telcrm.testing.check_ledger_store` checks one as the
built-in ones are checked; the entry point group ``telcrm.ledger_stores`` makes it known to
:meth:`telcrm.ledger.Ledger.open` under a URL scheme.
"""

from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.opening import open_store
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    BookChanges,
    FeedPage,
    GlSum,
    ItemMovement,
    ItemState,
    KeyUse,
    LedgerStore,
    StoreFactory,
    StoreTransaction,
)

__all__ = [
    "AccountSums",
    "AgingSums",
    "AsOf",
    "BookChanges",
    "FeedPage",
    "GlSum",
    "ItemMovement",
    "ItemState",
    "KeyUse",
    "LedgerStore",
    "MemoryStore",
    "StoreFactory",
    "StoreTransaction",
    "open_store",
]
