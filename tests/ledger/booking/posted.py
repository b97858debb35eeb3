"""Entries as short lines, and refusals that leave no trace: for the tests of booking."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.books_for_tests import SmallBooks

from telcrm.errors import TelcrmError
from telcrm.ledger.journal import Entry, Item, Posting


def posted(entry: Entry) -> list[str]:
    """Return the postings, like ``"receivable.net 2/3 -5000"``: item 2, matched with item 3."""
    return [_line(posting) for posting in entry.postings]


def _line(posting: Posting) -> str:
    account = f"{posting.gl}.{posting.detail}" if posting.detail else posting.gl
    counter = "" if posting.counter is None else f"/{posting.counter}"
    item = "" if posting.item is None else f" {posting.item}{counter}"
    return f"{account}{item} {posting.amount:+d}"


def refused(
    books: SmallBooks, error: type[TelcrmError], command: type[Any], **fields: Any
) -> TelcrmError:
    """Post a command that has to be refused, with nothing changed; return the error."""
    before = list(books.store.journals())
    with pytest.raises(error) as refusal:
        books.book(command, **fields)
    assert refusal.type is error
    assert list(books.store.journals()) == before
    return refusal.value


def item(books: SmallBooks, name: str) -> Item:
    """Return an item as the store keeps it."""
    account_id, _, number = name.rpartition(":")
    (found,) = books.store.transact(lambda t: t.items(account_id, [int(number)]))
    return found


def left(books: SmallBooks, name: str) -> int:
    """Return what is open of an item, in minor units."""
    return item(books, name).open
