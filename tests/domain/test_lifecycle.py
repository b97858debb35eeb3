"""A status moves only along its table, and a history tells the moves in order."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import (
    COMPLAINT_TRANSITIONS,
    CUSTOMER_TRANSITIONS,
    EQUIPMENT_TRANSITIONS,
    SUBSCRIPTION_TRANSITIONS,
    ComplaintStatus,
    CustomerStatus,
    EquipmentStatus,
    StatusChange,
    SubscriptionStatus,
)
from telcrm.domain.lifecycle import check_history, check_transition
from telcrm.errors import TransitionError

TABLES: list[tuple[type[StrEnum], Mapping[Any, frozenset[Any]]]] = [
    (ComplaintStatus, COMPLAINT_TRANSITIONS),
    (CustomerStatus, CUSTOMER_TRANSITIONS),
    (EquipmentStatus, EQUIPMENT_TRANSITIONS),
    (SubscriptionStatus, SUBSCRIPTION_TRANSITIONS),
]
PAIRS = [(table, a, b) for states, table in TABLES for a in states for b in states]
DAY = date(2026, 1, 1)

changes = st.lists(
    st.tuples(st.sampled_from(list(SubscriptionStatus)), st.integers(0, 3)), max_size=5
)


def history_of(drawn: list[tuple[SubscriptionStatus, int]]) -> list[Any]:
    return [
        StatusChange[SubscriptionStatus](status=status, since=DAY + timedelta(days=days))
        for status, days in drawn
    ]


@pytest.mark.parametrize(
    ("states", "table"), TABLES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_table_speaks_of_every_state(
    states: type[StrEnum], table: Mapping[Any, frozenset[Any]]
) -> None:
    assert set(table) == set(states)
    assert set().union(*table.values()) <= set(states)
    assert all(state not in ways for state, ways in table.items()), "a state leads to itself"


@pytest.mark.parametrize(
    ("states", "table"), TABLES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_table_cannot_be_changed(
    states: type[StrEnum], table: Mapping[Any, frozenset[Any]]
) -> None:
    with pytest.raises(TypeError):
        table[next(iter(states))] = frozenset()  # type: ignore[index]


@pytest.mark.parametrize(("table", "current", "target"), PAIRS)
def test_a_move_is_allowed_if_it_stands_in_the_table(
    table: Mapping[Any, frozenset[Any]], current: StrEnum, target: StrEnum
) -> None:
    if target in table[current]:
        check_transition("thing 1", current, target, table)
        return
    with pytest.raises(TransitionError) as refusal:
        check_transition("thing 1", current, target, table)
    assert f"thing 1 cannot go from {current} to {target}" in refusal.value.message
    assert all(str(way) in refusal.value.message for way in table[current])
    assert ("final" in refusal.value.message) == (not table[current])
    assert refusal.value.context == {"subject": "thing 1", "current": current, "target": target}


@settings(max_examples=300)
@given(changes, st.sampled_from(list(SubscriptionStatus)))
def test_a_history_is_ordered_follows_the_table_and_ends_now(
    drawn: list[tuple[SubscriptionStatus, int]], status: SubscriptionStatus
) -> None:
    history = history_of(drawn)
    steps = list(pairwise(drawn))
    in_order = all(a[1] <= b[1] for a, b in steps)
    follows = all(b[0] in SUBSCRIPTION_TRANSITIONS[a[0]] for a, b in steps)
    ends_now = not drawn or drawn[-1][0] == status
    if in_order and follows and ends_now:
        check_history("line 1", status, history, SUBSCRIPTION_TRANSITIONS)
        return
    with pytest.raises(TransitionError, match="line 1"):
        check_history("line 1", status, history, SUBSCRIPTION_TRANSITIONS)


def test_two_changes_on_one_day_are_a_history() -> None:
    states = (
        SubscriptionStatus.SUSPENDED,
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.TERMINATED,
    )
    history = history_of([(state, 0) for state in states])
    check_history("line 1", states[-1], history, SUBSCRIPTION_TRANSITIONS)
