"""One self-contained HTML report on whatever canonical tables there are.

Tables in, a value out: :func:`build` returns a :class:`Report`, whose sections hold the numbers
behind every plot. The command ``telcrm report`` does the same to a folder of files. Needs the extra
``cli``; matplotlib is loaded when the report is written, not before.
"""

from telcrm.report.compose import build
from telcrm.report.folder import Folder, read_folder
from telcrm.report.formats import Kind
from telcrm.report.parts import Column, Exhibit, KeyFigure, Section, Skipped
from telcrm.report.report import Report
from telcrm.report.settings import ChurnSettings, LedgerSettings, Settings, read_settings
from telcrm.report.spreadsheet import harmless, write_csv

__all__ = [
    "ChurnSettings",
    "Column",
    "Exhibit",
    "Folder",
    "KeyFigure",
    "Kind",
    "LedgerSettings",
    "Report",
    "Section",
    "Settings",
    "Skipped",
    "build",
    "harmless",
    "read_folder",
    "read_settings",
    "write_csv",
]
