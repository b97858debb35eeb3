"""The tables of an operator that does not exist, as files."""

from __future__ import annotations

from pathlib import Path

from telcrm.errors import ParameterError
from telcrm.report.settings import SETTINGS_FILE
from telcrm.synth import Operator
from telcrm.tables import TABLES

__all__ = ["write_tables"]

_OURS = {SETTINGS_FILE, "report.html", *(f"{table}.parquet" for table in TABLES)}


def write_tables(folder: Path, *, subscribers: int, months: int, seed: int) -> None:
    """Invent an operator and write its tables as Parquet, with a ``telcrm.toml`` beside them.

    Parameters
    ----------
    folder : pathlib.Path
        Is made if it does not exist; an earlier demo in it is replaced.
    subscribers, months, seed : int
        As for :class:`telcrm.synth.Operator`.

    Raises
    ------
    ParameterError
        The folder holds other files, or a number is out of range.
    """
    operator = Operator(subscribers=subscribers, months=months, seed=seed)
    if folder.exists():
        others = sorted(path.name for path in folder.iterdir() if path.name not in _OURS)
        if others:
            raise ParameterError(
                f"{folder} holds files that are not the demo's: {', '.join(others[:5])}. "
                "Name another folder with --out.",
                folder=str(folder),
            )
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in operator.tables(backend="polars").items():
        frame.write_parquet(folder / f"{table}.parquet")
    title = f"A synthetic operator: {subscribers:,} lines, {months} months, seed {seed}"
    (folder / SETTINGS_FILE).write_text(f'title = "{title}"\n', encoding="utf-8")
