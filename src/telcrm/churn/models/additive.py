"""Explicit formulas: the log odds of leaving as a sum of what each column adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from telcrm.churn.models.feature_table import FeatureTable
from telcrm.domain import Record

__all__ = ["AdditiveFormula", "BinTerm", "LevelTerm", "SplineTerm", "Term"]

Floats = NDArray[np.float64]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class SplineTerm(Record):
    """A restricted cubic spline of a number: straight before the first and after the last knot.

    ``constant + slope x + sum of cubes[k] max(x - knots[k], 0)^3``. Without knots, a straight line.

    Attributes
    ----------
    column : str
    constant, slope : float
    knots, cubes : tuple of float
        Of one length.
    missing : float
        What a null adds.
    """

    form: Literal["spline"] = "spline"
    column: str
    constant: Finite
    slope: Finite
    knots: tuple[Finite, ...] = ()
    cubes: tuple[Finite, ...] = ()
    missing: Finite = 0.0

    def of(self, table: FeatureTable) -> Floats:
        """Return what the column adds for each row."""
        values = table.numbers[self.column]
        found = self.constant + self.slope * values
        for knot, cube in zip(self.knots, self.cubes, strict=True):
            beyond = np.maximum(values - knot, 0.0)
            found += cube * beyond * beyond * beyond
        found[np.isnan(values)] = self.missing
        return found


class BinTerm(Record):
    """A step function of a number.

    Attributes
    ----------
    column : str
    cuts : tuple of float
        Rising. A value belongs to the first bin whose cut it does not exceed, else to the last one.
    values : tuple of float
        One more than cuts.
    missing : float
        What a null adds.
    """

    form: Literal["bins"] = "bins"
    column: str
    cuts: tuple[Finite, ...]
    values: tuple[Finite, ...]
    missing: Finite = 0.0

    def of(self, table: FeatureTable) -> Floats:
        """Return what the column adds for each row."""
        values = table.numbers[self.column]
        found = np.array(self.values)[np.searchsorted(np.array(self.cuts), values, side="left")]
        found[np.isnan(values)] = self.missing
        return found


class LevelTerm(Record):
    """A number for each category.

    Attributes
    ----------
    column : str
    values : mapping of str to float
    other, missing : float
        What a category that is not listed adds, and a null.
    """

    form: Literal["levels"] = "levels"
    column: str
    values: Mapping[str, Finite]
    other: Finite
    missing: Finite

    def of(self, table: FeatureTable) -> Floats:
        """Return what the column adds for each row."""
        told = table.categories[self.column]
        known: dict[str | None, float] = {None: self.missing}
        known.update(self.values)
        return np.fromiter((known.get(each, self.other) for each in told), np.float64, told.size)


Term = Annotated[SplineTerm | BinTerm | LevelTerm, Field(discriminator="form")]


class AdditiveFormula(Record):
    """Log odds as an intercept and a term for each column.

    Attributes
    ----------
    intercept : float
        Terms are zero on average where the model has learnt, so this is its average customer.
    terms : tuple of SplineTerm, BinTerm or LevelTerm
    """

    intercept: Finite
    terms: tuple[Term, ...]

    def log_odds(self, table: FeatureTable) -> Floats:
        """Return the log odds of each row.

        Parameters
        ----------
        table : FeatureTable

        Returns
        -------
        array of shape (n,)
        """
        found = np.full(table.rows, self.intercept)
        for term in self.terms:
            found += term.of(table)
        return found

    def contributions(self, table: FeatureTable) -> dict[str, Floats]:
        """Return what each column adds to the log odds of each row.

        Parameters
        ----------
        table : FeatureTable

        Returns
        -------
        dict of str to array of shape (n,)
            With the intercept, they add up to the log odds exactly.
        """
        return {term.column: term.of(table) for term in self.terms}
