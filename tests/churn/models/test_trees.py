"""Trees as plain numbers score as scikit-learn does, nulls and categories included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError
from sklearn.ensemble import HistGradientBoostingClassifier

from telcrm.churn.models.trees import Tree, TreeEnsemble

STUMP = Tree(
    columns=(0,),
    thresholds=(1.0,),
    categories=(None,),
    nulls_left=(False,),
    left_leaves=(1,),
    values=(-1.0, 2.0),
)


@given(
    seed=st.integers(0, 2**16),
    leaves=st.sampled_from([2, 7, 31, 32]),
    nulls=st.sampled_from([0.0, 0.2]),
)
@settings(max_examples=8)
def test_scikit_learns_trees_are_read_to_the_last_bit(seed: int, leaves: int, nulls: float) -> None:
    chance = np.random.default_rng(seed)
    matrix = chance.normal(size=(500, 4))
    matrix[:, 0] = chance.integers(0, 9, 500)
    matrix[chance.random(matrix.shape) < nulls] = np.nan
    left = chance.random(500) < np.where(np.nan_to_num(matrix[:, 0]) % 3 == 1, 0.7, 0.2)
    grown = HistGradientBoostingClassifier(
        max_iter=12, max_leaf_nodes=leaves, categorical_features=[0], random_state=0
    ).fit(matrix, left)
    ensemble = TreeEnsemble(
        baseline=float(grown._baseline_prediction.ravel()[0]),
        trees=tuple(Tree.of(one.nodes, one.raw_left_cat_bitsets) for [one] in grown._predictors),
    )
    fresh = chance.normal(size=(9_000, 4))
    fresh[:, 0] = chance.integers(0, 9, 9_000)
    fresh[chance.random(fresh.shape) < 0.1] = np.nan
    assert ensemble.log_odds(fresh).tolist() == grown.decision_function(fresh).tolist()
    again = TreeEnsemble.model_validate_json(ensemble.model_dump_json())
    assert again.log_odds(fresh).tolist() == ensemble.log_odds(fresh).tolist()


def test_a_tree_by_hand() -> None:
    found = TreeEnsemble(baseline=0.5, trees=(STUMP, STUMP)).log_odds(
        np.array([[1.0], [1.1], [np.nan]])
    )
    assert_allclose(found, [-1.5, 4.5, 4.5])


def test_no_rows_no_trees() -> None:
    assert TreeEnsemble(baseline=0.5, trees=()).log_odds(np.zeros((2, 1))).tolist() == [0.5, 0.5]
    assert TreeEnsemble(baseline=0.5, trees=(STUMP,)).log_odds(np.zeros((0, 1))).size == 0


def test_a_damaged_tree_is_refused() -> None:
    with pytest.raises(ValidationError, match="one leaf more than questions"):
        Tree.model_validate(STUMP.model_dump() | {"values": (1.0,)})
