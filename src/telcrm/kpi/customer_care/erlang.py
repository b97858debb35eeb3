"""Lines and agents for a load of calls, by Erlang's formulas B and C.

Loads are in erlangs: calls per unit of time, times their mean length in that unit. Calls come
independently at a constant rate, and their lengths are exponential.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from telcrm.domain.arguments import require_not_negative, require_positive, whole_between
from telcrm.errors import ParameterError

__all__ = [
    "blocking_by_lines",
    "erlang_b",
    "erlang_c",
    "lines_for",
    "offered_load",
    "require_goal",
    "require_load",
    "waiting_share",
]

_MAX_LOAD = 1e6


def offered_load(calls: float, *, interval_s: float, handling_time_s: float) -> float:
    """Return the load, in erlangs, of some calls in an interval.

    Parameters
    ----------
    calls : float >= 0
        Number of calls in the interval, as forecast.
    interval_s : float > 0
        Seconds.
    handling_time_s : float > 0
        Mean seconds that a call takes an agent, wrap-up included.

    Returns
    -------
    float
        ``calls * handling_time_s / interval_s``

    Raises
    ------
    ParameterError
        A number is out of range.

    Examples
    --------
    >>> offered_load(100, interval_s=1800, handling_time_s=180)
    10.0
    """
    require_not_negative(calls=calls)
    require_positive(interval_s=interval_s, handling_time_s=handling_time_s)
    return float(calls) * float(handling_time_s) / float(interval_s)


def erlang_b(load: float, lines: int) -> float:
    """Share of calls that find all lines busy and are lost.

    Parameters
    ----------
    load : float in [0, 1e6]
        Erlangs.
    lines : int >= 0

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ParameterError
        A number is out of range.

    Notes
    -----
    ``B(0) = 1``, ``B(n) = A B(n-1) / (n + A B(n-1))``: no factorial, so it holds for thousands of
    lines. Loss does not depend on how the lengths of calls are spread.

    References
    ----------
    Erlang (1917), "Solution of some problems in the theory of probabilities of significance in
    automatic telephone exchanges". ITU-D SG 2, Teletraffic Engineering Handbook: the recursion.

    Examples
    --------
    >>> round(erlang_b(10, 10), 5), round(erlang_b(10, 17), 5)
    (0.21458, 0.01295)
    """
    offered = require_load(load)
    wanted = whole_between("lines", lines, 0)
    for number, blocking in blocking_by_lines(offered):
        # Below the least float it stays 0.
        if number == wanted or not blocking:
            return blocking
    raise AssertionError  # pragma: no cover


def erlang_c(load: float, agents: int) -> float:
    """Share of callers who have to wait, if nobody gives up.

    Parameters
    ----------
    load : float in [0, 1e6]
        Erlangs.
    agents : int >= 1

    Returns
    -------
    float in [0, 1]
        1 where the load is not below the number of agents: the queue then grows without end.

    Raises
    ------
    ParameterError
        A number is out of range.

    Notes
    -----
    ``C = n B / (n - A (1 - B))``, with ``B`` of :func:`erlang_b`.

    Examples
    --------
    >>> round(erlang_c(10, 14), 4)
    0.1741
    """
    offered = require_load(load)
    number = whole_between("agents", agents, 1)
    return waiting_share(offered, number, erlang_b(offered, number))


def lines_for(load: float, *, blocking: float) -> int:
    """Return the least number of lines that lose no more than a share of calls.

    Parameters
    ----------
    load : float in [0, 1e6]
        Erlangs.
    blocking : float in (0, 1)
        Share of calls that may be lost.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        A number is out of range.

    Examples
    --------
    >>> lines_for(10, blocking=0.01)
    18
    """
    offered, goal = require_load(load), require_goal(blocking=blocking)
    return next(number for number, lost in blocking_by_lines(offered) if lost <= goal)


def blocking_by_lines(load: float) -> Iterator[tuple[int, float]]:
    """Yield 0, 1, 2, ... lines with the share of calls that they lose."""
    blocking = 1.0
    for number in count():
        if number:
            blocking = load * blocking / (number + load * blocking)
        yield number, blocking


def waiting_share(load: float, agents: int, blocking: float) -> float:
    """Return the share of callers who wait, from the share that would be lost if none could."""
    return 1.0 if load >= agents else agents * blocking / (agents - load * (1.0 - blocking))


def require_load(load: float) -> float:
    """Return a load in erlangs, or refuse what is none from 0 to a million."""
    require_not_negative(load=load)
    if load > _MAX_LOAD:
        raise ParameterError(
            f"load is {load!r}, and has to be at most {_MAX_LOAD:.0f} erlangs: look for a slip in "
            "the unit of time.",
            parameter="load",
            value=load,
        )
    return float(load)


def require_goal(**share: float) -> float:
    """Return the one share that is to be reached, or refuse what is none above 0 and below 1."""
    require_positive(**share)
    [(name, value)] = share.items()
    if value >= 1:
        raise ParameterError(
            f"{name} is {value!r}, and has to be a share below 1: no staff reaches all.",
            parameter=name,
            value=value,
        )
    return float(value)
