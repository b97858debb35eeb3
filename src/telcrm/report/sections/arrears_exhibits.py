"""What the section on arrears shows, whether the numbers are of tables or of a ledger."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.ledger import AgingBuckets
from telcrm.report import charts
from telcrm.report.collection import Collection
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure
from telcrm.report.sections.counting import total
from telcrm.report.sections.dunning_ladder import NO_STEP, STEPS
from telcrm.report.sources import Sources

__all__ = ["MOST_DEBTORS", "by_step", "figures"]

MOST_DEBTORS = 15


def figures(
    sources: Sources,
    ages: pl.DataFrame,
    debtors: str,
    collection: Collection | None,
    *,
    disputed: float = 0.0,
) -> Iterator[KeyFigure]:
    """Sum the section up.

    Parameters
    ----------
    sources : Sources
    ages : polars.DataFrame
        ``open`` by age, what is not yet due first.
    debtors : str
        How many they are.
    collection : Collection, optional
    disputed : float
        Open as well, and of no age.

    Yields
    ------
    KeyFigure
    """
    owed = ages["open"]
    all_open, overdue, oldest = total(owed) + disputed, total(owed[1:]), float(owed[-1])
    share = overdue / all_open if all_open else None
    yield KeyFigure("Overdue", short(overdue, Kind.MONEY, unit=sources.unit), f"of {debtors}")
    yield KeyFigure(
        "Open",
        short(all_open, Kind.MONEY, unit=sources.unit),
        f"{show(share, Kind.SHARE)} of it overdue",
    )
    yield KeyFigure(
        f"Over {AgingBuckets().days[-1]} days",
        show(oldest / all_open if all_open else None, Kind.SHARE),
        f"of what is open: {short(oldest, Kind.MONEY, unit=sources.unit)}",
    )
    if collection is None:
        return
    start, end = show(collection.start, Kind.MONTH), show(collection.end, Kind.MONTH)
    if collection.dso is not None:
        months = end if start == end else f"{start} to {end}"
        yield KeyFigure(
            "Days sales outstanding",
            f"{show(collection.dso, Kind.NUMBER)} days",
            f"by the sales of {months}",
        )
    if collection.effectiveness is not None:
        yield KeyFigure(
            "Collection effectiveness",
            show(collection.effectiveness / 100, Kind.SHARE),
            f"of what could be collected in {end}",
        )


def by_step(sources: Sources, debtors: pl.DataFrame, *, title: str, note: str, who: str) -> Exhibit:
    """Count debtors by the last step of dunning.

    Parameters
    ----------
    sources : Sources
    debtors : polars.DataFrame
        With ``step``, null where none was taken, and ``overdue``.
    title, note : str
    who : str
        What a debtor is: ``"Customers"``.

    Returns
    -------
    Exhibit
        A row for each step, the mildest first, taken or not.
    """
    counts = debtors.group_by(pl.col("step").fill_null(NO_STEP)).agg(
        debtors=pl.len(), overdue=pl.col("overdue").sum()
    )
    steps = pl.DataFrame({"step": [NO_STEP, *STEPS]}).join(
        counts, on="step", how="left", maintain_order="left"
    )
    steps = steps.with_columns(pl.col("debtors", "overdue").fill_null(0))
    return Exhibit(
        name="steps",
        title=title,
        note=note,
        frame=steps,
        columns={
            "step": Column("Last step"),
            "debtors": Column(who, Kind.COUNT),
            "overdue": Column(sources.headed("Overdue"), Kind.MONEY),
        },
        plot=charts.ranked(steps, name="step", value="debtors", kind=Kind.COUNT, label=title),
    )
