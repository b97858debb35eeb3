"""Currencies of ISO 4217, with the number of decimals each one has."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import Any, Final, final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from telcrm.domain.iso4217_table import CODES, PUBLISHED
from telcrm.domain.iso4217_withdrawn import WITHDRAWN
from telcrm.errors import UnknownCurrencyError

__all__ = ["ISO_4217_PUBLISHED", "Currency"]

ISO_4217_PUBLISHED: Final = PUBLISHED
"""Date of the list that the codes are taken from."""


@final
class Currency:
    """One currency of ISO 4217; there is a single object per code.

    Parameters
    ----------
    code : str
        Three capital letters: in force on :data:`ISO_4217_PUBLISHED`, or withdrawn since 2001.

    Raises
    ------
    UnknownCurrencyError
        The code is not in the table; the message proposes near ones.

    Notes
    -----
    ISO 4217, lists one (in force) and three (withdrawn) of the maintenance agency. A pydantic field
    of this type reads the code, and JSON holds the code.

    Examples
    --------
    >>> Currency("KWD").exponent
    3
    >>> Currency("EUR") is Currency("EUR")
    True
    >>> Currency("HRK").withdrawn
    datetime.date(2023, 1, 1)
    """

    __slots__ = ("_code", "_exponent", "_name", "_numeric", "_withdrawn")

    _code: str
    _exponent: int | None
    _name: str
    _numeric: str
    _withdrawn: date | None

    def __new__(cls, code: str) -> Currency:  # noqa: D102 (the class tells)
        known = _BY_CODE.get(code) if isinstance(code, str) else None
        if known is None:
            raise _unknown(code)
        return known

    @classmethod
    def codes(cls) -> tuple[str, ...]:
        """Return all known codes in alphabetical order, withdrawn ones included."""
        return tuple(sorted(_BY_CODE))

    @property
    def code(self) -> str:
        """Three capital letters."""
        return self._code

    @property
    def numeric(self) -> str:
        """Three digits, leading zeros kept."""
        return self._numeric

    @property
    def name(self) -> str:
        """English name in the standard."""
        return self._name

    @property
    def exponent(self) -> int | None:
        """Decimals of the minor unit: 2 for EUR, 0 for JPY; None for gold and its like."""
        return self._exponent

    @property
    def withdrawn(self) -> date | None:
        """First day of the month in which the code was withdrawn; None while it is in force."""
        return self._withdrawn

    def __repr__(self) -> str:
        return f"Currency({self._code!r})"

    def __str__(self) -> str:
        return self._code

    def __reduce__(self) -> tuple[type[Currency], tuple[str]]:
        return (Currency, (self._code,))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _read,
            serialization=core_schema.to_string_ser_schema(when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code"}


def _intern(
    code: str, numeric: str, name: str, exponent: int | None, month: str | None = None
) -> Currency:
    currency = object.__new__(Currency)
    currency._code = code
    currency._numeric = numeric
    currency._name = name
    currency._exponent = exponent
    currency._withdrawn = date.fromisoformat(f"{month}-01") if month else None
    return currency


_BY_CODE: Final = {code: _intern(code, *facts) for code, facts in (CODES | WITHDRAWN).items()}


def _read(value: object) -> Currency:
    return value if isinstance(value, Currency) else Currency(value)  # type: ignore[arg-type]


def _unknown(code: object) -> UnknownCurrencyError:
    if not isinstance(code, str):
        mend = f"pass a code of three letters, not {type(code).__name__}"
        near = []
    else:
        upper = code.strip().upper()
        near = [upper] if upper in _BY_CODE else get_close_matches(upper, CODES, n=3)
        offers = " or ".join(repr(offer) for offer in near)
        mend = f"did you mean {offers}?" if near else "codes have three capital letters, like 'EUR'"
    return UnknownCurrencyError(
        f"{code!r} is no currency code of ISO 4217 (list of {ISO_4217_PUBLISHED}): {mend}",
        value=code,
        near=near,
    )
