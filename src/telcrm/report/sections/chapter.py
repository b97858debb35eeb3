"""A section before it is written: what it needs, and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telcrm.report.parts import Exhibit, KeyFigure, Section
from telcrm.report.sources import Sources

__all__ = ["Chapter", "NothingToReport", "Part"]


class NothingToReport(Exception):  # noqa: N818 - no error: the section is skipped, for this reason
    """The tables are there, but hold nothing that the section could speak of."""


@dataclass(frozen=True, slots=True)
class Part:
    """One subject of a section that has several, each with tables of its own.

    Attributes
    ----------
    said : str
        What the reader has to know; where there is nothing else, why.
    figures : tuple of KeyFigure
    exhibits : tuple of Exhibit
    """

    said: str = ""
    figures: tuple[KeyFigure, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.figures or self.exhibits)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One entry of the catalogue.

    Attributes
    ----------
    name, title : str
    tables : tuple of str
        Any one of these is enough.
    write : callable
        Takes the :class:`Sources` and returns the :class:`Section`, or raises
        :class:`NothingToReport`.
    books : bool
        Whether a ledger is enough, too.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    write: Callable[[Sources], Section]
    books: bool = False
