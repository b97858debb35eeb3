"""What every record is: frozen, closed, and stored with a format version."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from telcrm.errors import RecordFormatError

__all__ = ["Record", "json_schema"]

_FORMAT_KEY = "$format"


class Record(BaseModel):
    """One thing at a time: validated on entry, immutable, equal by value.

    Unknown fields are refused, so a typing slip never loses data. A changed copy comes from
    :meth:`replace`, which validates; pydantic's ``model_copy(update=...)`` does not.

    Attributes
    ----------
    format_version : int, class attribute
        Version of the stored JSON. It rises when an older reader could misread the fields.

    Examples
    --------
    >>> from telcrm.domain import Price, Money, PriceType
    >>> price = Price(kind=PriceType.RECURRING, amount=Money("20", "EUR"), recurring_months=1)
    >>> stored = price.to_json()
    >>> Price.from_json(stored) == price
    True
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,
        ser_json_bytes="base64",
    )

    format_version: ClassVar[int] = 1

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated like a new record.

        Parameters
        ----------
        **changes
            New values by field name.

        Returns
        -------
        Self

        Raises
        ------
        pydantic.ValidationError
            The changed record would not be valid.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, **changes})

    def to_json(self, *, indent: int | None = None) -> str:
        """Write the record as JSON that names its format, for storage.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line by default.

        Returns
        -------
        str
        """
        content = {_FORMAT_KEY: self._format(self.format_version), **self.model_dump(mode="json")}
        return json.dumps(content, indent=indent, ensure_ascii=False)

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
        RecordFormatError
            The text is no JSON object, is another record, or is of a newer format.
        pydantic.ValidationError
            The fields break the record's rules.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"{cls.__name__} cannot be read: the text is not JSON ({error})."
            raise RecordFormatError(message, record=cls.__name__) from error
        if not isinstance(content, dict):
            message = f"{cls.__name__} is stored as a JSON object, found {type(content).__name__}."
            raise RecordFormatError(message, record=cls.__name__)
        found = content.pop(_FORMAT_KEY, None)
        if found not in [cls._format(version) for version in range(1, cls.format_version + 1)]:
            newest = cls._format(cls.format_version)
            message = (
                f"{cls.__name__}.from_json reads {_FORMAT_KEY} {newest!r} and older, "
                f"found {found!r:.60}. Use the record that wrote it, or a newer telcrm; for plain "
                f"JSON without {_FORMAT_KEY} use {cls.__name__}.model_validate_json."
            )
            raise RecordFormatError(message, record=cls.__name__, found=found)
        return cls.model_validate(content)

    @classmethod
    def _format(cls, version: int) -> str:
        return f"telcrm.{cls.__name__}/{version}"


def json_schema(*records: type[Record]) -> dict[str, Any]:
    """Export records as one JSON Schema (draft 2020-12) with shared definitions.

    It describes what ``model_validate_json`` takes and ``model_dump_json`` writes. What
    :meth:`Record.to_json` writes has the key ``$format`` besides.

    Parameters
    ----------
    *records : type of Record
        For example ``Customer, Payment``.

    Returns
    -------
    dict
        ``{"$schema": ..., "$defs": {"Customer": {...}, ...}}``

    Examples
    --------
    >>> from telcrm.domain import Payment
    >>> sorted(json_schema(Payment)["$defs"]["Payment"]["required"])[:3]
    ['account_id', 'amount', 'customer_id']
    """
    _, definitions = models_json_schema([(record, "validation") for record in records])
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "$defs": {}, **definitions}
