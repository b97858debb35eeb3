"""A lenient cursor over a payload: what is taken goes into the record, what is left is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from telcrm.domain.tmf.reading import Deviation, DeviationRule, Resource

__all__ = ["Cursor", "Report", "Slot", "Unusable"]


class Unusable(Exception):  # noqa: N818 - never leaves the package: it asks for a fallback
    """A value cannot go into the record; the reader falls back and reports why."""

    def __init__(self, rule: DeviationRule, why: str) -> None:
        super().__init__(why)
        self.rule = rule
        self.why = why


@dataclass
class Report:
    """What one reading gathers, and what its caller told in advance."""

    resource: Resource
    currency: str | None = None
    deviations: list[Deviation] = field(default_factory=list)

    def note(self, path: str, rule: DeviationRule, found: Any, used: Any, message: str) -> None:
        """Add a deviation."""
        deviation = Deviation(self.resource, path, rule, deepcopy(found), used, message)
        # A field may be looked at twice, by its name and as the stand-in for another.
        if deviation not in self.deviations:
            self.deviations.append(deviation)


class Cursor:
    """One JSON object; remembers what was taken from it."""

    def __init__(self, content: Mapping[str, Any], path: str, report: Report) -> None:
        self.content = content
        self.path = path
        self.report = report
        self.label: str | None = None
        self._taken: set[str] = set()
        self._objects: dict[str, tuple[str, Cursor]] = {}
        self._lists: dict[str, tuple[str, list[Cursor | Any]]] = {}

    def key(self, name: str) -> str | None:
        """Return the key that stands for a name: the name itself, or one in another case."""
        if name in self.content:
            return name
        wanted = name.casefold()
        near = [key for key in self.content if str(key).strip().casefold() == wanted]
        if not near:
            return None
        message = f"the field is called {near[0]!r}, the standard says {name!r}"
        where = f"{self.path}.{near[0]}"
        self.report.note(where, DeviationRule.FIELD_NAME, near[0], name, message)
        return near[0]

    def slot(self, name: str) -> Slot | None:
        """Return the value of a field, not yet taken."""
        key = self.key(name)
        return None if key is None else Slot(self, key, name)

    def object(self, name: str, *, reference: bool = False) -> Cursor | None:
        """Return a nested object. A bare identifier passes for a reference."""
        key = self.key(name)
        if key is None:
            return None
        if key in self._objects:
            return self._objects[key][1]
        value, path = self.content[key], f"{self.path}.{key}"
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
            message = "the object stands in a list"
            self.report.note(path, DeviationRule.LIST_WRAPPED, value, value[0], message)
            value = value[0]
        if reference and isinstance(value, str | int) and not isinstance(value, bool):
            made = {"id": value}
            message = "a bare identifier stands in place of a reference"
            self.report.note(path, DeviationRule.WRONG_TYPE, value, made, message)
            value = made
        if not isinstance(value, Mapping):
            self._refuse(path, value, "an object")
            return None
        cursor = Cursor(value, path, self.report)
        self._objects[key] = (name, cursor)
        return cursor

    def elements(self, name: str) -> list[Cursor]:
        """Return the objects in a list; what is no object is left alone."""
        key = self.key(name)
        if key is None:
            return []
        if key not in self._lists:
            value, path = self.content[key], f"{self.path}.{key}"
            if isinstance(value, Mapping):
                message = "one object stands in place of a list"
                self.report.note(path, DeviationRule.NOT_A_LIST, value, [value], message)
                value, paths = [value], [path]
            elif isinstance(value, list):
                paths = [f"{path}[{index}]" for index in range(len(value))]
            else:
                self._refuse(path, value, "a list")
                return []
            held: list[Cursor | Any] = [
                Cursor(element, where, self.report) if isinstance(element, Mapping) else element
                for element, where in zip(value, paths, strict=True)
            ]
            self._lists[key] = (name, held)
        return [element for element in self._lists[key][1] if isinstance(element, Cursor)]

    def _refuse(self, path: str, value: Any, wanted: str) -> None:
        empty = value is None or value == ""
        rule = DeviationRule.EMPTY if empty else DeviationRule.WRONG_TYPE
        self.report.note(path, rule, value, None, f"{wanted} should stand here")

    def take(self, key: str) -> None:
        """Mark a field as part of the record."""
        self._taken.add(key)

    def release(self, key: str) -> None:
        """Give a field back, so that it is left over again."""
        self._taken.discard(key)
        self._objects.pop(key, None)
        self._lists.pop(key, None)

    def forget(self) -> None:
        """Give everything back."""
        self._taken.clear()
        self._objects.clear()
        self._lists.clear()

    def touched(self) -> bool:
        """Tell whether anything below here was taken."""
        return bool(self._taken) or any(cursor.touched() for cursor in self._below())

    def _below(self) -> Iterator[Cursor]:
        for _, cursor in self._objects.values():
            yield cursor
        for _, held in self._lists.values():
            yield from (element for element in held if isinstance(element, Cursor))

    def leftover(self) -> dict[str, Any]:
        """Return what was not taken, under the standard's names where they are known."""
        rest: dict[str, Any] = {}
        for key, value in self.content.items():
            if key in self._objects:
                name, cursor = self._objects[key]
                if inner := cursor.leftover():
                    rest[name] = inner
            elif key in self._lists:
                rest.update(_list_leftover(*self._lists[key]))
            elif key not in self._taken:
                rest[key] = deepcopy(value)
        return rest


def _list_leftover(name: str, held: list[Cursor | Any]) -> dict[str, Any]:
    rest: dict[str, Any] = {}
    whole = []
    for element in held:
        if not isinstance(element, Cursor):
            whole.append(deepcopy(element))
        elif element.label is None or not element.touched():
            whole += [deepcopy(dict(element.content))] if element.content else []
        elif inner := element.leftover():
            rest[f"{name}[{element.label}]"] = inner
    return {name: whole, **rest} if whole else rest


@dataclass(frozen=True)
class Slot:
    """One value in a payload, and where it stands.

    Parameters
    ----------
    cursor : Cursor
        The object that holds the value.
    key, name : str
        What the payload calls the field, and what the standard calls it.
    element : Cursor, optional
        The element of a list that the value identifies, with its label and the keys that go with
        the value.
    """

    cursor: Cursor
    key: str
    name: str
    element: Cursor | None = None
    label: str | None = None
    along: tuple[str, ...] = ()

    @property
    def value(self) -> Any:
        """The value as it stands."""
        return self.cursor.content[self.key]

    @property
    def path(self) -> str:
        """JSON path of the value."""
        return f"{self.cursor.path}.{self.key}"

    @property
    def report(self) -> Report:
        """Where deviations go."""
        return self.cursor.report

    def note(self, rule: DeviationRule, used: Any, message: str) -> None:
        """Report a deviation of this value."""
        self.report.note(self.path, rule, self.value, used, message)

    def take(self) -> None:
        """Mark the value as part of the record."""
        self.cursor.take(self.key)
        if self.element is not None:
            self.element.label = self.label
            for key in self.along:
                self.element.take(key)

    def release(self) -> None:
        """Give the value back."""
        self.cursor.release(self.key)
        if self.element is not None:
            self.element.forget()
            self.element.label = None
