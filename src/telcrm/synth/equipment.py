"""Devices sold with a subsidy, devices lent, and the stock behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import EquipmentKind, EquipmentOwnership, EquipmentStatus, TerminationReason
from telcrm.synth.columns import NOT_A_DAY, Coded, Dates, KeyRefs, Keys, Numbers, Table
from telcrm.synth.denomination import Denomination
from telcrm.synth.draws import categories, uniform_days
from telcrm.synth.identifiers import digits, imeis, keys, scatter
from telcrm.synth.lifecycle import REASONS, Lifecycle
from telcrm.synth.population import Population
from telcrm.synth.ranges import require_between, require_positive
from telcrm.synth.timeline import Timeline

__all__ = ["DeviceMix", "equipment_table"]

_KINDS = (
    EquipmentKind.HANDSET,
    EquipmentKind.ROUTER,
    EquipmentKind.SET_TOP_BOX,
)
_STATUSES = (
    EquipmentStatus.ASSIGNED,
    EquipmentStatus.RETURNED,
    EquipmentStatus.LOST,
    EquipmentStatus.WRITTEN_OFF,
    EquipmentStatus.IN_STOCK,
)
_ASSIGNED, _RETURNED, _LOST, _WRITTEN_OFF, _IN_STOCK = range(5)


@dataclass(frozen=True, kw_only=True)
class DeviceMix:
    """Who holds a device of the operator.

    Parameters
    ----------
    handset_postpaid, handset_prepaid : float in [0, 1]
        Share of lines with a handset that the operator sold.
    lent : float in [0, 1]
        Share of postpaid lines with a lent router or set-top box.
    lost : float in [0, 1]
        Share of lent devices that do not come back when the line ends by choice.
    price : float > 0
        Median price of a handset (lognormal). Postpaid buyers get 20 to 80 % of it as a subsidy.
    lent_value : float > 0
        Value of a lent device when new; it is written down to zero over 36 months.
    stock : float in [0, 1]
        Devices in stock for each device handed out.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> DeviceMix(lent=0.2).lent
    0.2
    """

    handset_postpaid: float = 0.5
    handset_prepaid: float = 0.1
    lent: float = 0.12
    lost: float = 0.05
    price: float = 280.0
    lent_value: float = 90.0
    stock: float = 0.03

    def __post_init__(self) -> None:
        shares = ("handset_postpaid", "handset_prepaid", "lent", "lost", "stock")
        require_between(self, 0.0, 1.0, *shares)
        require_positive(self, "price", "lent_value")


def equipment_table(
    rng: np.random.Generator,
    mix: DeviceMix,
    population: Population,
    lifecycle: Lifecycle,
    timeline: Timeline,
    *,
    money: Denomination,
) -> Table:
    """Return the canonical equipment table: sold handsets, lent devices, then stock.

    A lent device is returned within 20 days of the end of the line, lost, or, if the line was cut
    off for debt, written off. The IMEI of a handset is the one that the usage records carry.
    """
    drawn = rng.random(population.lines)
    buys = np.where(population.prepaid, mix.handset_prepaid, mix.handset_postpaid)
    handsets = np.flatnonzero(drawn < buys)
    lent = np.flatnonzero(~population.prepaid & (rng.random(population.lines) < mix.lent))
    held = np.concatenate([handsets, lent])
    stock = int(np.ceil(mix.stock * held.size))
    size = held.size + stock
    is_lent = np.arange(size) >= handsets.size
    is_stock = np.arange(size) >= held.size

    assigned_on = population.start_day[held]
    gone_on = np.where(
        lifecycle.live_at_end,
        NOT_A_DAY,
        np.where(lifecycle.return_month >= 0, lifecycle.second_leave_day, lifecycle.leave_day),
    )[held]
    reason = np.where(lifecycle.return_month >= 0, lifecycle.second_reason, lifecycle.reason)[held]
    status = np.full(size, _ASSIGNED)
    ended = is_lent[: held.size] & (gone_on != NOT_A_DAY)
    returned_on = uniform_days(rng, gone_on, gone_on + 20)
    missing = rng.random(held.size) < mix.lost
    cut_off = reason == REASONS.index(TerminationReason.INVOLUNTARY)
    back = ended & ~missing & ~cut_off & (returned_on < timeline.end_day)
    status[: held.size][ended & missing & ~cut_off] = _LOST
    status[: held.size][ended & cut_off] = _WRITTEN_OFF
    status[: held.size][back] = _RETURNED
    status[is_stock] = _IN_STOCK

    price = mix.price * np.exp(0.5 * rng.standard_normal(size))
    subsidised = ~is_lent & ~np.concatenate(
        [population.prepaid[held], np.ones(stock, dtype=np.bool_)]
    )
    subsidy = np.where(subsidised, price * rng.uniform(0.2, 0.8, size), 0.0)
    months_old = (
        timeline.end_day - np.concatenate([assigned_on, np.full(stock, timeline.end_day)])
    ) / 30.4
    residual = mix.lent_value * np.clip(1.0 - months_old / 36.0, 0.0, 1.0)
    residual = np.where(is_lent & (status != _LOST) & (status != _WRITTEN_OFF), residual, 0.0)
    nobody = np.full(stock, -1)
    no_day = np.full(stock, NOT_A_DAY)
    kind = np.where(is_lent, 1 + categories(rng, [0.7, 0.3], size), 0)
    bodies = scatter(population.lines + np.arange(size), 9, offset=271_828_182)
    own_imei = np.where(
        is_lent, imeis(bodies), np.concatenate([population.imei[held], imeis(bodies[held.size :])])
    )
    return {
        "equipment_id": Keys(keys("E", size)),
        "customer_id": KeyRefs(
            np.concatenate([population.owner[held], nobody]), population.customer_id
        ),
        "subscription_id": KeyRefs(np.concatenate([held, nobody]), population.subscription_id),
        "kind": Coded(kind, _KINDS),
        "ownership": Coded(
            is_lent.astype(np.int8), (EquipmentOwnership.SOLD, EquipmentOwnership.LENT)
        ),
        "status": Coded(status, _STATUSES),
        "imei": Keys(own_imei),
        "serial": Keys(digits(scatter(np.arange(size), 9, offset=577_215_664), 9, prefix="SN")),
        "assigned_on": Dates(np.concatenate([assigned_on, no_day])),
        "returned_on": Dates(
            np.where(status == _RETURNED, np.concatenate([returned_on, no_day]), NOT_A_DAY)
        ),
        "residual_value": Numbers(money.rounded(residual)),
        "subsidy": Numbers(money.rounded(subsidy)),
        "currency": money.column(size),
    }
