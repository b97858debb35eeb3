"""The columns that tell how a line stands, in months past and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import narwhals.stable.v2 as nw

from telcrm.tables.door import ColumnKind, OpenFrame, parse_objects, require_kinds
from telcrm.tables.row_checks import RowCheck, amount_checks, finite

__all__ = ["LONGEST", "LineColumns", "is_empty"]

LONGEST: Final = 1_200
"""Months, at most, that a line may be old, or committed."""


@dataclass(frozen=True, slots=True)
class LineColumns:
    """What the columns of a table of lines are called.

    Attributes
    ----------
    tenure : str
    months_to_contract_end : str or None
    covariates : tuple of str
    """

    tenure: str
    months_to_contract_end: str | None
    covariates: tuple[str, ...]

    @property
    def named(self) -> dict[str, str | list[str]]:
        """Columns by the caller's keyword."""
        found: dict[str, str | list[str]] = {
            "tenure": self.tenure,
            "covariates": list(self.covariates),
        }
        if self.months_to_contract_end is not None:
            found["months_to_contract_end"] = self.months_to_contract_end
        return found

    def parse(self, opened: OpenFrame, more: Sequence[str]) -> OpenFrame:
        """Read columns of objects as what they hold, and refuse months that are no numbers.

        Parameters
        ----------
        opened : OpenFrame
        more : sequence of str
            Further columns to read.

        Returns
        -------
        OpenFrame

        Raises
        ------
        ColumnTypeError
        """
        ends = self.months_to_contract_end
        numbers = [self.tenure, *([] if ends is None else [ends])]
        opened = parse_objects(opened, [*numbers, *self.covariates, *more])
        if ends is not None and is_empty(opened, ends):
            # No line has a commitment: the column has no type.
            nothing = nw.lit(None, nw.Float64).alias(ends)
            opened = replace(opened, rows=opened.rows.with_columns(nothing))
        require_kinds(opened, dict.fromkeys(numbers, ColumnKind.NUMBER))
        return opened

    def checks(self, opened: OpenFrame) -> list[RowCheck]:
        """Make the rules of tenure and of months to the end: whole, and within reason."""
        value = nw.col(self.tenure)
        rules = [
            *amount_checks(opened, self.tenure),
            RowCheck("not_negative", self.tenure, value < 0, "is negative", "Mend those rows."),
            _whole(self.tenure),
            _near(self.tenure),
        ]
        ends = self.months_to_contract_end
        if ends is None:
            return rules
        if isinstance(opened.rows.collect_schema()[ends], nw.dtypes.FloatType):
            rules.append(finite(ends))
        return [*rules, _whole(ends), _near(ends)]


def is_empty(opened: OpenFrame, column: str) -> bool:
    """Return whether a column holds nothing but nulls, as far as that leaves it without a type."""
    if isinstance(opened.rows.collect_schema()[column], nw.Unknown):
        return True
    if opened.implementation is not nw.Implementation.PANDAS:
        return False
    native = opened.rows.to_native()[column]
    return bool(native.dtype == object and native.isna().all())


def _whole(column: str) -> RowCheck:
    value = nw.col(column)
    words = "is no whole number of months"
    return RowCheck("whole", column, value > value.floor(), words, "Round it down.")


def _near(column: str) -> RowCheck:
    words = f"is above {LONGEST:,} months"
    return RowCheck("too_far", column, nw.col(column) > LONGEST, words, "Count in months.")
