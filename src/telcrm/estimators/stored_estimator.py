"""What every fitted model of telcrm can do: take parameters, and be stored as JSON."""

from __future__ import annotations

import json
import os
from abc import ABC
from contextlib import suppress
from dataclasses import dataclass, field
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import ValidationError

from telcrm.domain import Record
from telcrm.errors import (
    EstimatorFormatError,
    NotFittedError,
    ParameterError,
    UnknownEstimatorError,
)

__all__ = ["EstimatorFamily", "StoredEstimator"]

_FORMAT_KEY: Final = "$format"


@dataclass(frozen=True, slots=True)
class EstimatorFamily:
    """Estimators that stand in for one another, and whose stored forms are read alike.

    Attributes
    ----------
    name : str
        In stored JSON: ``"value_model"``.
    noun : str
        In messages: ``"value model"``.
    kinds : dict of str to type
        The classes that are known, by their kind.
    """

    name: str
    noun: str
    kinds: dict[str, type[StoredEstimator]] = field(default_factory=dict, repr=False)

    @property
    def envelope(self) -> str:
        """What stored JSON says it is."""
        return f"telcrm.{self.name}/1"


class StoredEstimator(ABC):
    """A model with parameters and learnt attributes, both of which go into JSON and come back.

    A room derives one class for its family. A class of that family names its ``kind``, and says in
    ``stored_as`` what is to be stored: a :class:`~telcrm.domain.Record` whose fields are the
    parameters of ``__init__`` and the learnt attributes, which end in ``_``. Storing, loading,
    ``get_params`` and ``set_params`` follow from that.

    ``__init__`` takes keyword-only parameters and keeps them as they come, under their own names;
    ``fit`` checks them and returns the estimator.

    Attributes
    ----------
    family : EstimatorFamily, class attribute
    kind : str, class attribute
        Names the class in stored JSON.
    format_version : int, class attribute
        Version of what ``stored_as`` holds; it rises when an older reader could misread it.
    stored_as : type of Record, class attribute
    """

    family: ClassVar[EstimatorFamily]
    kind: ClassVar[str]
    format_version: ClassVar[int] = 1
    stored_as: ClassVar[type[Record]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        kind = cls.__dict__.get("kind")
        if kind is None:
            return
        known = cls.family.kinds.get(kind)
        # A class that is written anew in a notebook replaces itself.
        if known is not None and _path(known) != _path(cls):
            raise ParameterError(
                f"{_path(cls)}: the kind {kind!r} is that of {_path(known)}. Choose another.",
                kind=kind,
            )
        cls.family.kinds[kind] = cls

    @classmethod
    def _parameters(cls) -> list[str]:
        own = list(signature(cls.__init__).parameters.values())[1:]
        return [each.name for each in own if each.kind is Parameter.KEYWORD_ONLY]

    @classmethod
    def _learnt(cls) -> list[str]:
        return [name for name in cls.stored_as.model_fields if name.endswith("_")]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the parameters that the estimator was made with, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool
            There is nothing deeper: no parameter is itself an estimator.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **parameters: Any) -> Self:
        """Change parameters; what was learnt before stays until the next ``fit``.

        Parameters
        ----------
        **parameters

        Returns
        -------
        Self

        Raises
        ------
        ParameterError
            There is no such parameter; none is changed then.
        """
        unknown = [name for name in parameters if name not in self._parameters()]
        if unknown:
            raise ParameterError(
                f"{type(self).__name__} has no parameter {', '.join(map(repr, unknown))}. "
                f"It has: {', '.join(self._parameters())}.",
                unknown=unknown,
            )
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({given})"

    @property
    def is_fitted(self) -> bool:
        """Whether everything is there that ``predict`` needs."""
        return all(hasattr(self, name) for name in self._learnt())

    def require_fitted(self) -> None:
        """Refuse an estimator that has not learnt yet.

        Raises
        ------
        NotFittedError
        """
        if not self.is_fitted:
            name = type(self).__name__
            raise NotFittedError(
                f"this {name} is not fitted. Call fit(frame) first, or read a stored one.",
                estimator=name,
            )

    def to_json(self, *, indent: int | None = None) -> str:
        """Write the estimator, its parameters and what it has learnt, as JSON.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line by default.

        Returns
        -------
        str

        Raises
        ------
        NotFittedError
            It has learnt nothing yet.
        ParameterError
            A parameter is none that ``fit`` would accept.
        """
        self.require_fitted()
        try:
            state = self._state()
        except ValidationError as error:
            raise ParameterError(
                f"{type(self).__name__} cannot be stored: {_first_problem(error)}.",
                estimator=type(self).__name__,
            ) from error
        content = {
            _FORMAT_KEY: self.family.envelope,
            "kind": self.kind,
            "format": self.format_version,
            "state": state.model_dump(mode="json"),
        }
        return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote, in this release or an older one.

        Parameters
        ----------
        text : str or bytes
            UTF-8 JSON.

        Returns
        -------
        Self
            The class of the family reads every kind, any other class its own.

        Raises
        ------
        EstimatorFormatError
            The text is none of its family, one of another class, of a newer format, or its state
            breaks the rules of its kind.
        UnknownEstimatorError
            No class is known for its kind. Import the module that defines it first.
        """
        read = _read(text, cls.family)
        if not isinstance(read, cls):
            raise EstimatorFormatError(
                f"{cls.__name__}.from_json found a {cls.family.noun} of kind {read.kind!r}. "
                f"Use {type(read).__name__}.from_json.",
                kind=read.kind,
            )
        return read

    def write(self, path: str | os.PathLike[str]) -> None:
        """Store it in a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            An existing file is replaced.

        Raises
        ------
        NotFittedError
            It has learnt nothing yet.
        OSError
            The file cannot be written.
        """
        text = self.to_json(indent=2) + "\n"
        target = Path(path)
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_text(text, encoding="utf-8", newline="\n")
            part.replace(target)
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read it from a file.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        Self

        Raises
        ------
        EstimatorFormatError, UnknownEstimatorError
            As :meth:`from_json` says.
        OSError
            The file cannot be read; ``FileNotFoundError`` if there is none.
        """
        return cls.from_json(Path(path).read_bytes())

    def _state(self) -> Record:
        """Return what is to be stored. Override it with :meth:`_from_state` for other forms."""
        return self.stored_as(**{name: getattr(self, name) for name in self.stored_as.model_fields})

    @classmethod
    def _from_state(cls, state: Any) -> Self:
        """Make the estimator that :meth:`_state` has described."""
        made = cls(**{name: getattr(state, name) for name in cls._parameters()})
        for name in cls._learnt():
            setattr(made, name, getattr(state, name))
        return made


def _read(text: str | bytes, family: EstimatorFamily) -> StoredEstimator:
    content = _read_object(text, family.noun)
    found = content.get(_FORMAT_KEY)
    if found != family.envelope:
        raise EstimatorFormatError(
            f"a stored {family.noun} has {_FORMAT_KEY} {family.envelope!r}, found {found!r:.60}. "
            "Use what to_json wrote, or a newer telcrm.",
            found=found,
        )
    kind = content.get("kind")
    made_by = family.kinds.get(kind) if isinstance(kind, str) else None
    if made_by is None:
        raise UnknownEstimatorError(
            f"no {family.noun} is of kind {kind!r:.60}. Known kinds: "
            f"{', '.join(sorted(family.kinds))}. Import the module that defines yours, or use a "
            "newer telcrm.",
            kind=kind,
        )
    version = content.get("format")
    if type(version) is not int or not 1 <= version <= made_by.format_version:
        raise EstimatorFormatError(
            f"a {family.noun} of kind {kind!r} is read in format {made_by.format_version} and "
            f"older, found {version!r:.60}. Use a newer telcrm.",
            kind=kind,
            found=version,
        )
    try:
        # By way of JSON again: there a list is a tuple, and text a day.
        state = made_by.stored_as.model_validate_json(json.dumps(content.get("state")))
    except ValidationError as error:
        raise EstimatorFormatError(
            f"the stored {family.noun} of kind {kind!r} is damaged: {_first_problem(error)}.",
            kind=kind,
        ) from error
    return made_by._from_state(state)  # noqa: SLF001 (the other half of this class)


def _read_object(text: str | bytes, noun: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"a stored {noun} is JSON, and this text is not ({error})."
        raise EstimatorFormatError(message) from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        message = f"a stored {noun} is a JSON object, found {kind}."
        raise EstimatorFormatError(message, found=kind)
    return content


def _path(estimator: type[StoredEstimator]) -> str:
    return f"{estimator.__module__}.{estimator.__qualname__}"


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])
