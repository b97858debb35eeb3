"""A customer's status follows the table; the latest word on consent rules."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import (
    CUSTOMER_TRANSITIONS,
    Channel,
    Consent,
    ConsentPurpose,
    Customer,
    CustomerStatus,
    StatusChange,
)
from telcrm.errors import ParameterError, TransitionError
from telcrm.testing import customers, records

DAY = date(2026, 2, 17)
NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)

BARE: dict[str, Any] = {
    field: st.just(()) for field in ("contact_media", "consents", "credit_profiles")
}

few_days = st.integers(0, 3).map(lambda days: DAY + timedelta(days=days))
said = records(
    Consent,
    purpose=st.sampled_from([ConsentPurpose.SERVICE, ConsentPurpose.MARKETING]),
    channel=st.sampled_from([None, Channel.SMS, Channel.EMAIL]),
    recorded_at=st.integers(0, 6).map(lambda halves: NOON + timedelta(hours=12 * halves)),
    valid_until=st.none() | few_days,
)


def customer(**fields: Any) -> Customer:
    known = {"party_id": "P-1", "party_type": "individual", "name": "Ada", "since": DAY}
    return Customer.model_validate({"customer_id": "C-1", "status": "active", **known, **fields})


def consent(granted: bool, *, hour: int = 0, **fields: Any) -> Consent:
    known = {"purpose": "marketing", "recorded_at": NOON + timedelta(hours=hour)}
    return Consent.model_validate({"granted": granted, **known, **fields})


# Status


@pytest.mark.parametrize("target", CustomerStatus)
@settings(max_examples=40)
@given(one=customers(**BARE), days=st.integers(0, 40))
def test_moves_follow_the_table_and_histories_stay_ordered(
    target: CustomerStatus, one: Customer, days: int
) -> None:
    last = one.status_history[-1].since if one.status_history else one.since
    on = last + timedelta(days=days)
    if target not in CUSTOMER_TRANSITIONS[one.status]:
        with pytest.raises(TransitionError, match="customer"):
            one.move_to(target, on=on)
        return
    moved = one.move_to(target, on=on, reason="why")
    assert (moved.status, moved.since) == (target, one.since)
    assert moved.status_history[-1] == StatusChange[CustomerStatus](
        status=target, since=on, reason="why"
    )
    first = StatusChange[CustomerStatus](status=one.status, since=one.since)
    assert moved.status_history[:-1] == (one.status_history or (first,))
    assert [change.since for change in moved.status_history] == sorted(
        change.since for change in moved.status_history
    )
    assert moved.status_on(on) == target
    assert days == 0 or moved.status_on(on - timedelta(days=1)) == one.status
    with pytest.raises(TransitionError, match="goes back in time"):
        one.move_to(target, on=last - timedelta(days=1))


def test_a_win_back_keeps_its_past() -> None:
    back = (
        customer()
        .move_to("closed", on=DAY + timedelta(days=10), reason="moved away")
        .move_to("active", on=DAY + timedelta(days=400), reason="win-back")
    )
    assert back.since == DAY
    held = [(change.status.value, change.reason) for change in back.status_history]
    assert held == [("active", None), ("closed", "moved away"), ("active", "win-back")]
    assert back.status_on(DAY + timedelta(days=399)) is CustomerStatus.CLOSED


def test_no_prospect_again() -> None:
    for status in set(CustomerStatus) - {CustomerStatus.PROSPECT}:
        with pytest.raises(TransitionError):
            customer(status=status).move_to("prospect", on=DAY)


def test_before_the_first_known_status_there_is_none() -> None:
    assert customer().status_on(DAY - timedelta(days=1)) is None
    assert customer().status_on(DAY) is CustomerStatus.ACTIVE
    moved = customer().move_to("suspended", on=DAY + timedelta(days=1))
    assert moved.status_on(DAY - timedelta(days=1)) is None
    assert moved.status_on(DAY) is CustomerStatus.ACTIVE


def test_a_history_that_does_not_lead_to_the_status_is_refused() -> None:
    change = StatusChange[CustomerStatus](status=CustomerStatus.CLOSED, since=DAY)
    with pytest.raises(ValidationError, match="says active, but its history ends in closed"):
        customer(status_history=(change,))


@pytest.mark.parametrize("status", ["gone", "", "Active"])
def test_an_unknown_status_is_refused(status: str) -> None:
    with pytest.raises(ParameterError, match="Choose from: prospect, active, suspended, closed"):
        customer().move_to(status, on=DAY)


@pytest.mark.parametrize("asked", [{"purpose": "fun"}, {"channel": "pigeon"}])
def test_an_unknown_purpose_or_channel_is_refused(asked: dict[str, str]) -> None:
    known = {"purpose": "service", "channel": "sms"}
    with pytest.raises(ParameterError, match="Choose from: "):
        customer().may_contact(**(known | asked), on=DAY)


def test_an_empty_reason_is_refused() -> None:
    with pytest.raises(ValidationError, match="reason"):
        customer().move_to("suspended", on=DAY, reason="")


# Consent


@settings(max_examples=60)
@given(st.lists(said, max_size=5), few_days, st.randoms(), st.booleans())
def test_the_latest_word_rules_whatever_the_order_it_is_kept_in(
    consents: list[Consent], on: date, random: Any, granted: bool
) -> None:
    shuffled = list(consents)
    random.shuffle(shuffled)
    last = Consent(
        purpose=ConsentPurpose.MARKETING, granted=granted, recorded_at=NOON + timedelta(days=9)
    )
    for channel in Channel:
        for purpose in ConsentPurpose:
            answers = {
                customer(consents=words).may_contact(purpose, channel=channel, on=on)
                for words in (consents, shuffled)
            }
            assert len(answers) == 1
        words = customer(consents=[last, *shuffled])
        later = on + timedelta(days=9)
        assert words.may_contact("marketing", channel=channel, on=later) is granted


@pytest.mark.parametrize(
    ("consents", "channel", "allowed"),
    [
        ((), "sms", False),
        ((consent(True),), "sms", True),
        ((consent(True, channel="email"),), "sms", False),
        ((consent(True, channel="email"),), "email", True),
        ((consent(True), consent(False, hour=1, channel="sms")), "sms", False),
        ((consent(True), consent(False, hour=1, channel="sms")), "email", True),
        ((consent(True, channel="sms"), consent(False, hour=1)), "sms", False),
        ((consent(False), consent(True, hour=1, channel="sms")), "sms", True),
        ((consent(False), consent(True, hour=1, channel="sms")), "email", False),
        ((consent(True), consent(False)), "sms", False),
        ((consent(False), consent(True)), "sms", False),
        ((consent(True, purpose="profiling"),), "sms", False),
        ((consent(True, hour=12),), "sms", False),
        ((consent(True, valid_until=DAY),), "sms", True),
        ((consent(True, valid_until=DAY - timedelta(days=1)),), "sms", False),
    ],
    ids=[
        "nothing said", "yes to all", "yes to another", "yes to this one", "later no to this one",
        "later no to another", "later no to all", "later yes to this one", "later yes to another",
        "yes and no at once", "no and yes at once", "another purpose", "said tomorrow",
        "last valid day", "expired",
    ],
)  # fmt: skip
def test_marketing_needs_a_yes(consents: tuple[Consent, ...], channel: str, allowed: bool) -> None:
    one = customer(consents=consents)
    assert one.may_contact("marketing", channel=channel, on=DAY) is allowed


@pytest.mark.parametrize(
    ("consents", "allowed"),
    [
        ((), True),
        ((consent(False, purpose="service"),), False),
        ((consent(True, purpose="service", valid_until=DAY - timedelta(days=1)),), True),
        ((consent(False, purpose="service", valid_until=DAY - timedelta(days=1)),), True),
        ((consent(False, purpose="marketing"),), True),
    ],
)
def test_service_needs_no_yes_but_respects_a_no(
    consents: tuple[Consent, ...], allowed: bool
) -> None:
    assert customer(consents=consents).may_contact("service", channel="sms", on=DAY) is allowed


def test_an_expired_word_does_not_bring_back_an_older_one() -> None:
    words = (consent(True), consent(True, hour=1, valid_until=DAY))
    tomorrow = DAY + timedelta(days=1)
    assert not customer(consents=words).may_contact("marketing", channel="sms", on=tomorrow)


def test_a_misspelt_channel_or_purpose_is_refused() -> None:
    with pytest.raises(ValueError, match="fax"):
        customer().may_contact("marketing", channel="fax", on=DAY)
    with pytest.raises(ValueError, match="adverts"):
        customer().may_contact("adverts", channel="sms", on=DAY)
