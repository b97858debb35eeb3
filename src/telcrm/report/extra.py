"""Refuse early, and by name, when an optional dependency of the report is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from telcrm.errors import MissingExtraError

__all__ = ["require"]


def require(*modules: str) -> None:
    """Refuse to go on without these modules.

    Parameters
    ----------
    *modules : str
        Of the extra ``cli``.

    Raises
    ------
    MissingExtraError
        Names the modules that are missing and the command that installs them.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingExtraError.needing("the report", *missing, extra="cli")
