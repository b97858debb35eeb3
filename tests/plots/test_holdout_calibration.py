"""Means by group are those that a person would compute."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.conftest import Backend
from tests.plots.look import overlaps, points, texts
from tests.value.non_contractual.customers import known, stand_in

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
)
from telcrm.plots import holdout_calibration
from telcrm.value import BetaGeoModel

CUSTOMERS = pl.DataFrame(
    {
        "frequency": [0, 0, 1, 1, 3, 4, 9],
        "recency": [0.0, 0.0, 5.0, 30.0, 30.0, 36.0, 38.0],
        "age": [38.0, 30.0, 38.0, 31.0, 38.0, 38.0, 38.5],
        "holdout_frequency": [0, 1, 0, 2, 1, 4, 10],
        "holdout_age": [39.0] * 7,
    }
)


def test_means() -> None:
    model = known("bg_nbd")
    axes = holdout_calibration(CUSTOMERS, model, most=4)
    assert points(axes, 0) == [(0, 0.5), (1, 1), (3, 1), (4, 7)]
    expected = model.expected_purchases(CUSTOMERS, horizon=39)["expected_purchases"]
    means = [expected[:2].mean(), expected[2:4].mean(), expected[4], expected[5:].mean()]
    assert_allclose([y for _, y in points(axes, 1)], means)
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks == ["0\nn=2", "1\nn=2", "3\nn=1", "4+\nn=2"]
    assert overlaps(axes) == []


def test_rows_that_stand_for_many() -> None:
    plain = known("bg_nbd")
    model = stand_in(BetaGeoModel(customers="customers"), plain.estimates_)
    counted = CUSTOMERS.with_columns(customers=pl.Series([3, 1, 2, 1, 1, 1, 0]))
    axes = holdout_calibration(counted, model, most=4)
    assert points(axes, 0) == [(0, 0.25), (1, pytest.approx(2 / 3)), (3, 1), (4, 4)]
    alone = holdout_calibration(CUSTOMERS, model)
    assert points(alone, 1) == points(holdout_calibration(CUSTOMERS, plain), 1)


def test_every_engine_draws_the_same(distinct_backend: Backend) -> None:
    native = distinct_backend.frame(CUSTOMERS.to_dict(as_series=False))
    model = known("pareto_nbd")
    drawn, polars = (holdout_calibration(frame, model, most=4) for frame in (native, CUSTOMERS))
    assert_allclose(points(drawn, 0), points(polars, 0))
    assert_allclose(points(drawn, 1), points(polars, 1))


def test_many_groups_and_large_ones() -> None:
    many = pl.concat(
        [CUSTOMERS.head(1).with_columns(frequency=n, recency=20.0) for n in range(1, 40)]
    ).with_columns(pl.col("frequency").cast(pl.Int64))
    axes = holdout_calibration(many, known("bg_nbd"), most=30)
    assert [label.get_text() for label in axes.get_xticklabels()][-2:] == ["29", "30+"]
    assert overlaps(axes) == []
    twelve = holdout_calibration(many, known("bg_nbd"), most=12)
    assert overlaps(twelve) == []


def test_nobody() -> None:
    assert texts(holdout_calibration(CUSTOMERS.head(0), known("bg_nbd"))) == ["no customers"]


def test_refusals() -> None:
    model = known("bg_nbd")
    with pytest.raises(ParameterError, match="model of purchases"):
        holdout_calibration(CUSTOMERS, CUSTOMERS)  # type: ignore[arg-type]
    with pytest.raises(NotFittedError):
        holdout_calibration(CUSTOMERS, BetaGeoModel())
    for most in (0, 31, 2.5):
        with pytest.raises(ParameterError, match="most"):
            holdout_calibration(CUSTOMERS, model, most=most)  # type: ignore[arg-type]
    with pytest.raises(MissingColumnsError, match="holdout_age"):
        holdout_calibration(CUSTOMERS.drop("holdout_age"), model)
    with pytest.raises(MissingColumnsError, match="recency"):
        holdout_calibration(CUSTOMERS.drop("recency"), model)
    broken: list[tuple[str, type[Exception], Any]] = [
        ("same for all", InvalidTableError, {"holdout_age": [39.0] * 6 + [13.0]}),
        ("negative", InvalidTableError, {"holdout_frequency": [-1] * 7}),
        ("null", InvalidTableError, {"holdout_frequency": [None] + [1] * 6}),
        ("numbers", ColumnTypeError, {"holdout_frequency": ["1"] * 7}),
        ("already has", ParameterError, {"expected_purchases": [1.0] * 7}),
    ]
    for words, kind, columns in broken:
        with pytest.raises(kind, match=words):
            holdout_calibration(
                CUSTOMERS.with_columns(**{n: pl.Series(v) for n, v in columns.items()}), model
            )
