"""Refusals of what no value can be computed with: rates, horizons, numbers of either sign."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_not_negative, require_share, whole_between
from telcrm.errors import ParameterError

__all__ = ["MAX_HORIZON", "Floats", "is_number", "read_shares", "read_terms", "require_numbers"]

Floats: TypeAlias = NDArray[np.float64]

MAX_HORIZON: Final = 10_000
"""Periods, at most, that a finite horizon may have."""


def is_number(value: Any) -> bool:
    """Tell whether something is a finite number, and no flag.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool

    Examples
    --------
    >>> is_number(-4.5), is_number(True), is_number(float("nan"))
    (True, False, False)
    """
    return type(value) is not bool and isinstance(value, Real) and isfinite(value)


def require_numbers(**numbers: object) -> None:
    """Refuse what is no finite number.

    Raises
    ------
    ParameterError
        Names the first such argument.

    Examples
    --------
    >>> require_numbers(margin=-4.5)
    """
    for name, number in numbers.items():
        if not is_number(number):
            raise ParameterError(
                f"{name} is {number!r:.40}, and has to be a number.", parameter=name, value=number
            )


def read_shares(name: str, given: object) -> Floats:
    """Return a share, or an array of shares, as an array, or refuse it.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    given : object

    Returns
    -------
    array of float64
        Without dimension for one number.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> read_shares("retention", [0.8, 0.9]).tolist()
    [0.8, 0.9]
    """
    if isinstance(given, Real):
        require_share(**{name: given})
        return np.asarray(float(given))
    try:
        shares: Floats = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        shares = np.empty(0)
    # A comparison, so that NaN is refused too.
    if shares.size == 0 or not bool(((shares >= 0) & (shares <= 1)).all()):
        raise ParameterError(
            f"{name} is {given!r:.60}, and has to be a share from 0 to 1, or an array of them.",
            parameter=name,
            value=given,
        )
    return shares


def read_terms(discount_rate: object, growth: Any, horizon: object) -> int | None:
    """Refuse rates and a horizon that no sum can be made with, and return the horizon.

    Parameters
    ----------
    discount_rate, growth, horizon : object

    Returns
    -------
    int or None

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> read_terms(0.1, 0.0, 12)
    12
    """
    require_not_negative(discount_rate=discount_rate)
    if not is_number(growth) or not growth > -1:
        raise ParameterError(
            f"growth is {growth!r:.40}, and has to be a number above -1.",
            parameter="growth",
            value=growth,
        )
    return None if horizon is None else whole_between("horizon", horizon, 1, MAX_HORIZON)
