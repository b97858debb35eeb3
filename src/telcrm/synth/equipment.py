"""Devices sold with a subsidy, devices lent, and the stock behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.domain import EquipmentKind, EquipmentOwnership, EquipmentStatus, TerminationReason
from telcrm.synth.columns import (
    NOT_A_DAY,
    Coded,
    Dates,
    Flags,
    Floats,
    Ints,
    KeyRefs,
    Keys,
    Numbers,
    Table,
    Text,
)
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


@dataclass(frozen=True)
class _Devices:
    """Handsets sold, then devices lent, then those in stock; with the lines of those handed out."""

    lines: Ints
    sold: int
    stock: int

    @property
    def size(self) -> int:
        return self.lines.size + self.stock

    @property
    def lent(self) -> Flags:
        """All but the handsets sold: a device in stock waits to be lent."""
        return np.arange(self.size) >= self.sold

    def with_stock(self, handed_out: Ints, in_stock: int) -> Ints:
        return np.concatenate([handed_out, np.full(self.stock, in_stock)])


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
    devices = _hand_out(rng, mix, population)
    status, returned_on = _fates(rng, mix, devices, lifecycle, timeline)
    subsidy = _subsidies(rng, mix, devices, population)
    kind = np.where(devices.lent, 1 + categories(rng, [0.7, 0.3], devices.size), 0)
    serials = scatter(np.arange(devices.size), 9, offset=577_215_664)
    return {
        "equipment_id": Keys(keys("E", devices.size)),
        "customer_id": KeyRefs(
            devices.with_stock(population.owner[devices.lines], -1), population.customer_id
        ),
        "subscription_id": KeyRefs(
            devices.with_stock(devices.lines, -1), population.subscription_id
        ),
        "kind": Coded(kind, _KINDS),
        "ownership": Coded(
            devices.lent.astype(np.int8), (EquipmentOwnership.SOLD, EquipmentOwnership.LENT)
        ),
        "status": Coded(status, _STATUSES),
        "imei": Keys(_imeis(devices, population)),
        "serial": Keys(digits(serials, 9, prefix="SN")),
        "assigned_on": Dates(devices.with_stock(population.start_day[devices.lines], NOT_A_DAY)),
        "returned_on": Dates(returned_on),
        "residual_value": Numbers(
            money.rounded(_residual_values(mix, devices, status, population, timeline))
        ),
        "subsidy": Numbers(money.rounded(subsidy)),
        "currency": money.column(devices.size),
    }


def _hand_out(rng: np.random.Generator, mix: DeviceMix, population: Population) -> _Devices:
    drawn = rng.random(population.lines)
    buys = np.where(population.prepaid, mix.handset_prepaid, mix.handset_postpaid)
    sold = np.flatnonzero(drawn < buys)
    lent = np.flatnonzero(~population.prepaid & (rng.random(population.lines) < mix.lent))
    lines = np.concatenate([sold, lent])
    return _Devices(lines, sold.size, int(np.ceil(mix.stock * lines.size)))


def _fates(
    rng: np.random.Generator,
    mix: DeviceMix,
    devices: _Devices,
    lifecycle: Lifecycle,
    timeline: Timeline,
) -> tuple[Ints, Ints]:
    """Return the status and the day of return of each device."""
    came_back = lifecycle.return_month >= 0
    last_leave_day = np.where(came_back, lifecycle.second_leave_day, lifecycle.leave_day)
    last_reason = np.where(came_back, lifecycle.second_reason, lifecycle.reason)
    gone_on = np.where(lifecycle.live_at_end, NOT_A_DAY, last_leave_day)[devices.lines]
    cut_off = last_reason[devices.lines] == REASONS.index(TerminationReason.INVOLUNTARY)

    ended = devices.lent[: devices.lines.size] & (gone_on != NOT_A_DAY)
    returned_on = uniform_days(rng, gone_on, gone_on + 20)
    missing = rng.random(devices.lines.size) < mix.lost
    back = ended & ~missing & ~cut_off & (returned_on < timeline.end_day)
    held = np.full(devices.lines.size, _ASSIGNED)
    held[ended & missing & ~cut_off] = _LOST
    held[ended & cut_off] = _WRITTEN_OFF
    held[back] = _RETURNED
    return (
        devices.with_stock(held, _IN_STOCK),
        devices.with_stock(np.where(back, returned_on, NOT_A_DAY), NOT_A_DAY),
    )


def _subsidies(
    rng: np.random.Generator, mix: DeviceMix, devices: _Devices, population: Population
) -> Floats:
    price = mix.price * np.exp(0.5 * rng.standard_normal(devices.size))
    part = rng.uniform(0.2, 0.8, devices.size)
    subsidised = np.zeros(devices.size, dtype=np.bool_)
    subsidised[: devices.sold] = ~population.prepaid[devices.lines[: devices.sold]]
    return np.where(subsidised, price * part, 0.0)


def _residual_values(
    mix: DeviceMix,
    devices: _Devices,
    status: Ints,
    population: Population,
    timeline: Timeline,
) -> Floats:
    bought_on = devices.with_stock(population.start_day[devices.lines], timeline.end_day)
    months_old = (timeline.end_day - bought_on) / 30.4
    value = mix.lent_value * np.clip(1.0 - months_old / 36.0, 0.0, 1.0)
    owned = devices.lent & (status != _LOST) & (status != _WRITTEN_OFF)
    return np.where(owned, value, 0.0)


def _imeis(devices: _Devices, population: Population) -> Text:
    bodies = scatter(population.lines + np.arange(devices.size), 9, offset=271_828_182)
    own = imeis(bodies)
    own[: devices.sold] = population.imei[devices.lines[: devices.sold]]
    return own
