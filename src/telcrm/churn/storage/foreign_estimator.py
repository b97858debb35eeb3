"""Estimators of scikit-learn as bytes of skops, held to a fixed list of types."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from sklearn.tree import BaseDecisionTree

from telcrm.errors import EstimatorFormatError, MissingExtraError

__all__ = ["estimator_of", "state_of", "type_name"]

_MOST_BYTES: Final = 1 << 30
_LEAST_SKOPS: Final = (0, 16)

_ALSO_TRUSTED: Final = (
    "functools.partial",
    "numpy.dtype",
    "numpy.number",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
)
"""What skops does not trust of itself, and the estimators below are made of."""

_KNOWN: Final = frozenset(
    {
        *_ALSO_TRUSTED,
        *(f"builtins.{name}" for name in ("bool", "dict", "float", "int", "list", "NoneType")),
        *(f"builtins.{name}" for name in ("set", "slice", "str", "tuple")),
        *(f"numpy.{name}" for name in ("bool", "float32", "float64", "int32", "int64")),
        *(f"numpy.{name}" for name in ("log1p", "ndarray", "uint32", "uint64", "uint8")),
        "numpy.random._generator.Generator",
        "numpy.random.mtrand.RandomState",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.dummy.DummyClassifier",
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._voting.VotingClassifier",
        "sklearn.frozen._frozen.FrozenEstimator",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        "sklearn.naive_bayes.GaussianNB",
        "sklearn.pipeline.Pipeline",
        *(
            f"sklearn.preprocessing._data.{name}"
            for name in (
                "MinMaxScaler",
                "PowerTransformer",
                "QuantileTransformer",
                "RobustScaler",
                "StandardScaler",
            )
        ),
        "sklearn.preprocessing._discretization.KBinsDiscretizer",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.preprocessing._polynomial.PolynomialFeatures",
        "sklearn.preprocessing._polynomial.SplineTransformer",
        "sklearn.preprocessing._target_encoder.TargetEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn.tree._classes.ExtraTreeClassifier",
    }
)
"""Every type that a stored estimator may consist of: verified with scikit-learn 1.9, skops 0.16."""


def state_of(model: Any) -> str:
    """Store a fitted estimator as text.

    Parameters
    ----------
    model : estimator of scikit-learn

    Returns
    -------
    str
        The bytes of :mod:`skops.io`, in base64.

    Raises
    ------
    EstimatorFormatError
        It is made of types that :func:`estimator_of` does not open.
    MissingExtraError
    """
    skops = _skops()
    _refuse_unknown({type_name(type(model))})
    try:
        data = skops.dumps(model, compression=ZIP_DEFLATED)
    except Exception as error:
        name = type(model).__name__
        message = f"skops cannot store this {name} ({error!s:.300})."
        raise EstimatorFormatError(message, estimator=name) from error
    _refuse_unknown(_types_in(data))
    return b64encode(data).decode()


def estimator_of(state: Any) -> Any:
    """Make the estimator that :func:`state_of` has stored, without running any of its code.

    Parameters
    ----------
    state : str

    Returns
    -------
    estimator

    Raises
    ------
    EstimatorFormatError
        The text is damaged, names a type that is not on the list, or leads scikit-learn's compiled
        code out of its arrays.
    MissingExtraError
    """
    skops = _skops()
    try:
        data = b64decode(state, validate=True)
        types = _types_in(data)
    except Exception as error:
        message = f"a stored estimator is not what skops writes ({error!s:.200})."
        raise EstimatorFormatError(message) from error
    _refuse_unknown(types)
    try:
        model = skops.loads(data, trusted=list(_ALSO_TRUSTED))
        for part in _parts(model):
            _refuse_wild_pointers(part)
    except Exception as error:
        message = f"a stored estimator cannot be opened ({error!s:.300})."
        raise EstimatorFormatError(message) from error
    return model


def _skops() -> Any:
    if find_spec("skops") is not None:
        installed = tuple(int(part) for part in version("skops").split(".")[:2] if part.isdigit())
        if installed >= _LEAST_SKOPS:
            return import_module("skops.io")
    raise MissingExtraError.needing(
        "storing estimators of scikit-learn", "skops >= 0.16", extra="store"
    )


def _types_in(data: bytes) -> set[str]:
    """Return every type that a file of skops names, whether skops itself trusts it or not."""
    with ZipFile(BytesIO(data)) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > _MOST_BYTES:
            raise ValueError(f"unpacked it has {size:,} bytes")
        waiting: list[Any] = [json.loads(archive.read("schema.json"))]
    found = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__class__" in node or "__module__" in node:
                found.add(f"{node.get('__module__')}.{node.get('__class__')}")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found


def type_name(kind: type) -> str:
    """Name a type with its module."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _refuse_unknown(types: set[str]) -> None:
    unknown = sorted(types - _KNOWN)
    if unknown:
        raise EstimatorFormatError(
            f"the estimator is made of {', '.join(unknown[:5])}, which is not on the list of types "
            "that may be opened. Use a model of telcrm, or scikit-learn's linear models, trees, "
            "forests and boosting, calibrated or in a pipeline or vote.",
            types=unknown,
        )


def _parts(model: Any) -> Iterator[Any]:
    """Return every object that a loaded estimator holds, each once."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple | set):
            waiting.extend(part)
        elif isinstance(part, np.ndarray):
            waiting.extend(part.flat if part.dtype == object else ())
        elif hasattr(part, "__dict__") and not isinstance(part, type):
            yield part
            waiting.extend(vars(part).values())


def _refuse_wild_pointers(part: Any) -> None:
    """Refuse what scikit-learn's compiled code would follow without a check.

    skops looks at types only: a changed file can make a tree point outside of its arrays, see
    github.com/scikit-learn/scikit-learn/pull/34558.
    """
    # What has no trees yet is a part that never learns, of which a calibration or a forest is made.
    match type(part).__name__:
        case "BSpline":
            type(part)(part.t, part.c, part.k)
        case "HistGradientBoostingClassifier" if hasattr(part, "_predictors"):
            _check_boosting(part)
        case "DecisionTreeClassifier" | "DecisionTreeRegressor" | "ExtraTreeClassifier":
            if hasattr(part, "tree_"):
                nodes = part.tree_
                children = nodes.children_left, nodes.children_right
                _check_nodes(children[0] == -1, children, nodes.feature, part.n_features_in_)
        case "RandomForestClassifier" | "ExtraTreesClassifier" | "GradientBoostingClassifier":
            if hasattr(part, "estimators_"):
                _check_forest(part)


def _check_forest(model: Any) -> None:
    """Refuse trees of another width: they score the rows of the whole without a look at it."""
    trees = np.asarray(model.estimators_, dtype=object)
    # Gradient boosting adds into one column where there are two classes.
    _require(trees.size > 0 and (trees.ndim == 1 or trees.shape[1] == 1))
    for tree in trees.flat:
        _require(isinstance(tree, BaseDecisionTree) and type(tree.tree_).__name__ == "Tree")
        _require(tree.n_features_in_ == model.n_features_in_)


def _check_boosting(model: Any) -> None:
    mapper, width = model._bin_mapper, model.n_features_in_  # noqa: SLF001
    is_categorical = np.asarray(mapper.is_categorical_)
    _require(is_categorical.shape == (width,) and len(mapper.bin_thresholds_) == width)
    for at in np.flatnonzero(is_categorical):
        codes = np.asarray(mapper.bin_thresholds_[at])
        _require(bool(((codes >= 0) & (codes <= 255)).all()))
    for tree in (tree for row in model._predictors for tree in row):  # noqa: SLF001
        nodes, bits = tree.nodes, tree.raw_left_cat_bitsets
        is_leaf = nodes["is_leaf"] != 0
        children = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
        _check_nodes(is_leaf, children, nodes["feature_idx"], width)
        by_level = nodes[~is_leaf & (nodes["is_categorical"] != 0)]
        _require(bits.ndim == 2 and bits.shape[1] == 8)
        _require(bool(is_categorical[by_level["feature_idx"]].all()))
        _require(bool((by_level["bitset_idx"] < len(bits)).all()))


def _check_nodes(is_leaf: Any, children: tuple[Any, Any], feature: Any, width: int) -> None:
    """Refuse a tree whose branches do not lead down to another node, or look at no feature."""
    inner = np.flatnonzero(~is_leaf)
    _require(len(is_leaf) > 0 and bool(((feature[inner] >= 0) & (feature[inner] < width)).all()))
    for child in children:
        _require(bool(((child[inner] > inner) & (child[inner] < len(is_leaf))).all()))


def _require(sound: bool) -> None:
    if not sound:
        raise ValueError("a tree in it points outside of its arrays")
