"""Churn: who leaves, why, when, and whom it pays to keep.

Models are scikit-learn classifiers over frames and arrays. They are plain numbers inside: an
explicit formula, or trees, that are stored as JSON and read without running any code.

>>> import polars as pl
>>> customers = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30})
>>> left = [1, 1, 0, 1, 0, 1, 0, 0] * 30
>>> model = SplineLogisticModel().fit(customers, left)
>>> chance = model.predict_proba(customers)[:, 1]
>>> bool(chance[0] > chance[7])
True
"""

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm
from telcrm.churn.models.binning import ColumnBins, Direction
from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.formula_text import as_python, as_sql, as_text
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.models.scorecard import ScorecardModel, ScorecardRow
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.trees import Tree, TreeEnsemble
from telcrm.churn.models.vote import SoftVoteModel

__all__ = [
    "AdditiveFormula",
    "BinTerm",
    "BoostedModel",
    "ChurnClassifier",
    "ChurnModel",
    "ColumnBins",
    "Direction",
    "HazardModel",
    "LevelTerm",
    "ScorecardModel",
    "ScorecardRow",
    "SoftVoteModel",
    "SplineLogisticModel",
    "SplineTerm",
    "Tree",
    "TreeEnsemble",
    "as_python",
    "as_sql",
    "as_text",
    "churn_probability",
]
