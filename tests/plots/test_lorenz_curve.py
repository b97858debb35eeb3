"""The curve is that of the concentration."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.plots.look import figure_of, overlaps, points, texts

from telcrm.errors import ParameterError
from telcrm.plots import lorenz_curve
from telcrm.segmentation import concentration


def shared(*values: float) -> Any:
    frame = pl.DataFrame({"customer_id": range(len(values)), "revenue": values})
    return concentration(frame.cast({"revenue": pl.Float64}))


def test_points_and_words_are_those_of_the_result() -> None:
    result = shared(80, 5, 5, 5, 5)
    axes = lorenz_curve(result)
    assert points(axes, 0) == [(0, 0), (1, 1)]
    assert tuple(points(axes, 1)) == result.lorenz
    assert points(axes, 2) == [pytest.approx((0.8, 0.2))]
    assert texts(axes) == ["Gini 0.60, the top 20% hold 80%"]
    assert overlaps(axes) == []


def test_several_are_told_apart_by_name() -> None:
    many = {f"{nth} " + "long name " * 5: shared(nth + 1, 1, 1) for nth in range(7)}
    axes = lorenz_curve(many, top=0.5)
    legend = axes.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert len(told) == 7
    assert all("top 50%" in text and "…" in text for text in told)
    assert overlaps(axes) == []
    box, page = legend.get_window_extent(), figure_of(axes).bbox
    assert box.y0 >= page.y0
    assert box.x1 <= page.x1


def test_names_with_an_underscore_are_shown() -> None:
    legend = lorenz_curve({"_a": shared(1, 2), "b": shared(0)}).get_legend()
    assert legend is not None
    assert [t.get_text().partition(":")[0] for t in legend.get_texts()] == ["_a", "b"]
    assert legend.get_texts()[1].get_text() == "b: no value"


def test_without_value_there_is_no_curve() -> None:
    for nothing in (shared(0.0), {"a": shared(0.0)}, {}):
        assert texts(lorenz_curve(nothing)) == ["no value to share"]


@pytest.mark.parametrize("top", [0, 1, 1.0, -0.1, True, "0.2", None, float("nan")])
def test_top_is_a_share(top: Any) -> None:
    with pytest.raises(ParameterError, match="top is"):
        lorenz_curve(shared(1, 2), top=top)


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="told apart"):
        lorenz_curve({str(nth): shared(1, 2) for nth in range(8)})
    for wrong in (pl.DataFrame(), [shared(1)], {"a": 0.5}):
        with pytest.raises(ParameterError, match="concentration returns"):
            lorenz_curve(wrong)  # type: ignore[arg-type]
