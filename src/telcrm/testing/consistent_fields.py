"""What the fields of one record must agree on: each function mends values drawn apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from telcrm.domain import (
    CUSTOMER_TRANSITIONS,
    SUBSCRIPTION_TRANSITIONS,
    AccountState,
    ActivityKind,
    ActivityRule,
    Agreement,
    BillingAccount,
    Campaign,
    Complaint,
    ContactMedium,
    ContactMediumType,
    Customer,
    CustomerStatus,
    Equipment,
    EquipmentStatus,
    Individual,
    Invoice,
    InvoiceStatus,
    Money,
    Price,
    PriceType,
    Record,
    ServiceRequest,
    StatusChange,
    Subscription,
    SubscriptionStatus,
    SurveyKind,
    SurveyResponse,
    Transitions,
    ValidFor,
)

__all__ = ["Present", "Values", "mend"]

Values = dict[str, Any]
"""The drawn fields of one record, by name."""

Present = Callable[[str], Any]
"""Draws a field that must not be None."""

_Mend = Callable[[Values, Present, st.DrawFn], Values]


def mend(record_type: type[Record], values: Values, present: Present, draw: st.DrawFn) -> Values:
    """Return the values with those changed that would break a rule between fields.

    Parameters
    ----------
    record_type : type of Record
        A subclass follows the rules of the record that it refines.
    values : dict
    present : callable
    draw : DrawFn

    Returns
    -------
    dict
    """
    for kind in record_type.__mro__:
        if kind in _MENDS:
            return values | _MENDS[kind](values, present, draw)
    return values


def _ordered(first: str, last: str) -> _Mend:
    def order(values: Values, *_: object) -> Values:
        early, late = values[first], values[last]
        if early is None or late is None or early <= late:
            return {}
        return {first: late, last: early}

    return order


def _walk(
    transitions: Transitions[Any], target: str, draw: st.DrawFn
) -> list[tuple[str, date, str | None]]:
    """Draw a way through the table that ends in a state; an empty one says nothing."""
    states: list[str] = []
    came_from: list[str] = [target]
    for _ in range(draw(st.integers(0, 4))):
        states.insert(0, draw(st.sampled_from(came_from)))
        came_from = sorted(state for state, ways in transitions.items() if states[0] in ways)
        if not came_from:
            break
    days = sorted(draw(_days) for _ in states)
    return [(state, day, draw(_reasons)) for state, day in zip(states, days, strict=True)]


_days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
_reasons = st.none() | st.sampled_from(["arrears", "voluntary", "moved away"])


def _customer(values: Values, _: Present, draw: st.DrawFn) -> Values:
    walk = _walk(CUSTOMER_TRANSITIONS, values["status"], draw)
    change = StatusChange[CustomerStatus]
    history = tuple(change(status=s, since=day, reason=why) for s, day, why in walk)
    return {"status_history": history, "since": walk[0][1] if walk else values["since"]}


def _subscription(values: Values, _: Present, draw: st.DrawFn) -> Values:
    walk = _walk(SUBSCRIPTION_TRANSITIONS, values["status"], draw)
    change = StatusChange[SubscriptionStatus]
    history = tuple(change(status=s, since=day, reason=why) for s, day, why in walk)
    mended: Values = {"status_history": history}
    if values["status"] != SubscriptionStatus.TERMINATED:
        return mended | {"terminated_on": None, "termination_reason": None}
    ended = walk[-1][1] if walk else values["terminated_on"]
    activated = values["activated_on"]
    if ended and activated:
        mended["activated_on"] = min(activated, ended)
    return mended | {"terminated_on": ended}


def _contact_medium(values: Values, present: Present, _: st.DrawFn) -> Values:
    medium = str(values["medium"])
    others: Values = {kind.value: None for kind in ContactMediumType}
    return others | {medium: present(medium) if values[medium] is None else values[medium]}


def _individual(values: Values, present: Present, _: st.DrawFn) -> Values:
    named = values["given_name"] or values["family_name"] or values["full_name"]
    return {} if named else {"family_name": present("family_name")}


def _billing_account(values: Values, present: Present, draw: st.DrawFn) -> Values:
    if values["state"] != AccountState.CLOSED:
        return {"closed_on": None}
    return _ordered("opened_on", "closed_on")(values, present, draw)


def _price(values: Values, present: Present, _: st.DrawFn) -> Values:
    mended: Values = {}
    if values["kind"] != PriceType.USAGE:
        mended |= {"usage_kind": None, "usage_zone": None, "per_units": None}
    else:
        mended |= {name: present(name) for name in ("usage_kind", "per_units")}
    recurring = values["kind"] == PriceType.RECURRING
    return mended | {"recurring_months": present("recurring_months") if recurring else None}


def _agreement(values: Values, *_: object) -> Values:
    bound, ends = values["commitment_end"], values["term"].end
    return {"commitment_end": min(bound, ends) if bound and ends else bound}


def _invoice(values: Values, present: Present, draw: st.DrawFn) -> Values:
    mended = _ordered("issued_on", "due_on")(values, present, draw)
    lines = values["lines"]
    if lines:
        code = lines[0].net.currency
        tax = Money.sum((line.tax for line in lines), currency=code)
        mended["total"] = Money.sum((line.net for line in lines), currency=code) + tax
        mended["tax"] = None if values["tax"] is None else tax
    if values["open_amount"] is not None:
        total: Money = mended["total"] if lines else values["total"]
        low, high = sorted([0, total.minor_units])
        if values["status"] == InvoiceStatus.SETTLED:
            low = high = 0
        mended["open_amount"] = Money.from_minor(draw(st.integers(low, high)), total.currency)
    return mended


def _equipment(values: Values, present: Present, draw: st.DrawFn) -> Values:
    mended = _ordered("assigned_on", "returned_on")(values, present, draw)
    if values["imei"] is None and values["serial"] is None:
        mended["serial"] = present("serial")
    if values["status"] == EquipmentStatus.ASSIGNED and values["customer_id"] is None:
        mended["customer_id"] = present("customer_id")
    return mended


def _survey_response(values: Values, *_: object) -> Values:
    low, high = SurveyKind(values["kind"]).scale
    return {"score": min(max(values["score"], low), high)}


def _activity_rule(values: Values, _: Present, draw: st.DrawFn) -> Values:
    kinds = tuple(dict.fromkeys(values["kinds"]))
    return {"kinds": kinds or (draw(st.sampled_from(ActivityKind)),)}


_MENDS: Mapping[type, _Mend] = {
    ActivityRule: _activity_rule,
    Agreement: _agreement,
    BillingAccount: _billing_account,
    Campaign: _ordered("starts_on", "ends_on"),
    Complaint: _ordered("received_at", "resolved_at"),
    ContactMedium: _contact_medium,
    Customer: _customer,
    Equipment: _equipment,
    Individual: _individual,
    Invoice: _invoice,
    Price: _price,
    ServiceRequest: _ordered("requested_at", "completed_at"),
    Subscription: _subscription,
    SurveyResponse: _survey_response,
    ValidFor: _ordered("start", "end"),
}
