"""Subscriber-months: what each active line used, brought in and cost in a month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import TerminationReason
from telcrm.synth.columns import Coded, Dates, Flags, Floats, Ints, KeyRefs, Numbers, Table
from telcrm.synth.denomination import Denomination
from telcrm.synth.lifecycle import REASONS, Lifecycle
from telcrm.synth.plans import Plan
from telcrm.synth.population import SEGMENTS, Population
from telcrm.synth.timeline import Timeline
from telcrm.synth.usage_profile import Rates, UsageProfile

__all__ = ["MonthRows", "draw_months", "subscriber_months_table"]

_DAYS = 30.4
_COST_PER_MINUTE = 0.004
_COST_PER_GB = 0.25
_FIXED_COST = 2.5
_COST_SHARE = 0.15


@dataclass(frozen=True)
class MonthRows:
    """One element per active line and month, by month and then by line."""

    line: Ints
    month: Ints
    revenue: Floats
    direct_cost: Floats
    voice_s: Ints
    data_bytes: Ints
    sms: Ints


def draw_months(
    rng: np.random.Generator,
    *,
    profile: UsageProfile,
    rates: Rates,
    plans: tuple[Plan, ...],
    population: Population,
    lifecycle: Lifecycle,
    prepaid_revenue: Floats,
    money: Denomination,
) -> MonthRows:
    """Draw usage and revenue of every active month.

    Usage is the line's rate times a month, with lognormal noise. Revenue of a postpaid line is the
    fee plus what goes over the allowances; of a prepaid line, `prepaid_revenue` by (month, line).
    Direct cost is a fixed part, a share of revenue, and a price per minute and gigabyte.
    """
    parts = [
        _draw_month(
            rng,
            month,
            profile=profile,
            rates=rates,
            plans=plans,
            population=population,
            lifecycle=lifecycle,
            prepaid_revenue=prepaid_revenue,
            money=money,
        )
        for month in range(len(lifecycle.active))
    ]
    return MonthRows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _draw_month(
    rng: np.random.Generator,
    month: int,
    *,
    profile: UsageProfile,
    rates: Rates,
    plans: tuple[Plan, ...],
    population: Population,
    lifecycle: Lifecycle,
    prepaid_revenue: Floats,
    money: Denomination,
) -> tuple[Ints, Ints, Floats, Floats, Ints, Ints, Ints]:
    line = np.flatnonzero(lifecycle.active[month]).astype(np.int32)
    level = _DAYS * _dip(lifecycle, line, month, profile.leaving_dip)

    def noisy(rate: Floats, sd: float) -> Floats:
        noise = np.exp(sd * rng.standard_normal(line.size, dtype=np.float32) - sd * sd / 2)
        drawn: Floats = rate[line] * level * noise
        return drawn

    voice_s = noisy(rates.voice, 0.25) * profile.mean_duration_s
    data_bytes = noisy(rates.data, 0.3) * profile.mean_volume_bytes
    sms = rng.poisson(rates.sms[line] * level).astype(np.int32)

    offer = lifecycle.offer[month, line]

    def of_plan(name: str) -> Floats:
        of_line: Floats = np.array([float(getattr(plan, name)) for plan in plans])[offer]
        return of_line

    minutes_over = np.maximum(voice_s / 60.0 - of_plan("voice_minutes"), 0.0)
    gb_over = np.maximum(data_bytes / 1e9 - of_plan("data_gb"), 0.0)
    postpaid = of_plan("monthly_fee") + minutes_over * of_plan("minute_price")
    # Beyond ten gigabytes over the allowance speed is cut and nothing more is charged.
    postpaid += np.minimum(gb_over, 10.0) * of_plan("gb_price")
    revenue = np.where(population.prepaid[line], prepaid_revenue[month, line], postpaid)
    cost = _FIXED_COST + _COST_SHARE * revenue
    cost += voice_s / 60.0 * _COST_PER_MINUTE + data_bytes / 1e9 * _COST_PER_GB
    return (
        line,
        np.full(line.size, month, dtype=np.int16),
        money.rounded(revenue),
        money.rounded(cost),
        voice_s.astype(np.int32),
        data_bytes.astype(np.int64),
        sms,
    )


def _dip(lifecycle: Lifecycle, line: Ints, month: int, dip: float) -> Floats:
    """Those about to leave by choice use less; those cut off do not."""
    involuntary = REASONS.index(TerminationReason.INVOLUNTARY)
    level = np.ones(line.size)
    for leave, reason in (
        (lifecycle.leave_month, lifecycle.reason),
        (lifecycle.second_leave_month, lifecycle.second_reason),
    ):
        willing: Flags = (reason[line] != involuntary) & (leave[line] >= 0)
        level[willing & (leave[line] == month)] = dip
        level[willing & (leave[line] == month + 1)] = (1.0 + dip) / 2.0
    return level


def subscriber_months_table(
    rows: MonthRows,
    plans: tuple[Plan, ...],
    population: Population,
    lifecycle: Lifecycle,
    timeline: Timeline,
    *,
    money: Denomination,
) -> Table:
    """Return the canonical subscriber_months table."""
    owner = population.owner[rows.line]
    return {
        "subscription_id": KeyRefs(rows.line, population.subscription_id),
        "period": Dates(timeline.month_starts[rows.month]),
        "customer_id": KeyRefs(owner, population.customer_id),
        "payment_mode": Coded(
            population.prepaid[rows.line].astype(np.int8), ("postpaid", "prepaid")
        ),
        "offer_id": Coded(
            lifecycle.offer[rows.month, rows.line], [plan.offer_id for plan in plans]
        ),
        "segment": Coded(population.segment[owner], SEGMENTS),
        "revenue": Numbers(rows.revenue),
        "direct_cost": Numbers(rows.direct_cost),
        "voice_s": Numbers(rows.voice_s),
        "data_bytes": Numbers(rows.data_bytes),
        "sms_count": Numbers(rows.sms),
        "tenure_months": Numbers(lifecycle.tenure(rows.line, rows.month)),
        "currency": money.column(owner.size),
    }
