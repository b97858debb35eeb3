"""Stability: published indices, scikit-learn's, and the definitions in plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise
from math import inf, log
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from tests.segmentation.segment_months import (
    MONTHS,
    SCHEMA,
    Rows,
    assignments,
    columns_of,
    frame_of,
    month,
    some_months,
)

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import migration, population_stability_index, segment_stability

sizes = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6)


def oracle(rows: Rows, before: int, after: int) -> dict[str, Any]:
    was, now = (
        {who: label or "none" for (who, at), label in rows.items() if at == when}
        for when in (before, after)
    )
    both = sorted({*was} & {*now})
    stayed = sum(was[who] == now[who] for who in both)
    labels = sorted({*was.values(), *now.values()})
    counts = [[Counter(side.values())[label] for label in labels] for side in (was, now)]
    psi = population_stability_index(*counts)
    rand = adjusted_rand_score([was[who] for who in both], [now[who] for who in both])
    return {
        "period_before": month(before),
        "period": month(after),
        "customers_before": len(was),
        "customers_after": len(now),
        "in_both": len(both),
        "stayed": stayed,
        "stayed_share": stayed / len(both) if both else None,
        "population_stability_index": pytest.approx(psi, abs=2e-9),
        "adjusted_rand_index": pytest.approx(float(rand), abs=2e-9) if both else None,
    }


@given(assignments)
@settings(max_examples=4)
def test_indices_by_hand_and_by_scikit_learn_agree(rows: Rows) -> None:
    observed = sorted({at for _, at in rows})
    found = segment_stability(frame_of(rows)).to_dicts()
    expected = [oracle(rows, *pair) for pair in pairwise(observed)]
    assert found == expected


def test_every_engine_measures_alike(backend: Any) -> None:
    rows = some_months()
    found = segment_stability(backend.frame(columns_of(rows)))
    assert backend.is_own(found)
    assert backend.rows(found) == [oracle(rows, *pair) for pair in pairwise(MONTHS)]


def test_two_months_are_compared_whatever_lies_between() -> None:
    rows = some_months()
    found = segment_stability(frame_of(rows), between=(month(0), month(6)))
    assert found.to_dicts() == [oracle(rows, 0, 6)]


def test_hubert_and_arabie_1985_are_matched() -> None:
    # Four objects in pairs, and the same pairs under other names: equation 5 gives 1. The
    # contingency table [[1, 1], [1, 2]] gives (1 - 1.6) / (4 - 1.6) = -0.25.
    renamed: Rows = {
        **{(who, 0): label for who, label in zip("abcd", "xxyy", strict=True)},
        **{(who, 1): label for who, label in zip("abcd", "yyxx", strict=True)},
        **{(who, 2): label for who, label in zip("abcde", "xxyyy", strict=True)},
        **{(who, 5): label for who, label in zip("abcde", "xyxyy", strict=True)},
    }
    found = segment_stability(frame_of(renamed))
    assert found["adjusted_rand_index"].to_list() == [1.0, 1.0, -0.25]
    assert found["stayed"].to_list() == [0, 0, 3]


def test_the_share_that_stays_is_that_of_the_moves() -> None:
    frame = frame_of(some_months())
    moves = migration(frame).filter(pl.col("from_segment") == pl.col("to_segment"))
    kept = moves.group_by("period").agg(pl.col("customers").sum()).sort("period")
    assert kept["customers"].to_list() == segment_stability(frame)["stayed"].to_list()


def test_rows_and_columns_come_in_any_order() -> None:
    frame = frame_of(some_months())
    turned = frame.reverse().select(reversed(frame.columns))
    assert segment_stability(turned).equals(segment_stability(frame))


def test_who_is_nowhere_twice_leaves_nothing_to_compare() -> None:
    apart = segment_stability(frame_of({("a", 0): "mass", ("b", 1): "mass"}))
    row = apart.to_dicts()[0]
    assert row["stayed_share"] is None
    assert row["adjusted_rand_index"] is None
    assert row["population_stability_index"] == 0.0
    assert segment_stability(pl.DataFrame(schema=SCHEMA)).is_empty()
    assert segment_stability(frame_of({("a", 0): "mass"})).is_empty()


@given(sizes)
@settings(max_examples=5)
def test_the_index_is_symmetric_and_never_below_0(counts: list[tuple[int, int]]) -> None:
    before, after = [pair[0] for pair in counts], [pair[1] for pair in counts]
    index = population_stability_index(before, after)
    if not sum(before) or not sum(after):
        assert index is None
        return
    assert index is not None
    assert 0 <= index < inf
    assert index == pytest.approx(population_stability_index(after, before))
    assert population_stability_index(before, before) == 0
    doubled = population_stability_index([2 * count for count in before], after)
    assert doubled == pytest.approx(index)


def test_the_index_of_known_shares() -> None:
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5) = 0.1 ln 1.5, by hand.
    assert population_stability_index([50, 50], [60, 40]) == pytest.approx(0.1 * log(1.5))
    gone = population_stability_index([1, 1], [1, 0], least_share=0.01)
    assert gone == pytest.approx(0.5 * log(2) + 0.49 * log(50))


@pytest.mark.parametrize("counts", [([1], [1, 2]), ([-1, 2], [1, 2]), ([inf], [1]), (["1"], [1])])
def test_what_is_no_count_is_refused(counts: Any) -> None:
    with pytest.raises(ParameterError, match="counts of the same segments"):
        population_stability_index(*counts)


@pytest.mark.parametrize("least", [0, 0.02, float("nan"), "0.001", None])
def test_the_least_share_is_small(least: Any) -> None:
    with pytest.raises(ParameterError, match="least_share is"):
        population_stability_index([1], [1], least_share=least)
    with pytest.raises(ParameterError, match="least_share is"):
        segment_stability(frame_of(some_months()), least_share=least)


def test_bad_tables_are_refused_as_by_migration() -> None:
    frame = frame_of(some_months())
    with pytest.raises(InvalidTableError, match="comes more than once"):
        segment_stability(pl.concat([frame, frame]))
    with pytest.raises(ParameterError, match="no period 2030-01-01"):
        segment_stability(frame, between=(month(0), date(2030, 1, 1)))
    with pytest.raises(ParameterError, match="'stayed' would stand twice"):
        segment_stability(frame.rename({"period": "stayed"}), period="stayed")
