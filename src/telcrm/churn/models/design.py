"""Columns as the design of a linear model, and its coefficients as an explicit formula."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm
from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable

__all__ = ["ColumnDesign", "Design", "LevelDesign", "SplineDesign", "StepDesign", "design_of"]

Floats = NDArray[np.float64]

# Where Harrell (2015), table 2.3, puts so many knots.
_QUANTILES: Final = {
    3: (0.10, 0.5, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975),
}


class ColumnDesign(ABC):
    """What a column of a table becomes in a linear model."""

    column: FeatureColumn
    matrix: Floats

    @abstractmethod
    def term(self, coefficients: Floats) -> SplineTerm | BinTerm | LevelTerm:
        """Write the fitted columns as a term of a formula, zero on average."""


@dataclass(frozen=True, slots=True)
class SplineDesign(ColumnDesign):
    """A number as a restricted cubic spline, orthogonal where the model learns.

    Attributes
    ----------
    column : FeatureColumn
    knots : array of shape (k,)
        Three or more, or none: then it is a straight line.
    matrix : array of shape (n, d)
        Centred, uncorrelated, of variance 1; where a null stands 0, and, if any does, a last column
        that marks it.
    means : array of shape (d,)
        Of the plain columns, those of nulls apart.
    rotation : array of shape (d, d)
        From plain centred columns to ``matrix``.
    missing_share : float
    """

    column: FeatureColumn
    knots: Floats
    matrix: Floats
    means: Floats
    rotation: Floats
    missing_share: float

    @classmethod
    def of(cls, name: str, values: Floats, most_knots: int) -> SplineDesign | None:
        """Make the design of a column, or None of a column that says nothing."""
        gone = np.isnan(values)
        known = values[~gone]
        if not known.size or known.min() == known.max():
            constant = np.zeros((values.size, 0))
            if not gone.any() or gone.all():
                return None
            empty = np.zeros((0, 0))
            marked = _marked(constant, gone)
            return cls(
                FeatureColumn(name=name), np.empty(0), marked, np.empty(0), empty, gone.mean()
            )
        knots = _knots(known, most_knots)
        plain = _spline_columns(known, knots)
        means = plain.mean(axis=0)
        rotation = _whitening(plain - means)
        matrix = np.zeros((values.size, rotation.shape[1]))
        matrix[~gone] = (plain - means) @ rotation
        if gone.any():
            matrix = _marked(matrix, gone)
        return cls(FeatureColumn(name=name), knots, matrix, means, rotation, float(gone.mean()))

    def term(self, coefficients: Floats) -> SplineTerm:
        """Write the fitted columns as a term of a formula, zero on average."""
        size = self.rotation.shape[1]
        plain = self.rotation @ coefficients[:size]
        # The mark of a null is centred, too: it adds its share to who is known.
        marked = float(coefficients[size]) if self.missing_share else 0.0
        spread = np.sqrt(self.missing_share * (1.0 - self.missing_share)) or 1.0
        constant = -float(self.means @ plain) - marked * self.missing_share / spread
        missing = marked * (1.0 - self.missing_share) / spread
        slope = float(plain[0]) if plain.size else 0.0
        cubes = _cubes(plain[1:], self.knots) if self.knots.size else np.empty(0)
        return SplineTerm(
            column=self.column.name,
            constant=constant,
            slope=slope,
            knots=tuple(self.knots.tolist()),
            cubes=tuple(cubes.tolist()),
            missing=missing,
        )


@dataclass(frozen=True, slots=True)
class LevelDesign(ColumnDesign):
    """A category as a column of marks for each of its levels, and for nulls and rare levels.

    Attributes
    ----------
    column : FeatureColumn
    matrix : array of shape (n, levels + 2)
        Marks less their shares; columns that nobody has are zero.
    shares : array of shape (levels + 2,)
        Of customers of each level, of a rare one, and without any.
    """

    column: FeatureColumn
    matrix: Floats
    shares: Floats

    @classmethod
    def of(cls, name: str, table: FeatureTable, least_rows: int) -> LevelDesign | None:
        """Make the design of a column, or None of a column that says nothing."""
        column = FeatureColumn(name=name, levels=table.levels(name, least_rows))
        size = len(column.levels or ()) + 2
        codes = table.codes(column)
        gone = np.array([each is None for each in table.categories[name]], dtype=bool)
        matrix, shares = _marks(
            np.where(gone, size - 1, np.where(codes < 0, size - 2, codes)), size
        )
        return None if (shares == 1.0).any() else cls(column, matrix, shares)

    def term(self, coefficients: Floats) -> LevelTerm:
        """Write the fitted columns as a term of a formula, zero on average."""
        *values, other, missing = _added(coefficients, self.shares)
        levels = self.column.levels or ()
        return LevelTerm(
            column=self.column.name,
            values=dict(zip(levels, values, strict=True)),
            other=other,
            missing=missing,
        )


@dataclass(frozen=True, slots=True)
class StepDesign(ColumnDesign):
    """A number as a column of marks for each bin between given cuts, and for nulls.

    Attributes
    ----------
    column : FeatureColumn
    cuts : array of shape (k,)
    matrix : array of shape (n, k + 2)
    shares : array of shape (k + 2,)
        Of customers in each bin, and without a number.
    """

    column: FeatureColumn
    cuts: Floats
    matrix: Floats
    shares: Floats

    @classmethod
    def of(cls, name: str, values: Floats, cuts: Sequence[float]) -> StepDesign | None:
        """Make the design of a column, or None of a column that says nothing."""
        ends = np.sort(np.asarray(cuts, dtype=np.float64))
        places = np.searchsorted(ends, values, side="left")
        matrix, shares = _marks(np.where(np.isnan(values), ends.size + 1, places), ends.size + 2)
        return (
            None if (shares == 1.0).any() else cls(FeatureColumn(name=name), ends, matrix, shares)
        )

    def term(self, coefficients: Floats) -> BinTerm:
        """Write the fitted columns as a term of a formula, zero on average."""
        *values, missing = _added(coefficients, self.shares)
        return BinTerm(
            column=self.column.name,
            cuts=tuple(self.cuts.tolist()),
            values=tuple(values),
            missing=missing,
        )


@dataclass(frozen=True, slots=True)
class Design:
    """A design of several columns.

    Attributes
    ----------
    columns : sequence of ColumnDesign
    """

    columns: Sequence[ColumnDesign]

    @property
    def matrix(self) -> Floats:
        """Their matrices, side by side."""
        return np.column_stack([one.matrix for one in self.columns])

    def formula(self, intercept: float, coefficients: Floats) -> AdditiveFormula:
        """Write a fitted linear model as a formula."""
        if not self.columns:
            return AdditiveFormula(intercept=intercept, terms=())
        ends = np.cumsum([one.matrix.shape[1] for one in self.columns])
        parts = np.split(coefficients, ends[:-1])
        terms = [one.term(own) for one, own in zip(self.columns, parts, strict=True)]
        return AdditiveFormula(intercept=intercept, terms=tuple(terms))


def design_of(
    table: FeatureTable,
    *,
    most_knots: int,
    least_rows: int,
    steps: Mapping[str, Sequence[float]] | None = None,
) -> Design:
    """Make the design of all columns of a table that say anything.

    Parameters
    ----------
    table : FeatureTable
    most_knots : int
        Of a spline; below 3, numbers are straight lines.
    least_rows : int
        Rows that a category has to have to be one of its own.
    steps : mapping of str to sequence of float, optional
        Columns of numbers that are cut into bins, and where.

    Returns
    -------
    Design
    """
    cut = steps or {}
    made: list[ColumnDesign | None] = [
        StepDesign.of(name, values, cut[name])
        if name in cut
        else SplineDesign.of(name, values, most_knots)
        for name, values in table.numbers.items()
    ]
    made += [LevelDesign.of(name, table, least_rows) for name in table.categories]
    return Design([one for one in made if one is not None])


def _marks(codes: NDArray[np.intp], size: int) -> tuple[Floats, Floats]:
    """Return marks of the codes less their shares, zero for a code that nobody has; the shares."""
    marks = np.zeros((codes.size, size))
    marks[np.arange(codes.size), codes] = 1.0
    shares = marks.mean(axis=0)
    return np.where(shares > 0, marks - shares, 0.0), shares


def _added(coefficients: Floats, shares: Floats) -> list[float]:
    """Return what each mark adds, zero on average; nothing for one that nobody has."""
    used = np.where(shares > 0, coefficients, 0.0)
    added: list[float] = np.where(shares > 0, used - float(shares @ used), 0.0).tolist()
    return added


def _knots(known: Floats, most: int) -> Floats:
    for size in range(most, 2, -1):
        knots = np.unique(np.quantile(known, _QUANTILES[size]))
        # Fewer where values are heaped, as at 0; a spline takes three at least.
        if knots.size == size:
            return knots
    return np.empty(0)


def _spline_columns(values: Floats, knots: Floats) -> Floats:
    """Return x, and Harrell's restricted cubic columns (2015, equation 2.25)."""
    columns = [values]
    if knots.size:
        cubes = [np.maximum(values - knot, 0.0) ** 3 for knot in knots]
        scale = (knots[-1] - knots[0]) ** 2
        last = knots[-1] - knots[-2]
        for at, knot in enumerate(knots[:-2]):
            tail = cubes[-2] * (knots[-1] - knot) - cubes[-1] * (knots[-2] - knot)
            columns.append((cubes[at] - tail / last) / scale)
    return np.column_stack(columns)


def _cubes(coefficients: Floats, knots: Floats) -> Floats:
    """Return the coefficients of ``max(x - knot, 0)^3`` that those of the columns amount to."""
    scale = (knots[-1] - knots[0]) ** 2
    last = knots[-1] - knots[-2]
    found = np.zeros(knots.size)
    found[:-2] = coefficients / scale
    found[-2] = -(coefficients @ (knots[-1] - knots[:-2])) / last / scale
    found[-1] = (coefficients @ (knots[-2] - knots[:-2])) / last / scale
    return found


def _whitening(centred: Floats) -> Floats:
    """Return what makes columns uncorrelated, one after the other, each of variance 1."""
    scale = centred.std(axis=0)
    scaled = centred / scale
    _, upper = np.linalg.qr(scaled)
    diagonal = np.diag(upper)
    # A column that the others before it make up says nothing new.
    kept = np.abs(diagonal) > 1e-7 * np.sqrt(len(centred))
    size = int(np.argmin(kept)) if not kept.all() else kept.size
    inverse = np.linalg.inv(upper[:size, :size]) * np.sqrt(len(centred))
    rotation = np.zeros((scale.size, size))
    rotation[:size] = inverse * np.sign(diagonal[:size])
    found: Floats = rotation / scale[:, None]
    return found


def _marked(matrix: Floats, gone: NDArray[np.bool_]) -> Floats:
    share = gone.mean()
    return np.column_stack([matrix, (gone - share) / np.sqrt(share * (1.0 - share))])
