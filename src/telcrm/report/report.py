"""The report itself: a value that one can look at, write, or take apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from telcrm.domain import Currency
from telcrm.report.files import writing
from telcrm.report.own_folder import EXPORT_MARKER, take
from telcrm.report.page import render
from telcrm.report.parts import Section, Skipped
from telcrm.report.spreadsheet import write_csv

__all__ = ["Report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that the tables say, ready to be read.

    Attributes
    ----------
    title : str
    as_of : datetime.date, optional
        The day it looks back from; None if no table has a date.
    currency : Currency, optional
        Of all amounts.
    notes : tuple of str
        What the reader has to know: where the as-of date is from, what was left out.
    warnings : tuple of str
        What is probably wrong with the tables, to be looked at before the numbers.
    sections : tuple of Section
        The first one, ``overview``, tells which tables there were.
    skipped : tuple of Skipped
        The sections that are not there, and why.
    """

    title: str
    as_of: date | None
    currency: Currency | None
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...] = ()

    def section(self, name: str) -> Section:
        """Return one section.

        Parameters
        ----------
        name : str

        Returns
        -------
        Section

        Raises
        ------
        KeyError
            It is not in the report; perhaps it was skipped.
        """
        return {section.name: section for section in self.sections}[name]

    def to_html(self) -> str:
        """Return the whole report as one HTML document.

        Returns
        -------
        str
            It loads nothing and runs nothing; the same report gives the same text.

        Raises
        ------
        MissingExtraError
            jinja2 or matplotlib is not installed.
        """
        return render(self)

    def write(self, path: str | Path) -> None:
        """Write the report as an HTML file; all of it or nothing.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that is there is replaced.

        Raises
        ------
        ParameterError
            The folder does not exist.
        """
        document = self.to_html()
        with writing(path) as out:
            out.write(document)

    def export(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the numbers of each exhibit as CSV, safe to open in a spreadsheet.

        Parameters
        ----------
        folder : str or pathlib.Path
            Is made if it does not exist. What an earlier export wrote into it is removed first, so
            that the numbers of two reports never stand side by side.

        Returns
        -------
        tuple of pathlib.Path
            ``movement_months.csv``, ... Beside them stands ``.telcrm-export``, which lists them.

        Raises
        ------
        ParameterError
            The folder holds files that no export wrote.
        """
        frames = {
            f"{section.name}_{exhibit.name}.csv": exhibit.frame
            for section in self.sections
            for exhibit in section.exhibits
        }
        target = take(folder, EXPORT_MARKER, files=frames)
        for name, frame in frames.items():
            write_csv(target / name, frame.iter_rows(named=True), columns=frame.columns)
        return tuple(target / name for name in frames)

    def _repr_html_(self) -> str:
        """Show the report in a notebook, in a frame of its own: its styles stay in there."""
        return (
            '<iframe sandbox style="width:100%;height:50rem;border:1px solid #ccd5da" '
            f'srcdoc="{escape(self.to_html())}"></iframe>'
        )
