"""What campaigns changed: treated against held out."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import polars as pl

from telcrm.report import charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sources import Sources

__all__ = ["CAMPAIGNS", "newcombe"]

_Z = NormalDist().inv_cdf(0.975)
_MOST = 15


def _write(sources: Sources) -> Section:
    contacts = sources["campaign_contacts"]
    table = _responses(contacts)
    return Section(
        name="campaigns",
        title="Campaigns",
        summary=(
            "Response of the treated and of the control group. The difference is the effect of the "
            "campaign only if chance decided who was held out. Interval: 95%, Newcombe (1998), "
            "method 10. With twenty campaigns, one such interval misses the truth on average."
        ),
        headlines=0,
        figures=_figures(contacts, table),
        exhibits=(
            Exhibit(
                name="responses",
                title="Response by campaign",
                note="Most contacts first. A dash: no control group, so no effect can be told.",
                frame=table,
                columns={
                    "campaign_id": Column("Campaign"),
                    "treated": Column("Treated", Kind.COUNT),
                    "treated_rate": Column("Response", Kind.SHARE),
                    "controls": Column("Control", Kind.COUNT),
                    "control_rate": Column("Response", Kind.SHARE),
                    "difference": Column("Difference, points", Kind.POINTS),
                    "low": Column("from", Kind.POINTS),
                    "high": Column("to", Kind.POINTS),
                },
                wide=True,
                most=_MOST,
            ),
            *_differences(table),
        ),
    )


def _responses(contacts: pl.DataFrame) -> pl.DataFrame:
    responded = pl.col("responded").cast(pl.Int64)
    arms = {"treatment": ("treated", "yes_treated"), "control": ("controls", "yes_controls")}
    counts = {
        name: expression
        for arm, (size, yes) in arms.items()
        for name, expression in (
            (size, (pl.col("arm") == arm).sum()),
            (yes, responded.filter(pl.col("arm") == arm).sum()),
        )
    }
    table = contacts.group_by("campaign_id").agg(**counts)
    table = table.sort(
        [pl.col("treated") + pl.col("controls"), "campaign_id"], descending=[True, False]
    )
    rows = table.select("yes_treated", "treated", "yes_controls", "controls").iter_rows()
    found = [newcombe(*row) for row in rows]
    return table.with_columns(
        treated_rate=_rate("yes_treated", "treated"),
        control_rate=_rate("yes_controls", "controls"),
        difference=pl.Series([point for point, _, _ in found], dtype=pl.Float64),
        low=pl.Series([low for _, low, _ in found], dtype=pl.Float64),
        high=pl.Series([high for _, _, high in found], dtype=pl.Float64),
    )


def _rate(yes: str, size: str) -> pl.Expr:
    return pl.col(yes) / pl.when(pl.col(size) > 0).then(size)


def newcombe(
    yes_1: int, size_1: int, yes_2: int, size_2: int
) -> tuple[float | None, float | None, float | None]:
    """Return the difference of two independent shares with its 95 % interval.

    Parameters
    ----------
    yes_1, size_1, yes_2, size_2 : int
        Of the first and the second group.

    Returns
    -------
    tuple of float or None
        ``yes_1 / size_1 - yes_2 / size_2``, its lower and its upper bound; Nones if a group is
        empty.

    Notes
    -----
    Wilson's score intervals, combined: Newcombe (1998), Statistics in Medicine 17, 873-890,
    method 10.

    Examples
    --------
    >>> [round(bound, 4) for bound in newcombe(56, 70, 48, 80)]  # Newcombe's table II, example (a)
    [0.2, 0.0524, 0.3339]
    """
    if not size_1 or not size_2:
        return None, None, None
    share_1, low_1, high_1 = _wilson(yes_1, size_1)
    share_2, low_2, high_2 = _wilson(yes_2, size_2)
    difference = share_1 - share_2
    return (
        difference,
        difference - sqrt((share_1 - low_1) ** 2 + (high_2 - share_2) ** 2),
        difference + sqrt((high_1 - share_1) ** 2 + (share_2 - low_2) ** 2),
    )


def _wilson(yes: int, size: int) -> tuple[float, float, float]:
    share = yes / size
    middle = (yes + _Z**2 / 2) / (size + _Z**2)
    half = _Z * sqrt(size * share * (1 - share) + _Z**2 / 4) / (size + _Z**2)
    return share, middle - half, middle + half


def _figures(contacts: pl.DataFrame, table: pl.DataFrame) -> tuple[KeyFigure, ...]:
    campaigns = contacts["campaign_id"].n_unique()
    compared = table.filter(pl.col("difference").is_not_null())
    clear = compared.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
    return (
        KeyFigure("Campaigns", short(campaigns, Kind.COUNT)),
        KeyFigure("Contacts", short(contacts.height, Kind.COUNT)),
        KeyFigure(
            "Clear differences",
            short(clear, Kind.COUNT),
            f"of {show(compared.height, Kind.COUNT)} with a control group",
        ),
    )


def _differences(table: pl.DataFrame) -> tuple[Exhibit, ...]:
    compared = table.filter(pl.col("difference").is_not_null())
    if compared.is_empty():
        return ()
    drawn = compared.head(_MOST)
    note = "Response of the treated less that of the control group, with its 95% interval."
    if drawn.height < compared.height:
        note += f" The {drawn.height} of {compared.height} campaigns with the most contacts."
    return (
        Exhibit(
            name="differences",
            title="Difference made",
            note=note,
            frame=compared.select("campaign_id", "difference", "low", "high"),
            plot=charts.intervals(
                drawn["campaign_id"].cast(pl.String).to_list(),
                drawn["difference"].to_list(),
                drawn["low"].to_list(),
                drawn["high"].to_list(),
                unit="percentage points",
                label="Difference in response between treated and control, per campaign",
            ),
        ),
    )


CAMPAIGNS = Chapter("campaigns", "Campaigns", ("campaign_contacts",), _write)
