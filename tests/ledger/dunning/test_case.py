from __future__ import annotations

import json
from datetime import date

import pytest
from pydantic import ValidationError

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.dunning.case import (
    ActionKind,
    Decision,
    DunnableItem,
    DunningAction,
    DunningCase,
    DunningState,
    SentReminder,
)
from telcrm.ledger.dunning.policy import DunningStep, ServiceState

DAY = date(2026, 1, 31)


def item(
    *, open_minor: int, original_minor: int, disputed_minor: int = 0, held: bool = False
) -> DunnableItem:
    return DunnableItem(
        item_id="I-1",
        due_on=DAY,
        open_minor=open_minor,
        original_minor=original_minor,
        disputed_minor=disputed_minor,
        held=held,
    )


def test_every_step_is_an_action_of_the_same_name() -> None:
    others = {"listed", "restored", "delisted"}
    assert {kind.value for kind in ActionKind} == {step.value for step in DunningStep} | others


def test_dunnable_is_what_is_open_and_neither_disputed_nor_held() -> None:
    assert item(open_minor=60, original_minor=100).dunnable_minor == 60
    assert item(open_minor=60, original_minor=100, disputed_minor=20).dunnable_minor == 40
    # A payment may leave less open than is disputed.
    assert item(open_minor=60, original_minor=100, disputed_minor=80).dunnable_minor == 0
    assert item(open_minor=60, original_minor=100, held=True).dunnable_minor == 0


@pytest.mark.parametrize(
    ("open_minor", "disputed_minor", "original_minor"), [(-1, 0, 5), (6, 0, 5), (5, -1, 5)]
)
def test_impossible_amounts_are_refused(
    open_minor: int, disputed_minor: int, original_minor: int
) -> None:
    with pytest.raises(ParameterError, match="item I-1: open"):
        item(open_minor=open_minor, disputed_minor=disputed_minor, original_minor=original_minor)


def test_an_item_is_given_once() -> None:
    twice = (item(open_minor=1, original_minor=1), item(open_minor=2, original_minor=2))
    with pytest.raises(ParameterError, match="account A-1: 2 items have 1 identifiers"):
        DunningCase(account_id="A-1", currency="EUR", items=twice)


def test_barred_is_listed() -> None:
    with pytest.raises(ParameterError, match="only a listed account is barred"):
        DunningState(service=ServiceState.ONE_WAY_BARRED)
    with pytest.raises(ParameterError, match="only a listed account is barred"):
        DunningState(level=1)
    with pytest.raises(ParameterError):
        DunningState(listed=True, level=-1)


def test_terminated_is_over_and_not_barred() -> None:
    assert not DunningState(service=ServiceState.TERMINATED).barred
    assert DunningState(listed=True, service=ServiceState.TWO_WAY_BARRED).barred


def test_a_service_may_be_given_as_text() -> None:
    state = DunningState(listed=True, service="two_way_barred")  # type: ignore[arg-type]
    assert state.service is ServiceState.TWO_WAY_BARRED
    with pytest.raises(ParameterError, match="no ServiceState"):
        DunningState(service="gone")  # type: ignore[arg-type]


STATE = DunningState(
    listed=True,
    level=3,
    level_on=date(2026, 3, 2),
    service=ServiceState.ONE_WAY_BARRED,
    anchor="I-1",
    listed_on=date(2026, 2, 1),
    reminded=(SentReminder("I-2", date(2026, 3, 31), 1),),
)
ACTION = DunningAction(
    kind=ActionKind.ONE_WAY_BAR,
    level=3,
    anchor="I-1",
    days_past_due=30,
    overdue=Money("40", "EUR"),
    due_since=DAY,
)


def test_state_action_and_decision_go_through_json() -> None:
    decision = Decision(
        actions=(ACTION,),
        state=STATE,
        overdue=Money("40", "EUR"),
        anchor="I-1",
        days_past_due=30,
        reason="because",
    )
    assert DunningState.from_dict(json.loads(json.dumps(STATE.to_dict()))) == STATE
    assert DunningAction.from_dict(json.loads(json.dumps(ACTION.to_dict()))) == ACTION
    assert Decision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


def test_a_stored_state_of_an_older_release_may_lack_fields() -> None:
    assert DunningState.from_dict({"listed": True}) == DunningState(listed=True)


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(ValidationError):
        DunningState.from_dict({"listed": True, "stage": 2})
    with pytest.raises(ValidationError):
        DunningState.from_dict({"level": 2})
    with pytest.raises(ValidationError):
        DunningAction.from_dict({"kind": "barred"})
    with pytest.raises(ValidationError):
        Decision.from_dict({**STATE.to_dict()})
