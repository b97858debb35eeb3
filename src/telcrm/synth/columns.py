"""What a table is before a dataframe library sees it: named columns of plain NumPy arrays.

Text is never held as Python strings. It is either a fixed-width key (``S0000001``) or a small
integer code into a pool of words; both become Arrow text by copying bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "NOT_A_DAY",
    "Coded",
    "Column",
    "Dates",
    "Flags",
    "Floats",
    "Instants",
    "Ints",
    "KeyRefs",
    "Keys",
    "Moments",
    "Numbers",
    "Table",
    "Text",
    "Words",
]

Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]
Text: TypeAlias = npt.NDArray[np.bytes_]
Moments: TypeAlias = npt.NDArray[np.datetime64]
Words: TypeAlias = npt.NDArray[np.str_]

NOT_A_DAY = np.iinfo(np.int32).min
"""Stands for 'no date' in arrays of days since 1970-01-01."""


@dataclass(frozen=True)
class Numbers:
    """Values that Arrow takes as they are: integers, floats, booleans, moments, words."""

    values: Ints | Floats | Flags | Moments | Words


@dataclass(frozen=True)
class Dates:
    """Days since 1970-01-01; `NOT_A_DAY` is null."""

    days: Ints


@dataclass(frozen=True)
class Instants:
    """Seconds since 1970-01-01 in UTC; a negative number is null."""

    seconds: Ints


@dataclass(frozen=True)
class Coded:
    """Positions in a pool of words; -1 is null."""

    codes: Ints
    words: Sequence[str]


@dataclass(frozen=True)
class Keys:
    """ASCII text, all of the same width."""

    text: Text


@dataclass(frozen=True)
class KeyRefs:
    """Positions in an array of keys; -1 is null."""

    codes: Ints
    text: Text


Column: TypeAlias = Numbers | Dates | Instants | Coded | Keys | KeyRefs
Table: TypeAlias = Mapping[str, Column]
