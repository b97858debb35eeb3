"""What a report is made of: sections, their key figures and their exhibits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telcrm.report.formats import Kind

if TYPE_CHECKING:
    import polars as pl

    from telcrm.report.drawing import Plot

__all__ = ["Column", "Exhibit", "KeyFigure", "Section", "Skipped"]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number that sums a section up.

    Attributes
    ----------
    label : str
        What it is.
    value : str
        As it is written: ``"EUR 1.23M"``.
    detail : str
        The month it is of, or what it compares with.
    """

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of an exhibit's frame is shown.

    Attributes
    ----------
    label : str
    kind : Kind
    prose : bool
        Sentences, which may run over several lines.
    """

    label: str
    kind: Kind = Kind.TEXT
    prose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One plot or table with the numbers behind it.

    Attributes
    ----------
    name : str
        Unique in its section; the stem of the file that :meth:`Report.export` writes.
    title : str
        What one sees.
    note : str
        How it is defined, in a sentence.
    frame : polars.DataFrame
        The numbers.
    columns : mapping of str to Column
        Which columns of the frame are shown as a table, in order. None: the plot says it all.
    plot : Plot, optional
        Drawn when the report is written.
    wide : bool
        Takes the whole width of the page.
    open : bool
        The table stands open beside its plot, instead of folded up.
    most : int, optional
        How many rows, from the first, the page shows; an export holds all.
    """

    name: str
    title: str
    frame: pl.DataFrame
    note: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    plot: Plot | None = None
    wide: bool = False
    open: bool = False
    most: int | None = None

    @property
    def shown(self) -> pl.DataFrame:
        """The rows that stand on the page."""
        return self.frame if self.most is None else self.frame.head(self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One subject of the report.

    Attributes
    ----------
    name : str
        Unique in the report, for example ``"movement"``.
    title : str
    summary : str
        What the section is about, and what it takes as given.
    figures : tuple of KeyFigure
    headlines : int
        How many of the figures, from the first, also stand at the top of the report.
    exhibits : tuple of Exhibit
    """

    name: str
    title: str
    summary: str
    figures: tuple[KeyFigure, ...] = ()
    headlines: int = 1
    exhibits: tuple[Exhibit, ...] = ()

    def exhibit(self, name: str) -> Exhibit:
        """Return one exhibit.

        Parameters
        ----------
        name : str

        Returns
        -------
        Exhibit

        Raises
        ------
        KeyError
            The section has no such exhibit.
        """
        return {exhibit.name: exhibit for exhibit in self.exhibits}[name]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A section that the report lacks, and why.

    Attributes
    ----------
    section : str
        Its name.
    title : str
    tables : tuple of str
        Any one of these would be enough.
    reason : str
        Missing, empty, or what is wrong with them.
    """

    section: str
    title: str
    tables: tuple[str, ...]
    reason: str
