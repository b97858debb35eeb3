"""Covariates of the chance to leave: numbers as they are, categories against the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import ColumnTypeError, InvalidTableError, ParameterError, UnidentifiedModelError
from telcrm.tables.door import OpenFrame, key_values
from telcrm.tables.row_checks import RowCheck, amount_checks, not_null

__all__ = [
    "Covariate",
    "covariate_checks",
    "is_text",
    "learn_covariates",
    "presence_checks",
    "read_pattern",
]

Floats = NDArray[np.float64]

_MOST_LEVELS: Final = 200
_TEXT: Final = (nw.String, nw.Categorical, nw.Enum)
_NUMBER: Final = (nw.dtypes.NumericType, nw.Boolean)


@dataclass(frozen=True, slots=True)
class Covariate:
    """A column, and the levels that were learnt if it holds categories.

    Attributes
    ----------
    column : str
    levels : tuple of str or None
        Sorted; the first is what others are measured against. None for a number.
    """

    column: str
    levels: tuple[str, ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its terms."""
        if self.levels is None:
            return (self.column,)
        return tuple(f"{self.column}={level}" for level in self.levels[1:])

    def code(self, opened: OpenFrame) -> nw.Expr:
        """Express the number itself, or the place of a category among the levels; else -1."""
        if self.levels is None:
            return _as_number(opened, self.column)
        value = key_values(opened, self.column)
        code = nw.lit(-1.0)
        for at, level in enumerate(self.levels):
            code = nw.when(value == level).then(nw.lit(float(at))).otherwise(code)
        return code

    def code_of(self, value: object) -> float:
        """Return that number for one value.

        Raises
        ------
        ParameterError
            It is no finite number, or no category that was learnt.
        """
        if self.levels is None:
            if isinstance(value, int | float) and np.isfinite(value):
                return float(value)
            wanted = "a finite number"
        else:
            if value in self.levels:
                return float(self.levels.index(str(value)))
            wanted = f"one of {', '.join(self.levels)}"
        raise ParameterError(
            f"the covariate {self.column!r} is {value!r:.40}, and has to be {wanted}.",
            covariate=self.column,
        )

    def terms(self, codes: Floats) -> Floats:
        """Return the terms of codes, shape (n, len(names))."""
        if self.levels is None:
            return codes[:, None]
        found: Floats = (codes[:, None] == np.arange(1, len(self.levels))).astype(np.float64)
        return found


def is_text(opened: OpenFrame, column: str) -> bool:
    """Return whether a covariate is a category, or refuse its type.

    Raises
    ------
    ColumnTypeError
    """
    dtype = opened.rows.collect_schema()[column]
    if isinstance(dtype, _TEXT):
        return True
    if not isinstance(dtype, _NUMBER):
        raise ColumnTypeError(
            f"{opened.table}: column {column!r} holds {dtype}, and a covariate has to hold "
            "numbers, booleans or text. Cast it first.",
            table=opened.table,
            column=column,
            dtype=str(dtype),
        )
    return False


def covariate_checks(opened: OpenFrame, covariates: Sequence[Covariate]) -> list[RowCheck]:
    """Make the rules of covariates that were learnt: there, finite, and of a known category."""
    rules: list[RowCheck] = []
    for each in covariates:
        if is_text(opened, each.column) != (each.levels is not None):
            held = "numbers" if each.levels is None else "text"
            raise ColumnTypeError(
                f"{opened.table}: column {each.column!r} held {held} in fit, and does not here. "
                "Cast it.",
                table=opened.table,
                column=each.column,
            )
        rules += _presence(opened, each.column)
        if each.levels is not None:
            unknown = ~nw.col(each.column).is_null() & (each.code(opened) < 0)
            words = "is of a category that fit has not seen"
            rules.append(
                RowCheck("category", each.column, unknown, words, "Map it to one that it has.")
            )
    return rules


def learn_covariates(opened: OpenFrame, columns: Sequence[str]) -> tuple[Covariate, ...]:
    """Find out which columns are categories, and their levels.

    Parameters
    ----------
    opened : OpenFrame
        Rows that have passed the checks of :func:`presence_checks`.
    columns : sequence of str

    Returns
    -------
    tuple of Covariate

    Raises
    ------
    ColumnTypeError
    InvalidTableError
        A category has more than 200 levels.
    UnidentifiedModelError
        A category has one level alone.
    """
    found = []
    for column in columns:
        if not is_text(opened, column):
            found.append(Covariate(column, None))
            continue
        values = opened.rows.select(_value=key_values(opened, column)).unique().collect()
        levels = tuple(sorted(map(str, values["_value"].to_list())))
        if len(levels) > _MOST_LEVELS:
            raise InvalidTableError(
                f"{opened.table}: column {column!r} has {len(levels):,} categories, and a "
                f"covariate may have {_MOST_LEVELS}. Put the rare ones together.",
                table=opened.table,
                column=column,
            )
        if len(levels) < 2:
            raise UnidentifiedModelError(
                f"{opened.table}: column {column!r} holds {', '.join(levels) or 'nothing'} "
                "everywhere, so its effect cannot be told. Leave it out.",
                column=column,
            )
        found.append(Covariate(column, levels))
    return tuple(found)


def presence_checks(opened: OpenFrame, columns: Sequence[str]) -> list[RowCheck]:
    """Make the rules that covariates are there and finite."""
    return [rule for column in columns for rule in _presence(opened, column)]


def _presence(opened: OpenFrame, column: str) -> list[RowCheck]:
    if isinstance(opened.rows.collect_schema()[column], nw.dtypes.NumericType):
        return amount_checks(opened, column)
    return [not_null(column, remedy='Fill with a name, for example "unknown".')]


def _as_number(opened: OpenFrame, column: str) -> nw.Expr:
    value = nw.col(column)
    if isinstance(opened.rows.collect_schema()[column], nw.Boolean):
        value = value.cast(nw.Int64)
    return value.cast(nw.Float64)


def read_pattern(covariates: Sequence[Covariate], values: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the codes of one pattern of covariates.

    Raises
    ------
    ParameterError
        A covariate is missing, or one is given that the model does not have.
    """
    known = [each.column for each in covariates]
    odd = sorted({*known} ^ {*values})
    if odd:
        raise ParameterError(
            f"covariates: give each of {known} a value; {', '.join(map(repr, odd))} "
            "is missing, or none of them.",
            covariates=odd,
        )
    return tuple(each.code_of(values[each.column]) for each in covariates)
