"""Curves are those of the uplift, by share of customers, beside a random order."""

from __future__ import annotations

import numpy as np
import pytest
from tests.plots.look import overlaps, points, texts

from telcrm.churn import UpliftCurve, qini_curve, uplift_curve
from telcrm.errors import ParameterError
from telcrm.plots import uplift_curves

STAYED = [1, 0, 1, 1, 0, 0, 1, 0]
UPLIFT = [0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.0]
TREATED = [1, 0, 1, 0, 1, 0, 1, 0]


def test_points_are_those_of_the_curve() -> None:
    curve = qini_curve(STAYED, UPLIFT, TREATED)
    axes = uplift_curves(curve)
    assert points(axes, 1) == [(0, 0), (1, curve.gain[-1])]
    assert points(axes, 2) == [
        (reached / 8, gain) for reached, gain in zip(curve.customers, curve.gain, strict=True)
    ]
    assert axes.get_title(loc="left") == "Qini curve: responses added"
    assert overlaps(axes) == []


def trial(seed: int) -> UpliftCurve:
    rng = np.random.default_rng(seed)
    effect, treated = rng.normal(0.05, 0.1, 800), rng.integers(0, 2, 800)
    stayed = rng.random(800) < np.clip(0.6 + treated * effect, 0, 1)
    return uplift_curve(stayed, effect, treated)


def test_several_by_name() -> None:
    axes = uplift_curves({"one": trial(1), "two": trial(2)})
    assert axes.get_title(loc="left") == "Uplift curves: responses added"
    legend = axes.get_legend()
    assert legend is not None
    told = [text.get_text().partition(" at best ")[0] for text in legend.get_texts()]
    assert told == ["one:", "two:"]
    assert overlaps(axes) == []


def test_nothing() -> None:
    assert texts(uplift_curves({})) == ["no curves"]


def test_refusals() -> None:
    with pytest.raises(ParameterError, match="cannot be compared"):
        uplift_curves({"a": trial(1), "b": qini_curve(STAYED, UPLIFT, TREATED)})
    with pytest.raises(ParameterError, match="qini_curve or uplift_curve"):
        uplift_curves(UPLIFT)  # type: ignore[arg-type]
