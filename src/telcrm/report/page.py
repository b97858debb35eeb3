"""Turn a report into one HTML page."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from telcrm.report.extra import require
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Exhibit, KeyFigure

if TYPE_CHECKING:
    from telcrm.report.report import Report

__all__ = ["render"]

_LONGEST_OPEN_TABLE = 24
_CENTS = 2


def render(report: Report) -> str:
    """Write a report as one HTML document that loads nothing.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str

    Raises
    ------
    MissingExtraError
    """
    require("jinja2", "matplotlib")
    from jinja2 import Environment, StrictUndefined

    # Autoescape is what makes a customer called <script> harmless.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    exponent = report.currency.exponent if report.currency else None
    environment.globals.update(
        drawing=_drawing,
        rows=lambda exhibit: _rows(exhibit, _CENTS if exponent is None else exponent),
        is_open=_is_open,
        day=lambda value: show(value, Kind.DAY),
    )
    here = files("telcrm.report")
    page = environment.from_string(here.joinpath("page.html.j2").read_text("utf-8"))
    return page.render(
        report=report,
        headlines=_headlines(report),
        css=_markup(here.joinpath("page.css").read_text("utf-8")),
    )


def _headlines(report: Report) -> list[tuple[str, KeyFigure]]:
    return [
        (section.name, figure)
        for section in report.sections
        for figure in section.figures[: section.headlines]
    ]


def _markup(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - our own style sheet and drawings, whose texts are escaped


def _drawing(exhibit: Exhibit, section: str) -> Any:
    return _markup(exhibit.plot.svg(prefix=f"{section}-{exhibit.name}")) if exhibit.plot else ""


def _rows(exhibit: Exhibit, decimals: int) -> list[list[str]]:
    kinds = [column.kind for column in exhibit.columns.values()]
    return [
        [show(value, kind, decimals=decimals) for value, kind in zip(row, kinds, strict=True)]
        for row in exhibit.shown.select(list(exhibit.columns)).iter_rows()
    ]


def _is_open(exhibit: Exhibit) -> bool:
    """Fold up a table that stands beside its plot, or is long."""
    is_only = exhibit.plot is None or exhibit.open
    return is_only and exhibit.shown.height <= _LONGEST_OPEN_TABLE
