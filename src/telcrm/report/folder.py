"""Read whatever canonical tables a folder holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from telcrm.errors import AmbiguousTableError, NoTablesError, TelcrmError
from telcrm.report.extra import require
from telcrm.report.findings import finding_rows
from telcrm.report.settings import SETTINGS_FILE, Settings, read_settings
from telcrm.tables import TABLES, Finding, Loaded, read

__all__ = ["SUFFIXES", "Folder", "read_folder"]

SUFFIXES: Final = (".csv", ".parquet")
_IS_FOLDER: Final = (
    "it is a folder, and partitioned tables are not read; write the table as one file"
)


@dataclass(frozen=True, slots=True)
class Folder:
    """The tables of a folder, read and checked.

    Attributes
    ----------
    path : pathlib.Path
    settings : Settings
        From ``telcrm.toml``, or the defaults.
    files : mapping of str to pathlib.Path
        The file of each table, in the order of the canonical tables.
    loaded : mapping of str to Loaded
        Tables that could be read, sound or not.
    refused : mapping of str to TelcrmError
        Tables that cannot be reported on: the file cannot be read, or breaks the contract.
    ignored : mapping of pathlib.Path to str
        What could hold a table and was not read, with the reason.
    """

    path: Path
    settings: Settings
    files: Mapping[str, Path]
    loaded: Mapping[str, Loaded]
    refused: Mapping[str, TelcrmError]
    ignored: Mapping[Path, str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings on all tables that could be read, warnings too."""
        return tuple(f for loaded in self.loaded.values() for f in loaded.report.findings)

    def finding_rows(self) -> list[dict[str, Any]]:
        """Return the findings on all tables, those that could not be read included.

        Returns
        -------
        list of dict
            Keys ``file``, ``table``, ``level``, ``rule``, ``column``, ``count``, ``first_keys`` and
            ``message``. A file that could not be read has the rule ``unreadable_file``; one that
            ``telcrm.toml`` does not fit, ``settings``.
        """
        checked = {table: loaded.report for table, loaded in self.loaded.items()}
        return [
            {"file": self.files[row["table"]].name, **row}
            for row in finding_rows(checked, self.refused)
        ]

    def raise_if_refused(self) -> None:
        """Raise if a table cannot be reported on.

        Raises
        ------
        TelcrmError
            That of the first such table.
        """
        for error in self.refused.values():
            raise error


def read_folder(path: str | Path, *, on_table: Callable[[str, int], None] | None = None) -> Folder:
    r"""Read the canonical tables of a folder, and check each against its contract.

    A table is a file named after it: ``recharges.csv`` or ``recharges.parquet``. ``telcrm.toml``
    beside it may map its columns.

    Parameters
    ----------
    path : str or pathlib.Path
    on_table : callable, optional
        Called with a table's name and the number of tables, before it is read.

    Returns
    -------
    Folder
        Also where tables are broken: look at ``refused``.

    Raises
    ------
    NoTablesError
        There is no such folder, or no file in it is named after a canonical table.
    AmbiguousTableError
        Two files hold one table.
    UnreadableFileError, MappingError, ParameterError
        ``telcrm.toml`` is broken.
    MissingExtraError

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = "recharge_id,customer_id,recharged_at,amount\nR-1,C-1,2026-01-05,10\n"
    >>> _ = (folder / "recharges.csv").write_text(rows)
    >>> read_folder(folder).loaded["recharges"].report
    recharges: 1 row, valid
    """
    require("polars")
    folder = Path(path)
    files = _files(folder)
    found = _tables(folder, files)
    settings_file = folder / SETTINGS_FILE
    settings = read_settings(settings_file) if settings_file.exists() else Settings()
    loaded: dict[str, Loaded] = {}
    refused: dict[str, TelcrmError] = {}
    for table, file in found.items():
        if on_table is not None:
            on_table(table, len(found))
        try:
            loaded[table] = _read(file, table, settings)
            loaded[table].report.raise_if_invalid()
        except TelcrmError as error:
            refused[table] = _naming(file, error)
    return Folder(folder, settings, found, loaded, refused, _ignored(folder, files, found))


def _read(file: Path, table: str, settings: Settings) -> Loaded:
    return read(
        file,
        table,
        mapping=settings.columns.get(table),
        encoding=settings.encoding,
        separator=settings.separator,
    )


def _naming(file: Path, error: TelcrmError) -> TelcrmError:
    if str(file) in error.message:
        return error
    named = type(error)(f"{file}: {error.message}", **{**error.context, "file": str(file)})
    named.__cause__ = error
    return named


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise NoTablesError(f"there is no folder {folder}.", folder=str(folder))
    return sorted(
        file for file in folder.iterdir() if file.is_file() and file.suffix.lower() in SUFFIXES
    )


def _ignored(folder: Path, files: list[Path], found: Mapping[str, Path]) -> dict[Path, str]:
    names = {file: "its name is no canonical table" for file in files if file not in found.values()}
    return names | dict.fromkeys(_folders(folder), _IS_FOLDER)


def _folders(folder: Path) -> list[Path]:
    """Sub-folders that are named like a table: partitioned Parquet, as Spark writes it."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and TABLES.keys() & {path.name, path.stem}
    )


def _tables(folder: Path, files: list[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for table in TABLES:
        candidates = [file for file in files if file.stem == table]
        if len(candidates) > 1:
            names = " and ".join(file.name for file in candidates)
            raise AmbiguousTableError(
                f"{folder} holds {table} twice: {names}. Keep the one that counts.",
                table=table,
                files=[str(file) for file in candidates],
            )
        if candidates:
            found[table] = candidates[0]
    if not found:
        raise NoTablesError(_nothing_found(folder, files), folder=str(folder))
    return found


def _nothing_found(folder: Path, files: list[Path]) -> str:
    near = {
        file.name: match[0]
        for file in files
        if (match := get_close_matches(file.stem.lower(), TABLES, n=1))
    }
    hint = "".join(f"Did you mean {table} by {name}? " for name, table in near.items())
    names = ", ".join(file.name for file in files) or "no CSV or Parquet file"
    hint += "".join(f"{path.name} is not read: {_IS_FOLDER}. " for path in _folders(folder))
    return (
        f"{folder} holds no canonical table (found: {names}). {hint}Name each file after its "
        f"table, with .csv or .parquet at the end: {', '.join(TABLES)}."
    )
