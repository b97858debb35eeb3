"""Who came, came back and left."""

from __future__ import annotations

import polars as pl

from telcrm.kpi import movement
from telcrm.report import time_charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import in_groups
from telcrm.report.sources import Sources

__all__ = ["MOVEMENT"]

# "Upgraded" would say more than a cent of difference does.
_OWN_WORDS = {"upgraded": "paid_more", "downgraded": "paid_less"}
_FLOWS = ("opening", "new", "reactivated", "lost", "closing", "retained")
_PAID = {"paid_more": "Paid more", "paid_less": "Paid less"}


def _write(sources: Sources) -> Section:
    months = sources["subscriber_months"]
    moved = movement(months).rename(_OWN_WORDS)
    exhibits = [*_plots(moved, months), *_by_group(months), *_table(moved)]
    return Section(
        name="movement",
        title="Customer movement",
        summary=(
            "A customer is active in a month if any of its subscriptions has a row for it. New: "
            "active and never before in these data. Reactivated: active, not in the month before, "
            "but earlier. Lost: active in the month before, not in this one. Opening + new + "
            "reactivated \N{MINUS SIGN} lost = closing. The first month has no movement: who was "
            "there in it may have come in it or years before. Whoever leaves during a month still "
            "has that month's row and is lost in the next one: against terminated_on expect a "
            "shift of one month."
        ),
        figures=_figures(moved, months),
        headlines=2,
        exhibits=tuple(exhibits),
    )


def _figures(moved: pl.DataFrame, months: pl.DataFrame) -> tuple[KeyFigure, ...]:
    if moved.is_empty():
        active = months["customer_id"].n_unique()
        when = show(months["period"].max(), Kind.MONTH)
        return (KeyFigure("Active customers", short(active, Kind.COUNT), f"with a row in {when}"),)
    last = moved.row(-1, named=True)
    when = show(last["period"], Kind.MONTH)
    growth = _relative(last["closing"], last["opening"])
    rates = moved["lost_rate"].drop_nulls()
    usual = show(rates.mean() if len(rates) else None, Kind.SHARE)
    return (
        KeyFigure(
            "Active customers",
            short(last["closing"], Kind.COUNT),
            f"with a row in {when}; {growth} in the month",
        ),
        KeyFigure(
            "Lost in the month", show(last["lost_rate"], Kind.SHARE), f"{when}; mean {usual}"
        ),
        KeyFigure(
            "New",
            short(last["new"], Kind.COUNT),
            f"{when}; {show(last['reactivated'], Kind.COUNT)} reactivated",
        ),
        KeyFigure("Lost", short(last["lost"], Kind.COUNT), when),
        KeyFigure(
            "Active at any time",
            short(months["customer_id"].n_unique(), Kind.COUNT),
            f"with a row in any of {moved.height + 1} months",
        ),
    )


def _relative(now: int, before: int) -> str:
    return show(now / before - 1, Kind.POINTS) + "%" if before else show(None, Kind.SHARE)


def _plots(moved: pl.DataFrame, months: pl.DataFrame) -> list[Exhibit]:
    if moved.is_empty():
        return []
    opening = pl.DataFrame(
        {"period": [months["period"].min()], "closing": [moved["opening"][0]]},
        schema={"period": moved.schema["period"], "closing": moved.schema["closing"]},
    )
    base = pl.concat([opening, moved.select("period", "closing")])
    exhibits = [
        Exhibit(
            name="flows",
            title="Came and left",
            note="New and reactivated customers upward, lost customers downward, per month.",
            frame=moved.select("period", "new", "reactivated", "lost"),
            plot=time_charts.in_and_out(
                moved,
                ins={"new": "New", "reactivated": "Reactivated"},
                outs={"lost": "Lost"},
                label="New, reactivated and lost customers per month",
            ),
        ),
        Exhibit(
            name="closing",
            title="Active customers",
            note="Customers with a row in the month: its closing base.",
            frame=base,
            plot=time_charts.lines(
                base, {"closing": "Closing"}, kind=Kind.COUNT, label="Closing base per month"
            ),
        ),
        Exhibit(
            name="rates",
            title="Lost and won, relative to the opening base",
            note=(
                "Lost / opening is the monthly churn rate. Won are new and reactivated customers. "
                "Published rates often divide by the average base instead."
            ),
            frame=moved.select(
                "period", "lost_rate", won_rate=pl.col("new_rate") + pl.col("reactivated_rate")
            ),
            plot=time_charts.lines(
                moved.with_columns(won_rate=pl.col("new_rate") + pl.col("reactivated_rate")),
                {"won_rate": "Won", "lost_rate": "Lost"},
                kind=Kind.SHARE,
                label="Won and lost customers as a share of the opening base",
            ),
        ),
    ]
    if moved["paid_more"].sum() or moved["paid_less"].sum():
        exhibits.append(
            Exhibit(
                name="revenue_steps",
                title="Paid more, paid less",
                note=(
                    "Among retained customers: revenue above or below that of the month before, "
                    "by however little. This is no change of tariff."
                ),
                frame=moved.select("period", *_PAID),
                plot=time_charts.in_and_out(
                    moved,
                    ins={"paid_more": "Paid more"},
                    outs={"paid_less": "Paid less"},
                    label="Customers who paid more and who paid less, per month",
                ),
            ),
        )
    return exhibits


def _table(moved: pl.DataFrame) -> list[Exhibit]:
    if moved.is_empty():
        return []
    return [
        Exhibit(
            name="months",
            title="Movement by month",
            frame=moved.select("period", *_FLOWS, *_PAID, "lost_rate"),
            columns={
                "period": Column("Month", Kind.MONTH),
                **{name: Column(name.capitalize(), Kind.COUNT) for name in _FLOWS},
                **{name: Column(label, Kind.COUNT) for name, label in _PAID.items()},
                "lost_rate": Column("Lost rate", Kind.SHARE),
            },
            wide=True,
        ),
    ]


def _by_group(months: pl.DataFrame) -> list[Exhibit]:
    exhibits = []
    for column, title in (("payment_mode", "payment mode"), ("segment", "segment")):
        grouped, note = in_groups(months, column)
        if grouped is None:
            continue
        moved = movement(grouped, by=column)
        if moved.is_empty():
            continue
        exhibits.append(
            Exhibit(
                name=f"lost_rate_by_{column}",
                title=f"Lost rate by {title}",
                note=(
                    "Lost / opening of the group. A customer belongs to the group that carried "
                    "most of its revenue in the month; moving between groups is no loss."
                    f"{note}"
                ),
                frame=moved.rename(
                    {
                        f"{name}{end}": f"{own}{end}"
                        for name, own in _OWN_WORDS.items()
                        for end in ("", "_rate")
                    }
                ),
                plot=time_charts.lines_by(
                    moved,
                    group=column,
                    value="lost_rate",
                    kind=Kind.SHARE,
                    label=f"Monthly lost rate by {title}",
                ),
            )
        )
    return exhibits


MOVEMENT = Chapter("movement", "Customer movement", ("subscriber_months",), _write)
