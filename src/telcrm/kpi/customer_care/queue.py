"""Queues of callers: how long they wait and how many give up, by Erlang's models C and A."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, inf, log

from telcrm.domain.arguments import require_not_negative, require_positive, whole_between
from telcrm.errors import ParameterError
from telcrm.kpi.customer_care.erlang import (
    blocking_by_lines,
    erlang_b,
    require_goal,
    require_load,
    waiting_share,
)

__all__ = ["QueueMeasures", "agents_for", "queue_measures"]

_MAX_PATIENCE = 1e6
_NEGLIGIBLE = 1e-18
_NEGLIGIBLE_LOG = 40.0
_PANELS, _NODES = 32, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMeasures:
    """How a queue with so many agents does in the long run.

    Attributes
    ----------
    agents : int
    load : float
        Erlangs that are offered.
    occupancy : float in [0, 1]
        Share of their time that agents are busy.
    wait_probability : float in [0, 1]
        Share of callers who find all agents busy.
    service_level : float in [0, 1]
        Share of all callers who are answered within the threshold.
    mean_wait_s : float
        Mean wait of all callers, in seconds, those who wait 0 and those who give up included.
        Infinite where the load is more than patient callers leave agents for. If nobody gives up
        it is the average speed of answer.
    abandonment : float in [0, 1]
        Share of all callers who give up; 0 if their patience has no end.
    """

    agents: int
    load: float
    occupancy: float
    wait_probability: float
    service_level: float
    mean_wait_s: float
    abandonment: float


def queue_measures(
    load: float,
    agents: int,
    *,
    handling_time_s: float,
    threshold_s: float = 20.0,
    patience_s: float | None = None,
) -> QueueMeasures:
    """Tell how long callers wait, and how many give up.

    Parameters
    ----------
    load : float in [0, 1e6]
        Erlangs, see :func:`offered_load`.
    agents : int >= 1
        Agents on the phone, breaks and absences already taken off.
    handling_time_s : float > 0
        Mean seconds that a call takes an agent.
    threshold_s : float >= 0
        Seconds within which an answer meets the service level.
    patience_s : float > 0, optional
        Mean seconds, exponential, after which a waiting caller gives up (Erlang A); at most a
        million handling times. None: nobody ever does (Erlang C).

    Returns
    -------
    QueueMeasures

    Raises
    ------
    ParameterError
        A number is out of range.

    Notes
    -----
    Erlang C, with ``C`` of :func:`erlang_c`, load ``A`` and ``n`` agents::

        service level = 1 - C exp(-(n - A) threshold / handling time)
        mean wait = C handling time / (n - A)

    Erlang A is the M/M/n+M queue. Its states are summed outward from the likeliest one, so that
    nothing overflows; the density of the wait that is offered, ``exp(lambda (1 - exp(-theta x)) /
    theta - n mu x)``, is integrated numerically for the service level. Impatience is read from the
    abandoned calls of the past: mean patience = total wait of all callers / number who gave up.

    References
    ----------
    Gans, Koole & Mandelbaum (2003), "Telephone Call Centers: Tutorial, Review, and Research
    Prospects", Manufacturing & Service Operations Management 5(2), 79-141. Mandelbaum & Zeltyn
    (2007), "Service Engineering in Action: The Palm/Erlang-A Queue".

    Examples
    --------
    >>> patient = queue_measures(10, 14, handling_time_s=180)
    >>> round(patient.service_level, 4), round(patient.mean_wait_s, 2), round(patient.occupancy, 4)
    (0.8884, 7.84, 0.7143)
    >>> impatient = queue_measures(10, 13, handling_time_s=180, patience_s=300)
    >>> round(impatient.wait_probability, 4), round(impatient.abandonment, 4)
    (0.2258, 0.025)
    """
    offered, number = require_load(load), whole_between("agents", agents, 1)
    handling = _handling(handling_time_s)
    threshold = _threshold(threshold_s)
    if patience_s is None:
        return _patient(offered, number, erlang_b(offered, number), handling, threshold)
    patience = _patience(patience_s, handling)
    return _impatient(offered, number, handling, threshold, patience)


def agents_for(
    load: float,
    *,
    handling_time_s: float,
    service_level: float = 0.8,
    threshold_s: float = 20.0,
    patience_s: float | None = None,
) -> QueueMeasures:
    """Find the least number of agents that reach a service level.

    Parameters
    ----------
    load, handling_time_s, threshold_s, patience_s
        As in :func:`queue_measures`.
    service_level : float in (0, 1)
        Share of all callers to be answered within the threshold.

    Returns
    -------
    QueueMeasures
        Its ``agents`` is the answer.

    Raises
    ------
    ParameterError
        A number is out of range.

    Notes
    -----
    These agents are on the phone. Who is to be on the roster is more: divide by one less the
    shrinkage (breaks, training, absence).

    Examples
    --------
    >>> agents_for(10, handling_time_s=180).agents
    14
    >>> agents_for(10, handling_time_s=180, patience_s=300).agents
    13
    """
    offered, handling = require_load(load), _handling(handling_time_s)
    goal = require_goal(service_level=service_level)
    threshold = _threshold(threshold_s)
    if patience_s is None:
        return next(
            measured
            for number, blocking in blocking_by_lines(offered)
            if number > offered
            and (measured := _patient(offered, number, blocking, handling, threshold)).service_level
            >= goal
        )
    patience = _patience(patience_s, handling)

    def measure(number: int) -> QueueMeasures:
        return _impatient(offered, number, handling, threshold, patience)

    enough = max(1, int(offered))
    while measure(enough).service_level < goal:
        enough *= 2
    short = 0
    while enough - short > 1:
        middle = (short + enough) // 2
        if measure(middle).service_level >= goal:
            enough = middle
        else:
            short = middle
    return measure(enough)


def _patient(
    load: float, agents: int, blocking: float, handling: float, threshold: float
) -> QueueMeasures:
    waits = waiting_share(load, agents, blocking)
    spare = agents - load
    stable = spare > 0
    return QueueMeasures(
        agents=agents,
        load=load,
        occupancy=min(load / agents, 1.0),
        wait_probability=waits,
        service_level=1.0 - waits * exp(-spare * threshold / handling) if stable else 0.0,
        mean_wait_s=waits * handling / spare if stable else inf,
        abandonment=0.0,
    )


def _impatient(
    load: float, agents: int, handling: float, threshold: float, patience: float
) -> QueueMeasures:
    """Time is measured in handling times, so that each busy agent ends one call per unit."""
    leaving = handling / patience
    waits, queue = _queue(load, agents, leaving)
    mean_wait = queue / load if load else 0.0
    abandonment = min(leaving * mean_wait, 1.0)
    in_time = _answered_share(load, agents, leaving, threshold / handling) if waits else 1.0
    return QueueMeasures(
        agents=agents,
        load=load,
        occupancy=min(load * (1.0 - abandonment) / agents, 1.0),
        wait_probability=waits,
        service_level=1.0 - waits + waits * in_time,
        mean_wait_s=mean_wait * handling,
        abandonment=abandonment,
    )


def _queue(load: float, agents: int, leaving: float) -> tuple[float, float]:
    """Return the chance that all agents are busy, and the mean number of callers who wait."""
    blocking = erlang_b(load, agents)
    if not blocking:
        return 0.0, 0.0
    likeliest = max(0, int((load - agents) / leaving))
    all_busy, waiting = 1.0, float(likeliest)
    weight, length = 1.0, likeliest
    while weight > _NEGLIGIBLE * all_busy:
        length += 1
        weight *= load / (agents + length * leaving)
        all_busy += weight
        waiting += weight * length
    weight, length = 1.0, likeliest
    while length and weight > _NEGLIGIBLE * all_busy:
        weight *= (agents + length * leaving) / load
        length -= 1
        all_busy += weight
        waiting += weight * length
    # Where the way down ended early, nobody ever finds an agent free.
    free = 0.0 if length else weight * (1.0 / blocking - 1.0)
    return all_busy / (all_busy + free), waiting / (all_busy + free)


def _answered_share(load: float, agents: int, leaving: float, threshold: float) -> float:
    """Return which share of those who find all agents busy is answered within the threshold."""
    from numpy import array, concatenate, linspace
    from numpy import exp as exp_of
    from numpy import expm1 as expm1_of
    from numpy.polynomial.legendre import leggauss

    def exponent(wait: float) -> float:
        return -load * expm1(-leaving * wait) / leaving - agents * wait

    peak = max(0.0, log(load / agents) / leaving)
    top = exponent(peak)
    reach = 1.0 / agents
    while top - exponent(peak + reach) < _NEGLIGIBLE_LOG:
        reach *= 2.0
    low, high = max(0.0, peak - reach), peak + reach
    cut = min(max(threshold, low), high)
    nodes, weights = leggauss(_NODES)

    def integral(start: float, end: float, *, answered: bool) -> float:
        edges = linspace(start, end, _PANELS + 1)
        half = (edges[1:] - edges[:-1]) / 2
        waits = concatenate([edges[:-1] + half * (1 + node) for node in nodes])
        sizes = concatenate([half * weight for weight in weights])
        logs = -load * expm1_of(-leaving * waits) / leaving - agents * waits - top
        if answered:
            logs = logs - leaving * waits
        return float((array(sizes) * exp_of(logs)).sum())

    whole = integral(low, cut, answered=False) + integral(cut, high, answered=False)
    return min(integral(low, cut, answered=True) / whole, 1.0)


def _handling(value: float) -> float:
    require_positive(handling_time_s=value)
    return float(value)


def _threshold(value: float) -> float:
    require_not_negative(threshold_s=value)
    return float(value)


def _patience(value: float, handling: float) -> float:
    require_positive(patience_s=value)
    if value > _MAX_PATIENCE * handling:
        raise ParameterError(
            f"patience_s is {value!r}, more than {_MAX_PATIENCE:.0f} handling times: pass None for "
            "callers who never give up.",
            parameter="patience_s",
            value=value,
        )
    return float(value)
