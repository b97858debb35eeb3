"""Customers for tests of churn models: numbers, categories, nulls, and who left."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telcrm.churn.models.feature_table import FeatureTable, read_features

Floats = NDArray[np.float64]


@cache
def customers(size: int = 1500, seed: int = 3) -> tuple[pl.DataFrame, Floats]:
    """Customers who leave by tenure, fee, plan and calls, with nulls that say something."""
    chance = np.random.default_rng(seed)
    tenure = chance.gamma(1.5, 14.0, size).round()
    fee = chance.choice([10.0, 20.0, 35.0, 50.0], size) + chance.normal(0, 2, size)
    plan = chance.choice(["solo", "duo", "family", "pro's"], size, p=[0.5, 0.3, 0.19, 0.01])
    calls = chance.poisson(1.2, size)
    odds = -0.8 - 0.05 * tenure + 0.02 * fee + 0.6 * (calls >= 3) + 0.7 * (plan == "solo")
    unknown = chance.random(size) < 0.15
    odds = odds + 0.8 * unknown
    left = (chance.random(size) < 1 / (1 + np.exp(-odds))).astype(float)
    frame = pl.DataFrame(
        {
            "customer_id": [f"c{at}" for at in range(size)],
            "tenure": tenure.astype(int),
            "fee": pl.Series(np.where(unknown, np.nan, fee)).fill_nan(None),
            "plan": pl.Series(
                [None if at % 17 == 0 else str(each) for at, each in enumerate(plan)]
            ),
            "calls": calls,
            "roaming": chance.random(size) < 0.3,
            "constant": 1.0,
        }
    )
    return frame, left


FEATURES = ["tenure", "fee", "plan", "calls", "roaming", "constant"]


@cache
def feature_table() -> FeatureTable:
    return read_features(customers()[0], FEATURES)
