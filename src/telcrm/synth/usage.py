"""Usage records by the million: who, when, what, with whom, where and for how much."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from telcrm.domain import UsageDirection, UsageKind, UsageZone
from telcrm.synth.columns import (
    Coded,
    Flags,
    Floats,
    Instants,
    Ints,
    KeyRefs,
    Keys,
    Numbers,
    Table,
    Text,
)
from telcrm.synth.denomination import Denomination
from telcrm.synth.draws import categories
from telcrm.synth.identifiers import digits, keys, scatter, telephone_numbers
from telcrm.synth.population import Population
from telcrm.synth.timeline import DAY_S
from telcrm.synth.usage_profile import Rates, UsageProfile

__all__ = [
    "Network",
    "Records",
    "Window",
    "draw_counts",
    "draw_records",
    "usage_ids",
    "usage_table",
]

KINDS = (UsageKind.VOICE, UsageKind.SMS, UsageKind.DATA)
VOICE, SMS, DATA = range(3)
DIRECTIONS = (UsageDirection.OUTGOING, UsageDirection.INCOMING)
LOCAL, NATIONAL, INTERNATIONAL, PREMIUM, ROAMING = range(5)

_ID_DIGITS = 10
_CONTACTS = 25
_SLOTS = 1 << 16
_ROAMING_CELLS = 50
# Unassigned ITU country codes: a number made here rings nowhere.
_FOREIGN_CODES = ("210", "214", "384", "422", "697", "804", "851", "978")
_HIGH_RISK_CODES = ("215", "889")
_MINUTE_PRICE = np.array([[0.0, 0.0, 0.25, 1.20, 0.30], [0.08, 0.08, 0.35, 1.20, 0.40]])
_SMS_PRICE = np.array([[0.0, 0.0, 0.10, 0.80, 0.12], [0.05, 0.05, 0.12, 0.80, 0.15]])
_MB_PRICE = np.array([[0.0, 0.0, 0.0, 0.0, 0.02], [0.005, 0.005, 0.005, 0.005, 0.03]])


@dataclass(frozen=True)
class Window:
    """The days that the table covers and the share of them in which each line is active."""

    first_day: int
    end_day: int
    low: Ints
    high: Ints

    @property
    def weekday(self) -> Ints:
        """Weekday of each day, Monday is 0."""
        # 1970-01-01 was a Thursday.
        return (np.arange(self.first_day, self.end_day) + 3) % 7


@dataclass(frozen=True)
class Records:
    """Usage records, one array element each; -1 in `other` is no other party."""

    line: Ints
    started: Ints
    kind: Ints
    direction: Ints
    zone: Ints
    duration: Ints
    volume: Ints
    other: Ints
    cell: Ints
    imei: Ints

    @classmethod
    def joined(cls, parts: list[Records]) -> Records:
        """Concatenate batches of records."""
        return cls(
            *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls))
        )

    def take(self, order: Ints) -> Records:
        """Reorder the records."""
        return Records(*(getattr(self, f.name)[order] for f in fields(self)))


@dataclass(frozen=True)
class Network:
    """The numbers and cells that records point to."""

    lines: int
    country_code: str

    @property
    def sizes(self) -> tuple[int, ...]:
        """Count of numbers: local, national, international, premium, high risk."""
        per_zone = int(np.clip(2 * self.lines, 10_000, 500_000))
        return per_zone, per_zone, 8_000, 200, 40

    @property
    def starts(self) -> Ints:
        """Where each group of numbers begins in `book`."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)

    @cached_property
    def book(self) -> Text:
        """All other parties: local, national, international, premium, high risk."""
        local, national, foreign, premium, risky = self.sizes
        home = self.country_code
        groups = [
            telephone_numbers(local, country_code=home, lead="2"),
            telephone_numbers(national, country_code=home, lead="7"),
            *(
                telephone_numbers(foreign // len(_FOREIGN_CODES), country_code=code, lead="4")
                for code in _FOREIGN_CODES
            ),
            telephone_numbers(premium, country_code=home, lead="9"),
            *(
                telephone_numbers(risky // len(_HIGH_RISK_CODES), country_code=code, lead="8")
                for code in _HIGH_RISK_CODES
            ),
        ]
        return np.concatenate(groups)

    @property
    def home_cells(self) -> int:
        """Number of cells of the operator."""
        return int(np.clip(self.lines // 50, 20, 5_000))

    @cached_property
    def cells(self) -> Text:
        """Cells at home, then cells abroad."""
        abroad = digits(np.arange(1, _ROAMING_CELLS + 1), 5, prefix="ROAM")
        return np.concatenate([keys("CELL", self.home_cells, width=5), abroad])

    def home_of(self, line: Ints) -> Ints:
        """Cell in which a line spends the night."""
        cell: Ints = (line.astype(np.int64) * 7_919 + 17) % self.home_cells
        return cell

    def abroad(self, rng: np.random.Generator, size: int) -> Ints:
        """Draw cells abroad."""
        return self.home_cells + rng.integers(0, _ROAMING_CELLS, size)


def draw_counts(
    rng: np.random.Generator,
    profile: UsageProfile,
    rates: Rates,
    window: Window,
    *,
    silent: Ints,
    injected: int,
) -> Ints:
    """Draw the number of records by (kind, line).

    `silent` lines make no regular usage; `injected` records are added by frauds later.
    """
    until = np.concatenate([[0.0], np.cumsum(np.array(profile.weekdays)[window.weekday])])
    mean_weight = float(np.mean(profile.weekdays))
    low = np.clip(window.low - window.first_day, 0, until.size - 1)
    high = np.clip(window.high - window.first_day, low, until.size - 1)
    days = (until[high] - until[low]) / mean_weight
    days[silent] = 0.0
    expected = np.stack([rates.voice, rates.sms, rates.data]) * days
    total = expected.sum()
    if profile.records is None or total == 0.0:
        drawn: Ints = rng.poisson(expected)
        return drawn
    flat: Ints = rng.multinomial(profile.records - injected, (expected / total).ravel())
    counts: Ints = flat.reshape(expected.shape)
    return counts


def draw_records(
    rng: np.random.Generator,
    profile: UsageProfile,
    counts: Ints,
    *,
    window: Window,
    population: Population,
    network: Network,
) -> Records:
    """Draw the regular records, by kind and then by line."""
    clock = _Clock(profile, window, population)
    zones = (profile.voice_zones, profile.sms_zones, profile.data_zones)
    return Records.joined(
        [
            _draw_kind(
                rng,
                kind,
                counts[kind],
                zones=zones[kind],
                profile=profile,
                clock=clock,
                network=network,
            )
            for kind in (VOICE, SMS, DATA)
        ]
    )


class _Clock:
    """Draws instants by weekday and hour inside each line's active days."""

    def __init__(self, profile: UsageProfile, window: Window, population: Population) -> None:
        weights = np.array(profile.weekdays)[window.weekday]
        self._until = np.concatenate([[0.0], np.cumsum(weights)])
        top = self._until.size - 1
        low = np.clip(window.low - window.first_day, 0, top)
        high = np.clip(window.high - window.first_day, low, top)
        self._low = self._until[low].astype(np.float32)
        self._span = (self._until[high] - self._until[low]).astype(np.float32)
        self._first_day = window.first_day
        self._last = np.maximum(high - 1, low).astype(np.int32)
        self._first = low.astype(np.int32)
        self._organization = population.organization[population.owner].astype(np.int8)
        self._hours = np.concatenate(
            [_slots(profile.hours_individual), _slots(profile.hours_organization)]
        )

    def draw(self, rng: np.random.Generator, line: Ints) -> tuple[Ints, Ints]:
        """Return seconds since 1970 and the hour of the day."""
        point = self._low[line] + self._span[line] * rng.random(line.size, dtype=np.float32)
        day = np.searchsorted(self._until, point, side="right").astype(np.int32) - 1
        # Single precision can round a point up to the first day after the interval.
        day = np.clip(day, self._first[line], self._last[line])
        slot = self._organization[line].astype(np.int32) * _SLOTS
        slot += rng.integers(0, _SLOTS, line.size, dtype=np.uint16)
        hour = self._hours[slot]
        seconds = (self._first_day + day).astype(np.int64) * DAY_S
        seconds += hour.astype(np.int32) * 3600
        seconds += rng.integers(0, 3600, line.size, dtype=np.uint16)
        return seconds, hour


def _slots(weights: tuple[float, ...]) -> Ints:
    bounds = np.rint(np.cumsum(weights) / np.sum(weights) * _SLOTS).astype(np.int64)
    return np.repeat(np.arange(len(weights), dtype=np.int8), np.diff(bounds, prepend=0))


def _draw_kind(
    rng: np.random.Generator,
    kind: int,
    counts: Ints,
    *,
    zones: tuple[float, ...],
    profile: UsageProfile,
    clock: _Clock,
    network: Network,
) -> Records:
    line = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
    size = line.size
    started, hour = clock.draw(rng, line)
    zone = categories(rng, zones, size)
    if kind == DATA:
        direction = np.zeros(size, dtype=np.int8)
        other = np.full(size, -1, dtype=np.int32)
    else:
        incoming = categories(rng, [1.0 - profile.incoming_share, profile.incoming_share], size)
        direction = incoming
        zone[(direction == 1) & (zone == PREMIUM)] = NATIONAL
        other = _other_party(rng, line, zone, network)
    volume = np.zeros(size, dtype=np.int64)
    duration = np.zeros(size, dtype=np.int32)
    if kind == VOICE:
        seconds = _lognormal(rng, profile.duration_log_mean, profile.duration_log_sd, size)
        duration = np.clip(seconds, 1.0, 14_400.0).astype(np.int32)
    elif kind == DATA:
        volume = _lognormal(rng, profile.volume_log_mean, profile.volume_log_sd, size).astype(
            np.int64
        )
        duration = rng.integers(20, 3_600, size, dtype=np.int32)
    return Records(
        line=line,
        started=started,
        kind=np.full(size, kind, dtype=np.int8),
        direction=direction,
        zone=zone,
        duration=duration,
        volume=volume,
        other=other,
        cell=_cell(rng, line, hour, zone, network),
        imei=line,
    )


def _lognormal(rng: np.random.Generator, mean: float, sd: float, size: int) -> Floats:
    drawn = rng.standard_normal(size, dtype=np.float32)
    drawn *= np.float32(sd)
    drawn += np.float32(mean)
    return np.exp(drawn, out=drawn)


def _other_party(rng: np.random.Generator, line: Ints, zone: Ints, network: Network) -> Ints:
    """Each line has 25 contacts in each zone and prefers the first ones."""
    rank = rng.random(line.size, dtype=np.float32)
    rank = (rank * rank * _CONTACTS).astype(np.int64)
    # Who roams talks to people at home.
    group = np.array([0, 1, 2, 3, 1])[zone]
    within = (line.astype(np.int64) * 2_654_435_761 + rank * 40_503_007) % np.array(
        network.sizes, dtype=np.int64
    )[group]
    other: Ints = (network.starts[group] + within).astype(np.int32)
    return other


def _cell(rng: np.random.Generator, line: Ints, hour: Ints, zone: Ints, network: Network) -> Ints:
    """At night at home; by day at home, at work or anywhere; abroad when roaming."""
    home = network.home_of(line).astype(np.int16)
    place = rng.integers(0, 100, line.size, dtype=np.uint8)
    by_day = (hour >= 8) & (hour < 19)
    at_work = np.flatnonzero(by_day & (place < 45))
    home[at_work] = (line[at_work].astype(np.int64) * 104_729 + 5) % network.home_cells
    anywhere = np.flatnonzero(place >= 90)
    home[anywhere] = rng.integers(0, network.home_cells, anywhere.size)
    away = np.flatnonzero(zone == ROAMING)
    home[away] = network.abroad(rng, away.size)
    return home


def usage_ids(numbers: Ints) -> Text:
    """Return the key of records by the order of their drawing.

    Keys look unordered, so that they tell neither kind nor fraud.
    """
    return digits(scatter(numbers, _ID_DIGITS, offset=1_414_213_562), _ID_DIGITS, prefix="U")


def usage_table(
    records: Records,
    extra_imeis: Text,
    population: Population,
    network: Network,
    money: Denomination,
) -> Table:
    """Return the canonical usage table, in the order of time."""
    size = records.line.size
    # The position in the low bits makes keys distinct, so any sorting algorithm gives one order.
    first = records.started.min(initial=np.iinfo(np.int64).max)
    ordered = np.sort((records.started - first) << 32 | np.arange(size))
    order = ordered & 0xFFFF_FFFF
    records = records.take(order)
    return {
        "usage_id": Keys(usage_ids(order)),
        "subscription_id": KeyRefs(records.line, population.subscription_id),
        "started_at": Instants(records.started),
        "kind": Coded(records.kind, KINDS),
        "direction": Coded(records.direction, DIRECTIONS),
        "zone": Coded(records.zone, tuple(UsageZone)),
        "duration_s": Numbers(records.duration),
        "volume_bytes": Numbers(records.volume),
        "other_party": KeyRefs(records.other, network.book),
        "charge": Numbers(money.rounded(_charge(records, population.prepaid))),
        "currency": money.column(size),
        "cell_id": KeyRefs(records.cell, network.cells),
        "imei": KeyRefs(records.imei, np.concatenate([population.imei, extra_imeis])),
    }


def _charge(records: Records, prepaid: Flags) -> Floats:
    """Price per minute, message or megabyte by payment mode and zone; incoming calls are free."""
    mode = prepaid[records.line].astype(np.int8)
    cell = (records.kind * np.int8(10) + mode * np.int8(5) + records.zone).astype(np.int8)
    price = np.concatenate([t.ravel() for t in (_MINUTE_PRICE / 60.0, _SMS_PRICE, _MB_PRICE / 1e6)])
    amount = np.where(records.kind == VOICE, records.duration, 1)
    amount = np.where(records.kind == DATA, records.volume, amount)
    charge: Floats = price[cell] * amount * (records.direction == 0)
    return charge
