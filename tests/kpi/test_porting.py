"""Ports and market shares: plain Python as oracle, and every engine."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import market_share, net_porting

JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))

PORTS: dict[str, list[Any]] = {
    "ported_on": [date(2024, 1, 9), date(2024, 1, 31), date(2024, 3, 1), date(2024, 3, 2)],
    "donor": ["Blue", "us", "Red", "Blue"],
    "recipient": ["us", "Blue", "us", "Red"],
}


def test_every_engine_balances_alike(backend: Any) -> None:
    result = net_porting(backend.frame(PORTS), own="us")
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        (JAN, "Blue", 1, 1, 0, 1.0),
        (JAN, "Red", 0, 0, 0, None),
        (FEB, "Blue", 0, 0, 0, None),
        (FEB, "Red", 0, 0, 0, None),
        (MAR, "Blue", 0, 0, 0, None),
        (MAR, "Red", 1, 0, 1, None),
    ]


@given(st.lists(st.permutations(["us", "Blue", "Red"]), max_size=12))
@settings(max_examples=15)
def test_what_one_wins_another_loses(pairs: list[list[str]]) -> None:
    ports = pl.DataFrame(
        {
            "ported_on": [JAN] * len(pairs),
            "donor": [pair[0] for pair in pairs],
            "recipient": [pair[1] for pair in pairs],
        },
        schema={"ported_on": pl.Date, "donor": pl.String, "recipient": pl.String},
    )
    balance = {
        own: net_porting(ports, own=own, period=None)["net_ported"].sum()
        for own in ("us", "Blue", "Red")
    }
    assert sum(balance.values()) == 0
    for own, net in balance.items():
        assert net == sum((to == own) - (of == own) for of, to, _ in pairs)


def test_ports_that_cannot_be_are_refused(backend: Any) -> None:
    with pytest.raises(InvalidTableError, match="are the same operator in 1 row"):
        net_porting(backend.frame(PORTS | {"donor": ["us", "us", "Red", "Blue"]}), own="us")
    nowhere = PORTS | {"recipient": [None, "Blue", "us", "Red"]}
    with pytest.raises(InvalidTableError, match="'recipient' is null in 1 row"):
        net_porting(backend.frame(nowhere), own="us")


def test_an_operator_without_ports_has_no_balance() -> None:
    assert net_porting(pl.DataFrame(PORTS), own="Green").is_empty()
    assert net_porting(pl.DataFrame(PORTS).clear(), own="us", period=None).is_empty()


MARKET: dict[str, list[Any]] = {
    "quarter": ["Q1", "Q1", "Q1", "Q2", "Q2"],
    "operator": ["us", "Blue", "us", "us", "Blue"],
    "subscriptions": [50, 25, 25, 0, 0],
}


def test_every_engine_shares_the_market_alike(backend: Any) -> None:
    result = market_share(backend.frame(MARKET), by="quarter")
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        ("Q1", "Blue", 25.0, 0.25, 0.625),
        ("Q1", "us", 75.0, 0.75, 0.625),
        ("Q2", "Blue", 0.0, None, None),
        ("Q2", "us", 0.0, None, None),
    ]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
@settings(max_examples=15)
def test_shares_are_shares_and_a_monopoly_is_one(counts: list[int]) -> None:
    market = pl.DataFrame({"operator": [f"{at}" for at in range(len(counts))], "n": counts})
    shares = market_share(market, count="n")
    assert shares["share"].sum() == pytest.approx(1)
    exact = sum(Fraction(count, sum(counts)) ** 2 for count in counts)
    assert shares["concentration"].to_list() == pytest.approx([float(exact)] * len(counts))
    assert 1 / len(counts) - 1e-9 <= shares["concentration"][0] <= 1 + 1e-9


def test_a_market_has_no_negative_numbers() -> None:
    wrong = pl.DataFrame(MARKET).with_columns(subscriptions=pl.lit(-1))
    with pytest.raises(InvalidTableError, match="is negative in 5 rows"):
        market_share(wrong)
    with pytest.raises(ParameterError, match="would stand twice"):
        market_share(pl.DataFrame(MARKET), by="operator")
