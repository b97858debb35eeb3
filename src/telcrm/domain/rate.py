"""Shares and rates as exact decimals: of tax, of a discount, of a control group."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

__all__ = ["NoFloat", "Rate"]


@dataclass(frozen=True, slots=True)
class NoFloat:
    """Marks an annotated ``Decimal`` that is not read from a binary float.

    A number in JSON text is read digit by digit and is exact, so it is allowed there.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        decimal = handler(source)
        refusing = core_schema.no_info_before_validator_function(_refuse_float, decimal)
        return core_schema.json_or_python_schema(json_schema=decimal, python_schema=refusing)


def _refuse_float(value: object) -> object:
    if isinstance(value, float):
        message = (
            f"{value!r} is a float, which cannot hold most rates: pass a Decimal or text, "
            f"like Decimal('{value!s}')"
        )
        raise ValueError(message)
    return value


Rate = Annotated[Decimal, Field(ge=0, le=1), NoFloat()]
"""A share of a whole, 0 to 1, as an exact decimal."""
