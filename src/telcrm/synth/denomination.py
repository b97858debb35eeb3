"""The one currency of an operator, and amounts in whole units of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import Currency
from telcrm.errors import ParameterError, UnknownCurrencyError
from telcrm.synth.columns import Coded, Floats

__all__ = ["Denomination"]


@dataclass(frozen=True)
class Denomination:
    """A currency and the number of decimals that its amounts have.

    Examples
    --------
    >>> Denomination.of("JPY").rounded(np.array([50.4])).tolist()
    [50.0]
    """

    code: str
    decimals: int

    @classmethod
    def of(cls, code: str) -> Denomination:
        """Return the denomination of an ISO 4217 code.

        Raises
        ------
        ParameterError
            The code is unknown, or its currency has no minor unit (gold, special drawing rights).
        """
        try:
            currency = Currency(code)
        except UnknownCurrencyError as error:
            message = f"Operator: currency={error.message}."
            raise ParameterError(message, parameter="currency", value=code) from error
        if currency.exponent is None:
            raise ParameterError(
                f"Operator: currency={code!r} ({currency.name}) has no minor unit, so no bill is "
                "written in it. Pass the code of a currency that people pay in.",
                parameter="currency",
                value=code,
            )
        return cls(currency.code, currency.exponent)

    def units(self, amounts: Floats) -> Floats:
        """Whole minor units next to amounts in major units."""
        units: Floats = np.rint(amounts * 10.0**self.decimals)
        return units

    def amounts(self, units: Floats) -> Floats:
        """Amounts in major units of whole minor units."""
        # Dividing by a whole number gives the float next to the decimal amount.
        return units / 10.0**self.decimals

    def rounded(self, amounts: Floats) -> Floats:
        """Amounts to the minor unit."""
        return self.amounts(self.units(amounts))

    def column(self, rows: int) -> Coded:
        """Return the currency column of a table."""
        return Coded(np.zeros(rows, dtype=np.int8), (self.code,))
