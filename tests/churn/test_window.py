"""Windows around a snapshot."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.churn.window import ChurnWindow, PrepaidRule, snapshot_days
from telcrm.errors import WindowError

SNAPSHOT = date(2026, 3, 1)
days = st.integers(1, 400)


@given(observation=days, gap=st.integers(0, 400), outcome=days, wait=days)
def test_windows_touch_and_do_not_overlap(
    observation: int, gap: int, outcome: int, wait: int
) -> None:
    window = ChurnWindow(
        observation_days=observation,
        gap_days=gap,
        outcome_days=outcome,
        prepaid=PrepaidRule(inactivity_days=wait, refill_grace_days=None),
    )
    first, end = window.observation(SNAPSHOT)
    assert end == SNAPSHOT == window.gap(SNAPSHOT)[0]
    assert end - first == timedelta(days=observation)
    assert window.gap(SNAPSHOT)[1] == window.outcome(SNAPSHOT)[0]
    assert window.outcome(SNAPSHOT)[1] == window.known_from(SNAPSHOT)
    assert window.known_from(SNAPSHOT) == SNAPSHOT + timedelta(days=window.embargo_days)
    late = window.known_from(SNAPSHOT, payment_mode="prepaid")
    assert late - window.known_from(SNAPSHOT) == timedelta(days=wait)


def test_defaults_are_those_of_the_reference() -> None:
    window = ChurnWindow()
    assert (window.observation_days, window.gap_days, window.outcome_days) == (90, 30, 30)
    assert window.min_tenure_days == 30
    assert window.prepaid == PrepaidRule(inactivity_days=90, refill_grace_days=45)
    assert set(window.churn_reasons) == {"voluntary", "port_out", "involuntary"}


def test_without_a_prepaid_rule_nobody_waits() -> None:
    window = ChurnWindow(prepaid=None)
    assert window.known_from(SNAPSHOT, payment_mode="prepaid") == window.known_from(SNAPSHOT)


def test_grace_longer_than_inactivity_sets_the_wait() -> None:
    assert PrepaidRule(inactivity_days=10, refill_grace_days=45).wait_days == 45


def test_a_window_is_stored_and_read() -> None:
    window = ChurnWindow(gap_days=0, churn_reasons=["port_out"])
    assert ChurnWindow.from_json(window.to_json()) == window
    assert window.replace(gap_days=7).gap_days == 7


@pytest.mark.parametrize(
    "fields",
    [
        {"observation_days": 0},
        {"gap_days": -1},
        {"outcome_days": 0},
        {"outcome_days": 30.5},
        {"min_tenure_days": "30"},
        {"absent_months": 0},
        {"churn_reasons": []},
        {"churn_reasons": ["voluntary", "voluntary"]},
        {"churn_reasons": ["bored"]},
        {"prepaid": {"kinds": ["registration"]}},
        {"prepaid": {"kinds": []}},
        {"prepaid": {"inactivity_days": 0}},
        {"lead_days": 3},
    ],
)
def test_nonsense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(WindowError, match="ChurnWindow: "):
        ChurnWindow(**fields)


@pytest.mark.parametrize("snapshot", [datetime(2026, 3, 1), "2026-03-01", None])
def test_a_snapshot_is_a_date(snapshot: object) -> None:
    with pytest.raises(WindowError, match="have to be dates"):
        ChurnWindow().outcome(snapshot)  # type: ignore[arg-type]


def test_windows_stay_in_the_calendar() -> None:
    with pytest.raises(WindowError, match="leave the calendar"):
        ChurnWindow().outcome(date.max)
    with pytest.raises(WindowError, match="leave the calendar"):
        ChurnWindow().observation(date.min)


@pytest.mark.parametrize("snapshots", [[], [SNAPSHOT, SNAPSHOT], [datetime(2026, 1, 1)]])
def test_snapshots_are_named_once(snapshots: list[object]) -> None:
    with pytest.raises(WindowError, match="each once"):
        snapshot_days(snapshots)
