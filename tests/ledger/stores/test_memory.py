"""The reference semantics on books small enough to add up by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from telcrm.errors import CorruptStoreError, ParameterError
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
)
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    BookChanges,
    GlSum,
    ItemMovement,
    ItemState,
    KeyUse,
    LedgerStore,
    StoreTransaction,
)

EVER = AsOf()
OPENED, BILLED, PAID, CONTESTED = (date(2026, month, 10) for month in (1, 2, 3, 4))
LOST, RECOVERED = date(2026, 5, 10), date(2026, 6, 10)


class Clerk:
    """Books entries of one account; each is recorded one microsecond after the one before."""

    def __init__(self, store: MemoryStore, name: str = "A-1") -> None:
        self.store = store
        self.account = Account(name, "EUR", OPENED)
        self.items: dict[int, Item] = {}
        self.post(EntryKind.OPEN_ACCOUNT, OPENED)

    def post(
        self,
        kind: EntryKind,
        on: date,
        *postings: Posting,
        opens: ItemOpening | None = None,
        reverses: int | None = None,
    ) -> Entry:
        seq = self.account.seq + 1
        key = f"{self.account.account_id}/{seq}"
        entry = Entry(
            *(self.account.account_id, seq, kind.value, key, 0, on, seq, "EUR", f"hash of {key}"),
            *("{}", reverses, opens, postings, 0, f"chained {key}"),
        )
        new, before = self.account.seq == 0, set(self.items)
        apply(entry, self.account, self.items)
        moved = {line.item for line in postings if line.item}
        changes = BookChanges(
            [entry],
            [self.account] if new else [],
            [] if new else [self.account],
            [self.items[one] for one in self.items if one not in before],
            [self.items[one] for one in moved if one in before],
        )
        self.store.transact(lambda books: books.append(changes))
        return entry

    def settle(self, debt: int, credit: int, amount: int) -> tuple[Posting, ...]:
        return (
            Posting("unapplied", "", credit, debt, amount),
            Posting("receivable", "net", debt, credit, -amount),
        )


@pytest.fixture
def store() -> MemoryStore:
    """Return books with a bill that is partly paid, contested, lost and recovered."""
    store = MemoryStore()
    clerk = Clerk(store)
    clerk.post(
        EntryKind.CHARGE,
        BILLED,
        Posting("receivable", "net", 2, None, 100),
        Posting("receivable", "tax", 2, None, 20),
        Posting("revenue", "usage", None, None, -100),
        Posting("tax", "", None, None, -20),
        opens=ItemOpening("service", "INV-1", date(2026, 2, 24), 120),
    )
    clerk.post(
        EntryKind.PAYMENT,
        PAID,
        Posting("cash", "", None, None, 50),
        Posting("unapplied", "", 3, None, -50),
        opens=ItemOpening("credit", "PAY-1", None, 50),
    )
    clerk.post(EntryKind.ALLOCATION, PAID, *clerk.settle(2, 3, 30))
    clerk.post(
        EntryKind.DISPUTE,
        CONTESTED,
        Posting("receivable", "net", 2, None, -40),
        Posting("disputed", "net", 2, None, 40),
    )
    clerk.post(
        EntryKind.WRITE_OFF,
        LOST,
        Posting("receivable", "net", 2, None, -30),
        Posting("bad_debt", "net", 2, None, 30),
    )
    clerk.post(
        EntryKind.RECOVERY,
        RECOVERED,
        Posting("cash", "", None, None, 10),
        Posting("recovery", "", 2, None, -10),
    )
    return store


def test_is_a_ledger_store(store: MemoryStore) -> None:
    assert isinstance(store, LedgerStore)
    assert store.tenant == "default"


def test_each_store_has_its_own_books(store: MemoryStore) -> None:
    assert MemoryStore().accounts() == []
    assert [account.account_id for account in store.accounts()] == ["A-1"]


@pytest.mark.parametrize(
    ("on", "held"),
    [
        (OPENED, (0, 0, 0, 0, 0)),
        (BILLED, (120, 0, 0, 0, 0)),
        (PAID, (90, 0, 20, 0, 0)),
        (CONTESTED, (50, 40, 20, 0, 0)),
        (LOST, (20, 40, 20, 0, 30)),
        (RECOVERED, (20, 40, 20, 0, 20)),
    ],
)
def test_sums_as_of_an_effective_day(
    store: MemoryStore, on: date, held: tuple[int, int, int, int, int]
) -> None:
    assert store.sums(None, AsOf(on)) == [AccountSums("A-1", "EUR", *held)]


def test_sums_as_of_an_instant_of_recording(store: MemoryStore) -> None:
    assert store.sums(["A-1"], AsOf(recorded_us=3)) == [AccountSums("A-1", "EUR", 120, 0, 50, 0, 0)]
    assert store.sums(["A-1"], AsOf(BILLED, 3))[0].unapplied == 0


def test_an_account_is_left_out_before_it_opened(store: MemoryStore) -> None:
    assert store.sums(None, AsOf(date(2026, 1, 9))) == []
    assert store.sums(None, AsOf(recorded_us=0)) == []
    assert store.sums(["A-9"], EVER) == []
    assert store.sums([], EVER) == []


def test_item_states(store: MemoryStore) -> None:
    bill = ItemState(
        *("A-1", 2, "service", "INV-1", BILLED, date(2026, 2, 24), 120),
        open=20,
        disputed=40,
        written_off=20,
    )
    payment = ItemState(
        "A-1", 3, "credit", "PAY-1", PAID, None, 50, open=20, disputed=0, written_off=0
    )
    assert store.item_states(None, EVER) == [bill, payment]
    assert store.item_states(None, AsOf(BILLED)) == [
        bill._replace(open=120, disputed=0, written_off=0)
    ]


def test_live_leaves_out_what_has_nothing_left() -> None:
    store = MemoryStore()
    clerk = Clerk(store)
    opens = ItemOpening("fee", None, BILLED, 5)
    lines = (Posting("receivable", "net", 2, None, 5), Posting("fee_income", "", None, None, -5))
    clerk.post(EntryKind.CHARGE, BILLED, *lines, opens=opens)
    undone = (line._replace(amount=-line.amount) for line in lines)
    clerk.post(EntryKind.REVERSAL, PAID, *undone, reverses=2)
    assert store.item_states(None, EVER) == []
    assert [state.open for state in store.item_states(None, EVER, live=False)] == [0]
    assert len(store.item_states(None, AsOf(BILLED))) == 1
    assert store.aging([PAID], None, EVER) == []


def test_aging_puts_a_debt_due_on_an_edge_in_the_younger_bucket(store: MemoryStore) -> None:
    due_on = date(2026, 2, 24)
    row = AgingSums("A-1", "EUR", (20, 0), disputed=40, unapplied=20, oldest_due_on=None)
    assert store.aging([due_on], None, EVER) == [row]
    later = date(2026, 2, 25)
    past_due = row._replace(buckets=(0, 20), oldest_due_on=due_on)
    assert store.aging([later], None, EVER) == [past_due]
    edges = [later, due_on, date(2026, 1, 1)]
    assert store.aging(edges, None, EVER)[0].buckets == (0, 20, 0, 0)
    edges = [date(2026, 4, 1), later, date(2026, 1, 1)]
    assert store.aging(edges, None, EVER)[0].buckets == (0, 0, 20, 0)
    assert store.aging([date(2026, 5, 1), date(2026, 4, 1)], None, EVER)[0].buckets == (0, 0, 20)


def test_aging_shows_unapplied_credit_alone_and_no_deposit() -> None:
    store = MemoryStore()
    for name, gl, kind in (("A-1", "deposit", "deposit"), ("A-2", "unapplied", "credit")):
        Clerk(store, name).post(
            EntryKind.PAYMENT,
            PAID,
            Posting("cash", "", None, None, 7),
            Posting(gl, "", 2, None, -7),
            opens=ItemOpening(kind, None, None, 7),
        )
    assert store.aging([PAID], None, EVER) == [AgingSums("A-2", "EUR", (0, 0), 0, 7, None)]
    assert [sums.deposit for sums in store.sums(None, EVER)] == [7, 0]


def test_trial_balance(store: MemoryStore) -> None:
    lines = store.gl_sums(EVER)
    assert sum(line.debit - line.credit for line in lines) == 0
    assert GlSum("receivable", "net", "EUR", 100, 100) in lines
    assert GlSum("unapplied", "", "EUR", 30, 50) in lines
    assert store.gl_sums(AsOf(LOST), since=LOST) == [
        GlSum("bad_debt", "net", "EUR", 30, 0),
        GlSum("receivable", "net", "EUR", 0, 30),
    ]


def test_months_of_general_ledger_accounts(store: MemoryStore) -> None:
    assert store.gl_months([GlAccount.RECEIVABLE, GlAccount.CASH], AsOf(CONTESTED)) == {
        ("EUR", "charge", date(2026, 2, 1)): 120,
        ("EUR", "payment", date(2026, 3, 1)): 50,
        ("EUR", "allocation", date(2026, 3, 1)): -30,
        ("EUR", "dispute", date(2026, 4, 1)): -40,
    }


def test_movements_leave_out_what_changes_nothing_that_is_owed(store: MemoryStore) -> None:
    moved = [
        ItemMovement("A-1", 2, 2, "charge", BILLED, 120),
        ItemMovement("A-1", 2, 4, "allocation", PAID, -30),
        ItemMovement("A-1", 2, 6, "write_off", LOST, -30),
    ]
    assert list(store.movements(EVER, None)) == moved
    assert list(store.movements(AsOf(PAID), ["A-1"])) == moved[:2]
    assert store.transact(lambda books: books.movements([("A-1", 2), ("A-1", 3)])) == moved
    assert store.transact(lambda books: books.movements([("A-1", 3)])) == []


def test_entries_from_after_a_number(store: MemoryStore) -> None:
    found = store.entries("A-1", AsOf(CONTESTED), after=1, limit=2)
    assert [entry.seq for entry in found] == [2, 3]
    assert [entry.seq for entry in store.entries("A-1", AsOf(LOST), after=4)] == [5, 6]
    assert store.entries("A-9", EVER) == []


def test_feed_goes_on_where_it_stopped(store: MemoryStore) -> None:
    first = store.feed(None, 5)
    second = store.feed(first.cursor, 5)
    assert [entry.seq for entry in (*first.entries, *second.entries)] == [1, 2, 3, 4, 5, 6, 7]
    assert store.feed(second.cursor, 5) == second._replace(entries=())
    Clerk(store, "A-2")
    assert [entry.account_id for entry in store.feed(second.cursor, 5).entries] == ["A-2"]


def test_feed_of_some_kinds(store: MemoryStore) -> None:
    page = store.feed(None, 1, kinds=["payment", "recovery"])
    assert [entry.seq for entry in page.entries] == [3]
    assert [e.seq for e in store.feed(page.cursor, 9, kinds=["payment", "recovery"]).entries] == [7]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "\u0661"])
def test_feed_refuses_what_is_no_cursor(store: MemoryStore, cursor: str) -> None:
    with pytest.raises(ParameterError, match="no cursor of this feed"):
        store.feed(cursor, 1)


def ask(store: MemoryStore, question: str, *args: object) -> object:
    return store.transact(lambda books: getattr(books, question)(*args))


def seqs(found: object) -> list[int]:
    assert isinstance(found, list)
    return [one.seq for one in found]


def test_lookups(store: MemoryStore) -> None:
    assert seqs(ask(store, "live_items", ["A-1", "A-9"])) == [2, 3]
    assert seqs(ask(store, "items", "A-1", [3, 2, 3, 1, 99])) == [2, 3]
    assert seqs(ask(store, "items_by_document", "A-1", "PAY-1")) == [3]
    assert seqs(ask(store, "items_by_document", "A-1", "pay-1")) == []
    assert seqs(ask(store, "entries_on_item", "A-1", 3)) == [3, 4]
    assert seqs(ask(store, "entries_on_item", "A-1", 2)) == [2, 4, 5, 6, 7]
    assert [ask(store, "entry", "A-1", seq) for seq in (0, 8)] == [None, None]
    assert ask(store, "entry", "A-9", 1) is None
    assert ask(store, "reversal_of", "A-1", 2) is None


def test_keys_and_steps(store: MemoryStore) -> None:
    keys = ["A-1/2", "none"]
    assert ask(store, "find_keys", keys) == (None, {"A-1/2": KeyUse("A-1/2", "hash of A-1/2")})
    found = ask(store, "command_entries", keys)
    assert isinstance(found, dict)
    assert {key: seqs(entries) for key, entries in found.items()} == {"A-1/2": [2]}


def test_reversals_come_with_the_kind_that_they_take_back(store: MemoryStore) -> None:
    clerk = Clerk(store, "A-0")
    payment = clerk.post(
        EntryKind.PAYMENT,
        PAID,
        Posting("cash", "", None, None, 7),
        Posting("unapplied", "", 2, None, -7),
        opens=ItemOpening("credit", None, None, 7),
    )
    undone = (line._replace(amount=-line.amount) for line in payment.postings)
    reversal = clerk.post(EntryKind.REVERSAL, PAID, *undone, reverses=2)
    assert ask(store, "reversal_of", "A-0", 2) == reversal
    found = ask(store, "entries_of_kinds", ["A-1", "A-0"], ["payment"])
    assert isinstance(found, list)
    assert [entry.entry_id for entry in found] == ["A-0:2", "A-0:3", "A-1:3"]


def test_accounts_of_a_party() -> None:
    store = MemoryStore()
    owned = [Account(name, "EUR", OPENED, party_id=f"P-{name[-1]}") for name in ("b1", "a1", "a2")]
    store.transact(lambda books: books.append(BookChanges((), owned, (), (), ())))
    assert [one.account_id for one in store.accounts()] == ["a1", "a2", "b1"]
    assert [one.account_id for one in store.accounts(party_id="P-1")] == ["a1", "b1"]
    assert store.account("a3") is None


def test_work_that_raises_leaves_no_trace(store: MemoryStore) -> None:
    before = [*store.journals()], store.feed(None, 99), store.closed_through()

    def work(books: StoreTransaction) -> None:
        account = books.lock(["A-1"])["A-1"]
        entry = replace_entry(store.entries("A-1", EVER)[-1], seq=8, key="A-1/8")
        moved = [replace(item, open_net=1) for item in books.live_items(["A-1"])]
        new = Account("A-2", "EUR", OPENED)
        books.append(BookChanges([entry], [new], [replace(account, seq=8)], (), moved, LOST, True))
        assert books.entry("A-1", 8) == entry
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.transact(work)
    assert ([*store.journals()], store.feed(None, 99), store.closed_through()) == before
    assert ask(store, "command_entries", ["A-1/8"]) == {}
    assert store.account("A-2") is None


def replace_entry(entry: Entry, *, seq: int, key: str) -> Entry:
    return entry._replace(seq=seq, key=key)


@pytest.mark.parametrize(("seq", "key"), [(7, "new"), (9, "new"), (8, "A-1/7")])
def test_a_gap_a_second_number_or_a_second_step_is_refused(
    store: MemoryStore, seq: int, key: str
) -> None:
    entry = replace_entry(store.entries("A-1", EVER)[-1], seq=seq, key=key)
    with pytest.raises(CorruptStoreError, match="cannot be written"):
        store.transact(lambda books: books.append(BookChanges([entry], (), (), (), ())))
    assert len(store.entries("A-1", EVER)) == 7


def test_the_end_of_what_is_closed(store: MemoryStore) -> None:
    nothing: tuple[Sequence[Entry], Sequence[Account]] = ((), ())
    for through in (LOST, BILLED, None):
        changes = BookChanges(*nothing, (), (), (), through, moves_period=True)
        store.transact(lambda books, changes=changes: books.append(changes))  # type: ignore[misc]
        assert store.closed_through() == through
    store.transact(lambda books: books.append(BookChanges(*nothing, (), (), (), LOST)))
    assert store.closed_through() is None


def test_closing_keeps_the_books(store: MemoryStore) -> None:
    store.close()
    assert len(store.entries("A-1", EVER)) == 7


def test_kinds_of_items_are_told_apart() -> None:
    assert [kind for kind in ItemKind if not kind.is_debt] == ["credit", "deposit"]
