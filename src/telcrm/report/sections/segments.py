"""Where customers stand in their life with the company, how they move on, and what marks them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from telcrm import plots, segmentation
from telcrm.domain.moments import first_of_month, month_number
from telcrm.report import charts
from telcrm.report.drawing import WIDE_IN, Plot, untitled
from telcrm.report.formats import Kind, short, show
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sources import Sources
from telcrm.segmentation import CustomerMark, LifecyclePolicy, LifecycleStage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SEGMENTS"]

_QUARTER = 3
_POLICY = LifecyclePolicy()
_MARKS = {
    CustomerMark.KEY_ACCOUNT: "Key account: among those who bring most",
    CustomerMark.REPUTABLE: "Reputable: pays on time",
    CustomerMark.CHRONIC_DEBTOR: "Chronic debtor: overdue again and again",
    CustomerMark.GONE_TO_COMPETITOR: "Gone to a competitor: ported out",
}
_LEVELS = ("segment", "region", "acquisition_channel")
_WORDS = {
    "tenure_months": "tenure in months",
    "voice_minutes": "voice minutes a month",
    "data_gb": "gigabytes a month",
}


def _write(sources: Sources) -> Section:
    now = _stages(sources, sources.day)
    return Section(
        name="segments",
        title="Lifecycle and segments",
        summary=(
            f"Each customer is in one stage on {show(sources.day, Kind.DAY)}, by what it did in "
            "the months before: the first of the stages in the table that fits. A stage says what "
            "was, not what a customer intends."
        ),
        figures=tuple(_figures(now)),
        headlines=0,
        exhibits=(
            _sizes(sources, now),
            *_status(sources),
            *_moves(sources, now),
            *_marked(sources, now),
        ),
    )


def _stages(sources: Sources, day: date) -> pl.DataFrame:
    """Tell the stage of each customer on a day, with the facts behind it."""
    tenure = "tenure_months" if sources.has("subscriber_months", "tenure_months") else None
    months = sources["subscriber_months"]
    if tenure:
        months = months.filter(pl.col(tenure).is_not_null())
    facts = segmentation.lifecycle_facts(
        months,
        as_of=day,
        customers=sources.frames.get("customers"),
        tenure=tenure,
        policy=_POLICY,
    )
    return segmentation.lifecycle(facts, policy=_POLICY).rename({"stage": "segment"})


def _figures(now: pl.DataFrame) -> Iterator[KeyFigure]:
    base = now.filter(~pl.col("segment").is_in([LifecycleStage.PROSPECT, LifecycleStage.LOST]))
    for stage, what in (
        (LifecycleStage.NEW, "New"),
        (LifecycleStage.GROWING, "Growing"),
        (LifecycleStage.DECLINING, "Declining"),
        (LifecycleStage.DORMANT, "Dormant"),
    ):
        found = base.filter(pl.col("segment") == stage).height
        share = found / base.height if base.height else None
        of = "of customers who are not lost" if stage is LifecycleStage.NEW else ""
        detail = f"{show(share, Kind.SHARE)} {of}".strip()
        yield KeyFigure(what, short(found, Kind.COUNT), detail)


def _sizes(sources: Sources, now: pl.DataFrame) -> Exhibit:
    counts = now["segment"].value_counts(name="customers")
    table = pl.DataFrame({"segment": [str(stage) for stage in LifecycleStage]}).join(
        counts, on="segment", how="inner", maintain_order="left"
    )
    paid = now.group_by("segment").agg(revenue=pl.col("recent_revenue").sum())
    table = table.join(paid, on="segment", how="left", maintain_order="left").with_columns(
        share=pl.col("customers") / now.height
    )
    reasons = {rule.then: rule.reason for rule in _POLICY.rule_set().rules}
    meaning = [reasons.get(stage, "None of the others.") for stage in table["segment"]]
    return Exhibit(
        name="stages",
        title="Lifecycle stages",
        frame=table.with_columns(meaning=pl.Series(meaning, dtype=pl.String)),
        columns={
            "segment": Column("Stage"),
            "customers": Column("Customers", Kind.COUNT),
            "share": Column("of all", Kind.SHARE),
            "revenue": Column(sources.headed("Revenue a month"), Kind.MONEY),
            "meaning": Column("Meaning", prose=True),
        },
        plot=charts.ranked(
            table, name="segment", value="customers", kind=Kind.COUNT, label="Customers by stage"
        ),
    )


def _moves(sources: Sources, now: pl.DataFrame) -> Iterator[Exhibit]:
    months = sources["subscriber_months"]["period"]
    then, here = first_of_month(month_number(sources.day) - _QUARTER), sources.day.replace(day=1)
    if months.min() is None or then <= months.min():  # type: ignore[operator]
        return
    before = _stages(sources, then)
    known = [
        frame.filter(pl.col("segment") != LifecycleStage.PROSPECT).select(
            "customer_id", "segment", period=pl.lit(month)
        )
        for month, frame in ((then, before), (here, now))
    ]
    if any(frame.is_empty() for frame in known):
        return
    moved = segmentation.migration(pl.concat(known))

    def draw(figure: Figure) -> None:
        untitled(plots.migration_flow(moved, ax=figure.add_subplot()))

    yield Exhibit(
        name="moves",
        title=f"From stage to stage in {_QUARTER} months",
        note=(
            "Left the stage then, right the stage now; who was not a customer yet enters on the "
            "left. Prospects are left out."
        ),
        frame=moved,
        plot=Plot(draw, "Flows of customers between stages", width_in=WIDE_IN, height_in=4.2),
        wide=True,
    )


def _status(sources: Sources) -> Iterator[Exhibit]:
    if "customers" not in sources or not sources.has("subscriptions", "activated_on"):
        return
    lines = sources["subscriptions"]
    missing = {"terminated_on": pl.Date, "termination_reason": pl.String}
    lines = lines.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in missing.items() if name not in lines
    )
    bills = "invoices" in sources and "payments" in sources
    facts = segmentation.status_facts(
        sources["customers"],
        lines.filter(pl.col("activated_on").is_not_null()),
        as_of=sources.day,
        months=sources["subscriber_months"],
        invoices=sources["invoices"] if bills else None,
        payments=sources["payments"] if bills else None,
    )
    classed = segmentation.customer_status(facts)
    rows = [
        (status.capitalize(), count)
        for status, count in classed["status"].value_counts().sort("status").rows()
    ]
    rows += [(words, int(classed[mark].sum())) for mark, words in _MARKS.items()]
    yield Exhibit(
        name="status",
        title="Status and marks",
        note=(
            "Every customer is existing, potential or former; the marks come on top."
            + ("" if bills else " Who pays how is not known without invoices and payments.")
        ),
        frame=pl.DataFrame(rows, schema={"status": pl.String, "customers": pl.Int64}, orient="row"),
        columns={"status": Column("Status"), "customers": Column("Customers", Kind.COUNT)},
    )


def _marked(sources: Sources, now: pl.DataFrame) -> Iterator[Exhibit]:
    """Say what sets the customers of each stage apart."""
    described = now.filter(pl.col("months_since_active").is_not_null()).select(
        "customer_id", "segment", "tenure_months"
    )
    features = ["tenure_months"]
    usage = {
        name: (pl.col(column).cast(float) / unit).mean()
        for name, column, unit in (
            ("voice_minutes", "voice_s", 60.0),
            ("data_gb", "data_bytes", 1e9),
        )
        if sources.has("subscriber_months", column)
    }
    if usage:
        used = sources["subscriber_months"].group_by("customer_id").agg(**usage)
        described = described.join(used, on="customer_id", how="left")
        features += list(usage)
    levels = [name for name in _LEVELS if sources.has("customers", name)]
    if levels:
        traits = sources["customers"].select(
            "customer_id", **{f"its {name}": pl.col(name) for name in levels}
        )
        described = described.join(traits, on="customer_id", how="left")
    if described["segment"].n_unique() < 2:
        return
    found = segmentation.profile(
        described, features=features, levels=[f"its {name}" for name in levels]
    )
    words = _WORDS | {f"its {name}": name.replace("_", " ") for name in levels}
    said = segmentation.describe_segments(found, words=words)
    yield Exhibit(
        name="profiles",
        title="What marks each stage",
        note=(
            "Against all other customers; the greatest standardised differences first, and none "
            "below 0.2 or on fewer than 30 customers. Traits are those on file now."
        ),
        frame=pl.DataFrame({"said": list(said.values())}),
        columns={"said": Column("In words", prose=True)},
        wide=True,
    )


SEGMENTS = Chapter("segments", "Lifecycle and segments", ("subscriber_months",), _write)
