"""Devices: where they are and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from telcrm.report import charts
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sections.counting import total
from telcrm.report.sources import Sources

__all__ = ["EQUIPMENT"]

_STATUSES = {
    "assigned": "Assigned",
    "in_stock": "In stock",
    "returned": "Returned",
    "lost": "Lost",
    "written_off": "Written off",
}


def _write(sources: Sources) -> Section:
    equipment = _on_the_day(sources)
    out = equipment.filter((pl.col("ownership") == "lent") & (pl.col("status") == "assigned"))
    return Section(
        name="equipment",
        title="Equipment",
        summary=_summary(sources),
        headlines=0,
        figures=(
            KeyFigure("Devices", short(equipment.height, Kind.COUNT)),
            KeyFigure("Lent and with customers", short(out.height, Kind.COUNT)),
            *_residual(sources, out),
        ),
        exhibits=(*_by_status(equipment), *_by_kind(sources)),
    )


def _summary(sources: Sources) -> str:
    if not sources.looks_back:
        return "Devices lent or sold to customers, as the table states them."
    return (
        f"The table goes on after {show(sources.day, Kind.DAY)}. Left out are devices that were "
        "assigned later; those returned later count as assigned. Any other status, and the "
        "residual value, are those of the extract."
    )


def _on_the_day(sources: Sources) -> pl.DataFrame:
    """Devices in the status that they had on the as-of date, as far as dates can tell."""
    equipment = sources["equipment"]
    if sources.as_of is None or "returned_on" not in equipment.columns:
        return equipment
    back_later = (pl.col("status") == "returned") & (pl.col("returned_on") > sources.as_of)
    return equipment.with_columns(
        status=pl.when(back_later).then(pl.lit("assigned")).otherwise("status")
    )


def _residual(sources: Sources, out: pl.DataFrame) -> Iterator[KeyFigure]:
    if sources.has("equipment", "residual_value"):
        value = short(total(out["residual_value"]), Kind.MONEY, unit=sources.unit)
        yield KeyFigure("Residual value lent", value, "devices with customers")


def _by_status(equipment: pl.DataFrame) -> Iterator[Exhibit]:
    statuses = {
        status: name for status, name in _STATUSES.items() if (equipment["status"] == status).any()
    }
    table = (
        equipment.group_by("kind")
        .agg(
            **{status: (pl.col("status") == status).sum() for status in statuses}, devices=pl.len()
        )
        .sort(["devices", "kind"], descending=[True, False])
    )
    yield Exhibit(
        name="status",
        title="Devices by kind and status",
        frame=table,
        plot=charts.stacked(
            table, name="kind", parts=statuses, kind=Kind.COUNT, label="Devices by kind and status"
        ),
    )


def _by_kind(sources: Sources) -> Iterator[Exhibit]:
    what = {"devices": pl.len()}
    columns = {
        "kind": Column("Kind"),
        "ownership": Column("Ownership"),
        "devices": Column("Devices", Kind.COUNT),
    }
    for column, label in (("residual_value", "Residual value"), ("subsidy", "Subsidy")):
        if sources.has("equipment", column):
            what[column] = pl.col(column).sum()
            columns[column] = Column(sources.headed(label), Kind.MONEY)
    table = sources["equipment"].group_by("kind", "ownership").agg(**what)
    yield Exhibit(
        name="kinds",
        title="By kind and ownership",
        frame=table.sort("kind", "ownership"),
        columns=columns,
    )


EQUIPMENT = Chapter("equipment", "Equipment", ("equipment",), _write)
