"""What the churn models of telcrm share: scikit-learn's conventions over frames and arrays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable, is_frame, read_features
from telcrm.domain import Record
from telcrm.errors import (
    NotFittedError,
    ParameterError,
    SchemaDriftError,
    ScoreError,
    SingleClassError,
)
from telcrm.estimators import EstimatorFamily, StoredEstimator

__all__ = ["ChurnClassifier", "ClassifierState", "Label"]

Floats = NDArray[np.float64]
Label = bool | int | float | str

_SHOWN: Final = 5


class UnfittedClassifierError(NotFittedError, SklearnNotFittedError):  # type: ignore[misc]
    """A churn model is asked before it has learnt; scikit-learn knows it, too."""


class ClassifierState(Record):
    """What a stored classifier holds besides its own parameters."""

    features: tuple[str, ...] | None
    columns_: tuple[FeatureColumn, ...]
    classes_: Annotated[tuple[Label, ...], Field(min_length=2)]
    from_array_: bool


class ChurnClassifier(StoredEstimator, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model of who leaves, over the columns of a table.

    A class derives from it, and says how to learn from a
    :class:`~telcrm.churn.models.feature_table.FeatureTable` and how to score one.

    Attributes
    ----------
    columns_ : tuple of FeatureColumn
        What it looks at.
    classes_ : array of shape (2,)
        The labels: of who stayed, and of who left, which is the greater one.
    n_features_in_ : int
    feature_names_in_ : array of str
        Of a frame.
    """

    family: ClassVar[EstimatorFamily] = EstimatorFamily("churn_model", "churn model")

    features: Sequence[str] | None
    columns_: tuple[FeatureColumn, ...]
    classes_: NDArray[Any]
    n_features_in_: int
    from_array_: bool

    @abstractmethod
    def _learn(self, table: FeatureTable, left: Floats) -> tuple[FeatureColumn, ...]:
        """Learn from a table, and from who left as 0 or 1. Return what says something."""

    @abstractmethod
    def _log_odds(self, table: FeatureTable) -> Floats:
        """Return the log odds of leaving of each row; of more causes than one, a column each."""

    def _chances(self, table: FeatureTable) -> Floats:
        """Return the probability of each class."""
        odds = self._log_odds(table)
        return np.column_stack([expit(-odds), expit(odds)])

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Learn who leaves.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)
            A row for each customer, in memory. Numbers and booleans, null or NaN where not known,
            and text, which is a category.
        y : array of shape (n,)
            Two labels, 0 and 1 say: the greater one is that of who left.

        Returns
        -------
        Self

        Raises
        ------
        SingleClassError
            All left, or none did.
        ParameterError, SchemaDriftError
            A column or a parameter is not as it has to be.
        ValueError
            As scikit-learn has it: lengths differ, or ``y`` is continuous.
        """
        table = self._read(X, reset=True)
        left = self._labels(y, table.rows)
        learnt = {column.name: column for column in self._learn(table, left)}
        # A column that says nothing is looked at, too: the table stays the same.
        self.columns_ = tuple(
            learnt.get(name) or FeatureColumn(name=name, levels=table.no_levels(name))
            for name in self._named() or table.names
        )
        return self

    def _labels(self, y: ArrayLike | None, rows: int) -> Floats:
        """Return the place of each label among the classes, or refuse them."""
        if y is None:
            message = f"{type(self).__name__} requires y to be passed, but the target y is None."
            raise ParameterError(message)
        labels = column_or_1d(y, warn=True)
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ScoreError(
                "y holds NaN or infinity: say of each customer who left, or drop them."
            )
        check_classification_targets(labels)
        if labels.size != rows:
            raise ParameterError(
                f"X has {rows:,} rows and y {labels.size:,}. Pass a label for each row.",
                rows=rows,
                labels=labels.size,
            )
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if self.classes_.size < 2:
            raise SingleClassError(
                f"y holds one class only ({self.classes_[0]}): all customers left, or none did. "
                "Learn from a longer time, or from more customers.",
                classes=self.classes_.tolist(),
            )
        self._refuse_classes(self.classes_.tolist())
        return np.asarray(codes, dtype=np.float64)

    def _refuse_classes(self, classes: Sequence[Label]) -> None:
        """Refuse classes that the model is not for."""
        if len(classes) > 2:
            told = ", ".join(map(str, classes[:_SHOWN]))
            raise ParameterError(
                f"Only binary classification is supported: y holds {len(classes)} labels "
                f"({told}, ...). Say who left with 0 and 1; reasons are for HazardModel.",
                classes=list(classes),
            )

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Return the log odds that each customer leaves.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        NotFittedError
        SchemaDriftError, ParameterError
            The table is not like the one that the model has learnt from.
        """
        self.require_fitted()
        return self._log_odds(self._read(X, reset=False))

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probabilities that each customer stays, and leaves.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)

        Returns
        -------
        array of shape (n, 2)
            Of a :class:`HazardModel`, in the next period: a column for each of ``classes_``.

        Raises
        ------
        NotFittedError
        SchemaDriftError, ParameterError
            The table is not like the one that the model has learnt from.
        """
        self.require_fitted()
        return self._chances(self._read(X, reset=False))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the likelier label of each customer.

        Who leaves with more than 50 % is hardly ever who is worth a call: see
        :func:`telcrm.churn.profit_threshold`.

        Parameters
        ----------
        X : dataframe, or array of shape (n, m)

        Returns
        -------
        array of shape (n,)

        Raises
        ------
        NotFittedError, SchemaDriftError, ParameterError
        """
        odds = self.decision_function(X)
        likeliest = odds.argmax(axis=1) if odds.ndim > 1 else (odds > 0.0).astype(np.intp)
        found: NDArray[Any] = self.classes_[likeliest]
        return found

    def require_fitted(self) -> None:
        """Refuse a model that has not learnt yet.

        Raises
        ------
        NotFittedError
            Also scikit-learn's.
        """
        if not self.is_fitted:
            name = type(self).__name__
            raise UnfittedClassifierError(
                f"this {name} is not fitted. Call fit(X, y) first, or read a stored one.",
                estimator=name,
            )

    def _read(self, given: Any, *, reset: bool) -> FeatureTable:
        if is_frame(given):
            return self._read_frame(given, reset=reset)
        array = validate_data(self, given, reset=reset, dtype="numeric", ensure_all_finite=False)
        values = np.asarray(array, dtype=np.float64)
        _refuse_infinite(values)
        if reset:
            self.from_array_ = True
        names = [f"x{at}" for at in range(values.shape[1])]
        if self.features is not None:
            raise ParameterError("features names columns of a frame, and X is an array.")
        return FeatureTable(dict(zip(names, values.T, strict=True)), {}, len(values))

    def _named(self) -> list[str]:
        """Return the columns of the frame that the model learns from, in its order."""
        if self.from_array_:
            return []
        named = self.features if self.features is not None else self.feature_names_in_
        return [str(name) for name in named]

    def _read_frame(self, frame: Any, *, reset: bool) -> FeatureTable:
        if not reset and self.from_array_:
            raise SchemaDriftError(
                "the model has learnt from an array, whose columns have no names. Pass an array "
                "with the same columns.",
                features=self.n_features_in_,
            )
        if self.features is None:
            # scikit-learn's own rules: the same columns, in the same order.
            validate_data(self, frame, reset=reset, skip_check_array=True)
        if reset:
            self.from_array_ = False
            named = self._named()
            if not named:
                message = "Found array with 0 feature(s): X has no columns to look at."
                raise ParameterError(message)
            table = read_features(frame, named)
            if not table.rows:
                message = "Found array with 0 sample(s): X has no rows."
                raise ParameterError(message)
            self.n_features_in_ = len(table.names)
            return table
        table = read_features(frame, [column.name for column in self.columns_])
        table = _with_nulls(table, self.columns_)
        for column in self.columns_:
            was_text = column.levels is not None
            if was_text != (column.name in table.categories):
                now, then = ("numbers", "text") if was_text else ("text", "numbers")
                raise SchemaDriftError(
                    f"column {column.name!r} holds {now}, and held {then} when the model learnt. "
                    "Cast it.",
                    column=column.name,
                )
        return table

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def _state(self) -> Record:
        told = {name: getattr(self, name) for name in self.stored_as.model_fields}
        return self.stored_as(**told | {"classes_": tuple(np.asarray(self.classes_).tolist())})

    @classmethod
    def _from_state(cls, state: Any) -> Self:
        made = super()._from_state(state)
        made.classes_ = np.array(state.classes_)
        made.n_features_in_ = len(state.columns_)
        if state.features is None and not state.from_array_:
            made.feature_names_in_ = np.array([one.name for one in state.columns_], dtype=object)
        return made


def _refuse_infinite(values: Floats) -> None:
    if np.isinf(values).any():
        raise ParameterError("X holds an infinity. Cap it, or make it NaN.")


def _with_nulls(table: FeatureTable, columns: Sequence[FeatureColumn]) -> FeatureTable:
    """Take columns of nothing but nulls for what the model knows: engines tell no type of them."""
    numbers, categories = dict(table.numbers), dict(table.categories)
    for column in columns:
        name = column.name
        if column.levels is not None and name in numbers and np.isnan(numbers[name]).all():
            del numbers[name]
            categories[name] = np.full(table.rows, None, dtype=object)
        if column.levels is None and name in categories and not categories[name].any():
            del categories[name]
            numbers[name] = np.full(table.rows, np.nan)
    return FeatureTable(numbers, categories, table.rows)
