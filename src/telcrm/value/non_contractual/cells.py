"""What is known of each customer: frequency, recency, age and covariates, checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError
from telcrm.value.likelihood.terms import RowCurvature, Term
from telcrm.value.non_contractual.customer_rows import (
    CustomerRows,
    CustomerRule,
    not_positive,
    not_whole,
)
from telcrm.value.scoring import Arrays, floats

__all__ = ["CellColumns", "Cells"]

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

    def open(self, frame: Any, *, weighted: bool) -> CustomerRows:
        """Open a frame whose rows are customers, or refuse it.

        Parameters
        ----------
        frame : dataframe
        weighted : bool
            Whether the column of customers is looked at.

        Returns
        -------
        CustomerRows

        Raises
        ------
        UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
        """
        named: dict[str, str | Sequence[str]] = {
            "frequency": self.frequency,
            "recency": self.recency,
            "age": self.age,
            "covariates": self.covariates,
        }
        rules = self._history_rules()
        complete = list(self.known)
        if weighted and self.customers is not None:
            named["customers"] = self.customers
            complete.append(self.customers)
            rules.insert(0, not_positive(self.customers))
        return CustomerRows.read(
            frame, named, rules, complete=complete, keys=self.known[:3], of_money=False
        )

    def _history_rules(self) -> list[CustomerRule]:
        frequency, recency, age = self.known[:3]
        mend = "Summarise the transactions again, with one end of observation for all."
        rules = [
            CustomerRule("negative", frequency, lambda of: of[frequency] < 0, "is negative", mend),
            CustomerRule(
                "too_large", frequency, lambda of: of[frequency] > _EXACT, "is above 2^53", mend
            ),
            CustomerRule("negative", recency, lambda of: of[recency] < 0, "is negative", mend),
            CustomerRule(
                "recency_after_age",
                recency,
                lambda of: of[recency] > of[age],
                "is above the age",
                mend,
            ),
            CustomerRule(
                "recency_without_purchase",
                recency,
                lambda of: (of[frequency] == 0) & (of[recency] > 0),
                "is above 0 without a repeat purchase",
                "Recency is the time from the first to the last purchase: 0 for who bought once.",
            ),
            CustomerRule(
                "purchase_without_recency",
                recency,
                lambda of: (of[frequency] > 0) & (of[recency] == 0),
                "is 0 for who bought again",
                "Purchases of one day are one purchase; count them so.",
            ),
            not_whole(frequency),
        ]
        return [*rules, *(self._period_rules() if self.whole_periods else [])]

    def _period_rules(self) -> list[CustomerRule]:
        frequency, recency, age = self.known[:3]
        return [
            not_whole(recency),
            not_whole(age),
            CustomerRule(
                "more_than_once",
                frequency,
                lambda of: of[frequency] > of[recency],
                "is above the recency, in periods",
                "One purchase counts in each period; count the periods with one.",
            ),
        ]

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
        customer_rows = self.open(frame, weighted=True)
        held = customer_rows.arrays
        if held is None:
            weight = nw.lit(1.0) if self.customers is None else nw.col(self.customers)
            rows = customer_rows.opened.rows.select(
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
