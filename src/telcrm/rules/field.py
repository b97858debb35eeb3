"""Conditions as one would say them in Python: ``field("revenue") > 50``."""

from __future__ import annotations

from typing import Any, NoReturn, TypeAlias

from telcrm.errors import ConditionSyntaxError
from telcrm.rules.condition import (
    Between,
    Compare,
    CompareFields,
    Comparison,
    Ends,
    IsMissing,
    OneOf,
    TextMatch,
    TextTest,
)
from telcrm.rules.value import Value

__all__ = ["Field", "ScaledField", "field"]


class Field:
    """A field by its name, to write conditions with; :func:`field` makes one.

    Comparing it gives a condition: ``==``, ``!=``, ``<``, ``<=``, ``>`` and ``>=`` with a value,
    with another field, or with a multiple of one.

    Parameters
    ----------
    name : str
        Name of the field, or column.
    """

    __slots__ = ("name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"field({self.name!r})"

    def __bool__(self) -> NoReturn:
        raise ConditionSyntaxError(
            f"{self!r} alone is no condition. Compare it, or write {self!r}.is_true()."
        )

    # Comparing asks, and does not answer: the result is a condition.
    def __eq__(self, other: Operand) -> Compare | CompareFields:  # type: ignore[override]
        return self._compare(Comparison.EQ, other)

    def __ne__(self, other: Operand) -> Compare | CompareFields:  # type: ignore[override]
        return self._compare(Comparison.NE, other)

    def __lt__(self, other: Operand) -> Compare | CompareFields:
        return self._compare(Comparison.LT, other)

    def __le__(self, other: Operand) -> Compare | CompareFields:
        return self._compare(Comparison.LE, other)

    def __gt__(self, other: Operand) -> Compare | CompareFields:
        return self._compare(Comparison.GT, other)

    def __ge__(self, other: Operand) -> Compare | CompareFields:
        return self._compare(Comparison.GE, other)

    def __mul__(self, factor: Value) -> ScaledField:
        return ScaledField(self.name, factor)

    __rmul__ = __mul__

    def one_of(self, *values: Value) -> OneOf:
        """Test whether the field is one of some values.

        Parameters
        ----------
        *values : str, bool, number, date or datetime
            All of one kind.

        Returns
        -------
        OneOf

        Examples
        --------
        >>> field("segment").one_of("mass", "youth").values
        ('mass', 'youth')
        """
        return OneOf(field=self.name, values=values)

    def between(self, low: Value, high: Value, *, include: Ends | str = Ends.BOTH) -> Between:
        """Test whether the field lies in a span.

        Parameters
        ----------
        low, high : number, date or datetime
        include : Ends
            Which of the two ends belong to the span.

        Returns
        -------
        Between

        Examples
        --------
        >>> field("tenure_months").between(12, 24, include="low").high
        24
        """
        return Between(field=self.name, low=low, high=high, include=Ends(include))

    def starts_with(self, text: str) -> TextTest:
        """Test whether the field starts with a text.

        Parameters
        ----------
        text : str
            Not empty; upper and lower case differ.

        Returns
        -------
        TextTest

        Examples
        --------
        >>> field("other_party").starts_with("+882").text
        '+882'
        """
        return TextTest(field=self.name, match=TextMatch.STARTS_WITH, text=text)

    def contains(self, text: str) -> TextTest:
        """Test whether a text stands in the field.

        Parameters
        ----------
        text : str
            Not empty, and no pattern; upper and lower case differ.

        Returns
        -------
        TextTest

        Examples
        --------
        >>> field("offer_id").contains("*").match
        <TextMatch.CONTAINS: 'contains'>
        """
        return TextTest(field=self.name, match=TextMatch.CONTAINS, text=text)

    def ends_with(self, text: str) -> TextTest:
        """Test whether the field ends with a text.

        Parameters
        ----------
        text : str
            Not empty; upper and lower case differ.

        Returns
        -------
        TextTest

        Examples
        --------
        >>> field("offer_id").ends_with("-5G").match
        <TextMatch.ENDS_WITH: 'ends_with'>
        """
        return TextTest(field=self.name, match=TextMatch.ENDS_WITH, text=text)

    def is_missing(self) -> IsMissing:
        """Test whether the field has no value.

        Returns
        -------
        IsMissing

        Examples
        --------
        >>> field("segment").is_missing().field
        'segment'
        """
        return IsMissing(field=self.name)

    def is_true(self) -> Compare:
        """Test whether a boolean field is true.

        Returns
        -------
        Compare

        Examples
        --------
        >>> field("key_account").is_true().value
        True
        """
        return Compare(field=self.name, test=Comparison.EQ, value=True)

    def is_false(self) -> Compare:
        """Test whether a boolean field is false; a missing one is not.

        Returns
        -------
        Compare

        Examples
        --------
        >>> field("key_account").is_false().value
        False
        """
        return Compare(field=self.name, test=Comparison.EQ, value=False)

    def _compare(self, test: Comparison, other: object) -> Compare | CompareFields:
        if isinstance(other, Field):
            return CompareFields(field=self.name, test=test, other=other.name)
        if isinstance(other, ScaledField):
            return CompareFields(field=self.name, test=test, other=other.name, factor=other.factor)
        if other is None:
            raise ConditionSyntaxError(
                f"nothing compares with None. Write {self!r}.is_missing(), with ~ before it for "
                "the opposite."
            )
        return Compare(field=self.name, test=test, value=other)


class ScaledField:
    """A multiple of a field, to compare another field with: ``1.5 * field("revenue")``.

    Parameters
    ----------
    name : str
    factor : int, float or Decimal
    """

    __slots__ = ("factor", "name")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str, factor: Value) -> None:
        self.name = name
        self.factor = factor

    def __repr__(self) -> str:
        return f"{self.factor!r} * field({self.name!r})"

    def _refuse(self, other: object) -> Any:
        # Python then asks a plain field on the other side, which knows what to do.
        if isinstance(other, Field):
            return NotImplemented
        raise ConditionSyntaxError(
            f"{self!r} is compared with {other!r:.60}: only a plain field on one side is. "
            "Divide the value by the factor, or compare another field with the multiple."
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse

    def __bool__(self) -> NoReturn:
        raise ConditionSyntaxError(f"{self!r} is no condition. Compare a field with it.")


Operand: TypeAlias = Value | Field | ScaledField


def field(name: str) -> Field:
    """Name a field, to write conditions on it.

    Parameters
    ----------
    name : str
        Name of the field of a record, or of the column of a table.

    Returns
    -------
    Field

    Examples
    --------
    >>> low = (field("revenue") < 15) & field("segment").one_of("mass", "youth")
    >>> falling = field("revenue") < 0.5 * field("revenue_before")
    >>> (low | ~falling).fields_used
    ('revenue', 'segment', 'revenue_before')
    >>> 5 < field("revenue") < 15
    Traceback (most recent call last):
        ...
    telcrm.errors.ConditionSyntaxError: [TC-RULE-002] a condition is neither true nor false ...
    """
    return Field(name)
