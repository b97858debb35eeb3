"""The books as canonical tables: they keep their contracts and add up to the ledger's own sums."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from telcrm.domain import Invoice, Money, Payment
from telcrm.errors import ParameterError
from telcrm.ledger import commands as asked
from telcrm.ledger.export import to_tables
from telcrm.ledger.export.documents import bills
from telcrm.ledger.export.documents import payments as payments_of
from telcrm.ledger.export.history import histories
from telcrm.ledger.export.tables import _Invoices, _Payments
from telcrm.ledger.journal import EntryKind, GlAccount, ItemKind
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.stores.protocol import AsOf
from telcrm.tables import validate

BusyLedger = Callable[[int], Ledger]
EUR = "EUR"


def day(month: int, number: int) -> date:
    return date(2026, month, number)


def eur(amount: str) -> Money:
    return Money(amount, EUR)


@pytest.fixture
def ledger() -> Ledger:
    """Two accounts of one party, with an invoice of 120 of which 20 is tax."""
    books = Ledger.open("memory://")
    for name in ("A", "B"):
        books.open_account(name, currency=EUR, on=day(1, 1), party_id="P")
    books.charge(
        "A", eur("120"), tax=eur("20"), on=day(1, 2), due=day(1, 16), key="c", document="INV"
    )
    return books


def invoices(ledger: Ledger, **of: Any) -> dict[str, dict[str, Any]]:
    table = to_tables(ledger.store, **of)["invoices"]
    return {row["invoice_id"]: row for row in table.to_dicts()}


def payments(ledger: Ledger, **of: Any) -> dict[str, dict[str, Any]]:
    table = to_tables(ledger.store, **of)["payments"]
    return {row["payment_id"]: row for row in table.to_dicts()}


@pytest.mark.parametrize("backend", ["polars", "pandas", "pyarrow"])
@pytest.mark.parametrize("as_of", [None, date(2026, 2, 20), date(2025, 1, 1)])
def test_random_books_keep_the_contracts(
    busy_ledger: BusyLedger, backend: str, as_of: date | None
) -> None:
    for seed in range(4):
        tables = to_tables(busy_ledger(seed).store, as_of=as_of, backend=backend)
        for name, table in tables.items():
            report = validate(table, name, allow_mixed_currencies=True)
            assert report.findings == (), report
            assert bool(report.row_count) is (as_of != date(2025, 1, 1))


@pytest.mark.parametrize("seed", range(4))
def test_every_row_is_a_record(busy_ledger: BusyLedger, seed: int) -> None:
    found = {"invoices": 0, "payments": 0}
    for entries in histories(busy_ledger(seed).store, AsOf()):
        rows = [row.as_it_stands() for row in bills(entries)]
        invoices = _Invoices((row.entry_id, row) for row in rows if row.total)
        received = _Payments(payments_of(entries))
        found["invoices"] += len([record for record in invoices if isinstance(record, Invoice)])
        found["payments"] += len([record for record in received if isinstance(record, Payment)])
    tables = to_tables(busy_ledger(seed).store)
    assert found == {name: len(table) for name, table in tables.items()}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("as_of", [None, date(2026, 2, 20)])
def test_open_amounts_add_up_to_the_balances(
    busy_ledger: BusyLedger, seed: int, as_of: date | None
) -> None:
    store = busy_ledger(seed).store
    table = to_tables(store, as_of=as_of)["invoices"]
    states = store.item_states(None, AsOf(as_of), live=False)
    debts = [state for state in states if ItemKind(state.kind).is_debt]
    for sums in store.sums(None, AsOf(as_of)):
        of_account = table.filter(pl.col("account_id") == sums.account_id)
        owed = of_account.filter(pl.col("total") > 0)["open_amount"].sum()
        units = sum(s.open + s.disputed for s in debts if s.account_id == sums.account_id)
        assert units == sums.receivable + sums.disputed
        assert owed == pytest.approx(float(Money.from_minor(units, sums.currency).amount))


@pytest.mark.parametrize("seed", range(4))
def test_totals_add_up_to_what_was_billed_and_stands(busy_ledger: BusyLedger, seed: int) -> None:
    store = busy_ledger(seed).store
    table = to_tables(store)["invoices"]
    billed, tax = dict.fromkeys(("EUR", "KWD", "JPY"), 0), dict.fromkeys(("EUR", "KWD", "JPY"), 0)
    kinds = (EntryKind.CHARGE, EntryKind.CREDIT_NOTE)
    income = (GlAccount.REVENUE, GlAccount.FEE_INCOME, GlAccount.INTEREST_INCOME)
    for _, journal, _ in store.journals():
        kind_of = {entry.seq: entry.kind for entry in journal}
        for entry in journal:
            if entry.kind in kinds or kind_of.get(entry.reverses or 0) in kinds:
                tax[entry.currency] -= entry.total(GlAccount.TAX).minor_units
                billed[entry.currency] -= entry.total(*income, GlAccount.TAX).minor_units
    for currency, units in billed.items():
        rows = table.filter(pl.col("currency") == currency)
        exact = float(Money.from_minor(units, currency).amount)
        assert rows["total"].sum() == pytest.approx(exact, abs=1e-6)
        exact = float(Money.from_minor(tax[currency], currency).amount)
        assert rows["tax"].sum() == pytest.approx(exact, abs=1e-6)


def test_an_invoice_is_known_by_its_document(ledger: Ledger) -> None:
    ledger.charge("A", eur("1"), on=day(1, 3), due=day(1, 17), key="c2", document="INV")
    ledger.charge("A", eur("2"), on=day(1, 3), due=day(1, 17), key="c3", document="A:5")
    ledger.charge("A", eur("3"), on=day(1, 3), due=day(1, 17), key="c4")
    ledger.charge("A", eur("4"), on=day(1, 3), due=day(1, 17), key="c5")
    found = {name: row["total"] for name, row in invoices(ledger).items()}
    odd = (found.keys() - {"INV", "A:3", "A:5", "A:6"}).pop()
    assert found == {"INV": 120.0, "A:3": 1.0, "A:5": 2.0, odd: 3.0, "A:6": 4.0}
    assert odd.startswith("A:5~")


def test_a_long_name_is_cut_to_a_key() -> None:
    books = Ledger.open("memory://")
    name = "A" * 64
    books.open_account(name, currency=EUR, on=day(1, 1))
    for number in range(12):
        books.charge(name, eur("1"), on=day(1, 2), due=day(1, 2), key=f"c{number}")
    found = invoices(books)
    assert {len(key) for key in found} == {64}
    assert len(found) == 12
    assert found.popitem()[1]["customer_id"] == name


def test_status_follows_the_money(ledger: Ledger) -> None:
    def state() -> tuple[float, str]:
        row = invoices(ledger)["INV"]
        return row["open_amount"], row["status"]

    assert state() == (120.0, "sent")
    ledger.post(asked.Dispute(key="d", account_id="A", on=day(1, 3), item="INV", amount=eur("50")))
    assert state() == (120.0, "sent")
    ledger.pay("A", eur("30"), on=day(1, 4), key="p")
    assert state() == (90.0, "partiallyPaid")
    ledger.post(asked.ReleaseDispute(key="r", account_id="A", on=day(1, 5), item="INV"))
    lost = asked.WriteOff(key="w", account_id="A", on=day(1, 6), reason="gone", approver="boss")
    ledger.post(lost)
    assert state() == (0.0, "partiallyPaid")
    ledger.post(asked.Recover(key="v", account_id="A", on=day(1, 7), amount=eur("90")))
    assert state() == (0.0, "settled")
    assert payments(ledger)["A:7"]["amount"] == 90.0


def test_a_credit_note_is_a_negative_invoice(ledger: Ledger) -> None:
    note = asked.CreditNote(
        key="n", account_id="B", on=day(1, 5), amount=eur("12"), tax=eur("2"), document="CN-1"
    )
    ledger.post(note)
    row = invoices(ledger)["CN-1"]
    assert (row["total"], row["tax"], row["open_amount"]) == (-12.0, -2.0, -12.0)
    assert (row["issued_on"], row["due_on"], row["status"]) == (day(1, 5), day(1, 5), "sent")
    ledger.post(asked.Refund(key="f", account_id="B", on=day(1, 6), amount=eur("5")))
    row = invoices(ledger)["CN-1"]
    assert (row["open_amount"], row["status"]) == (-7.0, "partiallyPaid")


def test_what_was_taken_back_is_no_invoice_and_a_canceled_payment(ledger: Ledger) -> None:
    paid = ledger.pay("A", eur("30"), on=day(1, 4), key="p", method="direct_debit")
    ledger.post(asked.Reverse(key="r1", on=day(1, 5), entry_id=paid.entry_id))
    ledger.post(asked.Reverse(key="r2", on=day(1, 6), entry_id="A:2"))
    assert invoices(ledger) == {}
    row = payments(ledger)[paid.entry_id]
    assert (row["status"], row["method"], row["paid_on"]) == ("canceled", "direct_debit", day(1, 4))
    assert payments(ledger, as_of=day(1, 4))[paid.entry_id]["status"] == "done"
    assert invoices(ledger, as_of=day(1, 5))["INV"]["open_amount"] == 120.0


def test_a_debt_that_was_moved_counts_where_it_is(ledger: Ledger) -> None:
    ledger.pay("A", eur("30"), on=day(1, 4), key="p")
    part = asked.Target(item="INV", amount=eur("60"))
    ledger.post(
        asked.Transfer(key="t", account_id="A", to_account_id="B", on=day(2, 1), items=(part,))
    )
    found = invoices(ledger)
    assert {
        name: (row["total"], row["tax"], row["open_amount"]) for name, row in found.items()
    } == {
        "INV": (60.0, 10.0, 30.0),
        "B:2": (60.0, 10.0, 60.0),
    }
    moved = found["B:2"]
    assert (moved["issued_on"], moved["due_on"]) == (day(1, 16), day(1, 16))
    rest = asked.Target(item="INV")
    ledger.post(
        asked.Transfer(key="t2", account_id="A", to_account_id="B", on=day(2, 1), items=(rest,))
    )
    assert invoices(ledger)["INV"]["status"] == "settled"
    ledger.post(asked.Reverse(key="r", on=day(2, 2), entry_id="B:2"))
    assert invoices(ledger)["INV"]["total"] == 90.0


def test_a_debt_that_was_moved_whole_is_not_there_any_more(ledger: Ledger) -> None:
    whole = asked.Target(item="INV")
    ledger.post(
        asked.Transfer(key="t", account_id="A", to_account_id="B", on=day(1, 5), items=(whole,))
    )
    (row,) = invoices(ledger).values()
    assert (row["account_id"], row["total"], row["issued_on"]) == ("B", 120.0, day(1, 5))


def test_the_customer_is_the_party_of_the_day(ledger: Ledger) -> None:
    ledger.post(asked.ChangeAccount(key="x", account_id="A", on=day(3, 1), party_id="Q"))
    assert invoices(ledger)["INV"]["customer_id"] == "Q"
    assert invoices(ledger, as_of=day(2, 28))["INV"]["customer_id"] == "P"
    ledger.post(asked.ChangeAccount(key="y", account_id="A", on=day(3, 2)))
    assert invoices(ledger)["INV"]["customer_id"] == "A"


def test_deposits_are_no_payments(ledger: Ledger) -> None:
    ledger.post(asked.TakeDeposit(key="d", account_id="A", on=day(1, 3), amount=eur("50")))
    ledger.post(asked.UseDeposit(key="u", account_id="A", on=day(1, 4), amount=eur("50")))
    assert payments(ledger) == {}
    assert invoices(ledger)["INV"]["status"] == "partiallyPaid"


def test_arguments_are_checked(ledger: Ledger) -> None:
    with pytest.raises(ParameterError, match="backend"):
        to_tables(ledger.store, backend="excel")
    with pytest.raises(ParameterError, match="aware"):
        to_tables(ledger.store, recorded=datetime(2026, 1, 1))
    assert invoices(ledger, recorded=datetime(2026, 1, 1, tzinfo=UTC)) == {}
