"""Planted leaks are named, and honest panels are left in peace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.churn.snapshots.leakage import LeakKind, find_leaks
from telcrm.churn.snapshots.panel import build_panel
from telcrm.errors import (
    ColumnTypeError,
    MissingColumnsError,
    ParameterError,
    SingleClassError,
)
from telcrm.synth import Operator

SNAPSHOTS = [date(2025, month, 1) for month in (4, 6, 8)]


@cache
def tables(seed: int = 4) -> dict[str, pl.DataFrame]:
    names = ["subscriptions", "customers", "subscriber_months", "recharges", "invoices"]
    names += ["payments", "complaints", "interactions"]
    return Operator(subscribers=2_500, months=14, seed=seed).tables(names)


@cache
def clean(seed: int = 4) -> pl.DataFrame:
    """The labelled rows of an honest panel of the synthetic operator."""
    panel = build_panel(tables(seed), snapshots=SNAPSHOTS, data_end=date(2026, 3, 1))
    rows: pl.DataFrame = panel.labelled()
    return rows.sort("subscription_id", "snapshot")


def left() -> pl.Series:
    return clean()["churned"] == 1


def noise(seed: int = 0) -> pl.Series:
    return pl.Series(np.random.default_rng(seed).normal(size=clean().height))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_clean_panel_raises_no_alarm(seed: int) -> None:
    assert clean(seed)["churned"].sum() > 100
    report = find_leaks(clean(seed))
    assert report.leaks == ()
    assert "no suspicion" in repr(report)
    assert "churn_kind" not in report.looked_at
    assert {"subscription_id", "tenure_months", "spell_no"} <= set(report.looked_at)


@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 10**6), rows=st.integers(4, 400), features=st.integers(1, 20))
def test_chance_raises_no_alarm(seed: int, rows: int, features: int) -> None:
    chance = np.random.default_rng(seed)
    label = chance.random(rows) < 0.3
    label[:2] = [True, False]
    columns: dict[str, Any] = {f"x{at}": chance.normal(size=rows) for at in range(features)}
    columns |= {f"n{at}": chance.integers(0, 3, rows) for at in range(features)}
    report = find_leaks(pl.DataFrame({"churned": label.astype(int), **columns}))
    assert report.leaks == ()


PLANTED: dict[str, Callable[[], pl.Series]] = {
    "certain": lambda: pl.select(
        pl.when(left()).then(9.0).otherwise(0.0) + noise().tanh()
    ).to_series(),
    "winner": lambda: pl.select(pl.when(left()).then(5.0).otherwise(0.0) + noise() / 2).to_series(),
    "why": lambda: pl.select(pl.when(left()).then(pl.lit("price"))).to_series(),
    "state": lambda: pl.select(
        pl.when(left() & (noise() > 0)).then(pl.lit("closed")).otherwise(pl.lit("open"))
    ).to_series(),
    "customer_status": lambda: pl.Series(["open"] * clean().height),
    "last_seen_on": lambda: pl.select(
        pl.when(left())
        .then(clean()["snapshot"].dt.offset_by("40d"))
        .otherwise(clean()["snapshot"].dt.offset_by("-3d"))
    ).to_series(),
    "was_lost": lambda: 1 - clean()["churned"],
    "ticket_id": lambda: pl.select(
        pl.concat_str(
            pl.when(left()).then(pl.lit("B")).otherwise(pl.lit("A")),
            pl.int_range(clean().height).cast(pl.String),
        )
    ).to_series(),
}
KINDS = {
    "certain": LeakKind.SEPARATOR,
    "winner": LeakKind.SEPARATOR,
    "why": LeakKind.LABEL_COPY,
    "state": LeakKind.GIVEAWAY,
    "customer_status": LeakKind.NAME,
    "last_seen_on": LeakKind.LATER_DAY,
    "was_lost": LeakKind.LABEL_COPY,
    "ticket_id": LeakKind.ORDER,
}


def planted() -> pl.DataFrame:
    return clean().with_columns(**{name: make() for name, make in PLANTED.items()})


def test_planted_leaks_are_named_each_for_its_reason() -> None:
    report = find_leaks(planted())
    assert {leak.column: leak.kind for leak in report.leaks} == KINDS
    assert report.columns == tuple(PLANTED)
    assert report.row_count == clean().height
    assert report.churner_count == left().sum()
    table = report.to_frame()
    assert table["column"].to_list() == list(PLANTED)
    assert table["evidence"].min() > 0
    assert "ticket_id (order)" in repr(report)
    assert "ticket_id" in report._repr_html_()


def test_an_aggregate_of_the_future_is_named() -> None:
    # Months with a row in the quarter after the snapshot; a silent prepaid line has them, too.
    rows = clean().filter(pl.col("payment_mode") == "postpaid")
    months = tables()["subscriber_months"].select("subscription_id", "period")
    told = rows.join(months, on="subscription_id").filter(
        pl.col("period").is_between(
            pl.col("snapshot").dt.offset_by("1mo"), pl.col("snapshot").dt.offset_by("3mo")
        )
    )
    keys = ["subscription_id", "snapshot"]
    later = told.group_by(keys).agg(months_billed=pl.len())
    known = rows.join(later, on=keys, how="left").with_columns(pl.col("months_billed").fill_null(0))
    [leak] = find_leaks(known).leaks
    assert (leak.column, leak.kind) == ("months_billed", LeakKind.SEPARATOR)


def test_being_null_gives_churners_away() -> None:
    seen = pl.select(pl.when(left() & (noise() > -1)).then(noise(1))).to_series()
    [leak] = find_leaks(clean().with_columns(exit_survey=seen)).leaks
    assert (leak.column, leak.kind) == ("exit_survey", LeakKind.GIVEAWAY)
    assert "not null" in leak.words


def test_the_order_of_rows_is_looked_at() -> None:
    [leak] = find_leaks(clean().sort("churned")).leaks
    assert leak.kind is LeakKind.ORDER
    assert "shuffle" in leak.words


def test_rows_recorded_after_the_snapshot_are_named() -> None:
    late = pl.select(
        pl.when(pl.int_range(clean().height) == 17)
        .then(clean()["snapshot"].dt.offset_by("1d"))
        .otherwise(clean()["snapshot"])
    ).to_series()
    rows = clean().with_columns(loaded=late)
    assert find_leaks(rows, exclude=["churn_kind"]).leaks[0].kind is LeakKind.LATE_RECORDING
    named = rows.rename({"loaded": "stamp"})
    assert find_leaks(named).leaks == ()
    [leak] = find_leaks(named, recorded_at="stamp").leaks
    assert (leak.column, leak.kind) == ("stamp", LeakKind.LATE_RECORDING)
    on_time = rows.with_columns(loaded=pl.col("snapshot"))
    assert find_leaks(on_time, recorded_at="loaded").leaks == ()


@pytest.mark.parametrize(
    "name",
    [
        "churn_reason",
        "ChurnScore",
        "churn_category",
        "termination_reason",
        "terminated_on",
        "customer_status",
        "status",
        "status_at_export",
        "cancellation_date",
        "left_on",
        "port_out_date",
        "final_bill",
        "days_to_churn_date",
        "disconnect_month",
    ],
)
def test_names_of_what_is_known_too_late(name: str) -> None:
    rows = clean().select("churned").with_columns(noise().alias(name))
    [leak] = find_leaks(rows).leaks
    assert (leak.column, leak.kind) == (name, LeakKind.NAME)


def test_columns_can_be_chosen_and_left_out() -> None:
    assert find_leaks(planted(), features=["tenure_months", "why"]).columns == ("why",)
    assert find_leaks(planted(), exclude=["churn_kind", *PLANTED]).leaks == ()
    assert find_leaks(planted(), exclude=()).columns[0] == "churn_kind"


def _rows() -> dict[str, list[Any]]:
    return {
        "churned": [number % 3 == 0 for number in range(300)],
        "snapshot": [date(2025, 1, 1)] * 300,
        "why": ["price" if number % 3 == 0 else None for number in range(300)],
        "ended_on": [date(2024 + (number % 3 == 0), 2, 1 + number % 9) for number in range(300)],
        "minutes": [float(number * 7 % 11) for number in range(300)],
    }


def test_every_engine_finds_the_same(backend: Backend) -> None:
    rows = _rows()
    rows["churned"] = [int(value) for value in rows["churned"]]
    found = find_leaks(backend.frame(rows))
    assert [(leak.column, leak.kind) for leak in found.leaks] == [
        ("why", LeakKind.LABEL_COPY),
        ("ended_on", LeakKind.LATER_DAY),
    ]


def test_booleans_and_unknown_outcomes() -> None:
    rows = pl.DataFrame(_rows()).select("churned", "minutes")
    unknown = pl.DataFrame({"churned": [None], "minutes": [1e9]}, schema=rows.schema)
    report = find_leaks(pl.concat([rows, unknown]))
    assert (report.row_count, report.leaks) == (300, ())


def test_instants_are_compared_with_the_first_moment_of_the_snapshot() -> None:
    rows = pl.DataFrame(_rows()).select("churned", "snapshot")
    at = [datetime(2025, 1, 1) + timedelta(seconds=int(churned)) for churned in rows["churned"]]
    stamp = pl.Series(at).dt.replace_time_zone("UTC")
    [leak] = find_leaks(rows.with_columns(heard=stamp)).leaks
    assert leak.kind is LeakKind.LATER_DAY


def test_bad_tables_are_refused() -> None:
    rows = clean()
    with pytest.raises(MissingColumnsError, match="label"):
        find_leaks(rows, label="left")
    with pytest.raises(MissingColumnsError):
        find_leaks(rows, features=["nothing"])
    with pytest.raises(MissingColumnsError):
        find_leaks(rows, recorded_at="stamp")
    with pytest.raises(SingleClassError, match="0 left"):
        find_leaks(rows.with_columns(churned=0))
    with pytest.raises(ColumnTypeError, match="0 and 1"):
        find_leaks(rows.with_columns(churned=pl.lit(2)))
    with pytest.raises(ParameterError):
        find_leaks(rows, auc=1.0)
