"""The gains chart is that of the curve, beside random and perfect, its lift told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plots.look import overlaps, points, texts
from tests.plots.scored import scored

from telcrm.churn import gains
from telcrm.errors import ParameterError
from telcrm.plots import gains_curve


def test_points_and_words_are_those_of_the_curve() -> None:
    curve = gains([1, 0, 1, 0, 0], [0.9, 0.8, 0.3, 0.1, 0.05])
    axes = gains_curve(curve, q=0.2)
    assert points(axes, 0) == [(0, 0), (0.4, 1), (1, 1)]  # perfect: two of five
    assert points(axes, 1) == [(0, 0), (1, 1)]
    assert tuple(points(axes, 2)) == curve.points
    assert points(axes, 3) == [(0.2, 0.5)]
    assert texts(axes) == ["perfect", "random", "the top 20% hold 50%: lift 2.5"]
    assert overlaps(axes) == []


@pytest.mark.parametrize("q", [0.01, 0.1, 0.5, 0.9])
def test_words_do_not_overlap(q: float) -> None:
    assert overlaps(gains_curve(gains(*scored()), q=q)) == []


def test_several_share_the_perfect_line_only_if_as_many_leave() -> None:
    y, chance = scored()
    same = gains_curve({"a": gains(y, chance), "b": gains(y, -chance)})
    assert "perfect" in texts(same)
    other = gains_curve({"a": gains(y, chance), "b": gains([0, 1], [0.1, 0.2])})
    assert texts(other) == ["random"]
    legend = other.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert told[1] == "b: the top 10% hold 20%: lift 2.0"
    assert overlaps(same) == overlaps(other) == []


def test_no_curves() -> None:
    assert texts(gains_curve({})) == ["no curves"]


@pytest.mark.parametrize("q", [0, 1.0, -0.1, "0.1", None])
def test_q_is_a_share(q: Any) -> None:
    with pytest.raises(ParameterError, match="q"):
        gains_curve(gains([0, 1], [0.1, 0.2]), q=q)


def test_refusals() -> None:
    for wrong in ([0.1], {"a": 1}, None):
        with pytest.raises(ParameterError, match=r"telcrm\.churn\.gains returns"):
            gains_curve(wrong)  # type: ignore[arg-type]
