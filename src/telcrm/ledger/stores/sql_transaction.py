"""One change of the books in SQL: what the ledger asks while it decides, and what it writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Update,
    bindparam,
    or_,
    select,
    update,
)

from telcrm.ledger.journal import Account, Entry, Item
from telcrm.ledger.stores import schema
from telcrm.ledger.stores.protocol import BookChanges, ItemMovement, KeyUse
from telcrm.ledger.stores.sql_backend import DriverConnection, SqlBackend
from telcrm.ledger.stores.sql_entries import entries_where, fetch_entries
from telcrm.ledger.stores.sql_reads import read_movements_of_items
from telcrm.ledger.stores.sql_rows import (
    ACCOUNT_COLUMNS,
    ITEM_COLUMNS,
    Rows,
    account_row,
    account_update,
    entry_row,
    item_row,
    item_update,
    posting_rows,
    read_account,
    read_item,
)

__all__ = ["SqlTransaction"]

_account = schema.account
_entry = schema.entry
_item = schema.item
_posting = schema.posting


class SqlTransaction:
    """A transaction that the store has begun, and will commit."""

    def __init__(
        self, backend: SqlBackend, connection: DriverConnection, tenant_number: int
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._tenant_number = tenant_number
        self._numbers: dict[str, int] = {}

    def lock(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Take the accounts, by number, until the transaction ends."""
        backend, connection = self._backend, self._connection
        rows = backend.query(_lock_accounts).rows(
            connection, tenant_number=self._tenant_number, account_ids=list(account_ids)
        )
        accounts = [read_account(row, backend.day) for row in rows]
        self._numbers.update(
            {one.account_id: row[0] for one, row in zip(accounts, rows, strict=True)}
        )
        return {account.account_id: account for account in accounts}

    def lock_period(self) -> None:
        """Wait until no other transaction is posting, and keep others from it."""
        self._backend.lock_period(self._connection, self._tenant_number)

    def find_keys(self, keys: Sequence[str]) -> tuple[date | None, dict[str, KeyUse]]:
        """Return the end of what is closed, and the keys that were used before."""
        rows = self._rows(_find_keys, tenant_number=self._tenant_number, keys=list(keys))
        closed_through = self._backend.day(rows[0][0])
        return closed_through, {key: KeyUse(key, used) for _, key, used in rows if key is not None}

    def command_entries(self, keys: Sequence[str]) -> dict[str, list[Entry]]:
        """Return all entries of commands, by key, each in the order of their steps."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self._entries(_entries_of_commands, keys=list(keys)):
            found[entry.key].append(entry)
        return dict(found)

    def live_items(self, account_ids: Sequence[str]) -> list[Item]:
        """Return the items that still matter."""
        return self._items(_live_items, account_ids=list(account_ids))

    def items(self, account_id: str, seqs: Sequence[int]) -> list[Item]:
        """Return items by number, live or not."""
        return self._items(_items_by_number, account_id=account_id, seqs=list(seqs))

    def items_by_document(self, account_id: str, document: str) -> list[Item]:
        """Return the items that were opened with a document."""
        return self._items(_items_by_document, account_id=account_id, document=document)

    def entry(self, account_id: str, seq: int) -> Entry | None:
        """Return one entry."""
        found = self._entries(_entry_by_number, account_id=account_id, seq=seq)
        return found[0] if found else None

    def entries_on_item(self, account_id: str, seq: int) -> list[Entry]:
        """Return the entries with a posting to an item, or to one matched with it."""
        return self._entries(_entries_on_item, account_id=account_id, seq=seq)

    def reversal_of(self, account_id: str, seq: int) -> Entry | None:
        """Return the entry that takes an entry back, if there is one."""
        found = self._entries(_reversals, account_id=account_id, seq=seq)
        return found[0] if found else None

    def entries_of_kinds(self, account_ids: Sequence[str], kinds: Sequence[str]) -> list[Entry]:
        """Return the entries of some kinds, and the reversals of such."""
        are_sparse = set(kinds) <= set(schema.SPARSE_KINDS)
        return fetch_entries(
            self._backend,
            self._connection,
            self._backend.query(_entries_of_kinds, are_sparse),
            tenant_number=self._tenant_number,
            account_ids=list(account_ids),
            kinds=[str(kind) for kind in kinds],
        )

    def movements(self, items: Sequence[tuple[str, int]]) -> list[ItemMovement]:
        """Return what moved debts, by account and entry."""
        wanted = set(items)
        names = sorted({account_id for account_id, _ in wanted})
        numbers = self._numbers_of(names)
        pairs = [(numbers[name], seq) for name, seq in wanted if name in numbers]
        return read_movements_of_items(self._backend, self._connection, pairs)

    def append(self, changes: BookChanges) -> None:
        """Write it all."""
        first_us = {one.account_id: one.recorded_us for one in changes.entries if one.seq == 1}
        self._number_new([account.account_id for account in changes.new_accounts])
        numbers = self._numbers_of(
            {
                *(entry.account_id for entry in changes.entries),
                *(account.account_id for account in changes.accounts),
                *(item.account_id for item in (*changes.new_items, *changes.items)),
            }
        )
        opened_us = {
            (entry.account_id, entry.seq): entry.recorded_us
            for entry in changes.entries
            if entry.opens
        }
        tenant_number = self._tenant_number
        rows = Rows(
            new_accounts=[
                account_row(
                    one,
                    numbers[one.account_id],
                    tenant_number,
                    first_us.get(one.account_id, one.recorded_us),
                )
                for one in changes.new_accounts
            ],
            entries=[
                entry_row(one, numbers[one.account_id], tenant_number) for one in changes.entries
            ],
            postings=[
                row for one in changes.entries for row in posting_rows(one, numbers[one.account_id])
            ],
            new_items=[
                item_row(
                    one,
                    numbers[one.account_id],
                    opened_us.get((one.account_id, one.seq), one.recorded_us),
                )
                for one in changes.new_items
            ],
            accounts=[account_update(one, numbers[one.account_id]) for one in changes.accounts],
            items=[item_update(one, numbers[one.account_id]) for one in changes.items],
        )
        self._backend.write_rows(self._connection, rows)
        if changes.moves_period:
            self._move_period(changes.closed_through)

    def _move_period(self, through: date | None) -> None:
        query = self._backend.query(_move_period)
        query.run(self._connection, tenant_number=self._tenant_number, closed_through=through)

    def _number_new(self, account_ids: Sequence[str]) -> None:
        if account_ids:
            numbers = self._backend.next_numbers(self._connection, len(account_ids))
            self._numbers.update(zip(account_ids, numbers, strict=True))

    def _numbers_of(self, account_ids: Iterable[str]) -> dict[str, int]:
        missing = [name for name in account_ids if name not in self._numbers]
        if missing:
            rows = self._rows(
                _account_numbers, tenant_number=self._tenant_number, account_ids=missing
            )
            self._numbers.update({name: number for number, name in rows})
        return self._numbers

    def _rows(self, build: Any, **values: Any) -> Any:
        return self._backend.query(build).rows(self._connection, **values)

    def _items(self, build: Any, **values: Any) -> list[Item]:
        day = self._backend.day
        rows = self._rows(build, tenant_number=self._tenant_number, **values)
        return [read_item(row[0], row[1:], day) for row in rows]

    def _entries(self, build: Any, **values: Any) -> list[Entry]:
        query = self._backend.query(build)
        return fetch_entries(
            self._backend,
            self._connection,
            query,
            tenant_number=self._tenant_number,
            **values,
        )


def _lock_accounts(backend: SqlBackend) -> Select[Any]:
    return (
        select(*ACCOUNT_COLUMNS)
        .where(_account.c.tenant_number == bindparam("tenant_number"))
        .where(backend.among(_account.c.account_id, "account_ids"))
        .order_by(_account.c.number)
        .with_for_update(key_share=True)
    )


def _account_numbers(backend: SqlBackend) -> Select[Any]:
    return (
        select(_account.c.number, _account.c.account_id)
        .where(_account.c.tenant_number == bindparam("tenant_number"))
        .where(backend.among(_account.c.account_id, "account_ids"))
    )


def _find_keys(backend: SqlBackend) -> Select[Any]:
    tenant = schema.tenant
    is_used = (
        (_entry.c.tenant_number == tenant.c.number)
        & backend.among(_entry.c.key, "keys")
        & (_entry.c.step == 0)
    )
    return (
        select(tenant.c.closed_through, _entry.c.key, _entry.c.request_hash)
        .select_from(tenant.outerjoin(_entry, is_used))
        .where(tenant.c.number == bindparam("tenant_number"))
    )


def _move_period(_: SqlBackend) -> Update:
    tenant = schema.tenant
    return (
        update(tenant)
        .where(tenant.c.number == bindparam("tenant_number"))
        .values(closed_through=bindparam("closed_through"))
    )


def _entries_of_commands(backend: SqlBackend) -> Select[Any]:
    found = backend.among(_entry.c.key, "keys")
    of_tenant = _entry.c.tenant_number == bindparam("tenant_number")
    return entries_where(of_tenant, found).order_by(_entry.c.key, _entry.c.step)


def _entry_by_number(_: SqlBackend) -> Select[Any]:
    return entries_where(*_of_account(), _entry.c.seq == bindparam("seq"))


def _reversals(_: SqlBackend) -> Select[Any]:
    is_reversal = _entry.c.reverses == bindparam("seq")
    return entries_where(*_of_account(), is_reversal).order_by(_entry.c.seq)


def _entries_on_item(_: SqlBackend) -> Select[Any]:
    seq: BindParameter[int] = bindparam("seq")
    touching = (
        select(_posting.c.seq)
        .where(
            _posting.c.account_number == _account.c.number,
            _posting.c.seq >= seq,
            or_(_posting.c.item == seq, _posting.c.counter == seq),
        )
        .correlate(_account)
    )
    return entries_where(*_of_account(), _entry.c.seq.in_(touching)).order_by(_entry.c.seq)


def _entries_of_kinds(backend: SqlBackend, are_sparse: bool) -> Select[Any]:
    chosen = (
        select(_entry.c.account_number, _entry.c.seq)
        .join_from(_account, _entry, _entry.c.account_number == _account.c.number)
        .where(_account.c.tenant_number == bindparam("tenant_number"))
        .where(backend.among(_account.c.account_id, "account_ids"))
        .where(backend.among(_entry.c.kind, "kinds"))
    )
    if are_sparse:
        chosen = chosen.where(schema.is_sparse)
    found = chosen.cte("chosen")
    later = _entry.alias("later")
    takes_back = (later.c.account_number == found.c.account_number) & (
        later.c.reverses == found.c.seq
    )
    reversals = select(later.c.account_number, later.c.seq).join_from(found, later, takes_back)
    wanted = select(found.c.account_number, found.c.seq).union(reversals).subquery("wanted")
    is_wanted = (_entry.c.account_number == wanted.c.account_number) & (
        _entry.c.seq == wanted.c.seq
    )
    return entries_where().join(wanted, is_wanted).order_by(_account.c.account_id, _entry.c.seq)


def _of_account() -> Iterable[ColumnElement[bool]]:
    return (
        _account.c.tenant_number == bindparam("tenant_number"),
        _account.c.account_id == bindparam("account_id"),
    )


def _items_where(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(_account.c.account_id, *ITEM_COLUMNS)
        .join_from(_account, _item, _item.c.account_number == _account.c.number)
        .where(_account.c.tenant_number == bindparam("tenant_number"), *conditions)
        .order_by(_account.c.account_id, _item.c.seq)
    )


def _live_items(backend: SqlBackend) -> Select[Any]:
    return _items_where(backend.among(_account.c.account_id, "account_ids"), schema.is_live)


def _items_by_number(backend: SqlBackend) -> Select[Any]:
    is_account = _account.c.account_id == bindparam("account_id")
    return _items_where(is_account, backend.among(_item.c.seq, "seqs"))


def _items_by_document(_: SqlBackend) -> Select[Any]:
    is_account = _account.c.account_id == bindparam("account_id")
    return _items_where(is_account, _item.c.document == bindparam("document"))
