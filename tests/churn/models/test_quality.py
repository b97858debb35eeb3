"""How good the defaults are: public data, cross-validation, scikit-learn's own models beside.

`benchmarks/churn_quality.py` prints the whole table, with folds drawn many times.
"""

from __future__ import annotations

import pytest
from tests.churn.models.quality import judged, one_hot_logistic, plain_boosting

from telcrm.churn import BoostedModel, ScorecardModel, SplineLogisticModel

pytestmark = pytest.mark.slow


def test_curves_on_ibms_customers() -> None:
    ours = judged(SplineLogisticModel, "wa_churn")
    assert ours["auc"] >= 0.848
    assert ours["brier"] <= 0.134
    assert ours["ece"] <= 0.03
    theirs = judged(one_hot_logistic, "wa_churn")
    assert ours["auc"] > theirs["auc"] + 0.003
    card = judged(ScorecardModel, "wa_churn")
    assert card["auc"] >= 0.84


def test_trees_on_the_calls_of_five_thousand() -> None:
    ours = judged(BoostedModel, "mlc_churn")
    assert ours["auc"] >= 0.92
    assert ours["lift"] >= 6.9
    assert ours["brier"] <= 0.035
    assert ours["ece"] <= 0.03
    theirs = judged(plain_boosting, "mlc_churn")
    assert ours["brier"] < theirs["brier"]


def test_trees_on_ibms_customers() -> None:
    ours, theirs = (judged(make, "wa_churn", folds=2) for make in (BoostedModel, plain_boosting))
    assert ours["auc"] > theirs["auc"] + 0.01
    assert ours["brier"] < theirs["brier"] - 0.004
