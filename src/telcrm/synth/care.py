"""Complaints, contacts and survey answers, driven by one latent satisfaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import (
    Channel,
    ComplaintCategory,
    ComplaintStatus,
    InteractionDirection,
    InteractionOutcome,
    Severity,
    SurveyKind,
)
from telcrm.synth.columns import Coded, Flags, Floats, Instants, Ints, KeyRefs, Keys, Numbers, Table
from telcrm.synth.draws import categories, uniform_days
from telcrm.synth.identifiers import keys
from telcrm.synth.lifecycle import Lifecycle
from telcrm.synth.population import Population
from telcrm.synth.ranges import require_between, require_positive
from telcrm.synth.timeline import DAY_S, Timeline
from telcrm.synth.usage_profile import DAYTIME

__all__ = [
    "Care",
    "CareProcess",
    "complaints_table",
    "draw_care",
    "draw_complaint_counts",
    "interactions_table",
    "surveys_table",
]

_CATEGORIES = (
    ComplaintCategory.BILLING,
    ComplaintCategory.NETWORK,
    ComplaintCategory.SERVICE,
    ComplaintCategory.DEVICE,
    ComplaintCategory.OTHER,
)
_MEDIAN_DAYS = np.array([4.0, 6.0, 2.0, 5.0, 3.0])
_SEVERITIES = tuple(Severity)
_CHANNELS = (Channel.CALL_CENTRE, Channel.APP, Channel.WEB, Channel.SHOP, Channel.EMAIL)
_REASONS = ("billing", "plan", "technical", "payment", "complaint", "cancellation")
_COMPLAINT = _REASONS.index("complaint")
_OUTCOMES = tuple(InteractionOutcome)
_KINDS = (SurveyKind.NPS, SurveyKind.CSAT, SurveyKind.CES)


@dataclass(frozen=True, kw_only=True)
class CareProcess:
    """How often customers complain, call and answer.

    Parameters
    ----------
    complaints_per_month : float > 0
        Poisson mean of a line of average satisfaction.
    complaint_satisfaction : float
        Coefficient of satisfaction in the log of that mean.
    contacts_per_month : float > 0
        Poisson mean of contacts besides those that a complaint makes.
    surveys_per_month : float > 0
        Poisson mean of answers a line gives.
    score_satisfaction, score_complaint : float
        A score is the middle of its scale's upper half plus these times satisfaction and the
        complaints of the month, in units of a quarter of the scale, plus normal noise of 0.5.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> CareProcess(complaints_per_month=0.05).complaints_per_month
    0.05
    """

    complaints_per_month: float = 0.03
    complaint_satisfaction: float = -0.5
    contacts_per_month: float = 0.12
    surveys_per_month: float = 0.04
    score_satisfaction: float = 0.7
    score_complaint: float = -1.2

    def __post_init__(self) -> None:
        require_positive(self, "complaints_per_month", "contacts_per_month", "surveys_per_month")
        require_between(
            self, -5.0, 5.0, "complaint_satisfaction", "score_satisfaction", "score_complaint"
        )


@dataclass(frozen=True)
class Care:
    """Complaints by row: line, month, instant of receipt."""

    line: Ints
    month: Ints
    received: Ints


def draw_complaint_counts(
    rng: np.random.Generator, process: CareProcess, satisfaction: Floats, months: int
) -> Ints:
    """Draw complaints by (month, line), whether or not the line is active then."""
    log_mean = np.log(process.complaints_per_month)
    mean = np.exp(log_mean + process.complaint_satisfaction * satisfaction)
    counts = [np.minimum(rng.poisson(mean), 100).astype(np.int8) for _ in range(months)]
    return np.stack(counts)


def draw_care(
    rng: np.random.Generator, counts: Ints, lifecycle: Lifecycle, timeline: Timeline
) -> Care:
    """Place the complaints of active lines at office hours inside their active days."""
    line, month = _repeat_active(counts, lifecycle.active)
    return Care(line, month, _instants(rng, line, month, lifecycle, timeline))


def _repeat_active(counts: Ints, active: Flags) -> tuple[Ints, Ints]:
    month, line = np.nonzero((counts > 0) & active)
    times = counts[month, line]
    return np.repeat(line, times).astype(np.int32), np.repeat(month, times).astype(np.int16)


def _instants(
    rng: np.random.Generator, line: Ints, month: Ints, lifecycle: Lifecycle, timeline: Timeline
) -> Ints:
    low, high = lifecycle.days_in_month(line, month, timeline)
    seconds = uniform_days(rng, low, high).astype(np.int64) * DAY_S
    seconds += categories(rng, DAYTIME, line.size).astype(np.int64) * 3600
    return seconds + rng.integers(0, 3600, line.size)


def complaints_table(
    rng: np.random.Generator, care: Care, population: Population, timeline: Timeline
) -> Table:
    """Return the canonical complaints table, in the order of time.

    Time to resolve is lognormal around a median of 2 to 6 days by category; what would be resolved
    after the window is still open.
    """
    order = np.argsort(care.received, kind="stable")
    received, size = care.received[order], order.size
    category = categories(rng, [0.38, 0.27, 0.18, 0.10, 0.07], size)
    days = _MEDIAN_DAYS[category] * np.exp(0.8 * rng.standard_normal(size))
    resolved = received + (days * DAY_S).astype(np.int64)
    is_open = resolved >= timeline.end_day * DAY_S
    fresh = received >= (timeline.end_day - 2) * DAY_S
    closed = (rng.random(size) < 0.8).astype(np.int8)
    return {
        "complaint_id": Keys(keys("K", size)),
        "customer_id": KeyRefs(population.owner[care.line[order]], population.customer_id),
        "received_at": Instants(received),
        "resolved_at": Instants(np.where(is_open, -1, resolved)),
        "category": Coded(category, _CATEGORIES),
        "severity": Coded(categories(rng, [0.45, 0.35, 0.16, 0.04], size), _SEVERITIES),
        "status": Coded(
            np.where(is_open, np.where(fresh, 0, 1), 2 + closed),
            (
                ComplaintStatus.ACKNOWLEDGED,
                ComplaintStatus.IN_PROGRESS,
                ComplaintStatus.RESOLVED,
                ComplaintStatus.CLOSED,
            ),
        ),
        "channel": Coded(categories(rng, [0.5, 0.15, 0.15, 0.12, 0.08], size), _CHANNELS),
    }


def interactions_table(
    rng: np.random.Generator,
    process: CareProcess,
    care: Care,
    *,
    population: Population,
    lifecycle: Lifecycle,
    timeline: Timeline,
) -> Table:
    """Return the canonical interactions table, in the order of time.

    Every complaint is also a contact. In the call centre the wait is exponential with a mean of
    70 s, and callers give up after an exponential patience of five minutes.
    """
    counts = rng.poisson(process.contacts_per_month, lifecycle.active.shape).astype(np.int8)
    line, month = _repeat_active(counts, lifecycle.active)
    started = np.concatenate(
        [_instants(rng, line, month, lifecycle, timeline), care.received.astype(np.int64)]
    )
    reason = categories(rng, [0.30, 0.22, 0.24, 0.18, 0.0, 0.06], line.size)
    reason = np.concatenate([reason, np.full(care.line.size, _COMPLAINT, dtype=np.int8)])
    order = np.argsort(started, kind="stable")
    line = np.concatenate([line, care.line])[order]
    size = line.size

    channel = categories(rng, [0.5, 0.2, 0.15, 0.1, 0.05], size)
    called = channel == 0
    outbound = called & (rng.random(size) < 0.12)
    wait = np.where(called & ~outbound, rng.exponential(70.0, size), 0.0)
    gave_up = wait > rng.exponential(300.0, size)
    talk = np.exp(5.2 + 0.7 * rng.standard_normal(size))
    outcome = categories(rng, [0.15, 0.0, 0.70, 0.10, 0.05], size)
    outcome[gave_up] = _OUTCOMES.index(InteractionOutcome.ABANDONED)
    return {
        "interaction_id": Keys(keys("N", size)),
        "customer_id": KeyRefs(population.owner[line], population.customer_id),
        "started_at": Instants(started[order]),
        "channel": Coded(channel, _CHANNELS),
        "direction": Coded(outbound.astype(np.int8), tuple(InteractionDirection)),
        "reason": Coded(reason[order], _REASONS),
        "duration_s": Numbers(np.where(gave_up, 0.0, np.rint(talk)).astype(np.int64)),
        "wait_s": Numbers(np.rint(wait).astype(np.int64)),
        "outcome": Coded(outcome, _OUTCOMES),
    }


def surveys_table(
    rng: np.random.Generator,
    process: CareProcess,
    complaints: Ints,
    *,
    population: Population,
    lifecycle: Lifecycle,
    timeline: Timeline,
) -> Table:
    """Return the canonical surveys table, in the order of time."""
    counts = rng.poisson(process.surveys_per_month, lifecycle.active.shape).astype(np.int8)
    line, month = _repeat_active(counts, lifecycle.active)
    responded = _instants(rng, line, month, lifecycle, timeline)
    order = np.argsort(responded, kind="stable")
    line, month, responded = line[order], month[order], responded[order]
    kind = categories(rng, [0.5, 0.3, 0.2], line.size)
    scales = np.array([k.scale for k in _KINDS])[kind]
    low, high = scales[:, 0], scales[:, 1]
    mood = process.score_satisfaction * population.satisfaction[line]
    mood += process.score_complaint * complaints[month, line]
    mood += 0.5 * rng.standard_normal(line.size)
    score = np.rint(low + (high - low) * (0.75 + 0.25 * mood))
    return {
        "survey_id": Keys(keys("V", line.size)),
        "customer_id": KeyRefs(population.owner[line], population.customer_id),
        "responded_at": Instants(responded),
        "kind": Coded(kind, _KINDS),
        "score": Numbers(np.clip(score, low, high).astype(np.int64)),
    }
