"""What to write into telcrm.toml, where that mends a table: errors of the library speak Python."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from telcrm.errors import MissingColumnsError, TelcrmError, UnreadableFileError
from telcrm.report import Folder
from telcrm.report.settings import SETTINGS_FILE

__all__ = ["remedy"]

_SEPARATORS: Final = (";", "\t", "|", ",")
_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def remedy(folder: Folder, table: str) -> str | None:
    """Say what to put into the folder's settings to mend a table.

    Parameters
    ----------
    folder : Folder
    table : str
        One of ``folder.refused``.

    Returns
    -------
    str or None
        None: the settings cannot mend it.
    """
    error = folder.refused[table]
    lines = [*_encoding(folder, table, error), *_separator(folder, table, error)]
    lines += _columns(folder, table, error)
    if not lines:
        return None
    block = "\n".join(f"    {line}" for line in lines)
    return f"Put into {folder.path / SETTINGS_FILE}:\n{block}"


def _encoding(folder: Folder, table: str, error: TelcrmError) -> Iterator[str]:
    if isinstance(error, UnreadableFileError) and "byte" in error.context:
        with folder.files[table].open("rb") as opened:
            marked = opened.read(2) in _MARKS
        yield f'encoding = "{"utf-16" if marked else "latin-1"}"'


def _separator(folder: Folder, table: str, error: TelcrmError) -> Iterator[str]:
    file = folder.files[table]
    if not isinstance(error, UnreadableFileError) or file.suffix.lower() != ".csv":
        return
    if error.context.keys() & {"byte", "columns"}:
        return
    header = _first_line(file, folder.settings.encoding)
    if folder.settings.separator not in header:
        found = next((mark for mark in _SEPARATORS if mark in header), None)
        if found is not None:
            written = found.replace("\t", "\\t")
            yield f'separator = "{written}"'


def _first_line(file: Path, encoding: str) -> str:
    # The error says no bad byte was met, so what the first line holds can be read.
    with file.open(encoding=encoding, errors="replace", newline="") as opened:
        return opened.readline()


def _columns(folder: Folder, table: str, error: TelcrmError) -> Iterator[str]:
    if not isinstance(error, MissingColumnsError) or table not in folder.loaded:
        return
    found = folder.loaded[table].report.findings
    missing = [finding.column for finding in found if finding.rule == "missing_column"]
    others = [finding.column for finding in found if finding.rule == "unknown_column"]
    yield f"[columns.{table}]"
    for name in missing:
        near = get_close_matches(name, others, n=1)
        yield f'{name} = "{near[0] if near else "YOUR COLUMN"}"'
    if others:
        yield f"# not canonical in {folder.files[table].name}: {', '.join(others)}"
