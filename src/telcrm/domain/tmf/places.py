"""Where in a payload a field of a record stands, for reading and for writing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from telcrm.domain.tmf.cursor import Cursor, Slot
from telcrm.domain.tmf.reading import DeviationRule

__all__ = [
    "At",
    "Characteristic",
    "FirstOf",
    "Keyed",
    "Place",
    "json_type",
    "plain",
    "related_customer",
]

_SEGMENT = re.compile(r"([^.\[\]]+)(\[0\])?")


def plain(text: object) -> str:
    """Return letters and digits in lower case: what two spellings of one name share.

    Examples
    --------
    >>> plain("In-Progress ") == plain("inProgress")
    True
    """
    return "".join(letter for letter in str(text).casefold() if letter.isalnum())


def json_type(value: object) -> str:
    """Return the ``valueType`` of a characteristic.

    Examples
    --------
    >>> json_type(12.5)
    'number'
    """
    kinds = ((bool, "boolean"), (str, "string"), (int | float, "number"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


class Place(Protocol):
    """One way to find a value, and to put it back."""

    @property
    def path(self) -> str:
        """JSON path, for messages."""
        ...

    def find(self, cursor: Cursor) -> Slot | None:
        """Return the value that stands here, or None."""
        ...

    def put(self, out: dict[str, Any], value: Any) -> None:
        """Write a value here."""
        ...

    def finish(self, out: dict[str, Any]) -> None:
        """Add what the standard wants beside the value, where nothing stands yet."""
        ...


def _walk(cursor: Cursor, path: str) -> Slot | None:
    *parents, last = _SEGMENT.findall(path)
    for position, (name, first) in enumerate(parents):
        below: Cursor | None
        if first:
            below = next(iter(cursor.elements(name)), None)
        else:
            follower = (*parents, last)[position + 1][0]
            below = cursor.object(name, reference=follower == "id")
        if below is None:
            return None
        if first:
            below.label = "0"
        cursor = below
    return cursor.slot(last[0])


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True)
class At:
    """A path of names, such as ``engagedParty.id`` or ``note[0].text``.

    Parameters
    ----------
    where : str
    others : tuple of str
        Paths to try when nothing stands at the first one.
    beside : mapping
        What the standard wants beside the value; None stands for the value itself.
    """

    where: str
    others: tuple[str, ...] = ()
    beside: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """JSON path, for messages."""
        return f"$.{self.where}"

    def find(self, cursor: Cursor) -> Slot | None:
        """Return the value that stands here, or None."""
        own = _walk(cursor, self.where)
        if own is not None and not _blank(own.value):
            return self._with_company(own)
        for other in self.others:
            slot = _walk(cursor, other)
            if slot is not None and not _blank(slot.value):
                message = f"taken from {other}, the standard says {self.where}"
                slot.report.note(slot.path, DeviationRule.FIELD_NAME, other, self.where, message)
                return slot
        return own

    def _with_company(self, slot: Slot) -> Slot:
        if not self.beside:
            return slot
        parent = slot.cursor
        due = {name: slot.value if value is None else value for name, value in self.beside.items()}
        along = tuple(name for name, value in due.items() if parent.content.get(name) == value)
        return replace(slot, element=parent, label=parent.label, along=along)

    def put(self, out: dict[str, Any], value: Any) -> None:
        """Write a value here."""
        *parents, last = _SEGMENT.findall(self.where)
        for name, first in parents:
            out = out.setdefault(name, [{}])[0] if first else out.setdefault(name, {})
        out[last[0]] = value

    def finish(self, out: dict[str, Any]) -> None:
        """Add what the standard wants beside the value."""
        if not self.beside:
            return
        *parents, last = _SEGMENT.findall(self.where)
        for name, first in parents:
            below = out.get(name)
            out = below[0] if first and below else below or {}
        if last[0] in out:
            for name, value in self.beside.items():
                out.setdefault(name, out[last[0]] if value is None else value)


@dataclass(frozen=True)
class Keyed:
    """One element of a list, known by its name or role.

    Parameters
    ----------
    array, key, label : str
        The element of ``array`` whose ``key`` says ``label``.
    inner : str
        Path of the value within the element.
    labels : tuple of str
        Other labels that mean the same.
    beside : mapping
        What the standard wants beside the value.
    role_rule : DeviationRule
        How another label is reported.
    typed : bool
        Whether the element says its ``valueType``.
    """

    array: str
    key: str
    label: str
    inner: str
    labels: tuple[str, ...] = ()
    beside: Mapping[str, Any] = field(default_factory=dict)
    role_rule: DeviationRule = DeviationRule.FIELD_NAME
    typed: bool = False

    @property
    def path(self) -> str:
        """JSON path, for messages."""
        return f"$.{self.array}[?(@.{self.key}=='{self.label}')].{self.inner}"

    def find(self, cursor: Cursor) -> Slot | None:
        """Return the value that stands here, or None."""
        elements = cursor.elements(self.array)
        for wanted in (self.label, *self.labels):
            for element in elements:
                if element.label in (None, self.label) and self._says(element, wanted):
                    return self._found(element)
        unnamed = (e for e in elements if e.label is None and self.key not in e.content)
        return next((self._found(e) for e in unnamed if self._fits(e)), None)

    def _fits(self, element: Cursor) -> bool:
        """Tell whether an element without a key says by all the rest that it is the one."""
        said = element.content
        return bool(self.beside) and all(
            plain(said.get(name)) == plain(value) for name, value in self.beside.items()
        )

    def _says(self, element: Cursor, wanted: str) -> bool:
        said = element.content.get(self.key)
        return isinstance(said, str) and plain(said) == plain(wanted)

    def _found(self, element: Cursor) -> Slot | None:
        said = element.content.get(self.key)
        slot = _walk(element, self.inner)
        if slot is None:
            return None
        along = []
        if said == self.label:
            along.append(self.key)
        elif said is not None:
            rule = DeviationRule.CASE if plain(said) == plain(self.label) else self.role_rule
            path, message = f"{element.path}.{self.key}", f"{said!r} stands for {self.label!r}"
            element.report.note(path, rule, said, self.label, message)
        due = {**self.beside, **({"valueType": json_type(slot.value)} if self.typed else {})}
        along += [name for name, value in due.items() if element.content.get(name) == value]
        return replace(slot, element=element, label=self.label, along=tuple(along))

    def put(self, out: dict[str, Any], value: Any) -> None:
        """Write a value here."""
        element = {self.key: self.label}
        At(self.inner).put(element, value)
        out.setdefault(self.array, []).append(element)

    def finish(self, out: dict[str, Any]) -> None:
        """Add what the standard wants beside the value."""
        for element in out.get(self.array, ()):
            if isinstance(element, dict) and element.get(self.key) == self.label:
                for name, value in self.beside.items():
                    element.setdefault(name, value)
                if self.typed and "value" in element:
                    element.setdefault("valueType", json_type(element["value"]))


@dataclass(frozen=True)
class FirstOf:
    """Several places, the first of which is the standard's own.

    Parameters
    ----------
    places : tuple of Place
    rule : DeviationRule, optional
        How a value from another place than the first is reported; not at all by default.
    """

    places: tuple[Place, ...]
    rule: DeviationRule | None = None

    @property
    def path(self) -> str:
        """JSON path, for messages."""
        return self.places[0].path

    def find(self, cursor: Cursor) -> Slot | None:
        """Return the value that stands at the first place that holds one, or None."""
        for place in self.places:
            if (slot := place.find(cursor)) is not None:
                if self.rule is not None and place is not self.places[0]:
                    slot.note(self.rule, self.path, f"it stands in for {self.path[2:]}")
                return slot
        return None

    def put(self, out: dict[str, Any], value: Any) -> None:
        """Write a value at the first place."""
        self.places[0].put(out, value)

    def finish(self, out: dict[str, Any]) -> None:
        """Add what the standard wants beside the value."""
        self.places[0].finish(out)


def Characteristic(array: str, name: str, *names: str) -> Keyed:  # noqa: N802 - reads as a place
    """Return the place of a characteristic by name.

    Parameters
    ----------
    array : str
        ``characteristic``, or what the resource calls it.
    name : str
        The name that we write.
    *names : str
        Other names that we read.

    Returns
    -------
    Keyed
    """
    return Keyed(array, "name", name, "value", names, typed=True)


def related_customer(array: str = "relatedParty", *roles: str) -> Keyed:
    """Return the place of the customer among the related parties.

    Parameters
    ----------
    array : str
    *roles : str
        Roles that we take for the customer's when no party has the role ``customer``.

    Returns
    -------
    Keyed
    """
    return Keyed(
        array,
        "role",
        "customer",
        "id",
        roles or ("subscriber", "user", "account holder", "owner", "payer", "buyer", "bill payer"),
        {"@referredType": "Customer"},
        DeviationRule.PARTY_ROLE,
    )
