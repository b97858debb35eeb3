"""A folder of telcrm's own: what it wrote there it may replace, what others wrote it never does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from telcrm.errors import ParameterError
from telcrm.report.files import check_writable

__all__ = ["EXPORT_MARKER", "check_own", "take"]

EXPORT_MARKER: Final = ".telcrm-export"
_SHOWN = 5


def check_own(folder: str | Path, marker: str) -> Path:
    """Refuse a folder that holds anything but what telcrm wrote there before.

    Names prove nothing: ``recharges.parquet`` may be anybody's. The marker lists what is ours.

    Parameters
    ----------
    folder : str or pathlib.Path
        Need not exist.
    marker : str
        Name of the file in it that lists the others.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ParameterError
        It holds files that the marker does not list, or is no folder, or cannot be written to.
    """
    target = Path(folder)
    if not target.exists():
        nearest = next(parent for parent in target.absolute().parents if parent.exists())
        check_writable(nearest, what=target)
        return target
    if not target.is_dir():
        raise ParameterError(f"{target} is a file; name a folder.", folder=str(target))
    check_writable(target, what=target)
    ours = _listed(target, marker)
    others = sorted(path.name for path in target.iterdir() if path.name not in ours)
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise ParameterError(
            f"{target} holds files that telcrm did not write there: "
            f"{', '.join(others[:_SHOWN])}{more}. Name another folder, or an empty one.",
            folder=str(target),
            files=others,
        )
    return target


def take(folder: str | Path, marker: str, *, files: Iterable[str]) -> Path:
    """Make a folder ours: remove what we wrote there before, and list what we are about to write.

    Parameters
    ----------
    folder : str or pathlib.Path
        Is made if it does not exist.
    marker : str
    files : iterable of str
        Names of the files to come. They are listed before they are written, so that a run that
        breaks off leaves nothing that the next one would not dare to replace.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ParameterError
        As for :func:`check_own`.
    """
    target = check_own(folder, marker)
    target.mkdir(parents=True, exist_ok=True)
    # check_own has seen that nothing else is in there.
    for path in list(target.iterdir()):
        if path.name != marker:
            path.unlink()
    (target / marker).write_text("".join(f"{name}\n" for name in files), encoding="utf-8")
    return target


def _listed(folder: Path, marker: str) -> set[str]:
    file = folder / marker
    if not file.is_file():
        return set()
    return {marker, *file.read_text(encoding="utf-8").splitlines()}
