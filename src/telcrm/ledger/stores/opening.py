"""Finding a store by its URL."""

from __future__ import annotations

from importlib.metadata import entry_points

from telcrm.errors import UnknownStoreError
from telcrm.ledger.stores.protocol import LedgerStore, StoreFactory

__all__ = ["GROUP", "open_store"]

GROUP = "telcrm.ledger_stores"
"""The entry point group in which packages announce stores, each under its URL scheme."""


def open_store(url: str, tenant: str) -> LedgerStore:
    """Open the store of a URL.

    Parameters
    ----------
    url : str
        Its scheme says which store: ``memory``, ``sqlite``, ``postgresql``, or one that an
        installed package announces.
    tenant : str

    Returns
    -------
    LedgerStore

    Raises
    ------
    UnknownStoreError
    """
    scheme, colon, _ = str(url).partition(":")
    kind = scheme.partition("+")[0]
    factory = _factory(kind) if colon else None
    if factory is None:
        known = ", ".join(sorted({"memory", "postgresql", "sqlite", *_announced()}))
        # A URL may hold a password, so only its scheme is shown.
        raise UnknownStoreError(
            f"no ledger store is known for the scheme {kind!r:.40}: write a URL like "
            f"'sqlite:///crm.db'. Known schemes: {known}.",
            scheme=kind,
        )
    return factory(url, tenant)


def _announced() -> set[str]:
    return {point.name for point in entry_points(group=GROUP)}


def _factory(kind: str) -> StoreFactory | None:
    if kind == "memory":
        return _open_memory
    if kind in ("sqlite", "postgresql"):
        from telcrm.ledger.stores.sql_store import open_sql_store

        return open_sql_store
    for point in entry_points(group=GROUP, name=kind):
        factory: StoreFactory = point.load()
        return factory
    return None


def _open_memory(_: str, tenant: str) -> LedgerStore:
    from telcrm.ledger.stores.memory import MemoryStore

    return MemoryStore(tenant)
