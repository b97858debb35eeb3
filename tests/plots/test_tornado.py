"""Bars are the rows of the result, the greatest swing on top."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from tests.plots.look import figure_of, overlaps, texts

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.plots import tornado
from telcrm.value import Sensitivity, margin_multiple, sensitivity


def bars(axes: Axes) -> list[tuple[float, float, float]]:
    """Row, where a bar begins, and how far it goes."""
    found = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [
        (patch.get_y() + patch.get_height() / 2, patch.get_x(), patch.get_width())
        for patch in found
    ]


def test_bars_go_from_the_unmoved_result() -> None:
    result = sensitivity(margin_multiple, {"discount_rate": 0.12, "retention": 0.8})
    axes = tornado(result)
    assert sorted(round(at, 9) for at, _, _ in bars(axes)) == [0, 0, 1, 1]
    ends = sorted(start + length for at, start, length in bars(axes) if at < 0.5)
    top = result.rows[0]
    assert ends == [pytest.approx(top.result_low), pytest.approx(top.result_high)]
    assert all(start == pytest.approx(result.result) for _, start, _ in bars(axes))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["retention", "discount rate"]
    assert axes.yaxis_inverted()
    # Less retention is worse, a lower rate of discount better.
    assert texts(axes) == ["0.72", "0.88", "0.132", "0.108"]
    assert overlaps(axes) == []


def test_both_on_one_side() -> None:
    result = sensitivity(lambda x: 10 + (x - 1) ** 2, {"x": 1.0}, ranges={"x": (0.5, 1.2)})
    axes = tornado(result)
    # The longer is drawn first, and hides nothing.
    assert [length for _, _, length in bars(axes)] == [pytest.approx(0.25), pytest.approx(0.04)]
    assert texts(axes) == ["1.2, 0.5"]


def test_results_that_are_missing() -> None:
    def worth(a: float, b: float, c: float) -> float:
        if b > 1:
            raise DivergentValueError("Grows without end.")
        if a != 1:
            raise ParameterError("Never.")
        return 10 * a / (2 - b) * min(c, 1)

    result = sensitivity(worth, {"a": 1.0, "b": 1.0, "c": 0.0}, ranges={"c": (-1, 0.1)})
    axes = tornado(result)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "c", "a"]
    assert "1.1: infinite" in " ".join(texts(axes))
    assert "0.9: no result, 1.1: no result" in texts(axes)
    assert overlaps(axes) == []
    page = figure_of(axes).bbox
    assert all(text.get_window_extent().x1 <= page.x1 for text in axes.texts)


def test_nothing_moves() -> None:
    axes = tornado(sensitivity(lambda x: 5.0 + 0 * x, {"x": 1.0}))
    assert texts(axes) == ["0.9, 1.1"]
    assert overlaps(axes) == []
    assert texts(tornado(Sensitivity(1.0, ()))) == ["no inputs"]


def test_many_inputs_with_long_names() -> None:
    inputs = {f"input_{nth}_" + "long_name_" * 4: 1.0 + nth for nth in range(15)}
    axes = tornado(sensitivity(lambda **given: sum(given.values()), inputs))
    assert len(axes.get_yticklabels()) == 15
    assert overlaps(axes) == []


@pytest.mark.parametrize("wrong", [None, [1.0], {"retention": 0.5}])
def test_refusals(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="sensitivity returns"):
        tornado(wrong)
