"""Stability: the index by NumPy, its distribution under chance, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest
from tests.churn.monitoring.test_reference_profile import columns
from tests.conftest import Backend

from telcrm.churn.monitoring.monitored_table import MonitoredTable
from telcrm.churn.monitoring.reference_profile import ReferenceProfile
from telcrm.churn.monitoring.stability import StabilityBand, population_stability
from telcrm.errors import InvalidTableError, ParameterError, SchemaDriftError


def index_by_numpy(before: Any, after: Any, edges: Any) -> float:
    def shares(drawn: Any) -> Any:
        there = drawn[~np.isnan(drawn)]
        counts = np.histogram(there, [-np.inf, *np.nextafter(edges, np.inf), np.inf])[0]
        return np.maximum(np.append(counts, drawn.size - there.size) / drawn.size, 1e-4)

    p, q = shares(before), shares(after)
    return float(((q - p) * np.log(q / p)).sum())


def test_the_index_is_that_of_numpy() -> None:
    chance = np.random.default_rng(5)
    before, after = chance.normal(0, 1, 5_000), chance.normal(0.3, 1.2, 3_000)
    before[::11], after[::7] = np.nan, np.nan
    found = population_stability(
        ReferenceProfile.of(pd.DataFrame({"x": before})), pd.DataFrame({"x": after})
    )
    edges = np.quantile(before[~np.isnan(before)], np.arange(1, 10) / 10)
    assert found["x"].index == pytest.approx(index_by_numpy(before, after, edges), rel=1e-9)
    assert found["x"].band is StabilityBand.MODERATE
    assert found.moved == ("x",)


def test_the_threshold_is_the_chi_square_of_both_sample_sizes() -> None:
    # Yurdakul and Naranjo (2020): PSI ~ (1/n + 1/m) chi-square with B - 1 degrees of freedom.
    profile = ReferenceProfile.of(pl.DataFrame({"k": ["a"] * 500 + ["b"] * 300 + ["c"] * 200}))
    now = pl.DataFrame({"k": ["a"] * 200 + ["b"] * 120 + ["c"] * 80})
    found = population_stability(profile, now, confidence=0.95)["k"]
    assert found.threshold == pytest.approx((1 / 1000 + 1 / 400) * chi2.ppf(0.95, 2))
    assert found.index == 0.0
    assert found.p_value == 1.0


@pytest.mark.parametrize("bins", [3, 10])
def test_by_chance_p_values_are_even(bins: int) -> None:
    chance = np.random.default_rng(17)
    profile = ReferenceProfile.of(pl.DataFrame({"x": chance.random(4_000)}), bins=bins)
    told = []
    for _ in range(150):
        # Both sides are drawn anew: the edges are those of the population.
        one, other = (pl.DataFrame({"x": chance.random(rows)}) for rows in (3_000, 1_500))
        renewed = ReferenceProfile(rows=3_000, features=(recounted(profile, one),))
        told.append(population_stability(renewed, other)["x"].p_value)
    assert kstest(told, "uniform").pvalue > 0.01


def recounted(profile: ReferenceProfile, frame: pl.DataFrame) -> Any:
    [held] = profile.features
    *counts, missing = held.sizes_in(MonitoredTable.like(frame, profile.kinds))
    return held.replace(counts=tuple(counts), missing=missing)


def test_few_rows_move_far_by_chance_and_many_do_not() -> None:
    profile = ReferenceProfile.of(pl.DataFrame({"k": ["a", "b"] * 5_000}))
    few = population_stability(profile, pl.DataFrame({"k": ["a"] * 14 + ["b"] * 6}))["k"]
    many = population_stability(profile, pl.DataFrame({"k": ["a"] * 5_400 + ["b"] * 4_600}))["k"]
    assert few.band is StabilityBand.MODERATE
    assert not few.has_moved
    assert "no more than" in few.words
    assert many.band is StabilityBand.STABLE
    assert many.index > many.threshold
    assert not many.has_moved
    assert "more than" in many.words


def test_unseen_levels_nulls_and_lost_columns_are_moves_and_no_errors() -> None:
    profile = ReferenceProfile.of(pl.DataFrame({"k": ["a", "b"] * 50, "x": [1.0, 2.0] * 50}))
    now = pl.DataFrame({"k": ["new"] * 100, "x": [None] * 100}, schema_overrides={"x": pl.Null})
    report = population_stability(profile, now)
    assert report["k"].moves[0].words == "any other"
    assert report["k"].moves[0].after == 1.0
    assert report["x"].moves[0].words == "missing"
    assert report["x"].band is StabilityBand.MAJOR
    assert set(report.moved) == {"k", "x"}
    assert "missing (0.0% then, 100.0% now)" in report["x"].words


def test_a_constant_that_changes_is_seen() -> None:
    profile = ReferenceProfile.of(pl.DataFrame({"x": [5.0] * 100}))
    for other in (4.0, 6.0):
        assert population_stability(profile, pl.DataFrame({"x": [other] * 100})).moved == ("x",)
    stayed = population_stability(profile, pl.DataFrame({"x": [5.0] * 70}))["x"]
    assert (stayed.index, stayed.threshold, stayed.p_value) == (0.0, 0.0, 1.0)


@given(
    st.lists(st.sampled_from("abcd"), min_size=1), st.lists(st.sampled_from("abcde"), min_size=1)
)
@settings(max_examples=50)
def test_an_index_is_never_negative_and_zero_of_a_table_itself(
    before: list[str], after: list[str]
) -> None:
    frame = pl.DataFrame({"k": before})
    profile = ReferenceProfile.of(frame)
    report = population_stability(profile, pl.DataFrame({"k": after}))
    assert report["k"].index >= 0.0
    assert sum(move.after for move in report["k"].moves) == pytest.approx(1.0)
    assert population_stability(profile, frame)["k"].index == 0.0


def now() -> dict[str, list[Any]]:
    held = columns()
    return {name: own[::2] + own[::3] for name, own in held.items()}


def test_every_engine_finds_the_same(distinct_backend: Backend) -> None:
    profile = ReferenceProfile.of(pl.DataFrame(columns()))
    found = population_stability(profile, distinct_backend.frame(now()))
    assert found == population_stability(profile, pl.DataFrame(now()))


def test_spark_finds_the_same(spark_backend: Backend) -> None:
    profile = ReferenceProfile.of(pl.DataFrame(columns()), bins=4)
    found = population_stability(profile, spark_backend.frame(now()))
    assert found == population_stability(profile, pl.DataFrame(now()))


def test_a_report_is_a_frame_and_a_page() -> None:
    report = population_stability(ReferenceProfile.of(pl.DataFrame(columns())), pl.DataFrame(now()))
    frame = report.to_frame()
    assert frame["feature"].to_list() == [each.feature for each in report.features]
    assert frame["index"].is_sorted(descending=True)
    assert repr(report).startswith("334 rows against 400: 3 of 5 features moved")
    assert "<table>" in report._repr_html_()


@pytest.mark.parametrize(
    ("frame", "options", "error", "wrong"),
    [
        ({"y": [1.0]}, {}, SchemaDriftError, "'x' of the profile is not there"),
        ({"x": ["a"]}, {}, SchemaDriftError, "was numeric, and is String"),
        ({"x": [float("-inf")]}, {}, InvalidTableError, "infinite"),
        ({"x": pl.Series([], dtype=pl.Float64)}, {}, InvalidTableError, "no rows"),
        ({"x": [1.0]}, {"confidence": 1.0}, ParameterError, "confidence"),
        ({"x": [1.0]}, {"least_share": 0.5}, ParameterError, "least_share"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    frame: dict[str, Any], options: dict[str, Any], error: type[Exception], wrong: str
) -> None:
    profile = ReferenceProfile.of(pl.DataFrame({"x": [1.0, 2.0, 3.0]}))
    with pytest.raises(error, match=wrong):
        population_stability(profile, pl.DataFrame(frame), **options)
