"""The chances on any engine are those of the model asked about the frame in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from tests.churn.models.tables import FEATURES, customers
from tests.conftest import ENGINES, Backend

from telcrm.churn import scorer as scorer_module
from telcrm.churn import scoring
from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.protocol import churn_probability
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.scoring import score_churn
from telcrm.errors import (
    MissingColumnsError,
    MissingExtraError,
    ModelContractError,
    NotFittedError,
    ParameterError,
    SchemaDriftError,
    UnsupportedFrameError,
)
from telcrm.tables import door

NUMBERS = ["tenure", "fee", "calls"]


@cache
def lines(rows: int = 60) -> dict[str, list[Any]]:
    """Customers to score: some with nulls, and one of a plan that no model has seen."""
    frame, _ = customers(max(rows, 1500))
    held = frame.head(rows).to_dict(as_series=False)
    held["plan"][5] = "satellite"
    return {**held, "snapshot": [date(2024, 6, 30)] * rows}


def foreign() -> Any:
    """A pipeline of scikit-learn that names columns, as users write it."""
    return make_pipeline(
        make_column_transformer(
            (SimpleImputer(), NUMBERS),
            (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        ),
        LogisticRegression(max_iter=500),
    )


@cache
def model(name: str) -> Any:
    frame, left = customers()
    learnt = frame.select(FEATURES)
    match name:
        case "spline":
            return SplineLogisticModel().fit(learnt, left)
        case "scorecard":
            return ScorecardModel(features=FEATURES).fit(frame, left)
        case "boosted":
            return BoostedModel(features=FEATURES, leaves=4, most_trees=10, repeats=1).fit(
                frame, left
            )
        case "vote":
            return SoftVoteModel(
                {"all": SplineLogisticModel(), "some": ScorecardModel(features=["calls", "plan"])}
            ).fit(learnt, left)
        case "scikit-learn":
            return foreign().fit(learnt.to_pandas(), left)
        case _:
            array = frame.select(NUMBERS).fill_null(20.0).to_numpy()
            return LogisticRegression(max_iter=500).fit(array, left)


def asked(name: str) -> Any:
    """What the model says of the frame in memory."""
    frame = pl.DataFrame(lines())
    match name:
        case "spline" | "vote":
            return churn_probability(model(name), frame.select(FEATURES))
        case "scikit-learn":
            return churn_probability(model(name), frame.to_pandas())
        case _:
            return churn_probability(model(name), frame)


MODELS = ["spline", "scorecard", "boosted", "vote", "scikit-learn"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("batch_rows", [7, 100_000])
def test_any_engine_gives_what_the_model_says(
    name: str, batch_rows: int, quick_backend: Backend
) -> None:
    frame = quick_backend.frame(lines())
    found = score_churn(model(name), frame, batch_rows=batch_rows, handed_as="pandas")
    assert quick_backend.is_own(found)
    rows = quick_backend.rows(found)
    assert list(rows[0]) == ["customer_id", "snapshot", "churn_probability"]
    assert [row["customer_id"] for row in rows] == lines()["customer_id"]
    assert {row["snapshot"] for row in rows} == {date(2024, 6, 30)}
    chances = [row["churn_probability"] for row in rows]
    # A frame of pandas is handed as it stands, and a null of Arrow is another one to scikit-learn.
    as_it_stands = name == "scikit-learn" and quick_backend.name == "pandas_pyarrow"
    expected = churn_probability(model(name), frame) if as_it_stands else asked(name)
    np.testing.assert_allclose(chances, expected, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.parametrize("name", ["spline", "scikit-learn"])
def test_spark_gives_it_too_and_computes_nothing_before_it_is_asked(
    name: str, spark_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = spark_backend.frame(lines())
    for action in ("collect", "toPandas", "toArrow", "count"):
        monkeypatch.setattr(type(frame), action, None)
    found = score_churn(model(name), frame.repartition(2), batch_rows=20)
    monkeypatch.undo()
    assert found.schema.simpleString() == (
        "struct<customer_id:string,snapshot:date,churn_probability:double>"
    )
    rows = {row["customer_id"]: row["churn_probability"] for row in spark_backend.rows(found)}
    expected = dict(zip(lines()["customer_id"], asked(name), strict=True))
    assert rows == pytest.approx(expected, rel=0, abs=1e-12)
    assert found.filter("customer_id is null").count() == 0


def test_spark_without_pandas_says_what_to_install(
    spark_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"telcrm\[pandas\]"):
        score_churn(model("spline"), spark_backend.frame(lines()))


@given(rows=st.integers(0, 40), batch_rows=st.integers(1, 50), name=st.sampled_from(MODELS))
@settings(max_examples=15)
def test_batches_change_no_chance(rows: int, batch_rows: int, name: str) -> None:
    frame = pl.DataFrame(lines()).head(rows)
    expected = asked(name)[:rows]
    for one in (frame, frame.lazy(), frame.to_arrow(), frame.to_pandas()):
        found = score_churn(model(name), one, keep=(), batch_rows=batch_rows, handed_as="pandas")
        held = found.collect() if isinstance(found, pl.LazyFrame) else found
        chances = np.asarray(held["churn_probability"])
        np.testing.assert_allclose(chances, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_nobody_has_no_chance(name: str, quick_backend: Backend) -> None:
    columns = {column: values[:1] for column, values in lines().items()}
    frame = quick_backend.frame(columns)
    nobody = nw.from_native(frame).filter(nw.col("customer_id") == "nobody").to_native()
    found = score_churn(model(name), nobody)
    assert quick_backend.rows(found) == []
    assert nw.from_native(found).collect_schema()["churn_probability"] == nw.Float64()


def test_a_column_of_nulls_has_no_type_and_is_taken_as_what_it_was() -> None:
    frame = pl.DataFrame(lines()).with_columns(plan=None, fee=None)
    expected = churn_probability(model("spline"), frame.select(FEATURES))
    for one in (frame, frame.lazy(), frame.to_pandas()):
        found = score_churn(model("spline"), one)
        held = found.collect() if isinstance(found, pl.LazyFrame) else found
        np.testing.assert_allclose(held["churn_probability"], expected, rtol=0, atol=1e-12)


def test_a_polars_frame_stays_lazy_also_where_it_streams(tmp_path: Any) -> None:
    path = tmp_path / "lines.parquet"
    frame = pl.DataFrame(lines())
    frame.write_parquet(path)
    found = score_churn(model("spline"), pl.scan_parquet(path))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        found.collect()
    frame.write_parquet(path)
    risky = found.filter(pl.col("churn_probability") > 0.5).select("churn_probability")
    expected = asked("spline")
    for engine in ("in-memory", "streaming"):
        chances = risky.collect(engine=engine)["churn_probability"]
        np.testing.assert_allclose(sorted(chances), sorted(expected[expected > 0.5]), atol=1e-12)
    first = found.filter(pl.col("customer_id") == "c0").collect()
    assert first["churn_probability"].to_list() == pytest.approx([expected[0]])


def test_duckdb_reads_no_column_that_is_not_wanted() -> None:
    connection = duckdb.connect()
    connection.register("given", pl.DataFrame(lines()).to_arrow())
    bad = connection.sql("select *, error('read') as other from given")
    found = score_churn(model("scorecard"), bad)
    # The relation is there to be asked again, and lies on the same connection.
    assert found.fetchall() == found.fetchall()
    connection.register("again", found)
    assert connection.sql("select count(*) from again").fetchall() == [(60,)]


def test_duckdb_alone_reads_its_batches_before_it_is_asked_about_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def only_duckdb(name: str) -> bool:
        return name == "duckdb"

    for module in (scoring, scorer_module, door):
        monkeypatch.setattr(module, "find_spec", only_duckdb)
    # By DuckDB's own connection, which the model's table passes through, too.
    relation = duckdb.from_arrow(pl.DataFrame(lines(3_000)).drop("snapshot").to_arrow())
    found = score_churn(model("scorecard"), relation, batch_rows=2048)
    monkeypatch.undo()
    expected = churn_probability(model("scorecard"), pl.DataFrame(lines(3_000)))
    np.testing.assert_allclose([row[1] for row in found.fetchall()], expected, atol=1e-12)


def test_a_connection_that_may_not_read_from_python_is_told_how() -> None:
    connection = duckdb.connect()
    connection.register("given", pl.DataFrame(lines()).to_arrow())
    connection.execute("SET python_enable_replacements = false")
    with pytest.raises(UnsupportedFrameError, match="python_enable_replacements = true"):
        score_churn(model("spline"), connection.table("given"))


def test_foreign_models_are_handed_a_frame_that_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = pl.DataFrame(lines()).to_arrow()
    seen = []

    class Watching:
        def predict_proba(self, X: Any) -> Any:  # noqa: N803
            seen.append(type(X))
            return np.full((len(X), 2), 0.5)

    watching: Any = Watching()
    score_churn(watching, table, features=["fee"])
    monkeypatch.setattr(scorer_module, "find_spec", lambda name: name == "polars")
    score_churn(watching, table, features=["fee"])
    score_churn(watching, table, features=["fee"], handed_as="pyarrow")
    assert seen == [pd.DataFrame, pl.DataFrame, pa.Table]


def test_a_pipeline_of_pandas_is_handed_pandas_if_its_nulls_are_to_mean_the_same() -> None:
    frame = pl.DataFrame(lines())
    plain = score_churn(model("scikit-learn"), frame)["churn_probability"].to_numpy()
    as_learnt = score_churn(model("scikit-learn"), frame, handed_as="pandas")
    np.testing.assert_allclose(as_learnt["churn_probability"], asked("scikit-learn"), atol=1e-12)
    differ = np.abs(plain - asked("scikit-learn")) > 1e-6
    assert set(frame.filter(differ)["plan"].to_list()) == {None}


@pytest.mark.parametrize("engine", ["pandas", "polars_lazy", "duckdb", "pyarrow"])
def test_a_model_of_an_array_is_handed_an_array(engine: str) -> None:
    known = {name: lines()[name] for name in ["customer_id", *NUMBERS]}
    known["fee"] = [20.0 if fee is None else fee for fee in known["fee"]]
    backend = Backend(engine, ENGINES[engine])
    frame = pl.DataFrame(known)
    expected = churn_probability(model("array"), frame.select(NUMBERS).to_numpy())
    found = score_churn(model("array"), backend.frame(known))
    chances = [row["churn_probability"] for row in backend.rows(found)]
    np.testing.assert_allclose(chances, expected, rtol=0, atol=1e-12)
    turned = {name: known[name] for name in ["customer_id", *reversed(NUMBERS)]}
    found = score_churn(model("array"), backend.frame(turned), features=NUMBERS)
    chances = [row["churn_probability"] for row in backend.rows(found)]
    np.testing.assert_allclose(chances, expected, rtol=0, atol=1e-12)


def test_own_models_of_an_array_are_handed_one_too() -> None:
    frame, left = customers()
    array = frame.select(NUMBERS).to_numpy()
    learnt = SplineLogisticModel().fit(array, left)
    vote = SoftVoteModel({"one": SplineLogisticModel()}).fit(array, left)
    expected = learnt.predict_proba(array)[:, 1]
    for one in (learnt, vote):
        found = score_churn(one, frame, features=NUMBERS)
        np.testing.assert_allclose(found["churn_probability"], expected, atol=1e-12)


def hazard() -> HazardModel:
    frame, left = customers()
    why = np.where(left == 0, "", np.where(frame["calls"].to_numpy() > 1, "moved", "debt"))
    wanted = HazardModel(features=["tenure", "calls"], advancing={"tenure": 1}, knots=0)
    return wanted.fit(frame, why)


def test_a_hazard_model_tells_the_chance_within_some_periods(distinct_backend: Backend) -> None:
    learnt = hazard()
    frame = pl.DataFrame(lines())
    ahead = 1.0 - learnt.survival(frame, periods=6)
    for periods, told in ((None, 0), (1, 0), (6, 5)):
        found = score_churn(
            learnt, distinct_backend.frame(lines()), periods=periods, into="leaves", batch_rows=25
        )
        chances = [row["leaves"] for row in distinct_backend.rows(found)]
        np.testing.assert_allclose(chances, ahead[:, told], rtol=0, atol=1e-12)


def test_the_label_of_who_stayed_may_be_the_greater_one() -> None:
    frame, left = customers()
    learnt = HazardModel(features=["tenure"]).fit(frame, np.where(left == 1, "moved", "stayed"))
    found = score_churn(learnt, frame)["churn_probability"]
    assert found.mean() == pytest.approx(left.mean(), abs=0.01)


def test_what_stands_beside_the_chance() -> None:
    frame = pl.DataFrame(lines())
    scores = score_churn(model("spline"), frame, keep="all", into="risk")
    assert scores.columns == [*frame.columns, "risk"]
    assert scores.drop("risk").equals(frame)
    assert score_churn(model("spline"), frame, keep="plan").columns == ["plan", "churn_probability"]
    assert score_churn(model("spline"), frame.lazy(), keep=()).collect().columns == [
        "churn_probability"
    ]
    with pytest.raises(MissingColumnsError, match="line_id"):
        score_churn(model("spline"), frame, keep=["line_id"])
    with pytest.raises(ParameterError, match="'plan' would stand twice"):
        score_churn(model("spline"), frame, keep=["plan", "plan"])
    with pytest.raises(ParameterError, match="'churn_probability' would stand twice"):
        score_churn(model("spline"), scores.rename({"risk": "churn_probability"}), keep="all")
    with pytest.raises(ParameterError, match='keep="all"'):
        score_churn(model("spline"), frame.select(FEATURES))


def test_a_wrapped_frame_comes_back_wrapped() -> None:
    found = score_churn(model("spline"), nw.from_native(pl.DataFrame(lines())))
    assert isinstance(found, nw.DataFrame)


def test_a_table_that_is_not_like_the_learnt_one_is_refused_before_it_is_read(
    distinct_backend: Backend,
) -> None:
    columns = lines()
    gone = {name: values for name, values in columns.items() if name != "calls"}
    other = columns | {"plan": list(range(60))}
    for name in ("spline", "scorecard", "vote", "scikit-learn"):
        with pytest.raises(SchemaDriftError, match="'calls'"):
            score_churn(model(name), distinct_backend.frame(gone))
    with pytest.raises(SchemaDriftError, match=r"'plan' (held texts and )?holds numbers"):
        score_churn(model("spline"), distinct_backend.frame(other))
    with pytest.raises(SchemaDriftError, match="'plan' held numbers and holds texts"):
        score_churn(
            model("array"), distinct_backend.frame(columns), features=["tenure", "fee", "plan"]
        )


def test_it_has_to_be_known_what_a_model_looks_at() -> None:
    frame = pl.DataFrame(lines()).lazy()
    with pytest.raises(ParameterError, match="does: tenure, fee, plan"):
        score_churn(model("spline"), frame, features=["tenure"])
    with pytest.raises(ParameterError, match="Name them with features"):
        score_churn(model("array"), frame, keep="all")
    with pytest.raises(SchemaDriftError, match="learnt from 3 columns, and is handed 2"):
        score_churn(model("array"), frame, features=["tenure", "fee"])
    with pytest.raises(SchemaDriftError, match="'bill'"):
        score_churn(model("array"), frame, features=["tenure", "fee", "bill"])


def answers(found: Any) -> type[Any]:
    """Make a class of models that answer so."""

    class Answering:
        def predict_proba(self, X: Any) -> Any:  # noqa: N803
            return found(len(X))

    return Answering


def broken() -> Iterator[tuple[Any, str]]:
    yield answers(lambda n: np.full((n, 2), np.nan)), "NaN"
    yield answers(lambda n: np.full((n, 2), 1.5)), "outside 0 to 1"
    yield answers(lambda n: np.full((n, 3), 0.3)), "shape"
    yield answers(lambda n: np.full((n - 1, 2), 0.3)), "59 rows of 60"


@pytest.mark.parametrize(("kind", "why"), list(broken()))
def test_answers_that_are_no_probabilities_are_refused(
    kind: Any, why: str, distinct_backend: Backend
) -> None:
    frame = distinct_backend.frame(lines())
    with pytest.raises(ModelContractError, match=why):
        distinct_backend.rows(score_churn(kind(), frame, features=["tenure"]))


def test_a_model_that_cannot_answer_is_refused_before_anything_is_read() -> None:
    frame = pl.LazyFrame(lines())
    with pytest.raises(ModelContractError, match="no predict_proba"):
        score_churn(object(), frame)  # type: ignore[arg-type]
    with pytest.raises(NotFittedError, match="not fitted"):
        score_churn(SplineLogisticModel(), frame)
    with pytest.raises(SklearnNotFittedError):
        score_churn(foreign(), frame)
    three = LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
    with pytest.raises(ModelContractError, match="has learnt 3 classes"):
        score_churn(three, frame)
    with pytest.raises(ParameterError, match="periods=3 is for a HazardModel"):
        score_churn(model("spline"), frame, periods=3)
    with pytest.raises(ParameterError, match="periods"):
        score_churn(hazard(), frame, periods=0)
    with pytest.raises(ParameterError, match="batch_rows"):
        score_churn(model("spline"), frame, batch_rows=0)
    with pytest.raises(UnsupportedFrameError, match="no dataframe"):
        score_churn(model("spline"), {"tenure": [1]})
