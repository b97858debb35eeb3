"""Parts of an amount: they add up, and each is next to its quota."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from telcrm.mart.attribution import attribute, bearers
from telcrm.mart.policy import Attribution

EURO_CENT = 10_000


@given(
    amount=st.integers(-(10**12), 10**12),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=7),
    attribution=st.sampled_from(Attribution),
)
def test_parts_add_up_and_are_next_to_their_quota(
    amount: int, weights: list[int], attribution: Attribution
) -> None:
    lines = pl.LazyFrame(
        {
            "_by": 0,
            "_payer": "A",
            "subscription_id": [f"S{n}" for n in range(len(weights))],
            "_began": list(range(len(weights), 0, -1)),
            "_tier": 0,
            "weight": weights,
        }
    )
    told = pl.LazyFrame({"_by": [0], "_payer": ["A"], "amount": [amount], "count": [3]})
    shares = bearers(nw.from_native(lines), attribution, weight="weight")
    found = attribute(
        nw.from_native(told), shares, ["amount"], unit=EURO_CENT, repeated=["count"]
    ).collect()
    rows = dict(zip(found["subscription_id"], found["amount"], strict=True))
    assert sum(rows.values()) == amount
    assert set(found["count"]) == {3}
    own = weights
    if attribution is Attribution.EQUAL or not sum(weights):
        own = [1] * len(weights)
    if attribution is Attribution.FIRST_LINE:
        # The line of the least day is the last of the list.
        own = [0] * (len(weights) - 1) + [1]
    for n, weight in enumerate(own):
        assert abs(rows[f"S{n}"] - amount * weight / sum(own)) < EURO_CENT + 1


def test_only_the_lowest_tier_of_a_payer_bears() -> None:
    lines = pl.LazyFrame(
        {
            "_by": [0, 0, 0, 1],
            "_payer": ["A", "A", "A", "A"],
            "subscription_id": ["S1", "S2", "S3", "S4"],
            "_began": [1, 2, 3, 4],
            "_tier": [1, 0, 0, 9],
        }
    )
    shares = bearers(nw.from_native(lines), Attribution.EQUAL, weight="none").collect()
    assert set(shares["subscription_id"]) == {"S2", "S3", "S4"}
