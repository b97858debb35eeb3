"""Columns cut into bins, and their weight of evidence."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.churn.models.tables import customers, feature_table

from telcrm.churn.models.binning import ColumnBins, Direction, bin_column
from telcrm.churn.models.feature_table import FeatureColumn, read_features


def test_weight_of_evidence_and_information_by_hand() -> None:
    bins = ColumnBins(
        column=FeatureColumn(name="x"), cuts=(1.0,), customers=(100, 300, 0), leavers=(50, 50, 0)
    )
    low = np.log(50.5 / 50.5) - np.log(100.5 / 300.5)
    high = np.log(50.5 / 250.5) - np.log(100.5 / 300.5)
    assert bins.weight_of_evidence.tolist() == pytest.approx([low, high, 0.0])
    information = (0.5 - 50 / 300) * low + (0.5 - 250 / 300) * high
    assert bins.information_value == pytest.approx(information)
    assert bins.words() == ["up to 1", "above 1", "not known"]


@pytest.mark.parametrize("direction", [Direction.RISING, Direction.FALLING])
@given(seed=st.integers(0, 2**16))
@settings(max_examples=10)
def test_bins_rise_or_fall_where_they_have_to(direction: Direction, seed: int) -> None:
    chance = np.random.default_rng(seed)
    values = chance.normal(size=600)
    left = (chance.random(600) < 0.3 + 0.1 * np.sin(3 * values)).astype(float)
    table = read_features(pl.DataFrame({"x": values}), ["x"])
    found = bin_column(table, "x", left, most_bins=6, least_rows=30, direction=direction).bins
    rates = [
        gone / size for gone, size in zip(found.leavers[:-1], found.customers[:-1], strict=True)
    ]
    assert rates == sorted(rates, reverse=direction is Direction.FALLING)
    assert min(found.customers[:-1]) >= 30


@pytest.mark.parametrize("name", ["tenure", "fee", "plan", "calls", "roaming", "constant"])
def test_every_customer_is_in_one_bin(name: str) -> None:
    _, left = customers()
    found = bin_column(feature_table(), name, left, most_bins=5, least_rows=40, direction=None)
    assert sum(found.bins.customers) == left.size
    assert sum(found.bins.leavers) == left.sum()
    assert len(found.bins.words()) == len(found.bins.customers) <= 7
    counted = np.bincount(found.places, minlength=len(found.bins.customers))
    assert counted.tolist() == list(found.bins.customers)


def test_levels_that_leave_alike_are_together() -> None:
    plans = ["a", "b", "c", "d"] * 250
    left = np.array([1.0 if plan in "ad" and at % 8 < 6 else 0.0 for at, plan in enumerate(plans)])
    table = read_features(pl.DataFrame({"plan": plans}), ["plan"])
    found = bin_column(table, "plan", left, most_bins=2, least_rows=20, direction=None).bins
    assert set(found.groups) == {("b", "c"), ("a", "d")}
