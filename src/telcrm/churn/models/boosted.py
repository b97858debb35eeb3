"""Gradient boosting with defaults for telecom tables: small, noisy, and with a few strong rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from threadpoolctl import threadpool_limits

from telcrm.churn.models.classifier import ChurnClassifier, ClassifierState
from telcrm.churn.models.encoding import CategoryCodes, encode_categories
from telcrm.churn.models.feature_table import FeatureColumn, FeatureTable
from telcrm.churn.models.trees import MOST_LEAVES, Tree, TreeEnsemble
from telcrm.domain import Record
from telcrm.domain.arguments import require_proper_share, whole_between
from telcrm.errors import ModelContractError, ParameterError

__all__ = ["BoostedModel"]

Floats = NDArray[np.float64]

_PROFILES: Final = (6, 31)
_FOLDS: Final = 3
# Beyond, one part of the customers held out tells as much as folds do.
_FOLDED_ROWS: Final = 20_000
_HELD_OUT: Final = 0.25
_CHECKED_ROWS: Final = 256
# Below, threads wait for each other for longer than they work; on a busy machine far longer.
_THREADED_ROWS: Final = 50_000


class _State(ClassifierState):
    leaves: Literal["auto"] | Annotated[int, Field(ge=2, le=MOST_LEAVES)]
    learning_rate: Annotated[float, Field(gt=0, lt=1)]
    most_trees: Annotated[int, Field(ge=1)]
    column_share: Annotated[float, Field(gt=0, le=1)]
    least_rows: Annotated[int, Field(ge=1)]
    repeats: Annotated[int, Field(ge=1)]
    monotone: Mapping[str, int] | None
    random_state: int
    codes_: tuple[CategoryCodes, ...]
    ensemble_: TreeEnsemble
    leaves_: int
    trees_: int


class BoostedModel(ChurnClassifier):
    """Boosted trees whose size and number the data choose.

    Parameters
    ----------
    features : sequence of str, optional
        Columns that are looked at, in a frame of any others; by default all columns, which then
        have to be the same at prediction, as scikit-learn has it.
    leaves : "auto" or int
        Of each tree, 2 to 32. By default 6, for many weak signs that add up, or 31, for a few
        strong rules: whichever has the lower log loss on customers held out.
    learning_rate : float
        Between 0 and 1.
    most_trees : int
        The number is the best one for customers held out, and this at most.
    column_share : float
        Share of columns, drawn anew, that each question of a tree may be about.
    least_rows : int
        Customers in each leaf, and rows that a category has to have to be one of its own.
    repeats : int
        Times that the final trees are grown, from other draws of columns; their mean is steadier.
    monotone : mapping of str to {1, -1}, optional
        Numbers with which the chance to leave may only rise, or only fall.
    random_state : int

    Attributes
    ----------
    leaves_, trees_ : int
        What was chosen.
    ensemble_ : TreeEnsemble
        The trees, as plain numbers.
    codes_ : tuple of CategoryCodes
        What stands for categories.
    columns_, classes_, n_features_in_, feature_names_in_
        As scikit-learn has them; the greater class is that of who left.

    Notes
    -----
    Trees are grown by scikit-learn's histogram gradient boosting. Up to 20,000 customers, size and
    number are chosen by three folds, beyond by a quarter held out; the number then grows with the
    customers that the final trees learn from in addition. Categories of up to 12 levels are split
    as trees like; more are replaced by the smoothed share of leavers of each, learnt from other
    customers than each row's own. Nulls go to the side that suits them.

    T. Chen, C. Guestrin (2016), KDD, 785-794; G. Ke et al. (2017), NeurIPS 30 (histograms).

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame({"calls": [0, 1, 2, 3, 4, 5] * 60, "fee": [10.0, 20.0] * 180})
    >>> left = [0, 0, 0, 0, 1, 1] * 60
    >>> model = BoostedModel(most_trees=60).fit(customers, left)
    >>> chance = model.predict_proba(customers)[:, 1]
    >>> bool(chance[5] > 0.9), bool(chance[0] < 0.1)
    (True, True)
    """

    kind: ClassVar[str] = "boosted"
    stored_as: ClassVar[type[Record]] = _State

    codes_: tuple[CategoryCodes, ...]
    ensemble_: TreeEnsemble
    leaves_: int
    trees_: int

    def __init__(
        self,
        *,
        features: Sequence[str] | None = None,
        leaves: int | str = "auto",
        learning_rate: float = 0.05,
        most_trees: int = 400,
        column_share: float = 0.6,
        least_rows: int = 20,
        repeats: int = 3,
        monotone: Mapping[str, int] | None = None,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.most_trees = most_trees
        self.column_share = column_share
        self.least_rows = least_rows
        self.repeats = repeats
        self.monotone = monotone
        self.random_state = random_state

    def _learn(self, table: FeatureTable, left: Floats) -> tuple[FeatureColumn, ...]:
        profiles = self._profiles()
        self.codes_, encoded = encode_categories(
            table, left, least_rows=self.least_rows, random_state=self.random_state
        )
        matrix = self._arranged(table, encoded)
        threads = 1 if left.size < _THREADED_ROWS else None
        with threadpool_limits(threads, user_api="openmp"):
            self.leaves_, self.trees_ = self._choose(profiles, matrix, left, table)
            self.ensemble_ = _read_trees(
                [
                    _grow(self._booster(self.leaves_, self.trees_, table, draw), matrix, left)
                    for draw in range(self.repeats)
                ],
                matrix[:_CHECKED_ROWS],
            )
        return tuple(one.column for one in self.codes_)

    def _profiles(self) -> tuple[int, ...]:
        require_proper_share(learning_rate=self.learning_rate)
        whole_between("most_trees", self.most_trees, 1)
        whole_between("least_rows", self.least_rows, 1)
        whole_between("repeats", self.repeats, 1)
        whole_between("random_state", self.random_state, 0)
        if not 0.0 < self.column_share <= 1.0:
            raise ParameterError("column_share is above 0, and 1 at most.", got=self.column_share)
        if self.leaves == "auto":
            return _PROFILES
        return (whole_between("leaves", self.leaves, 2, MOST_LEAVES),)

    def _booster(
        self, leaves: int, trees: int, table: FeatureTable, draw: int = 0
    ) -> HistGradientBoostingClassifier:
        monotone = dict(self.monotone or {})
        unknown = [name for name in monotone if name not in table.numbers]
        if unknown:
            raise ParameterError(
                f"monotone names {', '.join(map(repr, unknown))}, which are no columns of numbers. "
                f"Those are: {', '.join(table.numbers)}.",
                unknown=unknown,
            )
        if not set(monotone.values()) <= {1, -1}:
            raise ParameterError(
                "monotone says 1 for numbers with which the chance to leave may only rise, and -1 "
                "for those with which it may only fall.",
                monotone=monotone,
            )
        natives = sum(one.is_native for one in self.codes_)
        plain = len(self.codes_) - natives
        return HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=trees,
            max_leaf_nodes=leaves,
            max_features=self.column_share,
            min_samples_leaf=self.least_rows,
            categorical_features=list(range(natives)),
            monotonic_cst=[
                *[0] * natives,
                *[monotone.get(name, 0) for name in table.numbers],
                *[0] * plain,
            ],
            early_stopping=False,
            random_state=self.random_state + draw,
        )

    def _choose(
        self, profiles: Sequence[int], matrix: Floats, left: Floats, table: FeatureTable
    ) -> tuple[int, int]:
        """Choose the size and the number of trees by the log loss of customers held out."""
        rare = int(min(left.sum(), left.size - left.sum()))
        if rare < 2 * _FOLDS:
            return profiles[0], min(self.most_trees, 20)
        splitter: Any
        if left.size <= _FOLDED_ROWS:
            splitter = StratifiedKFold(_FOLDS, shuffle=True, random_state=self.random_state)
            grows = _FOLDS / (_FOLDS - 1.0)
        else:
            splitter = StratifiedShuffleSplit(
                1, test_size=_HELD_OUT, random_state=self.random_state
            )
            grows = 1.0 / (1.0 - _HELD_OUT)
        most = max(1, round(self.most_trees / grows))
        best = (np.inf, profiles[0], 1)
        for leaves in profiles:
            loss = np.zeros(most)
            for learn, judge in splitter.split(matrix, left):
                grown = _grow(self._booster(leaves, most, table), matrix[learn], left[learn])
                for at, odds in enumerate(grown.staged_decision_function(matrix[judge])):
                    loss[at] += _log_loss(left[judge], odds)
            at = int(loss.argmin())
            best = min(best, (float(loss[at]), leaves, at + 1))
        # A tree learns from more customers in the end, and can do with more of its kind.
        return best[1], max(1, round(best[2] * grows))

    def _arranged(self, table: FeatureTable, encoded: Sequence[Floats]) -> Floats:
        """Put codes first, as scikit-learn does, then numbers, then shares for categories."""
        pairs = list(zip(self.codes_, encoded, strict=True))
        native = [column for codes, column in pairs if codes.is_native]
        plain = [column for codes, column in pairs if not codes.is_native]
        return np.column_stack([*native, *table.numbers.values(), *plain])

    def _log_odds(self, table: FeatureTable) -> Floats:
        matrix = self._arranged(table, [codes.of(table) for codes in self.codes_])
        return self.ensemble_.log_odds(matrix)


def _grow(
    booster: HistGradientBoostingClassifier, matrix: Floats, left: Floats
) -> HistGradientBoostingClassifier:
    # scikit-learn fails at a column without a value, as a fold may have one; 0 throughout says as
    # little.
    empty = np.isnan(matrix).all(axis=0)
    return booster.fit(np.where(empty, 0.0, matrix) if empty.any() else matrix, left)


def _read_trees(grown: Sequence[HistGradientBoostingClassifier], some: Floats) -> TreeEnsemble:
    """Take the trees out of boosters, so that the ensemble gives the mean of their log odds."""
    trees = [
        Tree.of(tree.nodes, tree.raw_left_cat_bitsets, share=1.0 / len(grown))
        for one in grown
        for [tree] in one._predictors  # noqa: SLF001 (checked below)
    ]
    baseline = float(grown[0]._baseline_prediction.ravel()[0])  # noqa: SLF001
    ensemble = TreeEnsemble(baseline=baseline, trees=tuple(trees))
    expected = np.mean([one.decision_function(some) for one in grown], axis=0)
    if not np.allclose(ensemble.log_odds(some), expected):
        message = "this release of scikit-learn keeps trees in a form that telcrm cannot read."
        raise ModelContractError(message)
    return ensemble


def _log_loss(left: Floats, log_odds: Floats) -> float:
    return float(np.logaddexp(0.0, np.where(left == 1.0, -log_odds, log_odds)).sum())
