"""ROC curves are scikit-learn's, and say their area with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_curve
from tests.plots.look import overlaps, points, texts
from tests.plots.scored import scored

from telcrm.churn import roc_auc_interval
from telcrm.errors import ParameterError, ScoreError, SingleClassError
from telcrm.plots import roc_curves


def test_points_are_those_of_scikit_learn() -> None:
    y, chance = scored(600)
    axes = roc_curves(y, np.round(chance, 2))
    missed, found, _ = roc_curve(y, np.round(chance, 2), drop_intermediate=False)
    assert np.allclose(points(axes, 1), np.column_stack([missed, found]))
    area = roc_auc_interval(y, np.round(chance, 2))
    said = f"AUC {area.estimate:.3f} (95%: {area.lower:.3f} to {area.upper:.3f})"
    assert texts(axes) == [said]
    assert overlaps(axes) == []


def test_several_are_told_apart_by_name() -> None:
    y, chance = scored()
    noisy = chance + np.random.default_rng(2).normal(size=y.size)
    axes = roc_curves(y, {"_first": chance, "a long name " * 4: noisy}, confidence=0.9)
    legend = axes.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert told[0].startswith("_first: AUC 0.")
    assert "…: AUC 0." in told[1]
    assert all("(90%: " in each for each in told)
    assert texts(axes) == []
    assert overlaps(axes) == []


def test_no_scores() -> None:
    assert texts(roc_curves([0, 1], {})) == ["no scores"]


def test_refusals() -> None:
    y, chance = scored(50)
    with pytest.raises(ParameterError, match="told apart"):
        roc_curves(y, {str(nth): chance for nth in range(8)})
    with pytest.raises(ParameterError, match="confidence"):
        roc_curves(y, chance, confidence=1.0)
    with pytest.raises(SingleClassError):
        roc_curves([1, 1], [0.1, 0.2])
    with pytest.raises(ScoreError):
        roc_curves(y, chance[1:])
