"""What customers say when asked."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import polars as pl

from telcrm.report import charts, time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import per_month
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["SURVEYS"]

_Z = NormalDist().inv_cdf(0.975)
_ENOUGH = 30
_PROMOTER, _DETRACTOR, _SATISFIED = 9, 6, 4


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


def _nps_score() -> dict[str, pl.Expr]:
    """NPS in points with its 95 % interval; the normal one, from the variance of a score."""
    promoters = (pl.col("score") >= _PROMOTER).mean()
    detractors = (pl.col("score") <= _DETRACTOR).mean()
    score = promoters - detractors
    spread = ((promoters + detractors - score.pow(2)) / pl.len()).sqrt()
    # Of few answers the normal interval is too narrow, and of no width if all are alike.
    error = pl.when(pl.len() >= _ENOUGH).then(_Z * spread)
    return {
        "answers": pl.len(),
        "nps": 100 * score,
        "low": 100 * (score - error),
        "high": 100 * (score + error),
    }


def _nps_figure(nps: pl.DataFrame) -> Iterator[KeyFigure]:
    if nps.is_empty():
        return
    found = nps.select(**_nps_score()).row(0, named=True)
    detail = counted(found["answers"], "answer")
    if found["high"] is not None:
        width = show((found["high"] - found["low"]) / 2, Kind.NUMBER)
        detail = f"± {width}, {detail}"
    yield KeyFigure("NPS", short(found["nps"], Kind.NUMBER), detail)


def _csat_figure(csat: pl.DataFrame) -> Iterator[KeyFigure]:
    if csat.is_empty():
        return
    share = (csat["score"] >= _SATISFIED).mean()
    answers = counted(csat.height, "answer")
    yield KeyFigure("CSAT", show(share, Kind.SHARE), answers)


def _ces_figure(ces: pl.DataFrame) -> Iterator[KeyFigure]:
    if ces.is_empty():
        return
    answers = f"of 7, {counted(ces.height, 'answer')}"
    yield KeyFigure("CES", show(ces["score"].mean(), Kind.NUMBER), answers)


def _nps(nps: pl.DataFrame) -> Iterator[Exhibit]:
    if nps.is_empty():
        return
    months = per_month(nps, "responded_at", **_nps_score())
    yield Exhibit(
        name="nps_months",
        title="NPS per month",
        note=(
            "The band is the 95% interval: months whose bands overlap may well not differ. Below "
            f"{_ENOUGH} answers none is given."
        ),
        frame=months,
        columns={
            "period": Column("Month", Kind.MONTH),
            "answers": Column("Answers", Kind.COUNT),
            "nps": Column("NPS", Kind.NUMBER),
            "low": Column("from", Kind.NUMBER),
            "high": Column("to", Kind.NUMBER),
        },
        plot=time_charts.lines(
            months,
            {"nps": "NPS"},
            kind=Kind.NUMBER,
            band=("low", "high"),
            label="NPS per month with its 95% interval",
        ),
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
