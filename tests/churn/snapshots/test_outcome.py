"""Who is at risk and what became of whom, against the definitions line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.churn.snapshots.drawn_tables import END, SNAPSHOTS, Drawn, drawn, frames
from tests.churn.snapshots.naive_panel import NaivePanel
from tests.conftest import ENGINES, Backend

from telcrm.churn.snapshots.outcome import FATES
from telcrm.churn.snapshots.panel import ChurnPanel, build_panel
from telcrm.churn.window import ChurnWindow, PrepaidRule

WINDOWS = (
    ChurnWindow(),
    ChurnWindow(prepaid=PrepaidRule(inactivity_days=30, refill_grace_days=10), gap_days=0),
    ChurnWindow(
        prepaid=PrepaidRule(inactivity_days=15, refill_grace_days=None, kinds=("outgoing",)),
        absent_months=2,
        min_tenure_days=0,
        churn_reasons=("voluntary", "unavoidable"),
    ),
    ChurnWindow(prepaid=None, absent_months=None, outcome_days=90, unstated_reason="involuntary"),
)
POLARS = Backend("polars", ENGINES["polars"])
OUTCOME_TABLES = ("subscriptions", "usage", "recharges", "subscriber_months")


def told(panel: ChurnPanel, engine: Backend) -> dict[tuple[str, date], tuple[Any, ...]]:
    rows = engine.rows(panel.frame)
    found = {
        (row["subscription_id"], row["snapshot"]): (
            row["spell_no"],
            row["churned"],
            row["churn_kind"],
            None if row["tenure_months"] is None else round(row["tenure_months"] * 30.4375),
        )
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def expected(
    tables: Drawn, window: ChurnWindow, data_end: date, snapshots: Sequence[date] = SNAPSHOTS
) -> tuple[dict[tuple[str, date], tuple[Any, ...]], dict[date, Counter[str]]]:
    naive = NaivePanel(tables, window, data_end)
    rows, counts = {}, {}
    for snapshot in snapshots:
        counts[snapshot] = Counter[str]()
        for line in tables["subscriptions"]:
            found = naive.fate(line, snapshot)
            if found is None:
                continue
            fate, spell, since = found
            counts[snapshot][fate] += 1
            if fate in {"too_new", "already_gone", "left_in_gap"}:
                continue
            age = (snapshot - since).days if since > date.min else None
            churned = None if fate == "unknown" else int(fate in window.churn_reasons)
            kind = None if fate == "unknown" else fate
            rows[line["subscription_id"], snapshot] = (spell, churned, kind, age)
    return rows, counts


def chosen(seed: int, *, dated: bool, lines: int = 10) -> Drawn:
    tables = drawn(seed, dated=dated, lines=lines)
    return {name: tables[name] for name in OUTCOME_TABLES}


# Nothing is gained by shrinking a seed.
@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    seed=st.integers(0, 10**9),
    window=st.sampled_from(WINDOWS),
    dated=st.booleans(),
    data_end=st.sampled_from([END, date(2025, 11, 1), date(2025, 11, 20), date(2026, 3, 1)]),
)
def test_fates_are_those_of_the_definitions(
    seed: int, window: ChurnWindow, dated: bool, data_end: date
) -> None:
    tables = chosen(seed, dated=dated, lines=25)
    panel = build_panel(
        frames(tables),
        window=window,
        snapshots=SNAPSHOTS,
        data_end=data_end,
        features=["tenure_months"],
    )
    rows, counts = expected(tables, window, data_end)
    assert told(panel, POLARS) == rows
    for row in POLARS.rows(panel.counts):
        found = counts[row["snapshot"]]
        assert {fate: row[fate] for fate in FATES} == {fate: found[fate] for fate in FATES}
        assert row["active"] == sum(found.values())


@pytest.mark.parametrize("dated", [True, False])
def test_engines_agree(distinct_backend: Backend, dated: bool) -> None:
    window, snapshots = WINDOWS[1], SNAPSHOTS[1:3]
    tables = chosen(7, dated=dated)
    panel = build_panel(
        frames(tables, distinct_backend),
        window=window,
        snapshots=snapshots,
        data_end=END,
        features=["tenure_months"],
    )
    rows, counts = expected(tables, window, END, snapshots)
    assert told(panel, distinct_backend) == rows
    assert [row["active"] for row in distinct_backend.rows(panel.counts)] == [
        sum(counts[day].values()) for day in snapshots
    ]
    assert distinct_backend.is_own(panel.frame)
    assert distinct_backend.is_own(panel.counts)
    assert distinct_backend.is_own(panel.labelled())
    assert all(row["churned"] is not None for row in distinct_backend.rows(panel.labelled()))
