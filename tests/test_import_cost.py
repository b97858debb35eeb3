"""Importing telcrm is nearly free, and a room brings only what it needs."""

import subprocess
import sys

import pytest

HEAVY = {
    "alembic",
    "matplotlib",
    "narwhals",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "typer",
}


def modules_loaded_by(statement: str) -> set[str]:
    """Names that one statement adds to `sys.modules` in a fresh interpreter."""
    program = (
        f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_the_root_loads_itself_and_little_of_the_standard_library() -> None:
    loaded = modules_loaded_by("import telcrm")
    assert packages(loaded) - sys.stdlib_module_names == {"telcrm"}
    assert {name for name in loaded if name.startswith("telcrm")} == {"telcrm"}
    assert len(loaded) < 20


def test_the_errors_load_nothing_but_the_standard_library() -> None:
    loaded = modules_loaded_by("import telcrm.errors")
    assert packages(loaded) - sys.stdlib_module_names == {"telcrm"}


def test_records_need_pydantic_only() -> None:
    loaded = packages(modules_loaded_by("import telcrm.domain"))
    assert "pydantic" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("room", ["tables", "kpi", "segmentation", "mart", "plots"])
def test_rooms_for_tables_bring_no_dataframe_library_of_their_own(room: str) -> None:
    """The caller's dataframe library is the caller's choice."""
    loaded = packages(modules_loaded_by(f"import telcrm.{room}"))
    assert loaded & {"pandas", "polars", "pyarrow", "duckdb", "pyspark", "matplotlib"} == set()
