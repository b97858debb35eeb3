"""A section before it is written: what it needs, and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telcrm.report.parts import Section
from telcrm.report.sources import Sources

__all__ = ["Chapter"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One entry of the catalogue.

    Attributes
    ----------
    name, title : str
    tables : tuple of str
        Any one of these is enough.
    write : callable
        Takes the :class:`Sources` and returns the :class:`Section`.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    write: Callable[[Sources], Section]
