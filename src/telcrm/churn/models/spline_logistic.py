"""Logistic regression on smooth curves: strong, calibrated, and a formula that one can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from telcrm.churn.models.additive import AdditiveFormula
from telcrm.churn.models.classifier import ChurnClassifier, ClassifierState
from telcrm.churn.models.design import design_of
from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable
from telcrm.domain import Record
from telcrm.domain.arguments import require_positive, whole_between
from telcrm.errors import ParameterError

__all__ = ["SplineLogisticModel"]

Floats = NDArray[np.float64]


class _State(ClassifierState):
    knots: Annotated[int, Field(ge=0, le=7)]
    ridge: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    least_rows: Annotated[int, Field(ge=1)]
    formula_: AdditiveFormula


class SplineLogisticModel(ChurnClassifier):
    """The log odds of leaving as a sum of smooth curves, one for each column.

    Parameters
    ----------
    features : sequence of str, optional
        Columns that are looked at, in a frame of any others; by default all columns, which then
        have to be the same at prediction, as scikit-learn has it.
    knots : int
        Of each number's restricted cubic spline, 3 to 7, at the quantiles that Harrell recommends;
        fewer where values are heaped. 0 for straight lines.
    ridge : float
        Penalty on the squares of coefficients, of columns of variance 1. It keeps rare categories
        from running away; predictions hardly depend on it.
    least_rows : int
        Rows that a category has to have to be one of its own; rarer ones, and those that come up
        later, are taken together.

    Attributes
    ----------
    formula_ : AdditiveFormula
        The model, whole: an intercept and a term for each column.
    columns_, classes_, n_features_in_, feature_names_in_
        As scikit-learn has them; the greater class is that of who left.

    Notes
    -----
    A curve is cubic between its knots and straight beyond them. Nulls are marked, and add what
    customers without the number have in common. No customer is weighted: weights, and sampling
    that makes leavers more frequent, move probabilities away from frequencies.

    F. E. Harrell (2015), Regression Modeling Strategies, 2nd ed., sections 2.4 and 2.5; van den
    Goorbergh et al. (2022), JAMIA 29(9), 1525-1534, on what corrections for imbalance do.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30, "plan": ["solo", "duo", "solo"] * 80}
    ... )
    >>> left = [1, 1, 0, 1, 0, 0, 0, 0] * 30
    >>> model = SplineLogisticModel().fit(customers, left)
    >>> chance = model.predict_proba(customers)[:, 1]
    >>> bool(chance[0] > 0.7), bool(chance[7] < 0.1)
    (True, True)
    >>> [term.column for term in model.formula_.terms]
    ['tenure', 'plan']
    """

    kind: ClassVar[str] = "spline_logistic"
    stored_as: ClassVar[type[Record]] = _State

    formula_: AdditiveFormula

    def __init__(
        self,
        *,
        features: Sequence[str] | None = None,
        knots: int = 5,
        ridge: float = 1.0,
        least_rows: int = 20,
    ) -> None:
        self.features = features
        self.knots = knots
        self.ridge = ridge
        self.least_rows = least_rows

    def _learn(self, table: FeatureTable, left: Floats) -> tuple[FeatureColumn, ...]:
        knots = whole_between("knots", self.knots, 0, 7)
        if knots in {1, 2}:
            raise ParameterError("knots is 0 for straight lines, or 3 to 7.", knots=knots)
        require_positive(ridge=self.ridge)
        least_rows = whole_between("least_rows", self.least_rows, 1)
        design = design_of(table, most_knots=knots, least_rows=least_rows)
        share = float(left.mean())
        if design.columns:
            fitted = LogisticRegression(C=1.0 / self.ridge, solver="newton-cholesky", tol=1e-8)
            fitted.fit(design.matrix, left)
            self.formula_ = design.formula(float(fitted.intercept_[0]), fitted.coef_[0])
        else:
            self.formula_ = AdditiveFormula(intercept=float(np.log(share / (1 - share))), terms=())
        return tuple(one.column for one in design.columns)

    def _log_odds(self, table: FeatureTable) -> Floats:
        return self.formula_.log_odds(table)
