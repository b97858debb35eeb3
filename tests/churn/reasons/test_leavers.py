"""Leavers by reason and destination: plain Python as oracle, and every engine."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.churn.reasons.leavers import leaver_destinations, leaver_reasons
from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.kpi import wilson_interval

JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))

LEAVERS: dict[str, list[Any]] = {
    "subscription_id": ["S-1", "S-2", "S-3", "S-4", "S-5", "S-6"],
    "segment": ["mass", "mass", "mass", "premium", "mass", "mass"],
    "terminated_on": [date(2026, 1, 5), date(2026, 1, 31), JAN, JAN, MAR, None],
    "termination_reason": ["port_out", "port_out", "voluntary", "involuntary", None, None],
    "stated": ["price", "coverage", None, None, "price", None],
}


def _ends(part: int, whole: int) -> tuple[Any, ...]:
    interval = wilson_interval(part, whole)
    share = (part / whole if whole else None, *(interval or (None, None)))
    return tuple(None if one is None else pytest.approx(one, abs=1e-12) for one in share)


def _by_segment(backend: Backend) -> None:
    result = leaver_reasons(backend.frame(LEAVERS), by="segment")
    assert backend.is_own(result)
    rows = [tuple(row.values()) for row in backend.rows(result)]
    assert [row for row in rows if row[3]] == [
        (JAN, "mass", "port_out", 2, *_ends(2, 3)),
        (JAN, "mass", "voluntary", 1, *_ends(1, 3)),
        (JAN, "premium", "involuntary", 1, *_ends(1, 1)),
        (MAR, "mass", "unknown", 1, *_ends(1, 1)),
    ]
    assert [row[0] for row in rows] == [JAN] * 4 + [FEB] * 4 + [MAR] * 4
    assert rows[4] == (FEB, "mass", "port_out", 0, None, None, None)
    assert rows[0][:2] + rows[3][:2] == (JAN, "mass", JAN, "premium")


def test_every_engine_counts_leavers_alike(distinct_backend: Backend) -> None:
    _by_segment(distinct_backend)


def test_spark_counts_leavers_alike(spark_backend: Backend) -> None:
    _by_segment(spark_backend)


def test_stated_reasons_stand_beside_kinds(distinct_backend: Backend) -> None:
    result = leaver_reasons(distinct_backend.frame(LEAVERS), reason="stated", period=None)
    assert [tuple(row.values())[:3] for row in distinct_backend.rows(result)] == [
        ("involuntary", "unknown", 1),
        ("port_out", "coverage", 1),
        ("port_out", "price", 1),
        ("unknown", "price", 1),
        ("voluntary", "unknown", 1),
    ]


_LINES = st.lists(
    st.tuples(
        st.sampled_from([JAN, date(2026, 2, 9), None]),
        st.sampled_from(["voluntary", "port_out", None]),
        st.sampled_from(["mass", "premium"]),
    ),
    max_size=12,
)


@given(_LINES)
@settings(max_examples=20)
def test_shares_of_a_month_and_segment_add_up(lines: list[tuple[Any, ...]]) -> None:
    frame = pl.DataFrame(
        lines,
        schema={"terminated_on": pl.Date, "termination_reason": pl.String, "segment": pl.String},
        orient="row",
    )
    left = Counter((at.month, segment, kind or "unknown") for at, kind, segment in lines if at)
    for month, segment, kind, lost, share, low, high in leaver_reasons(frame, by="segment").rows():
        assert lost == left[month.month, segment, kind]
        whole = sum(n for key, n in left.items() if key[:2] == (month.month, segment))
        assert (share, low, high) == _ends(lost, whole)


def test_tables_of_leavers_that_cannot_be_are_refused(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(LEAVERS)
    with pytest.raises(MissingColumnsError, match=r"subscriptions lacks 'reason' .*reason="):
        leaver_reasons(frame, reason="reason")
    with pytest.raises(ColumnTypeError, match="'termination_reason' holds"):
        leaver_reasons(frame, at="termination_reason", kind="terminated_on")
    with pytest.raises(ParameterError, match="'share' would stand twice"):
        leaver_reasons(frame, by="share")
    with pytest.raises(ParameterError, match="confidence is 1"):
        leaver_reasons(frame, confidence=1)


PORTS: dict[str, list[Any]] = {
    "ported_on": [date(2026, 1, 9), date(2026, 1, 31), date(2026, 1, 31), MAR, MAR],
    "donor": ["us", "us", "us", "Red", "Blue"],
    "recipient": ["Blue", "Red", "Blue", "us", "Red"],
}


def _destinations(backend: Backend) -> None:
    result = leaver_destinations(backend.frame(PORTS), own="us")
    assert backend.is_own(result)
    nobody = (None, None, None)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        (JAN, "Blue", 2, *_ends(2, 3), 0, -2, 0.0),
        (JAN, "Red", 1, *_ends(1, 3), 0, -1, 0.0),
        (FEB, "Blue", 0, *nobody, 0, 0, None),
        (FEB, "Red", 0, *nobody, 0, 0, None),
        (MAR, "Blue", 0, *nobody, 0, 0, None),
        (MAR, "Red", 0, *nobody, 1, 1, None),
    ]


def test_every_engine_tells_destinations_alike(distinct_backend: Backend) -> None:
    _destinations(distinct_backend)


def test_spark_tells_destinations_alike(spark_backend: Backend) -> None:
    _destinations(spark_backend)


def test_destinations_of_all_time_and_of_nobody() -> None:
    ports = pl.DataFrame(PORTS)
    found = leaver_destinations(ports, own="us", period=None, confidence=0.8)
    low, high = wilson_interval(2, 3, confidence=0.8) or (0.0, 0.0)
    assert found.row(0)[:4] == ("Blue", 2, pytest.approx(2 / 3), pytest.approx(low))
    assert found.row(0)[4] == pytest.approx(high)
    assert leaver_destinations(ports.clear(), own="us").is_empty()


def test_ports_that_cannot_be_are_refused() -> None:
    ports = pl.DataFrame(PORTS)
    with pytest.raises(InvalidTableError, match="'recipient' is null in 1 row"):
        leaver_destinations(
            ports.with_columns(recipient=pl.Series(["a", "b", "c", "d", None])), own="us"
        )
    with pytest.raises(MissingColumnsError, match="ports lacks 'to'"):
        leaver_destinations(ports, own="us", recipient="to")
    with pytest.raises(ParameterError, match="confidence is 2"):
        leaver_destinations(ports, own="us", confidence=2)
