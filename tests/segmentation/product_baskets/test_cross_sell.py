"""Rules between products and what to offer: definitions, a peer, and every engine."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import association_rules, fpgrowth

from telcrm.errors import InvalidTableError, MissingColumnsError, ParameterError
from telcrm.segmentation import baskets, cross_sell_rules, recommend_products

Columns = dict[str, list[Any]]
PRODUCTS = ["fibre", "tv", "sim", "roaming"]

pairs = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(PRODUCTS)), min_size=1, max_size=30
)


def holdings(rows: list[tuple[str, str]]) -> Columns:
    return {"customer_id": [who for who, _ in rows], "product_id": [what for _, what in rows]}


def some_holdings() -> Columns:
    random = Random(5)  # noqa: S311 (a fixture, not a secret)
    return holdings(
        [
            (f"C-{nth:02}", what)
            for nth in range(40)
            for at, what in enumerate([*PRODUCTS, "it's"])
            if random.random() < 0.7 / (1 + at % 3)
        ]
    )


def held_by(columns: Columns) -> dict[str, set[str]]:
    own: dict[str, set[str]] = defaultdict(set)
    for who, what in zip(columns["customer_id"], columns["product_id"], strict=True):
        own[who].add(what)
    return own


def rules_by_hand(columns: Columns, min_confidence: float) -> dict[tuple[str, str], Any]:
    """Shares as fractions, straight from their definitions."""
    own = held_by(columns)
    products = sorted(set(columns["product_id"]))

    def share(items: tuple[str, ...]) -> Fraction:
        return Fraction(sum(held.issuperset(items) for held in own.values()), len(own))

    found = {}
    for size in (1, 2, 3):
        for antecedent in combinations(products, size):
            for consequent in set(products) - set(antecedent):
                a, c = share(antecedent), share((consequent,))
                both = share((*antecedent, consequent))
                if not both or both / a < min_confidence or both < a * c:
                    continue
                sure = both == a
                found[" + ".join(antecedent), consequent] = {
                    "customers": int(both * len(own)),
                    "support": float(both),
                    "antecedent_support": float(a),
                    "consequent_support": float(c),
                    "confidence": float(both / a),
                    "lift": float(both / a / c),
                    "leverage": float(both - a * c),
                    "conviction": None if sure else float((1 - c) / (1 - both / a)),
                }
    return found


def as_found(rows: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(row.pop("antecedent"), row.pop("consequent")): row for row in rows}


@given(pairs, st.sampled_from([0.0, 0.3, 0.5]))
def test_the_definitions_in_fractions_agree(rows: list[tuple[str, str]], confidence: float) -> None:
    columns = holdings(rows)
    sets = baskets(pl.DataFrame(columns), min_support=0.001)
    found = as_found(cross_sell_rules(sets, min_confidence=confidence).to_dicts())
    expected = rules_by_hand(columns, confidence)
    assert found.keys() == expected.keys()
    for rule, measures in expected.items():
        assert found[rule] == pytest.approx(measures, abs=1e-12)


def test_every_engine_gives_the_same_rules_in_its_own_frame(backend: Any) -> None:
    columns = some_holdings()
    found = cross_sell_rules(baskets(backend.frame(columns), min_support=0.001))
    assert backend.is_own(found)
    expected = cross_sell_rules(baskets(pl.DataFrame(columns), min_support=0.001)).to_dicts()
    assert backend.rows(found) == expected
    assert len(expected) > 5


def test_mlxtend_derives_the_same_rules() -> None:
    columns = some_holdings()
    wide = pd.crosstab(columns["customer_id"], columns["product_id"]) > 0
    sets = fpgrowth(wide, min_support=0.05, use_colnames=True)
    peer = association_rules(sets, metric="confidence", min_threshold=0.0)
    single = peer[(peer["consequents"].map(len) == 1) & (peer["lift"] > 1 - 1e-9)]
    measures = ["support", "confidence", "lift", "leverage", "conviction"]
    expected = {
        (" + ".join(sorted(row["antecedents"])), *row["consequents"]): [
            None if row[name] == float("inf") else row[name] for name in measures
        ]
        for row in single.to_dict("records")
    }
    sets_found = baskets(pl.DataFrame(columns), min_support=0.05, max_size=9)
    ours = cross_sell_rules(sets_found, min_confidence=0)
    found = {
        (row[0], row[1]): list(row[2:])
        for row in ours.select("antecedent", "consequent", *measures).rows()
    }
    assert found.keys() == expected.keys()
    for rule, values in expected.items():
        assert found[rule] == pytest.approx(values)


def offers_by_hand(
    columns: Columns, rules: list[dict[str, Any]], top: int
) -> list[tuple[Any, ...]]:
    offers = []
    for who, held in sorted(held_by(columns).items()):
        best: dict[str, tuple[Any, ...]] = {}
        for rule in rules:
            fits = held.issuperset(rule["antecedent"].split(" + "))
            if fits and rule["consequent"] not in held:
                least_first = [-rule[name] for name in ("confidence", "lift", "support")]
                rank = (*least_first, rule["antecedent"], rule["consequent"])
                best[rule["consequent"]] = min(rank, best.get(rule["consequent"], rank))
        for place, rank in enumerate(sorted(best.values())[:top], start=1):
            offers.append((who, rank[4], place, -rank[0], -rank[1], rank[3]))
    return offers


@settings(max_examples=10)
@given(pairs, st.integers(1, 3))
def test_offers_are_those_found_by_hand(rows: list[tuple[str, str]], top: int) -> None:
    columns = holdings(rows)
    frame = pl.DataFrame(columns)
    rules = cross_sell_rules(baskets(frame, min_support=0.001), min_confidence=0.1)
    found = recommend_products(frame, rules, top=top)
    assert found.rows() == offers_by_hand(columns, rules.to_dicts(), top)


def test_every_engine_makes_the_same_offers_in_its_own_frame(backend: Any) -> None:
    columns = some_holdings()
    rules = cross_sell_rules(baskets(pl.DataFrame(columns), min_support=0.001))
    found = recommend_products(backend.frame(columns), rules)
    assert backend.is_own(found)
    expected = offers_by_hand(columns, rules.to_dicts(), 3)
    assert [tuple(row.values()) for row in backend.rows(found)] == expected
    assert len(expected) > 10


def test_without_rules_there_are_no_offers(backend: Any) -> None:
    columns = {"customer_id": ["a", "b"], "product_id": ["sim", "tv"]}
    frame = backend.frame(columns)
    rules = cross_sell_rules(baskets(frame))
    assert backend.rows(rules) == []
    assert backend.rows(recommend_products(frame, rules)) == []


def test_bad_item_sets_are_refused() -> None:
    sets = baskets(pl.DataFrame(some_holdings()), min_support=0.05)
    with pytest.raises(InvalidTableError, match="but its part 'fibre' is not"):
        cross_sell_rules(sets.filter(pl.col("item_set") != "fibre"))
    with pytest.raises(InvalidTableError, match="the base differs"):
        cross_sell_rules(sets.with_columns(base=pl.int_range(pl.len()) + 40))
    with pytest.raises(MissingColumnsError, match="lacks 'base'"):
        cross_sell_rules(sets.drop("base"))
    for wrong in ({"min_confidence": 1.1}, {"min_confidence": True}, {"min_lift": -1.0}):
        with pytest.raises(ParameterError):
            cross_sell_rules(sets, **wrong)


def test_bad_rules_are_refused() -> None:
    frame = pl.DataFrame(some_holdings())
    rules = cross_sell_rules(baskets(frame, min_support=0.05))
    with pytest.raises(MissingColumnsError, match="rules lacks 'lift'"):
        recommend_products(frame, rules.drop("lift"))
    with pytest.raises(InvalidTableError, match="'consequent' is null"):
        recommend_products(frame, rules.with_columns(consequent=pl.lit(None, pl.String)))
    with pytest.raises(ParameterError, match="top is 0"):
        recommend_products(frame, rules, top=0)
    with pytest.raises(ParameterError, match="'lift' would stand twice"):
        recommend_products(frame.rename({"customer_id": "lift"}), rules, customer="lift")
