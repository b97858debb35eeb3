"""What every feature has to keep to: no future, one answer on every engine, true to its words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.churn.snapshots.drawn_tables import (
    END,
    SNAPSHOTS,
    START,
    Drawn,
    Row,
    at,
    drawn,
    frames,
)
from tests.churn.snapshots.naive_panel import known_on, month_after
from tests.conftest import ENGINES, Backend

from telcrm.churn.features.catalogue import FAMILIES, FEATURES
from telcrm.churn.features.feature import FeatureKind
from telcrm.churn.snapshots.panel import ChurnPanel, build_panel
from telcrm.churn.window import ChurnWindow, PrepaidRule
from telcrm.errors import MissingTableError, ParameterError

POLARS = Backend("polars", ENGINES["polars"])
WINDOW = ChurnWindow(prepaid=PrepaidRule(inactivity_days=60, refill_grace_days=None))
STARTS = dict.fromkeys(
    (
        "subscriber_months",
        "usage",
        "recharges",
        "invoices",
        "payments",
        "complaints",
        "interactions",
    ),
    START,
)
_TIMES = {
    "usage": "started_at",
    "recharges": "recharged_at",
    "invoices": "issued_on",
    "payments": "paid_on",
    "complaints": "received_at",
    "interactions": "started_at",
}


_KEYS = {
    "usage": "usage_id",
    "recharges": "recharge_id",
    "invoices": "invoice_id",
    "payments": "payment_id",
    "complaints": "complaint_id",
    "interactions": "interaction_id",
}


def features_of(panel: ChurnPanel, engine: Backend = POLARS) -> dict[str, dict[str, Any]]:
    """The features of each line, numbers without the noise of adding floats."""

    def told(value: Any) -> Any:
        return round(value, 6) if isinstance(value, float) else value

    return {
        row["subscription_id"]: {name: told(row[name]) for name in panel.features}
        for row in engine.rows(panel.frame)
    }


def built(tables: Drawn, snapshot: date, data_end: date, features: Any = None) -> ChurnPanel:
    return build_panel(
        frames(tables),
        window=WINDOW,
        snapshots=[snapshot],
        data_end=data_end,
        data_start=STARTS,
        features=features,
    )


def is_known(table: str, row: Row, snapshot: date) -> bool:
    if known_on(row) > snapshot:
        return False
    if table == "subscriber_months":
        return month_after(row["period"]) <= snapshot
    if table in _TIMES:
        when = row[_TIMES[table]]
        return (when.date() if isinstance(when, datetime) else when) < snapshot
    return True


def rewritten(tables: Drawn, snapshot: date, chance: Random) -> Drawn:
    """Another future: what was not known is dropped, changed or made up."""
    made: Drawn = {}
    later = drawn(chance.randrange(10**9))
    for name, rows in tables.items():
        known = [row for row in rows if is_known(name, row, snapshot)]
        other = [row for row in rows if not is_known(name, row, snapshot)]
        if name in ("subscriptions", "customers"):
            changed = [_other_state(name, row, snapshot, chance) for row in other]
            made[name] = [*known, *changed]
            continue
        kept = [_other_amounts(row, chance) for row in other if chance.random() < 0.5]
        key = _KEYS.get(name, "")
        new = [
            row | {key: f"new-{row[key]}"}
            for row in (later[name] if key else [])
            if not is_known(name, row, snapshot)
        ]
        made[name] = [*known, *kept, *new]
    made["complaints"] = [_resolved_otherwise(row, snapshot, chance) for row in made["complaints"]]
    return made


def _other_amounts(row: Row, chance: Random) -> Row:
    amounts = ("amount", "total", "revenue", "duration_s", "volume_bytes")
    return row | {column: chance.randint(1, 10**6) for column in amounts if column in row}


def _other_state(name: str, row: Row, snapshot: date, chance: Random) -> Row:
    if name == "customers":
        return row | {"segment": "vip", "region": "south"}
    changed = row | {"offer_id": "Z", "commitment_end": date(2030, 1, 1)}
    began = row["activated_on"] or START
    if row["status"] in ("pendingActive", "suspended"):
        return changed
    ended = chance.choice([None, max(began, snapshot - timedelta(days=3)), date(2025, 12, 24)])
    status = "terminated" if ended else "active"
    return changed | {"status": status, "terminated_on": ended, "termination_reason": None}


def _resolved_otherwise(row: Row, snapshot: date, chance: Random) -> Row:
    when = row["resolved_at"]
    if when is not None and when.date() < snapshot:
        return row
    later = at(snapshot + timedelta(days=1000)) + timedelta(hours=chance.randrange(100))
    return row | {"resolved_at": chance.choice([None, later]), "status": "inProgress"}


# Nothing is gained by shrinking a seed.
@settings(max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 10**9), snapshot=st.sampled_from(SNAPSHOTS[:3]))
def test_the_future_changes_no_feature(seed: int, snapshot: date) -> None:
    tables = drawn(seed, lines=14)
    panel = built(tables, snapshot, snapshot)
    assert set(FEATURES) - set(panel.features) == {
        "monthly_data",
        "monthly_data_trend",
        "monthly_sms",
        "monthly_sms_trend",
    }
    before = features_of(panel)
    other = rewritten(tables, snapshot, Random(seed))  # noqa: S311
    unknown = {
        row["subscription_id"]
        for row in tables["subscriptions"]
        if not is_known("subscriptions", row, snapshot)
    }
    at_once = features_of(built(other, snapshot, snapshot))
    # Whether a line had left unnoticed by then takes it out, and is not seen otherwise.
    assert set(before) ^ set(at_once) <= unknown
    both = set(before) & set(at_once)
    assert {line: at_once[line] for line in both} == {line: before[line] for line in both}
    # Known outcomes take lines out of the panel, and change nothing of those that stay.
    after = features_of(built(other, snapshot, date(2026, 3, 1)))
    assert after == {line: at_once[line] for line in after}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_future_changes_no_feature_of_a_family(family: Any) -> None:
    tables = drawn(5, lines=30)
    snapshot, held = SNAPSHOTS[1], ("subscriptions", "customers")
    before = features_of(built(tables, snapshot, snapshot, [family.name]))
    known = {
        name: [row for row in rows if name in held or is_known(name, row, snapshot)]
        for name, rows in tables.items()
    }
    assert before
    assert features_of(built(known, snapshot, snapshot, [family.name])) == before
    # The test could not fail if a family told nothing apart.
    told = {tuple(values.values()) for values in before.values()}
    assert len(told) > 1


def test_engines_agree(distinct_backend: Backend) -> None:
    tables = drawn(11, lines=16)
    expected = features_of(built(tables, SNAPSHOTS[2], END))
    panel = build_panel(
        frames(tables, distinct_backend),
        window=WINDOW,
        snapshots=[SNAPSHOTS[2]],
        data_end=END,
        data_start=STARTS,
    )
    assert features_of(panel, distinct_backend) == expected
    assert len(expected) > 3


def test_the_catalogue_tells_of_every_feature() -> None:
    assert list(FEATURES) == [each.name for family in FAMILIES for each in family.features]
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert feature.words
        assert feature.unit
        assert feature.window
    categories = {n for n, each in FEATURES.items() if each.kind is FeatureKind.CATEGORICAL}
    assert categories == {"commitment_phase", "payment_mode", "offer_id", "segment", "region"}


def test_features_are_made_of_what_came() -> None:
    tables = drawn(3)
    only = {name: tables[name] for name in ("subscriptions", "recharges", "complaints")}
    for row in only["recharges"]:
        del row["validity_days"]
    panel = build_panel(frames(only), window=WINDOW, snapshots=SNAPSHOTS[0], data_end=END)
    assert set(panel.features) == {
        "tenure_months",
        "months_to_contract_end",
        "commitment_phase",
        "payment_mode",
        "offer_id",
        "line_count",
        "days_since_recharge",
        "recharge_count",
        "recharge_amount",
        "recharge_interval_days",
        "complaint_count",
        "severe_complaint_count",
        "open_complaints",
        "days_since_complaint",
    }
    schema = panel.frame.schema
    assert all(
        schema[name] == (pl.String if name in panel.categorical else pl.Float64)
        for name in panel.features
    )


def test_families_and_names_choose_features() -> None:
    tables = drawn(3)
    panel = built(tables, SNAPSHOTS[0], END, ["late_payments", "tenure"])
    assert panel.features == (
        "tenure_months",
        "months_to_contract_end",
        "commitment_phase",
        "late_payments",
    )
    with pytest.raises(ParameterError, match="Did you mean 'late_payments'"):
        built(tables, SNAPSHOTS[0], END, ["late_payment"])
    del tables["payments"]
    with pytest.raises(MissingTableError, match="made from payments"):
        build_panel(frames(tables), snapshots=SNAPSHOTS, features=["late_payments"])


def test_present_states_are_named() -> None:
    dated, undated = drawn(3), drawn(3, dated=False)
    assert built(dated, SNAPSHOTS[0], END).present_state == ()
    told = built(undated, SNAPSHOTS[0], END).present_state
    # Offers and segments are told month by month, where the months tell them.
    assert told == (
        "months_to_contract_end",
        "commitment_phase",
        "payment_mode",
        "segment",
        "region",
    )
    assert "of present states" in repr(built(undated, SNAPSHOTS[0], END))
