"""Features are prepared alike in arrays and on every engine, by what was learnt once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError
from telcrm.segmentation.clusters.features import (
    FeaturePreparation,
    MissingValues,
    Scaling,
    collect_features,
    open_features,
)

NAN = float("nan")

values = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.5, 1e9, None]), st.floats(-1e6, 1e6)),
    min_size=5,
    max_size=20,
)


def learn(raw: Any, **changes: Any) -> FeaturePreparation:
    options: dict[str, Any] = {
        "features": ["revenue", "minutes"],
        "log1p": ["revenue"],
        "scaling": Scaling.STANDARD,
        "missing": MissingValues.MEDIAN,
    }
    return FeaturePreparation.learn(np.array(raw, dtype=float), **{**options, **changes})


@pytest.mark.parametrize("scaling", Scaling)
@given(rows=values)
def test_columns_and_arrays_are_prepared_alike(rows: list[Any], scaling: Scaling) -> None:
    raw = np.array(rows, dtype=float)
    try:
        preparation = learn(raw, scaling=scaling)
    except InvalidTableError:
        # One feature is the same for everybody, or missing: nothing to compare.
        return
    columns = {f"_feature_{at}": raw[:, at] for at in range(2)}
    frame = pl.DataFrame(columns).fill_nan(None)
    opened = open_features(
        frame.with_row_index("customer_id"),
        customer="customer_id",
        features=list(columns),
        log1p=[],
        missing=MissingValues.MEDIAN,
    )
    made = opened.rows.select(**preparation.columns()).collect().to_numpy()
    assert made == pytest.approx(preparation.prepared(raw), rel=1e-12, abs=1e-12)
    assert FeaturePreparation.from_json(preparation.to_json()) == preparation


def test_standard_and_robust_scales_by_hand() -> None:
    raw = [[0.0, 1.0], [0.0, 2.0], [np.e - 1, 3.0], [np.e - 1, 6.0]]
    standard = learn(raw)
    assert standard.centres == pytest.approx([0.5, 3.0])
    assert standard.scales == pytest.approx([0.5, np.sqrt(3.5)])
    robust = learn(raw, scaling=Scaling.ROBUST)
    assert robust.centres == pytest.approx([0.5, 2.5])
    assert robust.scales == pytest.approx([1.0, 3.75 - 1.75])
    plain = learn(raw, scaling=Scaling.NONE)
    assert (plain.centres, plain.scales) == ((0.0, 0.0), (1.0, 1.0))


def test_medians_fill_what_is_missing_before_the_logarithm() -> None:
    preparation = learn([[1.0, 1.0], [NAN, 2.0], [3.0, 3.0], [8.0, NAN]])
    assert preparation.fills == (3.0, 2.0)
    assert preparation.filled(np.array([[NAN, NAN]])).tolist() == [[3.0, 2.0]]


def test_customers_are_collected_in_the_order_of_their_keys(backend: Any) -> None:
    columns = {"customer_id": ["c", "a", "b"], "revenue": [3.0, None, 2.0], "lines": [1, 2, 3]}
    opened = open_features(
        backend.frame(columns),
        customer="customer_id",
        features=["revenue", "lines"],
        log1p=[],
        missing=MissingValues.MEDIAN,
    )
    raw = collect_features(opened, customer="customer_id", count=2)
    assert raw == pytest.approx(np.array([[NAN, 2.0], [2.0, 3.0], [3.0, 1.0]]), nan_ok=True)


def test_a_feature_that_parts_nobody_is_refused() -> None:
    with pytest.raises(InvalidTableError, match="all customers have the same 'minutes'"):
        learn([[1.0, 0.1], [2.0, 0.1], [3.0, 0.1]])
    with pytest.raises(InvalidTableError, match="middle half of customers have the same 'minutes'"):
        learn([[float(at), float(at == 9)] for at in range(10)], scaling=Scaling.ROBUST)
    with pytest.raises(InvalidTableError, match="'revenue' has no value at all"):
        learn([[NAN, 1.0], [NAN, 2.0]])
