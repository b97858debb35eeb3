"""An invoice adds up to the last unit, in one currency."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Invoice, InvoiceLine, Money, Payment, Recharge
from telcrm.testing import currencies, invoices, money, records

DAY = date(2026, 2, 17)


def invoice(**fields: Any) -> Invoice:
    known = {"invoice_id": "I-1", "customer_id": "C-1", "issued_on": DAY, "due_on": DAY}
    return Invoice.model_validate({"total": Money("24", "EUR"), **known, **fields})


@st.composite
def line_lists(draw: st.DrawFn) -> list[InvoiceLine]:
    currency = draw(currencies())
    return draw(st.lists(records(InvoiceLine, currency=currency), min_size=1, max_size=6))


def sums(lines: list[InvoiceLine]) -> tuple[Money, Money]:
    code = lines[0].net.currency
    zero = Money.zero(code)
    return sum((line.net for line in lines), zero), sum((line.tax for line in lines), zero)


@settings(max_examples=50)
@given(line_lists(), st.booleans())
def test_lines_add_up_to_the_total(lines: list[InvoiceLine], tax_known: bool) -> None:
    net, tax = sums(lines)
    bill = invoice(lines=lines, total=net + tax, tax=tax if tax_known else None)
    assert bill.net == net


@given(
    line_lists(),
    st.sampled_from(["total", "tax", "line net", "line tax"]),
    st.sampled_from([-1, 1]),
)
def test_one_unit_more_or_less_is_refused(lines: list[InvoiceLine], where: str, units: int) -> None:
    net, tax = sums(lines)
    total, unit = net + tax, Money.from_minor(units, net.currency)
    if where == "total":
        total += unit
    elif where == "tax":
        tax += unit
    else:
        field = where.removeprefix("line ")
        lines = [lines[0].replace(**{field: getattr(lines[0], field) + unit}), *lines[1:]]
    with pytest.raises(ValidationError, match=r"invoice I-1 says .* its lines add up to"):
        invoice(lines=lines, total=total, tax=tax)


@settings(max_examples=50)
@given(line_lists(), line_lists())
def test_lines_of_two_currencies_are_refused(
    lines: list[InvoiceLine], others: list[InvoiceLine]
) -> None:
    assume(lines[0].net.currency != others[0].net.currency)
    net, tax = sums(lines)
    with pytest.raises(ValidationError, match="mixes currencies"):
        invoice(lines=[*lines, *others], total=net + tax)


@pytest.mark.parametrize("field", ["tax", "open_amount"])
def test_every_amount_is_in_the_currency_of_the_total(field: str) -> None:
    with pytest.raises(ValidationError, match="mixes currencies"):
        invoice(**{field: Money("4", "USD")})


def test_a_line_is_in_one_currency() -> None:
    amounts = {"net": Money("1", "EUR"), "tax": Money("1", "USD")}
    with pytest.raises(ValidationError, match="net of line 'fee' is in EUR, its tax in USD"):
        InvoiceLine.model_validate({"kind": "fee", "description": "fee", **amounts})


@settings(max_examples=50)
@given(invoices())
def test_net_and_tax_make_the_total(bill: Invoice) -> None:
    if bill.tax is not None:
        assert bill.net is not None
        assert bill.net + bill.tax == bill.total
    assert (bill.net is None) == (bill.tax is None and not bill.lines)


def test_an_invoice_is_not_due_before_it_is_issued() -> None:
    assert invoice(due_on=DAY).due_on == DAY
    with pytest.raises(ValidationError, match="due on 2026-02-16, before it was issued"):
        invoice(due_on=DAY - timedelta(days=1))


@given(total=st.integers(-300, 300), left=st.integers(-400, 400))
def test_what_is_open_lies_between_nothing_and_the_total(total: int, left: int) -> None:
    amounts = {name: Money.from_minor(units, "EUR") for name, units in (("t", total), ("o", left))}
    given_ = {"total": amounts["t"], "open_amount": amounts["o"]}
    if min(total, 0) <= left <= max(total, 0):
        assert invoice(**given_).open_amount == amounts["o"]
        return
    with pytest.raises(ValidationError, match="what is open lies from"):
        invoice(**given_)


def test_nothing_of_a_settled_invoice_is_open() -> None:
    assert invoice(status="settled", open_amount=Money("0", "EUR")).open_amount is not None
    assert invoice(status="settled").open_amount is None
    with pytest.raises(ValidationError, match=r"I-1 is settled, but 3\.00 EUR is open"):
        invoice(status="settled", open_amount=Money("3", "EUR"))


def test_the_tax_of_a_line_is_not_computed_anew() -> None:
    parts = {"net": Money("0.99", "EUR"), "tax": Money("0.19", "EUR"), "tax_rate": "0.2"}
    assert InvoiceLine.model_validate({"kind": "fee", "description": "fee", **parts}).tax_rate


def test_a_credit_note_is_negative() -> None:
    assert invoice(total=Money("-24", "EUR"), tax=Money("-4", "EUR")).net == Money("-20", "EUR")


@given(money(max_minor=0))
def test_a_payment_is_above_nothing(amount: Money) -> None:
    known = {"customer_id": "C-1", "amount": amount}
    with pytest.raises(ValidationError, match="is not above 0"):
        Payment.model_validate({**known, "payment_id": "Y", "account_id": "A", "paid_on": DAY})


def test_a_recharge_may_be_given_but_not_taken() -> None:
    known = {"recharge_id": "R", "customer_id": "C-1", "recharged_at": "2026-02-17T12:00:00Z"}
    assert Recharge.model_validate({**known, "amount": Money("0", "EUR")}).amount.amount == 0
    with pytest.raises(ValidationError, match="is below 0"):
        Recharge.model_validate({**known, "amount": Money("-0.01", "EUR")})
