"""ABC classes: their laws, an oracle in exact arithmetic, and every engine."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import CurrencyMismatchError, InvalidTableError, ParameterError
from telcrm.segmentation import AbcClass, abc

values = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(-40, 100).map(lambda tenths: tenths / 10)),
    min_size=1,
    max_size=30,
).map(lambda rows: {"customer_id": [row[0] for row in rows], "revenue": [row[1] for row in rows]})


def oracle(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The definition in fractions."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for who, value in zip(columns["customer_id"], columns["revenue"], strict=True):
        sums[who] += Fraction(str(value))
    total: Fraction = sum((value for value in sums.values() if value > 0), Fraction(0))
    rows = []
    for who in sorted(sums, key=lambda who: (-sums[who], who)):
        own = sums[who]
        above = sum(
            (value for value in sums.values() if value > max(own, Fraction(0))), Fraction(0)
        )
        to_here = sum(value for value in sums.values() if value >= own and value > 0)
        kind = "C"
        if own > 0:
            kind = "A" if above < total * Fraction(4, 5) else "C"
            if kind == "C" and above < total * Fraction(19, 20):
                kind = "B"
        rows.append(
            {
                "customer_id": who,
                "revenue": float(own),
                "rank": 1 + sum(value > own for value in sums.values()),
                "share": float(round(max(own, Fraction(0)) / total, 9)) if total else None,
                "cumulative_share": float(round(to_here / total, 9)) if total else None,
                "abc_class": kind,
            }
        )
    return rows


def pareto(rows: int = 200) -> dict[str, list[Any]]:
    random = Random(5)  # noqa: S311 (a fixture, not a secret)
    # Every ninth row is a credit note.
    values = [-1.5 if nth % 9 == 0 else round(random.paretovariate(1.2), 2) for nth in range(rows)]
    names = [f"C-{random.randrange(60):02}" for _ in range(rows)]
    return {"customer_id": names, "revenue": values}


@given(values)
def test_the_definition_in_fractions_agrees(columns: dict[str, list[Any]]) -> None:
    assert abc(pl.DataFrame(columns)).to_dicts() == oracle(columns)


@given(values)
def test_classes_fall_with_value_and_equals_are_never_parted(columns: dict[str, list[Any]]) -> None:
    classed = abc(pl.DataFrame(columns))
    assert classed["abc_class"].is_sorted()
    assert classed["revenue"].is_sorted(descending=True)
    assert classed.group_by("revenue").agg(pl.col("abc_class").n_unique())["abc_class"].max() == 1
    assert set(classed["abc_class"]) <= set(AbcClass)


@given(values)
def test_shares_add_up_to_one_unless_there_is_nothing_to_share(
    columns: dict[str, list[Any]],
) -> None:
    classed = abc(pl.DataFrame(columns))
    if (classed["revenue"] > 0).any():
        assert classed["share"].sum() == pytest.approx(1)
        assert classed["cumulative_share"][-1] == 1.0
        assert classed["abc_class"][0] == "A"
    else:
        assert classed["share"].null_count() == classed.height
        assert set(classed["abc_class"]) == {"C"}


def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any) -> None:
    columns = pareto()
    classed = abc(backend.frame(columns))
    assert backend.is_own(classed)
    assert backend.rows(classed) == oracle(columns)


def test_nobody_with_value_is_class_c_on_every_engine(backend: Any) -> None:
    columns: dict[str, list[Any]] = {"customer_id": ["a", "b"], "revenue": [0.0, -1.0]}
    assert backend.rows(abc(backend.frame(columns))) == oracle(columns)


def test_the_customer_who_passes_the_threshold_belongs_to_the_higher_class() -> None:
    frame = pl.DataFrame({"customer_id": list("abc"), "revenue": [79.0, 20.0, 1.0]})
    assert abc(frame)["abc_class"].to_list() == ["A", "A", "C"]


def test_thresholds_and_names_are_the_callers() -> None:
    frame = pl.DataFrame({"kunde": list("abcd"), "wert": [1, 1, 1, 1]})
    classed = abc(frame, customer="kunde", value="wert", thresholds=(0.1, 0.2))
    assert classed.columns[:2] == ["kunde", "wert"]
    assert classed["abc_class"].to_list() == ["A"] * 4


@pytest.mark.parametrize(
    "thresholds",
    [
        (0.9, 0.8),
        (0.0, 0.5),
        (0.5, 1.0),
        (0.5, 0.5),
        (0.5,),
        "ab",
        ("0.8", "0.95"),
        0.8,
        None,
        (float("nan"), 0.9),
    ],
)
def test_thresholds_that_do_not_rise_are_refused(thresholds: Any) -> None:
    with pytest.raises(ParameterError, match="thresholds"):
        abc(pl.DataFrame(pareto()), thresholds=thresholds)


def test_a_name_that_clashes_with_the_result_is_refused() -> None:
    with pytest.raises(ParameterError, match="stand twice"):
        abc(pl.DataFrame(pareto()), value="Share")


@pytest.mark.parametrize("column", ["customer_id", "revenue"])
def test_nulls_are_refused(backend: Any, column: str) -> None:
    columns = pareto(10)
    columns[column][0] = None
    with pytest.raises(InvalidTableError, match=f"'{column}' is null in 1 row "):
        abc(backend.frame(columns))


def test_mixed_currencies_are_refused() -> None:
    frame = pl.DataFrame({"customer_id": ["a", "b"], "revenue": [1, 2], "currency": ["EUR", "USD"]})
    with pytest.raises(CurrencyMismatchError, match="mixes 'EUR' with 'USD'"):
        abc(frame)
