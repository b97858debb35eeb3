"""How single values are read leniently and written strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from telcrm.domain.tmf.cursor import Slot, Unusable
from telcrm.domain.tmf.places import plain
from telcrm.domain.tmf.reading import DeviationRule as Rule

__all__ = [
    "DAY",
    "FLAG",
    "ID",
    "INSTANT",
    "LAST_DAY",
    "TEXT",
    "Codec",
    "Converted",
    "Enumeration",
    "Text",
    "Whole",
    "text",
]

E = TypeVar("E", bound=StrEnum)


class Codec(Protocol):
    """Reads a value from its place, or raises ``Unusable``; writes it back."""

    def read(self, slot: Slot) -> Any:
        """Return the value for the record."""
        ...

    def write(self, value: Any) -> Any:
        """Return the value for JSON."""
        ...


def text(slot: Slot) -> str:
    """Return a value as text without outer blanks; report what had to be done."""
    value = slot.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        slot.note(Rule.WRONG_TYPE, str(value), "a number stands in place of text")
        return str(value)
    if value is None:
        raise Unusable(Rule.EMPTY, "the field holds null")
    if not isinstance(value, str):
        raise Unusable(Rule.WRONG_TYPE, f"text should stand here, not {type(value).__name__}")
    stripped = value.strip()
    if not stripped:
        raise Unusable(Rule.EMPTY, "the field holds blank text")
    if stripped != value:
        slot.note(Rule.TRAILING_BLANK, stripped, f"{value!r} has outer blanks")
    return stripped


@dataclass(frozen=True)
class Text:
    """Text; what is longer than the record holds is cut where a limit is given."""

    limit: int | None = None

    def read(self, slot: Slot) -> str:
        """Return the text, cut to the limit."""
        value = text(slot)
        if self.limit is None or len(value) <= self.limit:
            slot.take()
            return value
        cut = value[: self.limit].rstrip()
        slot.note(Rule.TOO_LONG, cut, f"{len(value)} characters were cut to {self.limit}")
        return cut

    def write(self, value: str) -> str:
        """Return the text without outer blanks."""
        return value.strip()


ID = Text()
TEXT = Text(256)


@dataclass(frozen=True)
class Whole:
    """A whole number.

    Parameters
    ----------
    factors : mapping of str to int
        For names of characteristics that say another unit: how many of ours one of theirs is.
    """

    factors: Mapping[str, int] = field(default_factory=dict)

    def read(self, slot: Slot) -> int:
        """Return the number."""
        value = slot.value
        if isinstance(value, str):
            stripped = text(slot)
            if not re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{1,8})?", stripped):
                raise Unusable(Rule.WRONG_TYPE, f"{value!r} is no number")
            slot.note(Rule.NUMBER_AS_STRING, stripped, "the number is written as text")
            number = Decimal(stripped)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = Decimal(repr(value))
        else:
            rule = Rule.EMPTY if value is None else Rule.WRONG_TYPE
            raise Unusable(rule, f"a whole number should stand here, not {value!r}")
        # Multiplied only where needed: a product is rounded to 28 digits.
        if factor := self.factors.get(plain(slot.cursor.content.get("name"))):
            number *= factor
        if not number.is_finite() or number != int(number):
            raise Unusable(Rule.WRONG_TYPE, f"a whole number should stand here, not {value!r}")
        slot.take()
        return int(number)

    def write(self, value: int) -> int:
        """Return the number."""
        return value


_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class _Flag:
    def read(self, slot: Slot) -> bool:
        """Return the truth value."""
        value = slot.value
        if not isinstance(value, bool):
            said = str(value).strip().lower()
            if said not in _TRUTH:
                rule = Rule.EMPTY if value is None else Rule.WRONG_TYPE
                raise Unusable(rule, f"true or false should stand here, not {value!r:.60}")
            kind = "text" if isinstance(value, str) else "a number"
            value = _TRUTH[said]
            slot.note(Rule.WRONG_TYPE, value, f"the truth value is written as {kind}")
        slot.take()
        return value

    def write(self, value: bool) -> bool:
        """Return the truth value."""
        return value


FLAG = _Flag()


@dataclass(frozen=True)
class Enumeration(Generic[E]):
    """One of a list of values.

    Parameters
    ----------
    values : type of StrEnum
    spelling : mapping, optional
        What the standard writes where it differs from our value.
    aliases : mapping of str to member
        Other words for a value; capitals, blanks and hyphens do not count.
    """

    values: type[E]
    aliases: Mapping[str, E] = field(default_factory=dict)
    spelling: Mapping[E, str] = field(default_factory=dict)

    def read(self, slot: Slot) -> E:
        """Return the member."""
        said = text(slot)
        exact = {self.write(member): member for member in self.values}
        if said in exact:
            slot.take()
            return exact[said]
        loose = {plain(word): member for word, member in exact.items()}
        if plain(said) in loose:
            member, rule = loose[plain(said)], Rule.CASE
        elif plain(said) in (known := {plain(word): to for word, to in self.aliases.items()}):
            member, rule = known[plain(said)], Rule.ALIAS
        else:
            ways = ", ".join(exact)
            raise Unusable(Rule.UNKNOWN_VALUE, f"{said!r} is none of {ways}")
        slot.note(rule, member, f"{said!r} stands for {self.write(member)!r}")
        slot.take()
        return member

    def write(self, value: E) -> str:
        """Return the word that the standard uses."""
        return self.spelling.get(value, value.value)


_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment(slot: Slot, said: str) -> datetime:
    """Return an instant as written, in its own offset; UTC where it has none."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise Unusable(Rule.DATE_FORMAT, f"{said!r} is no ISO 8601 date or instant") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
        # A bare date is reported as such by its reader; only a clock without offset is naive.
        if not _DATE.fullmatch(said):
            slot.note(Rule.NAIVE_INSTANT, moment, f"{said!r} has no offset: UTC is assumed")
    elif not _RFC_3339.fullmatch(said):
        slot.note(Rule.DATE_FORMAT, moment, f"{said!r} is not written as RFC 3339 asks")
    return moment


def _zulu(moment: datetime) -> str:
    whole = moment.astimezone(UTC).replace(tzinfo=None)
    fraction = "milliseconds" if whole.microsecond % 1000 == 0 else "microseconds"
    fraction = fraction if whole.microsecond else "seconds"
    return f"{whole.isoformat(timespec=fraction)}Z"


class _Instant:
    def read(self, slot: Slot) -> datetime:
        """Return an aware instant in UTC."""
        said = text(slot)
        moment = _moment(slot, said)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise Unusable(Rule.DATE_FORMAT, f"{said!r} lies outside the calendar") from None
        if _DATE.fullmatch(said):
            slot.note(Rule.DATE_FORMAT, moment, f"{said!r} is a day: its first instant in UTC")
        slot.take()
        return moment

    def write(self, value: datetime) -> str:
        """Return ISO 8601 with Z."""
        return _zulu(value)


INSTANT = _Instant()


class _Day:
    """A business day: the day as written, in the offset in which it was written."""

    def read(self, slot: Slot) -> date:
        """Return the day."""
        said = text(slot)
        moment = _moment(slot, said)
        day = moment.date()
        if _DATE.fullmatch(said):
            slot.note(Rule.DATE_FORMAT, day, f"{said!r} is a day, the standard has an instant")
        elif moment.time() not in _DAY_EDGES:
            slot.note(Rule.TIME_DROPPED, day, f"the record keeps the day of {said!r} only")
        slot.take()
        return day

    def write(self, value: date) -> str:
        """Return the first instant of the day, with Z."""
        return f"{value.isoformat()}T00:00:00Z"


# A period that ends with a day is written up to its last second or millisecond.
_DAY_EDGES = (time(), time(23, 59, 59), time(23, 59, 59, 999000), time(23, 59, 59, 999999))


class _LastDay(_Day):
    """A day that a period still includes, and so its last second."""

    def write(self, value: date) -> str:
        """Return the last second of the day, with Z."""
        return f"{value.isoformat()}T23:59:59Z"


DAY = _Day()
LAST_DAY = _LastDay()


@dataclass(frozen=True)
class Converted:
    """Text that a table or a function turns into the record's value."""

    convert: Callable[[str], str | None]
    wanted: str

    def read(self, slot: Slot) -> str:
        """Return the converted text."""
        said = text(slot)
        value = self.convert(said)
        if value is None:
            raise Unusable(Rule.UNKNOWN_VALUE, f"{said!r} is no {self.wanted}")
        if value != said:
            rule = Rule.CASE if plain(value) == plain(said) else Rule.ALIAS
            slot.note(rule, value, f"{said!r} stands for {value!r}")
        slot.take()
        return value

    def write(self, value: str) -> str:
        """Return the record's value."""
        return value
