"""When acquisition costs are earned back: month by month by hand, and every engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain.moments import first_of_month, month_number
from telcrm.errors import ColumnTypeError, InvalidTableError, MissingColumnsError, ParameterError
from telcrm.value.current.payback import acquisition_payback

START = month_number(date(2023, 11, 1))
MONTHS = {"customer_id": pl.String, "period": pl.Date, "margin": pl.Float64}
WON = {"customer_id": pl.String, "since": pl.Date, "sac": pl.Float64, "subsidy": pl.Float64}

months = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 6), st.sampled_from([-5.0, 0.1, 0.2, 10.0])),
    max_size=20,
)
won = st.dictionaries(
    st.sampled_from("abcde"),
    st.tuples(
        st.integers(-2, 8), st.sampled_from([0.0, 0.3, 12.0]), st.sampled_from([None, 0.0, 8.0])
    ),
)


def by_hand(
    rows: list[tuple[str, int, float]],
    who: str,
    start: int | None,
    cost: float,
    rate: float,
) -> tuple[float, float | None, int | None, int]:
    """Walk through the months: cumulative margin, outstanding, payback, observed."""
    first, last = (
        min((at for _, at, _ in rows), default=0),
        max((at for _, at, _ in rows), default=-1),
    )
    own: dict[int, float] = {}
    for name, at, margin in rows:
        if name == who:
            own[at] = own.get(at, 0.0) + margin
    begun = start if start is not None else min(own, default=last + 1)
    total, paid = 0.0, 0 if cost <= 0 else None
    for at in range(begun, last + 1):
        total += own.get(at, 0.0) / (1 + rate) ** (at - begun)
        if paid is None and round(total - cost, 6) >= 0:
            paid = at - begun + 1
    seen = begun >= first or not rows
    outstanding = max(0.0, cost - total) if seen else None
    observed = max(0, last + 1 - begun) if rows else 0
    return total, outstanding, paid if seen else None, observed


@given(months, won, st.sampled_from([0.0, 0.01, 0.1]), st.booleans())
@settings(max_examples=60)
def test_months_walked_through_by_hand_agree(
    rows: list[tuple[str, int, float]],
    won: dict[str, tuple[int, float, float | None]],
    rate: float,
    told: bool,
) -> None:
    earned = pl.DataFrame(
        [(who, first_of_month(START + at), margin) for who, at, margin in rows],
        schema=MONTHS,
        orient="row",
    )
    costs = pl.DataFrame(
        [
            (who, first_of_month(START + at).replace(day=17), sac, subsidy)
            for who, (at, sac, subsidy) in won.items()
        ],
        schema=WON,
        orient="row",
    )
    found = acquisition_payback(
        earned,
        costs,
        cost=["sac", "subsidy"],
        since="since" if told else None,
        discount_rate=rate,
    )
    assert found["customer_id"].to_list() == sorted(won)
    for row in found.to_dicts():
        start, sac, subsidy = won[row["customer_id"]]
        cost = sac + (subsidy or 0.0)
        total, outstanding, paid, observed = by_hand(
            rows, row["customer_id"], start if told else None, cost, rate
        )
        assert row["acquisition_cost"] == pytest.approx(cost)
        assert row["cumulative_margin"] == pytest.approx(total, abs=1e-6)
        assert row["outstanding"] == (
            None if outstanding is None else pytest.approx(outstanding, abs=2e-6)
        )
        assert (row["payback_months"], row["months_observed"]) == (paid, observed)


EARNED = {
    "customer_id": ["ann", "ann", "ann", "bob", "old", "ann"],
    "period": [date(2024, month, 1) for month in (1, 3, 3, 2, 1, 2)],
    "margin": [0.1, 10.0, 15.0, 25.0, 99.0, 0.2],
}
COSTS = {
    "customer_id": ["ann", "bob", "new", "old", "bob"],
    "since": [
        date(2024, 1, 31),
        date(2024, 2, 9),
        date(2024, 3, 1),
        date(2023, 6, 1),
        date(2024, 2, 20),
    ],
    "acquisition_cost": [0.3, 40.0, 50.0, 20.0, 20.0],
}


def test_every_engine_pays_back_alike(distinct_backend: Any) -> None:
    earned, costs = distinct_backend.frames(EARNED, COSTS)
    found = acquisition_payback(earned, costs)
    assert distinct_backend.is_own(found)
    assert [tuple(row.values()) for row in distinct_backend.rows(found)] == [
        # 0.1 + 0.2 covers 0.3.
        ("ann", 0.3, 25.3, 0.0, 2, 3),
        ("bob", 60.0, 25.0, 35.0, None, 2),
        ("new", 50.0, 0.0, 50.0, None, 1),
        # Won before the table begins: how much it had earned by then is not known.
        ("old", 20.0, 99.0, None, None, 8 + 2),
    ]


def test_every_engine_begins_with_the_first_month_if_not_told(distinct_backend: Any) -> None:
    earned, costs = distinct_backend.frames(EARNED, COSTS)
    found = acquisition_payback(earned, costs, since=None, discount_rate=0.25)
    assert [tuple(row.values()) for row in distinct_backend.rows(found)] == [
        ("ann", 0.3, 0.1 + 0.2 / 1.25 + 16.0, 0.0, 3, 3),
        ("bob", 60.0, 25.0, 35.0, None, 2),
        ("new", 50.0, 0.0, 50.0, None, 0),
        ("old", 20.0, 99.0, 0.0, 1, 3),
    ]


def test_a_cost_of_nothing_is_paid_back_at_once(distinct_backend: Any) -> None:
    free = COSTS | {"acquisition_cost": [0] * 5}
    earned, costs = distinct_backend.frames(EARNED, free)
    rows = distinct_backend.rows(acquisition_payback(earned, costs, since=None))
    assert [row["payback_months"] for row in rows] == [0] * 4
    assert [row["outstanding"] for row in rows] == [0.0] * 4


def test_paid_back_once_is_paid_back() -> None:
    """A credit later makes something outstanding again, and the month stays what it was."""
    earned = pl.DataFrame(
        {
            "customer_id": ["a"] * 3,
            "period": [date(2024, month, 1) for month in (1, 2, 3)],
            "margin": [30.0, 20.0, -45.0],
        }
    )
    costs = pl.DataFrame({"customer_id": ["a"], "acquisition_cost": [40.0]})
    row = acquisition_payback(earned, costs, since=None).row(0, named=True)
    assert (row["payback_months"], row["cumulative_margin"], row["outstanding"]) == (2, 5.0, 35.0)


@pytest.mark.parametrize(
    ("earned", "costs", "options", "error", "message"),
    [
        ({"margin": [None] + [1.0] * 5}, {}, {}, InvalidTableError, "'margin' is null in 1 row"),
        (
            {"period": [date(2024, 1, 2)] * 6},
            {},
            {},
            InvalidTableError,
            "'period' is not the first day",
        ),
        ({}, {"since": [None] + [date(2024, 1, 1)] * 4}, {}, InvalidTableError, "'since' is null"),
        (
            {},
            {"acquisition_cost": [float("inf")] * 5},
            {},
            InvalidTableError,
            "'acquisition_cost' is not a finite number in 5 rows",
        ),
        ({}, {"customer_id": [1, 2, 3, 4, 5]}, {}, ColumnTypeError, "'customer_id' holds Int64"),
        ({}, {}, {"cost": "sac"}, MissingColumnsError, "lacks 'sac'"),
        ({}, {}, {"discount_rate": -0.1}, ParameterError, "discount_rate is -0.1"),
        ({}, {}, {"customer": "outstanding"}, ParameterError, "would stand twice"),
    ],
)
def test_what_cannot_be_paid_back_is_refused(
    earned: dict[str, Any],
    costs: dict[str, Any],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        acquisition_payback(pl.DataFrame(EARNED | earned), pl.DataFrame(COSTS | costs), **options)
