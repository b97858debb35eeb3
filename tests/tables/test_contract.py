"""A contract follows its record, and accounts for all of it."""

from __future__ import annotations

from typing import Self

import narwhals.stable.v2 as nw
import pytest
from pydantic import field_validator, model_validator

from telcrm import domain
from telcrm.domain.record import Record
from telcrm.errors import ParameterError, UntranslatableConstraintError
from telcrm.tables import TABLES, ColumnType, RowRule, contract, derive_contract


class Visit(Record):
    visit_id: str
    start: int
    end: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            message = "ends before it starts"
            raise ValueError(message)
        return self


ORDERED = RowRule(
    name="end_before_start",
    words="ends before it starts",
    columns=("start", "end"),
    failing=lambda: nw.col("end") < nw.col("start"),
    validator="_ordered",
)


@pytest.mark.parametrize("table", TABLES)
def test_each_column_is_a_field_of_the_record(table: str) -> None:
    agreed = TABLES[table]
    fields = {*agreed.record.model_fields, "currency"}
    assert set(agreed.column_names) <= fields
    assert len(set(agreed.column_names)) == len(agreed.column_names)
    assert set(agreed.key) <= set(agreed.column_names)


@pytest.mark.parametrize("table", TABLES)
def test_a_column_is_nullable_exactly_where_the_field_is(table: str) -> None:
    agreed = TABLES[table]
    for column in agreed.columns:
        if column.name != "currency":
            field = agreed.record.model_fields[column.name]
            assert column.nullable == (type(None) in getattr(field.annotation, "__args__", ()))


def test_the_thirteen_tables() -> None:
    assert list(TABLES) == [
        "customers",
        "subscriptions",
        "subscriber_months",
        "usage",
        "recharges",
        "invoices",
        "payments",
        "complaints",
        "interactions",
        "service_requests",
        "surveys",
        "campaign_contacts",
        "equipment",
    ]


def test_money_brings_a_currency_column() -> None:
    assert "currency" in TABLES["invoices"].column_names
    assert "currency" not in TABLES["complaints"].column_names
    assert TABLES["invoices"].column("total").type is ColumnType.NUMBER


def test_a_model_validator_without_a_row_rule_is_refused() -> None:
    with pytest.raises(UntranslatableConstraintError, match="_ordered"):
        derive_contract(Visit, name="visits", key=("visit_id",), required=("start", "end"))


def test_a_field_validator_is_refused_too() -> None:
    class Checked(Record):
        visit_id: str

        @field_validator("visit_id")
        @classmethod
        def _shouted(cls, value: str) -> str:
            return value.upper()

    with pytest.raises(UntranslatableConstraintError, match="_shouted"):
        derive_contract(Checked, name="visits", key=("visit_id",), required=())


def test_a_rule_for_a_validator_that_is_gone_is_refused() -> None:
    class Plain(Record):
        visit_id: str

    with pytest.raises(UntranslatableConstraintError, match="_ordered"):
        derive_contract(Plain, name="visits", key=("visit_id",), required=(), row_rules=(ORDERED,))


def test_a_contract_of_ones_own_record() -> None:
    agreed = derive_contract(
        Visit,
        name="visits",
        key=("visit_id",),
        required=("start",),
        optional=("end",),
        row_rules=(ORDERED,),
    )
    assert [column.name for column in agreed.columns if column.required] == ["visit_id", "start"]


def test_descriptions_come_from_the_fields() -> None:
    assert "Tax excluded" in TABLES["subscriber_months"].column("revenue").description


def test_an_unknown_table_is_answered_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'recharges'"):
        contract("recharge")
    with pytest.raises(ParameterError, match="There are: customers"):
        contract("zebra")


def test_every_record_with_a_plural_table_is_known_to_the_domain() -> None:
    assert all(agreed.record.__name__ in domain.__all__ for agreed in TABLES.values())
