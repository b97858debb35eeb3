"""Sentences about segments: what is said, what is left out, and the same on every engine."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from telcrm.errors import MissingColumnsError, ParameterError
from telcrm.segmentation import describe_segments, profile


def customers() -> dict[str, list[Any]]:
    sizes = {"high": 20, "low": 176, "odd": 4}
    segment = [name for name, size in sizes.items() for _ in range(size)]
    level = {"high": 64.0, "low": 21.0, "odd": 300.0}
    return {
        "customer_id": [f"C-{at:03}" for at in range(200)],
        "segment": segment,
        "revenue": [level[name] + at % 3 - 1 for at, name in enumerate(segment)],
        "lines": [at % 4 for at in range(200)],
        "technology": [
            "fibre" if name == "high" or at % 4 == 0 else "dsl" for at, name in enumerate(segment)
        ],
    }


def profiled(frame: Any, min_support: int = 10) -> Any:
    return profile(
        frame, features=["revenue", "lines"], levels=["technology"], min_support=min_support
    )


EXPECTED = {
    "low": "Segment low: 88 % of customers (176); technology = dsl is 1.1 times as common as "
    "overall (75 % against 68 %); arpu is 0.2 times that of the rest (EUR 21 against 103).",
    "high": "Segment high: 10 % of customers (20); technology = fibre is 3.1 times as common as "
    "overall (100 % against 32 %); arpu is 2.4 times that of the rest (EUR 64 against 27.2).",
    "odd": "Segment odd: 2 % of customers (4); too few customers to say more.",
}


def test_every_engine_is_described_in_the_same_words(backend: Any) -> None:
    found = profiled(backend.frame(customers()))
    told = describe_segments(found, words={"revenue": "arpu"}, units={"revenue": "EUR"})
    assert told == EXPECTED
    assert list(told) == ["low", "high", "odd"]


def test_the_numbers_in_a_sentence_are_those_of_the_profile() -> None:
    frame = pl.DataFrame(customers())
    row = profiled(frame).filter(segment="high", feature="revenue").to_dicts()[0]
    own = frame.filter(segment="high")["revenue"]
    rest = frame.filter(pl.col("segment") != "high")["revenue"]
    assert (row["mean"], row["rest_mean"]) == pytest.approx((own.mean(), rest.mean()))
    assert f"{row['ratio']:.1f}" == "2.4"


def test_little_differences_are_not_told() -> None:
    frame = pl.DataFrame(customers()).filter(pl.col("segment") != "odd")
    found = profile(frame, features=["lines"], min_support=10)
    assert describe_segments(found) == {
        "low": "Segment low: 90 % of customers (176); much like the rest.",
        "high": "Segment high: 10 % of customers (20); much like the rest.",
    }
    bare = describe_segments(found, findings=0)
    assert bare["high"] == "Segment high: 10 % of customers (20)."


def row(**changes: Any) -> pl.DataFrame:
    plain = {
        "segment": "s",
        "customers": 5,
        "share": 0.005,
        "feature": "balance",
        "level": None,
        "mean": -3.0,
        "rest_mean": 0.004,
        "ratio": None,
        "level_share": None,
        "base_share": None,
        "lift": None,
        "difference": -0.5,
        "supported": True,
    }
    return pl.DataFrame({name: [value] for name, value in {**plain, **changes}.items()})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "0.5 % of customers (5); balance is below that of the rest (-3 against 0.004)"),
        ({"share": 0.0001}, "under 0.1 % of customers"),
        ({"share": 0.996}, "over 99 % of customers"),
        (
            {"mean": 1234567.0, "rest_mean": 1200000.0, "ratio": 1.03, "difference": 0.3},
            "balance is above that of the rest (1,234,567 against 1,200,000)",
        ),
        (
            {"mean": 120.0, "rest_mean": 1.0, "ratio": 120.0},
            "balance is 120 times that of the rest",
        ),
        (
            {"level": "fibre", "level_share": 0.0, "base_share": 0.2, "lift": 0.0},
            "balance = fibre is never found, against 20 % overall",
        ),
        (
            {"level": "fibre", "level_share": 0.5, "base_share": 0.49, "lift": 1.02},
            "balance = fibre is less common than overall (50 % against 49 %)",
        ),
        ({"difference": None}, "(5); much like the rest."),
    ],
)
def test_wording(changes: dict[str, Any], words: str) -> None:
    assert words in describe_segments(row(**changes))["s"]


def test_what_is_no_profile_is_refused() -> None:
    with pytest.raises(MissingColumnsError, match="profile lacks 'lift'"):
        describe_segments(row().drop("lift"))
    for wrong in ({"findings": -1}, {"findings": 1.5}, {"least_difference": -0.1}):
        with pytest.raises(ParameterError):
            describe_segments(row(), **wrong)
