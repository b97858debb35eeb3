"""How much of the revenue comes from how few customers."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter, NothingToReport
from telcrm.report.sections.counting import with_names
from telcrm.report.sources import Sources
from telcrm.segmentation import abc, concentration

__all__ = ["VALUE"]

_MONTHS = 12
_TOP = 15
_TOP_SHARE = 0.2
_POINTS = 200


def _write(sources: Sources) -> Section:
    rows, value, what = _values(sources)
    classed = abc(rows, value=value).rename({value: "value"})
    classes = _classes(classed)
    return Section(
        name="value",
        title="Customer value",
        summary=(
            f"Customers ranked by {what}. Class A holds the first 80% of all positive value, A and "
            "B together 95%. This is value in the past; it does not say who will stay."
        ),
        figures=(*_figures(classes), *_unequal(classed)),
        exhibits=(
            *_curve(classed, classes),
            Exhibit(
                name="classes",
                title="ABC classes",
                note=(
                    "After Dickie (1951). The customer on whom a threshold is passed is inside, "
                    "and all with the same value."
                ),
                frame=classes,
                columns={
                    "abc_class": Column("Class"),
                    "customers": Column("Customers", Kind.COUNT),
                    "customer_share": Column("of all", Kind.SHARE),
                    "value": Column(sources.headed("Value"), Kind.MONEY),
                    "value_share": Column("of all", Kind.SHARE),
                    "mean": Column(sources.headed("Mean"), Kind.PRICE),
                },
            ),
            _top(sources, classed),
        ),
    )


def _values(sources: Sources) -> tuple[pl.DataFrame, str, str]:
    if "subscriber_months" not in sources:
        return sources["recharges"], "amount", "the sum of their recharges"
    months = sources["subscriber_months"]
    first = pl.lit(sources.day).dt.truncate("1mo").dt.offset_by(f"-{_MONTHS - 1}mo")
    recent = months.filter(pl.col("period") >= first)
    if recent.is_empty():
        raise NothingToReport(
            f"subscriber_months holds no rows in the {_MONTHS} months up to {sources.day}"
        )
    start, end = (
        show(bound, Kind.MONTH) for bound in (recent["period"].min(), months["period"].max())
    )
    return recent, "revenue", f"revenue from {start} to {end}"


def _classes(classed: pl.DataFrame) -> pl.DataFrame:
    return (
        classed.group_by("abc_class")
        .agg(customers=pl.len(), value=pl.col("value").sum(), value_share=pl.col("share").sum())
        .with_columns(
            customer_share=pl.col("customers") / classed.height,
            mean=pl.col("value") / pl.col("customers"),
        )
        .sort("abc_class")
    )


def _figures(classes: pl.DataFrame) -> tuple[KeyFigure, ...]:
    best = classes.row(0, named=True)
    if best["abc_class"] != "A":
        return ()
    share = show(best["value_share"], Kind.SHARE)
    return (
        KeyFigure(
            "Class A customers",
            show(best["customer_share"], Kind.SHARE),
            f"bring {share} of the value",
        ),
    )


def _unequal(classed: pl.DataFrame) -> Iterator[KeyFigure]:
    if not (classed["value"] >= 0).all() or not classed["value"].sum():
        return  # of credits no share can be told
    held = concentration(classed, value="value")
    yield KeyFigure(
        f"The best {_TOP_SHARE:.0%}",
        show(held.top_share(_TOP_SHARE), Kind.SHARE),
        f"of the value; Gini coefficient {held.gini:.2f}",
    )


def _curve(classed: pl.DataFrame, classes: pl.DataFrame) -> tuple[Exhibit, ...]:
    if classed["cumulative_share"].null_count():
        return ()
    curve = classed.select(
        customers=pl.int_range(1, pl.len() + 1) / pl.len(),
        value=pl.col("share").cum_sum(),
    )
    ends = classes["customers"].cum_sum().to_list()
    marks = {
        name: end - 1
        for name, end in zip(classes["abc_class"].to_list(), ends, strict=True)
        if name != "C"
    }
    labels = {"A": "A", "B": "A + B"}
    step = max(1, curve.height // _POINTS)
    thinned = curve.gather_every(step)
    if (curve.height - 1) % step:
        thinned = pl.concat([thinned, curve.tail(1)])
    return (
        Exhibit(
            name="concentration",
            title="Concentration",
            note="The further above the diagonal, the fewer customers carry the company.",
            frame=thinned,
            plot=charts.concentration(
                thinned["customers"].to_list(),
                thinned["value"].to_list(),
                marks={labels[name]: curve.row(at) for name, at in marks.items()},
                label="Cumulative share of revenue by cumulative share of customers",
            ),
        ),
    )


def _top(sources: Sources, classed: pl.DataFrame) -> Exhibit:
    top = with_names(
        classed.head(_TOP).select("customer_id", "rank", "value", "share", "abc_class"), sources
    )
    columns = {
        "rank": Column("Rank", Kind.COUNT),
        "customer_id": Column("Customer"),
        "name": Column("Name"),
        "value": Column(sources.headed("Value"), Kind.PRICE),
        "share": Column("of all", Kind.SHARE),
        "abc_class": Column("Class"),
    }
    return Exhibit(
        name="top_customers",
        title=f"The {top.height} most valuable customers",
        frame=top,
        columns={name: column for name, column in columns.items() if name in top.columns},
    )


VALUE = Chapter("value", "Customer value", ("subscriber_months", "recharges"), _write)
