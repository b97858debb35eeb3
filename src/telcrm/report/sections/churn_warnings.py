"""Which lines and customers show signs that they may leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import polars as pl

from telcrm.churn import WarningSignal, early_warnings
from telcrm.domain import TerminationReason
from telcrm.errors import MissingTableError, TelcrmError, WindowError
from telcrm.report import charts
from telcrm.report.formats import Kind, show
from telcrm.report.parts import Column, Exhibit, KeyFigure
from telcrm.report.sections.chapter import Part
from telcrm.report.sections.churn_panel import lines_known_on
from telcrm.report.sources import Sources

__all__ = ["found_warnings", "in_debt", "warned"]

_WORDS: Final = {
    WarningSignal.PORTING_REQUEST.value: "Asked to port out",
    WarningSignal.SUSPENSION_OR_TERMINATION_ENQUIRY.value: "Asked how to leave",
    WarningSignal.HIGH_RISK_COMPLAINT.value: "High-risk complaint",
    WarningSignal.CONTRACT_EXPIRY.value: "Contract ends",
    WarningSignal.CONSUMPTION_ANOMALY.value: "Uses far less",
    WarningSignal.SILENT_CUSTOMER.value: "Silent line",
    WarningSignal.COMPETITOR_CALLS.value: "Calls to competitors",
    WarningSignal.PAYMENT_STRESS.value: "Payment stress",
}
_KINDS: Final = {
    TerminationReason.VOLUNTARY.value: "by choice",
    TerminationReason.PORT_OUT.value: "porting out",
    TerminationReason.INVOLUNTARY.value: "for debt",
}
_STRONG: Final = 0.5


def found_warnings(sources: Sources) -> tuple[pl.DataFrame | None, str]:
    """Look for early warnings as of the report's day.

    Parameters
    ----------
    sources : Sources

    Returns
    -------
    (polars.DataFrame or None, str)
        What :func:`telcrm.churn.early_warnings` returns, and what has to be said of it. None:
        nothing can be told.
    """
    tables = {**sources.frames}
    if "subscriptions" in sources:
        tables["subscriptions"] = lines_known_on(sources)
    as_of = sources.day + timedelta(days=1)
    try:
        try:
            return early_warnings(tables, as_of=as_of), ""
        except WindowError:
            del tables["usage"]
            return early_warnings(tables, as_of=as_of), "Usage ends too early to tell of silence."
    except MissingTableError:
        return None, ""
    except TelcrmError as error:
        return None, f"There are no early warnings: {error.message}"


def in_debt(found: pl.DataFrame | None) -> list[str]:
    """Return the customers who may have to be cut off: no offer is made to them.

    Parameters
    ----------
    found : polars.DataFrame or None

    Returns
    -------
    list of str
    """
    if found is None:
        return []
    late = found.filter(pl.col("churn_kind") == TerminationReason.INVOLUNTARY)
    return late["customer_id"].unique().to_list()


def warned(found: pl.DataFrame | None, said: str) -> Part:
    """Tell of early warnings.

    Parameters
    ----------
    found, said
        What :func:`found_warnings` returned.

    Returns
    -------
    Part
    """
    if found is None:
        return Part(said)
    if found.is_empty():
        return Part(f"{said} No signal warns of any customer.".strip())
    return Part(said, tuple(_figures(found)), (_signals(found),))


def _figures(found: pl.DataFrame) -> Iterator[KeyFigure]:
    offered = found.filter(pl.col("churn_kind") != TerminationReason.INVOLUNTARY)
    strong = offered.filter(pl.col("weight") >= _STRONG)["customer_id"].n_unique()
    yield KeyFigure(
        "Customers with a warning",
        show(found["customer_id"].n_unique(), Kind.COUNT),
        f"{show(strong, Kind.COUNT)} of them strong, debt apart",
    )


def _signals(found: pl.DataFrame) -> Exhibit:
    table = (
        found.group_by("signal", "churn_kind")
        .agg(
            customers=pl.col("customer_id").n_unique(),
            strong=pl.col("customer_id").filter(pl.col("weight") >= _STRONG).n_unique(),
            weight=pl.col("weight").mean(),
        )
        .with_columns(
            pl.col("signal").replace_strict(_WORDS),
            leaves=pl.col("churn_kind").replace_strict(_KINDS),
        )
        .sort(["customers", "signal"], descending=[True, False])
    )
    return Exhibit(
        name="warnings",
        title="Early warnings by signal",
        note=(
            "Customers of whom a signal warns on the as-of date. A weight is the severity, halved "
            "with every half-life since the evidence; strong is "
            f"{_STRONG:g} or more. Thresholds are those of WarningPolicy(). A warning is no "
            "probability, and a customer may stand in several rows."
        ),
        frame=table,
        columns={
            "signal": Column("Signal"),
            "leaves": Column("Would leave"),
            "customers": Column("Customers", Kind.COUNT),
            "strong": Column("Strong", Kind.COUNT),
            "weight": Column("Mean weight", Kind.PRICE),
        },
        plot=charts.ranked(
            table,
            name="signal",
            value="customers",
            kind=Kind.COUNT,
            label="Customers by signal that warns of them",
        ),
    )
