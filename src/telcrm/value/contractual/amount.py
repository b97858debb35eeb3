"""An amount per line: a column of them, or one for all."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError

__all__ = ["Amount"]


@dataclass(frozen=True, slots=True)
class Amount:
    """What a caller passed as an amount.

    Attributes
    ----------
    name : str
        Of the argument, for messages.
    value : str or float
        A column, or one amount for all.

    Raises
    ------
    ParameterError
        It is neither.
    """

    name: str
    value: str | float

    def __post_init__(self) -> None:
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not isinstance(self.value, str) and not (is_number and isfinite(self.value)):
            raise ParameterError(
                f"{self.name} is {self.value!r:.40}, and has to be a column name or a finite "
                "number.",
                parameter=self.name,
            )

    @property
    def columns(self) -> dict[str, str]:
        """The column, if there is one, by the caller's keyword."""
        return {self.name: self.value} if isinstance(self.value, str) else {}

    @property
    def expression(self) -> nw.Expr:
        """The amount of each row, as a float."""
        if isinstance(self.value, str):
            return nw.col(self.value).cast(nw.Float64)
        return nw.lit(float(self.value))
