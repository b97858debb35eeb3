"""The check accepts sound churn models, and names the rule that a broken one breaks."""
# ruff: noqa: ARG002, N803 - X is the name that scikit-learn gives it

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.errors import ParameterError
from telcrm.testing.churn_model import check_churn_model


def linear_on_frames() -> Any:
    numbers = ["tenure_months", "monthly_charge", "contacts", "vat_rate"]
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), ["contract"]),
        ),
        LogisticRegression(),
    )


@pytest.mark.parametrize("model", [ScorecardModel, SplineLogisticModel, HazardModel])
def test_models_of_telcrm_pass(model: Any) -> None:
    check_churn_model(model)


def test_pipelines_of_scikit_learn_pass() -> None:
    check_churn_model(linear_on_frames(), inputs=["pandas", "polars"])
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    check_churn_model(scaled, text=False, missing=False, random_state=3)


def test_boosting_and_forests_of_scikit_learn_pass() -> None:
    boosting = HistGradientBoostingClassifier(max_iter=15, random_state=None)
    check_churn_model(boosting, text=False)
    check_churn_model(RandomForestClassifier(8), inputs=["array"], text=False)


class Sound(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model of pandas frames by name, sound as it stands."""

    def __init__(self, *, strength: float = 1.0, random_state: int | None = None) -> None:
        self.strength = strength
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        if len(set(np.asarray(y).tolist())) < 2:
            raise ValueError("one class only")
        self.columns_ = list(X.columns)
        self.inner_ = make_pipeline(StandardScaler(), LogisticRegression(C=self.strength))
        self.inner_.fit(self.numbers(X), y)
        self.classes_ = self.inner_.classes_
        return self

    def numbers(self, X: pd.DataFrame) -> Any:
        return X[self.columns_].to_numpy()

    def predict_proba(self, X: pd.DataFrame) -> Any:
        check_is_fitted(self)
        return self.inner_.predict_proba(self.numbers(X))


class NoParameters(Sound):
    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"strength": 1.0, "random_state": None, "unheard_of": id(self)}

    def set_params(self, **params: Any) -> Self:
        return self


class AnswersUnfitted(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        if not hasattr(self, "inner_"):
            return np.full((len(X), 2), 0.5)
        return super().predict_proba(X)


class ReturnsNothing(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Any:
        super().fit(X, y)


class TunesItself(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        self.strength = 10.0
        return super().fit(X, y)


class FillsInPlace(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        X["contacts"] = X["contacts"].clip(upper=2.0)
        return super().fit(X, y)


class CodesLabelsInPlace(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        super().fit(X, y)
        y[:] = 1 - y
        return self


class ChangesWhatItScores(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        X["tenure_months"] += 0.0
        X["seen"] = 1.0
        return super().predict_proba(X)


class OneColumn(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        return super().predict_proba(X)[:, 1]


class NotANumber(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = super().predict_proba(X)
        found[-1] = np.nan
        return found


class Odds(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = super().predict_proba(X)
        return np.column_stack([found[:, 0], found[:, 1] / found[:, 0]])


class NotNormalised(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        return super().predict_proba(X) * 0.9


class Swapped(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        return super().predict_proba(X)[:, ::-1]


class OrderOfAppearance(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        super().fit(X, y)
        self.classes_ = pd.unique(y)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = super().predict_proba(X)
        return found if self.classes_[0] == 0 else found[:, ::-1]


class SaysWords(Sound):
    def predict(self, X: pd.DataFrame) -> Any:
        return np.where(self.predict_proba(X)[:, 1] > 0.5, "left", "stayed")


class CannotCountFlags(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        self.stayed_ = (1 - y).sum() if y.dtype != bool else (-y).sum()
        return super().fit(X, y)


class Restless(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        chance = np.clip(super().predict_proba(X)[:, 1] + np.random.rand() * 1e-3, 0, 1)  # noqa: NPY002
        return np.column_stack([1 - chance, chance])


class IgnoresItsSeed(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        drawn = np.random.default_rng().permutation(len(X))[:180]
        return super().fit(X.iloc[drawn], y[drawn])


class Remembers(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        before = getattr(self, "seen_", [])
        self.seen_ = [*before, (X, np.asarray(y))]
        return super().fit(
            pd.concat([each for each, _ in self.seen_]), np.hstack([each for _, each in self.seen_])
        )


class ScalesByTheTable(Sound):
    def numbers(self, X: pd.DataFrame) -> Any:
        found = super().numbers(X)
        return found - found.mean(axis=0)


class FillsMissingColumns(Sound):
    def numbers(self, X: pd.DataFrame) -> Any:
        return X.reindex(columns=self.columns_, fill_value=0.0).to_numpy()


class GoesByPlace(Sound):
    def numbers(self, X: pd.DataFrame) -> Any:
        return X.to_numpy()


class LearnsOfOneClass(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        labels = np.array(y, copy=True)
        labels[0] = 1 - labels[0] if len(set(labels.tolist())) < 2 else labels[0]
        return super().fit(X, labels)


class DividesByTheSpread(Sound):
    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        if (X.std() < 1e-12).any():
            raise ZeroDivisionError("a column has no spread")
        return super().fit(X, y)


class Coin(Sound):
    def predict_proba(self, X: pd.DataFrame) -> Any:
        found = super().predict_proba(X)
        chance = 0.5 + (found[:, 1] - 0.5) * 1e-3 * np.cos(1e6 * found[:, 1])
        return np.column_stack([1 - chance, chance])


def test_the_model_that_the_broken_ones_derive_from_is_sound() -> None:
    check_churn_model(Sound, inputs=["pandas"], text=False, missing=False)


BROKEN: list[tuple[type[Sound], str]] = [
    (NoParameters, "clone, get_params and set_params work"),
    (AnswersUnfitted, "it raises NotFittedError before fit"),
    (ReturnsNothing, "fit returns the model"),
    (TunesItself, "fit changes no parameter"),
    (FillsInPlace, "fit does not change X"),
    (CodesLabelsInPlace, "fit does not change y"),
    (ChangesWhatItScores, "predict_proba does not change X"),
    (OneColumn, "predict_proba has a row for each customer, two columns"),
    (NotANumber, "probabilities are finite"),
    (Odds, "probabilities lie from 0 to 1"),
    (NotNormalised, "the two probabilities of a customer sum to 1"),
    (Swapped, "the second column is the probability of leaving"),
    (OrderOfAppearance, "classes_ are sorted, whoever comes first"),
    (SaysWords, "predict returns labels of classes_"),
    (CannotCountFlags, "labels may be flags"),
    (Restless, "a fitted model scores the same each time"),
    (IgnoresItsSeed, "the same customers and random_state teach the same"),
    (Remembers, "fit starts anew"),
    (ScalesByTheTable, "a customer's probability does not depend on the others"),
    (FillsMissingColumns, "a missing column is refused"),
    (LearnsOfOneClass, "where all stay, it refuses to learn or knows one class"),
    (DividesByTheSpread, "a column has no spread"),
    (Coin, "tells who leaves far better than a coin|second column is the probability"),
]


@pytest.mark.parametrize(("broken", "rule"), BROKEN, ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_model_is_told_its_rule(broken: type[Sound], rule: str) -> None:
    with pytest.raises(AssertionError, match=f"breaks a rule of ChurnModel: .*({rule})"):
        check_churn_model(broken, inputs=["pandas"], text=False, missing=False)


def test_columns_by_place_are_found_out() -> None:
    class ByPlace(GoesByPlace):
        def predict_proba(self, X: pd.DataFrame) -> Any:
            check_is_fitted(self)
            if X.shape[1] != len(self.columns_):
                raise ValueError("another number of columns")
            return super().predict_proba(X)

    with pytest.raises(AssertionError, match="columns of a frame go by name"):
        check_churn_model(ByPlace, inputs=["pandas"], text=False, missing=False)


def test_a_baseline_is_no_model() -> None:
    with pytest.raises(AssertionError, match="breaks a rule of ChurnModel"):
        check_churn_model(DummyClassifier(), inputs=["array"], text=False)


def test_tables_that_nobody_knows_are_refused() -> None:
    with pytest.raises(ParameterError, match="inputs"):
        check_churn_model(Sound, inputs=["spark"])


class Needy(Sound):
    def __init__(self, *, tier: str) -> None:
        super().__init__()
        self.tier = tier


def test_a_class_that_needs_arguments_is_told_so() -> None:
    with pytest.raises(AssertionError, match="made without arguments"):
        check_churn_model(Needy)
