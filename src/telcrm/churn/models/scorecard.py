"""Scorecards: points for each bin of each column, that add up to a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm
from telcrm.churn.models.binning import BinnedColumn, ColumnBins, Direction, bin_column
from telcrm.churn.models.classifier import ChurnClassifier, ClassifierState
from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable
from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative, require_positive, whole_between
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError

__all__ = ["ScorecardModel", "ScorecardRow"]

Floats = NDArray[np.float64]


class ScorecardRow(Record):
    """A line of a scorecard.

    Attributes
    ----------
    column, bin : str
    customers : int
    leavers : int
    churn_rate : float or None
        None of a bin that nobody was in.
    weight_of_evidence : float
        Above 0, its customers leave more often than others.
    points : int
        The more, the safer.
    """

    column: str
    bin: str
    customers: int
    leavers: int
    churn_rate: float | None
    weight_of_evidence: float
    points: int


class _State(ClassifierState):
    most_bins: Annotated[int, Field(ge=2)]
    least_share: Annotated[float, Field(gt=0, lt=0.5)]
    least_information: Annotated[float, Field(ge=0)]
    monotone: Mapping[str, Direction] | Direction | None
    points_to_double: Annotated[float, Field(gt=0)]
    base_points: float
    base_odds: Annotated[float, Field(gt=0)]
    bins_: tuple[ColumnBins, ...]
    formula_: AdditiveFormula


class ScorecardModel(ChurnClassifier):
    """Weight of evidence and logistic regression: a card of points that one can read aloud.

    Parameters
    ----------
    features : sequence of str, optional
        Columns that are looked at, in a frame of any others; by default all columns, which then
        have to be the same at prediction, as scikit-learn has it.
    most_bins : int
        Of a column, beside one for nulls and one for rare categories.
    least_share : float
        Of customers in each bin, below a half.
    least_information : float
        Information value that a column has to have to be on the card.
    monotone : mapping of str to Direction, Direction, optional
        Numbers whose bins may only rise, or only fall, in the chance to leave: all of them, or by
        name. ``"either"`` takes whichever tells more.
    points_to_double : float
        Points by which the odds to stay double.
    base_points, base_odds : float
        Points of a customer for whom so many like them stay for each one who leaves.

    Attributes
    ----------
    card_ : tuple of ScorecardRow
        The card.
    formula_ : AdditiveFormula
        The same, unrounded; :meth:`predict_proba` goes by it.
    bins_ : tuple of ColumnBins
    columns_, classes_, n_features_in_, feature_names_in_
        As scikit-learn has them; the greater class is that of who left.

    Notes
    -----
    A column is cut where a classification tree of it alone cuts it. What a bin adds is its weight
    of evidence, ``ln(share of leavers / share of stayers)``, times the coefficient of the column in
    a logistic regression on all; a column whose coefficient would not be positive, because others
    say the same, is left out. N. Siddiqi (2017), Intelligent Credit Scoring, 2nd ed., chapter 10.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30})
    >>> left = [1, 1, 0, 1, 0, 0, 0, 0] * 20 + [0, 1, 1, 0, 0, 1, 0, 0] * 10
    >>> model = ScorecardModel(most_bins=2).fit(customers, left)
    >>> for row in model.card_:
    ...     print(row.bin, row.customers, row.leavers, row.points)
    up to 6.5 120 80 467
    above 6.5 120 10 556
    not known 0 0 512
    """

    kind: ClassVar[str] = "scorecard"
    stored_as: ClassVar[type[Record]] = _State

    bins_: tuple[ColumnBins, ...]
    formula_: AdditiveFormula

    def __init__(
        self,
        *,
        features: Sequence[str] | None = None,
        most_bins: int = 6,
        least_share: float = 0.03,
        least_information: float = 0.02,
        monotone: Mapping[str, Direction | str] | Direction | str | None = None,
        points_to_double: float = 20.0,
        base_points: float = 600.0,
        base_odds: float = 50.0,
    ) -> None:
        self.features = features
        self.most_bins = most_bins
        self.least_share = least_share
        self.least_information = least_information
        self.monotone = monotone
        self.points_to_double = points_to_double
        self.base_points = base_points
        self.base_odds = base_odds

    def _learn(self, table: FeatureTable, left: Floats) -> tuple[FeatureColumn, ...]:
        directions = self._directions(table)
        most_bins = whole_between("most_bins", self.most_bins, 2)
        if not 0.0 < self.least_share < 0.5:
            raise ParameterError("least_share is above 0 and below a half.", got=self.least_share)
        require_not_negative(least_information=self.least_information)
        require_positive(points_to_double=self.points_to_double, base_odds=self.base_odds)
        least_rows = max(1, int(np.ceil(self.least_share * table.rows)))
        binned = [
            bin_column(
                table,
                name,
                left,
                most_bins=most_bins,
                least_rows=least_rows,
                direction=directions.get(name),
            )
            for name in table.names
        ]
        telling = [one for one in binned if one.bins.information_value >= self.least_information]
        intercept, kept, coefficients = _fit(telling, left)
        self.bins_ = tuple(one.bins for one in kept)
        terms = [_term(one.bins, own) for one, own in zip(kept, coefficients, strict=True)]
        self.formula_ = AdditiveFormula(intercept=intercept, terms=tuple(terms))
        return tuple(one.bins.column for one in binned)

    def _directions(self, table: FeatureTable) -> dict[str, Direction]:
        if self.monotone is None:
            return {}
        if not isinstance(self.monotone, Mapping):
            every = choose(Direction, self.monotone, "monotone")
            return dict.fromkeys(table.numbers, every)
        unknown = [name for name in self.monotone if name not in table.numbers]
        if unknown:
            raise ParameterError(
                f"monotone names {', '.join(map(repr, unknown))}, which are no columns of numbers. "
                f"Those are: {', '.join(table.numbers)}.",
                unknown=unknown,
            )
        return {name: choose(Direction, each, "monotone") for name, each in self.monotone.items()}

    def _log_odds(self, table: FeatureTable) -> Floats:
        return self.formula_.log_odds(table)

    @property
    def card_(self) -> tuple[ScorecardRow, ...]:
        """The scorecard: its lines, by column."""
        self.require_fitted()
        rows = []
        for bins, term in zip(self.bins_, self.formula_.terms, strict=True):
            for at, words in enumerate(bins.words()):
                customers, leavers = bins.customers[at], bins.leavers[at]
                rows.append(
                    ScorecardRow(
                        column=bins.column.name,
                        bin=words,
                        customers=customers,
                        leavers=leavers,
                        churn_rate=leavers / customers if customers else None,
                        weight_of_evidence=float(bins.weight_of_evidence[at]),
                        points=self._points(_values(term, bins)[at]),
                    )
                )
        return tuple(rows)

    def _points(self, value: float) -> int:
        factor = self.points_to_double / log(2.0)
        offset = self.base_points - factor * log(self.base_odds)
        share = (offset - factor * self.formula_.intercept) / max(len(self.formula_.terms), 1)
        return round(share - factor * value)

    def points(self, X: Any) -> NDArray[np.int64]:  # noqa: N803
        """Return the score of each customer: the sum of the points of their bins.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)

        Returns
        -------
        array of int of shape (n,)
            The more, the safer: ``base_points`` where ``base_odds`` stay for each who leaves, and
            ``points_to_double`` more where twice as many do, up to the rounding of points.

        Raises
        ------
        NotFittedError, SchemaDriftError, ParameterError
        """
        self.require_fitted()
        table = self._read(X, reset=False)
        if not self.formula_.terms:
            return np.full(table.rows, self._points(0.0), dtype=np.int64)
        added = self.formula_.contributions(table).values()
        parts = [np.array([self._points(value) for value in each.tolist()]) for each in added]
        found: NDArray[np.int64] = np.sum(parts, axis=0).astype(np.int64)
        return found


def _fit(
    binned: Sequence[BinnedColumn], left: Floats
) -> tuple[float, list[BinnedColumn], list[float]]:
    """Fit weights of evidence; a column that would count against its own evidence is left out."""
    kept = list(binned)
    while kept:
        columns = [one.bins.weight_of_evidence[one.places] for one in kept]
        means = [column.mean() for column in columns]
        matrix = np.column_stack([own - mean for own, mean in zip(columns, means, strict=True)])
        fitted = LogisticRegression(C=1e4, solver="newton-cholesky", tol=1e-8).fit(matrix, left)
        coefficients = fitted.coef_[0].tolist()
        worst = int(np.argmin(coefficients))
        if coefficients[worst] > 0.0:
            return float(fitted.intercept_[0]), kept, coefficients
        del kept[worst]
    share = float(left.mean())
    return log(share / (1.0 - share)), [], []


def _term(bins: ColumnBins, coefficient: float) -> BinTerm | LevelTerm:
    evidence = bins.weight_of_evidence
    shares = np.array(bins.customers) / sum(bins.customers)
    *values, missing = (coefficient * (evidence - shares @ evidence)).tolist()
    if not bins.customers[-1]:
        missing = 0.0
    if bins.column.levels is None:
        return BinTerm(
            column=bins.column.name, cuts=bins.cuts, values=tuple(values), missing=missing
        )
    *groups, other = values
    if not bins.customers[-2]:
        other = 0.0
    known = {level: v for group, v in zip(bins.groups, groups, strict=True) for level in group}
    return LevelTerm(column=bins.column.name, values=known, other=other, missing=missing)


def _values(term: Any, bins: ColumnBins) -> list[float]:
    """Return what a term adds in each bin."""
    if isinstance(term, BinTerm):
        return [*term.values, term.missing]
    return [*(term.values[group[0]] for group in bins.groups), term.other, term.missing]
