"""The tables of an operator that does not exist, as files."""

from __future__ import annotations

from pathlib import Path

from telcrm.report.own_folder import check_own, take
from telcrm.report.settings import SETTINGS_FILE
from telcrm.synth import Operator

__all__ = ["REPORT", "write_tables"]

REPORT = "report.html"
_MARKER = ".telcrm-demo"


def write_tables(folder: Path, *, subscribers: int, months: int, seed: int) -> None:
    """Invent an operator and write its tables as Parquet, with a ``telcrm.toml`` beside them.

    Parameters
    ----------
    folder : pathlib.Path
        Is made if it does not exist. An earlier demo in it is replaced: the file ``.telcrm-demo``
        lists what that one wrote.
    subscribers, months, seed : int
        As for :class:`telcrm.synth.Operator`.

    Raises
    ------
    ParameterError
        The folder holds files that no demo wrote, or a number is out of range.
    """
    operator = Operator(subscribers=subscribers, months=months, seed=seed)
    check_own(folder, _MARKER)
    tables = operator.tables(backend="polars")
    files = {table: f"{table}.parquet" for table in tables}
    take(folder, _MARKER, files=[*files.values(), SETTINGS_FILE, REPORT])
    for table, frame in tables.items():
        frame.write_parquet(folder / files[table])
    title = f"A synthetic operator: {subscribers:,} lines, {months} months, seed {seed}"
    (folder / SETTINGS_FILE).write_text(f'title = "{title}"\n', encoding="utf-8")
