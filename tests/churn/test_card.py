"""Model cards: what goes in comes back, a readable page, and what is no card."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression

from telcrm.churn.card import ModelCard, digest_of, model_card
from telcrm.churn.evaluation.evaluation import evaluate
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.window import ChurnWindow
from telcrm.errors import EstimatorFormatError, NotFittedError, ParameterError, RecordFormatError

DAY = date(2026, 2, 1)
TABLE = pl.DataFrame({"tenure_months": [1.0, 2.0, 30.0, 40.0] * 30})
LEFT = [1, 1, 0, 0] * 30


def plain(**options: Any) -> ModelCard:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    return model_card(model, name="Churn", version="1", created_on=DAY, **options)


def whole() -> ModelCard:
    chance = np.random.default_rng(0)
    y = chance.random(300) < 0.3
    return model_card(
        ScorecardModel().fit(TABLE, LEFT),
        name="Postpaid | churn",
        version="3.1",
        created_on=DAY,
        intended_use="Monthly retention calls.",
        data_from=date(2025, 1, 1),
        data_until=date(2026, 1, 1),
        label=ChurnWindow(gap_days=14),
        rows=120,
        base_rate=0.5,
        features={"tenure_months": "months since activation | of this spell"},
        metrics=evaluate(y, np.where(y, 0.4, 0.2), confidence=0.9, random_state=1),
        exclusions=["lines younger than 30 days"],
        limits=["Not for prepaid.\nNot for businesses."],
    )


def test_json_brings_it_back() -> None:
    for card in (plain(), whole()):
        assert ModelCard.from_json(card.to_json()) == card
        json.loads(card.to_json(), parse_constant=pytest.fail)


def test_an_evaluation_gives_figures_with_intervals_and_costs() -> None:
    card = whole()
    held = {each.name: each for each in card.metrics}
    assert held["roc_auc"].value == 1.0
    assert held["brier"].lower is not None
    assert held["brier"].confidence == 0.9
    assert {each.name for each in card.calibration} >= {"expected_calibration_error"}
    assert not {"parameters", "intervals"} & held.keys()
    assert card.costs["clv"] == 200.0
    assert card.label["gap_days"] == 14


def test_a_mapping_of_figures_will_do() -> None:
    card = plain(metrics={"lift": 2.5, "roc_auc": {"value": 0.8, "lower": 0.7, "upper": 0.9}})
    assert [(each.name, each.value, each.upper) for each in card.metrics] == [
        ("lift", 2.5, None),
        ("roc_auc", 0.8, 0.9),
    ]
    assert plain(costs={"clv": 90.0}, metrics={"lift": 1.0}).costs == {"clv": 90.0}


def test_a_page_tells_all_and_escapes_what_would_break_it() -> None:
    page = whole().to_markdown()
    assert page.startswith("# Postpaid \\| churn 3.1\n\nMonthly retention calls.\n")
    for part in ("## What counted as churn", "## Quality", "## Calibration", "## Left out"):
        assert part in page
    assert "| tenure_months | months since activation \\| of this spell |" in page
    assert "| prepaid.inactivity_days | 90 |" in page
    assert "- Not for prepaid. Not for businesses." in page
    assert whole()._repr_markdown_() == page


@given(st.text(min_size=1), st.text())
def test_no_text_breaks_a_table(name: str, words: str) -> None:
    card = plain(features={name: words})
    page = card.to_markdown().split("## Features\n\n")[1].split("\n\n")[0]
    rows = page.split("\n")
    assert len(rows) == 3
    assert all(each.replace("\\\\", "").replace("\\|", "").count("|") == 3 for each in rows)
    assert "<" not in page


def test_parts_of_which_nothing_is_known_are_left_out() -> None:
    page = plain(versions={}).to_markdown()
    assert "##" not in page
    assert "| kind | LogisticRegression |" in page


def test_the_digest_is_that_of_what_is_stored() -> None:
    one, other = (ScorecardModel().fit(TABLE, LEFT) for _ in range(2))
    cards = [model_card(m, name="a", version="1", created_on=DAY) for m in (one, other)]
    assert cards[0].model_digest == cards[1].model_digest
    changed = ScorecardModel().fit(TABLE.with_columns(x=pl.lit(1.0)), LEFT)
    assert model_card(changed, name="a", version="1", created_on=DAY) != cards[0]
    assert plain().model_digest is None


def test_features_and_versions_are_those_that_are_told_or_found() -> None:
    card = model_card(ScorecardModel().fit(TABLE, LEFT), name="a", version="1", created_on=DAY)
    assert [each.name for each in card.features] == ["tenure_months"]
    assert {"telcrm", "numpy", "scikit-learn"} <= card.versions.keys()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_a_digest_does_not_change_by_way_of_json(content: Any) -> None:
    assert digest_of(json.loads(json.dumps(content))) == digest_of(content)


def test_what_is_no_json_has_no_digest() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    for content in (float("nan"), nested):
        with pytest.raises(EstimatorFormatError, match="not plain JSON"):
            digest_of(content)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"base_rate": 1.5}, "base_rate=1.5"),
        ({"rows": -1}, "rows=-1"),
        ({"costs": {"clv": float("inf")}}, "costs.clv"),
        ({"metrics": {"lift": float("nan")}}, "'lift'"),
        ({"metrics": [1.0]}, "metrics is"),
        ({"label": {"gap": float("nan")}}, "label"),
        ({"data_from": DAY, "data_until": DAY}, "data_until comes after"),
        ({"features": [""]}, "name"),
    ],
)
def test_parts_that_cannot_be_are_named(options: dict[str, Any], wrong: str) -> None:
    with pytest.raises((ParameterError, ValidationError), match=wrong):
        plain(**options)


def test_a_model_that_has_learnt_nothing_has_no_card() -> None:
    with pytest.raises(NotFittedError):
        model_card(ScorecardModel(), name="a", version="1", created_on=DAY)


def test_a_newer_card_is_refused() -> None:
    stored = json.loads(plain().to_json()) | {"$format": "telcrm.ModelCard/2"}
    with pytest.raises(RecordFormatError, match="newer"):
        ModelCard.from_json(json.dumps(stored))
