"""Profiles: edges and counts by NumPy, alike on every engine, and what is no profile."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.conftest import Backend

from telcrm.churn.monitoring.reference_profile import (
    CategoricalReference,
    NumericReference,
    ReferenceProfile,
)
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    RecordFormatError,
)

values = st.lists(
    st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)), min_size=1
)


def numbers(given: Any) -> NumericReference:
    [found] = ReferenceProfile.of(pl.DataFrame({"x": given}, schema={"x": pl.Float64})).features
    assert isinstance(found, NumericReference)
    return found


@given(values)
@settings(max_examples=100)
def test_counts_are_those_of_the_edges_and_no_inner_bin_is_empty(given: list[float | None]) -> None:
    found = numbers(given)
    there = np.array([each for each in given if each is not None])
    places = np.searchsorted(np.array(found.edges), there, side="left")
    assert found.counts == tuple(np.bincount(places, minlength=len(found.edges) + 1).tolist())
    assert found.missing == len(given) - there.size
    if np.unique(there).size > 1:
        assert all(found.counts)


def test_edges_are_the_deciles_of_numpy() -> None:
    drawn = np.random.default_rng(1).normal(50.0, 20.0, 997)
    assert numbers(drawn).edges == pytest.approx(np.quantile(drawn, np.arange(1, 10) / 10), 1e-11)
    assert max(numbers(drawn).counts) - min(numbers(drawn).counts) <= 1


def test_ties_make_fewer_bins_and_the_greatest_value_keeps_its_own() -> None:
    assert numbers([0.0] * 95 + [1.0] * 5).edges == (0.0,)
    assert numbers([-1.0] * 5 + [0.0] * 95).edges == (-1.0,)
    assert numbers([-1.0] * 5 + [0.0] * 95).counts == (5, 95)


def test_a_constant_stands_between_less_and_more() -> None:
    found = numbers([5.0, 5.0, None])
    assert found.counts == (0, 2, 0)
    assert found.bins == ("below 5", "exactly 5", "above 5", "missing")


def test_bins_are_said_in_words() -> None:
    found = numbers([1.0, 2.0, 3.0, 4.0] * 3)
    assert found.bins == ("up to 1", "1 to 2", "2 to 3", "above 3", "missing")
    assert found.sizes == (3, 3, 3, 3, 0)
    assert numbers([None]).bins == ("any value", "missing")


def columns() -> dict[str, list[Any]]:
    chance = np.random.default_rng(3)
    charge = chance.gamma(2.0, 30.0, 400)
    return {
        "customer_id": [f"c{at}" for at in range(400)],
        "charge": [None if at % 9 == 0 else float(charge[at]) for at in range(400)],
        "contacts": chance.poisson(1.0, 400).tolist(),
        "segment": [None if at % 50 == 1 else "mass" if at % 3 else "premium" for at in range(400)],
        "offer": ["rare" if at == 7 else "a" if at % 2 else "b" for at in range(400)],
        "on_contract": [None if at == 3 else at % 4 == 0 for at in range(400)],
        "churned": [int(at % 7 == 0) for at in range(400)],
    }


def test_levels_come_by_size_and_rare_ones_are_pooled(distinct_backend: Backend) -> None:
    profile = ReferenceProfile.of(distinct_backend.frame(columns()))
    assert list(profile.kinds) == ["charge", "contacts", "segment", "offer", "on_contract"]
    segment, offer, flag = profile.features[2:]
    assert isinstance(offer, CategoricalReference)
    assert (offer.levels, offer.counts, offer.other, offer.missing) == (
        ("b", "a"),
        (200, 199),
        1,
        0,
    )
    assert isinstance(flag, CategoricalReference)
    assert (flag.levels, flag.sizes) == (("false", "true"), (299, 100, 0, 1))
    assert segment.bins == ("= mass", "= premium", "any other", "missing")


def test_every_engine_sees_the_same(distinct_backend: Backend) -> None:
    told = ReferenceProfile.of(distinct_backend.frame(columns()))
    assert told == ReferenceProfile.of(pl.DataFrame(columns()))


def test_spark_sees_the_same(spark_backend: Backend) -> None:
    told = ReferenceProfile.of(spark_backend.frame(columns()), bins=4)
    assert told == ReferenceProfile.of(pl.DataFrame(columns()), bins=4)


def test_json_brings_it_back() -> None:
    profile = ReferenceProfile.of(pl.DataFrame(columns()))
    assert ReferenceProfile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"rows": 401}, "hold all rows"),
        ({"features": []}, "at least 1 item"),
    ],
)
def test_a_profile_that_does_not_add_up_is_refused(change: dict[str, Any], wrong: str) -> None:
    stored = json.loads(ReferenceProfile.of(pl.DataFrame(columns())).to_json())
    with pytest.raises(ValidationError, match=wrong):
        ReferenceProfile.from_json(json.dumps(stored | change))


def test_references_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValidationError, match="one more"):
        NumericReference(feature="x", edges=(1.0,), counts=(1,), missing=0)
    with pytest.raises(ValidationError, match="edges rise"):
        NumericReference(feature="x", edges=(1.0, 1.0), counts=(1, 0, 0), missing=0)
    with pytest.raises(ValidationError, match="as many"):
        CategoricalReference(feature="x", levels=("a",), counts=(), other=0, missing=0)
    with pytest.raises(ValidationError, match="differ"):
        CategoricalReference(feature="x", levels=("a", "a"), counts=(1, 1), other=0, missing=0)
    one = NumericReference(feature="x", edges=(), counts=(1,), missing=0)
    with pytest.raises(ValidationError, match="once"):
        ReferenceProfile(rows=1, features=(one, one))


def test_a_newer_profile_is_refused() -> None:
    stored = json.loads(ReferenceProfile.of(pl.DataFrame({"x": [1.0]})).to_json())
    with pytest.raises(RecordFormatError, match="newer"):
        ReferenceProfile.from_json(json.dumps(stored | {"$format": "telcrm.ReferenceProfile/2"}))


@pytest.mark.parametrize(
    ("frame", "options", "error", "wrong"),
    [
        ({"x": [1.0]}, {"bins": 1}, ParameterError, "bins"),
        ({"x": [1.0]}, {"least_share": 1.0}, ParameterError, "least_share"),
        ({"x": [1.0]}, {"features": []}, ParameterError, "names nothing"),
        ({"x": [1.0]}, {"features": "x"}, ParameterError, "names nothing"),
        ({"x": [1.0]}, {"features": ["x", "x"]}, ParameterError, "twice"),
        ({"x": [1.0]}, {"features": ["y"]}, MissingColumnsError, "'y'"),
        ({"x": [date(2026, 1, 1)]}, {"features": ["x"]}, ColumnTypeError, "'x' holds Date"),
        ({"customer_id": ["a"]}, {}, ParameterError, "no column"),
        ({"x": [float("inf"), 1.0]}, {}, InvalidTableError, "'x' is infinite"),
        ({"x": pl.Series([], dtype=pl.Float64)}, {}, InvalidTableError, "no rows"),
        ({"line": [f"l{at}" for at in range(300)]}, {}, ParameterError, "as if it were a key"),
    ],
)
def test_what_cannot_be_described_is_refused(
    frame: dict[str, Any], options: dict[str, Any], error: type[Exception], wrong: str
) -> None:
    with pytest.raises(error, match=wrong):
        ReferenceProfile.of(pl.DataFrame(frame), **options)
