"""Strategies for whole records: every field drawn, every rule between fields kept."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from telcrm.domain import Currency, Customer, Invoice, Record, Subscription
from telcrm.testing.consistent_fields import mend
from telcrm.testing.field_values import field_values

__all__ = ["customers", "invoices", "records", "subscriptions"]

R = TypeVar("R", bound=Record)

# One for each number of decimals that a currency in force has: 2, 0, 3 and 4.
_CURRENCIES = tuple(Currency(code) for code in ("EUR", "JPY", "KWD", "CLF"))


def records(
    record_type: type[R],
    *,
    currency: Currency | str | None = None,
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[R]:
    """Return a strategy for valid records of one type, those of a downstream package included.

    Parameters
    ----------
    record_type : type of Record
    currency : Currency or str, optional
        The currency of all amounts in the record. By default each record has one of EUR, JPY, KWD
        and CLF, which have 2, 0, 3 and 4 decimals.
    **fields : SearchStrategy
        Strategies for fields by name, taken as they are; the other fields are fitted to them where
        a rule of telcrm's records links them. The rules of a downstream record are not known:
        pass strategies for the fields that they link.

    Returns
    -------
    SearchStrategy of record_type

    Raises
    ------
    ParameterError
        A field has a type that no record of telcrm uses, and no strategy is given for it.

    Examples
    --------
    >>> from hypothesis import given, settings, strategies as st
    >>> from telcrm.domain import Payment
    >>> @settings(max_examples=10)
    ... @given(records(Payment, currency="EUR", customer_id=st.just("C-1")))
    ... def test_is_read_back(payment):
    ...     assert Payment.from_json(payment.to_json()) == payment
    ...     assert (payment.customer_id, payment.amount.currency.code) == ("C-1", "EUR")
    >>> test_is_read_back()
    """
    if isinstance(currency, str):
        currency = Currency(currency)
    coins = st.sampled_from(_CURRENCIES) if currency is None else st.just(currency)
    return _whole(record_type, coins, fields)


def customers(
    *, currency: Currency | str | None = None, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[Customer]:
    """Return a strategy for customers whose status history follows the table of transitions.

    Parameters
    ----------
    currency : Currency or str, optional
    **fields
        As for :func:`records`.

    Returns
    -------
    SearchStrategy of Customer

    Examples
    --------
    >>> from datetime import date
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(customers())
    ... def test_history_leads_to_the_present(customer):
    ...     assert customer.status_on(date.max) == customer.status
    >>> test_history_leads_to_the_present()
    """
    return records(Customer, currency=currency, **fields)


def subscriptions(
    **fields: st.SearchStrategy[Any],
) -> st.SearchStrategy[Subscription]:
    """Return a strategy for subscriptions whose status history follows the state diagram.

    Parameters
    ----------
    **fields
        As for :func:`records`.

    Returns
    -------
    SearchStrategy of Subscription

    Examples
    --------
    >>> from datetime import date
    >>> from hypothesis import given, settings, strategies as st
    >>> @settings(max_examples=10)
    ... @given(subscriptions(status=st.just("suspended")))
    ... def test_can_be_restored(line):
    ...     assert line.move_to("active", on=date.max).status == "active"
    >>> test_can_be_restored()
    """
    return records(Subscription, currency=None, **fields)


def invoices(
    *, currency: Currency | str | None = None, **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[Invoice]:
    """Return a strategy for invoices, with lines that add up or without lines.

    Parameters
    ----------
    currency : Currency or str, optional
    **fields
        As for :func:`records`.

    Returns
    -------
    SearchStrategy of Invoice

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(invoices())
    ... def test_adds_up(invoice):
    ...     assert invoice.tax is None or invoice.net + invoice.tax == invoice.total
    >>> test_adds_up()
    """
    return records(Invoice, currency=currency, **fields)


@st.composite
def _whole(
    draw: st.DrawFn,
    record_type: type[R],
    coins: st.SearchStrategy[Currency],
    given: dict[str, st.SearchStrategy[Any]],
) -> R:
    currency = draw(coins)
    known = _fields(record_type, currency, frozenset(given))
    fixed = {name: draw(strategy) for name, strategy in given.items()}
    values = {name: draw(strategy) for name, strategy in known.items()} | fixed

    def present(name: str) -> Any:
        return draw(known[name].filter(lambda value: value is not None))

    return record_type(**mend(record_type, values, present, draw) | fixed)


@cache
def _fields(
    record_type: type[Record], currency: Currency, given: frozenset[str]
) -> dict[str, st.SearchStrategy[Any]]:
    return {
        name: field_values(
            field, currency=currency, nested=lambda kind: records(kind, currency=currency)
        )
        for name, field in record_type.model_fields.items()
        if name not in given
    }
