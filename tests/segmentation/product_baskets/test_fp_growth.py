"""FP-growth: the worked example of its authors, and all sets counted by hand."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import ParameterError
from telcrm.segmentation.product_baskets import fp_growth
from telcrm.segmentation.product_baskets.fp_growth import frequent_item_sets

# Han, Pei & Yin (2000), SIGMOD, table 1; items by their place in the alphabet.
HAN = ["facdgimp", "abcflmo", "bfhjo", "bcksp", "afcelpmn"]

transactions = st.lists(st.frozensets(st.integers(0, 6), max_size=5), max_size=15)


def counted(baskets: list[frozenset[int]]) -> Counter[tuple[int, ...]]:
    return Counter(tuple(sorted(basket)) for basket in baskets)


def by_hand(baskets: list[frozenset[int]], least: int, max_size: int) -> dict[tuple[int, ...], int]:
    """Every subset of every basket, counted."""
    times: Counter[tuple[int, ...]] = Counter()
    for basket in baskets:
        for size in range(1, max_size + 1):
            times.update(combinations(sorted(basket), size))
    return {items: count for items, count in times.items() if count >= least}


def test_the_example_of_han_pei_and_yin() -> None:
    baskets = [frozenset(map(ord, basket)) for basket in HAN]
    found = frequent_item_sets(counted(baskets), least=3, max_size=8)
    named = {"".join(map(chr, items)): count for items, count in found.items()}
    # Section 2, step 1: (f:4), (c:4), (a:3), (b:3), (m:3), (p:3).
    singles = {name: count for name, count in named.items() if len(name) == 1}
    assert singles == {"f": 4, "c": 4, "a": 3, "b": 3, "m": 3, "p": 3}
    # Section 3, example 3 and table 2: with p only cp:3; with m all sets of f, c and a.
    assert {name for name in named if "p" in name} == {"p", "cp"}
    with_m = {"m", "fm", "cm", "am", "cfm", "afm", "acm", "acfm"}
    assert {name for name in named if "m" in name} == {"".join(sorted(name)) for name in with_m}
    assert {named["".join(sorted(name))] for name in with_m} == {3}
    assert len(named) == 18


@given(transactions, st.integers(1, 4), st.integers(1, 5))
def test_all_sets_counted_by_hand_are_found_and_no_others(
    baskets: list[frozenset[int]], least: int, max_size: int
) -> None:
    found = frequent_item_sets(counted(baskets), least=least, max_size=max_size)
    assert found == by_hand(baskets, least, max_size)


def test_too_many_sets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fp_growth, "MAX_ITEM_SETS", 100)
    with pytest.raises(ParameterError, match="more than 100 frequent item sets"):
        frequent_item_sets({tuple(range(10)): 1}, least=1, max_size=10)
