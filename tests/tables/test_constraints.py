"""Every constraint of a field becomes a column rule, or is refused."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import annotated_types as at
import narwhals.stable.v2 as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from telcrm.domain import Imei, Msisdn, NonNegativeMoney, Period
from telcrm.errors import UntranslatableConstraintError
from telcrm.tables.constraints import leaf_type, translate


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def broken(annotation: Any, values: list[Any]) -> list[bool]:
    """Which values a column of this annotation refuses."""
    translation = translate(annotation, [], where="t.c")
    frame = nw.from_native(pl.DataFrame({"c": values}))
    refused = [False] * len(values)
    for rule in translation.rules:
        flags = frame.select(c=rule.failing(nw.col("c")))["c"].to_list()
        refused = [old or bool(new) for old, new in zip(refused, flags, strict=True)]
    return refused


CONSTRAINED: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Annotated[int, Field(ge=0, le=10)], st.integers(-3, 13)),
    (Annotated[int, at.Gt(0), at.Lt(5)], st.integers(-3, 13)),
    (Annotated[float, at.Interval(ge=0.5, lt=2.5)], st.floats(-3, 3)),
    (Annotated[str, StringConstraints(min_length=2, max_length=4)], st.text("ab", max_size=6)),
    (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2)],
        st.text("a \t", max_size=6),
    ),
    (Annotated[str, at.Len(1, 3)], st.text("ab", max_size=6)),
    (Annotated[str, StringConstraints(pattern=r"^[ab]+c?$")], st.text("abc", max_size=4)),
    (Colour, st.sampled_from(["red", "blue", "RED", "", "green"])),
    (Literal["x", "y"], st.sampled_from(["x", "y", "z"])),
]


@pytest.mark.parametrize(("annotation", "values"), CONSTRAINED, ids=repr)
@given(data=st.data())
def test_a_column_refuses_what_the_field_refuses(
    annotation: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(values, min_size=1, max_size=8))
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def field_refuses(value: Any) -> bool:
        try:
            adapter.validate_python(value)
        except ValidationError:
            return True
        return False

    assert broken(annotation, drawn) == [field_refuses(value) for value in drawn]


def test_null_breaks_no_rule() -> None:
    assert broken(Annotated[int, Field(ge=1)] | None, [None, 0, 1]) == [False, True, False]


def test_money_bounds() -> None:
    assert broken(NonNegativeMoney, [-0.01, 0.0, 5.0]) == [True, False, False]


def test_canonical_identifiers() -> None:
    numbers = ["+447911123456", "07911123456", "+0", "447911123456"]
    assert broken(Msisdn, numbers) == [False, True, True, True]
    assert broken(Imei | None, ["490154203237518", "49015420323751"]) == [False, True]


def test_period_is_a_month_and_optional_is_nullable() -> None:
    assert translate(Period, [], where="t.c").kind == "month"
    assert translate(Period | None, [], where="t.c").nullable
    assert not translate(Period, [], where="t.c").nullable


def test_leaf_type_looks_through_optional_and_annotated() -> None:
    assert leaf_type(Annotated[Decimal, at.Ge(0)] | None) is Decimal


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param(Annotated[int, AfterValidator(lambda value: value)], id="own validator"),
        pytest.param(Annotated[int, at.MultipleOf(5)], id="multiple of"),
        pytest.param(Annotated[str, StringConstraints(to_upper=True)], id="upper case"),
        pytest.param(tuple[int, ...], id="tuple"),
        pytest.param(int | str, id="union"),
        pytest.param(Literal[1, 2], id="literal numbers"),
    ],
)
def test_what_cannot_be_translated_is_refused_by_name(annotation: Any) -> None:
    with pytest.raises(UntranslatableConstraintError, match=r"surveys\.score"):
        translate(annotation, [], where="surveys.score")
