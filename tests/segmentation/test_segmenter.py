"""Segmenters: one interface, stored and read again, and nothing else passes for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
from pydantic import Field
from sklearn.base import clone

from telcrm.domain import Record
from telcrm.errors import (
    EstimatorFormatError,
    NotFittedError,
    ParameterError,
    UnknownEstimatorError,
)
from telcrm.rules import Rule, RuleSet, field
from telcrm.segmentation import (
    AbcSegmenter,
    LifecyclePolicy,
    LifecycleSegmenter,
    RfmSegmenter,
    RuleSegmenter,
    Segmenter,
    ValueMatrixSegmenter,
)

STORED = Path(__file__).parent / "stored"
DAY = date(2024, 3, 31)
RULES = RuleSet(
    name="value",
    version=1,
    rules=(Rule(name="high", when=field("revenue") >= 50, then="premium"),),
    otherwise="mass",
)
BASE = pl.DataFrame(
    {
        "customer_id": ["ann", "bob", "cid", "dee"],
        "recharged_at": [date(2024, 3, day) for day in (1, 30, 5, 20)],
        "amount": [10.0, 20.0, 5.0, 50.0],
        "revenue": [80.0, 15.0, 5.0, -2.0],
        "value": [1.0, 5.0, 9.0, 9.0],
        "potential": [0.9, 0.1, 0.4, 0.8],
        "tenure_months": [12, 40, 1, 9],
        "months_since_active": [0, 4, 0, None],
        "months_without_revenue": [0, 4, 0, None],
        "recent_revenue": [20.0, 0.0, 3.0, None],
        "earlier_revenue": [20.0, 10.0, None, None],
    }
)
# What each kind is made with, whether it asks for a day, and what it says of BASE.
CASES: dict[str, tuple[Segmenter, bool, list[str]]] = {
    "rfm": (RfmSegmenter(bins=2, ties="high"), True, ["121", "222", "121", "222"]),
    "abc": (AbcSegmenter(), False, ["A", "B", "C", "C"]),
    "value_matrix": (
        ValueMatrixSegmenter(potential_cuts=(0.3, 0.7)),
        False,
        ["low/high", "medium/low", "high/medium", "high/high"],
    ),
    "rules": (RuleSegmenter(rule_set=RULES), False, ["premium", "mass", "mass", "mass"]),
    "lifecycle": (
        LifecycleSegmenter(policy=LifecyclePolicy(lost_after_months=6)),
        False,
        ["mature", "dormant", "new", "prospect"],
    ),
}
kinds = pytest.mark.parametrize("kind", CASES)


def made(kind: str) -> Segmenter:
    """A segmenter of its own for each test."""
    copied: Segmenter = clone(CASES[kind][0])
    return copied


def context(kind: str) -> dict[str, Any]:
    return {"as_of": DAY} if CASES[kind][1] else {}


def fitted(kind: str) -> Segmenter:
    return made(kind).fit(BASE, **context(kind))


def segments(kind: str, segmenter: Segmenter, frame: pl.DataFrame = BASE) -> dict[str, Any]:
    found = segmenter.predict(frame, **context(kind))
    assert found.columns == ["customer_id", "segment"]
    assert found["customer_id"].is_sorted()
    return dict(found.iter_rows())


@kinds
def test_segments_are_those_that_were_worked_out_by_hand(kind: str) -> None:
    expected = dict(zip(BASE["customer_id"], CASES[kind][2], strict=True))
    assert segments(kind, fitted(kind)) == expected


@kinds
def test_fit_returns_itself_and_what_is_read_again_predicts_alike(kind: str) -> None:
    segmenter = made(kind)
    assert segmenter.fit(BASE, **context(kind)) is segmenter
    again = type(segmenter).from_json(segmenter.to_json())
    assert again.get_params() == segmenter.get_params()
    assert segments(kind, again) == segments(kind, segmenter)
    assert again.to_json() == segmenter.to_json()


@kinds
def test_files_of_the_first_format_still_load(kind: str) -> None:
    stored = Segmenter.read(STORED / f"{kind}-1.json")
    assert stored.kind == kind
    expected = dict(zip(BASE["customer_id"], CASES[kind][2], strict=True))
    assert segments(kind, stored) == expected


@kinds
def test_a_segment_does_not_depend_on_the_other_customers(kind: str) -> None:
    segmenter = fitted(kind)
    whole = segments(kind, segmenter)
    for name in BASE["customer_id"]:
        alone = BASE.filter(pl.col("customer_id") == name)
        assert segments(kind, segmenter, alone) == {name: whole[name]}
    assert segments(kind, segmenter, BASE.head(0)) == {}


@kinds
def test_rows_and_columns_come_in_any_order(kind: str) -> None:
    turned = BASE.reverse().select(reversed(BASE.columns))
    assert segments(kind, fitted(kind), turned) == segments(kind, fitted(kind))
    assert segments(kind, made(kind).fit(turned, **context(kind))) == segments(kind, fitted(kind))


@kinds
def test_scikit_learn_clones_it_unfitted(kind: str) -> None:
    segmenter = fitted(kind)
    copied = clone(segmenter)
    assert copied is not segmenter
    assert copied.get_params() == segmenter.get_params()
    learnt = [name for name in segmenter.stored_as.model_fields if name.endswith("_")]
    assert copied.is_fitted is (not learnt)
    assert repr(copied).startswith(f"{type(segmenter).__name__}(")


@pytest.mark.parametrize("kind", ["rfm", "abc", "value_matrix"])
def test_nothing_is_asked_of_one_that_has_not_learnt(kind: str) -> None:
    with pytest.raises(NotFittedError, match=r"TC-EST-001.* is not fitted\. Call fit"):
        made(kind).predict(BASE, **context(kind))
    with pytest.raises(NotFittedError):
        made(kind).to_json()


@pytest.mark.parametrize("kind", ["rules", "lifecycle"])
def test_written_rules_need_no_learning(kind: str) -> None:
    assert segments(kind, made(kind)) == segments(kind, fitted(kind))
    assert made(kind).to_json() == fitted(kind).to_json()


def test_parameters_are_set_together_or_not_at_all() -> None:
    segmenter = AbcSegmenter().set_params(value="margin", thresholds=(0.5, 0.9))
    assert segmenter.get_params()["value"] == "margin"
    with pytest.raises(ParameterError, match=r"no parameter 'valeu'.*It has: customer, value"):
        segmenter.set_params(customer="account_id", valeu="revenue")
    assert segmenter.customer == "customer_id"


def test_a_parameter_that_cannot_be_stored_is_named() -> None:
    segmenter = fitted("rfm").set_params(bins="many")
    with pytest.raises(ParameterError, match="cannot be stored: bins"):
        segmenter.to_json()


def changed(kind: str, change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(fitted(kind).to_json())
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is JSON, and this text is not"),
        ("[" * 100_000, "is JSON, and this text is not"),
        (b"\xff\xfe\x00", "is JSON, and this text is not"),
        ("[1]", "a JSON object, found list"),
        ("{}", r"has \$format 'telcrm.segmenter/1', found None"),
        (changed("abc", lambda c: c.update({"$format": "telcrm.segmenter/2"})), "newer telcrm"),
        (changed("abc", lambda c: c.update(format=2)), "format 1 and older, found 2"),
        (changed("abc", lambda c: c.update(format=True)), "format 1 and older, found True"),
        (changed("abc", lambda c: c.update(format=0)), "format 1 and older, found 0"),
        (changed("abc", lambda c: c.pop("state")), "kind 'abc' is damaged"),
        (changed("abc", lambda c: c["state"].pop("cuts_")), "damaged: cuts_: Field required"),
        (changed("abc", lambda c: c["state"].update(cuts_=[-1, None])), "damaged: cuts_"),
        (changed("abc", lambda c: c["state"].update(more=1)), "damaged: more: Extra inputs"),
        (changed("rfm", lambda c: c["state"].update(ties="both")), "damaged: ties"),
        (changed("value_matrix", lambda c: c["state"].update(value_cuts_=[1])), "value_cuts_"),
        (changed("rules", lambda c: c["state"]["rule_set"].update(rules=[])), "rule_set.rules"),
        (changed("lifecycle", lambda c: c["state"]["policy"].update(new_months=0)), "new_months"),
    ],
)
def test_what_is_no_stored_segmenter_is_refused(text: Any, complaint: str) -> None:
    with pytest.raises(EstimatorFormatError, match=complaint):
        Segmenter.from_json(text)


@pytest.mark.parametrize("kind", ["clairvoyance", None, ["abc"]])
def test_an_unknown_kind_is_named_with_those_that_are_known(kind: Any) -> None:
    with pytest.raises(UnknownEstimatorError, match=r"Known kinds: .*abc.*lifecycle.*rfm"):
        Segmenter.from_json(changed("abc", lambda c: c.update(kind=kind)))


def test_a_class_reads_its_own_kind_only() -> None:
    with pytest.raises(EstimatorFormatError, match=r"kind 'abc'. Use AbcSegmenter.from_json"):
        RfmSegmenter.from_json(fitted("abc").to_json())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "segments.json"
    fitted("abc").write(path)
    before = path.read_bytes()
    with pytest.raises(NotFittedError):
        AbcSegmenter().write(path)
    assert path.read_bytes() == before
    fitted("lifecycle").write(str(path))
    assert Segmenter.read(str(path)).kind == "lifecycle"
    assert [file.name for file in tmp_path.iterdir()] == ["segments.json"]


def test_a_file_that_cannot_be_written_or_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        fitted("abc").write(tmp_path / "folder")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(FileNotFoundError):
        Segmenter.read(tmp_path / "none.json")


class _Evens(Record):
    least: int
    seen_: int = Field(ge=0)


class EvenSegmenter(Segmenter):
    """A segmentation of someone else's."""

    kind: ClassVar[str] = "test_even"
    stored_as: ClassVar[type[Record]] = _Evens

    def __init__(self, *, least: int = 0) -> None:
        self.least = least

    def fit(self, frame: Any) -> EvenSegmenter:
        self.seen_ = len(frame)
        return self

    def predict(self, frame: Any) -> Any:
        self.require_fitted()
        return frame


def test_a_class_of_ones_own_is_stored_and_found_by_its_kind(tmp_path: Path) -> None:
    EvenSegmenter(least=3).fit([1, 2]).write(tmp_path / "own.json")
    read = Segmenter.read(tmp_path / "own.json")
    assert isinstance(read, EvenSegmenter)
    assert (read.least, read.seen_) == (3, 2)


def test_a_kind_belongs_to_one_class() -> None:
    with pytest.raises(ParameterError, match=r"the kind 'test_even' is that of .*EvenSegmenter"):
        type("OtherSegmenter", (EvenSegmenter,), {"kind": "test_even"})
