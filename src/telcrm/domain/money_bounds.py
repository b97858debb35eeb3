"""Amounts that must not be negative, or must be above zero: types for the fields of records.

The bound stays readable on the field, so that a column contract can hold it too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from telcrm.domain.money import Money
from telcrm.errors import MoneyError

__all__ = ["MoneyAbove", "MoneyAtLeast", "NonNegativeMoney", "PositiveMoney"]


@dataclass(frozen=True, slots=True)
class _MoneyBound(ABC):
    bound: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, money: Money) -> Money:
        if (broken := self._broken(money)) is not None:
            raise MoneyError(f"{money} {broken} {self.bound}.", value=money, bound=self.bound)
        return money

    @abstractmethod
    def _broken(self, money: Money) -> str | None: ...


@dataclass(frozen=True, slots=True)
class MoneyAtLeast(_MoneyBound):
    """Marks an annotated :class:`Money` that is not below a bound, in major units.

    Examples
    --------
    >>> MoneyAtLeast(0).bound
    0
    """

    def _broken(self, money: Money) -> str | None:
        return "is below" if money.amount < self.bound else None


@dataclass(frozen=True, slots=True)
class MoneyAbove(_MoneyBound):
    """Marks an annotated :class:`Money` that is above a bound, in major units.

    Examples
    --------
    >>> MoneyAbove(0).bound
    0
    """

    def _broken(self, money: Money) -> str | None:
        return "is not above" if money.amount <= self.bound else None


NonNegativeMoney = Annotated[Money, MoneyAtLeast(0)]
PositiveMoney = Annotated[Money, MoneyAbove(0)]
