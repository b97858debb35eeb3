"""A model whose probabilities are put right by what it says of customers it has not seen."""

from __future__ import annotations

from typing import Any, Self

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted, column_or_1d

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm, Term
from telcrm.churn.models.calibration import (
    CalibrationMethod,
    IsotonicCalibration,
    PlattCalibration,
    calibrate_log_odds,
    to_log_odds,
)
from telcrm.churn.models.calibration_gain import CalibrationFigures, CalibrationGain
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.held_out import held_out_parts
from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.retention.trial import take_rows
from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError, SingleClassError

__all__ = ["CalibratedModel"]

Floats = NDArray[np.float64]


class CalibratedModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Any model of two classes, and a map that puts its probabilities right.

    Parts of the customers are held out in turn, and the map is learnt from what the model says of
    them. Then the model learns from all.

    Parameters
    ----------
    model : ChurnModel
        Unfitted; it is cloned.
    method : {"platt", "isotonic"}
        As of :func:`telcrm.churn.calibrate`.
    folds : int, 2 or more
        Parts that are held out in turn, each with the share of leavers of the whole.
    random_state : int
        For the draw of the folds; the model has its own.

    Attributes
    ----------
    model_ : ChurnModel
        Fitted on all customers.
    calibration_ : PlattCalibration or IsotonicCalibration
        The map. ``calibration_.words()`` says it in words.
    gain_ : CalibrationGain
        Calibration before and after, of customers held out. Where ``before`` is good already,
        the map adds noise: leave it out then.
    formula_ : AdditiveFormula
        Of a model with a formula, calibrated by Platt's line.
    classes_ : array of shape (2,)

    Notes
    -----
    One map is learnt from all folds together, not a model and a map of each as
    ``CalibratedClassifierCV`` does by default: so one model remains, with its formula and reasons.
    What the map sees is a little less sure than the model of all customers, who are more.

    ``gain_.after`` comes from maps that were learnt without the fold that they are judged by.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> chance = np.random.default_rng(0)
    >>> use = chance.normal(size=(2000, 1)) + chance.normal(scale=0.2, size=(2000, 6))
    >>> left = (chance.random(2000) < 1 / (1 + np.exp(-use[:, 0]))).astype(int)
    >>> model = CalibratedModel(GaussianNB()).fit(use, left)
    >>> before, after = model.gain_.before, model.gain_.after
    >>> bool(before.slope < 0.3), bool(abs(after.slope - 1) < 0.1)
    (True, True)
    >>> bool(after.expected_calibration_error < before.expected_calibration_error / 3)
    True
    """

    model_: ChurnModel
    calibration_: PlattCalibration | IsotonicCalibration
    gain_: CalibrationGain
    classes_: NDArray[Any]

    def __init__(
        self,
        model: ChurnModel,
        *,
        method: CalibrationMethod | str = "platt",
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.method = method
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, *, groups: ArrayLike | None = None) -> Self:  # noqa: N803
        """Learn the map from customers held out, then the model from all.

        Parameters
        ----------
        X : dataframe or array
            As the model takes it.
        y : array of shape (n,)
            Two labels, 0 and 1 say: the greater one is that of who left.
        groups : array of shape (n,), optional
            Customers of rows: those of one customer are held out together. A panel has several
            rows for each, which would tell the model of the others.

        Returns
        -------
        Self

        Raises
        ------
        SingleClassError
            All left, or none did.
        ParameterError
            There are more than two labels, or a parameter is out of range; there are fewer leavers,
            stayers or groups than folds.
        ScoreError
            The model says the same of everybody.
        ModelContractError
            The model gives no probabilities.
        """
        method = choose(CalibrationMethod, self.method, "method")
        folds = whole_between("folds", self.folds, 2)
        seed = whole_between("random_state", self.random_state, 0, 2**32 - 1)
        labels = column_or_1d(y, warn=True)
        if len(set(labels.tolist())) < 2:
            raise SingleClassError(
                "y holds one class only: all customers left, or none did. Learn from a longer "
                "time, or from more customers.",
                classes=labels[:1].tolist(),
            )
        if issparse(X):
            raise ParameterError(
                "X is sparse, and a frame or a dense array is needed: X.toarray()."
            )
        # First of all, so that the model itself refuses what it cannot take.
        self.model_ = clone(self.model).fit(X, labels)
        self.classes_ = self.model_.classes_
        if len(self.classes_) > 2:
            raise ParameterError(
                f"Only binary classification is supported: y holds {len(self.classes_)} labels. "
                "Say who left with 0 and 1.",
                classes=self.classes_.tolist(),
            )
        left = labels == self.classes_[1]
        rows = nw.from_native(X, pass_through=True)
        if isinstance(rows, nw.LazyFrame):
            X = rows.collect().to_native()  # noqa: N806
        parts = held_out_parts(left, groups, folds=folds, seed=seed)
        odds, chances = np.empty(left.size), np.empty(left.size)
        for learn, tell in parts:
            fitted = clone(self.model).fit(take_rows(X, learn), labels[learn])
            odds[tell], chances[tell] = _told(fitted, take_rows(X, tell))
        self.calibration_ = calibrate_log_odds(left, odds, chances, method)
        after = np.empty(left.size)
        for learn, tell in parts:
            found = calibrate_log_odds(left[learn], odds[learn], chances[learn], method)
            after[tell] = found.of_log_odds(odds[tell])
        self.gain_ = CalibrationGain(
            before=CalibrationFigures.of(left, chances), after=CalibrationFigures.of(left, after)
        )
        return self

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the calibrated probabilities that each customer stays, and leaves.

        Parameters
        ----------
        X : dataframe or array

        Returns
        -------
        array of shape (n, 2)

        Raises
        ------
        NotFittedError
            scikit-learn's.
        """
        check_is_fitted(self)
        odds, _ = _told(self.model_, X)
        chance = self.calibration_.of_log_odds(odds)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the likelier label of each customer.

        Parameters
        ----------
        X : dataframe or array

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        NotFittedError
        """
        likely = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_)[likely.astype(np.intp)]

    @property
    def formula_(self) -> AdditiveFormula:
        """The calibrated model as an explicit formula; there is none of isotonic steps."""
        if not isinstance(self.calibration_, PlattCalibration):
            raise AttributeError("isotonic steps are no formula: calibrate by Platt's line.")
        slope = self.calibration_.slope
        plain: AdditiveFormula = self.model_.formula_  # type: ignore[attr-defined]
        return AdditiveFormula(
            intercept=self.calibration_.intercept + slope * plain.intercept,
            terms=tuple(_times(term, slope) for term in plain.terms),
        )

    @property
    def n_features_in_(self) -> int:
        """Columns of the table that the model has learnt from."""
        return int(self.model_.n_features_in_)  # type: ignore[attr-defined]

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Their names, where the model keeps them."""
        return np.asarray(self.model_.feature_names_in_)  # type: ignore[attr-defined]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        if hasattr(self.model, "__sklearn_tags__"):
            tags.input_tags.allow_nan = get_tags(self.model).input_tags.allow_nan
        return tags


def _told(model: ChurnModel, X: Any) -> tuple[Floats, Floats]:  # noqa: N803
    """Return what a model says of customers: log odds, and the same as probabilities."""
    if isinstance(model, ChurnClassifier):
        odds = model.decision_function(X)
        return odds, expit(odds)
    chances = churn_probability(model, X)
    return to_log_odds(chances), chances


def _times(term: Term, factor: float) -> Term:
    changed: dict[str, Any] = {"missing": factor * term.missing}
    match term:
        case SplineTerm():
            changed["constant"], changed["slope"] = factor * term.constant, factor * term.slope
            changed["cubes"] = tuple(factor * cube for cube in term.cubes)
        case BinTerm():
            changed["values"] = tuple(factor * value for value in term.values)
        case LevelTerm():
            changed["values"] = {name: factor * value for name, value in term.values.items()}
            changed["other"] = factor * term.other
    return term.replace(**changed)
