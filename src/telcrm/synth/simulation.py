"""Line by line through the months: postpaid by hazard, prepaid by recharge history."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from telcrm.domain import TerminationReason
from telcrm.synth.billing import CHRONIC, FIRST_DUNNED_BILL, NEVER_PAY
from telcrm.synth.churn_hazard import NO_COMMITMENT, ChurnHazard
from telcrm.synth.columns import NOT_A_DAY, Flags, Floats, Ints
from telcrm.synth.denomination import Denomination
from telcrm.synth.draws import uniform_days
from telcrm.synth.lifecycle import NEVER, REASONS, Lifecycle, PlanChanges, WinBack
from telcrm.synth.plans import Plan
from telcrm.synth.population import CustomerBase, Population
from telcrm.synth.recharges import RechargeProcess, Recharges, Subscribers, draw_amounts, draw_times
from telcrm.synth.timeline import Timeline

__all__ = ["simulate"]

_INVOLUNTARY = REASONS.index(TerminationReason.INVOLUNTARY)


@dataclass
class _State:
    """What changes from month to month while lines are simulated."""

    lines: int
    months: int
    active: Flags = field(init=False)
    offer: Ints = field(init=False)
    hazard: Floats = field(init=False)
    hazard_involuntary: Floats = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.months, self.lines)
        self.active = np.zeros(shape, dtype=np.bool_)
        self.offer = np.zeros(shape, dtype=np.int8)
        self.hazard = np.full(shape, np.nan, dtype=np.float32)
        self.hazard_involuntary = np.full(shape, np.nan, dtype=np.float32)
        self.leave_month = np.full(self.lines, NEVER, dtype=np.int16)
        self.leave_day = np.full(self.lines, NOT_A_DAY, dtype=np.int32)
        self.reason = np.full(self.lines, NEVER, dtype=np.int8)
        self.return_month = np.full(self.lines, NEVER, dtype=np.int16)
        self.return_day = np.full(self.lines, NOT_A_DAY, dtype=np.int32)
        self.second_leave_month = np.full(self.lines, NEVER, dtype=np.int16)
        self.second_leave_day = np.full(self.lines, NOT_A_DAY, dtype=np.int32)
        self.second_reason = np.full(self.lines, NEVER, dtype=np.int8)


def simulate(
    streams: tuple[np.random.Generator, np.random.Generator],
    population: Population,
    timeline: Timeline,
    *,
    base: CustomerBase,
    plans: tuple[Plan, ...],
    hazard: ChurnHazard,
    process: RechargeProcess,
    subscribers: Subscribers,
    win_back: WinBack,
    changes: PlanChanges,
    payer: Ints,
    complaints: Ints,
    money: Denomination,
) -> Lifecycle:
    """Simulate postpaid lines by hazard and prepaid lines by recharge history.

    `streams` are one generator for postpaid and one for prepaid lines; `complaints` counts
    complaints by (month, line), from two months before the window on.
    """
    state = _State(population.lines, timeline.months)
    commitment_end = population.first_commitment_end.copy()
    postpaid = np.flatnonzero(~population.prepaid)
    _simulate_postpaid(
        streams[0],
        state,
        postpaid,
        population,
        timeline,
        base=base,
        plans=plans,
        hazard=hazard,
        win_back=win_back,
        changes=changes,
        payer=payer[population.owner[postpaid]],
        complaints=complaints[:, postpaid],
        commitment_end=commitment_end,
    )
    prepaid = np.flatnonzero(population.prepaid)
    recharges, lost_day = _simulate_prepaid(
        streams[1],
        state,
        prepaid,
        population,
        timeline,
        process=process,
        subscribers=subscribers,
        win_back=win_back,
        money=money,
    )
    return Lifecycle(
        active=state.active,
        offer=state.offer,
        hazard=state.hazard,
        hazard_involuntary=state.hazard_involuntary,
        leave_month=state.leave_month,
        leave_day=state.leave_day,
        reason=state.reason,
        return_month=state.return_month,
        return_day=state.return_day,
        second_leave_month=state.second_leave_month,
        second_leave_day=state.second_leave_day,
        second_reason=state.second_reason,
        commitment_end=commitment_end,
        start_day=population.start_day,
        start_month=population.start_month,
        recharges=recharges,
        lost_day=lost_day,
    )


@dataclass
class _Postpaid:
    """The postpaid lines: what stays, then what changes from month to month."""

    lines: Ints
    segment: Ints
    satisfaction: Floats
    bad_payer: Flags
    debtor: Floats
    alive: Flags
    begin: Ints
    commitment_end: Ints
    offer: Ints


def _simulate_postpaid(
    rng: np.random.Generator,
    state: _State,
    lines: Ints,
    population: Population,
    timeline: Timeline,
    *,
    base: CustomerBase,
    plans: tuple[Plan, ...],
    hazard: ChurnHazard,
    win_back: WinBack,
    changes: PlanChanges,
    payer: Ints,
    complaints: Ints,
    commitment_end: Ints,
) -> None:
    cut_off = np.array([hazard.debtor_chronic, hazard.debtor_never_pay])
    begin = population.start_month[lines].copy()
    postpaid = _Postpaid(
        lines=lines,
        segment=population.segment[population.owner[lines]],
        satisfaction=population.satisfaction[lines],
        bad_payer=payer >= CHRONIC,
        debtor=cut_off[(payer == NEVER_PAY).astype(np.int8)],
        alive=begin < 0,
        begin=begin,
        commitment_end=commitment_end[lines],
        offer=population.first_offer[lines].copy(),
    )
    fees = np.array([plan.monthly_fee for plan in plans])
    for month in range(timeline.months):
        at = _open_month(state, postpaid, month)
        recent = complaints[month : month + 3][:, at].sum(axis=0)
        by_reason = _hazard_by_reason(postpaid, at, month, hazard, fees=fees, complaints=recent)
        state.hazard_involuntary[month, lines[at]] = by_reason[_INVOLUNTARY]
        total = np.cumsum(by_reason, axis=0)
        state.hazard[month, lines[at]] = total[-1]

        drawn = rng.random(at.size)
        leaves = drawn < total[-1]
        gone = at[leaves]
        postpaid.alive[gone] = False
        _leave(
            rng,
            state,
            lines[gone],
            month=np.full(gone.size, month),
            day=uniform_days(
                rng,
                np.full(gone.size, timeline.month_starts[month] + 1),
                np.full(gone.size, timeline.month_starts[month + 1]),
            ),
            reason=(drawn[leaves][None, :] >= total[:-1, leaves]).sum(axis=0),
            win_back=win_back,
            timeline=timeline,
        )
        _change_plans(rng, postpaid, at[~leaves], changes, plans)
        _renew(rng, postpaid, at[~leaves], month, base)
    commitment_end[lines] = postpaid.commitment_end


def _open_month(state: _State, postpaid: _Postpaid, month: int) -> Ints:
    """Book who is active, newcomers included, and return who was there before: they may leave."""
    back = state.return_month[postpaid.lines] == month
    postpaid.begin[back], postpaid.commitment_end[back] = month, NO_COMMITMENT
    postpaid.alive |= postpaid.begin == month
    state.active[month, postpaid.lines] = postpaid.alive
    state.offer[month, postpaid.lines] = postpaid.offer
    return np.flatnonzero(postpaid.alive & (postpaid.begin < month))


def _hazard_by_reason(
    postpaid: _Postpaid,
    at: Ints,
    month: int,
    hazard: ChurnHazard,
    *,
    fees: Floats,
    complaints: Ints,
) -> Floats:
    tenure = month - postpaid.begin[at]
    in_arrears = postpaid.bad_payer[at] & (tenure >= FIRST_DUNNED_BILL)
    eta = hazard.predictor(
        tenure_months=tenure,
        months_to_end=postpaid.commitment_end[at].astype(np.int32) - month,
        complaints=complaints,
        fee=fees[postpaid.offer[at]],
        arrears=in_arrears,
        segment=postpaid.segment[at],
        satisfaction=postpaid.satisfaction[at],
    )
    return hazard.by_reason(eta, np.where(in_arrears, postpaid.debtor[at], 0.0))


def _change_plans(
    rng: np.random.Generator,
    postpaid: _Postpaid,
    stays: Ints,
    changes: PlanChanges,
    plans: tuple[Plan, ...],
) -> None:
    drawn = rng.random(stays.size)
    step = (drawn < changes.upgrade).astype(np.int8)
    step -= drawn > 1.0 - changes.downgrade
    lowest = int(np.argmax([not plan.prepaid for plan in plans]))
    postpaid.offer[stays] = np.clip(postpaid.offer[stays] + step, lowest, len(plans) - 1)


def _renew(
    rng: np.random.Generator, postpaid: _Postpaid, stays: Ints, month: int, base: CustomerBase
) -> None:
    ended = stays[postpaid.commitment_end[stays] == month - 1]
    renewed = rng.random(ended.size) < base.renewal
    postpaid.commitment_end[ended] += base.commitment_months * renewed


def _simulate_prepaid(
    rng: np.random.Generator,
    state: _State,
    lines: Ints,
    population: Population,
    timeline: Timeline,
    *,
    process: RechargeProcess,
    subscribers: Subscribers,
    win_back: WinBack,
    money: Denomination,
) -> tuple[Recharges, Floats]:
    state.offer[:, lines] = population.first_offer[lines]
    rate, dropout = subscribers.rate[lines] / 7.0, subscribers.dropout[lines]
    began, start = subscribers.began[lines], subscribers.followed[lines]
    who, day, lost = draw_times(
        rng, rate, dropout, start, float(timeline.end_day), running=began < start
    )
    first_lost = np.full(population.lines, np.nan)
    first_lost[lines] = lost
    _end_prepaid(rng, state, lines, lost, process=process, win_back=win_back, timeline=timeline)

    back = np.flatnonzero(state.return_month[lines] != NEVER)
    again = draw_times(
        rng,
        rate[back],
        dropout[back],
        state.return_day[lines[back]] + rng.random(back.size),
        float(timeline.end_day),
    )
    _end_prepaid(
        rng, state, lines[back], again[2], process=process, win_back=win_back, timeline=timeline
    )

    first, last = population.start_month[lines], state.leave_month[lines]
    back_in, back_out = state.return_month[lines], state.second_leave_month[lines]
    for month in range(timeline.months):
        in_first = (first <= month) & ((last == NEVER) | (month <= last))
        in_second = (back_in != NEVER) & (back_in <= month)
        in_second &= (back_out == NEVER) | (month <= back_out)
        state.active[month, lines] = in_first | in_second

    line = lines[np.concatenate([who, back[again[0]]])]
    amount = draw_amounts(rng, process, subscribers.spend, line, money)
    return Recharges(line, np.concatenate([day, again[1]]), amount), first_lost


def _end_prepaid(
    rng: np.random.Generator,
    state: _State,
    lines: Ints,
    lost: Floats,
    *,
    process: RechargeProcess,
    win_back: WinBack,
    timeline: Timeline,
) -> None:
    """Close the lines whose credit runs out inside the window."""
    last_day = np.floor(lost + process.validity_days)
    ends = np.flatnonzero(last_day < timeline.end_day)
    day = last_day[ends].astype(np.int32)
    ports = rng.random(ends.size) < process.port_out_share
    _leave(
        rng,
        state,
        lines[ends],
        month=timeline.month_of(day),
        day=day,
        reason=np.where(ports, REASONS.index(TerminationReason.PORT_OUT), 0),
        win_back=win_back,
        timeline=timeline,
    )


def _leave(
    rng: np.random.Generator,
    state: _State,
    lines: Ints,
    *,
    month: Ints,
    day: Ints,
    reason: Ints,
    win_back: WinBack,
    timeline: Timeline,
) -> None:
    """Book departures; those by choice from the first spell may come with a return."""
    second = state.return_month[lines] != NEVER
    again = lines[second]
    state.second_leave_month[again], state.second_leave_day[again] = month[second], day[second]
    state.second_reason[again] = reason[second]
    lines, month, day, reason = (part[~second] for part in (lines, month, day, reason))
    state.leave_month[lines], state.leave_day[lines] = month, day
    state.reason[lines] = reason
    back = month + 1 + rng.geometric(1.0 / win_back.mean_gap_months, lines.size)
    returns = (rng.random(lines.size) < win_back.share) & (reason != _INVOLUNTARY)
    returns &= back < timeline.months
    lines, back = lines[returns], back[returns]
    state.return_month[lines] = back
    state.return_day[lines] = uniform_days(
        rng, timeline.month_starts[back], timeline.month_starts[back + 1]
    )
