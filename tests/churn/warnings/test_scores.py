"""Scores of customers: plain Python as oracle, and every engine."""

from __future__ import annotations

from math import prod
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.churn.warnings.scores import warning_scores
from telcrm.churn.warnings.signal import WarningSignal
from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError

FOUND: dict[str, list[Any]] = {
    "customer_id": ["ann", "ann", "ann", "ann", "bob", "cid", "cid"],
    "signal": [
        "contract_expiry",
        "contract_expiry",
        "silent_customer",
        "payment_stress",
        "porting_request",
        "high_risk_complaint",
        "contract_expiry",
    ],
    "churn_kind": ["voluntary"] * 3 + ["involuntary", "port_out", "voluntary", "voluntary"],
    "weight": [0.5, 0.5, 0.25, 0.5, 1.0, 0.0, 0.2],
}
SCORES = [
    ("ann", 4, 0.90625, "contract_expiry", "payment_stress", "silent_customer"),
    ("bob", 1, 1.0, "porting_request", None, None),
    ("cid", 2, 0.2, "contract_expiry", "high_risk_complaint", None),
]


def _scored(backend: Backend) -> None:
    result = warning_scores(backend.frame(FOUND))
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == SCORES


def test_every_engine_scores_alike(distinct_backend: Backend) -> None:
    _scored(distinct_backend)


def test_spark_scores_alike(spark_backend: Backend) -> None:
    _scored(spark_backend)


def test_debts_can_be_kept_apart(distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(FOUND)
    result = warning_scores(frame, by=["customer_id", "churn_kind"])
    assert [tuple(row.values())[:4] for row in distinct_backend.rows(result)][:2] == [
        ("ann", "involuntary", 1, 0.5),
        ("ann", "voluntary", 3, 0.8125),
    ]


_WARNINGS = st.tuples(
    st.sampled_from(["ann", "bob"]), st.sampled_from(list(WarningSignal)), st.floats(0, 1)
)


@given(st.lists(_WARNINGS, max_size=8))
@settings(max_examples=40)
def test_a_score_is_what_no_warning_leaves(warnings: list[tuple[str, str, float]]) -> None:
    frame = pl.DataFrame(
        warnings,
        schema={"customer_id": pl.String, "signal": pl.String, "weight": pl.Float64},
        orient="row",
    )
    for customer, count, score, *named in warning_scores(frame).rows():
        own = [(signal, weight) for who, signal, weight in warnings if who == customer]
        assert count == len(own)
        assert score == pytest.approx(1 - prod(1 - weight for _, weight in own), abs=2e-9)
        best = {signal: max(w for s, w in own if s == signal) for signal, _ in own}
        order = list(WarningSignal)
        by_weight = sorted(best, key=lambda s: (-round(best[s], 9), order.index(WarningSignal(s))))
        assert [name for name in named if name] == by_weight[:3]


def test_warnings_that_cannot_be_are_refused(distinct_backend: Backend) -> None:
    def ask(**changed: list[Any]) -> Any:
        return warning_scores(distinct_backend.frame({**FOUND, **changed}))

    with pytest.raises(InvalidTableError, match="'weight' is outside 0 to 1 in 1 row"):
        ask(weight=[1.5, *FOUND["weight"][1:]])
    with pytest.raises(InvalidTableError, match="'signal' is no WarningSignal in 1 row"):
        ask(signal=["hunch", *FOUND["signal"][1:]])
    with pytest.raises(InvalidTableError, match="'customer_id' is null in 1 row"):
        ask(customer_id=[None, *FOUND["customer_id"][1:]])
    with pytest.raises(ColumnTypeError, match="'weight' holds"):
        ask(weight=["much"] * 7)
    with pytest.raises(MissingColumnsError, match="warnings lacks 'segment'"):
        warning_scores(distinct_backend.frame(FOUND), by="segment")


def test_a_key_that_is_called_like_a_result_is_refused() -> None:
    with pytest.raises(ParameterError, match="'score' would stand twice"):
        warning_scores(pl.DataFrame(FOUND), by="score")
