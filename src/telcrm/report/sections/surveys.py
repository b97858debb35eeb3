"""What customers say when asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from telcrm import kpi, plots
from telcrm.report import charts
from telcrm.report.drawing import Plot, untitled
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SURVEYS"]

_ENOUGH = 30


def _write(sources: Sources) -> Section:
    surveys = sources["surveys"]
    nps = surveys.filter(pl.col("kind") == "nps")
    csat = surveys.filter(pl.col("kind") == "csat")
    ces = surveys.filter(pl.col("kind") == "ces")
    return Section(
        name="surveys",
        title="Surveys",
        summary=(
            "NPS: percentage points of promoters (9 or 10 of 10) less detractors (0 to 6), after "
            "Reichheld (2003). CSAT: share of scores 4 and 5 of 5. CES: mean score of 7, high is "
            "easy. All of those who answered, with no weighting for those who did not."
        ),
        figures=(*_nps_figure(nps), *_csat_figure(csat), *_ces_figure(ces)),
        exhibits=(*_nps(nps), *_csat(csat)),
    )


def _nps_figure(nps: pl.DataFrame) -> Iterator[KeyFigure]:
    if nps.is_empty():
        return
    found = kpi.nps(nps).row(0, named=True)
    detail = counted(found["responses"], "answer")
    if found["responses"] >= _ENOUGH and found["high"] is not None:
        width = show((found["high"] - found["low"]) / 2, Kind.NUMBER)
        detail = f"± {width}, {detail}"
    yield KeyFigure("NPS", short(found["nps"], Kind.NUMBER), detail)


def _csat_figure(csat: pl.DataFrame) -> Iterator[KeyFigure]:
    if csat.is_empty():
        return
    found = kpi.csat(csat).row(0, named=True)
    detail = counted(found["responses"], "answer")
    if found["responses"] >= _ENOUGH:
        low, high = (show(found[end], Kind.SHARE) for end in ("low", "high"))
        detail = f"{low} to {high}, {detail}"
    yield KeyFigure("CSAT", show(found["csat"], Kind.SHARE), detail)


def _ces_figure(ces: pl.DataFrame) -> Iterator[KeyFigure]:
    if ces.is_empty():
        return
    found = kpi.ces(ces).row(0, named=True)
    answers = f"of 7, {counted(found['responses'], 'answer')}"
    yield KeyFigure("CES", show(found["ces"], Kind.NUMBER), answers)


def _nps(nps: pl.DataFrame) -> Iterator[Exhibit]:
    if nps.is_empty():
        return
    months = kpi.nps(nps, period="month")
    # Of few answers the normal interval is too narrow.
    told = pl.col("responses") >= _ENOUGH
    shown = months.with_columns(
        pl.when(told).then(pl.col(name)) for name in ("standard_error", "low", "high")
    )

    def draw(figure: Figure) -> None:
        untitled(plots.nps_trend(shown, ax=figure.add_subplot()))

    yield Exhibit(
        name="nps_months",
        title="NPS per month",
        note=(
            "The band is the 95% interval: months whose bands overlap may well not differ. Below "
            f"{_ENOUGH} answers none is given."
        ),
        frame=shown,
        columns={
            "period": Column("Month", Kind.MONTH),
            "responses": Column("Answers", Kind.COUNT),
            "nps": Column("NPS", Kind.NUMBER),
            "low": Column("from", Kind.NUMBER),
            "high": Column("to", Kind.NUMBER),
        },
        plot=Plot(draw, "NPS per month with its 95% interval", height_in=3.0),
    )
    yield _scores(nps, range(11), "nps_scores", "NPS answers by score")


def _csat(csat: pl.DataFrame) -> Iterator[Exhibit]:
    if not csat.is_empty():
        yield _scores(csat, range(1, 6), "csat_scores", "CSAT answers by score")


def _scores(answers: pl.DataFrame, scale: range, name: str, title: str) -> Exhibit:
    counts = (
        pl.DataFrame({"score": scale})
        .join(
            answers.group_by(pl.col("score").cast(pl.Int64)).agg(answers=pl.len()),
            on="score",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("answers").fill_null(0))
    )
    return Exhibit(
        name=name,
        title=title,
        frame=counts,
        plot=charts.ranked(counts, name="score", value="answers", kind=Kind.COUNT, label=title),
    )


SURVEYS = Chapter("surveys", "Surveys", ("surveys",), _write)
