"""Look at a CSV file before an engine reads it: its encoding and its header line."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from pathlib import Path

from telcrm.errors import ParameterError, UnreadableFileError

__all__ = ["check_csv", "is_utf8", "utf8_column_names"]

_SEPARATORS = (",", ";", "\t", "|")


def is_utf8(encoding: str) -> bool:
    """Tell whether an encoding's name means UTF-8, with or without a byte order mark.

    Parameters
    ----------
    encoding : str

    Returns
    -------
    bool

    Raises
    ------
    ParameterError
        Python knows no such encoding.
    """
    try:
        # A text stream also refuses codecs that are none of text, such as base64.
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError as error:
        message = f"Python knows no encoding {encoding!r}; use one such as 'latin-1' or 'utf-16'."
        raise ParameterError(message, encoding=encoding) from error


def check_csv(source: Path, *, table: str, separator: str, encoding: str) -> None:
    """Refuse a CSV file that an engine would misread, or would explain badly.

    Parameters
    ----------
    source : pathlib.Path
    table : str
        For the message.
    separator : str
    encoding : str

    Raises
    ------
    UnreadableFileError
        It is empty, does not decode, names a column twice, or has another separator.
    ParameterError
        Python knows no such encoding, or the separator is not one character.
    """
    is_utf8(encoding)
    if len(separator) != 1 or separator in '"\r\n':
        message = f"separator is {separator!r}, and has to be one character, such as ';'."
        raise ParameterError(message, separator=separator, file=str(source))
    _check_header(_decoded_header(source, table, encoding), source, table, separator)


def utf8_column_names(source: Path, separator: str) -> list[str]:
    """Return the column names in the first line of a UTF-8 file that passed :func:`check_csv`.

    Parameters
    ----------
    source : pathlib.Path
    separator : str

    Returns
    -------
    list of str
    """
    with source.open(encoding="utf-8-sig", newline="") as opened:
        return _names(opened.readline().rstrip("\r\n"), separator)


def _names(header: str, separator: str) -> list[str]:
    return next(csv.reader([header], delimiter=separator), [])


def _decoded_header(source: Path, table: str, encoding: str) -> str:
    """Decode the whole file, so that a bad byte is named by place, and return its first line."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if is_utf8(encoding) else encoding)()
    done, line, header, open_header = 0, 1, "", True
    with source.open("rb") as opened:
        while True:
            chunk = opened.read(1 << 20)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                start = getattr(error, "start", 0)
                at = done + start
                line += getattr(error, "object", b"")[:start].count(b"\n")
                raise _other_encoding(source, table, encoding, at, line) from error
            if open_header:
                first, line_break, _ = text.partition("\n")
                header += first
                open_header = not line_break
            if not chunk:
                return header.rstrip("\r")
            # Bytes of a character cut in two by the chunk are still in the decoder.
            done += len(chunk) - len(decoder.getstate()[0])
            line += chunk.count(b"\n")


def _other_encoding(
    source: Path, table: str, encoding: str, byte: int, line: int
) -> UnreadableFileError:
    with source.open("rb") as opened:
        start = opened.read(2)
    guess = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
    message = (
        f"{source} is not {encoding} text: byte {byte:,} in line {line:,} does not decode. "
        f'Save it as UTF-8, or pass its encoding, perhaps encoding="{guess}".'
    )
    return UnreadableFileError(message, file=str(source), table=table, byte=byte, line=line)


def _check_header(header: str, source: Path, table: str, separator: str) -> None:
    try:
        names = _names(header, separator)
    except csv.Error as error:
        message = f"{source} does not begin with a line of column names for {table}: {error}."
        raise UnreadableFileError(message, file=str(source), table=table) from error
    if not any(names):
        message = f"{source} is empty: {table} needs at least a line of column names."
        raise UnreadableFileError(message, file=str(source), table=table)
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        message = f"{source} names the columns {', '.join(twice)} more than once."
        raise UnreadableFileError(message, file=str(source), table=table, columns=twice)
    others = [mark for mark in _SEPARATORS if mark != separator and mark in header]
    if len(names) == 1 and others:
        message = (
            f"{source} has one column {header!r}; its cells seem to be separated by "
            f"{others[0]!r}. Pass separator={others[0]!r}."
        )
        raise UnreadableFileError(message, file=str(source), table=table)
