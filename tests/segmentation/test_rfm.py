"""RFM scores: their laws, an oracle in plain Python, and every engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
)
from telcrm.segmentation import RfmBreaks, RfmMethod, RfmTies, rfm, rfm_breaks

AS_OF = date(2024, 6, 30)
MEASURES = ["recency", "frequency", "monetary"]

NAMES = ["customer_id", "recharged_at", "amount"]

recharges = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.integers(-3, 100).map(lambda days: AS_OF - timedelta(days=days)),
        st.sampled_from([0.0, 0.1, 0.2, 0.3, 5.0]),
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True)))


def oracle(columns: dict[str, list[Any]], bins: int, method: RfmMethod) -> list[dict[str, Any]]:
    """The definition in plain Python; Decimal for the sums."""
    own: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for who, at, amount in zip(*columns.values(), strict=True):
        if at <= AS_OF:
            own[who].append((at, Decimal(str(amount))))
    rows: list[dict[str, Any]] = []
    for who in sorted(own):
        last, total = max(at for at, _ in own[who]), sum(amount for _, amount in own[who])
        measured = {"recency_days": (AS_OF - last).days, "frequency": len(own[who])}
        rows.append({"customer_id": who, **measured, "monetary": float(total)})
    among: list[str] = []
    for name in MEASURES:
        column = "recency_days" if name == "recency" else name
        sign = -1 if name == "recency" else 1
        for row in rows:
            peers = [peer for peer in rows if all(peer[key] == row[key] for key in among)]
            worse = sum(sign * peer[column] < sign * row[column] for peer in peers)
            row[f"{name}_score"] = 1 + bins * worse // len(peers)
        if method is RfmMethod.NESTED:
            among.append(f"{name}_score")
    for row in rows:
        recency, frequency, monetary = (row[f"{name}_score"] for name in MEASURES)
        row["rfm_score"] = 100 * recency + 10 * frequency + monetary
    return rows


def log(rows: int = 300) -> dict[str, list[Any]]:
    random = Random(3)  # noqa: S311 (a fixture, not a secret)
    return {
        "customer_id": [f"C-{random.randrange(40):02}" for _ in range(rows)],
        "recharged_at": [AS_OF - timedelta(days=random.randrange(-5, 200)) for _ in range(rows)],
        "amount": [random.choice([0.1, 0.2, 0.3, 5.0]) for _ in range(rows)],
    }


@pytest.mark.parametrize("method", RfmMethod)
@given(columns=recharges, bins=st.integers(2, 9))
def test_the_definition_in_plain_python_agrees(
    columns: dict[str, list[Any]], bins: int, method: RfmMethod
) -> None:
    scored = rfm(pl.DataFrame(columns), as_of=AS_OF, bins=bins, method=method)
    assert scored.to_dicts() == oracle(columns, bins, method)


@given(columns=recharges, order=st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_unit_of_money_changes_a_score(
    columns: dict[str, list[Any]], order: Any
) -> None:
    rows = list(zip(*columns.values(), strict=True))
    order.shuffle(rows)
    shuffled = pl.DataFrame(rows, schema=list(columns), orient="row")
    in_cents = shuffled.with_columns((pl.col("amount") * 100).round().cast(pl.Int64))
    scores = [f"{name}_score" for name in MEASURES]
    expected = rfm(pl.DataFrame(columns), as_of=AS_OF).select(scores)
    assert rfm(in_cents, as_of=AS_OF).select(scores).equals(expected)


@given(recharges)
def test_a_score_never_falls_as_its_measure_betters(columns: dict[str, list[Any]]) -> None:
    scored = rfm(pl.DataFrame(columns), as_of=AS_OF)
    for column, score in [
        ("frequency", "frequency_score"),
        ("monetary", "monetary_score"),
        ("recency_days", "recency_score"),
    ]:
        ordered = scored.sort(column, descending=column == "recency_days")
        assert ordered[score].is_sorted()


def test_scores_on_distinct_customers_fill_even_bins() -> None:
    columns = {
        "customer_id": [f"C-{nth:02}" for nth in range(20)],
        "recharged_at": [AS_OF - timedelta(days=nth) for nth in range(20)],
        "amount": [float(nth) for nth in range(20)],
    }
    scored = rfm(pl.DataFrame(columns), as_of=AS_OF)
    assert scored["recency_score"].to_list() == [5] * 4 + [4] * 4 + [3] * 4 + [2] * 4 + [1] * 4
    assert scored["monetary_score"].to_list() == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4
    assert scored["frequency_score"].unique().to_list() == [1]


@pytest.mark.parametrize("method", RfmMethod)
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, method: RfmMethod) -> None:
    columns = log()
    scored = rfm(backend.frame(columns), as_of=AS_OF, method=method)
    assert backend.is_own(scored)
    assert backend.rows(scored) == oracle(columns, 5, method)


def test_instants_count_by_their_day_and_the_day_itself_counts() -> None:
    columns = {
        "customer_id": ["a", "b", "c"],
        "recharged_at": [
            datetime(2024, 6, 30, 23, 59, tzinfo=UTC),
            datetime(2024, 6, 29, 0, 0, tzinfo=UTC),
            datetime(2024, 7, 1, 0, 0, tzinfo=UTC),
        ],
        "amount": [1.0, 1.0, 1.0],
    }
    for frame in (pl.DataFrame(columns), pd.DataFrame(columns)):
        scored: Any = rfm(frame, as_of=AS_OF)
        assert list(scored["customer_id"]) == ["a", "b"]
        assert list(scored["recency_days"]) == [0, 1]


def test_no_transaction_up_to_the_day_gives_no_customer() -> None:
    assert rfm(pl.DataFrame(log()), as_of=date(2000, 1, 1)).height == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer_id": None}, "'customer_id' is null in 2 rows"),
        ({"recharged_at": None}, "'recharged_at' is null in 2 rows"),
        ({"amount": None}, "'amount' is null in 2 rows"),
        ({"amount": -0.5}, "'amount' is negative in 2 rows"),
    ],
)
def test_rows_that_would_give_wrong_scores_are_refused(
    backend: Any, change: dict[str, Any], words: str
) -> None:
    columns = log(10)
    for name, value in change.items():
        columns[name][2:4] = [value, value]
    with pytest.raises(InvalidTableError, match=words):
        rfm(backend.frame(columns), as_of=AS_OF)


def test_mixed_currencies_are_refused() -> None:
    frame = pl.DataFrame(log(2)).with_columns(currency=pl.Series(["EUR", "USD"]))
    with pytest.raises(CurrencyMismatchError, match="transactions: column 'currency'"):
        rfm(frame, as_of=AS_OF)


def test_missing_columns_and_wrong_types_are_refused() -> None:
    frame = pl.DataFrame(log(3))
    with pytest.raises(MissingColumnsError, match='at="recharged_at"'):
        rfm(frame, as_of=AS_OF, at="recharged")
    with pytest.raises(ColumnTypeError, match="'amount' holds String"):
        rfm(frame.with_columns(pl.col("amount").cast(pl.String)), as_of=AS_OF)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"bins": 1}, "bins is 1"),
        ({"bins": 10}, "bins is 10"),
        ({"bins": 2.5}, r"bins is 2\.5, and has to be a whole number"),
        ({"bins": True}, "bins is True"),
        ({"bins": "5"}, "bins is '5'"),
        ({"as_of": "2024-05-01"}, "as_of is '2024-05-01', and has to be a date"),
        ({"as_of": None}, "as_of is None"),
        ({"as_of": datetime(2024, 6, 30, tzinfo=UTC)}, "has to be a date"),
        ({"customer": "Frequency"}, "stand twice"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        rfm(pl.DataFrame(log(3)), **({"as_of": AS_OF} | parameters))


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(
        ParameterError, match=r"method='magic' is no RfmMethod\. Choose from: independent, nested"
    ):
        rfm(pl.DataFrame(log(3)), as_of=AS_OF, method="magic")


@given(columns=recharges, bins=st.integers(2, 9))
def test_ties_at_the_highest_rank_and_spread_by_name(
    columns: dict[str, list[Any]], bins: int
) -> None:
    frame = pl.DataFrame(columns)
    high = rfm(frame, as_of=AS_OF, bins=bins, ties=RfmTies.HIGH).to_dicts()
    spread = rfm(frame, as_of=AS_OF, bins=bins, ties=RfmTies.SPREAD).to_dicts()
    for name in MEASURES:
        column = "recency_days" if name == "recency" else name
        sign = -1 if name == "recency" else 1
        for row in high:
            not_better = sum(sign * one[column] <= sign * row[column] for one in high)
            assert row[f"{name}_score"] == 1 + bins * (not_better - 1) // len(high)
        order = sorted(spread, key=lambda row: (sign * row[column], row["customer_id"]))
        scores = [1 + bins * place // len(order) for place in range(len(order))]
        assert [row[f"{name}_score"] for row in order] == scores


@pytest.mark.parametrize("ties", RfmTies)
def test_every_engine_ranks_ties_alike(backend: Any, ties: RfmTies) -> None:
    columns = log()
    rows = backend.rows(rfm(backend.frame(columns), as_of=AS_OF, ties=ties))
    assert rows == rfm(pl.DataFrame(columns), as_of=AS_OF, ties=ties).to_dicts()


@given(columns=recharges, bins=st.integers(2, 9), ties=st.sampled_from(["low", "high"]))
def test_learnt_breaks_give_the_same_scores(
    columns: dict[str, list[Any]], bins: int, ties: str
) -> None:
    frame = pl.DataFrame(columns)
    ranked = rfm(frame, as_of=AS_OF, bins=bins, ties=ties)
    if ranked.is_empty():
        with pytest.raises(ParameterError, match="nobody has bought anything"):
            rfm_breaks(frame, as_of=AS_OF, bins=bins, ties=ties)
        return
    breaks = rfm_breaks(frame, as_of=AS_OF, bins=bins, ties=ties)
    assert breaks.bins == bins
    stored = RfmBreaks.from_json(breaks.to_json())
    assert rfm(frame, as_of=AS_OF, breaks=stored).equals(ranked)


def test_every_engine_scores_by_given_breaks(backend: Any) -> None:
    columns = {
        "customer_id": ["ann", "ann", "bob", "cid"],
        "recharged_at": [AS_OF, AS_OF, AS_OF - timedelta(days=31), AS_OF - timedelta(days=90)],
        "amount": [5.0, 5.0, 9.99, 100.0],
    }
    breaks = RfmBreaks(recency_days=(90, 30), frequency=(2, None), monetary=(10, 100))
    scored = backend.rows(rfm(backend.frame(columns), as_of=AS_OF, breaks=breaks))
    assert [row["rfm_score"] for row in scored] == [322, 211, 213]
    learnt = rfm_breaks(backend.frame(columns), as_of=AS_OF, bins=3)
    assert learnt == rfm_breaks(pl.DataFrame(columns), as_of=AS_OF, bins=3)


@pytest.mark.parametrize(
    ("cuts", "words"),
    [
        ({"frequency": (2,)}, "recency_days 2, frequency 1, monetary 2"),
        ({"frequency": (5, 2)}, "frequency: the cuts have to rise"),
        ({"recency_days": (30, 90)}, "recency_days: the cuts have to fall"),
        ({"monetary": (None, 5)}, "monetary: a score that nobody has"),
        ({"recency_days": (), "frequency": (), "monetary": ()}, "give 1 to 8 cuts each"),
        ({"monetary": (1, float("inf"))}, "finite"),
    ],
)
def test_breaks_that_make_no_sense_are_refused(cuts: dict[str, Any], words: str) -> None:
    given = {"recency_days": (90, 30), "frequency": (2, 5), "monetary": (10, 100)} | cuts
    with pytest.raises(ValidationError, match=words):
        RfmBreaks(**given)


def test_breaks_leave_nothing_to_rank() -> None:
    breaks = RfmBreaks(recency_days=(30,), frequency=(2,), monetary=(10,))
    with pytest.raises(ParameterError, match="Leave bins, method and ties out"):
        rfm(pl.DataFrame(log(3)), as_of=AS_OF, breaks=breaks, bins=3)
    with pytest.raises(ParameterError, match='Choose "low" or "high"'):
        rfm_breaks(pl.DataFrame(log(3)), as_of=AS_OF, ties="spread")
