"""What holds for every record: closed, frozen, equal by value, and read back as it was written."""

import copy
import json
import pickle
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm import domain
from telcrm.domain import (
    Customer,
    CustomerStatus,
    Money,
    Payment,
    Price,
    Record,
    StatusChange,
    SubscriptionStatus,
    json_schema,
)
from telcrm.errors import RecordFormatError
from telcrm.testing import records

PUBLIC = [getattr(domain, name) for name in domain.__all__]
RECORDS: list[type[Record]] = [
    kind
    for kind in PUBLIC
    if isinstance(kind, type) and issubclass(kind, Record) and kind not in (Record, StatusChange)
]
ALL = [*RECORDS, StatusChange[CustomerStatus], StatusChange[SubscriptionStatus]]

PAYMENT = Payment(
    payment_id="Y-1",
    account_id="A-1",
    customer_id="C-1",
    paid_on=date(2026, 2, 10),
    amount=Money("20", "EUR"),
)

every_record = pytest.mark.parametrize("record", ALL, ids=lambda record: record.__name__)
few = settings(max_examples=20)


def leaves(annotation: Any) -> set[Any]:
    inner = get_args(annotation)
    return set().union(*map(leaves, inner)) if inner else {annotation}


def test_every_public_model_is_a_record() -> None:
    models = [kind for kind in PUBLIC if hasattr(kind, "model_fields")]
    assert {Record, StatusChange, *RECORDS} == set(models)


@every_record
@few
@given(data=st.data())
def test_what_is_written_is_read_back(record: type[Record], data: st.DataObject) -> None:
    one = data.draw(records(record))
    for again in (
        record.from_json(one.to_json()),
        record.from_json(one.to_json(indent=2).encode()),
        record.model_validate_json(one.model_dump_json()),
        record.model_validate(one.model_dump()),
        pickle.loads(pickle.dumps(one)),  # noqa: S301 (our own bytes)
        copy.deepcopy(one),
        one.replace(),
    ):
        assert again == one
        assert hash(again) == hash(one)


@every_record
@settings(max_examples=5)
@given(data=st.data())
def test_is_frozen_and_closed(record: type[Record], data: st.DataObject) -> None:
    one = data.draw(records(record))
    name = next(iter(record.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(one, name, getattr(one, name))
    with pytest.raises(ValidationError, match="Extra inputs"):
        record.model_validate({**one.model_dump(), "no_such_field": 1})
    with pytest.raises(ValidationError, match="Extra inputs"):
        one.replace(no_such_field=1)


@every_record
@settings(max_examples=5)
@given(data=st.data())
def test_no_field_takes_what_only_looks_like_its_type(
    record: type[Record], data: st.DataObject
) -> None:
    """No float is money, no text and no bool is a count, no number is a flag or an instant."""
    one = data.draw(records(record))
    for name, field in record.model_fields.items():
        kinds = {kind for kind in leaves(field.annotation) if isinstance(kind, type)}
        wrong: list[object] = [object(), b"\xff"]
        if Money in kinds:
            wrong += [12.5, 12, "12.50", Decimal(1), {"amount": 12.5, "currency": "EUR"}]
        if bool in kinds:
            wrong += [1, 0, "true", "yes"]
        elif int in kinds:
            wrong += [True, "5", 5.0, Decimal(5)]
        if any(issubclass(kind, StrEnum) for kind in kinds):
            wrong += ["", "no such word", 0]
        if kinds & {str}:
            wrong += [7, 7.0, True]
        if datetime in kinds:
            wrong += [0, 1_700_000_000, "20260217093000", "2026-02-17T09:30:00", date(2026, 2, 17)]
        for value in wrong:
            with pytest.raises(ValidationError):
                one.replace(**{name: value})


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_text_is_never_empty_where_it_names_something(record: type[Record]) -> None:
    free = {"description", "note", "comment"}
    for name, field in record.model_fields.items():
        if leaves(field.annotation) <= {str, type(None)} and name not in free:
            with pytest.raises(ValidationError) as refusal:
                record.model_validate({name: ""})
            assert name in {error["loc"][0] for error in refusal.value.errors()}


def test_a_changed_copy_is_validated() -> None:
    changed = PAYMENT.replace(amount=Money("5", "EUR"))
    assert (changed.amount, PAYMENT.amount) == (Money("5", "EUR"), Money("20", "EUR"))
    assert changed != PAYMENT
    with pytest.raises(ValidationError, match="not above 0"):
        PAYMENT.replace(amount=Money("-5", "EUR"))


# Stored JSON


def test_stored_json_names_its_format_first() -> None:
    assert PAYMENT.to_json().startswith('{"$format": "telcrm.Payment/1", "payment_id": "Y-1"')
    assert "\n  " in PAYMENT.to_json(indent=2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\xff\xfe\xff", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "found list"),
        ("null", "found NoneType"),
        ('"telcrm.Payment/1"', "found str"),
        ("{}", "found None"),
        ('{"$format": "telcrm.Customer/1"}', "telcrm.Customer/1"),
        ('{"$format": "telcrm.Payment/2"}', "newer telcrm"),
        ('{"$format": "telcrm.Payment/0"}', "found 'telcrm.Payment/0'"),
        ('{"$format": "telcrm.Payment/01"}', "found 'telcrm.Payment/01'"),
        ('{"$format": "telcrm.Payment/"}', "found 'telcrm.Payment/'"),
        ('{"$format": "telcrm.Payment"}', "found 'telcrm.Payment'"),
        ('{"$format": "Payment/1"}', "found 'Payment/1'"),
        ('{"$format": ["telcrm.Payment/1"]}', "found "),
        ('{"$format": 1}', "found 1"),
        ('{"$format": "telcrm.Payment/' + "9" * 5000 + '"}', "found 'telcrm.Payment/999"),
    ],
)
def test_text_that_is_no_stored_payment_is_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(RecordFormatError) as refusal:
        Payment.from_json(text)
    assert why in refusal.value.message
    assert "Payment" in refusal.value.message
    assert len(refusal.value.message) < 400
    assert refusal.value.context["record"] == "Payment"


def test_an_older_format_is_still_read() -> None:
    class Receipt(Record):
        format_version = 3

        number: str

    for version in (1, 2, 3):
        stored = json.dumps({"$format": f"telcrm.Receipt/{version}", "number": "7"})
        assert Receipt.from_json(stored).number == "7"
    with pytest.raises(RecordFormatError, match=r"telcrm\.Receipt/3"):
        Receipt.from_json('{"$format": "telcrm.Receipt/4", "number": "7"}')


def test_a_stored_record_keeps_to_the_rules() -> None:
    stored = json.loads(PAYMENT.to_json())
    for change in ({"customer_id": ""}, {"tip": 1}, {"amount": 20.0}):
        with pytest.raises(ValidationError):
            Payment.from_json(json.dumps(stored | change))


# JSON Schema


def references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"]} if "$ref" in schema else set()
        return own.union(*map(references, schema.values()))
    if isinstance(schema, list):
        return set().union(*map(references, schema))
    return set()


def test_one_json_schema_holds_every_record() -> None:
    schema = json_schema(*RECORDS)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    definitions = schema["$defs"]
    assert {record.__name__ for record in RECORDS} <= set(definitions)
    assert references(schema) <= {f"#/$defs/{name}" for name in definitions}
    assert json.loads(json.dumps(schema)) == schema
    for record in RECORDS:
        described = definitions[record.__name__]
        assert described["type"] == "object"
        assert described["additionalProperties"] is False
        assert list(described["properties"]) == list(record.model_fields)
        required = [name for name, field in record.model_fields.items() if field.is_required()]
        assert described.get("required", []) == required


def test_the_schema_of_no_record_is_empty() -> None:
    assert json_schema()["$defs"] == {}


def test_the_schema_tells_what_the_field_is() -> None:
    definitions = json_schema(Price, Customer)["$defs"]
    assert "bytes of data" in definitions["Price"]["properties"]["per_units"]["description"]
    assert definitions["CustomerStatus"]["enum"] == [state.value for state in CustomerStatus]
    assert definitions["Customer"]["properties"]["since"]["format"] == "date"
