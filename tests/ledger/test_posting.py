"""From commands to entries: keys, chunks, and what a refusal leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.ledger.books_for_tests import day, eur

from telcrm.domain import Money
from telcrm.errors import KeyConflictError, LedgerError
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.commands import (
    Charge,
    ClosePeriod,
    CreditNote,
    Dispute,
    LedgerCommand,
    OpenAccount,
    Pay,
    Refund,
    ReopenPeriod,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    read_command,
)
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.posting import post_chunk, utc_now
from telcrm.ledger.receipts import Outcome, PostingStatus
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.opening import open_store
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

_numbers = count(1)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POSTED, REPLAYED, REFUSED, ROLLED_BACK = PostingStatus


def chunk(
    store: LedgerStore, commands: Sequence[LedgerCommand], *, whole: bool = False
) -> list[Outcome]:
    return post_chunk(
        store, commands, policy=AllocationPolicy(), clock=lambda: NOW, whole=whole, first_index=7
    )


def statuses(outcomes: Sequence[Outcome]) -> list[PostingStatus]:
    return [outcome.status for outcome in outcomes]


def opening(name: str = "A", key: str | None = None) -> OpenAccount:
    return OpenAccount(key=key or f"o{name}", account_id=name, currency="EUR", on=day(1, 1))


def payment(key: str = "p", units: int = 100, name: str = "A") -> Pay:
    return Pay(key=key, account_id=name, amount=Money.from_minor(units, "EUR"), on=day(2, 1))


def dump(store: MemoryStore) -> Any:
    return list(store.journals()), store.closed_through()


def test_the_clock_tells_an_aware_instant() -> None:
    assert utc_now().tzinfo is UTC


def test_an_entry_holds_the_command_as_it_was_given() -> None:
    store = MemoryStore()
    pay = payment().replace(actor="till 7", reason="cash", metadata={"shift": 3, "b": [1, None]})
    _, outcome = chunk(store, [opening(), pay])
    assert outcome.receipt is not None
    entry = outcome.receipt.entry
    assert entry.command == pay.model_dump(mode="json", exclude_none=True)
    assert entry.recorded_at == NOW
    body = entry.body.removeprefix('{"command":').removesuffix("}")
    assert read_command(body) == pay


def test_outcomes_carry_their_places_and_keys() -> None:
    outcomes = chunk(MemoryStore(), [opening(), payment()])
    assert [(one.index, one.key) for one in outcomes] == [(7, "oA"), (8, "p")]


def test_the_same_command_again_is_a_retry() -> None:
    store = MemoryStore()
    first = chunk(store, [opening(), payment()])
    before = dump(store)
    second = chunk(store, [opening(), payment()])
    assert statuses(second) == [REPLAYED, REPLAYED]
    for one, other in zip(first, second, strict=True):
        assert one.receipt is not None
        assert other.receipt is not None
        assert other.receipt.entries == one.receipt.entries
        assert other.receipt.replayed
    assert dump(store) == before


@pytest.mark.parametrize("together", [True, False])
def test_other_content_with_a_used_key_is_a_conflict(together: bool) -> None:
    store = MemoryStore()
    one, other = payment(), payment(units=101)
    chunks: list[list[LedgerCommand]] = [[opening(), one], [other]]
    if together:
        chunks = [[*chunks[0], *chunks[1]]]
    outcomes = [outcome for commands in chunks for outcome in chunk(store, commands)]
    assert statuses(outcomes) == [POSTED, POSTED, REFUSED]
    assert type(outcomes[2].error) is KeyConflictError


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "other"},
        {"reason": "other"},
        {"metadata": {"a": 1}},
        {"document": "D"},
        {"on": day(2, 2)},
        {"recorded_at": NOW},
        {"to": ()},
    ],
)
def test_anything_in_a_command_is_content(change: dict[str, Any]) -> None:
    store = MemoryStore()
    chunk(store, [opening(), payment()])
    (outcome,) = chunk(store, [payment().replace(**change)])
    assert type(outcome.error) is KeyConflictError


def test_the_order_of_metadata_is_no_content() -> None:
    store = MemoryStore()
    nested = [{"a": {"x": 1, "y": [2]}, "b": 2}, {"b": 2, "a": {"y": [2], "x": 1}}]
    one, other = (payment().replace(metadata=data) for data in nested)
    assert statuses(chunk(store, [opening(), one, other])) == [POSTED, POSTED, REPLAYED]


def test_a_key_is_one_for_all_accounts_and_kinds() -> None:
    store = MemoryStore()
    outcomes = chunk(store, [opening(), opening("B"), payment("k"), payment("k", name="B")])
    assert statuses(outcomes) == [POSTED, POSTED, POSTED, REFUSED]


def test_a_refused_command_does_not_use_its_key_up() -> None:
    store = MemoryStore()
    first, later = chunk(store, [payment(), opening()])
    assert statuses([first, later]) == [REFUSED, POSTED]
    assert statuses(chunk(store, [payment()])) == [POSTED]


def test_a_command_is_booked_once_though_its_first_attempt_in_the_chunk_was_refused() -> None:
    store = MemoryStore()
    again = [payment(), payment(), payment(units=1)]
    outcomes = chunk(store, [payment(), opening(), *again])
    assert statuses(outcomes) == [REFUSED, POSTED, POSTED, REPLAYED, REFUSED]
    assert type(outcomes[-1].error) is KeyConflictError
    assert [account.balance for account in store.accounts()] == [-100]


def test_a_whole_chunk_with_a_refusal_leaves_nothing_and_gives_no_receipt() -> None:
    store = MemoryStore()
    chunk(store, [opening()])
    before = dump(store)
    unknown = payment("u", name="nobody")
    outcomes = chunk(store, [opening(), payment(), payment(), unknown], whole=True)
    assert statuses(outcomes) == [REPLAYED, ROLLED_BACK, ROLLED_BACK, REFUSED]
    assert [outcome.receipt is None for outcome in outcomes] == [False, True, True, True]
    assert dump(store) == before


def test_a_whole_chunk_without_a_refusal_is_booked() -> None:
    store = MemoryStore()
    assert statuses(chunk(store, [opening(), payment()], whole=True)) == [POSTED, POSTED]
    assert [account.balance for account in store.accounts()] == [-100]


def test_a_refused_period_command_leaves_no_trace_of_the_books_account() -> None:
    store = MemoryStore()
    reopen = ReopenPeriod(key="r", on=day(2, 1), reason="x")
    chunk(store, [opening(), payment()])
    conflict = ClosePeriod(key="p", on=day(2, 1), through=day(1, 31))
    outcomes = chunk(store, [payment("q"), reopen, conflict])
    assert statuses(outcomes) == [POSTED, REFUSED, REFUSED]
    assert [account.account_id for account in store.accounts()] == ["A"]


def test_a_period_that_is_closed_in_a_chunk_is_closed_for_what_follows() -> None:
    store = MemoryStore()
    close = ClosePeriod(key="c", on=day(3, 1), through=day(2, 28))
    outcomes = chunk(store, [opening(), payment("a"), close, payment("b")])
    assert statuses(outcomes) == [POSTED, POSTED, POSTED, REFUSED]
    assert store.closed_through() == day(2, 28)


def test_a_refused_close_of_a_period_leaves_it_open_for_what_follows() -> None:
    store = MemoryStore()
    early = ClosePeriod(key="c", on=day(3, 1), through=day(1, 31))
    close = ClosePeriod(key="d", on=day(3, 1), through=day(1, 15))
    outcomes = chunk(store, [opening(), early, close, payment()])
    assert statuses(outcomes) == [POSTED, POSTED, REFUSED, POSTED]
    assert store.closed_through() == day(1, 31)


def test_a_reversal_reaches_an_entry_of_its_own_chunk() -> None:
    store = MemoryStore()
    charge = Charge(key="c", account_id="A", amount=eur(1), on=day(2, 1), due_on=day(2, 9))
    move = Transfer(
        key="t", account_id="A", to_account_id="B", on=day(2, 2), items=({"item": "A:2"},)
    )
    back = Reverse(key="r", entry_id="B:2", on=day(2, 3))
    outcomes = chunk(store, [opening(), opening("B"), charge, move, back])
    assert statuses(outcomes) == [POSTED] * 5
    assert [account.balance for account in store.accounts()] == [100, 0]


@pytest.mark.parametrize(
    "metadata", [{"a": "\ud800"}, {"a": [float("nan")]}, {"\ud800": 1}, {"a": float("inf")}]
)
def test_metadata_that_cannot_be_kept_is_refused_with_the_command(metadata: Any) -> None:
    with pytest.raises(ValueError, match="metadata"):
        Pay(key="p", account_id="A", amount=eur(1), on=day(2, 1), metadata=metadata)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerStore]:
    urls = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path / 'books.db'}"}
    url = urls.get(request.param) or request.getfixturevalue("postgres_url")
    store = open_store(url, f"posting-{next(_numbers)}")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("any_store", "odd"),
    [
        (store, odd)
        for odd in ("9" * 40, str(2**63), str(2**31), "1\x00")
        for store in ("memory", "sqlite", "postgresql")
    ],
    indirect=["any_store"],
)
def test_a_name_that_no_database_can_hold_is_refused_alone(
    any_store: LedgerStore, odd: str
) -> None:
    makes: list[Callable[[], LedgerCommand]] = [
        lambda: Reverse(key="r", entry_id=f"A:{odd}", on=day(2, 1)),
        lambda: Reverse(key="s", entry_id=f"A{odd}:1", on=day(2, 1)),
        lambda: payment("t").replace(to=(Target(item=f"A:{odd}"),)),
        lambda: payment("u").replace(to=(Target(item=odd),)),
        lambda: Refund(key="v", account_id="A", amount=eur(1), on=day(2, 1), of=f"A:{odd}"),
    ]
    commands: list[LedgerCommand] = [opening(), payment()]
    for make in makes:
        # To refuse it before it is a command would do as well.
        with suppress(ValidationError):
            commands.append(make())
    outcomes = chunk(any_store, commands)
    assert statuses(outcomes) == [POSTED, POSTED] + [REFUSED] * (len(commands) - 2)


@pytest.mark.parametrize(
    "terms", [{"credit_limit": Money(10**30, "EUR")}, {"customer_class": "a\x00b"}]
)
def test_terms_that_no_database_can_hold_are_refused(
    any_store: LedgerStore, terms: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        chunk(any_store, [opening().replace(**terms)])


# Independent events: each on an account of its own, or of one kind that waits for nothing.


@st.composite
def independent(draw: st.DrawFn) -> list[LedgerCommand]:
    """One to three charges per account, of which one may be contested; deposits elsewhere."""
    commands: list[LedgerCommand] = []
    for name in ("A", "B", "C"):
        for number in range(draw(st.integers(1, 3))):
            units = draw(st.integers(2, 10**6))
            commands.append(
                Charge(
                    key=f"c{name}{number}",
                    account_id=name,
                    amount=Money.from_minor(units, "EUR"),
                    tax=Money.from_minor(units // 5, "EUR"),
                    on=day(2, 1 + number),
                    due_on=day(3, 1 + number),
                )
            )
        deposit = Money.from_minor(draw(st.integers(1, 500)), "EUR")
        key = f"d{name}"
        commands.append(TakeDeposit(key=key, account_id=name, on=day(2, 1), amount=deposit))
    return commands


def sums_after(commands: Sequence[LedgerCommand], settle: Sequence[LedgerCommand]) -> Any:
    ledger = Ledger(MemoryStore(), clock=lambda: NOW)
    result = ledger.post_many([opening(name) for name in "ABC"])
    result = ledger.post_many([*commands, *settle])
    assert result.refused == ()
    trial = ledger.store.gl_sums(AsOf())
    sums = ledger.store.sums(None, AsOf())
    aging = ledger.store.aging([day(3, 2)], None, AsOf())
    assert ledger.verify().ok
    return sums, aging, trial


@given(commands=independent(), random=st.randoms(use_true_random=False), paid=st.integers(1, 10**6))
def test_independent_events_give_the_same_balances_in_any_order(
    commands: list[LedgerCommand], random: Any, paid: int
) -> None:
    settle: list[LedgerCommand] = [
        payment("p", paid, "A"),
        CreditNote(key="n", account_id="B", amount=Money.from_minor(paid, "EUR"), on=day(2, 20)),
        payment("q", 1, "C"),
    ]
    first = sums_after(commands, settle)
    shuffled, settled = list(commands), list(settle)
    random.shuffle(shuffled)
    random.shuffle(settled)
    assert sums_after(shuffled, settled) == first


@given(
    commands=independent(),
    cuts=st.lists(st.integers(1, 4), min_size=1),
    paid=st.integers(1, 10**6),
)
def test_chunks_make_no_difference(
    commands: list[LedgerCommand], cuts: list[int], paid: int
) -> None:
    dispute = Dispute(key="x", account_id="B", item="B:2", on=day(2, 28))
    everything = [opening(name) for name in "ABC"] + commands + [payment("p", paid), dispute]
    one_by_one, in_chunks = MemoryStore(), MemoryStore()
    for command in everything:
        chunk(one_by_one, [command])
    rest = list(everything)
    while rest:
        size = cuts[len(rest) % len(cuts)]
        chunk(in_chunks, rest[:size])
        del rest[:size]
    assert dump(in_chunks) == dump(one_by_one)


def test_an_unexpected_error_in_the_middle_leaves_nothing() -> None:
    store = MemoryStore()
    chunk(store, [opening()])
    before = dump(store)

    def broken() -> datetime:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no words
        post_chunk(store, [payment()], policy=AllocationPolicy(), clock=broken, whole=False)
    assert dump(store) == before


def test_every_refusal_is_a_typed_error_with_its_code() -> None:
    (outcome,) = chunk(MemoryStore(), [payment()])
    assert isinstance(outcome.error, LedgerError)
    assert outcome.error.code == "TC-LEDGER-001"
    assert outcome.receipt is None
