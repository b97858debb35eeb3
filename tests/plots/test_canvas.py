"""Plots need matplotlib, and leave nothing of it behind."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import polars as pl
import pytest
from matplotlib.figure import Figure
from tests.plots.look import figure_of

from telcrm.errors import MissingExtraError
from telcrm.plots import canvas, movement_waterfall


def test_no_figure_of_pyplot_is_opened(moved: pl.DataFrame) -> None:
    program = (
        "import sys, telcrm.plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from telcrm.plots.canvas import canvas\n"
        "with canvas(None, width_in=1, height_in=1): pass\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-c", program], check=True)  # noqa: S603 - our own text


def test_settings_are_as_before(moved: pl.DataFrame) -> None:
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "red"}):
        axes = movement_waterfall(moved)
        assert matplotlib.rcParams["font.size"] == 31
    assert axes.texts[0].get_fontsize() == 8.5
    assert axes.get_facecolor() == (1, 1, 1, 1)


def test_axes_of_your_own_are_drawn_on(moved: pl.DataFrame) -> None:
    figure = Figure(figsize=(4, 3))
    left, right = figure.subplots(1, 2)
    assert movement_waterfall(moved, ax=right) is right
    assert not left.texts
    assert figure_of(right) is figure
    assert tuple(figure.get_size_inches()) == (4, 3)


def test_without_matplotlib(moved: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install "telcrm\[plot\]"'):
        movement_waterfall(moved)
