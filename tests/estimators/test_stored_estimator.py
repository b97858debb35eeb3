"""Estimators of any family: parameters, learning, stored JSON. Segmenters test it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self

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
from telcrm.estimators import EstimatorFamily, StoredEstimator
from telcrm.value import ValueModel


class Tester(StoredEstimator):
    """The head of a family of these tests."""

    family: ClassVar[EstimatorFamily] = EstimatorFamily("tester", "tester of tests")


class _State(Record):
    window: int = Field(ge=1)
    names: tuple[str, ...]
    mean_: float


class Mean(Tester):
    kind: ClassVar[str] = "mean"
    stored_as: ClassVar[type[Record]] = _State

    def __init__(self, *, window: int = 3, names: tuple[str, ...] = ()) -> None:
        self.window = window
        self.names = names

    def fit(self, numbers: list[float]) -> Self:
        self.mean_ = sum(numbers[-self.window :]) / self.window
        return self


class _Second(Record):
    window: int


class Second(Tester):
    """Nothing to learn; its second format."""

    kind: ClassVar[str] = "second"
    format_version: ClassVar[int] = 2
    stored_as: ClassVar[type[Record]] = _Second

    def __init__(self, *, window: int = 1) -> None:
        self.window = window


def fitted() -> Mean:
    return Mean(window=2, names=("a", "b")).fit([1.0, 2.0, 4.0])


def stored(**changes: Any) -> str:
    return json.dumps(json.loads(fitted().to_json()) | changes)


def test_a_family_knows_its_kinds_and_no_other() -> None:
    assert Tester.family.kinds == {"mean": Mean, "second": Second}
    assert Tester.family.envelope == "telcrm.tester/1"
    assert "mean" not in ValueModel.family.kinds
    assert repr(Tester.family) == "EstimatorFamily(name='tester', noun='tester of tests')"


def test_parameters_are_those_of_init() -> None:
    estimator = Mean(window=5)
    assert estimator.get_params() == {"window": 5, "names": ()}
    assert repr(estimator) == "Mean(window=5, names=())"
    assert estimator.set_params(window=4, names=("x",)) is estimator
    assert estimator.get_params() == {"window": 4, "names": ("x",)}
    with pytest.raises(ParameterError, match=r"Mean has no parameter 'widow'. It has: window, nam"):
        estimator.set_params(window=9, widow=1)
    assert estimator.window == 4
    copied = clone(fitted())
    assert copied.get_params() == fitted().get_params()
    assert not copied.is_fitted


def test_one_that_has_not_learnt_is_not_stored() -> None:
    assert not Mean().is_fitted
    with pytest.raises(NotFittedError, match="this Mean is not fitted"):
        Mean().to_json()
    with pytest.raises(NotFittedError):
        Mean().require_fitted()
    assert Second().is_fitted
    Second().require_fitted()


def test_stored_and_read_again() -> None:
    estimator = fitted()
    text = estimator.to_json()
    assert json.loads(text) == {
        "$format": "telcrm.tester/1",
        "kind": "mean",
        "format": 1,
        "state": {"window": 2, "names": ["a", "b"], "mean_": 3.0},
    }
    for reader in (Tester, Mean):
        again = reader.from_json(text)
        assert isinstance(again, Mean)
        assert (again.window, again.names, again.mean_) == (2, ("a", "b"), 3.0)
        assert again.to_json() == text
    assert Tester.from_json(text.encode()).is_fitted
    assert "\n  " in estimator.to_json(indent=2)


def test_floats_come_back_to_the_last_bit() -> None:
    for value in (0.1 + 0.2, 1e-308, 1.7976931348623157e308, -0.0, 1 / 3):
        estimator = fitted()
        estimator.mean_ = value
        again = Mean.from_json(estimator.to_json())
        assert again.mean_.hex() == value.hex()


def test_a_parameter_that_cannot_be_stored_is_named() -> None:
    estimator = fitted().set_params(window=0)
    with pytest.raises(ParameterError, match="Mean cannot be stored: window"):
        estimator.to_json()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a stored tester of tests is JSON, and this text is not"),
        (b"\xff\xfe", "is JSON, and this text is not"),
        ("[" * 100_000, "is JSON, and this text is not"),
        ("3", "is a JSON object, found int"),
        ("{}", r"has \$format 'telcrm.tester/1', found None"),
        (stored(**{"$format": "telcrm.value_model/1"}), "found 'telcrm.value_model/1'"),
        (stored(format=2), "is read in format 1 and older, found 2"),
        (stored(format="1"), "found '1'"),
        (stored(format=True), "found True"),
        (stored(format=0), "found 0"),
        (stored(state=None), "kind 'mean' is damaged"),
        (stored(state={"window": 2, "names": []}), "damaged: mean_: Field required"),
        (stored(state={"window": 0, "names": [], "mean_": 1.0}), "damaged: window"),
        (stored(state={"window": 1, "names": [3], "mean_": 1.0}), "damaged: names.0"),
        (stored(state={"window": 1, "names": [], "mean_": 1, "more": 1}), "damaged: more"),
    ],
)
def test_other_texts_are_refused(text: str | bytes, complaint: str) -> None:
    with pytest.raises(EstimatorFormatError, match=complaint):
        Tester.from_json(text)


def test_unknown_kinds_are_refused_with_those_that_are_known() -> None:
    for kind in ("median", None, ["mean"]):
        with pytest.raises(UnknownEstimatorError, match=r"Known kinds: mean, second\. Import"):
            Tester.from_json(stored(kind=kind))


def test_a_class_reads_its_own_kind_alone() -> None:
    with pytest.raises(EstimatorFormatError, match=r"Second.from_json found a tester .*'mean'"):
        Second.from_json(fitted().to_json())


def test_older_formats_are_read() -> None:
    text = Second(window=7).to_json()
    older = json.dumps(json.loads(text) | {"format": 1})
    assert Second.from_json(older).window == 7
    with pytest.raises(EstimatorFormatError, match="format 2 and older, found 3"):
        Second.from_json(json.dumps(json.loads(text) | {"format": 3}))


def test_two_classes_are_not_of_one_kind() -> None:
    with pytest.raises(ParameterError, match=r"the kind 'mean' is that of .*Mean\. Choose another"):
        type("Other", (Tester,), {"kind": "mean", "__module__": __name__})
    assert Tester.family.kinds["mean"] is Mean


def test_a_class_written_anew_replaces_itself() -> None:
    again = type("Mean", (Tester,), {"kind": "mean", "__module__": __name__})
    try:
        assert Tester.family.kinds["mean"] is again
    finally:
        Tester.family.kinds["mean"] = Mean


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mean.json"
    fitted().write(path)
    assert path.read_bytes().endswith(b"}\n")
    assert b"\r" not in path.read_bytes()
    assert Tester.read(path).to_json() == fitted().to_json()
    before = path.read_bytes()
    with pytest.raises(NotFittedError):
        Mean().write(path)
    assert path.read_bytes() == before
    fitted().set_params(window=9).write(str(path))
    assert Mean.read(str(path)).window == 9
    assert [each.name for each in tmp_path.iterdir()] == ["mean.json"]
    with pytest.raises(OSError, match="nowhere"):
        fitted().write(tmp_path / "nowhere" / "mean.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        fitted().write(tmp_path / "folder")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "mean.json"]
    with pytest.raises(FileNotFoundError):
        Mean.read(tmp_path / "none.json")
