"""What ``telcrm.toml`` says about the files beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from sys import float_info
from typing import Any, Final

from telcrm.errors import MappingError, ParameterError, UnreadableFileError
from telcrm.tables import TABLES

__all__ = ["SETTINGS_FILE", "ChurnSettings", "LedgerSettings", "Settings", "read_settings"]

SETTINGS_FILE: Final = "telcrm.toml"


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Which books the report reads.

    Attributes
    ----------
    url : str
        As :meth:`telcrm.ledger.Ledger.open` takes it. It may hold a password and is never shown.
    tenant : str
    folder : pathlib.Path
        Where a relative path to a SQLite file starts.
    """

    url: str = field(repr=False)
    tenant: str = "default"
    folder: Path = Path()


@dataclass(frozen=True, slots=True)
class ChurnSettings:
    """What keeping a line is worth, and what an offer to it costs: major units, 0 or more.

    Attributes
    ----------
    lifetime_value : float, optional
        Of every line; None: that of its margins.
    incentive, contact : float, optional
        Of an offer that is accepted, and of each contact; None: a share of the mean value.
    acceptance : float in [0, 1], optional
        Share of would-be leavers who accept and stay; None: 0.3.
    """

    lifetime_value: float | None = None
    incentive: float | None = None
    contact: float | None = None
    acceptance: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How a folder of tables is to be read and reported on.

    Attributes
    ----------
    as_of : datetime.date, optional
        The day on which the report looks back.
    title : str, optional
    currency : str, optional
        ISO 4217 code of the tables that have no column ``currency``.
    encoding, separator : str
        Of the CSV files.
    columns : mapping of str to mapping of str to str
        Per table, your column for each canonical name.
    ledger : LedgerSettings, optional
        None: what is owed is read off the table ``invoices``.
    churn : ChurnSettings
    """

    as_of: date | None = None
    title: str | None = None
    currency: str | None = None
    encoding: str = "utf-8"
    separator: str = ","
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ledger: LedgerSettings | None = None
    churn: ChurnSettings = field(default_factory=ChurnSettings)


_TEXTS = ("title", "currency", "encoding", "separator")
_KEYS = ("as_of", *_TEXTS, "columns", "ledger", "churn")
_LEDGER_KEYS = ("url", "tenant")
_CHURN_KEYS = ("lifetime_value", "incentive", "contact", "acceptance")


def read_settings(path: str | Path) -> Settings:
    """Read a settings file.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``telcrm.toml``.

    Returns
    -------
    Settings

    Raises
    ------
    UnreadableFileError
        The file is no TOML, or not in UTF-8; the message names the line.
    MappingError
        A key, a table or a field in it does not exist; the message names the nearest.
    ParameterError
        A value is of another type than its key asks for.
    """
    file = Path(path)
    said = _parse(file)
    _known(said, _KEYS, what="key", where=str(file))
    return Settings(
        as_of=_as_of(said.get("as_of"), file),
        columns=_columns(said.get("columns", {}), file),
        ledger=_ledger(said["ledger"], file) if "ledger" in said else None,
        churn=_churn(said.get("churn", {}), file),
        **{key: _text(said[key], key, file) for key in _TEXTS if key in said},
    )


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{file} is not UTF-8: byte {error.start:,} does not decode. Save it as UTF-8.",
            file=str(file),
        ) from error
    except OSError as error:
        raise UnreadableFileError(
            f"{file} cannot be read: {error.strerror}.", file=str(file)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFileError(
            f"{file} is not TOML: {error}. Text stands in quotes, a date does not: "
            'title = "Base 2025", as_of = 2025-12-31.',
            file=str(file),
        ) from error


def _known(names: Collection[str], allowed: Collection[str], *, what: str, where: str) -> None:
    unknown = [name for name in names if name not in allowed]
    if not unknown:
        return
    hints = []
    for name in unknown:
        near = get_close_matches(name, allowed, n=1)
        hints.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    raise MappingError(
        f"{where} has an unknown {what}: {', '.join(hints)}. Known: {', '.join(allowed)}.",
        unknown=unknown,
        where=where,
    )


def _as_of(value: Any, file: Path) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ParameterError(
        f"{file}: as_of is {value!r}, and has to be a date without quotes: as_of = 2025-12-31.",
        file=str(file),
        key="as_of",
    )


def _text(value: Any, key: str, file: Path) -> str:
    if isinstance(value, str):
        return value
    raise ParameterError(
        f'{file}: {key} is {value!r}, and has to be text in quotes: {key} = "...".',
        file=str(file),
        key=key,
    )


def _columns(value: Any, file: Path) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict) or not all(isinstance(part, dict) for part in value.values()):
        raise ParameterError(
            f"{file}: columns is a table per canonical table: [columns.recharges], and below it "
            'customer_id = "CustomerNumber".',
            file=str(file),
            key="columns",
        )
    _known(value, list(TABLES), what="table", where=f"[columns] of {file}")
    for table, mapping in value.items():
        where = f"[columns.{table}] of {file}"
        _known(mapping, TABLES[table].column_names, what="field", where=where)
        for canonical, yours in mapping.items():
            _text(yours, f"columns.{table}.{canonical}", file)
    return value


def _ledger(value: Any, file: Path) -> LedgerSettings:
    # The values are not repeated: a URL may hold a password.
    if not isinstance(value, dict):
        raise _no_ledger("ledger is a table", file)
    _known(value, _LEDGER_KEYS, what="key", where=f"[ledger] of {file}")
    if "url" not in value:
        raise _no_ledger("[ledger] has no url", file)
    for key, said in value.items():
        if not isinstance(said, str) or not said:
            raise _no_ledger(f"{key} of [ledger] has to be text in quotes", file)
    return LedgerSettings(**value, folder=file.parent)


def _churn(value: Any, file: Path) -> ChurnSettings:
    if not isinstance(value, dict):
        raise ParameterError(
            f"{file}: churn is a table: write [churn], and below it incentive = 15.",
            file=str(file),
            key="churn",
        )
    _known(value, _CHURN_KEYS, what="key", where=f"[churn] of {file}")
    for key, said in value.items():
        most = 1.0 if key == "acceptance" else float_info.max
        if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= most:
            span = "0 to 1" if key == "acceptance" else "0 or more"
            raise ParameterError(
                f"{file}: {key} of [churn] is {said!r}, and has to be a number, {span}.",
                file=str(file),
                key=f"churn.{key}",
            )
    return ChurnSettings(**{key: float(said) for key, said in value.items()})


def _no_ledger(what: str, file: Path) -> ParameterError:
    return ParameterError(
        f'{file}: {what}: write [ledger], and below it url = "sqlite:///crm.db".',
        file=str(file),
        key="ledger",
    )
