"""Dunning on the books: one step at a time, each once, and released with the payment."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.errors import NotReversibleError
from telcrm.ledger import (
    ActionKind,
    ClassException,
    DunningPolicy,
    EntryKind,
    Instalment,
    Ledger,
    Receipt,
    ServiceState,
)
from telcrm.ledger.dunning.case import DunningState
from telcrm.ledger.stores import AsOf

DAY = date(2026, 1, 1)
DUE = date(2026, 1, 15)
EVER = AsOf()
POLICY = DunningPolicy(tolerance=(Money(1, "EUR"),))


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture(params=["memory://", "sqlite://"])
def books(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    with Ledger.open(request.param) as ledger:
        yield ledger


def owing(books: Ledger, name: str = "A", *, customer_class: str | None = None) -> Receipt:
    books.open_account(name, currency="EUR", on=DAY, customer_class=customer_class)
    return books.charge(name, eur(50), on=DAY, due=DUE, key=f"bill-{name}", document=f"I-{name}")


def run(books: Ledger, first: date, last: date, policy: DunningPolicy = POLICY) -> list[str]:
    done = []
    day = first
    while day <= last:
        done += [one.action.kind.value for one in books.run_dunning(policy, as_of=day).actions]
        day += timedelta(days=1)
    return done


def state(books: Ledger, name: str = "A") -> DunningState:
    (last,) = [entry for entry in books.journal(name) if entry.kind == EntryKind.DUNNING][-1:]
    return DunningState.from_dict(last.facts["state"])


def kinds(receipt: Receipt) -> list[str]:
    return [one.action.kind.value for one in receipt.actions]


BARRED = date(2026, 2, 14)


def barred(books: Ledger) -> None:
    owing(books)
    assert run(books, DUE, BARRED)[-1] == "one_way_bar"


def test_every_level_is_taken_in_its_turn(books: Ledger) -> None:
    owing(books)
    assert run(books, DAY, date(2026, 6, 1)) == [
        "listed",
        "reminder",
        "final_notice",
        "one_way_bar",
        "two_way_bar",
        "termination",
        "collections",
    ]
    assert books.verify().ok


def test_a_run_that_comes_late_takes_one_level(books: Ledger) -> None:
    owing(books)
    late = date(2026, 4, 30)
    assert run(books, late, late) == ["listed", "reminder"]
    assert run(books, late, late) == []
    assert run(books, late + timedelta(1), late + timedelta(1)) == ["final_notice"]


def test_a_second_run_on_a_day_finds_nothing_to_do(books: Ledger) -> None:
    owing(books)
    first = books.run_dunning(POLICY, as_of=date(2026, 1, 23))
    assert first.counts() == {ActionKind.LISTED: 1, ActionKind.REMINDER: 1}
    assert repr(first) == "DunningRun(2026-01-23, accounts=1, listed=1, reminder=1)"
    second = books.run_dunning(POLICY, as_of=date(2026, 1, 23))
    assert second.actions == ()
    assert (second.policy, second.accounts) == (first.policy, 1)


def test_actions_are_in_the_feed_once(books: Ledger) -> None:
    owing(books)
    emitted = run(books, DAY, date(2026, 3, 1))
    seen: list[str] = []
    cursor = None
    while (page := books.entries(after=cursor, limit=3)).entries:
        seen += [one.action.kind.value for one in page.actions]
        cursor = page.cursor
    assert seen == emitted


def test_a_payment_restores_and_delists_in_its_own_transaction(books: Ledger) -> None:
    barred(books)
    assert state(books).service is ServiceState.ONE_WAY_BARRED
    part = books.pay("A", eur(30), on=BARRED, key="p1")
    assert part.actions == ()
    rest = books.pay("A", eur(19), on=BARRED, key="p2")
    assert kinds(rest) == ["restored", "delisted"]
    assert {entry.key for entry in rest.entries} == {"p2"}
    assert len({entry.recorded_us for entry in rest.entries}) == 1
    assert state(books) == DunningState()
    assert list(books.debtors(as_of=BARRED, tolerance=eur(1))) == []
    again = books.pay("A", eur(19), on=BARRED, key="p2")
    assert (again.replayed, kinds(again)) == (True, ["restored", "delisted"])


@pytest.mark.parametrize(
    "cure",
    [
        lambda books: books.credit_note("A", eur(50), on=BARRED, key="x"),
        lambda books: books.dispute("A", "I-A", on=BARRED, key="x"),
        lambda books: books.promise("A", eur(50), by=date(2026, 3, 1), on=BARRED, key="x"),
        lambda books: books.hold_dunning(
            "A", until=date(2026, 3, 1), items=["I-A"], on=BARRED, key="x"
        ),
        lambda books: books.agree_instalments(
            "A",
            [
                Instalment(due_on=date(2026, 3, 1), amount=eur(25)),
                Instalment(due_on=date(2026, 4, 1), amount=eur(25)),
            ],
            on=BARRED,
            key="x",
        ),
        lambda books: books.reverse("A:2", on=BARRED, key="x"),
    ],
)
def test_whatever_settles_or_holds_the_debt_releases(
    books: Ledger, cure: Callable[[Ledger], Receipt]
) -> None:
    barred(books)
    assert kinds(cure(books)) == ["restored", "delisted"]
    assert books.verify().ok


def test_a_hold_of_the_account_stops_steps_and_releases_nothing(books: Ledger) -> None:
    barred(books)
    held = books.hold_dunning("A", until=date(2026, 3, 10), on=BARRED, key="x")
    assert held.actions == ()
    assert run(books, BARRED, date(2026, 3, 10)) == []
    assert run(books, date(2026, 3, 11), date(2026, 3, 11)) == ["two_way_bar"]


def test_a_hold_that_is_reversed_ends(books: Ledger) -> None:
    owing(books)
    hold = books.hold_dunning("A", until=date(2026, 12, 31), on=DAY, key="x")
    assert run(books, DUE, date(2026, 2, 1)) == []
    books.reverse(hold.entry_id, on=date(2026, 2, 1), key="y")
    assert run(books, date(2026, 2, 2), date(2026, 2, 2)) == ["listed", "reminder"]


def test_a_broken_promise_brings_dunning_back(books: Ledger) -> None:
    barred(books)
    books.promise("A", eur(50), by=date(2026, 2, 20), on=BARRED, key="x")
    assert run(books, BARRED, date(2026, 2, 20)) == []
    assert run(books, date(2026, 2, 21), date(2026, 2, 21)) == ["listed", "reminder"]


def test_a_bounced_payment_lists_again(books: Ledger) -> None:
    barred(books)
    paid = books.pay("A", eur(50), on=BARRED, key="p")
    bounced = books.reverse(paid.entry_id, on=date(2026, 2, 18), key="r")
    assert kinds(bounced) == ["listed"]
    assert state(books).listed
    (debtor,) = books.debtors(as_of=date(2026, 2, 18))
    assert (debtor.oldest_due_on, debtor.overdue) == (DUE, eur(50))


def test_a_write_off_frees_nobody_until_it_is_recovered(books: Ledger) -> None:
    barred(books)
    lost = books.write_off("A", approver="boss", reason="gone", on=BARRED, key="w")
    assert lost.actions == ()
    assert run(books, BARRED, date(2026, 12, 1)) == []
    assert books.recover("A", eur(20), on=date(2026, 5, 1), key="r1").actions == ()
    paid = books.recover("A", eur(30), on=date(2026, 5, 2), key="r2")
    assert kinds(paid) == ["restored", "delisted"]


def test_a_policy_may_let_a_write_off_release(books: Ledger) -> None:
    policy = POLICY.replace(write_off_releases=True)
    owing(books)
    run(books, DUE, BARRED, policy)
    lost = books.write_off("A", approver="boss", reason="gone", on=BARRED, key="w")
    assert kinds(lost) == ["restored", "delisted"]


def test_recovery_on_a_closed_account_still_releases(books: Ledger) -> None:
    barred(books)
    books.write_off("A", approver="boss", reason="gone", on=BARRED, key="w")
    books.close_account("A", on=BARRED, key="close")
    paid = books.recover("A", eur(50), on=date(2026, 5, 1), key="r")
    assert kinds(paid) == ["restored", "delisted"]
    assert books.verify().ok


def test_a_payment_that_is_dated_back_cures_as_of_the_last_run(books: Ledger) -> None:
    barred(books)
    paid = books.pay("A", eur(50), on=date(2026, 1, 10), key="p")
    assert kinds(paid) == ["restored", "delisted"]
    assert paid.entries[-1].on == BARRED
    assert books.verify().ok


def test_classes_of_customers_are_treated_as_the_policy_says(books: Ledger) -> None:
    exempt = ClassException(customer_class="hospital", exempt=True)
    policy = POLICY.replace(exceptions=(exempt,))
    owing(books, "A", customer_class="hospital")
    owing(books, "B")
    found = books.run_dunning(policy, as_of=date(2026, 1, 23))
    assert {one.account_id for one in found.actions} == {"B"}
    assert found.accounts == 2


def test_a_reminder_may_come_before_the_due_date(books: Ledger) -> None:
    early = {"step": "reminder", "days_past_due": -3}
    policy = DunningPolicy.model_validate({"levels": [early, *POLICY.levels]})
    owing(books)
    assert run(books, DAY, DUE, policy) == ["reminder"]
    assert books.run_dunning(POLICY, as_of=DUE).accounts == 0


def test_policies_are_kept_once_each(books: Ledger) -> None:
    owing(books)
    other = POLICY.replace(grace_days=3)
    policies = [books.run_dunning(p, as_of=DUE).policy for p in (POLICY, other, POLICY, other)]
    assert policies[:2] == policies[2:]
    assert policies[0] != policies[1]
    kept = books.entry(policies[1]).facts["policy"]
    assert DunningPolicy.model_validate(kept) == other


def test_what_dunning_did_is_not_reversed(books: Ledger) -> None:
    barred(books)
    (last,) = [entry for entry in books.journal("A") if entry.kind == EntryKind.DUNNING][-1:]
    with pytest.raises(NotReversibleError, match="dunning"):
        books.reverse(last.entry_id, on=BARRED, key="r")


def test_a_run_over_many_accounts_tells_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telcrm.ledger.dunning.run._ACCOUNTS_PER_TRANSACTION", 2)
    told: list[int] = []
    with Ledger.open("memory://") as books:
        for name in "ABCDE":
            owing(books, name)
        found = books.run_dunning(POLICY, as_of=date(2026, 1, 23), progress=told.append)
    assert Counter(one.account_id for one in found.actions) == dict.fromkeys("ABCDE", 2)
    assert told == [2, 4, 5]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["run", "run", "run", "pay", "bill", "bounce", "dispute", "release"]),
        st.integers(1, 80),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(STEPS)
def test_whatever_happens_who_is_barred_is_listed_and_owes(
    steps: list[tuple[int, str, int]],
) -> None:
    books = Ledger.open("memory://")
    owing(books)
    day = DUE
    payments: list[str] = []
    for number, (wait, what, amount) in enumerate(steps):
        day += timedelta(days=wait)
        key = f"k{number}"
        item = books.store.item_states(["A"], EVER, live=False)[0]
        if what == "run":
            books.run_dunning(POLICY, as_of=day)
        elif what == "pay":
            payments.append(books.pay("A", eur(amount), on=day, key=key).entry_id)
        elif what == "bill":
            books.charge("A", eur(amount), on=day, due=day + timedelta(days=14), key=key)
        elif what == "bounce" and payments:
            books.reverse(payments.pop(), on=day, key=key)
        elif what == "dispute" and item.open:
            books.dispute("A", "A:2", on=day, key=key)
        elif what == "release" and item.disputed:
            books.release_dispute("A", "A:2", on=day, key=key)
        debtors = list(books.debtors(as_of=day, tolerance=eur(1)))
        dunned = any(entry.kind == EntryKind.DUNNING for entry in books.journal("A"))
        if dunned:
            now = state(books)
            assert not now.barred or now.listed
            assert not now.listed or debtors
            assert not (what == "run" and debtors) or now.listed
    assert books.verify().ok
