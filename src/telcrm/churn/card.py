"""What a churn model is, what it was fitted on, how good it is, and what it is not for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from numbers import Real
from typing import Annotated, Any, Final, Self

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from telcrm.domain import Record
from telcrm.errors import EstimatorFormatError, ParameterError
from telcrm.estimators import StoredEstimator

__all__ = ["CardFeature", "CardMetric", "ModelCard", "digest_of", "model_card", "own_content"]

_PACKAGES: Final = ("telcrm", "numpy", "scipy", "scikit-learn")
_CALIBRATION: Final = (
    "expected_calibration_error",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
)
_ESCAPED: Final = str.maketrans({c: f"\\{c}" for c in "\\|`*[]"} | {"<": "&lt;", "\n": " "})

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Text = Annotated[str, Field(min_length=1)]


class CardFeature(Record):
    """A column that the model looks at."""

    name: _Text
    words: str = ""
    """What it is, in words of the business."""


class CardMetric(Record):
    """A figure of quality, with its interval where it is known."""

    name: _Text
    value: _Finite | None
    """None where the figure is not defined for these scores."""
    lower: _Finite | None = None
    upper: _Finite | None = None
    confidence: _Share | None = None


class ModelCard(Record):
    """A page about a churn model, to be stored beside it.

    Its parts follow Mitchell et al. (2019), "Model Cards for Model Reporting", FAT* '19, 220-229.
    """

    name: _Text
    version: _Text
    kind: _Text
    """``"spline_logistic"``, or the class of an estimator of another library."""
    created_on: date
    intended_use: str = ""
    data_from: date | None = None
    """First day of the data that the model has learnt from."""
    data_until: date | None = None
    """The day after the last."""
    label: Mapping[str, JsonValue] = {}
    """What counted as churn: observation, gap, outcome, inactivity."""
    rows: Annotated[int, Field(ge=0)] | None = None
    """Customers, or customers and snapshots, that it has learnt from."""
    base_rate: _Share | None = None
    """How many of them left."""
    features: tuple[CardFeature, ...] = ()
    metrics: tuple[CardMetric, ...] = ()
    calibration: tuple[CardMetric, ...] = ()
    costs: Mapping[str, _Finite] = {}
    """What the figures of profit assume: ``clv``, ``incentive``, ``contact``, ..."""
    exclusions: tuple[str, ...] = ()
    """Who was left out."""
    limits: tuple[str, ...] = ()
    """What it is not for, and where it is known to be wrong."""
    versions: Mapping[str, str] = {}
    """Of the libraries that fitted it."""
    model_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """Of the stored model that the card belongs to."""

    @field_validator("label")
    @classmethod
    def _finite_label(cls, label: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        json.dumps(label, allow_nan=False)
        return label

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.data_from and self.data_until and self.data_until <= self.data_from:
            raise ValueError("data_until comes after data_from")
        return self

    def to_markdown(self) -> str:
        """Write the card as a page.

        Returns
        -------
        str
            Markdown with tables; parts about which nothing is known are left out.
        """
        facts: list[tuple[str, Any]] = [
            ("kind", self.kind),
            ("created on", self.created_on),
            ("data", _window(self.data_from, self.data_until)),
            ("rows", None if self.rows is None else f"{self.rows:,}"),
            ("base rate", None if self.base_rate is None else f"{self.base_rate:.2%}"),
            ("model digest", self.model_digest),
        ]
        parts = [
            f"# {_plain(self.name)} {_plain(self.version)}",
            _plain(self.intended_use),
            _table(("", ""), [fact for fact in facts if fact[1] is not None]),
            _section("What counted as churn", _table(("", ""), _flat(self.label))),
            _section(
                "Features",
                _table(("feature", "meaning"), [(each.name, each.words) for each in self.features]),
            ),
            _section("Quality", _metric_table(self.metrics)),
            _section("Calibration", _metric_table(self.calibration)),
            _section(
                "Costs assumed",
                _table(("", ""), [(name, f"{cost:g}") for name, cost in self.costs.items()]),
            ),
            _section("Left out", _list(self.exclusions)),
            _section("Limits", _list(self.limits)),
            _section("Versions", _table(("library", "version"), self.versions.items())),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def model_card(
    model: Any,
    *,
    name: str,
    version: str,
    created_on: date,
    intended_use: str = "",
    data_from: date | None = None,
    data_until: date | None = None,
    label: Record | Mapping[str, Any] | None = None,
    rows: int | None = None,
    base_rate: float | None = None,
    features: Mapping[str, str] | Sequence[str] | None = None,
    metrics: Any = None,
    costs: Mapping[str, float] | None = None,
    exclusions: Sequence[str] = (),
    limits: Sequence[str] = (),
    versions: Mapping[str, str] | None = None,
) -> ModelCard:
    """Make the card of a fitted churn model.

    Parameters
    ----------
    model : ChurnModel
        Of telcrm, or a fitted estimator of another library.
    name, version : str
        What you call it.
    created_on : date
        The day on which it was fitted: no clock is read.
    intended_use : str
    data_from, data_until : date, optional
        Days of the data that it has learnt from; ``data_until`` is the day after the last.
    label : Record or mapping, optional
        What counted as churn: a :class:`~telcrm.churn.window.ChurnWindow`.
    rows : int, optional
    base_rate : float in [0, 1], optional
    features : mapping of str to str, or sequence of str, optional
        What each feature is, in words. By default the names that the model tells.
    metrics : Evaluation or mapping, optional
        What :func:`~telcrm.churn.evaluation.evaluation.evaluate` returns, or its ``to_dict()``, or
        a mapping of names to numbers, or to mappings with ``value``, ``lower`` and ``upper``.
        Figures of calibration get a part of their own; ``rows`` and ``base_rate`` are not taken
        from there, since it is about customers that the model did not learn from.
    costs : mapping of str to float, optional
        By default the parameters of the evaluation.
    exclusions, limits : sequence of str
    versions : mapping of str to str, optional
        Of libraries. By default those of telcrm, NumPy, SciPy and scikit-learn that are installed.

    Returns
    -------
    ModelCard
        With the digest of the model where it is one of telcrm; that of another is known when
        :func:`~telcrm.churn.storage.model_file.save_model` stores it.

    Raises
    ------
    NotFittedError
        A model of telcrm that has learnt nothing yet.
    ParameterError
        A part is not as it has to be; the message names it.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> card = model_card(
    ...     model,
    ...     name="Postpaid churn",
    ...     version="3",
    ...     created_on=date(2026, 1, 5),
    ...     features={"tenure_months": "months since activation"},
    ...     metrics={"roc_auc": {"value": 0.85, "lower": 0.84, "upper": 0.86}},
    ... )
    >>> print(card.to_markdown()[:50])
    # Postpaid churn 3
    <BLANKLINE>
    |  |  |
    |---|---|
    | kind | Log
    >>> ModelCard.from_json(card.to_json()) == card
    True
    """
    told = _read_metrics(metrics)
    own = own_content(model) if isinstance(model, StoredEstimator) else None
    words = _read_features(model, features)
    try:
        return ModelCard(
            name=name,
            version=version,
            kind=model.kind if isinstance(model, StoredEstimator) else type(model).__name__,
            created_on=created_on,
            intended_use=intended_use,
            data_from=data_from,
            data_until=data_until,
            label=label.model_dump(mode="json") if isinstance(label, Record) else dict(label or {}),
            rows=rows,
            base_rate=base_rate,
            features=tuple(CardFeature(name=each, words=said) for each, said in words.items()),
            metrics=tuple(each for each in told if each.name not in _CALIBRATION),
            calibration=tuple(each for each in told if each.name in _CALIBRATION),
            costs=_read_costs(metrics) if costs is None else costs,
            exclusions=tuple(exclusions),
            limits=tuple(limits),
            versions=_installed() if versions is None else versions,
            model_digest=None if own is None else digest_of(own),
        )
    except ValidationError as error:
        raise _refusal(error) from error


def own_content(model: StoredEstimator) -> dict[str, Any]:
    """Return what a model of telcrm is stored as.

    Parameters
    ----------
    model : StoredEstimator

    Returns
    -------
    dict
        ``library``, ``kind`` and ``state``, plain JSON values.

    Raises
    ------
    NotFittedError, ParameterError
    """
    return {"library": "telcrm", "kind": model.kind, "state": json.loads(model.to_json())}


def digest_of(content: Any) -> str:
    """Return the SHA-256 of JSON values in their canonical form.

    Parameters
    ----------
    content : object
        What ``json.loads`` returns.

    Returns
    -------
    str
        ``"sha256:"`` and 64 hexadecimal digits.

    Raises
    ------
    EstimatorFormatError
        It is nested too deeply, or holds NaN or an infinity, which are no JSON.

    Notes
    -----
    Keys sorted, no space, UTF-8, floats as the shortest decimal that reads back as the same.

    Examples
    --------
    >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    True
    """
    try:
        text = json.dumps(
            content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        ).encode()
    except (ValueError, RecursionError) as error:
        message = f"the content of a churn model file is not plain JSON ({error!s:.200})."
        raise EstimatorFormatError(message) from error
    return f"sha256:{sha256(text).hexdigest()}"


def _installed() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # pragma: no cover - run from a source tree
            continue
    return found


def _read_features(
    model: Any, features: Mapping[str, str] | Sequence[str] | None
) -> dict[str, str]:
    if isinstance(features, Mapping):
        return dict(features)
    if features is None:
        features = [str(each) for each in getattr(model, "feature_names_in_", ())]
    return dict.fromkeys(features, "")


def _read_metrics(metrics: Any) -> list[CardMetric]:
    content = _as_mapping(metrics)
    intervals = content.get("intervals", {})
    found = []
    for name, told in content.items():
        if name in {"parameters", "intervals"}:
            continue
        parts = told if isinstance(told, Mapping) else {"value": told, **intervals.get(name, {})}
        kept = {each: parts.get(each) for each in ("value", "lower", "upper", "confidence")}
        try:
            found.append(CardMetric(name=name, **kept))
        except ValidationError as error:
            raise _refusal(error, f"metrics: {name!r}") from error
    return found


def _as_mapping(metrics: Any) -> Mapping[str, Any]:
    content = metrics.to_dict() if hasattr(metrics, "to_dict") else metrics or {}
    if not isinstance(content, Mapping):
        raise ParameterError(
            f"metrics is {metrics!r:.60}, and has to be an Evaluation or a mapping of names to "
            "numbers.",
            metrics=metrics,
        )
    return content


def _read_costs(metrics: Any) -> dict[str, Any]:
    parameters = _as_mapping(metrics).get("parameters", {})
    return {name: cost for name, cost in parameters.items() if isinstance(cost, Real)}


def _refusal(error: ValidationError, where: str = "model_card") -> ParameterError:
    first = error.errors()[0]
    named = ".".join(map(str, first["loc"]))
    return ParameterError(
        f"{where}: {named}={first['input']!r:.60}: {first['msg']}. Correct it.",
        parameter=named,
        value=first["input"],
    )


def _window(start: date | None, end: date | None) -> str | None:
    if start is None and end is None:
        return None
    return f"{f'from {start}' if start else ''} {f'until before {end}' if end else ''}".strip()


def _plain(text: Any) -> str:
    return str(text).replace("\r", "").translate(_ESCAPED)


def _flat(content: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, told in content.items():
        if isinstance(told, Mapping):
            rows += _flat(told, f"{above}{name}.")
        else:
            shown = ", ".join(map(str, told)) if isinstance(told, list | tuple) else told
            rows.append((f"{above}{name}", str(shown)))
    return rows


def _table(head: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(map(_plain, row))} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def _metric_table(metrics: Sequence[CardMetric]) -> str:
    rows = []
    for each in metrics:
        ends = (each.lower, each.upper)
        interval = "" if None in ends else " to ".join(f"{end:.4g}" for end in ends)
        sure = "" if each.confidence is None or not interval else f" ({each.confidence:.0%})"
        value = "not defined" if each.value is None else f"{each.value:,.4g}"
        rows.append((each.name, value, f"{interval}{sure}"))
    return _table(("figure", "value", "interval"), rows)


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(item)}" for item in items)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""
