"""beancount, a program of others, checks the books. It is GPL: nothing but tests imports it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Transaction

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.export import to_beancount
from telcrm.ledger.export.chart import legal_part
from telcrm.ledger.journal import EntryKind
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.stores.protocol import AsOf

SEEDS = range(6)
BusyLedger = Callable[[int], Ledger]
Balances = dict[tuple[str, str], Decimal]


def load(lines: Iterable[str]) -> tuple[list[Any], list[str]]:
    """Return what beancount reads, and what it objects to."""
    entries, errors, _ = loader.load_string("\n".join(lines))
    return entries, [error.message for error in errors]


def balances(entries: Iterable[Any]) -> Balances:
    """Add up the postings that beancount read, by account and currency."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, Transaction):
            for posting in entry.postings:
                units: Any = posting.units
                sums[posting.account, units.currency] += units.number
    return dict(sums)


def below(sums: Balances, account: str, currency: str) -> Decimal:
    """Return what an account and those below it hold."""
    return sum(
        (
            amount
            for (name, code), amount in sums.items()
            if code == currency and (name == account or name.startswith(account + ":"))
        ),
        Decimal(0),
    )


GL_ACCOUNTS = {
    "receivable": "Assets:Receivable",
    "disputed": "Assets:Disputed",
    "unapplied": "Liabilities:Unapplied",
    "deposit": "Liabilities:Deposit",
    "cash": "Assets:Cash",
    "clearing": "Assets:Clearing",
    "tax": "Liabilities:Tax",
    "revenue": "Income:Revenue",
    "fee_income": "Income:Fee",
    "interest_income": "Income:Interest",
    "recovery": "Income:Recovery",
    "bad_debt": "Expenses:BadDebt",
    "small_balance": "Expenses:SmallBalance",
}


def major(units: int, currency: str) -> Decimal:
    return Money.from_minor(units, currency).amount


def check(ledger: Ledger, as_of: AsOf, found: Balances) -> None:
    """Compare what beancount added up with the trial balance and with each account's sums."""
    trial: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in ledger.store.gl_sums(as_of):
        trial[row.gl, row.currency] += row.debit - row.credit
    for (gl, currency), units in trial.items():
        assert below(found, GL_ACCOUNTS[gl], currency) == major(units, currency), (gl, currency)
    assert sum(found.values()) == 0
    for held in ledger.store.sums(None, as_of):
        if held.account_id == "~books":
            continue
        part = legal_part(held.account_id)
        for name, units in (
            (f"Assets:Receivable:{part}", held.receivable),
            (f"Assets:Disputed:{part}", held.disputed),
            (f"Liabilities:Unapplied:{part}", -held.unapplied),
            (f"Liabilities:Deposit:{part}", -held.deposit),
        ):
            assert below(found, name, held.currency) == major(units, held.currency), name


@pytest.mark.parametrize("seed", SEEDS)
def test_beancount_finds_no_error_and_the_same_balances(busy_ledger: BusyLedger, seed: int) -> None:
    ledger = busy_ledger(seed)
    entries, errors = load(to_beancount(ledger.store))
    assert errors == []
    check(ledger, AsOf(), balances(entries))


def test_the_books_use_every_kind_of_posting(busy_ledger: BusyLedger) -> None:
    kinds, accounts = set(), set()
    for seed in SEEDS:
        for _, entries, _ in busy_ledger(seed).store.journals():
            kinds |= {entry.kind for entry in entries if entry.postings}
            accounts |= {posting.gl for entry in entries for posting in entry.postings}
    assert accounts == GL_ACCOUNTS.keys()
    assert kinds >= {
        EntryKind.CHARGE, EntryKind.CREDIT_NOTE, EntryKind.PAYMENT, EntryKind.REFUND,
        EntryKind.REVERSAL, EntryKind.ALLOCATION, EntryKind.DEPOSIT_TAKEN, EntryKind.DEPOSIT_USED,
        EntryKind.DEPOSIT_RETURNED, EntryKind.OFFSET, EntryKind.TRANSFER, EntryKind.WRITE_OFF,
        EntryKind.RECOVERY, EntryKind.SMALL_BALANCE, EntryKind.DISPUTE, EntryKind.DISPUTE_RELEASE,
    }  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_as_of_a_day_it_is_the_books_of_that_day(busy_ledger: BusyLedger, seed: int) -> None:
    ledger = busy_ledger(seed)
    day = date(2026, 3, 1)
    entries, errors = load(to_beancount(ledger.store, as_of=day))
    assert errors == []
    found = balances(entries)
    check(ledger, AsOf(day), found)
    assert found != balances(load(to_beancount(ledger.store))[0])


def test_as_recorded_by_an_instant_it_is_what_was_known_then() -> None:
    instant = datetime(2026, 5, 1, tzinfo=UTC)
    now = [instant]
    ledger = Ledger.open("memory://", clock=lambda: now[0])
    ledger.open_account("A", currency="EUR", on=date(2026, 1, 1))
    ledger.pay("A", Money("5", "EUR"), on=date(2026, 1, 2), key="p-1")
    now[0] = datetime(2026, 6, 1, tzinfo=UTC)
    ledger.pay("A", Money("7", "EUR"), on=date(2026, 1, 2), key="p-2")
    text = "\n".join(to_beancount(ledger.store, recorded=instant))
    assert "Entries recorded up to 2026-05-01T00:00:00+00:00" in text
    assert balances(load([text])[0])["Assets:Cash", "EUR"] == 5
    with pytest.raises(ParameterError, match="aware"):
        list(to_beancount(ledger.store, recorded=datetime(2026, 5, 1)))


def numbers_of(lines: list[str], pattern: str) -> list[int]:
    return [number for number, line in enumerate(lines) if re.search(pattern, line)]


def one_unit_more(line: str) -> str:
    """Add one in the last place of the only amount in a line."""

    def more(found: re.Match[str]) -> str:
        amount = Decimal(found[0])
        return str(amount + Decimal(1).scaleb(int(amount.as_tuple().exponent)))

    return re.sub(r"(?<=  )-?[0-9]+(\.[0-9]+)?(?= )", more, line, count=1)


@pytest.mark.parametrize("currency", ["EUR", "KWD", "JPY"])
def test_a_posting_that_is_off_by_one_unit_is_caught(
    busy_ledger: BusyLedger, currency: str
) -> None:
    lines = list(to_beancount(busy_ledger(0).store))
    at = numbers_of(lines, rf"^  Assets:Cash  .* {currency}$")[0]
    lines[at] = one_unit_more(lines[at])
    errors = load(lines)[1]
    assert any("does not balance" in error for error in errors)


@pytest.mark.parametrize("currency", ["EUR", "KWD", "JPY"])
def test_a_balance_that_is_off_by_one_unit_is_caught(
    busy_ledger: BusyLedger, currency: str
) -> None:
    clean = list(to_beancount(busy_ledger(0).store))
    claims = numbers_of(clean, rf" balance .* ~ 0 {currency}$")
    assert claims
    for at in claims:
        lines = [*clean]
        lines[at] = one_unit_more(lines[at])
        assert lines[at] != clean[at]
    lines = [one_unit_more(line) if at in claims else line for at, line in enumerate(clean)]
    errors = load(lines)[1]
    assert len(errors) == len(claims)
    assert all("Balance failed" in error for error in errors)


def test_an_entry_that_is_left_out_is_caught(busy_ledger: BusyLedger) -> None:
    lines = list(to_beancount(busy_ledger(0).store))
    start = numbers_of(lines, r"^\S+ \* .*#payment")[0]
    end = next(at for at in range(start, len(lines)) if not lines[at])
    errors = load(lines[:start] + lines[end:])[1]
    assert any("Balance failed" in error for error in errors)


def test_names_keys_and_kinds_come_through(busy_ledger: BusyLedger) -> None:
    ledger = busy_ledger(1)
    entries, _ = load(to_beancount(ledger.store))
    read = {
        (
            entry.meta["entry"],
            entry.meta["key"],
            entry.meta.get("reverses"),
            entry.date,
            *entry.tags,
        )
        for entry in entries
        if isinstance(entry, Transaction)
    }
    booked = {
        (
            entry.entry_id,
            entry.key,
            entry.reverses and f"{entry.account_id}:{entry.reverses}",
            entry.on,
            entry.kind,
        )
        for _, journal, _ in ledger.store.journals()
        for entry in journal
        if entry.postings
    }
    assert read == booked


def test_entries_of_one_command_share_a_link(busy_ledger: BusyLedger) -> None:
    entries, _ = load(to_beancount(busy_ledger(2).store))
    keys = defaultdict(set)
    for entry in entries:
        if isinstance(entry, Transaction):
            (link,) = entry.links
            keys[link].add(entry.meta["key"])
    assert all(len(one) == 1 for one in keys.values())
    assert len(set.union(*keys.values())) == len(keys)


def test_closed_periods_are_no_entries_of_the_books() -> None:
    ledger = Ledger.open("memory://")
    ledger.open_account("A", currency="EUR", on=date(2026, 1, 1))
    ledger.close_period(date(2026, 1, 31), on=date(2026, 2, 1), key="close")
    text = "\n".join(to_beancount(ledger.store))
    assert "XXX" not in text
    assert "books" not in text
    assert load([text])[1] == []


def test_books_that_end_on_the_last_day_of_the_calendar_are_refused() -> None:
    ledger = Ledger.open("memory://")
    ledger.open_account("A", currency="EUR", on=date(2026, 1, 1))
    ledger.pay("A", Money("5", "EUR"), on=date.max, key="p")
    with pytest.raises(ParameterError, match="9999-12-31"):
        list(to_beancount(ledger.store))
