"""A record laid out over a payload, field by field: one table serves reading and writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from telcrm.domain.record import Record
from telcrm.domain.tmf.codecs import FLAG, Codec
from telcrm.domain.tmf.cursor import Cursor, Slot, Unusable
from telcrm.domain.tmf.leftovers import put_back
from telcrm.domain.tmf.places import Characteristic, Keyed, Place
from telcrm.domain.tmf.reading import DeviationRule as Rule
from telcrm.errors import TelcrmError

__all__ = ["Extension", "Field", "Layout", "ListOf", "Nested", "Repair", "Shape"]

R = TypeVar("R", bound=Record)

Values = dict[str, Any]
Default = Callable[[Values], Any]

_NONE: Any = object()


@dataclass(frozen=True)
class Field:
    """One field of a record.

    Parameters
    ----------
    name : str
        In the record.
    place : Place
        In the payload.
    codec : Codec
    default : callable, optional
        Gives the value to assume from the fields read so far, where the record needs one.
    due : bool
        Whether the standard requires the field.
    needed : bool
        Whether the record says nothing without it, though its own rules would let it be.
    derive : callable, optional
        Gives what is written from the whole record, where the field alone does not tell.
    """

    name: str
    place: Place
    codec: Codec
    default: Default | None = None
    due: bool = False
    needed: bool = False
    derive: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Repair:
    """What to give up when a record contradicts itself: a field left out, or computed anew."""

    name: str
    instead: Default | None = None


@dataclass(frozen=True)
class Shape(Generic[R]):
    """How a record lies in a JSON object.

    Parameters
    ----------
    record : type of Record
    fields : tuple of Field
    extension : str, optional
        The array of characteristics that holds all other fields of the record, by their names.
    beside : mapping
        Constants that the standard wants; the payload's own value wins.
    repairs : tuple of Repair
        In the order in which they are tried.
    """

    record: type[R]
    fields: tuple[Field, ...]
    extension: str | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()

    @cached_property
    def laid_out(self) -> tuple[Field, ...]:
        """The fields, followed by those that stand among the characteristics."""
        listed = {each.name for each in self.fields}
        rest = [name for name in self.record.model_fields if name not in listed]
        if self.extension is None:
            return self.fields
        extra = [
            Field(name, Characteristic(self.extension, name), self._extension(name))
            for name in rest
            if name != "party_type" or "party_type" in listed
        ]
        return (*self.fields, *extra)

    def _extension(self, name: str) -> Extension:
        codec = FLAG if self.record.model_fields[name].annotation is bool else None
        return Extension(self.adapter(name), codec)

    def adapter(self, name: str) -> TypeAdapter[Any]:
        """Return what validates one field of the record alone."""
        return _adapter(self.record, name)

    def read(self, cursor: Cursor, *, assume: Mapping[str, Any] | None = None) -> R:
        """Return the record; raise ``Unusable`` where it cannot be."""
        values: Values = {}
        slots: dict[str, Slot] = {}
        lacking = []
        for each in self.laid_out:
            try:
                self._read_field(each, cursor, assume or {}, values, slots)
            except Unusable as unusable:
                lacking.append(unusable)
        if lacking:
            raise Unusable(lacking[0].rule, "; ".join(each.why for each in lacking))
        for name, value in self.beside.items():
            if cursor.content.get(name) == value:
                cursor.take(name)
        return self._build(values, slots)

    def _read_field(
        self,
        each: Field,
        cursor: Cursor,
        assume: Mapping[str, Any],
        values: Values,
        slots: dict[str, Slot],
    ) -> None:
        slot = each.place.find(cursor)
        rule = Rule.MISSING_REQUIRED if each.due else Rule.ASSUMED_DEFAULT
        why = "not given"
        if slot is not None:
            before = len(cursor.report.deviations)
            try:
                values[each.name] = self._valid(each.name, each.codec.read(slot))
            except Unusable as unusable:
                del cursor.report.deviations[before:]
                rule, why = unusable.rule, unusable.why
                slot.release()
            else:
                slots[each.name] = slot
                return
        value = self._instead(each, assume, values)
        path = slot.path if slot else cursor.path + each.place.path[1:]
        found = None if slot is None else slot.value
        model_field = self.record.model_fields[each.name]
        if value is not _NONE:
            values[each.name] = value
        elif each.needed or model_field.is_required():
            raise Unusable(rule, f"{each.place.path[2:]}: {why}")
        elif slot is None and not each.due:
            return
        else:
            value = model_field.get_default()
        cursor.report.note(path, rule, found, value, f"{why}: {_show(value)} is used")

    def _instead(self, each: Field, assume: Mapping[str, Any], values: Values) -> Any:
        if each.name in assume:
            return assume[each.name]
        value = None if each.default is None else each.default(values)
        return _NONE if value is None else value

    def _valid(self, name: str, value: Any) -> Any:
        try:
            return self.adapter(name).validate_python(value)
        except ValidationError as error:
            raise Unusable(Rule.INVALID_VALUE, _first(error)) from None

    def _build(self, values: Values, slots: dict[str, Slot]) -> R:
        repairs = [repair for repair in self.repairs if repair.name in values]
        for count in range(len(repairs) + 1):
            for given_up in combinations(repairs, count):
                record, _ = self._tried(values, given_up)
                if record is not None:
                    self._report_repairs(record, values, given_up, slots)
                    return record
        raise Unusable(Rule.INCONSISTENT, self._tried(values, ())[1])

    def _tried(self, values: Values, given_up: tuple[Repair, ...]) -> tuple[R | None, str]:
        gone = {repair.name for repair in given_up}
        kept = {name: value for name, value in values.items() if name not in gone}
        for repair in given_up:
            if repair.instead is not None:
                kept[repair.name] = repair.instead(kept)
        try:
            return self.record(**kept), ""
        except ValidationError as error:
            return None, _first(error)

    def _report_repairs(
        self, record: R, values: Values, given_up: tuple[Repair, ...], slots: dict[str, Slot]
    ) -> None:
        for repair in given_up:
            others = tuple(other for other in given_up if other is not repair)
            _, why = self._tried(values, others)
            if repair.name in slots:
                used = getattr(record, repair.name)
                message = f"{why}: {_show(used)} is used"
                slots[repair.name].note(Rule.INCONSISTENT, used, message)
                slots[repair.name].release()

    def write(self, record: R, *, unknown: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the JSON object; what stood beside the record before goes back in."""
        out: dict[str, Any] = {}
        put: list[Place] = []
        for each in self.laid_out:
            value = each.derive(record) if each.derive else getattr(record, each.name)
            model_field = self.record.model_fields[each.name]
            if (
                value is None
                or value == ()
                or (
                    isinstance(each.codec, Extension)
                    and not model_field.is_required()
                    and value == model_field.get_default()
                )
            ):
                continue
            encoded = each.codec.write(value)
            # An empty text or object says nothing; only an object that is due is written empty.
            if encoded not in ("", {}) or (encoded == {} and each.due):
                each.place.put(out, encoded)
                put.append(each.place)
        typed = {
            each.place.array
            for each in self.laid_out
            if isinstance(each.place, Keyed) and each.place.typed
        }
        put_back(out, unknown or {}, typed)
        for place in put:
            place.finish(out)
        for name, value in self.beside.items():
            out.setdefault(name, deepcopy(value))
        return out


class Layout(Protocol[R]):
    """Reads a record from a JSON object and writes it; a :class:`Shape` is one."""

    def read(self, cursor: Cursor) -> R:
        """Return the record, or raise ``Unusable``."""
        ...

    def write(self, record: R) -> dict[str, Any]:
        """Return the JSON object."""
        ...


@dataclass(frozen=True)
class Nested(Generic[R]):
    """A record inside a record."""

    shape: Layout[R]

    def read(self, slot: Slot) -> R:
        """Return the inner record."""
        if slot.value is None:
            raise Unusable(Rule.EMPTY, "the field holds null")
        inner = slot.cursor.object(slot.name)
        if inner is None:
            raise Unusable(Rule.WRONG_TYPE, "an object should stand here")
        record = self.shape.read(inner)
        slot.take()
        return record

    def write(self, value: R) -> dict[str, Any]:
        """Return the inner object."""
        return self.shape.write(value)


@dataclass(frozen=True)
class ListOf(Generic[R]):
    """A list of records; an element that cannot be read stays in ``unknown``."""

    shape: Layout[R]

    def read(self, slot: Slot) -> tuple[R, ...]:
        """Return the inner records."""
        records: list[R] = []
        for element in slot.cursor.elements(slot.name):
            before = len(slot.report.deviations)
            try:
                record = self.shape.read(element)
            except Unusable as unusable:
                del slot.report.deviations[before:]
                element.forget()
                message = f"{unusable.why}: the element is left out"
                slot.report.note(element.path, unusable.rule, element.content, None, message)
            else:
                element.label = str(len(records))
                records.append(record)
        return tuple(records)

    def write(self, value: tuple[R, ...]) -> list[dict[str, Any]]:
        """Return the inner objects."""
        return [self.shape.write(record) for record in value]


@dataclass(frozen=True)
class Extension:
    """A field that the standard has no place for: its JSON form is a characteristic's value.

    Parameters
    ----------
    adapter : TypeAdapter
    codec : Codec, optional
        Reads more leniently than the record would.
    """

    adapter: TypeAdapter[Any]
    codec: Codec | None = None

    def read(self, slot: Slot) -> Any:
        """Return the value."""
        if self.codec is not None:
            return self.codec.read(slot)
        raw = slot.value.strip() if isinstance(slot.value, str) else slot.value
        try:
            value = self.adapter.validate_python(raw)
        except ValidationError as error:
            raise Unusable(Rule.INVALID_VALUE, _first(error)) from None
        if raw != slot.value:
            slot.note(Rule.TRAILING_BLANK, value, f"{slot.value!r} has outer blanks")
        slot.take()
        return value

    def write(self, value: Any) -> Any:
        """Return the JSON form."""
        encoded = self.adapter.dump_python(value, mode="json", exclude_none=True)
        return encoded.strip() if isinstance(encoded, str) else encoded


_ADAPTERS: dict[tuple[type[Record], str], TypeAdapter[Any]] = {}


def _adapter(record: type[Record], name: str) -> TypeAdapter[Any]:
    if (record, name) not in _ADAPTERS:
        info = record.model_fields[name]
        annotation: Any = info.annotation
        for rule in info.metadata:
            annotation = Annotated[annotation, rule]
        _ADAPTERS[record, name] = TypeAdapter(annotation)
    return _ADAPTERS[record, name]


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    cause = first.get("ctx", {}).get("error")
    message = cause.message if isinstance(cause, TelcrmError) else first["msg"]
    message = message.removeprefix("Value error, ").rstrip(".")
    return f"{where}: {message}" if where else message


def _show(value: Any) -> str:
    return "nothing" if value is None or value == () else repr(str(value))
