"""Read files with DuckDB and coerce their columns to a contract's types."""

from __future__ import annotations

from pathlib import Path

import duckdb

from telcrm.errors import ParameterError
from telcrm.tables.contract import ColumnType, Contract
from telcrm.tables.csv_file import is_utf8, utf8_column_names
from telcrm.tables.findings import Finding
from telcrm.tables.written_values import (
    FALSE_WORDS,
    FINITE,
    INSTANT,
    MIDNIGHT,
    MONTH,
    OFFSET,
    TRUE_WORDS,
    WHOLE,
    UnreadableCells,
    unreadable_findings,
)

__all__ = ["FAILURES", "coerce", "read_raw"]

FAILURES = (duckdb.Error, OSError)

_DTYPES: dict[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DAY: "DATE",
    ColumnType.MONTH: "DATE",
    ColumnType.INSTANT: "TIMESTAMP",
}


def read_raw(source: Path, *, table: str, separator: str, encoding: str) -> duckdb.DuckDBPyRelation:
    """Read a file as it is: every CSV cell a string, Parquet and DuckDB with their own types.

    Parameters
    ----------
    source : pathlib.Path
    table : str
        Looked up in a DuckDB file.
    separator : str
    encoding : str

    Returns
    -------
    duckdb.DuckDBPyRelation
        On a connection of its own.

    Raises
    ------
    ParameterError
        The encoding is not UTF-8.
    """
    match source.suffix.lower():
        case ".csv":
            if not is_utf8(encoding):
                message = (
                    f"the engine duckdb reads UTF-8 only, not {encoding!r}: pass engine='polars', "
                    f"or save {source} as UTF-8."
                )
                raise ParameterError(message, encoding=encoding, file=str(source))
            cells = duckdb.connect().read_csv(
                str(source),
                header=True,
                delimiter=separator,
                quotechar='"',
                escapechar='"',
                # Named, not sniffed: DuckDB would otherwise guess a layout that fits odd lines.
                columns=dict.fromkeys(utf8_column_names(source, separator), "VARCHAR"),
                auto_detect=False,
            )
            some = " OR ".join(f"{_quoted(name)} IS NOT NULL" for name in cells.columns)
            return cells.filter(some)
        case ".parquet":
            return duckdb.connect().read_parquet(str(source))
    return duckdb.connect(str(source), read_only=True).table(table)


def coerce(
    relation: duckdb.DuckDBPyRelation, agreed: Contract, *, first_keys: int
) -> tuple[duckdb.DuckDBPyRelation, tuple[Finding, ...]]:
    """Give each column of a contract its type; tell which cells could not be read.

    Parameters
    ----------
    relation : duckdb.DuckDBPyRelation
    agreed : Contract
    first_keys : int

    Returns
    -------
    relation : duckdb.DuckDBPyRelation
        Instants are naive timestamps in UTC.
    findings : tuple of Finding
    """
    dtypes = dict(zip(relation.columns, map(str, relation.types), strict=True))
    readings = {
        column.name: reading
        for column in agreed.columns
        if column.name in dtypes
        and (reading := _reading(_quoted(column.name), dtypes[column.name], column.type))
    }
    if not readings:
        return relation, ()
    projected = ", ".join(
        f"{readings.get(name, _quoted(name))} AS {_quoted(name)}" for name in relation.columns
    )
    lost = {
        name: f"({_quoted(name)} IS NOT NULL AND ({reading}) IS NULL)"
        for name, reading in readings.items()
    }
    sums = ", ".join(f"SUM(CAST({condition} AS BIGINT))" for condition in lost.values())
    counts = relation.aggregate(sums).fetchall()[0]
    key = [name for name in agreed.key if name in dtypes]
    read_key = [f"{readings.get(name, _quoted(name))} AS {_quoted(name)}" for name in key]
    cells = []
    for (name, condition), count in zip(lost.items(), counts, strict=True):
        if count:
            flagged = [*read_key, f"{condition} AS lost_cell", f"{_quoted(name)} AS raw_cell"]
            order = ", ".join([*map(_quoted, key), "raw_cell"])
            first = relation.project(", ".join(flagged)).filter("lost_cell").order(order)
            shown = first.limit(first_keys).fetchall()
            keys = tuple(row[:-2] for row in shown) if key else ()
            cells.append(UnreadableCells(name, int(count), keys, str(shown[0][-1])))
    return relation.project(projected), unreadable_findings(agreed, cells)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _reading(column: str, dtype: str, kind: ColumnType) -> str | None:
    """Return SQL that reads a column as its type, or None where it needs no change."""
    reading = None
    if dtype == '"NULL"':
        reading = f"CAST({column} AS {_DTYPES[kind]})"
    elif dtype == "VARCHAR":
        reading = None if kind is ColumnType.TEXT else _parsed(f"TRIM({column})", kind)
    elif kind is ColumnType.TEXT:
        reading = _as_text(column, dtype)
    elif kind is ColumnType.BOOLEAN and (dtype.endswith("INT") or dtype == "INTEGER"):
        reading = f"CASE {column} WHEN 1 THEN TRUE WHEN 0 THEN FALSE END"
    elif kind is ColumnType.INSTANT and dtype == "DATE":
        reading = f"CAST({column} AS TIMESTAMP)"
    elif kind is ColumnType.INSTANT and dtype == "TIMESTAMP WITH TIME ZONE":
        # A cast would follow the session's time zone, and needs an extension to know it.
        reading = f"MAKE_TIMESTAMP(EPOCH_US({column}))"
    return reading


def _as_text(column: str, dtype: str) -> str:
    text = f"CAST({column} AS VARCHAR)"
    if dtype not in ("DOUBLE", "FLOAT"):
        return text
    # pandas keeps whole numbers with gaps as floats: the key is 7, not 7.0.
    whole = f"CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR)"
    return f"CASE WHEN {column} % 1 = 0 THEN COALESCE({whole}, {text}) ELSE {text} END"


def _parsed(text: str, kind: ColumnType) -> str:
    match kind:
        case ColumnType.INTEGER:
            whole = f"CASE WHEN {_like(text, WHOLE)} THEN SPLIT_PART({text}, '.', 1) END"
            return f"TRY_CAST({whole} AS BIGINT)"
        case ColumnType.NUMBER:
            number = f"CASE WHEN {_like(text, FINITE)} THEN {text} END"
            return f"TRY_CAST({number} AS DOUBLE)"
        case ColumnType.BOOLEAN:
            word = f"LOWER({text})"
            yes, no = _listed(TRUE_WORDS), _listed(FALSE_WORDS)
            return f"CASE WHEN {word} IN ({yes}) THEN TRUE WHEN {word} IN ({no}) THEN FALSE END"
        case ColumnType.DAY:
            return _day(text)
        case ColumnType.MONTH:
            month = f"CASE WHEN {_like(text, MONTH)} THEN {text} || '-01' END"
            return f"COALESCE({_day(text)}, TRY_CAST({month} AS DATE))"
        case _:
            return _instant(text)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _like(text: str, regex: str) -> str:
    return f"REGEXP_FULL_MATCH({text}, '{regex}')"


def _day(text: str) -> str:
    return f"TRY_CAST(CASE WHEN {_like(text, MIDNIGHT)} THEN LEFT({text}, 10) END AS DATE)"


def _instant(text: str) -> str:
    # DuckDB's cast to TIMESTAMP drops an offset in silence, so it is taken off here.
    local = f"TRY_CAST(REGEXP_REPLACE({text}, '{OFFSET}', '\\1') AS TIMESTAMP)"
    hours, minutes = (
        f"COALESCE(TRY_CAST(REGEXP_EXTRACT({text}, '{OFFSET}', {group}) AS BIGINT), 0)"
        for group in (4, 5)
    )
    sign = f"CASE REGEXP_EXTRACT({text}, '{OFFSET}', 3) WHEN '-' THEN -1 ELSE 1 END"
    offset = f"TO_MINUTES(({sign}) * (60 * {hours} + {minutes}))"
    return f"CASE WHEN {_like(text, INSTANT)} THEN {local} - {offset} END"
