"""A URL finds its store, built in or announced by a package."""

import sys
from importlib.metadata import EntryPoint

import pytest

from telcrm.errors import MissingExtraError, UnknownStoreError
from telcrm.ledger import Ledger
from telcrm.ledger.stores import MemoryStore, open_store
from telcrm.ledger.stores import opening as module
from telcrm.ledger.stores.protocol import LedgerStore


def test_memory_is_empty_each_time() -> None:
    first, second = open_store("memory://", "t"), open_store("memory://", "t")
    assert isinstance(first, MemoryStore)
    assert first is not second
    assert first.tenant == "t"


@pytest.mark.parametrize("url", ["mysql://user:secret@host/crm", "crm.db", "", "oracle+x://secret"])
def test_an_unknown_scheme_is_refused_and_no_password_shown(url: str) -> None:
    with pytest.raises(
        UnknownStoreError, match="Known schemes: memory, postgresql, sqlite"
    ) as caught:
        Ledger.open(url)
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.context)


def open_other(url: str, tenant: str) -> LedgerStore:
    return MemoryStore(f"{tenant} at {url}")


def test_a_package_announces_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("other", f"{__name__}:open_other", module.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: open_other)

    def announced(*, group: str, name: str | None = None) -> list[EntryPoint]:
        assert group == "telcrm.ledger_stores"
        return [point] if name in (None, "other") else []

    monkeypatch.setattr(module, "entry_points", announced)
    assert open_store("other://x", "t").tenant == "t at other://x"
    with pytest.raises(UnknownStoreError, match="memory, other, postgresql, sqlite"):
        open_store("another://x", "t")


def test_postgresql_without_its_driver_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "telcrm.ledger.stores.postgresql", raising=False)
    with pytest.raises(MissingExtraError, match=r"telcrm\[postgres\]"):
        Ledger.open("postgresql://user@host/crm")
