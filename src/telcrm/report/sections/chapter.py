"""A section before it is written: what it needs, and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telcrm.report.parts import Section
from telcrm.report.sources import Sources

__all__ = ["Chapter", "NothingToReport"]


class NothingToReport(Exception):  # noqa: N818 - no error: the section is skipped, for this reason
    """The tables are there, but hold nothing that the section could speak of."""


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
