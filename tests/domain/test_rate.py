"""Rates are exact shares: no binary float becomes one."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from telcrm.domain import Campaign, InvoiceLine, Offer, Price, Rate, Record

RATE: TypeAdapter[Decimal] = TypeAdapter(Rate)
EUR = {"amount": "1", "currency": "EUR"}

HOLDERS: list[tuple[type[Record], str, dict[str, Any]]] = [
    (Price, "tax_rate", {"kind": "oneTime", "amount": EUR}),
    (InvoiceLine, "tax_rate", {"kind": "fee", "description": "fee", "net": EUR, "tax": EUR}),
    (Offer, "discount_rate", {"offer_id": "O-1", "name": "Renewal"}),
    (
        Campaign,
        "control_share",
        {"campaign_id": "M-1", "name": "M", "objective": "upsell", "starts_on": "2026-02-01"},
    ),
]


@pytest.mark.parametrize(("record", "field", "rest"), HOLDERS)
def test_no_rate_of_a_record_is_a_float(
    record: type[Record], field: str, rest: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=r"0\.19 is a float") as caught:
        record.model_validate({**rest, field: 0.19})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]
    for exact in ("0.19", Decimal("0.19")):
        assert getattr(record.model_validate({**rest, field: exact}), field) == Decimal("0.19")
    text = json.dumps({**rest, field: 0.19})
    read = record.model_validate_json(text)
    assert getattr(read, field) == Decimal("0.19")
    assert record.from_json(read.to_json()) == read


@given(st.decimals(0, 1, places=6))
def test_every_share_is_read_back_exactly(rate: Decimal) -> None:
    assert RATE.validate_python(rate) == rate
    assert RATE.validate_json(f"{rate:f}") == rate
    assert RATE.validate_python(f"{rate:f}") == rate


@pytest.mark.parametrize("rate", ["-0.000001", "1.000001", "NaN", True, None])
def test_what_is_no_share_is_refused(rate: object) -> None:
    with pytest.raises(ValidationError):
        RATE.validate_python(rate)


def test_the_json_schema_keeps_the_range() -> None:
    class Holder(BaseModel):
        rate: Rate

    number = Holder.model_json_schema()["properties"]["rate"]["anyOf"][0]
    assert (number["minimum"], number["maximum"]) == (0, 1)
