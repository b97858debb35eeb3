"""Churn models are found by name, telcrm's own and those of packages that are made here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.registry import ChurnModelEntry, churn_models, make_churn_model
from telcrm.errors import ModelContractError, ParameterError, UnknownEstimatorError

Install = Callable[..., None]

CODE = """
from sklearn.linear_model import LogisticRegression

class Silent:
    def fit(self, X, y):
        return self

class Lazy:
    def predict_proba(self, X):
        return X

def regression(strength=1.0):
    return LogisticRegression(C=strength)

threshold = 0.5
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make a package on the path that announces models."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def made(package: str, models: Mapping[str, str], code: str = CODE) -> None:
        (tmp_path / f"{package}.py").write_text(code)
        folder = tmp_path / f"{package}-2.1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.1\n")
        lines = [f"{name} = {package}:{target}" for name, target in models.items()]
        text = "\n".join(["[telcrm.churn_models]", *lines])
        (folder / "entry_points.txt").write_text(text + "\n")
        monkeypatch.delitem(sys.modules, package, raising=False)

    return made


def test_own_models_are_announced_like_all_others() -> None:
    own = {one.name: one.target for one in churn_models() if one.distribution == "telcrm"}
    assert {"boosted", "hazard", "scorecard", "soft_vote", "spline_logistic"} <= set(own)
    for name, target in own.items():
        parameters = {"models": {"a": 1}} if name == "soft_vote" else {}
        if name == "calibrated":
            parameters = {"model": SplineLogisticModel()}
        made = make_churn_model(name, **parameters)
        assert target == f"{type(made).__module__}:{type(made).__qualname__}"


def test_parameters_go_to_the_model() -> None:
    made = make_churn_model("boosted", leaves=4, random_state=7)
    assert isinstance(made, BoostedModel)
    assert (made.leaves, made.random_state) == (4, 7)
    vote = make_churn_model("soft_vote", models={"curves": SplineLogisticModel()}, weights=[1.0])
    assert isinstance(vote, SoftVoteModel)
    with pytest.raises(ParameterError, match=r"'boosted': .*'trees'.* It takes: features, leaves"):
        make_churn_model("boosted", trees=10)


def test_a_package_announces_a_model_and_is_not_imported_for_the_list(install: Install) -> None:
    install("acme_churn", {"regression": "regression", "broken": "nothing.of_it"})
    found = [one for one in churn_models() if one.distribution == "acme_churn"]
    assert found == [
        ChurnModelEntry(
            name="broken",
            distribution="acme_churn",
            version="2.1",
            target="acme_churn:nothing.of_it",
        ),
        ChurnModelEntry(
            name="regression",
            distribution="acme_churn",
            version="2.1",
            target="acme_churn:regression",
        ),
    ]
    assert "acme_churn" not in sys.modules
    assert make_churn_model("regression", strength=0.5).C == 0.5  # type: ignore[attr-defined]


def test_an_unknown_name_is_refused_with_the_nearest_one(install: Install) -> None:
    install("acme_churn", {"regression": "regression"})
    with pytest.raises(UnknownEstimatorError, match=r"Did you mean 'regression'\? Known models: b"):
        make_churn_model("regresion")
    with pytest.raises(UnknownEstimatorError, match=r"called 'xyz'\. Known models: boosted") as at:
        make_churn_model("xyz")
    assert "Did you mean" not in str(at.value)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("raise RuntimeError('licence expired')", "RuntimeError: licence expired"),
        ("other = 1", "AttributeError"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(install: Install, code: str, why: str) -> None:
    install("acme_churn", {"acme": "Model"}, code)
    with pytest.raises(ModelContractError, match=rf"'acme' of acme_churn 2\.1 .*{why}"):
        make_churn_model("acme")
    assert isinstance(make_churn_model("boosted"), BoostedModel)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("Silent", "Silent has no predict_proba"),
        ("Lazy", "Lazy has no fit"),
        ("threshold", "float cannot be called"),
    ],
)
def test_what_is_no_churn_model_is_refused(install: Install, target: str, why: str) -> None:
    install("acme_churn", {"acme": target})
    with pytest.raises(ModelContractError, match=f"no churn model: {why}.*check_churn_model"):
        make_churn_model("acme")


def test_a_name_of_two_packages_is_nobodys(install: Install) -> None:
    install("acme_churn", {"boosted": "regression"})
    entries = [one.distribution for one in churn_models() if one.name == "boosted"]
    assert entries == ["acme_churn", "telcrm"]
    with pytest.raises(ParameterError, match=r"2 packages .*acme_churn 2\.1 .*telcrm"):
        make_churn_model("boosted")
