"""Parts that are held out in turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.churn.models.held_out import held_out_parts
from telcrm.errors import ParameterError


@given(st.integers(0, 9), st.integers(2, 4), st.booleans())
def test_each_row_is_held_out_once_and_groups_together(
    seed: int, folds: int, grouped: bool
) -> None:
    chance = np.random.default_rng(seed)
    left = chance.random(120) < 0.4
    groups = chance.integers(0, 30, 120) if grouped else None
    parts = held_out_parts(left, groups, folds=folds, seed=seed)
    assert sorted(np.concatenate([tell for _, tell in parts]).tolist()) == list(range(120))
    for learn, tell in parts:
        assert not set(learn) & set(tell)
        if groups is not None:
            assert not set(groups[learn]) & set(groups[tell])


def test_too_few_for_so_many_parts() -> None:
    left = np.array([True] * 3 + [False] * 9)
    with pytest.raises(ParameterError, match="folds is 4, and there are 3 leavers only"):
        held_out_parts(left, None, folds=4, seed=0)
    with pytest.raises(ParameterError, match="there are 2 groups only"):
        held_out_parts(left, [1, 2] * 6, folds=3, seed=0)
    with pytest.raises(ParameterError, match="Pass the customer of each row"):
        held_out_parts(left, [1, 2], folds=2, seed=0)
    with pytest.raises(ParameterError, match="are all of one fold"):
        held_out_parts(left, ["a"] * 3 + ["b"] * 5 + ["c"] * 4, folds=2, seed=0)
