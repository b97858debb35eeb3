"""What a canonical table must hold, derived from the fields of its record.

A table is many records at once, so its columns have the names, types and limits of the record's
fields. Nothing is stated twice: change the record, and the contract follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic.fields import FieldInfo

from telcrm.domain import Currency, Money
from telcrm.domain.record import Record
from telcrm.errors import UntranslatableConstraintError
from telcrm.tables.constraints import ColumnRule, leaf_type, translate

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

__all__ = ["Column", "ColumnType", "Contract", "RowRule", "derive_contract"]


class ColumnType(StrEnum):
    """What kind of values a column holds; each engine has its own dtypes for them.

    ``instant`` is a UTC timestamp (a naive one is taken as UTC), ``month`` the first day of one.
    ``integer`` may stand in a float column, as pandas keeps integers with gaps, if every value is
    whole. ``number`` is money in major units, or a rate.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DAY = "day"
    INSTANT = "instant"
    MONTH = "month"


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes
    ----------
    name : str
    type : ColumnType
    required : bool
        Whether the column must be there at all.
    nullable : bool
        Whether a value may be missing where the column is there.
    rules : tuple of ColumnRule
    allowed : tuple of str
        The words of an enumeration; empty where any value of the type will do.
    description : str
        The field's own description, or an empty string.
    """

    name: str
    type: ColumnType
    required: bool
    nullable: bool
    rules: tuple[ColumnRule, ...] = ()
    allowed: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class RowRule:
    """A rule between columns of one row.

    It applies where its columns are there. An optional column of text that is left out beside
    another optional one that is there counts as null: a device has an ``imei`` or a ``serial``.

    Attributes
    ----------
    name : str
        Stands in the findings: ``"terminated_before_activated"``.
    words : str
        What is wrong with a row that breaks it: ``"ends before it begins"``.
    columns : tuple of str
    failing : callable
        Returns a narwhals expression that is true for the rows that break the rule.
    validator : str
        The model validator of the record that this rule carries over to the table.
    """

    name: str
    words: str
    columns: tuple[str, ...]
    failing: Callable[[], nw.Expr]
    validator: str


@dataclass(frozen=True)
class Contract:
    """What a canonical table must hold.

    Attributes
    ----------
    name : str
    record : type of Record
        The record that one row is.
    key : tuple of str
        Columns that together name a row; never null, never twice the same.
    columns : tuple of Column
    row_rules : tuple of RowRule
    record_only : mapping of str to str
        Model validators of the record that no table can check, each with the reason.

    Examples
    --------
    >>> from telcrm.tables import TABLES
    >>> TABLES["recharges"].key
    ('recharge_id',)
    >>> TABLES["recharges"].column("amount").type
    <ColumnType.NUMBER: 'number'>
    """

    name: str
    record: type[Record]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_rules: tuple[RowRule, ...] = ()
    record_only: Mapping[str, str] | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column.

        Parameters
        ----------
        name : str

        Returns
        -------
        Column

        Raises
        ------
        KeyError
            The table has no such column.
        """
        return {column.name: column for column in self.columns}[name]


def derive_contract(
    record: type[Record],
    *,
    name: str,
    key: tuple[str, ...],
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    row_rules: tuple[RowRule, ...] = (),
    record_only: Mapping[str, str] | None = None,
) -> Contract:
    """Derive a table's contract from its record.

    A field of type :class:`~telcrm.domain.Money` becomes a column of amounts in major units, and
    the table gains an optional column ``currency``.

    Parameters
    ----------
    record : type of Record
    name : str
        The table's name.
    key : tuple of str
        Fields that name a row.
    required : tuple of str
        Other fields whose column must be there.
    optional : tuple of str
        Fields whose column may be left out.
    row_rules : tuple of RowRule
        What the record's model validators say, between columns.
    record_only : mapping of str to str, optional
        Model validators that cannot be checked on a table, with the reason.

    Returns
    -------
    Contract

    Raises
    ------
    UntranslatableConstraintError
        A constraint of a field, or a validator of the record, has no rule for columns and is not
        named in ``record_only``. It is never skipped in silence.
    """
    validators = record.__pydantic_decorators__
    stated = {rule.validator for rule in row_rules} | set(record_only or {})
    found = {*validators.model_validators, *validators.field_validators}
    if stated != found:
        message = (
            f"{record.__name__} has the validators {sorted(found)}, the contract of {name!r} "
            f"accounts for {sorted(stated)}. Give each one a RowRule, or a reason in record_only."
        )
        raise UntranslatableConstraintError(message, table=name, record=record.__name__)
    fields = record.model_fields
    columns = [
        _column(name, field, fields[field], required=field in (*key, *required))
        for field in (*key, *required, *optional)
    ]
    if any(_holds_money(fields[column.name]) for column in columns):
        columns.append(_currency_column())
    return Contract(
        name=name,
        record=record,
        key=key,
        columns=tuple(columns),
        row_rules=row_rules,
        record_only=record_only,
    )


def _column(table: str, name: str, field: FieldInfo, *, required: bool) -> Column:
    translation = translate(field.annotation, field.metadata, where=f"{table}.{name}")
    return Column(
        name=name,
        type=ColumnType(translation.kind),
        required=required,
        nullable=translation.nullable,
        rules=translation.rules,
        allowed=translation.allowed,
        description=field.description or "",
    )


def _holds_money(field: FieldInfo) -> bool:
    return leaf_type(field.annotation) is Money


def _currency_column() -> Column:
    translation = translate(Currency, [], where="currency")
    return Column(
        name="currency",
        type=ColumnType.TEXT,
        required=False,
        nullable=False,
        rules=translation.rules,
        description="ISO 4217 code of every amount in the row.",
    )
