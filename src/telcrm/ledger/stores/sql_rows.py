"""Between rows of the tables and the records of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Table

from telcrm.ledger.journal import Account, Entry, Item, ItemOpening, Posting
from telcrm.ledger.stores import schema

__all__ = [
    "ACCOUNT_COLUMNS",
    "ACCOUNT_UPDATES",
    "ENTRY_COLUMNS",
    "ENTRY_INSERTS",
    "ITEM_COLUMNS",
    "ITEM_UPDATES",
    "POSTING_COLUMNS",
    "Rows",
    "account_row",
    "account_update",
    "entry_row",
    "item_row",
    "item_update",
    "posting_rows",
    "read_account",
    "read_entries",
    "read_item",
]

Day = Callable[[Any], Any]
Columns = Sequence[Column[Any]]


def _columns(table: Table, *names: str) -> Columns:
    return [table.c[name] for name in names]


ACCOUNT_COLUMNS: Final = list(schema.account.c)
"""In the order of :func:`account_row` and :func:`read_account`."""

ACCOUNT_UPDATES: Final = _columns(
    schema.account,
    "number",
    "party_id",
    "customer_class",
    "credit_limit",
    "closed_on",
    "seq",
    "hash",
    "receivable",
    "disputed",
    "unapplied",
    "deposit",
    "written_off",
    "last_on",
    "recorded_us",
    "dunning",
)
"""The key, and what changes; in the order of :func:`account_update`."""

ENTRY_INSERTS: Final = [
    column for column in schema.entry.c if column.name not in ("position", "txid")
]
"""In the order of :func:`entry_row`; the database fills the others."""

ENTRY_COLUMNS: Final = [schema.account.c.account_id, schema.account.c.currency, *ENTRY_INSERTS]
"""In the order of :func:`read_entries`."""

POSTING_COLUMNS: Final = list(schema.posting.c)
"""In the order of :func:`posting_rows`."""

ITEM_COLUMNS: Final = list(schema.item.c)
"""In the order of :func:`item_row`."""

ITEM_UPDATES: Final = _columns(
    schema.item,
    "account_number",
    "seq",
    "open_net",
    "open_tax",
    "disputed_net",
    "disputed_tax",
    "written_off",
    "recovered",
    "last_on",
    "recorded_us",
    "live",
)
"""The key, and what changes; in the order of :func:`item_update`."""


@dataclass(slots=True)
class Rows:
    """What a transaction writes, by table. Dates are ISO text: every engine takes them so."""

    new_accounts: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[tuple[Any, ...]] = field(default_factory=list)
    new_items: list[tuple[Any, ...]] = field(default_factory=list)
    accounts: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)


def account_row(
    account: Account, number: int, tenant_number: int, opened_us: int
) -> tuple[Any, ...]:
    """Return the row of a new account."""
    return (
        number,
        tenant_number,
        account.account_id,
        account.currency,
        account.opened_on.isoformat(),
        opened_us,
        account.party_id,
        account.customer_class,
        account.credit_limit,
        _iso(account.closed_on),
        account.seq,
        account.hash,
        account.receivable,
        account.disputed,
        account.unapplied,
        account.deposit,
        account.written_off,
        account.last_on.isoformat(),
        account.recorded_us,
        account.dunning,
    )


def account_update(account: Account, number: int) -> tuple[Any, ...]:
    """Return an account's number and what changes of it."""
    return (
        number,
        account.party_id,
        account.customer_class,
        account.credit_limit,
        _iso(account.closed_on),
        account.seq,
        account.hash,
        account.receivable,
        account.disputed,
        account.unapplied,
        account.deposit,
        account.written_off,
        account.last_on.isoformat(),
        account.recorded_us,
        account.dunning,
    )


def entry_row(entry: Entry, number: int, tenant_number: int) -> tuple[Any, ...]:
    """Return the row of a new entry."""
    opens = entry.opens
    opening = (
        (None, None, None, None)
        if opens is None
        else (opens.kind, opens.document, _iso(opens.due_on), opens.amount)
    )
    return (
        number,
        entry.seq,
        tenant_number,
        entry.kind,
        entry.key,
        entry.step,
        entry.on.isoformat(),
        entry.recorded_us,
        entry.request_hash,
        entry.body,
        entry.reverses,
        *opening,
        entry.balance,
        entry.hash,
    )


def posting_rows(entry: Entry, number: int) -> Iterator[tuple[Any, ...]]:
    """Return the rows of an entry's postings."""
    seq, on, recorded_us = entry.seq, entry.on.isoformat(), entry.recorded_us
    for line, (gl, detail, item, counter, amount) in enumerate(entry.postings, start=1):
        yield number, seq, line, gl, detail, item, counter, amount, on, recorded_us


def item_row(item: Item, number: int, opened_us: int) -> tuple[Any, ...]:
    """Return the row of a new item."""
    return (
        number,
        item.seq,
        item.kind,
        item.document,
        item.on.isoformat(),
        _iso(item.due_on),
        item.amount,
        item.open_net,
        item.open_tax,
        item.disputed_net,
        item.disputed_tax,
        item.written_off,
        item.recovered,
        item.last_on.isoformat(),
        item.recorded_us,
        opened_us,
        item.is_live,
    )


def item_update(item: Item, number: int) -> tuple[Any, ...]:
    """Return an item's key and what changes of it."""
    return (
        number,
        item.seq,
        item.open_net,
        item.open_tax,
        item.disputed_net,
        item.disputed_tax,
        item.written_off,
        item.recovered,
        item.last_on.isoformat(),
        item.recorded_us,
        item.is_live,
    )


def read_account(row: Sequence[Any], day: Day) -> Account:
    """Return the account of a row of :data:`ACCOUNT_COLUMNS`."""
    (number, _, account_id, currency, opened_on, _, party_id, customer_class, limit, closed_on) = (
        row[:10]
    )
    seq, chain, receivable, disputed, unapplied, deposit, written_off = row[10:17]
    last_on, recorded_us, dunning = row[17:]
    return Account(
        account_id,
        currency,
        day(opened_on),
        party_id,
        customer_class,
        limit,
        day(closed_on),
        seq,
        chain,
        receivable,
        disputed,
        unapplied,
        deposit,
        written_off,
        day(last_on),
        recorded_us,
        dunning,
        number,
    )


def read_item(account_id: str, row: Sequence[Any], day: Day) -> Item:
    """Return the item of a row of :data:`ITEM_COLUMNS`."""
    _, seq, kind, document, on, due_on, amount, open_net, open_tax, disputed_net, disputed_tax = (
        row[:11]
    )
    written_off, recovered, last_on, recorded_us = row[11:15]
    return Item(
        account_id,
        seq,
        kind,
        document,
        day(on),
        day(due_on),
        amount,
        open_net,
        open_tax,
        disputed_net,
        disputed_tax,
        written_off,
        recovered,
        day(last_on),
        recorded_us,
    )


def read_entries(
    rows: Iterable[Sequence[Any]], postings: Iterable[Sequence[Any]], day: Day
) -> list[Entry]:
    """Return entries of rows of :data:`ENTRY_COLUMNS`, in their order, with their postings.

    ``postings`` are rows of :data:`POSTING_COLUMNS`, each entry's together and by line.
    """
    lines = {
        key: tuple([Posting(*line[3:8]) for line in group])
        for key, group in groupby(postings, key=itemgetter(0, 1))
    }
    return [
        Entry(
            account_id,
            seq,
            kind,
            key,
            step,
            day(on),
            recorded_us,
            currency,
            request_hash,
            body,
            reverses,
            None if opens[0] is None else ItemOpening(opens[0], opens[1], day(opens[2]), opens[3]),
            lines.get((number, seq), ()),
            balance,
            chain,
        )
        for (
            account_id,
            currency,
            number,
            seq,
            _,
            kind,
            key,
            step,
            on,
            recorded_us,
            request_hash,
            body,
            reverses,
            *opens,
            balance,
            chain,
        ) in rows
    ]


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
