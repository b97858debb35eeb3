"""Random books, booked without a ledger: what check_ledger_store writes to a store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from random import Random
from typing import Any, Final

from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
    apply,
    chain_hash,
    chain_start,
)
from telcrm.ledger.stores.protocol import BookChanges

__all__ = ["RandomBooks"]

ACCOUNT_IDS: Final = ("A-10", "a-10", "A-2", "_x", "B 1", "b'1%", "A-10:1", "Ab")
"""Names that a collation, a LIKE or a careless quote would confuse or put in another order."""

_TEXTS: Final = ("", "Đỗ Thị Hòa", "Ho\u0300a", "🙂", 'O\'Neil \\ "x"\n\t%_', "ẞß", "x" * 300)
_START: Final = date(2024, 1, 1)
_FIRST_INSTANT: Final = 1_704_067_200_000_000
_NATURES: Final = (ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST)
_IN_BALANCE: Final = (GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED)


class RandomBooks:
    """A bookkeeper who makes valid entries at random; the same ones for the same seed.

    Parameters
    ----------
    seed : int
    tenant : str
    max_amount : int
        Minor units.

    Notes
    -----
    Items are never moved at a date before their last one, while entries of other items of the
    account may be backdated. Recording instants do not go back, and repeat at times.
    """

    def __init__(self, seed: int, *, tenant: str, max_amount: int = 50_000) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret
        self._tenant = tenant
        self._max_amount = max_amount
        self.accounts: dict[str, Account] = {}
        self.items: dict[str, dict[int, Item]] = {}
        self.entries: list[Entry] = []
        self.closed_through: date | None = None
        self._today = _START
        self._now_us = _FIRST_INSTANT
        self._commands = 0
        self._last_moved_by: dict[tuple[str, int], int] = {}
        self._reversed: set[tuple[str, int]] = set()
        self._actions: Sequence[Callable[[], bool]] = (
            *(self._charge, self._charge, self._charge, self._pay, self._pay, self._credit),
            *(self._open, self._allocate, self._allocate, self._reverse, self._reverse),
            *(self._take_deposit, self._use_deposit, self._dispute, self._release),
            *(self._write_off, self._recover, self._transfer, self._dun, self._change),
        )

    def transactions(self, count: int) -> Iterator[BookChanges]:
        """Book on, and tell what each of some transactions changes."""
        for nth in range(count):
            self._today += timedelta(days=self._random.randint(0, 12))
            self._now_us += self._random.choice((0, 1, 86_400_000_000))
            if nth and nth % 20 == 0:
                yield self._close_period()
            else:
                yield self.changes(self._at_random)

    def changes(self, *work: Callable[[], object]) -> BookChanges:
        """Do some work and return what it changed."""
        accounts, first = set(self.accounts), len(self.entries)
        items = {(name, seq) for name, kept in self.items.items() for seq in kept}
        for do in work:
            do()
        entries = self.entries[first:]
        names = dict.fromkeys(entry.account_id for entry in entries)
        touched = dict.fromkeys(
            (entry.account_id, seq) for entry in entries for seq in _items(entry)
        )
        return BookChanges(
            entries=tuple(entries),
            new_accounts=[replace(self.accounts[name]) for name in names if name not in accounts],
            accounts=[replace(self.accounts[name]) for name in names if name in accounts],
            new_items=[replace(self.items[at[0]][at[1]]) for at in touched if at not in items],
            items=[replace(self.items[at[0]][at[1]]) for at in touched if at in items],
        )

    def open_account(self, account_id: str, *, currency: str = "EUR") -> None:
        """Open an account of a name."""
        self.accounts[account_id] = Account(account_id, currency, self._today)
        self.items[account_id] = {}
        self._command(
            account_id, EntryKind.OPEN_ACCOUNT, self._today, content=self._terms(currency)
        )

    def charge(self, account_id: str, amount: int) -> None:
        """Charge an account."""
        account = self.accounts[account_id]
        on = max(account.opened_on, self._some_day())
        opens = ItemOpening(
            self._random.choice(_NATURES),
            self._random.choice((None, "INV-1", "inv-1", f"INV-{len(self.entries)}")),
            on + timedelta(days=self._random.choice((0, 14, 30))),
            amount,
        )
        tax = amount // 6
        seq = account.seq + 1
        self._command(
            account_id,
            EntryKind.CHARGE,
            on,
            *_lines(GlAccount.RECEIVABLE, seq, None, amount - tax, tax),
            Posting(GlAccount.REVENUE, opens.kind, None, None, tax - amount),
            *((Posting(GlAccount.TAX, "", None, None, -tax),) if tax else ()),
            opens=opens,
        )

    def book_extremes(self) -> None:
        """Fill an account's fields to their limits, and close it."""
        name, far, before = "}" * 64, date(9999, 12, 31), (self._today, self._now_us)
        self._today = date(1900, 1, 1)
        self.open_account(name, currency="JPY")
        amount = 10**15 - 1
        lines = (
            Posting(GlAccount.RECEIVABLE, "net", 2, None, amount),
            Posting(GlAccount.REVENUE, "r" * 40, None, None, 1 - amount),
            Posting(GlAccount.TAX, "", None, None, -1),
        )
        opens = ItemOpening(ItemKind.SERVICE, "D" * 64, far, amount)
        everything = {"said": "".join(_TEXTS) * 300, "facts": {"\x7f": [1e300, None, True]}}
        self._command(name, EntryKind.CHARGE, far, *lines, opens=opens, content=everything)
        self._now_us = 253_402_300_799_999_999
        undone = (line._replace(amount=-line.amount) for line in lines)
        self._command(name, EntryKind.REVERSAL, far, *undone, reverses=2)
        self._command(name, EntryKind.CLOSE_ACCOUNT, far)
        self._today, self._now_us = before

    def _at_random(self) -> None:
        for _ in range(self._random.choice((1, 1, 2, 4))):
            while not self._random.choice(self._actions)():
                pass

    def _close_period(self) -> BookChanges:
        self.closed_through = self._random.choice((None, _START, self._today))
        return replace(self.changes(), closed_through=self.closed_through, moves_period=True)

    def _open(self) -> bool:
        free = [name for name in ACCOUNT_IDS if name not in self.accounts]
        if free:
            self.open_account(free[0], currency=self._random.choice(("EUR", "EUR", "JPY")))
        return bool(free)

    def _change(self) -> bool:
        account = self._account()
        self._command(
            account.account_id,
            EntryKind.CHANGE_ACCOUNT,
            self._today,
            content=self._terms(account.currency),
        )
        return True

    def _terms(self, currency: str) -> dict[str, Any]:
        amount = self._random.choice((None, "0", "900"))
        return {
            "command": {
                "party_id": self._random.choice((None, "P-1", "p-1")),
                "customer_class": self._random.choice((None, "hospital")),
                "credit_limit": amount and {"amount": amount, "currency": currency},
            }
        }

    def _dun(self) -> bool:
        account = self._account()
        facts = {
            "policy": self._random.choice(_TEXTS),
            "on": self._today.isoformat(),
            "state": {"level": self._random.randint(0, 5), "note": self._random.choice(_TEXTS)},
        }
        name = account.account_id
        self._command(name, EntryKind.DUNNING, self._today, content={"facts": facts})
        return True

    def _charge(self) -> bool:
        self.charge(self._account().account_id, self._random.randint(1, self._max_amount))
        return True

    def _pay(self) -> bool:
        return self._settle_out_of(EntryKind.PAYMENT, GlAccount.CASH, ItemKind.CREDIT)

    def _credit(self) -> bool:
        return self._settle_out_of(EntryKind.CREDIT_NOTE, GlAccount.REVENUE, ItemKind.CREDIT)

    def _take_deposit(self) -> bool:
        return self._settle_out_of(EntryKind.DEPOSIT_TAKEN, GlAccount.CASH, ItemKind.DEPOSIT)

    def _settle_out_of(self, kind: EntryKind, source: GlAccount, opens: ItemKind) -> bool:
        account = self._account()
        amount = self._random.randint(1, self._max_amount)
        on = max(account.opened_on, self._some_day())
        seq = account.seq + 1
        held = GlAccount.DEPOSIT if opens is ItemKind.DEPOSIT else GlAccount.UNAPPLIED
        lines = []
        if opens is ItemKind.CREDIT and self._random.random() < 0.7:
            debts = [debt for debt in self._debts(account) if debt.last_on <= on][:2]
            lines = [line for line in _match(held, seq, amount, debts) if line.item != seq]
        waiting = amount + sum(line.amount for line in lines)
        if waiting:
            lines.append(Posting(held, "", seq, None, -waiting))
        opening = ItemOpening(opens, self._random.choice((None, "PAY-1")), None, amount)
        cash = Posting(source, "", None, None, amount)
        self._command(account.account_id, kind, on, cash, *lines, opens=opening)
        return True

    def _allocate(self) -> bool:
        return self._apply_held(EntryKind.ALLOCATION, GlAccount.UNAPPLIED, ItemKind.CREDIT)

    def _use_deposit(self) -> bool:
        return self._apply_held(EntryKind.DEPOSIT_USED, GlAccount.DEPOSIT, ItemKind.DEPOSIT)

    def _apply_held(self, kind: EntryKind, gl: GlAccount, of: ItemKind) -> bool:
        account = self._account()
        kept = self.items[account.account_id].values()
        held = [item for item in kept if item.kind == of and item.open]
        debts = self._debts(account)[:3]
        if not held or not debts:
            return False
        on = self._day_after(account, held[0], *debts)
        lines = _match(gl, held[0].seq, held[0].open, debts)
        self._command(account.account_id, kind, on, *lines)
        return True

    def _dispute(self) -> bool:
        return self._move_debt(
            EntryKind.DISPUTE,
            lambda debt: (debt.open_net, debt.open_tax),
            lambda seq, net, tax: [
                *_lines(GlAccount.RECEIVABLE, seq, None, -net, -tax),
                *_lines(GlAccount.DISPUTED, seq, None, net, tax),
            ],
        )

    def _release(self) -> bool:
        return self._move_debt(
            EntryKind.DISPUTE_RELEASE,
            lambda debt: (debt.disputed_net, debt.disputed_tax),
            lambda seq, net, tax: [
                *_lines(GlAccount.DISPUTED, seq, None, -net, -tax),
                *_lines(GlAccount.RECEIVABLE, seq, None, net, tax),
            ],
        )

    def _write_off(self) -> bool:
        return self._move_debt(
            EntryKind.WRITE_OFF,
            lambda debt: (debt.open_net, debt.open_tax),
            lambda seq, net, tax: [
                *_lines(GlAccount.RECEIVABLE, seq, None, -net, -tax),
                Posting(GlAccount.BAD_DEBT, "", seq, None, net + tax),
            ],
        )

    def _recover(self) -> bool:
        return self._move_debt(
            EntryKind.RECOVERY,
            lambda debt: (debt.written_off - debt.recovered, 0),
            lambda seq, net, _: [
                Posting(GlAccount.CASH, "", None, None, net),
                Posting(GlAccount.RECOVERY, "", seq, None, -net),
            ],
        )

    def _move_debt(
        self,
        kind: EntryKind,
        available: Callable[[Item], tuple[int, int]],
        lines: Callable[[int, int, int], list[Posting]],
    ) -> bool:
        account = self._account()
        kept = self.items[account.account_id].values()
        debts = [item for item in kept if ItemKind(item.kind).is_debt and any(available(item))]
        if not debts:
            return False
        debt = self._random.choice(debts)
        net, tax = available(debt)
        net -= self._random.choice((0, net // 2))
        on = self._day_after(account, debt)
        self._command(account.account_id, kind, on, *lines(debt.seq, net, tax))
        return True

    def _transfer(self) -> bool:
        source, target = self._account(), self._account()
        debts = self._debts(source)
        if source is target or source.currency != target.currency or not debts:
            return False
        debt = debts[0]
        on = max(self._day_after(source, debt), target.opened_on)
        net, tax = debt.open_net, debt.open_tax
        self._command(
            source.account_id,
            EntryKind.TRANSFER,
            on,
            *_lines(GlAccount.RECEIVABLE, debt.seq, None, -net, -tax),
            Posting(GlAccount.CLEARING, "", None, None, net + tax),
        )
        self._post(
            target.account_id,
            EntryKind.TRANSFER,
            on,
            *_lines(GlAccount.RECEIVABLE, target.seq + 1, None, net, tax),
            Posting(GlAccount.CLEARING, "", None, None, -net - tax),
            opens=ItemOpening(debt.kind, debt.document, debt.due_on, net + tax),
            step=1,
        )
        return True

    def _reverse(self) -> bool:
        found = [entry for entry in self.entries if self._can_be_reversed(entry)]
        if not found:
            return False
        entry = self._random.choice(found)
        account = self.accounts[entry.account_id]
        moved = [self.items[entry.account_id][seq] for seq in _items(entry)]
        self._reversed.add((entry.account_id, entry.seq))
        self._command(
            entry.account_id,
            EntryKind.REVERSAL,
            self._day_after(account, *moved),
            *(line._replace(amount=-line.amount) for line in entry.postings),
            reverses=entry.seq,
        )
        return True

    def _can_be_reversed(self, entry: Entry) -> bool:
        name = entry.account_id
        return (
            bool(entry.postings)
            and entry.kind not in (EntryKind.REVERSAL, EntryKind.TRANSFER)
            and (name, entry.seq) not in self._reversed
            and all(self._last_moved_by[name, seq] == entry.seq for seq in _items(entry))
        )

    def _account(self) -> Account:
        if not self.accounts:
            self._open()
        return self._random.choice(list(self.accounts.values()))

    def _debts(self, account: Account) -> list[Item]:
        kept = self.items[account.account_id].values()
        debts = [item for item in kept if ItemKind(item.kind).is_debt and item.open]
        return self._random.sample(debts, len(debts))

    def _some_day(self) -> date:
        return self._today - timedelta(days=self._random.choice((0, 0, 0, 1, 40)))

    def _day_after(self, account: Account, *items: Item) -> date:
        return max(account.opened_on, self._some_day(), *(item.last_on for item in items))

    def _command(
        self,
        account_id: str,
        kind: EntryKind,
        on: date,
        *postings: Posting,
        opens: ItemOpening | None = None,
        reverses: int | None = None,
        content: dict[str, Any] | None = None,
    ) -> None:
        self._commands += 1
        said = {"note": self._random.choice(_TEXTS)} if content is None else content
        self._post(
            account_id, kind, on, *postings, opens=opens, reverses=reverses, content=said, step=0
        )

    def _post(
        self,
        account_id: str,
        kind: EntryKind,
        on: date,
        *postings: Posting,
        step: int,
        opens: ItemOpening | None = None,
        reverses: int | None = None,
        content: dict[str, Any] | None = None,
    ) -> None:
        account = self.accounts[account_id]
        # Keys that differ only in case.
        key = f"{'kK'[self._commands % 2]}-{self._commands // 2}"
        body = json.dumps(content or {}, ensure_ascii=False)
        entry = Entry(
            account_id=account_id,
            seq=account.seq + 1,
            kind=kind.value,
            key=key,
            step=step,
            on=on,
            recorded_us=self._now_us,
            currency=account.currency,
            request_hash=sha256(key.encode()).hexdigest(),
            body=body,
            reverses=reverses,
            opens=opens and opens._replace(kind=str(opens.kind)),
            postings=tuple(x._replace(gl=str(x.gl), detail=str(x.detail)) for x in postings),
            balance=account.balance + sum(x.amount for x in postings if x.gl in _IN_BALANCE),
            hash="",
        )
        previous = account.hash or chain_start(self._tenant, account_id)
        entry = entry._replace(hash=chain_hash(previous, entry))
        apply(entry, account, self.items[account_id])
        self.entries.append(entry)
        self._last_moved_by |= {(account_id, seq): entry.seq for seq in _items(entry)}


def _items(entry: Entry) -> list[int]:
    opened = [entry.seq] if entry.opens else []
    moved = [line.item for line in entry.postings if line.item is not None]
    return list(dict.fromkeys(opened + moved))


def _lines(gl: GlAccount, item: int, counter: int | None, net: int, tax: int) -> list[Posting]:
    parts = (("net", net), ("tax", tax))
    return [Posting(gl, detail, item, counter, amount) for detail, amount in parts if amount]


def _match(gl: GlAccount, held: int, amount: int, debts: Sequence[Item]) -> list[Posting]:
    lines = []
    for debt in debts:
        net = min(debt.open_net, amount)
        tax = min(debt.open_tax, amount - net)
        amount -= net + tax
        if net + tax:
            lines += _lines(GlAccount.RECEIVABLE, debt.seq, held, -net, -tax)
            lines.append(Posting(gl, "", held, debt.seq, net + tax))
    return lines
