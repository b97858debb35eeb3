"""Read a canonical table from a file: map the column names, coerce the values, validate.

CSV, Parquet and DuckDB database files, with Polars or DuckDB as the engine. A cell that cannot be
read as its column's type becomes null, and a finding says how many there are and where: nothing is
lost in silence, and one bad cell does not stop a file of millions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from telcrm.domain.choice import choose
from telcrm.errors import MissingExtraError, TelcrmError, UnreadableFileError
from telcrm.tables.catalogue import contract
from telcrm.tables.contract import Contract
from telcrm.tables.csv_file import check_csv
from telcrm.tables.findings import Finding, ValidationReport
from telcrm.tables.rename import check_mapping, rename
from telcrm.tables.row_checks import FIRST_KEYS
from telcrm.tables.validate import validate

__all__ = ["Engine", "Loaded", "read"]

_KINDS = (".csv", ".parquet", ".duckdb")


class Engine(StrEnum):
    """Which library reads the file, and so the flavour of the frame that comes back."""

    POLARS = "polars"
    DUCKDB = "duckdb"


@dataclass(frozen=True)
class Loaded:
    """A table that was read from a file.

    Attributes
    ----------
    table : str
    path : pathlib.Path
    frame : polars.DataFrame or duckdb.DuckDBPyRelation
        Canonical names and types; columns that the contract does not know are kept as they were.
    report : ValidationReport
        Includes the cells that could not be read, as rule ``unreadable_value``.
    """

    table: str
    path: Path
    frame: Any
    report: ValidationReport


def read(
    path: str | Path,
    table: str | Contract,
    *,
    mapping: Mapping[str, str] | None = None,
    engine: Engine | str = Engine.POLARS,
    separator: str = ",",
    encoding: str = "utf-8",
    first_keys: int = FIRST_KEYS,
    allow_mixed_currencies: bool = False,
) -> Loaded:
    r"""Read, map, coerce and validate one canonical table.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.csv``, ``.parquet`` or ``.duckdb`` file. A DuckDB file must hold a table or view of the
        canonical name.
    table : str or Contract
    mapping : mapping of str to str, optional
        Your column for each canonical name that differs: ``{"period": "month"}``.
    engine : {"polars", "duckdb"}, default "polars"
        Polars holds the whole file in memory; DuckDB returns a relation that reads it as needed.
    separator : str, default ","
        Between the cells of a CSV file.
    encoding : str, default "utf-8"
        Of a CSV file; a byte order mark of UTF-8 is passed over. DuckDB reads UTF-8 only.
    first_keys : int, default 5
        How many failing keys a finding shows.
    allow_mixed_currencies : bool, default False

    Returns
    -------
    Loaded
        Look at its ``report``, or call ``report.raise_if_invalid()``.

    Raises
    ------
    UnreadableFileError
        The file is missing, broken, truncated, in another encoding or of an unknown kind.
    MappingError, UnknownColumnsError
        ``mapping`` does not fit the contract or the file.
    MissingExtraError
        The engine, or DuckDB for a ``.duckdb`` file, is not installed.
    ParameterError
        There is no such table or engine, Python knows no such encoding, or the engine does not
        read it.

    Notes
    -----
    Days are ISO 8601 (``2026-03-01``). Instants are too; without an offset they are taken as UTC.
    Booleans are true/false, yes/no, t/f, y/n or 1/0 in any case. Decimals have a point, and no mark
    between thousands. An empty cell is null; a row without any content is passed over.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "recharges.csv"
    >>> _ = file.write_text("id,customer_id,recharged_at,amount\nR-1,C-1,2026-01-05T10:00,ten\n")
    >>> loaded = read(file, "recharges", mapping={"recharge_id": "id"})
    >>> loaded.report
    recharges: 1 row, invalid
      error: recharges.amount: 1 value is no number, such as 'ten' (first keys: R-1)
    """
    agreed = contract(table)
    source = Path(path)
    check_mapping(agreed, mapping or {})
    kind = source.suffix.lower()
    if not source.is_file():
        message = f"there is no file {source} to read {agreed.name} from."
        raise UnreadableFileError(message, file=str(source), table=agreed.name)
    if kind not in _KINDS:
        message = f"{source} is of an unknown kind {kind!r}; telcrm reads {', '.join(_KINDS)}."
        raise UnreadableFileError(message, file=str(source), table=agreed.name)
    reader = _reader(choose(Engine, engine, "engine"), needs_duckdb=kind == ".duckdb")
    if kind == ".csv":
        check_csv(source, table=agreed.name, separator=separator, encoding=encoding)
    try:
        raw = reader.read_raw(source, table=agreed.name, separator=separator, encoding=encoding)
        named = rename(raw, agreed, mapping) if mapping else raw
        frame, unreadable = reader.coerce(named, agreed, first_keys=first_keys)
        # A lazy engine meets a broken line only here.
        report = validate(
            frame, agreed, first_keys=first_keys, allow_mixed_currencies=allow_mixed_currencies
        )
    except TelcrmError:
        raise
    except reader.FAILURES as error:
        first_line = str(error).partition("\n")[0].rstrip(".")
        message = (
            f"{source} cannot be read as {agreed.name}: {first_line}. The file may be cut off, "
            "or be of another kind than its name says; write it again."
        )
        raise UnreadableFileError(message, file=str(source), table=agreed.name) from error
    report = replace(report, findings=(*unreadable, *_but_unreadable(report, unreadable)))
    return Loaded(agreed.name, source, frame, report)


def _but_unreadable(report: ValidationReport, unreadable: tuple[Finding, ...]) -> Iterator[Finding]:
    """Leave out that a cell is missing where it was there and could not be read."""
    lost = {finding.column: finding.count for finding in unreadable}
    for finding in report.findings:
        if finding.rule != "null" or finding.count > lost.get(finding.column, 0):
            yield finding


def _reader(engine: Engine, *, needs_duckdb: bool) -> Any:
    missing = str(engine)
    try:
        if needs_duckdb:
            missing = "duckdb"
            import duckdb  # noqa: F401
        return import_module(f"telcrm.tables.read_{engine}")
    except ImportError as error:
        raise MissingExtraError.needing("reading this file", missing, extra=missing) from error
