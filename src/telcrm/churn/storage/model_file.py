"""Churn models in files that run no code when they are opened."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.utils.validation import check_is_fitted

from telcrm.churn.card import ModelCard, digest_of, own_content
from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.calibration import Calibration
from telcrm.churn.models.calibration_gain import CalibrationGain
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.storage.foreign_estimator import estimator_of, state_of, type_name
from telcrm.churn.storage.model_schema import ModelSchema
from telcrm.errors import (
    EstimatorFormatError,
    ModelContractError,
    NotFittedError,
    RecordFormatError,
)
from telcrm.estimators import StoredEstimator
from telcrm.mart.manifest import write_beside

__all__ = ["ModelFile", "load_model", "read_model_file", "save_model"]

_FORMAT: Final = "telcrm.churn_model_file/1"
_VOTE: Final = "soft_vote"
_CALIBRATED: Final = "calibrated"
_FOREIGN: Final = "scikit-learn"
_MOST_BYTES: Final = 1 << 30
_PACKAGES: Final = ("telcrm", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What a file says of the model in it.

    Attributes
    ----------
    library : str
        ``"telcrm"``, or ``"scikit-learn"``.
    kind : str
        Of a model of telcrm, or the class of an estimator.
    schema : ModelSchema
    card : ModelCard or None
    versions : dict of str to str
        Of the libraries that wrote it.
    model_digest : str
    """

    library: str
    kind: str
    schema: ModelSchema
    card: ModelCard | None
    versions: dict[str, str]
    model_digest: str


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    card: ModelCard | None = None,
    frame: Any = None,
) -> ModelFile:
    """Store a fitted churn model in a file, whole or not at all.

    Parameters
    ----------
    model : ChurnModel
        Of telcrm; or an estimator of scikit-learn, which takes the extra ``store``.
    path : path-like
        An existing file is replaced.
    card : ModelCard, optional
        It is stored with the digest of the model.
    frame : dataframe, optional
        Rows such as the model has learnt from: the kinds and levels of columns go into the schema.

    Returns
    -------
    ModelFile
        What the file says of the model, with the card as it was stored.

    Raises
    ------
    ModelContractError
        The object has no ``predict_proba``.
    NotFittedError
        The model has learnt nothing yet.
    EstimatorFormatError
        The estimator is made of types that :func:`load_model` does not open; the message names
        them.
    SchemaDriftError
        ``frame`` lacks a feature.
    MissingExtraError
        skops 0.16 or newer is not installed.
    OSError
        The file cannot be written.

    Notes
    -----
    A file is one JSON object: models of telcrm as their coefficients, other estimators as the bytes
    of :mod:`skops.io`. Nothing is pickled.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = save_model(model, f"{folder}/churn.json")
    ...     again = load_model(f"{folder}/churn.json")
    >>> saved.kind, bool((again.predict_proba([[1.5]]) == model.predict_proba([[1.5]])).all())
    ('LogisticRegression', True)
    """
    content = _content_of(model)
    digest = digest_of(content)
    if card is not None:
        card = card.replace(model_digest=digest)
    envelope = {
        "$format": _FORMAT,
        **content,
        "schema": ModelSchema.of(model, frame).model_dump(mode="json"),
        "versions": {package: version(package) for package in _PACKAGES},
        "card": None if card is None else json.loads(card.to_json()),
    }
    envelope["digest"] = digest_of(envelope)
    text = json.dumps(envelope, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_beside(Path(path), text.encode())
    return _described(envelope)


def load_model(path: str | os.PathLike[str]) -> Any:
    """Open a churn model that :func:`save_model` has stored.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ChurnModel
        It scores bit by bit as the one that was stored, under the same versions of libraries.

    Raises
    ------
    EstimatorFormatError
        The file is damaged, changed, of a newer format, larger than 1 GiB, or holds an object of a
        type that is not on the list.
    UnknownEstimatorError
        No class is known for its kind. Import the module that defines yours first.
    MissingExtraError
        It holds an estimator of scikit-learn, and skops 0.16 or newer is not installed.
    OSError
        The file cannot be read.

    Notes
    -----
    Opening a file runs no code of it. The digest tells damage, not malice: whoever changes a file
    can make a new digest. Therefore the estimators of other libraries are held to a fixed list
    of types, and their trees, splines and categories to what scikit-learn's compiled code does not
    check itself: that they do not point outside of their arrays. A file of a stranger
    may still hold a model that scores as the stranger likes.

    An estimator that another version of scikit-learn has fitted opens with scikit-learn's warning.
    """
    content = _read(path)
    _described(content)
    return _model_of(content)


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Read what a file says of its model, without making the model.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ModelFile

    Raises
    ------
    EstimatorFormatError
        The file is damaged, changed, of a newer format, or larger than 1 GiB.
    OSError
        The file cannot be read.
    """
    return _described(_read(path))


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    size = Path(path).stat().st_size
    if size > _MOST_BYTES:
        raise _damaged(f"it has {size:,} bytes, and {_MOST_BYTES:,} at most are read")
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise _damaged(f"it is not JSON ({error!s:.200})") from error
    found = content.get("$format") if isinstance(content, dict) else None
    if found != _FORMAT:
        raise EstimatorFormatError(
            f"a churn model file has $format {_FORMAT!r}, found {found!r:.60}. Use what "
            "save_model wrote, or a newer telcrm.",
            found=found,
        )
    told = content.pop("digest", None)
    if told != digest_of(content):
        raise _damaged("its digest is not that of its content")
    return content  # type: ignore[no-any-return]


def _described(content: Mapping[str, Any]) -> ModelFile:
    kind = content.get("kind")
    if not isinstance(kind, str) or not {"library", "state"} <= content.keys():
        raise _damaged("it names no library, kind and state of a model")
    digest = digest_of({part: content[part] for part in ("library", "kind", "state")})
    try:
        schema = ModelSchema.model_validate_json(json.dumps(content.get("schema")))
        card = content.get("card")
        read = None if card is None else ModelCard.from_json(json.dumps(card))
    except (ValidationError, RecordFormatError) as error:
        raise _damaged(f"its schema or card is not one ({error!s:.200})") from error
    if read is not None and read.model_digest != digest:
        raise _damaged("its card is that of another model")
    versions = content.get("versions")
    if not isinstance(versions, dict):
        raise _damaged("it does not tell the versions of libraries")
    return ModelFile(str(content["library"]), kind, schema, read, versions, digest)


def _content_of(model: Any) -> dict[str, Any]:
    """Return library, kind and state of a fitted model, plain JSON values."""
    name = type(model).__name__
    if not callable(getattr(model, "predict_proba", None)):
        raise ModelContractError(
            f"{name} has no predict_proba, and so is no churn model. Pass a fitted classifier, or "
            "calibrate one that gives scores only.",
            model=name,
        )
    if isinstance(model, StoredEstimator):
        return own_content(model)
    if not isinstance(model, BaseEstimator):
        raise EstimatorFormatError(
            f"{name} is no estimator of scikit-learn or telcrm, and cannot be stored here. Store "
            "it by the means of its own library.",
            types=[type_name(type(model))],
        )
    try:
        check_is_fitted(model)
    except SklearnNotFittedError as error:
        message = f"this {name} is not fitted. Call fit(X, y) first."
        raise NotFittedError(message, estimator=name) from error
    if isinstance(model, SoftVoteModel):
        weights = None if model.weights is None else [float(each) for each in model.weights]
        members = {label: _content_of(member) for label, member in model.models_.items()}
        return {
            "library": "telcrm",
            "kind": _VOTE,
            "state": {"weights": weights, "models": members},
        }
    if isinstance(model, CalibratedModel):
        parts = {"calibration": model.calibration_, "gain": model.gain_}
        return {
            "library": "telcrm",
            "kind": _CALIBRATED,
            "state": {
                "method": str(model.method),
                "folds": int(model.folds),
                "random_state": int(model.random_state),
                "model": _content_of(model.model_),
                **{part: record.model_dump(mode="json") for part, record in parts.items()},
            },
        }
    return {"library": _FOREIGN, "kind": name, "state": state_of(model)}


def _model_of(content: Mapping[str, Any]) -> Any:
    kind, state = content.get("kind"), content.get("state")
    if content.get("library") == _FOREIGN:
        estimator = estimator_of(state)
        if type(estimator).__name__ != kind:
            raise _damaged(f"it says {kind!r:.60}, and holds a {type(estimator).__name__}")
        return estimator
    if kind == _VOTE:
        return _vote(state)
    if kind == _CALIBRATED:
        return _calibrated(state)
    made = ChurnClassifier.from_json(json.dumps(state))
    if made.kind != kind:
        raise _damaged(f"it says {kind!r:.60}, and holds a model of kind {made.kind!r}")
    return made


def _vote(state: Any) -> SoftVoteModel:
    try:
        weights = state["weights"]
        models = {str(label): _model_of(member) for label, member in state["models"].items()}
        vote = SoftVoteModel(models, weights=weights)
        vote.models_ = models
        vote.classes_ = next(iter(models.values())).classes_
    except (AttributeError, KeyError, StopIteration, TypeError) as error:
        raise _damaged(f"its state is not that of a vote ({error!r:.200})") from error
    return vote


def _calibrated(state: Any) -> CalibratedModel:
    try:
        model = _model_of(state["model"])
        own = {name: state[name] for name in ("method", "folds", "random_state")}
        made = CalibratedModel(model, **own)
        made.model_ = model
        made.classes_ = model.classes_
        calibration = TypeAdapter(Calibration).validate_json(json.dumps(state["calibration"]))
        made.calibration_ = calibration
        made.gain_ = CalibrationGain.model_validate_json(json.dumps(state["gain"]))
    except (AttributeError, KeyError, TypeError, ValidationError) as error:
        raise _damaged(f"its state is not that of a calibrated model ({error!r:.200})") from error
    return made


def _damaged(why: str) -> EstimatorFormatError:
    return EstimatorFormatError(
        f"the churn model file is damaged or was changed: {why}. Store the model again."
    )
