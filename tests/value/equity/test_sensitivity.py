"""Which input moves a result most: against calling the function by hand."""

from __future__ import annotations

from functools import partial
from math import inf, nan
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.value.equity.margin_multiple import margin_multiple
from telcrm.value.equity.sensitivity import sensitivity, sensitivity_grid

weights = st.dictionaries(
    st.sampled_from("abcde"), st.floats(-9, 9).filter(lambda x: abs(x) > 0.01), min_size=1
)


def total(**inputs: float) -> float:
    return sum(inputs.values())


@given(weights, st.floats(0.01, 0.9))
def test_each_input_is_moved_alone(inputs: dict[str, float], change: float) -> None:
    found = sensitivity(total, inputs, change=change)
    assert found.result == total(**inputs)
    assert {row.input for row in found.rows} == set(inputs)
    for row in found.rows:
        at = inputs[row.input]
        assert (row.low, row.high) == tuple(sorted((at * (1 - change), at * (1 + change))))
        assert row.result_low == total(**{**inputs, row.input: row.low})
        assert row.result_high == total(**{**inputs, row.input: row.high})
        assert row.swing == pytest.approx(2 * change * abs(at), abs=1e-9)
    swings = [row.swing or 0.0 for row in found.rows]
    assert swings == sorted(swings, reverse=True)


@given(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(0.01, 0.2))
def test_elasticities_of_powers_are_their_exponents(x: float, y: float, change: float) -> None:
    found = sensitivity(lambda x, y: x * y**-2, {"x": x, "y": y}, change=change)
    elasticities = {row.input: row.elasticity for row in found.rows}
    assert elasticities["x"] == pytest.approx(1.0)
    # Between low and high, not at the point.
    assert elasticities["y"] == pytest.approx(-2 / (1 - change**2) ** 2, rel=1e-6)


def test_equal_swings_keep_the_order_they_were_given_in() -> None:
    found = sensitivity(total, {"b": 1.0, "c": 2.0, "a": 1.0})
    assert [row.input for row in found.rows] == ["c", "b", "a"]


def test_ranges_stand_instead_of_the_change() -> None:
    found = sensitivity(
        margin_multiple,
        {"retention": 0.8, "discount_rate": 0.12, "growth": 0.0},
        ranges={"retention": (0.7, 0.95), "growth": (-0.02, 0.02)},
    )
    assert [row.input for row in found.rows] == ["retention", "growth", "discount_rate"]
    first = found.rows[0]
    assert (first.low, first.high) == (0.7, 0.95)
    assert first.swing == margin_multiple(0.95, 0.12) - margin_multiple(0.7, 0.12)
    # An input of 0 has no part of itself.
    assert found.rows[1].elasticity is None


def test_what_diverges_comes_first_and_what_is_refused_last() -> None:
    inputs = {"discount_rate": 0.05, "retention": 0.95, "growth": 0.02}
    found = sensitivity(margin_multiple, inputs, ranges={"growth": (0.0, 0.2)}, change=0.1)
    assert [row.input for row in found.rows] == ["growth", "discount_rate", "retention"]
    diverging, _, refused = found.rows
    assert (diverging.swing, diverging.result_high, diverging.elasticity) == (inf, None, None)
    assert diverging.result_low == margin_multiple(0.95, 0.05)
    assert "no finite sum" in (diverging.reason or "")
    assert (refused.swing, refused.result_high) == (None, None)
    assert "retention is 1.045" in (refused.reason or "")
    assert "growth inf, discount_rate" in repr(found)
    assert "retention -)" in repr(found)


@pytest.mark.parametrize(("result", "swing"), [(inf, inf), (nan, None)])
def test_a_result_that_is_not_finite_is_none(result: float, swing: float | None) -> None:
    found = sensitivity(lambda x: result if x > 1 else x, {"x": 1.0})
    assert (found.rows[0].result_high, found.rows[0].swing) == (None, swing)
    assert found.rows[0].reason == f"The result is {result}."


def test_a_result_of_zero_has_no_elasticity() -> None:
    assert sensitivity(lambda x: x - 1, {"x": 1.0}).rows[0].elasticity is None


def test_frame_and_notebook() -> None:
    found = sensitivity(margin_multiple, {"retention": 0.8, "discount_rate": 0.12})
    frame = found.to_frame()
    assert isinstance(frame, pl.DataFrame)
    assert frame["input"].to_list() == ["retention", "discount_rate"]
    assert frame["reason"].to_list() == [None, None]
    assert found.to_frame(backend="pandas")["swing"].tolist() == frame["swing"].to_list()
    assert repr(found) == "Sensitivity(2.5; swings: retention 1.867, discount_rate 0.1878)"
    assert found._repr_html_().startswith("<table><caption>Unmoved: 2.5</caption>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": {}}, "inputs is empty"),
        ({"inputs": {"x": "one"}}, "x is 'one'"),
        ({"inputs": {"x": 0.0}}, "x would be moved from 0.0 to 0.0"),
        ({"inputs": {"x": 1.0}, "change": 0}, "change is 0"),
        ({"inputs": {"x": 1.0}, "ranges": {"y": (0, 1)}}, "ranges are given for y"),
        ({"inputs": {"x": 1.0}, "ranges": {"x": (2, 1)}}, "x would be moved from 2 to 1"),
        ({"inputs": {"x": 1.0}, "ranges": {"x": (0, None)}}, "x is None"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        sensitivity(lambda x: x, **arguments)


def test_there_has_to_be_a_result_to_begin_with() -> None:
    with pytest.raises(DivergentValueError, match="no finite sum"):
        sensitivity(
            margin_multiple,
            {"retention": 1.0, "discount_rate": 0.0},
            change=0.1,
            ranges={"discount_rate": (0.0, 0.1)},
        )
    with pytest.raises(ParameterError, match=r"there is no result\. retention is 1"):
        sensitivity(partial(margin_multiple, discount_rate=0.1), {"retention": 1.2})
    with pytest.raises(ParameterError, match="The result is nan"):
        sensitivity(lambda x: nan * x, {"x": 1.0})
    with pytest.raises(ParameterError, match=r"The function returned \[1.0\]"):
        sensitivity(lambda x: [x], {"x": 1.0})  # type: ignore[arg-type, return-value]


def test_a_grid_holds_the_result_of_every_pair() -> None:
    retentions, discounts = [0.6, 0.9, 1.0], [0.0, 0.1]
    grid = sensitivity_grid(
        margin_multiple,
        {"growth": 0.0, "retention": 0.5},
        rows=("retention", retentions),
        columns=("discount_rate", discounts),
    )
    for retention, results in zip(retentions, grid.results, strict=True):
        for discount, result in zip(discounts, results, strict=True):
            if retention == 1.0 and discount == 0.0:
                assert result is None
            else:
                assert result == margin_multiple(retention, discount)
    assert "no finite sum" in (grid.reasons[2][0] or "")
    assert grid.reasons[0] == (None, None)
    frame = grid.to_frame()
    assert frame.columns == ["retention", "discount_rate", "result", "reason"]
    assert frame.row(3)[:2] == (0.9, 0.1)
    assert frame["result"].to_list() == [cell for row in grid.results for cell in row]
    assert repr(grid) == "SensitivityGrid(3 retention x 2 discount_rate: 1.2 to 10)"
    assert "<th>retention / discount_rate</th><th>0</th><th>0.1</th>" in grid._repr_html_()


def test_a_grid_without_any_result_says_so() -> None:
    grid = sensitivity_grid(
        margin_multiple, {}, rows=("retention", [1.0]), columns=("discount_rate", [0.0])
    )
    assert repr(grid) == "SensitivityGrid(1 retention x 1 discount_rate: no result)"


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (("retention", []), ("discount_rate", [0.1]), "rows has no values"),
        (("retention", [0.5]), ("retention", [0.1]), "have to be two inputs"),
        (("retention", [0.5]), ("result", [0.1]), "have to be two inputs"),
        (("retention", [0.5]), ("discount_rate", [None]), "discount_rate is None"),
    ],
)
def test_what_makes_no_grid_is_refused(rows: Any, columns: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        sensitivity_grid(margin_multiple, {}, rows=rows, columns=columns)
