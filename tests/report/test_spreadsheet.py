"""No cell of an exported file begins like a formula."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import ParameterError
from telcrm.report import harmless, write_csv

STARTS = ("=", "+", "-", "@", "\t", "\r")


@given(st.sampled_from(STARTS), st.text())
def test_what_looks_like_a_formula_is_quoted(start: str, rest: str) -> None:
    assert harmless(start + rest) == "'" + start + rest


@given(st.text().filter(lambda text: not text.startswith(STARTS)))
def test_other_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.none()))
def test_numbers_are_left_alone(value: object) -> None:
    assert harmless(value) is value


def test_headers_and_cells_are_written_harmless(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    write_csv(file, [{"=a": "=HYPERLINK(1)", "b": -5, "c": 'x"\ny'}], columns=["=a", "b", "c"])
    with file.open(encoding="utf-8", newline="") as lines:
        assert list(csv.reader(lines)) == [["'=a", "b", "c"], ["'=HYPERLINK(1)", "-5", 'x"\ny']]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no folder"):
        write_csv(tmp_path / "missing" / "out.csv", [], columns=["a"])
