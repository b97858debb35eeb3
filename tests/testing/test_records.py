"""Drawn records are valid, hold what the caller asked for, and are not all alike."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, StringConstraints

from telcrm.domain import (
    ColumnPattern,
    Currency,
    Customer,
    Equipment,
    InvoiceLine,
    Money,
    MoneyAtLeast,
    Period,
    PlanOffer,
    Price,
    Record,
    Subscription,
    SubscriptionStatus,
    UsageRecord,
)
from telcrm.errors import ParameterError
from telcrm.testing import customers, invoices, records, subscriptions

few = settings(max_examples=25)

# Making the example small takes seconds, and it is not looked at.
UNSHRUNK = settings(max_examples=500, phases=[Phase.generate], database=None)


class Voucher(Record):
    """A record of a downstream package."""

    code: Annotated[str, ColumnPattern(r"^[A-Z]{4}$", str)]
    label: Annotated[str, Field(min_length=3, max_length=5)]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=5)]
    month: Period
    value: Annotated[Money, MoneyAtLeast(5)]
    share: Annotated[Decimal, Field(ge=0, lt=1)]
    uses: Annotated[int, Field(strict=True, ge=2, le=4)]
    note: str | None
    price: Price | None


def amounts(value: Any) -> Iterator[Money]:
    if isinstance(value, Money):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from amounts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from amounts(item)


@few
@given(st.data(), st.sampled_from(["USD", Currency("KWD")]))
def test_all_amounts_are_in_the_currency_asked_for(
    data: st.DataObject, currency: Currency | str
) -> None:
    for strategy in (
        invoices(currency=currency),
        customers(currency=currency),
        records(PlanOffer, currency=currency),
    ):
        codes = {amount.currency.code for amount in amounts(data.draw(strategy))}
        assert codes <= {str(getattr(currency, "code", currency))}


@few
@given(records(Voucher))
def test_a_downstream_record_is_drawn_from_its_fields(voucher: Voucher) -> None:
    assert Voucher.from_json(voucher.to_json()) == voucher
    assert voucher.month.day == 1
    assert voucher.value.amount >= 5
    assert voucher.share < 1
    assert 3 <= len(voucher.title) <= 5


def test_a_downstream_record_keeps_the_rules_of_the_record_that_it_refines() -> None:
    class Handset(Equipment):
        colour: str = "black"

    @few
    @given(records(Handset))
    def test_is_valid(handset: Handset) -> None:
        assert handset.imei or handset.serial

    test_is_valid()


def test_a_field_of_an_unknown_type_needs_a_strategy() -> None:
    class Odd(Record):
        ratio: complex

    with pytest.raises(ParameterError, match=r"complex.*my_field=st.just"):
        find(records(Odd), bool, settings=UNSHRUNK)
    assert find(records(Odd, ratio=st.just(1j)), bool, settings=UNSHRUNK).ratio == 1j


@few
@given(
    subscriptions(status=st.just(SubscriptionStatus.TERMINATED), customer_id=st.just("C-1")),
)
def test_what_is_given_is_taken_and_the_rest_is_fitted_to_it(line: Subscription) -> None:
    assert (line.status, line.customer_id) == (SubscriptionStatus.TERMINATED, "C-1")
    if line.status_history:
        assert line.terminated_on == line.status_history[-1].since


@pytest.mark.parametrize("status", SubscriptionStatus)
@pytest.mark.parametrize("length", [0, 1])
def test_every_status_is_reached_with_and_without_a_history(
    status: SubscriptionStatus, length: int
) -> None:
    lines = subscriptions(status=st.just(status))
    assert find(lines, lambda line: len(line.status_history) == length, settings=UNSHRUNK)


def test_a_walk_goes_through_several_states() -> None:
    assert find(customers(), lambda one: len(one.status_history) > 2, settings=UNSHRUNK)


@few
@given(records(UsageRecord, started_at=st.just("2026-02-17T12:00:00+01:00")))
def test_given_values_are_validated(usage: UsageRecord) -> None:
    assert usage.started_at.hour == 11


@few
@given(records(InvoiceLine), records(Customer, since=st.just(date(2026, 1, 1))))
def test_amounts_may_be_negative_and_days_given(line: InvoiceLine, one: Customer) -> None:
    assert line.net.currency == line.tax.currency
    assert one.since == date(2026, 1, 1)
