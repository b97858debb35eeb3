"""From what a caller holds to JSON objects, and through a shape to a record and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from pydantic import ValidationError

from telcrm.domain.record import Record
from telcrm.domain.tmf.amounts import currency_code
from telcrm.domain.tmf.cursor import Cursor, Report, Unusable
from telcrm.domain.tmf.places import plain
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Shape
from telcrm.errors import ParameterError, TmfError

__all__ = ["Form", "Payload", "parse"]

R = TypeVar("R", bound=Record)

Payload: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | bytes

_BY_TYPE = {plain(resource): resource for resource in Resource}


def parse(payload: Payload) -> tuple[Any, tuple[str, ...]]:
    """Return JSON text as a value, and the names that occur twice in one of its objects.

    Parameters
    ----------
    payload : mapping, list, str or bytes
        What is no text is returned as it is.

    Returns
    -------
    value, tuple of str

    Raises
    ------
    TmfError
        The text is no JSON; the message gives line and column.
    """
    if not isinstance(payload, str | bytes):
        return payload, ()
    twice: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(pairs)

    def refuse(constant: str) -> NoReturn:
        raise TmfError(f"The payload holds {constant}, which is no JSON: write a number or null.")

    try:
        # A byte order mark is common in exported files and no part of the text.
        text = payload.decode("utf-8-sig") if isinstance(payload, bytes) else payload
        value = json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=gather, parse_constant=refuse
        )
    except json.JSONDecodeError as error:
        message = (
            f"The payload is no JSON: {error.msg} at line {error.lineno}, column {error.colno}. "
            "Mend the text there."
        )
        raise TmfError(message, line=error.lineno, column=error.colno) from None
    except UnicodeDecodeError as error:
        message = f"The payload is not UTF-8 at byte {error.start}. Write JSON in UTF-8."
        raise TmfError(message, byte=error.start) from None
    except TmfError:
        raise
    except (RecursionError, ValueError) as error:
        message = f"The payload cannot be read as JSON: {error}. Is it a TM Forum resource?"
        raise TmfError(message) from None
    return value, tuple(twice)


@dataclass(frozen=True)
class Form(Generic[R]):
    """One resource: its name and the shape of its record.

    Parameters
    ----------
    resource : Resource
    shape : Shape
    """

    resource: Resource
    shape: Shape[R]

    def read(self, payload: Payload, assume: Mapping[str, Any] | None) -> Reading[R]:
        """Return what one payload says.

        Parameters
        ----------
        payload : mapping, list of one mapping, str or bytes
        assume : mapping, optional
            Values by field name for what the payload does not say.

        Returns
        -------
        Reading

        Raises
        ------
        TmfError
            The payload is no such resource, or the record has no meaning without what it lacks.
        ParameterError
            ``assume`` names no field, or holds a value that the field refuses.
        """
        report = Report(self.resource)
        checked = self._assumed(assume or {}, report)
        value, twice = parse(payload)
        for name in twice:
            message = f"{name!r} occurs twice in one object: the last one is used"
            report.note(f"$..{name}", DeviationRule.DUPLICATE_KEY, name, name, message)
        content = self._one(value, report)
        cursor = Cursor(content, "$", report)
        self._check_type(cursor)
        try:
            record = self.shape.read(cursor, assume=checked)
            return Reading(record, tuple(report.deviations), cursor.leftover())
        except Unusable as unusable:
            self._give_up(content, unusable)
        except RecursionError:
            message = f"{self.resource} is nested too deeply to be read: is it a tree by mistake?"
            raise TmfError(message, resource=self.resource) from None

    def _one(self, value: Any, report: Report) -> Mapping[str, Any]:
        if isinstance(value, list | tuple):
            if len(value) != 1:
                message = (
                    f"{self.resource} is one object, found a list of {len(value)}. "
                    "Use telcrm.domain.tmf.read_many."
                )
                raise TmfError(message, resource=self.resource, count=len(value))
            value = value[0]
            message = "the object stands in a list"
            report.note("$", DeviationRule.LIST_WRAPPED, "list", "object", message)
        if not isinstance(value, Mapping):
            message = f"{self.resource} is a JSON object, found {type(value).__name__}."
            raise TmfError(message, resource=self.resource)
        return value

    def _check_type(self, cursor: Cursor) -> None:
        said = cursor.content.get("@type")
        meant = _BY_TYPE.get(plain(said))
        if meant is None:
            # Another type is a subclass, which the standard allows: it stays in unknown.
            return
        if meant is not self.resource:
            message = (
                f"The payload says @type {said!r}, but was to be read as {self.resource}. "
                "Use the reader of its type, or telcrm.domain.tmf.read."
            )
            raise TmfError(message, resource=self.resource, found=said)
        if said != meant:
            message = f"{said!r} stands for {meant.value!r}"
            cursor.report.note("$.@type", DeviationRule.CASE, said, meant.value, message)
        cursor.take("@type")

    def _assumed(self, assume: Mapping[str, Any], report: Report) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        fields = self.shape.record.model_fields
        for name, value in assume.items():
            if name == "currency":
                code = currency_code(str(value))
                if code is None:
                    raise ParameterError(f"assume['currency'] is {value!r}: no ISO 4217 code.")
                report.currency = code
            if name in fields:
                try:
                    checked[name] = self.shape.adapter(name).validate_python(value)
                except ValidationError as error:
                    why = error.errors()[0]["msg"]
                    raise ParameterError(f"assume[{name!r}] is {value!r}: {why}.") from None
            elif name != "currency":
                known = ", ".join(sorted({*fields, "currency"}))
                message = f"assume names {name!r}, which {self.resource} has not: it has {known}."
                raise ParameterError(message, name=name)
        return checked

    def _give_up(self, content: Mapping[str, Any], unusable: Unusable) -> NoReturn:
        said = content.get("id")
        subject = f"{self.resource} {said!r}" if said else f"This {self.resource}"
        message = (
            f"{subject} cannot be read: {unusable.why}. Complete the payload, or pass "
            'assume={"field of the record": value}.'
        )
        raise TmfError(message, resource=self.resource, id=said, rule=unusable.rule) from None

    def write(self, record: R, unknown: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the resource as JSON-ready dict.

        Parameters
        ----------
        record : Record
        unknown : mapping, optional

        Returns
        -------
        dict

        Raises
        ------
        TmfError
            The record is another one, or an amount has no exact JSON number.
        """
        if not isinstance(record, self.shape.record):
            message = (
                f"{self.resource} is written from {self.shape.record.__name__}, "
                f"found {type(record).__name__}. Use telcrm.domain.tmf.write."
            )
            raise TmfError(message, resource=self.resource)
        out = self.shape.write(record, unknown=unknown)
        if out.setdefault("@type", self.resource.value) != self.resource:
            out.setdefault("@baseType", self.resource.value)
        return out
