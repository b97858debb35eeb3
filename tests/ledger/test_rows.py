"""Answers of many rows."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from telcrm.domain import Money
from telcrm.errors import MissingExtraError, ParameterError
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units


class Pairs(Rows[str]):
    """Two-letter words with a number."""

    def _record(self, raw: Any) -> str:
        return f"{raw[0]}{raw[1]}"

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        return {
            "word": Column(ColumnKind.TEXT, [row[0] for row in raw]),
            "day": Column(ColumnKind.DAY, [None if row[1] > 1 else DAY for row in raw]),
            "at": Column(ColumnKind.INSTANT, [INSTANT for _ in raw]),
            "count": Column(ColumnKind.WHOLE, [row[1] for row in raw]),
            "mean": Column(ColumnKind.NUMBER, [row[1] / 2 for row in raw]),
            "amount": major_units([row[1] for row in raw], ["EUR" for _ in raw]),
        }


DAY = date(2026, 3, 1)
INSTANT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIRS = Pairs([("<a>", 1), ("b", 2)])


def test_it_is_a_sequence_of_records() -> None:
    assert list(PAIRS) == ["<a>1", "b2"]
    assert (PAIRS[0], PAIRS[-1], len(PAIRS)) == ("<a>1", "b2", 2)
    assert "b2" in PAIRS
    with pytest.raises(IndexError):
        PAIRS[2]


def test_a_slice_is_an_answer_of_fewer_rows() -> None:
    assert PAIRS[1:] == Pairs([("b", 2)])
    assert len(PAIRS) == 2


def test_equal_rows_are_an_equal_answer_of_the_same_kind() -> None:
    assert Pairs([("<a>", 1), ("b", 2)]) == PAIRS
    assert PAIRS[:1] != PAIRS
    assert PAIRS != ["<a>1", "b2"]


def test_its_text_shows_the_first_rows() -> None:
    assert repr(PAIRS) == "Pairs(['<a>1', 'b2'])"
    assert repr(Pairs([("a", n) for n in range(9)])) == "Pairs(['a0', 'a1', 'a2', ... 6 more])"


def test_a_notebook_shows_ten_rows_escaped() -> None:
    shown = Pairs([("<a>", n) for n in range(12)])._repr_html_()
    assert shown.count("<tr>") == 11
    assert "&lt;a&gt;" in shown
    assert "<a>" not in shown
    assert "the first 10 of 12 rows" in shown
    assert "None" not in shown


def test_polars_has_typed_columns_also_without_rows() -> None:
    for rows in (PAIRS, Pairs([])):
        assert rows.to_frame().schema == {
            "word": pl.String,
            "day": pl.Date,
            "at": pl.Datetime("us", "UTC"),
            "count": pl.Int64,
            "mean": pl.Float64,
            "amount": pl.Float64,
        }
    assert PAIRS.to_frame()["day"].to_list() == [DAY, None]


def test_pandas_and_pyarrow_hold_the_same() -> None:
    frame = PAIRS.to_frame(backend="pandas")
    assert isinstance(frame, pd.DataFrame)
    assert frame["amount"].tolist() == [0.01, 0.02]
    assert pd.isna(frame["day"][1])
    table = PAIRS.to_frame(backend="pyarrow")
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == PAIRS.to_frame().to_dict(as_series=False)


def test_another_backend_is_refused() -> None:
    with pytest.raises(ParameterError, match="polars, pandas, pyarrow"):
        PAIRS.to_frame(backend="spark")


@pytest.mark.parametrize(
    ("backend", "missing", "extra"),
    [
        ("polars", "polars", "polars"),
        ("pandas", "pandas", "pandas"),
        ("pyarrow", "pyarrow", "pandas"),
    ],
)
def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, backend: str, missing: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=rf"needs {missing}.*telcrm\[{extra}\]"):
        PAIRS.to_frame(backend=backend)


def test_amounts_are_the_nearest_floats_of_major_units() -> None:
    units = [1, -199, 10**15 + 1, None]
    found = major_units(units, ["EUR", "KWD", "JPY", "EUR"]).values
    assert found == [0.01, -0.199, 1e15 + 1, None]
    assert found[1] == float(Money.from_minor(-199, "KWD").amount)
