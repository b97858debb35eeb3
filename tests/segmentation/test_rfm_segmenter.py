"""RFM as a segmentation: what it learns and gives is what the function gives."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import RfmSegmenter, rfm

DAY = date(2024, 3, 31)
purchases = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.dates(date(2024, 1, 1), DAY),
        st.sampled_from([0.0, 0.1, 0.2, 5.0, 20.0]),
    ),
    min_size=1,
    max_size=20,
)
NAMES = ("customer_id", "recharged_at", "amount")


def random_purchases() -> dict[str, list[Any]]:
    random = Random(3)  # noqa: S311 (a fixture, not a secret)
    rows = [
        (
            f"C-{random.randrange(12):02}",
            DAY - timedelta(days=random.randrange(90)),
            random.choice([5.0, 10.0, 0.1]),
        )
        for _ in range(60)
    ]
    return {name: [row[at] for row in rows] for at, name in enumerate(NAMES)}


@given(purchases, st.sampled_from(["low", "high"]), st.integers(2, 5))
@settings(max_examples=5)
def test_predicting_the_fitted_table_gives_the_scores_of_the_function(
    rows: list[Any], ties: str, bins: int
) -> None:
    frame = pl.DataFrame(rows, schema=list(NAMES), orient="row")
    segmenter = RfmSegmenter(bins=bins, ties=ties).fit(frame, as_of=DAY)
    scored = rfm(frame, as_of=DAY, bins=bins, ties=ties)
    expected = scored.select("customer_id", segment=pl.col("rfm_score").cast(pl.String))
    assert segmenter.predict(frame, as_of=DAY).equals(expected)


def test_every_engine_learns_and_predicts_alike(backend: Any) -> None:
    columns = random_purchases()
    reference = RfmSegmenter().fit(pl.DataFrame(columns), as_of=DAY)
    frame = backend.frame(columns)
    segmenter = RfmSegmenter().fit(frame, as_of=DAY)
    assert segmenter.to_json() == reference.to_json()
    found = segmenter.predict(frame, as_of=DAY)
    assert backend.is_own(found)
    expected = reference.predict(pl.DataFrame(columns), as_of=DAY).to_dicts()
    assert backend.rows(found) == expected


def test_a_later_month_is_scored_by_the_old_breaks() -> None:
    columns = random_purchases()
    segmenter = RfmSegmenter(bins=3).fit(pl.DataFrame(columns), as_of=DAY)
    best = {"customer_id": ["x"] * 50, "recharged_at": [DAY] * 50, "amount": [100.0] * 50}
    later = segmenter.predict(pl.DataFrame(best), as_of=DAY)
    assert later["segment"].to_list() == ["333"]


def test_bad_parameters_show_when_it_is_fitted() -> None:
    frame = pl.DataFrame(random_purchases())
    with pytest.raises(ParameterError, match="gives equal customers different scores"):
        RfmSegmenter(ties="spread").fit(frame, as_of=DAY)
    with pytest.raises(ParameterError, match="bins is 1"):
        RfmSegmenter(bins=1).fit(frame, as_of=DAY)
    with pytest.raises(ParameterError, match="nobody has bought anything"):
        RfmSegmenter().fit(frame.head(0), as_of=DAY)
    with pytest.raises(InvalidTableError, match="is negative"):
        RfmSegmenter().fit(frame.with_columns(amount=-pl.col("amount")), as_of=DAY)


def test_a_key_called_segment_is_refused() -> None:
    frame = pl.DataFrame(random_purchases()).rename({"customer_id": "Segment"})
    segmenter = RfmSegmenter(customer="Segment").fit(frame, as_of=DAY)
    with pytest.raises(ParameterError, match="'Segment' would stand twice"):
        segmenter.predict(frame, as_of=DAY)
