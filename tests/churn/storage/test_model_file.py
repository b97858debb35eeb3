"""Stored models score as before; files that are damaged, changed or hostile are refused."""

from __future__ import annotations

import json
import os
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from telcrm.churn.card import digest_of, model_card
from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.scorecard import ScorecardModel
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.storage import foreign_estimator
from telcrm.churn.storage import model_file as store
from telcrm.churn.storage.model_file import load_model, read_model_file, save_model
from telcrm.errors import (
    EstimatorFormatError,
    MissingExtraError,
    ModelContractError,
    NotFittedError,
    ParameterError,
    SchemaDriftError,
    UnknownEstimatorError,
)

_CHANCE = np.random.default_rng(6)
_ROWS = 240
TABLE = pd.DataFrame(
    {
        "tenure": _CHANCE.uniform(0, 60, _ROWS),
        "charge": np.where(_CHANCE.random(_ROWS) < 0.1, np.nan, _CHANCE.gamma(3, 9, _ROWS)),
        "plan": _CHANCE.choice(["s", "m", "l"], _ROWS),
    }
)
LEFT = (_CHANCE.random(_ROWS) < 1 / (1 + np.exp(0.1 * TABLE["tenure"] - 2))).astype(int)
NUMBERS = TABLE[["tenure", "charge"]]
CATEGORIES = TABLE.astype({"plan": "category"})


def linear() -> Any:
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["tenure", "charge"]),
            (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
        ),
        LogisticRegression(),
    )


def splines() -> Any:
    return make_pipeline(SimpleImputer(), SplineTransformer(), LogisticRegression(max_iter=500))


def boosting(**options: Any) -> Any:
    return HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=5, **options)


OWN: dict[str, Callable[[], Any]] = {
    "scorecard": ScorecardModel,
    "spline": SplineLogisticModel,
    "boosted": lambda: BoostedModel(leaves=4, most_trees=8),
    "hazard": HazardModel,
    "vote": lambda: SoftVoteModel({"a": ScorecardModel(), "b": SplineLogisticModel()}),
    "mixed vote": lambda: SoftVoteModel({"a": ScorecardModel(), "b": linear()}, weights=[1, 2]),
}
FOREIGN: dict[str, tuple[Callable[[], Any], pd.DataFrame]] = {
    "linear": (linear, TABLE),
    "splines": (splines, NUMBERS),
    "boosting": (boosting, NUMBERS),
    "categories": (lambda: boosting(categorical_features="from_dtype"), CATEGORIES),
    "monotone": (lambda: boosting(monotonic_cst=[-1, 0]), NUMBERS),
    "calibrated": (lambda: CalibratedClassifierCV(boosting(), cv=2), NUMBERS),
    "calibrated forest": (
        lambda: CalibratedClassifierCV(RandomForestClassifier(3), cv=2),
        NUMBERS,
    ),
    "isotonic": (lambda: CalibratedClassifierCV(linear(), cv=2, method="isotonic"), TABLE),
    "forest": (lambda: RandomForestClassifier(5, class_weight={0: 1.0, 1: 2.0}), NUMBERS),
    "extra trees": (lambda: ExtraTreesClassifier(5), NUMBERS),
    "tree": (lambda: DecisionTreeClassifier(max_leaf_nodes=6), NUMBERS),
    "gradient": (lambda: GradientBoostingClassifier(n_estimators=4), NUMBERS.fillna(0)),
    "vote": (lambda: VotingClassifier([("a", linear())], voting="soft"), TABLE),
}


def forge(path: Path, **changes: Any) -> Path:
    """Change a file as somebody would who knows how digests are made."""
    content = json.loads(path.read_text()) | changes
    content.pop("digest", None)
    path.write_text(json.dumps(content | {"digest": digest_of(content)}))
    return path


@pytest.mark.parametrize("name", OWN)
def test_models_of_telcrm_score_as_before(name: str, tmp_path: Path) -> None:
    model = OWN[name]().fit(TABLE, LEFT)
    save_model(model, tmp_path / "m.json")
    again = load_model(tmp_path / "m.json")
    assert type(again) is type(model)
    assert np.array_equal(again.predict_proba(TABLE), model.predict_proba(TABLE))
    assert list(again.classes_) == [0, 1]
    if name != "mixed vote":
        assert save_model(again, tmp_path / "n.json").model_digest == (
            read_model_file(tmp_path / "m.json").model_digest
        )


@pytest.mark.parametrize("name", FOREIGN)
def test_estimators_of_scikit_learn_score_as_before(name: str, tmp_path: Path) -> None:
    made, table = FOREIGN[name]
    model = made().fit(table, LEFT)
    save_model(model, tmp_path / "m.json")
    again = load_model(tmp_path / "m.json")
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))


def test_a_file_tells_of_its_model_without_making_it(tmp_path: Path) -> None:
    model = ScorecardModel().fit(TABLE, LEFT)
    card = model_card(model, name="a", version="1", created_on=date(2026, 1, 1))
    saved = save_model(model, tmp_path / "m.json", card=card)
    told = read_model_file(tmp_path / "m.json")
    assert told == saved
    assert (told.library, told.kind) == ("telcrm", "scorecard")
    assert told.card == card
    assert told.schema.classes == (0, 1)
    assert told.schema.features is not None
    assert {each.name for each in told.schema.features} >= {"tenure", "plan"}
    assert {"telcrm", "scikit-learn"} <= told.versions.keys()


def test_a_card_of_a_foreign_estimator_gets_its_digest(tmp_path: Path) -> None:
    model = linear().fit(TABLE, LEFT)
    card = model_card(model, name="a", version="1", created_on=date(2026, 1, 1))
    saved = save_model(model, tmp_path / "m.json", card=card)
    assert saved.card is not None
    assert card.model_digest is None
    assert saved.card.model_digest == saved.model_digest


def test_a_table_tells_kinds_and_levels(tmp_path: Path) -> None:
    frame = pl.from_pandas(TABLE).with_columns(flag=pl.lit(True))
    model = linear().fit(TABLE, LEFT)
    schema = save_model(model, tmp_path / "m.json", frame=frame).schema
    assert schema.features is not None
    assert [(each.kind, each.levels) for each in schema.features] == [
        ("number", None),
        ("number", None),
        ("text", ("l", "m", "s")),
    ]
    schema.require(frame)
    with pytest.raises(SchemaDriftError, match="'plan' is not there"):
        schema.require(frame.drop("plan"))
    with pytest.raises(SchemaDriftError, match="'tenure' held numbers and holds texts"):
        schema.require(frame.with_columns(tenure=pl.lit("x")))
    schema.require(frame.with_columns(tenure=pl.col("flag")))
    with pytest.raises(SchemaDriftError):
        save_model(model, tmp_path / "n.json", frame=frame.drop("plan"))
    array = LogisticRegression().fit(NUMBERS.fillna(0).to_numpy(), LEFT)
    with pytest.raises(ParameterError, match="learnt from an array"):
        save_model(array, tmp_path / "n.json", frame=frame)
    assert not (tmp_path / "n.json").exists()


@pytest.mark.parametrize(
    ("model", "error", "wrong"),
    [
        (object(), ModelContractError, "predict_proba"),
        (RidgeClassifier().fit(NUMBERS.fillna(0), LEFT), ModelContractError, "predict_proba"),
        (ScorecardModel(), NotFittedError, "not fitted"),
        (linear(), NotFittedError, "not fitted"),
        (type("Mine", (), {"predict_proba": print})(), EstimatorFormatError, "own library"),
        (SVC(probability=False), ModelContractError, "predict_proba"),
    ],
)
def test_what_is_no_fitted_churn_model_is_not_stored(
    model: Any, error: type[Exception], wrong: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.json"
    path.write_text("what was here before")
    with pytest.raises(error, match=wrong):
        save_model(model, path)
    assert path.read_text() == "what was here before"
    assert list(tmp_path.iterdir()) == [path]


def test_types_that_are_not_on_the_list_are_named_when_stored(tmp_path: Path) -> None:
    numbers = NUMBERS.fillna(0)
    with pytest.raises(EstimatorFormatError, match="KNeighborsClassifier"):
        save_model(KNeighborsClassifier().fit(numbers, LEFT), tmp_path / "m.json")
    pipe = make_pipeline(FunctionTransformer(np.cbrt), LogisticRegression()).fit(numbers, LEFT)
    with pytest.raises(EstimatorFormatError, match=r"numpy\.cbrt"):
        save_model(pipe, tmp_path / "m.json")


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    save_model(ScorecardModel().fit(TABLE, LEFT), tmp_path / "own.json")
    return tmp_path / "own.json"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    save_model(linear().fit(TABLE, LEFT), tmp_path / "foreign.json")
    return tmp_path / "foreign.json"


def test_any_changed_byte_and_any_missing_end_is_found(stored: Path) -> None:
    whole = stored.read_bytes()
    chance = np.random.default_rng(0)
    for at in chance.integers(0, len(whole) - 1, 60).tolist():
        for damaged in (whole[:at], whole[:at] + b"7" + whole[at + 1 :]):
            stored.write_bytes(damaged)
            if damaged.split() == whole.split():
                continue
            try:
                load_model(stored)
            except EstimatorFormatError:
                continue
            # White space between values is not part of the content.
            assert json.loads(damaged) == json.loads(whole)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"$format": "telcrm.churn_model_file/2"}, "newer telcrm"),
        ({"kind": "spline_logistic"}, "holds a model of kind 'scorecard'"),
        ({"kind": 3}, "names no library"),
        ({"library": "scikit-learn"}, "not what skops writes"),
        ({"state": {}}, "found None"),
        ({"state": None}, "found"),
        ({"schema": {"width": 1}}, "schema or card"),
        ({"card": {}}, "schema or card"),
        ({"versions": 3}, "versions"),
        ({"kind": "soft_vote", "state": {"models": {}, "weights": None}}, "vote"),
        ({"kind": "soft_vote", "state": [1]}, "vote"),
    ],
)
def test_files_of_another_form_are_refused(
    stored: Path, change: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(EstimatorFormatError, match=wrong):
        load_model(forge(stored, **change))


def test_a_kind_that_nobody_knows_is_refused(stored: Path) -> None:
    state = json.loads(stored.read_text())["state"] | {"kind": "oracle"}
    with pytest.raises(UnknownEstimatorError, match="oracle"):
        load_model(forge(stored, kind="oracle", state=state))


def test_a_card_of_another_model_is_refused(stored: Path, tmp_path: Path) -> None:
    other = ScorecardModel().fit(TABLE[["tenure"]], LEFT)
    card = model_card(other, name="a", version="1", created_on=date(2026, 1, 1))
    with pytest.raises(EstimatorFormatError, match="card is that of another"):
        load_model(forge(stored, card=json.loads(card.to_json())))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"a": NaN}', "1e999"])
def test_what_is_no_model_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(EstimatorFormatError):
        load_model(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EstimatorFormatError):
        read_model_file(path)


def test_nan_and_deep_nesting_inside_are_refused(stored: Path) -> None:
    content = json.loads(stored.read_text())
    stored.write_text(json.dumps(content | {"extra": float("nan")}))
    with pytest.raises(EstimatorFormatError, match="not plain JSON"):
        load_model(stored)
    stored.write_text(json.dumps(content)[:-1] + ', "extra": ' + "[" * 5_000 + "]" * 5_000 + "}")
    with pytest.raises(EstimatorFormatError):
        load_model(stored)


def test_a_file_that_is_too_large_is_not_read(
    stored: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_MOST_BYTES", 100)
    with pytest.raises(EstimatorFormatError, match="at most"):
        load_model(stored)
    monkeypatch.undo()
    monkeypatch.setattr(foreign_estimator, "_MOST_BYTES", 100)
    with pytest.raises(EstimatorFormatError, match="unpacked"):
        load_model(foreign)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.json")


def test_without_skops_the_extra_is_named(
    stored: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_estimator, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"telcrm\[store\]"):
        load_model(foreign)
    assert save_model(load_model(stored), stored).kind == "scorecard"
    monkeypatch.undo()
    monkeypatch.setattr(foreign_estimator, "version", lambda _: "0.15.2")
    with pytest.raises(MissingExtraError, match=r"skops >= 0\.16"):
        save_model(linear().fit(TABLE, LEFT), foreign)


def with_state(path: Path, model: Any) -> Path:
    """Put an estimator into a file as skops itself would store it, whatever it is made of."""
    data = import_module("skops.io").dumps(model)
    return forge(path, state=b64encode(data).decode(), kind=type(model).__name__)


def test_functions_that_run_commands_are_refused_and_named(foreign: Path) -> None:
    path = with_state(foreign, make_pipeline(FunctionTransformer(os.system)))
    with pytest.raises(EstimatorFormatError, match=r"posix\.system|nt\.system"):
        load_model(path)


def test_a_type_that_was_written_into_the_archive_is_refused_and_named(foreign: Path) -> None:
    data = b64decode(json.loads(foreign.read_text())["state"])
    changed = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "schema.json":
                content = content.replace(b'"LogisticRegression"', b'"Popen"').replace(
                    b'"sklearn.linear_model._logistic"', b'"subprocess"'
                )
            new.writestr(part, content)
    with pytest.raises(EstimatorFormatError, match=r"subprocess\.Popen"):
        load_model(forge(foreign, state=b64encode(changed.getvalue()).decode()))


class Trap:
    sprung = False

    def __reduce__(self) -> Any:
        return (setattr, (Trap, "sprung", True))


def test_a_pickle_is_not_opened(foreign: Path) -> None:
    for state in (b64encode(pickle.dumps(Trap())).decode(), "no base64 at all", 3, None):
        with pytest.raises(EstimatorFormatError, match="not what skops writes"):
            load_model(forge(foreign, state=state))
    assert not Trap.sprung


def test_another_estimator_than_the_file_says_is_refused(foreign: Path) -> None:
    with pytest.raises(EstimatorFormatError, match="holds a Pipeline"):
        load_model(forge(foreign, kind="LogisticRegression"))


def first_nodes(model: Any) -> Any:
    return model._predictors[0][0].nodes


def wild_boosting(field: str, value: int) -> Callable[[], Any]:
    def made() -> Any:
        model = boosting().fit(NUMBERS, LEFT)
        first_nodes(model)[field][0] = value
        return model

    return made


def _first_category(model: Any) -> int:
    """Where a categorical feature stands: the model puts them first."""
    return int(np.flatnonzero(model._bin_mapper.is_categorical_)[0])


def wild_categories() -> Any:
    model = boosting(categorical_features=[2]).fit(TABLE.assign(plan=LEFT % 2), LEFT)
    mapper = model._bin_mapper
    mapper.bin_thresholds_[_first_category(model)] = np.array([0.0, 5_000.0])
    return model


def wild_bits() -> Any:
    model = boosting(categorical_features=[2]).fit(TABLE.assign(plan=LEFT % 2), LEFT)
    nodes = first_nodes(model)
    nodes["is_categorical"][0], nodes["bitset_idx"][0] = 1, 77
    nodes["feature_idx"][0] = _first_category(model)
    return model


def wild_tree(model: Any, tree: Any, change: Callable[[Any], None]) -> Any:
    kind, arguments, state = tree.tree_.__reduce__()
    change(state["nodes"])
    tree.tree_ = kind(*arguments)
    tree.tree_.__setstate__(state)
    return model


def wild_forest(change: Callable[[Any], None]) -> Callable[[], Any]:
    def made() -> Any:
        model = RandomForestClassifier(3, random_state=0).fit(NUMBERS, LEFT)
        return wild_tree(model, model.estimators_[1], change)

    return made


def set_first(field: str, value: int) -> Callable[[Any], None]:
    def change(nodes: Any) -> None:
        nodes[field][0] = value

    return change


def narrow_forest() -> Any:
    model = RandomForestClassifier(3).fit(NUMBERS, LEFT)
    model.n_features_in_ = 1
    return model


def boundless_boosting() -> Any:
    model = boosting().fit(NUMBERS, LEFT)
    del model.n_features_in_
    return model


def foreign_member() -> Any:
    model = RandomForestClassifier(3).fit(NUMBERS, LEFT)
    model.estimators_[0] = LogisticRegression().fit(NUMBERS.fillna(0), LEFT)
    return model


def wide_gradient() -> Any:
    model = GradientBoostingClassifier(n_estimators=4).fit(NUMBERS.fillna(0), LEFT)
    model.estimators_ = model.estimators_.reshape(2, 2)
    return model


def short_spline() -> Any:
    model = splines().fit(NUMBERS, LEFT)
    spline = model[1].bsplines_[0]
    vars(spline)[next(name for name in vars(spline) if name.strip("_") == "c")] = spline.c[:1]
    return model


@pytest.mark.parametrize(
    "made",
    [
        wild_boosting("left", 1_000_000),
        wild_boosting("right", 0),
        wild_boosting("feature_idx", 9),
        wild_boosting("feature_idx", -1),
        wild_boosting("is_categorical", 1),
        wild_categories,
        wild_bits,
        wild_forest(set_first("left_child", 1_000_000)),
        wild_forest(set_first("right_child", 0)),
        wild_forest(set_first("feature", 2)),
        narrow_forest,
        boundless_boosting,
        foreign_member,
        wide_gradient,
        short_spline,
    ],
)
def test_what_points_outside_of_its_arrays_is_refused(
    made: Callable[[], Any], foreign: Path
) -> None:
    path = with_state(foreign, made())
    with pytest.raises(EstimatorFormatError, match="cannot be opened"):
        load_model(path)
