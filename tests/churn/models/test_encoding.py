"""What stands for categories."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from telcrm.churn.models.encoding import encode_categories
from telcrm.churn.models.feature_table import read_features


def test_few_levels_have_codes_and_what_is_rare_is_a_null() -> None:
    table = read_features(pl.DataFrame({"plan": ["a", "b", "a", None, "b", "z"]}), ["plan"])
    [codes], [column] = encode_categories(table, np.zeros(6), least_rows=2, random_state=0)
    assert codes.is_native
    np.testing.assert_array_equal(column, [0, 1, 0, np.nan, 1, np.nan])
    np.testing.assert_array_equal(codes.of(table), column)


def test_many_levels_have_their_share_of_leavers_pulled_to_the_mean() -> None:
    chance = np.random.default_rng(0)
    level = chance.integers(0, 20, 4_000)
    rate = np.where(level % 2 == 0, 0.8, 0.1)
    left = (chance.random(4_000) < rate).astype(float)
    names = [None if at % 50 == 0 else f"tower {each:02}" for at, each in enumerate(level)]
    table = read_features(pl.DataFrame({"cell": names}), ["cell"])
    [codes], [column] = encode_categories(table, left, least_rows=20, random_state=0)
    assert not codes.is_native
    told = dict(zip(codes.column.levels or (), codes.shares or (), strict=True))
    assert told["tower 04"] == pytest.approx(0.8, abs=0.08)
    assert told["tower 05"] == pytest.approx(0.1, abs=0.08)
    # Each row is told what was learnt from other rows than its own.
    assert not np.array_equal(column, codes.of(table))
    assert np.corrcoef(column, codes.of(table))[0, 1] > 0.95
    fresh = read_features(pl.DataFrame({"cell": ["tower 04", "unheard of", None]}), ["cell"])
    own, other, missing = codes.of(fresh)
    assert own == told["tower 04"]
    assert other == codes.other == pytest.approx(left.mean(), abs=1e-9)
    assert missing == codes.missing != codes.other
