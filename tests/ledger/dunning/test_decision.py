from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.ledger.dunning.case import (
    ActionKind,
    Decision,
    DunnableItem,
    DunningAction,
    DunningCase,
    DunningState,
)
from telcrm.ledger.dunning.decision import cure, decide, relist
from telcrm.ledger.dunning.policy import (
    ClassException,
    DunningLevel,
    DunningPolicy,
    DunningStep,
    ServiceState,
)

DUE = date(2026, 1, 31)  # a Saturday
STEPS = frozenset(ActionKind(step.value) for step in DunningStep)
RELEASES = frozenset({ActionKind.RESTORED, ActionKind.DELISTED})
DEFAULT = DunningPolicy()


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def owed(
    item_id: str = "I-1",
    *,
    due_on: date = DUE,
    open_minor: int = 4000,
    original_minor: int = 4000,
    disputed_minor: int = 0,
    held: bool = False,
) -> DunnableItem:
    return DunnableItem(
        item_id=item_id,
        due_on=due_on,
        open_minor=open_minor,
        original_minor=original_minor,
        disputed_minor=disputed_minor,
        held=held,
    )


def account(
    *items: DunnableItem,
    state: DunningState | None = None,
    customer_class: str | None = None,
    hold_until: date | None = None,
) -> DunningCase:
    return DunningCase(
        account_id="A-1",
        currency="EUR",
        items=items,
        customer_class=customer_class,
        hold_until=hold_until,
        state=state or DunningState(),
    )


def rungs(*pairs: tuple[str, int]) -> tuple[DunningLevel, ...]:
    return tuple(DunningLevel(step=DunningStep(step), days_past_due=days) for step, days in pairs)


def kinds(decision: Decision) -> list[str]:
    return [action.kind.value for action in decision.actions]


Log = list[tuple[int, str]]


def run(policy: DunningPolicy, case: DunningCase, days: Sequence[int]) -> tuple[Log, DunningCase]:
    """Decide on each day (counted from the first due date) and note what was done."""
    log: Log = []
    for day in days:
        decision = decide(policy, case, as_of=after(day))
        log += [(day, kind) for kind in kinds(decision)]
        case = replace(case, state=decision.state)
    return log, case


LADDER: Log = [
    (1, "listed"),
    (7, "reminder"),
    (15, "final_notice"),
    (30, "one_way_bar"),
    (45, "two_way_bar"),
    (90, "termination"),
    (120, "collections"),
]


def test_the_default_ladder_day_by_day() -> None:
    log, case = run(DEFAULT, account(owed()), range(-30, 200))
    assert log == LADDER
    assert case.state == DunningState(
        listed=True,
        level=6,
        level_on=date(2026, 5, 31),
        service=ServiceState.TERMINATED,
        anchor="I-1",
        listed_on=date(2026, 2, 1),
    )


def test_day_one_past_due_is_the_day_after_the_due_date() -> None:
    assert decide(DEFAULT, account(owed()), as_of=DUE).actions == ()
    decision = decide(DEFAULT, account(owed()), as_of=date(2026, 2, 1))
    assert decision.actions == (
        DunningAction(
            kind=ActionKind.LISTED,
            level=None,
            anchor="I-1",
            days_past_due=1,
            overdue=Money("40", "EUR"),
            due_since=DUE,
        ),
    )


def test_a_step_tells_its_level_and_anchor() -> None:
    decision = decide(DEFAULT, account(owed()), as_of=date(2026, 2, 10))
    assert kinds(decision) == ["listed", "reminder"]
    assert decision.actions[1] == DunningAction(
        kind=ActionKind.REMINDER,
        level=1,
        anchor="I-1",
        days_past_due=10,
        overdue=Money("40", "EUR"),
        due_since=DUE,
    )
    assert (decision.overdue, decision.anchor, decision.days_past_due) == (
        Money("40", "EUR"),
        "I-1",
        10,
    )


def test_part_paid_items_are_dunned_for() -> None:
    # OCA credit-control issue 330: part-paid invoices were never reminded of.
    decision = decide(DEFAULT, account(owed(open_minor=1)), as_of=after(7))
    assert kinds(decision) == ["listed", "reminder"]
    assert decision.overdue == Money("0.01", "EUR")


def test_no_level_is_skipped_when_the_oldest_item_is_paid() -> None:
    # Kill Bill issue 2297: paying the oldest invoice moved the date that the overdue checks count
    # from, and an account went from clear to blocked without the warning.
    policy = DunningPolicy(levels=rungs(("reminder", 5), ("one_way_bar", 7), ("termination", 11)))
    old, young = owed("old"), owed("young", due_on=after(4))
    log, case = run(policy, account(old, young), range(5))
    assert log == [(1, "listed")]
    log, case = run(policy, replace(case, items=(young,)), range(5, 20))
    assert log == [(9, "reminder"), (11, "one_way_bar"), (15, "termination")]


def test_the_level_stays_when_the_anchor_moves_and_the_next_waits_for_the_new_anchor() -> None:
    old, young = owed("old"), owed("young", due_on=after(20))
    _, case = run(DEFAULT, account(old, young), range(32))
    assert (case.state.level, case.state.anchor) == (3, "old")
    log, case = run(DEFAULT, replace(case, items=(young,)), range(32, 80))
    assert case.state.service is ServiceState.TWO_WAY_BARRED
    assert log == [(65, "two_way_bar")]
    assert case.state.anchor == "young"


def test_a_late_run_catches_up_one_level_at_a_time() -> None:
    log, _ = run(DEFAULT, account(owed()), range(150, 200))
    assert log == [
        (150, "listed"),
        (150, "reminder"),
        (151, "final_notice"),
        (166, "one_way_bar"),  # the 15 days of notice are kept
        (181, "two_way_bar"),
        (196, "termination"),
        (197, "collections"),
    ]


def test_the_minimum_gap_spreads_the_levels() -> None:
    policy = DunningPolicy(levels=rungs(("reminder", 1), ("final_notice", 2)), minimum_gap_days=10)
    log, _ = run(policy, account(owed()), range(30))
    assert log == [(1, "listed"), (1, "reminder"), (11, "final_notice")]


def test_grace_delays_the_listing_and_not_the_levels() -> None:
    log, _ = run(DunningPolicy(grace_days=5), account(owed()), range(200))
    assert log == [(6, "listed"), *LADDER[1:]]


def test_extra_grace_of_a_class_delays_everything() -> None:
    policy = DunningPolicy(exceptions=(ClassException(customer_class="vip", extra_grace_days=10),))
    log, _ = run(policy, account(owed(), customer_class="vip"), range(200))
    assert log == [(day + 10, kind) for day, kind in LADDER]
    log, _ = run(policy, account(owed(), customer_class="retail"), range(200))
    assert log == LADDER


def test_the_last_step_of_a_class_caps_the_ladder() -> None:
    policy = DunningPolicy(
        exceptions=(
            ClassException(customer_class="government", last_step=DunningStep.FINAL_NOTICE),
        )
    )
    log, case = run(policy, account(owed(), customer_class="government"), range(200))
    assert log == LADDER[:3]
    reason = decide(policy, case, as_of=after(200)).reason
    assert reason.endswith("class 'government' goes no further than final_notice.")


def test_an_exempt_class_is_never_listed() -> None:
    policy = DunningPolicy(
        levels=rungs(("reminder", -3), ("reminder", 7)),
        exceptions=(ClassException(customer_class="staff", exempt=True),),
    )
    log, case = run(policy, account(owed(), customer_class="staff"), range(-10, 200))
    assert log == []
    decision = decide(policy, case, as_of=after(200))
    assert decision.overdue == Money("40", "EUR")
    assert "class 'staff' is exempt" in decision.reason


def test_an_account_that_becomes_exempt_is_released() -> None:
    policy = DunningPolicy(exceptions=(ClassException(customer_class="staff", exempt=True),))
    _, case = run(policy, account(owed()), range(32))
    decision = decide(policy, replace(case, customer_class="staff"), as_of=after(33))
    assert kinds(decision) == ["restored", "delisted"]


def test_the_tolerance_is_no_debt() -> None:
    policy = DunningPolicy(tolerance=(Money("0.50", "EUR"),))
    within = decide(policy, account(owed(open_minor=50)), as_of=after(40))
    assert kinds(within) == []
    assert within.reason == "0.50 EUR overdue is within the tolerance."
    assert kinds(decide(policy, account(owed(open_minor=51)), as_of=after(40)))[0] == "listed"
    _, case = run(policy, account(owed()), range(32))
    paid = replace(case, items=(owed(open_minor=50),))
    assert kinds(cure(policy, paid, as_of=after(32))) == ["restored", "delisted"]


def test_a_tolerance_in_another_currency_does_not_count() -> None:
    policy = DunningPolicy(tolerance=(Money(1000, "JPY"),))
    assert kinds(decide(policy, account(owed(open_minor=1)), as_of=after(1))) == ["listed"]


def test_below_its_minimum_a_level_and_those_above_it_wait() -> None:
    levels = (
        *rungs(("reminder", 7)),
        DunningLevel(step=DunningStep.ONE_WAY_BAR, days_past_due=30, minimum=(Money("20", "EUR"),)),
        *rungs(("termination", 90)),
    )
    policy = DunningPolicy(levels=levels)
    log, case = run(policy, account(owed(open_minor=1999)), range(150))
    assert [kind for _, kind in log] == ["listed", "reminder"]
    assert decide(policy, case, as_of=after(150)).reason.endswith("one_way_bar needs 20.00 EUR.")
    more = replace(case, items=(owed(open_minor=2000),))
    assert kinds(decide(policy, more, as_of=after(150))) == ["one_way_bar"]


def test_a_minimum_share_compares_with_what_the_overdue_items_were() -> None:
    level = DunningLevel(
        step=DunningStep.ONE_WAY_BAR,
        days_past_due=30,
        minimum_share=Decimal("0.25"),
    )
    policy = DunningPolicy(levels=(level,))
    # The item that is not overdue yet counts neither above nor below the line.
    later = owed("I-3", due_on=after(40), open_minor=9000, original_minor=9000)
    parts = (owed("I-1", open_minor=1000), owed("I-2", open_minor=1000))
    enough = decide(policy, account(*parts, later), as_of=after(30))
    assert kinds(enough) == ["listed", "one_way_bar"]
    parts = (owed("I-1", open_minor=1000), owed("I-2", open_minor=999))
    short = decide(policy, account(*parts, later), as_of=after(30))
    assert kinds(short) == ["listed"]
    assert short.reason.endswith("one_way_bar needs 0.25 of what the items were at first.")


def test_a_quiet_day_delays_a_step_to_the_next_run() -> None:
    policy = DunningPolicy(
        quiet_weekdays=frozenset({6, 7}), quiet_days=frozenset({date(2026, 3, 2)})
    )
    log, _ = run(policy, account(owed()), range(40))
    # Days 7 and 15 are a Saturday and a Sunday; day 30 is Monday 2 March. Listing, on Sunday,
    # is bookkeeping.
    assert log == [(1, "listed"), (9, "reminder"), (16, "final_notice"), (31, "one_way_bar")]
    quiet = decide(policy, account(owed()), as_of=after(7))
    assert quiet.reason.endswith("reminder waits: 2026-02-07 is a quiet day.")


def test_a_payment_cures_on_a_quiet_day() -> None:
    policy = DunningPolicy(quiet_weekdays=frozenset({7}))
    _, case = run(policy, account(owed()), range(32))
    sunday = date(2026, 3, 8)
    decision = cure(policy, replace(case, items=()), as_of=sunday)
    assert [(action.kind, action.level, action.anchor) for action in decision.actions] == [
        (ActionKind.RESTORED, 3, "I-1"),
        (ActionKind.DELISTED, 3, "I-1"),
    ]
    assert decision.state == DunningState()


def test_a_part_payment_cures_nothing_and_moves_the_anchor() -> None:
    old, young = owed("old"), owed("young", due_on=after(20))
    _, case = run(DEFAULT, account(old, young), range(32))
    decision = cure(DEFAULT, replace(case, items=(young,)), as_of=after(32))
    assert decision.actions == ()
    assert decision.state == replace(case.state, anchor="young")


def test_cure_never_takes_the_account_forward() -> None:
    assert cure(DEFAULT, account(owed()), as_of=after(200)).actions == ()


def test_a_dispute_releases_what_it_covers() -> None:
    _, case = run(DEFAULT, account(owed()), range(32))
    disputed = replace(case, items=(owed(disputed_minor=4000),))
    decision = decide(DEFAULT, disputed, as_of=after(33))
    assert kinds(decision) == ["restored", "delisted"]
    assert decision.reason == "40.00 EUR overdue is disputed or held."


def test_a_broken_promise_begins_a_new_episode() -> None:
    _, case = run(DEFAULT, account(owed()), range(32))
    promised = replace(case, items=(owed(held=True),))
    decision = decide(DEFAULT, promised, as_of=after(32))
    assert kinds(decision) == ["restored", "delisted"]
    broken = replace(case, state=decision.state)
    log, _ = run(DEFAULT, broken, range(40, 60))
    assert log == [(40, "listed"), (40, "reminder"), (41, "final_notice"), (56, "one_way_bar")]


def test_a_hold_on_the_account_stops_steps_and_releases_nothing() -> None:
    _, case = run(DEFAULT, account(owed()), range(32))
    held = replace(case, hold_until=after(60))
    log, held = run(DEFAULT, held, range(32, 61))
    assert log == []
    assert held.state == case.state
    assert decide(DEFAULT, held, as_of=after(60)).reason.endswith("on hold until 2026-04-01.")
    log, _ = run(DEFAULT, held, range(61, 62))
    assert log == [(61, "two_way_bar")]
    assert kinds(cure(DEFAULT, replace(held, items=()), as_of=after(50))) == [
        "restored",
        "delisted",
    ]


def test_a_held_account_is_not_listed() -> None:
    case = account(owed(), hold_until=after(60))
    for verdict in (decide, relist):
        decision = verdict(DEFAULT, case, as_of=after(60))
        assert decision.actions == ()
        assert decision.state == DunningState()
        assert decision.reason.endswith("on hold until 2026-04-01.")
        assert kinds(verdict(DEFAULT, case, as_of=after(61)))[0] == "listed"


def test_a_bounced_payment_lists_again_at_level_zero() -> None:
    _, case = run(DEFAULT, account(owed()), range(32))
    paid = replace(
        case, items=(), state=cure(DEFAULT, replace(case, items=()), as_of=after(32)).state
    )
    bounced = replace(paid, items=(owed(),))
    decision = relist(DEFAULT, bounced, as_of=after(36))
    assert kinds(decision) == ["listed"]
    assert decision.state == DunningState(listed=True, anchor="I-1", listed_on=after(36))
    log, _ = run(DEFAULT, replace(bounced, state=decision.state), range(36, 60))
    assert log == [(36, "reminder"), (37, "final_notice"), (52, "one_way_bar")]


def test_a_bounce_while_listed_changes_nothing() -> None:
    _, case = run(DEFAULT, account(owed(), owed("I-2")), range(32))
    decision = relist(DEFAULT, case, as_of=after(33))
    assert decision.actions == ()
    assert decision.state == case.state


def test_terminated_stays_terminated() -> None:
    _, case = run(DEFAULT, account(owed()), range(95))
    decision = cure(DEFAULT, replace(case, items=()), as_of=after(95))
    assert kinds(decision) == ["delisted"]
    assert decision.state == DunningState(service=ServiceState.TERMINATED)


def test_a_terminated_account_is_warned_and_collected_but_not_barred() -> None:
    ended = DunningState(service=ServiceState.TERMINATED)
    log, case = run(DEFAULT, account(owed(), state=ended), range(150))
    assert log == [(1, "listed"), (7, "reminder"), (15, "final_notice"), (120, "collections")]
    assert case.state.level == 6
    assert decide(DEFAULT, case, as_of=after(150)).reason.endswith(
        "the ladder has no further level."
    )


BEFORE = DunningPolicy(levels=rungs(("reminder", -7), ("reminder", -3), ("reminder", 0)))


def test_reminders_before_the_due_date_come_once_and_list_nobody() -> None:
    log, case = run(BEFORE, account(owed()), [day for day in range(-20, 1) for _ in range(2)])
    assert log == [(-7, "reminder"), (-3, "reminder"), (0, "reminder")]
    assert not case.state.listed
    log, case = run(BEFORE, case, range(1, 5))
    assert log == [(1, "listed")]
    assert case.state.reminded == ()


def test_a_reminder_before_the_due_date_names_the_next_item_to_fall_due() -> None:
    later, sooner = owed("later", due_on=after(2)), owed("sooner")
    decision = decide(BEFORE, account(later, sooner), as_of=after(-3))
    assert decision.actions == (
        DunningAction(
            kind=ActionKind.REMINDER,
            level=None,
            anchor="sooner",
            days_past_due=-3,
            overdue=Money(0, "EUR"),
            due_since=DUE,
        ),
    )
    assert decision.reason == ("nothing is overdue: reminder, sooner falls due on 2026-01-31.")


def test_of_several_late_reminders_before_the_due_date_only_the_last_is_sent() -> None:
    log, _ = run(BEFORE, account(owed()), [-2, -1, 0])
    assert log == [(-2, "reminder"), (0, "reminder")]


def test_an_item_that_steps_back_behind_another_is_not_reminded_of_twice() -> None:
    policy = DunningPolicy(levels=rungs(("reminder", -7)))
    _, case = run(policy, account(owed("A")), [-6])
    sooner = owed("B", due_on=after(-2))
    log, case = run(policy, replace(case, items=(owed("A"), sooner)), [-5])
    assert log == [(-5, "reminder")]
    # B is paid, and A is the next to fall due once more; then A is paid and bounces.
    for items in ((owed("A"),), (), (owed("A"),)):
        log, case = run(policy, replace(case, items=items), [-4, -3])
        assert log == []


def test_a_new_due_date_is_reminded_of_anew() -> None:
    policy = DunningPolicy(levels=rungs(("reminder", -3)))
    _, case = run(policy, account(owed()), [-3])
    log, _ = run(policy, replace(case, items=(owed(due_on=after(2)),)), range(-2, 2))
    assert log == [(-1, "reminder")]


def test_reminders_before_the_due_date_respect_quiet_days_holds_and_minimum() -> None:
    quiet = BEFORE.replace(quiet_days=frozenset({after(-3)}))
    log, _ = run(quiet, account(owed()), [-3, -2])
    assert log == [(-2, "reminder")]
    log, _ = run(BEFORE, account(owed(), hold_until=after(-3)), [-3, -2])
    assert log == [(-2, "reminder")]
    level = DunningLevel(step=DunningStep.REMINDER, days_past_due=-3, minimum=(Money("50", "EUR"),))
    decision = decide(DunningPolicy(levels=(level,)), account(owed()), as_of=after(-3))
    assert decision.actions == ()
    assert decision.reason == "nothing is overdue: reminder needs 50.00 EUR."


def test_a_reminder_before_the_due_date_keeps_its_distance_to_the_first_step() -> None:
    policy = DunningPolicy(levels=rungs(("reminder", 0), ("reminder", 7)), minimum_gap_days=10)
    log, _ = run(policy, account(owed()), range(20))
    assert log == [(0, "reminder"), (1, "listed"), (10, "reminder")]


def test_a_rest_within_the_tolerance_does_not_stop_reminders_before_the_due_date() -> None:
    policy = BEFORE.replace(tolerance=(Money("1", "EUR"),))
    rest = owed("old", due_on=after(-10), open_minor=100)
    decision = decide(policy, account(rest, owed()), as_of=after(-3))
    assert kinds(decision) == ["reminder"]
    assert (decision.anchor, decision.days_past_due) == ("I-1", -3)
    assert decision.overdue == Money("1", "EUR")


def test_overdue_accounts_get_no_reminder_before_the_due_date() -> None:
    case = account(owed("old", due_on=after(-10)), owed())
    assert kinds(decide(BEFORE, case, as_of=after(-3))) == ["listed"]


def test_a_policy_without_levels_only_lists() -> None:
    log, case = run(DunningPolicy(levels=()), account(owed()), range(50))
    assert log == [(1, "listed")]
    assert not case.state.barred


# The laws, over any policy, any state and any items.


@st.composite
def policies(draw: st.DrawFn) -> DunningPolicy:
    steps = draw(st.lists(st.sampled_from(DunningStep), max_size=7))
    repeatable = (DunningStep.REMINDER, DunningStep.FINAL_NOTICE)
    climbing: list[DunningStep] = []
    for step in sorted(steps, key=lambda step: step.severity):
        if not climbing or step is not climbing[-1] or step in repeatable:
            climbing.append(step)
    reminders = sum(step is DunningStep.REMINDER for step in climbing)
    early = draw(st.integers(0, reminders))
    before = draw(st.lists(st.integers(-10, 0), min_size=early, max_size=early, unique=True))
    grace = draw(st.integers(0, 3))
    late = len(climbing) - early
    past = draw(st.lists(st.integers(grace + 1, 45), min_size=late, max_size=late, unique=True))
    levels = tuple(
        DunningLevel(
            step=step,
            days_past_due=days,
            minimum=draw(st.sampled_from([(), (), (Money("5", "EUR"),)])),
            minimum_share=draw(st.sampled_from([None, None, Decimal("0.2")])),
            notice_days=draw(st.sampled_from([None, None, 4])),
        )
        for step, days in zip(climbing, [*sorted(before), *sorted(past)], strict=True)
    )
    return DunningPolicy(
        levels=levels,
        grace_days=grace,
        tolerance=draw(st.sampled_from([(), (Money("1", "EUR"),)])),
        minimum_gap_days=draw(st.integers(1, 5)),
        quiet_weekdays=draw(st.sampled_from([frozenset(), frozenset({6, 7})])),
        exceptions=(
            ClassException(customer_class="exempt", exempt=True),
            ClassException(
                customer_class="vip", extra_grace_days=4, last_step=DunningStep.TWO_WAY_BAR
            ),
        ),
    )


@st.composite
def items(draw: st.DrawFn, item_id: str) -> DunnableItem:
    original = draw(st.integers(1, 2000))
    return owed(
        item_id,
        due_on=after(draw(st.integers(-30, 50))),
        open_minor=draw(st.one_of(st.just(original), st.integers(0, original))),
        original_minor=original,
        disputed_minor=draw(st.one_of(st.just(0), st.integers(0, original))),
        held=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def states(draw: st.DrawFn) -> DunningState:
    if not draw(st.booleans()):
        service = draw(st.sampled_from([ServiceState.ACTIVE, ServiceState.TERMINATED]))
        return DunningState(service=service)
    return DunningState(
        listed=True,
        level=draw(st.integers(0, 6)),
        level_on=after(draw(st.integers(-30, 50))),
        service=draw(st.sampled_from(ServiceState)),
        anchor="gone",
        listed_on=after(-30),
    )


@st.composite
def cases(draw: st.DrawFn) -> DunningCase:
    count = draw(st.integers(0, 4))
    hold = draw(st.one_of(st.none(), st.none(), st.integers(-20, 60)))
    return account(
        *(draw(items(f"I-{n}")) for n in range(count)),
        state=draw(states()),
        customer_class=draw(st.sampled_from([None, None, "vip", "exempt"])),
        hold_until=None if hold is None else after(hold),
    )


days = st.integers(-20, 60).map(after)


@dataclass
class Truth:
    """What is owed, written down a second time and as plainly as can be."""

    policy: DunningPolicy
    case: DunningCase
    as_of: date
    late: list[DunnableItem] = field(init=False)

    def __post_init__(self) -> None:
        extra = 4 if self.case.customer_class == "vip" else 0
        self.late = [
            item
            for item in self.case.items
            if not item.held
            and item.open_minor > item.disputed_minor
            and (self.as_of - item.due_on).days > self.policy.grace_days + extra
        ]

    @property
    def debt(self) -> bool:
        tolerance = sum(amount.minor_units for amount in self.policy.tolerance)
        overdue = sum(item.open_minor - item.disputed_minor for item in self.late)
        return overdue > tolerance and self.case.customer_class != "exempt"

    @property
    def on_hold(self) -> bool:
        return self.case.hold_until is not None and self.as_of <= self.case.hold_until


@given(policies(), cases(), days)
@settings(max_examples=300)
def test_laws_of_one_decision(policy: DunningPolicy, case: DunningCase, as_of: date) -> None:
    truth = Truth(policy, case, as_of)
    decision = decide(policy, case, as_of=as_of)
    before, state = case.state, decision.state
    for kind in kinds(decision) or ["nothing"]:
        event(kind)

    # listed <=> overdue above the tolerance and not held; a hold keeps who is listed already.
    assert state.listed == (truth.debt and (before.listed or not truth.on_hold))
    assert state.listed or not state.barred
    assert (ActionKind.LISTED in [a.kind for a in decision.actions]) == (
        state.listed and not before.listed
    )

    # The anchor is the oldest open item that may be dunned for.
    if truth.debt:
        oldest = min(truth.late, key=lambda item: (item.due_on, item.item_id))
        assert decision.anchor == oldest.item_id
        assert decision.days_past_due == (as_of - oldest.due_on).days > 0
        assert state.anchor == (oldest.item_id if state.listed else None)

    # At most one step, never on a quiet day or a hold, none skipped but those without effect.
    steps = [action for action in decision.actions if action.kind in STEPS]
    assert len(steps) <= 1
    if policy.is_quiet(as_of) or truth.on_hold:
        assert steps == []
    services = list(ServiceState)
    if steps and truth.debt:
        assert steps[0].level == state.level > before.level
        for passed in policy.ladder[before.level : state.level - 1]:
            target = {
                DunningStep.ONE_WAY_BAR: 1,
                DunningStep.TWO_WAY_BAR: 2,
                DunningStep.TERMINATION: 3,
            }[passed.step]
            assert target <= services.index(before.service)
        assert before.level_on is None or (
            (as_of - before.level_on).days >= policy.minimum_gap_days
        )
    elif state.listed:
        assert state.level == before.level

    # Service gets worse by a step and better by a release; ended is ended.
    worse = services.index(state.service) - services.index(before.service)
    barring = {ActionKind.ONE_WAY_BAR, ActionKind.TWO_WAY_BAR, ActionKind.TERMINATION}
    assert (worse > 0) == any(step.kind in barring for step in steps)
    assert (worse < 0) == (ActionKind.RESTORED in [a.kind for a in decision.actions])
    if before.service is ServiceState.TERMINATED:
        assert state.service is ServiceState.TERMINATED


@given(policies(), cases(), days)
def test_deciding_again_changes_nothing(
    policy: DunningPolicy, case: DunningCase, as_of: date
) -> None:
    once = decide(policy, case, as_of=as_of)
    again = decide(policy, replace(case, state=once.state), as_of=as_of)
    assert again.actions == ()
    assert again.state == once.state
    assert cure(policy, replace(case, state=once.state), as_of=as_of).actions == ()
    assert relist(policy, replace(case, state=once.state), as_of=as_of).actions == ()


@given(policies(), cases(), days, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(
    policy: DunningPolicy, case: DunningCase, as_of: date, random: Random
) -> None:
    shuffled = list(case.items)
    random.shuffle(shuffled)
    other = replace(case, items=tuple(shuffled))
    for verdict in (decide, cure, relist):
        assert verdict(policy, other, as_of=as_of) == verdict(policy, case, as_of=as_of)


@given(policies(), cases(), days)
def test_cure_only_releases(policy: DunningPolicy, case: DunningCase, as_of: date) -> None:
    truth = Truth(policy, case, as_of)
    decision = cure(policy, case, as_of=as_of)
    assert {action.kind for action in decision.actions} <= RELEASES
    assert decision.state.listed == (truth.debt and case.state.listed)
    assert decision.state.level == (case.state.level if decision.state.listed else 0)
    # A run that comes after the payment finds nothing left to release.
    later = decide(policy, replace(case, state=decision.state), as_of=as_of)
    assert not {action.kind for action in later.actions} & RELEASES


@given(policies(), cases(), days)
def test_relist_takes_no_step(policy: DunningPolicy, case: DunningCase, as_of: date) -> None:
    truth = Truth(policy, case, as_of)
    decision = relist(policy, case, as_of=as_of)
    assert not {action.kind for action in decision.actions} & STEPS
    assert decision.state.listed == (truth.debt and (case.state.listed or not truth.on_hold))
    if not case.state.listed:
        assert decision.state.level == 0


@given(policies(), cases(), days)
def test_every_decision_goes_through_json(
    policy: DunningPolicy, case: DunningCase, as_of: date
) -> None:
    decision = decide(policy, case, as_of=as_of)
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


@dataclass
class Life:
    """An account over time, with a record of what dunning did that the test keeps by itself."""

    policy: DunningPolicy
    book: list[DunnableItem]
    state: DunningState = field(default_factory=DunningState)
    episode: list[int] = field(default_factory=list)
    reminded: set[tuple[str | None, int]] = field(default_factory=set)
    last_step: date | None = None
    listed: bool = False
    service: ServiceState = ServiceState.ACTIVE

    @property
    def case(self) -> DunningCase:
        return account(*self.book, state=self.state)

    def happen(self, what: str, which: int, as_of: date) -> None:
        item = self.book[which]
        self.book[which] = {
            "pay": replace(item, open_minor=0),
            "part": replace(item, open_minor=item.open_minor // 2),
            "bounce": replace(item, open_minor=item.original_minor),
            "dispute": replace(item, disputed_minor=600),
            "settle": replace(item, disputed_minor=0),
            "promise": replace(item, held=True),
            "break": replace(item, held=False),
        }[what]
        verdict = relist if what in {"bounce", "settle", "break"} else cure
        self.book_actions(verdict(self.policy, self.case, as_of=as_of), as_of)

    def run(self, as_of: date) -> None:
        self.book_actions(decide(self.policy, self.case, as_of=as_of), as_of)
        assert self.state.listed == Truth(self.policy, self.case, as_of).debt

    def book_actions(self, decision: Decision, as_of: date) -> None:
        for action in decision.actions:
            if action.kind is ActionKind.LISTED:
                assert not self.listed
                self.listed, self.episode = True, []
            elif action.kind is ActionKind.DELISTED:
                assert self.listed
                self.listed, self.last_step = False, None
            elif action.kind is ActionKind.RESTORED:
                assert self.service in {ServiceState.ONE_WAY_BARRED, ServiceState.TWO_WAY_BARRED}
                self.service = ServiceState.ACTIVE
            elif action.level is None:
                self.check_early_reminder(action)
                self.last_step = as_of
            else:
                self.check_step(action, action.level, as_of)
                self.last_step = as_of
        self.state = decision.state
        assert (self.state.listed, self.state.service) == (self.listed, self.service)
        assert self.state.level == max(self.episode if self.listed else [], default=0)

    def check_early_reminder(self, action: DunningAction) -> None:
        assert action.kind is ActionKind.REMINDER
        assert not self.listed
        assert action.days_past_due is not None
        days = [level.days_past_due for level in self.policy.before_due]
        reached = max(day for day in days if day <= action.days_past_due)
        assert (action.anchor, reached) not in self.reminded
        self.reminded.add((action.anchor, reached))

    def check_step(self, action: DunningAction, level: int, as_of: date) -> None:
        rung = self.policy.ladder[level - 1]
        assert self.listed
        assert rung.step.value == action.kind.value
        assert action.days_past_due is not None
        assert action.days_past_due >= rung.days_past_due
        gap = max(self.policy.minimum_gap_days, rung.notice_days or 0)
        assert self.last_step is None or (as_of - self.last_step).days >= gap
        # Only an ended service has levels without effect, so in a live one none is skipped.
        if self.service is ServiceState.TERMINATED:
            assert level > max(self.episode, default=0)
        else:
            assert level == len(self.episode) + 1
        self.episode.append(level)
        self.service = {
            ActionKind.ONE_WAY_BAR: ServiceState.ONE_WAY_BARRED,
            ActionKind.TWO_WAY_BAR: ServiceState.TWO_WAY_BARRED,
            ActionKind.TERMINATION: ServiceState.TERMINATED,
        }.get(action.kind, self.service)


happenings = st.tuples(
    st.integers(-12, 100),
    st.sampled_from(["pay", "part", "bounce", "dispute", "settle", "promise", "break"]),
    st.integers(0, 3),
)


@given(
    policies(),
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.lists(happenings, max_size=12),
    st.integers(1, 4),
)
@settings(max_examples=150)
def test_a_life_of_payments_and_bounces(
    policy: DunningPolicy,
    due_days: list[int],
    happenings: list[tuple[int, str, int]],
    run_every: int,
) -> None:
    """Each step once an episode at most and in order, whatever is paid, bounced or disputed."""
    life = Life(
        policy,
        [
            owed(f"I-{n}", due_on=after(due), open_minor=1000, original_minor=1000)
            for n, due in enumerate(due_days)
        ],
    )
    for day in range(-12, 100):
        for on, what, which in happenings:
            if on == day:
                life.happen(what, which % len(due_days), after(day))
        if day % run_every == 0:
            life.run(after(day))
    event(f"reached {life.service}")


@pytest.mark.parametrize("run_every", [1, 2, 5, 13])
def test_no_rhythm_of_runs_skips_a_level(run_every: int) -> None:
    log, _ = run(DEFAULT, account(owed()), range(0, 400, run_every))
    assert [kind for _, kind in log] == [kind for _, kind in LADDER]
