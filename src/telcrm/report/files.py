"""Write a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from telcrm.errors import ParameterError

__all__ = ["check_target", "check_writable", "writing"]


def check_target(path: str | Path) -> Path:
    """Refuse a file that could not be written, before any work is done for it.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ParameterError
        Its folder does not exist or may not be written to, or it is a folder itself.
    """
    target = Path(path)
    if target.is_dir():
        raise ParameterError(f"{target} is a folder; name a file in it.", path=str(target))
    if not target.parent.is_dir():
        raise ParameterError(
            f"cannot write {target}: there is no folder {target.parent}. Make it first.",
            path=str(target),
        )
    check_writable(target.parent, what=target)
    return target


def check_writable(folder: Path, *, what: Path) -> None:
    """Refuse a folder that one may not write to.

    Parameters
    ----------
    folder : pathlib.Path
        Exists.
    what : pathlib.Path
        The file or folder to be made in it, for the message.

    Raises
    ------
    ParameterError
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ParameterError(
            f"cannot write {what}: you have no right to write to the folder {folder}.",
            path=str(what),
        )


@contextmanager
def writing(path: str | Path) -> Iterator[IO[str]]:
    """Open a file for UTF-8 text that takes its name only once it is complete.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that is there is replaced.

    Yields
    ------
    text file

    Raises
    ------
    ParameterError
        The folder does not exist, or ``path`` is one.
    """
    target = check_target(path)
    with NamedTemporaryFile(
        "w",
        encoding="utf-8",
        newline="",
        dir=target.parent,
        prefix=f".{target.name}.",
        delete=False,
    ) as out:
        try:
            yield out
        except BaseException:
            out.close()
            Path(out.name).unlink()
            raise
    # A temporary file is for its owner alone; a report is as readable as any other of theirs.
    mask = os.umask(0)
    os.umask(mask)
    Path(out.name).chmod(0o666 & ~mask)
    Path(out.name).replace(target)
