"""The records that give frauds away: one injector per kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from telcrm.synth.columns import Flags, Ints, Text
from telcrm.synth.draws import uniform_days
from telcrm.synth.fraud import FraudCases, FraudKind
from telcrm.synth.identifiers import imeis, scatter
from telcrm.synth.timeline import DAY_S
from telcrm.synth.usage import (
    DATA,
    INTERNATIONAL,
    NATIONAL,
    PREMIUM,
    ROAMING,
    VOICE,
    Network,
    Records,
)

__all__ = ["Injected", "inject"]

_SATURDAY = 5
_LINES_PER_BOX = 4
_HIGH_RISK = 4
_HOUR_S = 3_600


@dataclass(frozen=True)
class Injected:
    """Records that frauds add, and the case of each; -1 marks a victim's own regular call."""

    records: Records
    case: Ints
    extra_imeis: Text


@dataclass(frozen=True)
class _Scene:
    """What every injector needs."""

    rng: np.random.Generator
    cases: FraudCases
    network: Network
    boxes: int

    def spread(self, kind: FraudKind, low: int, high: int) -> tuple[Ints, Ints]:
        """Cases of a kind, repeated once for each of between `low` and `high` records."""
        cases = self.cases.of(kind)
        counts = self.rng.integers(low, high + 1, cases.size)
        rank = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(cases, counts), rank

    def day(self, *, weekend: bool = False, last: int = 1) -> Ints:
        """One day per case, at least `last` days before its end; a Saturday if there is one."""
        low, high = self.cases.first_day, self.cases.end_day
        day = uniform_days(self.rng, low, np.maximum(high - last + 1, low + 1))
        if not weekend:
            return day
        saturday = low + (_SATURDAY - (low + 3) % 7) % 7
        return np.where(saturday < high, saturday, day)

    def numbers(self, group: int, case: Ints, pick: Ints) -> Ints:
        """Other parties of a group of the book, by case and pick."""
        size = self.network.sizes[group]
        within = (case.astype(np.int64) * 7_907 + pick) % size
        number: Ints = self.network.starts[group] + within
        return number

    def records(
        self,
        case: Ints,
        started: Ints,
        *,
        zone: int,
        duration: Ints,
        other: Ints,
        kind: int = VOICE,
        volume: Ints | None = None,
        incoming: Flags | None = None,
        cell: Ints | None = None,
        imei: Ints | None = None,
    ) -> Records:
        line = self.cases.line[case]
        size = case.size
        return Records(
            line=line,
            started=started.astype(np.int64),
            kind=np.full(size, kind, dtype=np.int8),
            direction=(np.zeros(size) if incoming is None else incoming).astype(np.int8),
            zone=np.full(size, zone, dtype=np.int8),
            duration=duration.astype(np.int32),
            volume=(np.zeros(size) if volume is None else volume).astype(np.int64),
            other=other.astype(np.int32),
            cell=(self.network.home_of(line) if cell is None else cell).astype(np.int16),
            imei=(line if imei is None else imei).astype(np.int32),
        )

    def seconds(self, mean: float, size: int, *, least: int = 1) -> Ints:
        """Durations: `least` plus an exponential, capped at two hours."""
        drawn = least + self.rng.exponential(mean, size)
        return np.minimum(drawn, 7_200.0).astype(np.int32)


_Batch: TypeAlias = tuple[Records, Ints]


def inject(rng: np.random.Generator, cases: FraudCases, network: Network) -> Injected:
    """Draw the records of every case.

    irsf
        60 to 120 calls in one night (midnight to six, a Saturday if the case has one) to three
        high-risk numbers abroad, ten minutes and more, several at a time.
    pbx_hacking
        150 to 300 calls of an organization's line in one night to forty numbers abroad.
    wangiri
        A new prepaid line calls 300 to 600 distinct numbers for 0 to 6 seconds, one every four
        seconds; one in twenty calls back within the next hours.
    sim_box
        A new prepaid line makes 80 to 160 calls a day to ever new numbers from one cell, receives
        nothing, sends no messages or data; four lines share one device.
    subscription
        A new postpaid line with a stolen identity: 10 to 20 long calls abroad a day; its customer
        never pays.
    premium_rate
        80 to 160 calls within two days to two premium numbers, five minutes and more.
    roaming
        Within two days 60 to 120 roaming calls and as many large roaming sessions.
    cloning
        20 to 40 calls from another device in another cell while the owner is on the phone.
    """
    boxes = -(-cases.of(FraudKind.SIM_BOX).size // _LINES_PER_BOX)
    clones = cases.of(FraudKind.CLONING).size
    scene = _Scene(rng, cases, network, boxes)
    injectors: tuple[Callable[[_Scene], _Batch], ...] = (
        _irsf,
        _pbx_hacking,
        _wangiri,
        _sim_box,
        _subscription,
        _premium_rate,
        _roaming_calls,
        _roaming_data,
        _cloning,
    )
    batches = [injector(scene) for injector in injectors]
    return Injected(
        records=Records.joined([records for records, _ in batches]),
        case=np.concatenate([case for _, case in batches]).astype(np.int32),
        # Far from the lines' own device numbers, so that no two devices share one.
        extra_imeis=imeis(scatter(500_000_000 + np.arange(boxes + clones), 9, offset=271_828_182)),
    )


def _irsf(scene: _Scene) -> _Batch:
    case, _ = scene.spread(FraudKind.IRSF, 60, 120)
    night = scene.day(weekend=True)[case].astype(np.int64) * DAY_S
    started = night + scene.rng.integers(0, 6 * _HOUR_S, case.size)
    other = scene.numbers(_HIGH_RISK, case, scene.rng.integers(0, 3, case.size))
    duration = scene.seconds(900.0, case.size, least=600)
    return scene.records(case, started, zone=INTERNATIONAL, duration=duration, other=other), case


def _pbx_hacking(scene: _Scene) -> _Batch:
    case, _ = scene.spread(FraudKind.PBX_HACKING, 150, 300)
    night = scene.day()[case].astype(np.int64) * DAY_S
    started = night + scene.rng.integers(_HOUR_S, 5 * _HOUR_S, case.size)
    other = scene.numbers(INTERNATIONAL, case, scene.rng.integers(0, 40, case.size))
    duration = scene.seconds(240.0, case.size, least=60)
    return scene.records(case, started, zone=INTERNATIONAL, duration=duration, other=other), case


def _wangiri(scene: _Scene) -> _Batch:
    case, rank = scene.spread(FraudKind.WANGIRI, 300, 600)
    begin = scene.day().astype(np.int64) * DAY_S + scene.rng.integers(
        9 * _HOUR_S, 18 * _HOUR_S, scene.cases.kind.size
    )
    started = begin[case] + 4 * rank
    other = scene.numbers(NATIONAL, case, rank)
    brief = scene.rng.integers(0, 7, case.size)
    calls = scene.records(case, started, zone=NATIONAL, duration=brief, other=other)

    back = np.flatnonzero(scene.rng.random(case.size) < 0.05)
    later = started[back] + 60 + scene.rng.exponential(_HOUR_S, back.size).astype(np.int64)
    later = np.minimum(later, (started[back] // DAY_S + 1) * DAY_S - 1)
    returns = scene.records(
        case[back],
        later,
        zone=NATIONAL,
        duration=scene.seconds(120.0, back.size, least=30),
        other=other[back],
        incoming=np.ones(back.size, dtype=np.bool_),
    )
    return Records.joined([calls, returns]), np.concatenate([case, case[back]])


def _sim_box(scene: _Scene) -> _Batch:
    cases = scene.cases.of(FraudKind.SIM_BOX)
    days = scene.cases.end_day[cases] - scene.cases.first_day[cases]
    counts = scene.rng.integers(80, 161, cases.size) * days
    case = np.repeat(cases, counts)
    rank = np.arange(case.size) - np.repeat(np.cumsum(counts) - counts, counts)
    day = uniform_days(scene.rng, scene.cases.first_day[case], scene.cases.end_day[case])
    started = day.astype(np.int64) * DAY_S + scene.rng.integers(
        7 * _HOUR_S, 23 * _HOUR_S, case.size
    )
    box = np.zeros(scene.cases.kind.size, dtype=np.int64)
    box[cases] = np.arange(cases.size) // _LINES_PER_BOX
    records = scene.records(
        case,
        started,
        zone=NATIONAL,
        duration=scene.seconds(150.0, case.size, least=5),
        other=scene.numbers(NATIONAL, case, rank),
        cell=box[case] * 31 % scene.network.home_cells,
        imei=scene.network.lines + box[case],
    )
    return records, case


def _subscription(scene: _Scene) -> _Batch:
    cases = scene.cases.of(FraudKind.SUBSCRIPTION)
    days = scene.cases.end_day[cases] - scene.cases.first_day[cases]
    case = np.repeat(cases, scene.rng.integers(10, 21, cases.size) * days)
    day = uniform_days(scene.rng, scene.cases.first_day[case], scene.cases.end_day[case])
    started = day.astype(np.int64) * DAY_S + scene.rng.integers(8 * _HOUR_S, DAY_S, case.size)
    records = scene.records(
        case,
        started,
        zone=INTERNATIONAL,
        duration=scene.seconds(600.0, case.size, least=60),
        other=scene.numbers(INTERNATIONAL, case, scene.rng.integers(0, 15, case.size)),
    )
    return records, case


def _premium_rate(scene: _Scene) -> _Batch:
    case, _ = scene.spread(FraudKind.PREMIUM_RATE, 80, 160)
    begin = scene.day(last=2)[case].astype(np.int64) * DAY_S
    started = begin + scene.rng.integers(0, 2 * DAY_S, case.size)
    started = np.minimum(started, scene.cases.end_day[case].astype(np.int64) * DAY_S - 1)
    records = scene.records(
        case,
        started,
        zone=PREMIUM,
        duration=scene.seconds(300.0, case.size, least=300),
        other=scene.numbers(PREMIUM, case, scene.rng.integers(0, 2, case.size)),
    )
    return records, case


def _roaming_calls(scene: _Scene) -> _Batch:
    case, started = _abroad(scene)
    records = scene.records(
        case,
        started,
        zone=ROAMING,
        duration=scene.seconds(400.0, case.size, least=60),
        other=scene.numbers(INTERNATIONAL, case, scene.rng.integers(0, 8, case.size)),
        cell=scene.network.abroad(scene.rng, case.size),
    )
    return records, case


def _roaming_data(scene: _Scene) -> _Batch:
    case, started = _abroad(scene)
    volume = np.exp(19.0 + 0.6 * scene.rng.standard_normal(case.size))
    records = scene.records(
        case,
        started,
        kind=DATA,
        zone=ROAMING,
        duration=scene.seconds(900.0, case.size, least=60),
        volume=volume.astype(np.int64),
        other=np.full(case.size, -1),
        cell=scene.network.abroad(scene.rng, case.size),
    )
    return records, case


def _abroad(scene: _Scene) -> tuple[Ints, Ints]:
    """Draw instants in the first two days of a case, so that calls and sessions fall together."""
    case, _ = scene.spread(FraudKind.ROAMING, 60, 120)
    begin = scene.cases.first_day[case].astype(np.int64) * DAY_S
    started = begin + scene.rng.integers(0, 2 * DAY_S, case.size)
    return case, np.minimum(started, scene.cases.end_day[case].astype(np.int64) * DAY_S - 1)


def _cloning(scene: _Scene) -> _Batch:
    """Both sides of each overlap: the owner's call, and the clone's inside it."""
    case, _ = scene.spread(FraudKind.CLONING, 20, 40)
    day = uniform_days(scene.rng, scene.cases.first_day[case], scene.cases.end_day[case])
    started = day.astype(np.int64) * DAY_S + scene.rng.integers(
        8 * _HOUR_S, 22 * _HOUR_S, case.size
    )
    duration = scene.seconds(240.0, case.size, least=120)
    other = scene.numbers(NATIONAL, case, scene.rng.integers(0, 5, case.size))
    owner = scene.records(case, started, zone=NATIONAL, duration=duration, other=other)

    cases = scene.cases.of(FraudKind.CLONING)
    device = np.zeros(scene.cases.kind.size, dtype=np.int64)
    device[cases] = scene.network.lines + scene.boxes + np.arange(cases.size)
    home = scene.network.home_of(scene.cases.line[case])
    clone = scene.records(
        case,
        started + (scene.rng.random(case.size) * 0.9 * duration).astype(np.int64),
        zone=INTERNATIONAL,
        duration=scene.seconds(300.0, case.size, least=30),
        other=scene.numbers(INTERNATIONAL, case, scene.rng.integers(0, 6, case.size)),
        cell=(home + scene.network.home_cells // 2) % scene.network.home_cells,
        imei=device[case],
    )
    return Records.joined([owner, clone]), np.concatenate([np.full(case.size, -1), case])
