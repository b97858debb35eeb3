"""What is known of each customer: frequency, recency, age and covariates, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null
from telcrm.value.likelihood.terms import RowCurvature, Term
from telcrm.value.scoring import Arrays, floats, in_memory

__all__ = ["CellColumns", "Cells", "not_positive", "not_whole"]

Floats = NDArray[np.float64]

# Beyond it a float skips whole numbers.
_EXACT: Final = 2.0**53


@dataclass(frozen=True, slots=True)
class Cells:
    """Customers, or kinds of customers who are alike.

    Attributes
    ----------
    frequency, recency, age : array of shape (m,)
    covariates : array of shape (d, m)
    customers : array of shape (m,)
        How many each stands for.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    covariates: Floats
    customers: Floats

    def where(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> Cells:
        """Return some of the cells."""
        return Cells(
            self.frequency[kept],
            self.recency[kept],
            self.age[kept],
            self.covariates[:, kept],
            self.customers[kept],
        )

    def term(self, rows: Callable[[Floats, Floats], RowCurvature], *columns: Floats) -> Term:
        """Make a term of the log-likelihood that looks at some columns, and at covariates."""
        return Term.over(rows, *columns, weights=self.customers, covariates=self.covariates)

    def time_per_purchase(self) -> float:
        """Return the age of all customers over their purchases after the first.

        To single precision, so that the order in which they are added does not show.
        """
        mean = self.customers @ self.age / (self.customers @ self.frequency)
        return float(np.float32(mean))


@dataclass(frozen=True, slots=True)
class CellColumns:
    """Where in a table the cells stand, and what a row may be.

    Attributes
    ----------
    frequency, recency, age : str
    customers : str or None
        Column of how many customers a row stands for; one each without it.
    covariates : tuple of str
        Numeric columns.
    whole_periods : bool
        Time goes by in whole periods, with one purchase in each at most.
    """

    frequency: str
    recency: str
    age: str
    customers: str | None = None
    covariates: tuple[str, ...] = ()
    whole_periods: bool = False

    @property
    def known(self) -> list[str]:
        """Columns that a prediction depends on."""
        return [self.frequency, self.recency, self.age, *self.covariates]

    def open(self, frame: Any, *, weighted: bool) -> OpenFrame:
        """Open a frame whose rows are customers, or refuse it.

        Parameters
        ----------
        frame : dataframe
        weighted : bool
            Whether the column of customers is looked at.

        Returns
        -------
        OpenFrame

        Raises
        ------
        UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
        """
        opened = open_frame(frame, table="customers")
        named: dict[str, str | Sequence[str]] = {
            "frequency": self.frequency,
            "recency": self.recency,
            "age": self.age,
            "covariates": self.covariates,
        }
        columns = list(self.known)
        if weighted and self.customers is not None:
            named["customers"] = self.customers
            columns.append(self.customers)
        require_columns(opened, named)
        opened = parse_objects(opened, columns)
        require_kinds(opened, dict.fromkeys(columns, ColumnKind.NUMBER))
        held = in_memory(opened, columns)
        if held is None or not self._is_sound(held):
            # Counts and times are in no currency, whatever other columns say.
            looked_at = replace(opened, rows=opened.rows.select(*dict.fromkeys(columns)))
            check_rows(looked_at, self._rules(opened, columns), keys=self.known[:3])
        return opened

    def _is_sound(self, held: Arrays) -> bool:
        """Whether no row breaks a rule: the same rules as arrays, which cannot tell which one."""
        often, last, age = (held[name] for name in self.known[:3])
        if not often.size:
            return True
        # A sum is finite where all of it is; comparisons below meet no NaN then.
        if not all(np.isfinite(values.sum()) for values in held.values()):
            return False
        customers = held.get(self.customers or "", np.ones(1))
        sound = (
            often.min() >= 0
            and often.max() <= _EXACT
            and last.min() >= 0
            and customers.min() > 0
            and bool((last <= age).all())
            and bool(((often > 0) == (last > 0)).all())
            and bool((often == np.floor(often)).all())
        )
        if not (sound and self.whole_periods):
            return bool(sound)
        return bool(((last == np.floor(last)) & (age == np.floor(age)) & (often <= last)).all())

    def _rules(self, opened: OpenFrame, columns: Sequence[str]) -> list[RowCheck]:
        schema = opened.rows.collect_schema()
        rules = [not_null(name) for name in columns]
        rules += [finite(name) for name in columns if isinstance(schema[name], nw.dtypes.FloatType)]
        if self.customers is not None and self.customers in columns:
            rules.append(not_positive(self.customers))
        return [*rules, *self._history_rules(opened)]

    def _history_rules(self, opened: OpenFrame) -> list[RowCheck]:
        often, last, age = (nw.col(name) for name in self.known[:3])
        schema = opened.rows.collect_schema()
        mend = "Summarise the transactions again, with one end of observation for all."
        rules = [
            RowCheck("negative", self.frequency, often < 0, "is negative", mend),
            RowCheck("too_large", self.frequency, often > _EXACT, "is above 2^53", mend),
            RowCheck("negative", self.recency, last < 0, "is negative", mend),
            RowCheck("recency_after_age", self.recency, last > age, "is above the age", mend),
            RowCheck(
                "recency_without_purchase",
                self.recency,
                (often == 0) & (last > 0),
                "is above 0 without a repeat purchase",
                "Recency is the time from the first to the last purchase: 0 for who bought once.",
            ),
            RowCheck(
                "purchase_without_recency",
                self.recency,
                (often > 0) & (last == 0),
                "is 0 for who bought again",
                "Purchases of one day are one purchase; count them so.",
            ),
        ]
        if isinstance(schema[self.frequency], nw.dtypes.FloatType):
            rules.append(not_whole(self.frequency))
        if self.whole_periods:
            rules += [
                not_whole(name)
                for name in (self.recency, self.age)
                if isinstance(schema[name], nw.dtypes.FloatType)
            ]
            rules.append(
                RowCheck(
                    "more_than_once",
                    self.frequency,
                    often > last,
                    "is above the recency, in periods",
                    "One purchase counts in each period; count the periods with one.",
                )
            )
        return rules

    def of(self, arrays: Arrays) -> Cells:
        """Make cells of columns as arrays, one customer each."""
        frequency = arrays[self.frequency]
        covariates = [arrays[name] for name in self.covariates]
        return Cells(
            frequency,
            arrays[self.recency],
            arrays[self.age],
            np.array(covariates).reshape(len(covariates), frequency.size),
            np.ones_like(frequency),
        )

    def read(self, frame: Any) -> Cells:
        """Read the customers of a frame, those who are alike once where the engine counts them.

        Parameters
        ----------
        frame : dataframe

        Returns
        -------
        Cells

        Raises
        ------
        UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
        UnidentifiedModelError
            There is no customer, or none bought again.
        """
        opened = self.open(frame, weighted=True)
        columns = [*self.known, *([] if self.customers is None else [self.customers])]
        held = in_memory(opened, columns)
        if held is None:
            weight = nw.lit(1.0) if self.customers is None else nw.col(self.customers)
            rows = opened.rows.select(
                **{name: nw.col(name).cast(nw.Float64) for name in self.known},
                _customers=weight.cast(nw.Float64),
            )
            found = rows.group_by(*self.known).agg(nw.col("_customers").sum()).collect()
            held = {name: floats(found[name]) for name in found.columns}
        often, last, age, *covariates = (held[name] for name in self.known)
        customers = held.get(self.customers or "", held.get("_customers", np.ones_like(often)))
        if not often.size:
            raise UnidentifiedModelError("customers: there is none to learn from.", customers=0)
        if not often.any():
            raise UnidentifiedModelError(
                f"customers: none of {often.size:,} bought again, so nothing is known of how often "
                "customers buy or how soon they leave. Observe them for longer.",
                customers=int(customers.sum()),
            )
        return Cells(
            often, last, age, np.array(covariates).reshape(len(covariates), often.size), customers
        )


def not_whole(name: str) -> RowCheck:
    """Make the rule that a number is whole."""
    value = nw.col(name).cast(nw.Float64)
    return RowCheck(
        "whole", name, value != value.floor(), "is no whole number", "Count whole ones."
    )


def not_positive(name: str) -> RowCheck:
    """Make the rule that a number of customers is above 0."""
    return RowCheck("customers", name, nw.col(name) <= 0, "is not above 0", "Drop those rows.")
