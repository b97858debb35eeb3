"""A device is known by a number, is assigned to somebody, and changes hands in order."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import EQUIPMENT_TRANSITIONS, Equipment, EquipmentStatus, Money
from telcrm.errors import ParameterError, TransitionError
from telcrm.testing import money, records

DAY = date(2026, 2, 17)


def device(**fields: Any) -> Equipment:
    known = {"equipment_id": "E-1", "kind": "router", "ownership": "lent", "serial": "SN-1"}
    return Equipment.model_validate({"status": "in_stock", **known, **fields})


def changed_last(one: Equipment) -> date:
    days = (one.status_since, one.assigned_on, one.returned_on)
    return max((day for day in days if day is not None), default=DAY)


@pytest.mark.parametrize("target", EquipmentStatus)
@settings(max_examples=40)
@given(one=records(Equipment), days=st.integers(0, 40))
def test_moves_follow_the_table_in_order(
    target: EquipmentStatus, one: Equipment, days: int
) -> None:
    on = changed_last(one) + timedelta(days=days)
    if target not in EQUIPMENT_TRANSITIONS[one.status] or target is EquipmentStatus.ASSIGNED:
        with pytest.raises(TransitionError, match="equipment"):
            one.move_to(target, on=on)
        return
    moved = one.move_to(target, on=on)
    assert (moved.status, moved.status_since) == (target, on)
    assert changed_last(moved) == on
    if one.status_since is not None:
        with pytest.raises(TransitionError, match="changed last on"):
            one.move_to(target, on=one.status_since - timedelta(days=1))


@settings(max_examples=50)
@given(one=records(Equipment), days=st.integers(0, 40))
def test_only_a_device_in_stock_is_assigned(one: Equipment, days: int) -> None:
    on = changed_last(one) + timedelta(days=days)
    if one.status is not EquipmentStatus.IN_STOCK:
        with pytest.raises(TransitionError, match="cannot go from"):
            one.assign("C-9", on=on)
        return
    lent = one.assign("C-9", on=on, subscription_id="S-9")
    assert (lent.customer_id, lent.subscription_id, lent.status) == ("C-9", "S-9", "assigned")
    assert (lent.assigned_on, lent.status_since, lent.returned_on) == (on, on, None)


def test_a_device_goes_out_comes_back_and_goes_out_again() -> None:
    week = timedelta(days=7)
    back = device().assign("C-1", on=DAY).move_to("returned", on=DAY + week)
    assert (back.customer_id, back.returned_on) == ("C-1", DAY + week)
    stocked = back.move_to("in_stock", on=DAY + week)
    assert (stocked.customer_id, stocked.assigned_on, stocked.returned_on) == (None, None, None)
    assert stocked.assign("C-2", on=DAY + 2 * week).assigned_on == DAY + 2 * week
    with pytest.raises(TransitionError, match="changed last on 2026-02-24"):
        stocked.assign("C-2", on=DAY)


def test_a_lost_device_keeps_the_day_and_who_had_it_and_may_turn_up() -> None:
    lost = device().assign("C-1", on=DAY).move_to("lost", on=DAY + timedelta(days=3))
    assert (lost.customer_id, lost.status_since) == ("C-1", DAY + timedelta(days=3))
    assert lost.move_to("returned", on=DAY + timedelta(days=4)).returned_on is not None
    gone = lost.move_to("written_off", on=DAY + timedelta(days=90))
    with pytest.raises(TransitionError, match="final"):
        gone.move_to("returned", on=DAY + timedelta(days=91))


def test_a_device_needs_a_number() -> None:
    with pytest.raises(ValidationError, match="needs an imei or a serial"):
        device(serial=None)
    assert device(serial=None, imei="490154203237518").serial is None


def test_an_assigned_device_has_a_customer() -> None:
    with pytest.raises(ValidationError, match="needs a customer_id"):
        device(status="assigned")


def test_a_device_does_not_come_back_before_it_went() -> None:
    with pytest.raises(ValidationError, match="came back on 2026-02-16, before it was assigned"):
        device(status="returned", assigned_on=DAY, returned_on=DAY - timedelta(days=1))


@given(money(min_minor=0), money(min_minor=0))
def test_value_and_subsidy_are_in_one_currency(value: Money, subsidy: Money) -> None:
    if value.currency == subsidy.currency:
        assert device(residual_value=value, subsidy=subsidy).subsidy == subsidy
        return
    with pytest.raises(ValidationError, match=f"subsidy in {subsidy.currency.code}"):
        device(residual_value=value, subsidy=subsidy)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(ParameterError, match="Choose from: in_stock"):
        device().move_to("sold", on=DAY)
