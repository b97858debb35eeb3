"""A formula in Python and in SQL gives what the model gives, in every database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import polars as pl
import psycopg
import pytest
from numpy.testing import assert_allclose
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import Backend

from telcrm.churn.models.formula_text import as_python, as_sql, as_text
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel

MODELS = {
    "scorecard": ScorecardModel(features=FEATURES, least_information=0.0),
    "curves": SplineLogisticModel(features=FEATURES, least_rows=5),
}
kinds = pytest.mark.parametrize("kind", MODELS)


@cache
def fitted(kind: str) -> Any:
    frame, left = customers()
    return MODELS[kind].fit(frame, left)


def rows() -> pl.DataFrame:
    """Customers with a plan that nobody had, booleans as numbers."""
    frame = customers()[0].head(120).with_columns(pl.col("roaming").cast(pl.Int64))
    new = pl.when(pl.col("tenure") > 40).then(pl.lit("new")).otherwise(pl.col("plan"))
    return frame.with_columns(plan=new)


@kinds
def test_python_gives_what_the_model_gives(kind: str) -> None:
    made: dict[str, Callable[[Any], float]] = {}
    exec(as_python(fitted(kind).formula_), made)  # noqa: S102 (our own source)
    found = [made["log_odds_of_leaving"](row) for row in rows().iter_rows(named=True)]
    assert_allclose(found, fitted(kind).decision_function(rows()), rtol=1e-12)


@kinds
def test_duckdb_gives_what_the_model_gives(kind: str) -> None:
    customers_now = rows()
    assert len(customers_now) == 120
    found = duckdb.sql(f"SELECT {as_sql(fitted(kind).formula_)} AS z FROM customers_now")  # noqa: S608
    assert found is not None
    told = found.fetchall()
    assert_allclose([z for (z,) in told], fitted(kind).decision_function(rows()), rtol=1e-12)


def stored(execute: Callable[..., Any], mark: str) -> None:
    """Put the customers into a table of a database."""
    types = "n INT, tenure INT, fee DOUBLE PRECISION, plan TEXT, calls INT, roaming INT"
    execute(f"CREATE TABLE customers ({types}, constant DOUBLE PRECISION)")
    for at, row in enumerate(rows().select(FEATURES).iter_rows()):
        marks = ", ".join([mark] * (len(row) + 1))
        execute(f"INSERT INTO customers VALUES ({marks})", (at, *row))  # noqa: S608


@kinds
def test_sqlite_gives_what_the_model_gives(kind: str) -> None:
    connection = sqlite3.connect(":memory:")
    stored(connection.execute, "?")
    query = f"SELECT {as_sql(fitted(kind).formula_)} FROM customers ORDER BY n"  # noqa: S608
    told = connection.execute(query).fetchall()
    connection.close()
    assert_allclose([z for (z,) in told], fitted(kind).decision_function(rows()), rtol=1e-9)


@kinds
def test_postgresql_gives_what_the_model_gives(kind: str, postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        stored(connection.execute, "%s")
        query = f"SELECT {as_sql(fitted(kind).formula_)} FROM customers ORDER BY n"  # noqa: S608
        told = connection.execute(query).fetchall()
        connection.rollback()
    assert_allclose([float(z) for (z,) in told], fitted(kind).decision_function(rows()), rtol=1e-9)


@kinds
def test_spark_gives_what_the_model_gives(kind: str, spark_backend: Backend) -> None:
    frame = spark_backend.frame(rows().with_row_index("n").to_dict(as_series=False))
    query = as_sql(fitted(kind).formula_, quote="`")
    told = frame.selectExpr("n", f"{query} AS z").orderBy("n").collect()
    assert_allclose([row.z for row in told], fitted(kind).decision_function(rows()), rtol=1e-9)


@kinds
def test_words_name_every_column_of_the_formula(kind: str) -> None:
    formula = fitted(kind).formula_
    first, *lines = as_text(formula).splitlines()
    assert first.startswith("log odds of leaving = ")
    assert [line.split(":")[0].removeprefix("  + ") for line in lines] == [
        term.column for term in formula.terms
    ]
