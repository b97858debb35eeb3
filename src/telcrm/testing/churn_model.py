"""A conformance check for authors of churn models, as check_estimator is for estimators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.metrics import roc_auc_score

from telcrm.churn.models.protocol import ChurnModel
from telcrm.churn.storage.model_file import load_model, save_model
from telcrm.domain.choice import choose
from telcrm.errors import EstimatorFormatError, MissingExtraError, NotFittedError

__all__ = ["ModelInput", "check_churn_model"]

Floats = NDArray[np.float64]

_ROWS: Final = 360
_CLOSE: Final = 1e-9
_LEAST_AUC: Final = 0.75
_STRONGEST: Final = "tenure_months"


class ModelInput(StrEnum):
    """What a churn model is given: a table of the kinds that it takes."""

    ARRAY = "array"
    PANDAS = "pandas"
    POLARS = "polars"


def check_churn_model(
    model: ChurnModel | type[ChurnModel],
    *,
    inputs: Sequence[ModelInput | str] = tuple(ModelInput),
    text: bool = True,
    missing: bool = True,
    random_state: int = 0,
) -> None:
    """Check that a model keeps to what ``ChurnModel`` promises.

    Parameters
    ----------
    model : ChurnModel, or its class
        Unfitted; a class is made without arguments. The model itself is not fitted: its clones are.
    inputs : sequence of {"array", "pandas", "polars"}
        What it takes. A pipeline that names columns takes no arrays. A library that is not
        installed is passed over.
    text : bool
        Whether it takes columns of text, in frames.
    missing : bool
        Whether it takes missing values.
    random_state : int
        Of the customers that are made up, and of models that take one.

    Raises
    ------
    AssertionError
        The model breaks a rule; the message names it.
    ParameterError
        ``inputs`` names no kind of table.

    Notes
    -----
    What it holds a model to, on 360 made-up customers: ``clone``, ``get_params`` and ``set_params``
    work; it refuses to score before ``fit``; ``fit`` returns the model, starts anew each time, and
    changes neither its parameters nor ``X`` or ``y``; ``classes_`` are sorted, whoever comes first,
    and the second column of ``predict_proba`` is that of those who leave; probabilities are finite,
    from 0 to 1, and sum to 1; they are the same each time, and a customer's does not
    depend on the others in the table; labels may be flags; columns go by name, and one that is
    missing is refused; where all stay, it refuses to learn or knows one class only; a constant
    column does no harm; it tells leavers from stayers far better than a coin; a model that
    :func:`~telcrm.churn.storage.model_file.save_model` stores scores the same when it comes back.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> check_churn_model(
    ...     HistGradientBoostingClassifier(max_iter=20), inputs=["array"], text=False
    ... )
    """
    if isinstance(model, type):
        made: Any = _named("it is made without arguments", model)
    else:
        made = model
    base = _Customers.made_up(random_state, text=text, missing=missing)
    _check_parameters(made)
    for given in inputs:
        kind = choose(ModelInput, given, "inputs")
        if kind is not ModelInput.ARRAY and find_spec(kind.value) is None:
            continue
        bench = _Bench(_seeded(made, random_state), base.of(kind))
        for rule, check in _CHECKS.items():
            _named(f"{rule} [{kind}]", partial(check, bench))


@dataclass(frozen=True, slots=True)
class _Customers:
    """Made-up customers, of whom those of short tenure and many contacts leave."""

    columns: dict[str, Any]
    left: NDArray[np.int64]
    kind: ModelInput = ModelInput.ARRAY

    @classmethod
    def made_up(cls, seed: int, *, text: bool, missing: bool) -> _Customers:
        chance = np.random.default_rng(seed)
        tenure = chance.uniform(0, 60, _ROWS)
        charge = chance.gamma(4.0, 10.0, _ROWS)
        contacts = chance.poisson(1.0, _ROWS).astype(np.float64)
        contract = np.array(["monthly", "one year", "two years"])[chance.integers(0, 3, _ROWS)]
        odds = 3.0 - 0.16 * tenure + 0.8 * contacts - 1.0 * (contract == "two years")
        left = (chance.random(_ROWS) < 1 / (1 + np.exp(-odds))).astype(np.int64)
        if missing:
            charge[chance.random(_ROWS) < 0.1] = np.nan
        columns = {
            _STRONGEST: tenure,
            "monthly_charge": charge,
            "contacts": contacts,
            "vat_rate": np.full(_ROWS, 0.2),
        }
        return cls({**columns, "contract": contract.astype(object)} if text else columns, left)

    def of(self, kind: ModelInput) -> _Customers:
        numbers = {name: own for name, own in self.columns.items() if own.dtype != object}
        return replace(
            self, columns=numbers if kind is ModelInput.ARRAY else self.columns, kind=kind
        )

    def rows(self, chosen: Any) -> _Customers:
        columns = {name: own[chosen] for name, own in self.columns.items()}
        return replace(self, columns=columns, left=self.left[chosen])

    def table(self, names: Sequence[str] | None = None) -> Any:
        """Return the features as the model takes them, in columns of this order."""
        columns = {name: self.columns[name].copy() for name in names or self.columns}
        match self.kind:
            case ModelInput.ARRAY:
                return np.column_stack(list(columns.values()))
            case ModelInput.PANDAS:
                import pandas as pd

                return pd.DataFrame(columns)
            case ModelInput.POLARS:
                import polars as pl

                return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


class _Bench:
    """A model, customers to learn from, and others to score."""

    def __init__(self, model: Any, customers: _Customers) -> None:
        self.model = model
        self.kind = customers.kind
        self.learnt_from = customers.rows(slice(0, 240))
        self.scored = customers.rows(slice(240, _ROWS))

    @cached_property
    def learnt(self) -> Any:
        """A clone that has learnt, for checks that only ask it."""
        return self.fitted(self.learnt_from)

    def fitted(self, customers: _Customers) -> Any:
        """Fit a clone of its own."""
        return clone(self.model).fit(customers.table(), customers.left.copy())


def _seeded(model: Any, seed: int) -> Any:
    names = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
    return clone(model).set_params(**dict.fromkeys(names, seed))


def _check_parameters(model: Any) -> None:
    def check() -> None:
        given = model.get_params()
        copy = clone(model)
        _require(copy is not model, "clone returns another model")
        _same("clone keeps the parameters", _shown(copy.get_params()), _shown(given))
        _require(
            copy.set_params(**copy.get_params(deep=False)) is copy, "set_params returns the model"
        )
        _same("set_params sets what get_params gave", _shown(copy.get_params()), _shown(given))

    _named("clone, get_params and set_params work", check)


def _check_unfitted(bench: _Bench) -> None:
    try:
        clone(bench.model).predict_proba(bench.scored.table())
    except (NotFittedError, SklearnNotFittedError):
        return
    _require(False, "it raises NotFittedError before fit")


def _check_fit(bench: _Bench) -> None:
    customers = bench.learnt_from
    model = clone(bench.model)
    before = _shown(model.get_params())
    table, left = customers.table(), customers.left.copy()
    _require(model.fit(table, left) is model, "fit returns the model")
    _same("fit changes no parameter", _shown(model.get_params()), before)
    _require(_equal(table, customers.table()), "fit does not change X")
    _require(np.array_equal(left, customers.left), "fit does not change y")
    scored = bench.scored.table()
    model.predict_proba(scored)
    _require(_equal(scored, bench.scored.table()), "predict_proba does not change X")


def _check_probabilities(bench: _Bench) -> None:
    found = np.asarray(bench.learnt.predict_proba(bench.scored.table()))
    rows = len(bench.scored.left)
    _same("predict_proba has a row for each customer, two columns", found.shape, (rows, 2))
    _require(bool(np.isfinite(found).all()), "probabilities are finite")
    _require(bool(((found >= 0) & (found <= 1)).all()), "probabilities lie from 0 to 1")
    _close("the two probabilities of a customer sum to 1", found.sum(axis=1), np.ones(rows))


def _check_classes(bench: _Bench) -> None:
    by_outcome = np.argsort(bench.learnt_from.left, kind="stable")
    for order in (by_outcome, by_outcome[::-1]):
        model = bench.fitted(bench.learnt_from.rows(order))
        _same("classes_ are sorted, whoever comes first", list(model.classes_), [0, 1])
        chance = _leaving(model, bench.scored)
        left = bench.scored.left == 1
        _require(
            chance[left].mean() > chance[~left].mean(),
            "the second column is the probability of leaving",
        )
    if hasattr(model, "predict"):
        said = set(np.asarray(model.predict(bench.scored.table())).tolist())
        _require(said <= {0, 1}, "predict returns labels of classes_", f"{said}")


def _check_flags(bench: _Bench) -> None:
    customers = bench.learnt_from
    by_flags = clone(bench.model).fit(customers.table(), customers.left == 1)
    _same("classes_ of flags are False and True", list(by_flags.classes_), [False, True])
    found = _leaving(by_flags, bench.scored)
    _close("flags teach the same as 0 and 1", found, _leaving(bench.learnt, bench.scored))


def _check_repeatable(bench: _Bench) -> None:
    model = bench.learnt
    first = _leaving(model, bench.scored)
    _close("a fitted model scores the same each time", _leaving(model, bench.scored), first)
    again = _leaving(bench.fitted(bench.learnt_from), bench.scored)
    _close("the same customers and random_state teach the same", again, first)


def _check_refit(bench: _Bench) -> None:
    model = bench.fitted(bench.scored)
    customers = bench.learnt_from
    model.fit(customers.table(), customers.left.copy())
    expected = _leaving(bench.learnt, bench.scored)
    _close("fit starts anew, whatever was learnt before", _leaving(model, bench.scored), expected)


def _check_rows(bench: _Bench) -> None:
    model = bench.learnt
    whole = _leaving(model, bench.scored)
    rule = "a customer's probability does not depend on the others in the table"
    backwards = np.arange(len(whole))[::-1]
    _close(rule, _leaving(model, bench.scored.rows(backwards)), whole[backwards])
    for chosen in (slice(0, 7), slice(7, 8)):
        _close(rule, _leaving(model, bench.scored.rows(chosen)), whole[chosen])


def _check_columns(bench: _Bench) -> None:
    model = bench.learnt
    scored = bench.scored
    others = [name for name in scored.columns if name != _STRONGEST]
    _refused("a missing column is refused", lambda: model.predict_proba(scored.table(others)))
    if bench.kind is ModelInput.ARRAY:
        return
    expected = _leaving(model, scored)
    turned = scored.table(list(scored.columns)[::-1])
    # scikit-learn refuses columns in another order, which is as safe.
    with suppress(ValueError):
        found = np.asarray(model.predict_proba(turned))[:, 1]
        _close("columns of a frame go by name, not by place", found, expected)


def _check_one_class(bench: _Bench) -> None:
    customers = bench.learnt_from
    try:
        model = clone(bench.model).fit(customers.table(), np.zeros_like(customers.left))
    except ValueError:
        return
    known = len(model.classes_)
    _require(known == 1, "where all stay, it refuses to learn or knows one class", f"{known}")


def _check_ranking(bench: _Bench) -> None:
    area = roc_auc_score(bench.scored.left, _leaving(bench.learnt, bench.scored))
    _require(
        area >= _LEAST_AUC,
        "it tells who leaves far better than a coin",
        f"area under the ROC curve {area:.3f}, {_LEAST_AUC} at least on such customers",
    )


def _check_storage(bench: _Bench) -> None:
    model = bench.learnt
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        try:
            save_model(model, path)
        except (EstimatorFormatError, MissingExtraError):
            return
        again = load_model(path)
    found, expected = _leaving(again, bench.scored), _leaving(model, bench.scored)
    _require(np.array_equal(found, expected), "a stored model scores the same when it comes back")


def _leaving(model: Any, customers: _Customers) -> Floats:
    return np.asarray(model.predict_proba(customers.table()), dtype=np.float64)[:, 1]


def _shown(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in sorted(parameters.items())}


def _equal(one: Any, other: Any) -> bool:
    if hasattr(one, "equals"):
        return bool(one.equals(other))
    return np.array_equal(one, other, equal_nan=True)


def _require(holds: bool, rule: str, detail: str = "") -> None:
    if not holds:
        _fail(rule, detail)


def _fail(rule: str, detail: str) -> NoReturn:
    message = f"the model breaks a rule of ChurnModel: {rule}{detail and f' ({detail})'}"
    raise AssertionError(message)


def _same(rule: str, found: object, expected: object) -> None:
    _require(found == expected, rule, f"expected {expected!r:.300}, found {found!r:.300}")


def _close(rule: str, found: Floats, expected: Floats) -> None:
    if found.shape != expected.shape:
        _fail(rule, f"expected {expected.size} numbers, found {found.size}")
    apart = float(np.abs(found - expected).max(initial=0.0))
    _require(apart <= _CLOSE, rule, f"up to {apart:.2g} apart")


def _refused(rule: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except Exception:
        return
    _fail(rule, "it answered")


def _named(rule: str, check: Callable[[], Any]) -> Any:
    """Raise AssertionError with a rule where a check ends in any other error."""
    try:
        return check()
    except AssertionError:
        raise
    except Exception as error:
        message = f"the model breaks a rule of ChurnModel: {rule} (it raised {error!r:.600})"
        raise AssertionError(message) from error


_CHECKS: Final[dict[str, Callable[[_Bench], None]]] = {
    "it raises NotFittedError before fit": _check_unfitted,
    "fit learns, and changes nothing else": _check_fit,
    "predict_proba returns probabilities": _check_probabilities,
    "classes_ and columns go together": _check_classes,
    "the same teaches the same": _check_repeatable,
    "labels may be flags": _check_flags,
    "fit starts anew": _check_refit,
    "customers do not depend on each other": _check_rows,
    "columns are looked for": _check_columns,
    "where all stay, it refuses to learn or knows one class": _check_one_class,
    "it tells who leaves": _check_ranking,
    "it is stored, if it can be": _check_storage,
}
