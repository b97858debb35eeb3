"""Where the command starts, and where every error that is the caller's to mend ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from telcrm.cli.printable import printable
from telcrm.errors import TelcrmError

__all__ = ["main"]

_BAD_INPUT = 2
_NEEDED = {"typer", "rich", "click", "polars", "jinja2", "matplotlib"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those that the command was called with.

    Returns
    -------
    int
        The exit code: 0; 1 if ``ledger verify`` found a break; 2 if the input or the call has to be
        mended. No error of telcrm's own shows a traceback.

    Examples
    --------
    >>> main(["report", "no-such-folder"])
    2
    """
    try:
        from telcrm.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        return _complain(f'the command needs {error.name}. Run: pip install "telcrm[cli]"')
    try:
        return run(sys.argv[1:] if arguments is None else list(arguments))
    except TelcrmError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename or 'a file'}: {error.strerror or error}")


def _complain(message: str) -> int:
    print(f"telcrm: {printable(message)}", file=sys.stderr)  # noqa: T201 - this is the command line
    return _BAD_INPUT
