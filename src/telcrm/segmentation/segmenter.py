"""What every fitted segmentation can do: learn, assign, and be stored as JSON."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from contextlib import suppress
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from pydantic import ValidationError

from telcrm.domain import Record
from telcrm.errors import (
    NotFittedError,
    ParameterError,
    SegmenterFormatError,
    UnknownSegmenterError,
)

__all__ = ["Segmenter", "read_segmenter", "segmenter_from_json", "write_segmenter"]

_FORMAT_KEY: Final = "$format"
_ENVELOPE: Final = "telcrm.segmenter/1"
_KINDS: Final[dict[str, type[Segmenter]]] = {}


class Segmenter(ABC):
    """A segmentation that is learnt from one table and applied to others.

    A class of your own derives from this one, names its ``kind``, and says in ``stored_as`` what is
    to be stored: a :class:`~telcrm.domain.Record` whose fields are the parameters of ``__init__``
    and the learnt attributes, which end in ``_``. Storing, loading, ``get_params`` and
    ``set_params`` follow from that.

    ``__init__`` takes keyword-only parameters and keeps them as they come, under their own names;
    ``fit`` checks them and returns the segmenter. ``predict`` returns a frame of the caller's
    engine: the columns of the key and the text column ``segment``, one row per customer, sorted by
    key. A customer's segment never depends on the other customers of that frame.

    Attributes
    ----------
    kind : str, class attribute
        Names the class in stored JSON.
    format_version : int, class attribute
        Version of what ``stored_as`` holds; it rises when an older reader could misread it.
    stored_as : type of Record, class attribute

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import AbcSegmenter, segmenter_from_json
    >>> values = pl.DataFrame({"customer_id": ["a", "b", "c"], "revenue": [80.0, 15.0, 5.0]})
    >>> segmenter = AbcSegmenter().fit(values)
    >>> again = segmenter_from_json(segmenter.to_json())
    >>> again.predict(values.head(1)).rows()
    [('a', 'A')]
    """

    kind: ClassVar[str]
    format_version: ClassVar[int] = 1
    stored_as: ClassVar[type[Record]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        kind = cls.__dict__.get("kind")
        if kind is None:
            return
        known = _KINDS.get(kind)
        # A class that is written anew in a notebook replaces itself.
        if known is not None and _path(known) != _path(cls):
            raise ParameterError(
                f"{_path(cls)}: the kind {kind!r} is that of {_path(known)}. Choose another.",
                kind=kind,
            )
        _KINDS[kind] = cls

    @abstractmethod
    def fit(self, frame: Any, *args: Any, **kwargs: Any) -> Self:
        """Learn the segments from a table."""

    @abstractmethod
    def predict(self, frame: Any, *args: Any, **kwargs: Any) -> Any:
        """Assign a segment to each customer of a table."""

    @classmethod
    def _parameters(cls) -> list[str]:
        own = list(signature(cls.__init__).parameters.values())[1:]
        return [each.name for each in own if each.kind is Parameter.KEYWORD_ONLY]

    @classmethod
    def _learnt(cls) -> list[str]:
        return [name for name in cls.stored_as.model_fields if name.endswith("_")]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the parameters that the segmenter was made with, as scikit-learn asks for them.

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
        """Refuse a segmenter that has not learnt yet.

        Raises
        ------
        NotFittedError
        """
        if not self.is_fitted:
            name = type(self).__name__
            raise NotFittedError(
                f"this {name} is not fitted. Call fit(frame) first, or read a stored one.",
                segmenter=name,
            )

    def to_json(self, *, indent: int | None = None) -> str:
        """Write the segmenter, its parameters and what it has learnt, as JSON.

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
                segmenter=type(self).__name__,
            ) from error
        content = {
            _FORMAT_KEY: _ENVELOPE,
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

        Raises
        ------
        SegmenterFormatError
            The text is no stored segmenter, one of another class, of a newer format, or its state
            breaks the rules of its kind.
        UnknownSegmenterError
            No class is known for its kind.
        """
        read = segmenter_from_json(text)
        if not isinstance(read, cls):
            raise SegmenterFormatError(
                f"{cls.__name__}.from_json found a segmenter of kind {read.kind!r}. Use "
                f"{type(read).__name__}.from_json, or read_segmenter for any kind.",
                kind=read.kind,
            )
        return read

    def _state(self) -> Record:
        """Return what is to be stored. Override it with :meth:`_from_state` for other forms."""
        return self.stored_as(**{name: getattr(self, name) for name in self.stored_as.model_fields})

    @classmethod
    def _from_state(cls, state: Any) -> Self:
        """Make the segmenter that :meth:`_state` has described."""
        made = cls(**{name: getattr(state, name) for name in cls._parameters()})
        for name in cls._learnt():
            setattr(made, name, getattr(state, name))
        return made


def segmenter_from_json(text: str | bytes) -> Segmenter:
    """Read a stored segmenter of any kind.

    Parameters
    ----------
    text : str or bytes
        UTF-8 JSON, as :meth:`Segmenter.to_json` writes it.

    Returns
    -------
    Segmenter

    Raises
    ------
    SegmenterFormatError
        The text is no stored segmenter, of a newer format, or its state breaks the rules of its
        kind.
    UnknownSegmenterError
        No class is known for its kind. Import the module that defines it first.

    Examples
    --------
    >>> segmenter_from_json('{"kind": "abc"}')
    Traceback (most recent call last):
        ...
    telcrm.errors.SegmenterFormatError: [TC-SEG-003] a stored segmenter has $format ...
    """
    content = _read_object(text)
    found = content.get(_FORMAT_KEY)
    if found != _ENVELOPE:
        raise SegmenterFormatError(
            f"a stored segmenter has {_FORMAT_KEY} {_ENVELOPE!r}, found {found!r:.60}. "
            "Use what Segmenter.to_json wrote, or a newer telcrm.",
            found=found,
        )
    kind = content.get("kind")
    made_by = _KINDS.get(kind) if isinstance(kind, str) else None
    if made_by is None:
        raise UnknownSegmenterError(
            f"no segmenter is of kind {kind!r:.60}. Known kinds: {', '.join(sorted(_KINDS))}. "
            "Import the module that defines yours, or use a newer telcrm.",
            kind=kind,
        )
    version = content.get("format")
    if type(version) is not int or not 1 <= version <= made_by.format_version:
        raise SegmenterFormatError(
            f"a segmenter of kind {kind!r} is read in format {made_by.format_version} and older, "
            f"found {version!r:.60}. Use a newer telcrm.",
            kind=kind,
            found=version,
        )
    try:
        # By way of JSON again: there a list is a tuple, and text a day.
        state = made_by.stored_as.model_validate_json(json.dumps(content.get("state")))
    except ValidationError as error:
        raise SegmenterFormatError(
            f"the stored segmenter of kind {kind!r} is damaged: {_first_problem(error)}.",
            kind=kind,
        ) from error
    return made_by._from_state(state)  # noqa: SLF001 (the other half of this class)


def write_segmenter(segmenter: Segmenter, path: str | os.PathLike[str]) -> None:
    """Store a fitted segmenter in a file, whole or not at all.

    Parameters
    ----------
    segmenter : Segmenter
    path : path-like
        An existing file is replaced.

    Raises
    ------
    NotFittedError
        It has learnt nothing yet.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from telcrm.segmentation import LifecycleSegmenter, read_segmenter, write_segmenter
    >>> with TemporaryDirectory() as folder:
    ...     write_segmenter(LifecycleSegmenter(), Path(folder) / "lifecycle.json")
    ...     read_segmenter(Path(folder) / "lifecycle.json").kind
    'lifecycle'
    """
    text = segmenter.to_json(indent=2) + "\n"
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(target)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def read_segmenter(path: str | os.PathLike[str]) -> Segmenter:
    """Read a stored segmenter of any kind from a file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Segmenter

    Raises
    ------
    SegmenterFormatError, UnknownSegmenterError
        As :func:`segmenter_from_json` says.
    OSError
        The file cannot be read; ``FileNotFoundError`` if there is none.
    """
    return segmenter_from_json(Path(path).read_bytes())


def _read_object(text: str | bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"a stored segmenter is JSON, and this text is not ({error})."
        raise SegmenterFormatError(message) from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        message = f"a stored segmenter is a JSON object, found {kind}."
        raise SegmenterFormatError(message, found=kind)
    return content


def _path(segmenter: type[Segmenter]) -> str:
    return f"{segmenter.__module__}.{segmenter.__qualname__}"


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])
