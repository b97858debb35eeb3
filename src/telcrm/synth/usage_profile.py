"""How much and when subscribers call, text and surf: one set of rates for months and records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from telcrm.synth.columns import Floats
from telcrm.synth.population import Population
from telcrm.synth.ranges import (
    require_between,
    require_count,
    require_positive,
    require_weights,
)

__all__ = ["DAYTIME", "EVENING", "ZONES", "Rates", "UsageProfile", "draw_rates"]

ZONES = ("local", "national", "international", "premium", "roaming")

EVENING: tuple[float, ...] = (
    *(1.2, 0.7, 0.4, 0.3, 0.3, 0.5, 1.2, 2.6, 3.6, 4.0, 4.4, 4.8),
    *(5.2, 5.0, 4.8, 4.9, 5.3, 6.2, 7.0, 7.6, 7.8, 6.8, 4.6, 2.4),
)
"""Weights of the hours of the day for individuals: a peak at eight in the evening."""

DAYTIME: tuple[float, ...] = (
    *(0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 1.2, 3.5, 8.0, 10.5, 11.0, 9.5),
    *(7.0, 8.5, 10.0, 9.8, 8.5, 5.5, 2.8, 1.4, 0.9, 0.6, 0.4, 0.3),
)
"""Weights of the hours of the day for organizations: office hours."""


@dataclass(frozen=True, kw_only=True)
class UsageProfile:
    """Rates, sizes and rhythm of usage.

    Parameters
    ----------
    days : int >= 1
        The usage table covers the last `days` days of the window.
    records : int >= 0, optional
        Exact number of rows of the usage table, frauds included; the rates are scaled to it.
        Without it the number follows from the rates.
    voice_per_day, sms_per_day, data_per_day : float > 0
        Mean records of an individual a day; organizations make twice as many calls.
    spread : float > 0
        Shape of the gamma that multiplies each subscriber's rates; small means unequal.
    duration_log_mean, duration_log_sd : float
        Call duration in seconds is lognormal, at least one second.
    volume_log_mean, volume_log_sd : float
        Session volume in bytes is lognormal.
    incoming_share : float in [0, 1]
        Of calls and messages; data sessions are always outgoing.
    voice_zones, sms_zones, data_zones : five weights
        local, national, international, premium, roaming. An incoming record that would be premium
        is national.
    hours_individual, hours_organization : 24 weights
    weekdays : seven weights, Monday first
    leaving_dip : float in [0, 1]
        Usage in the month of leaving by choice, relative to before; the month before,
        half the way.

    Raises
    ------
    ParameterError
        A parameter is out of range or has the wrong number of weights.

    Examples
    --------
    >>> UsageProfile(records=10_000).records
    10000
    """

    days: int = 28
    records: int | None = None
    voice_per_day: float = 1.5
    sms_per_day: float = 0.5
    data_per_day: float = 2.0
    spread: float = 1.5
    duration_log_mean: float = 4.2
    duration_log_sd: float = 1.1
    volume_log_mean: float = 16.8
    volume_log_sd: float = 1.4
    incoming_share: float = 0.45
    voice_zones: tuple[float, ...] = (0.45, 0.46, 0.05, 0.01, 0.03)
    sms_zones: tuple[float, ...] = (0.30, 0.64, 0.03, 0.01, 0.02)
    data_zones: tuple[float, ...] = (0.0, 0.97, 0.0, 0.0, 0.03)
    hours_individual: tuple[float, ...] = field(default=EVENING, repr=False)
    hours_organization: tuple[float, ...] = field(default=DAYTIME, repr=False)
    weekdays: tuple[float, ...] = (1.0, 1.0, 1.02, 1.05, 1.15, 0.95, 0.83)
    leaving_dip: float = 0.5

    def __post_init__(self) -> None:
        require_count(self, 1, "days")
        if self.records is not None:
            require_count(self, 0, "records")
        require_positive(self, "voice_per_day", "sms_per_day", "data_per_day", "spread")
        require_between(self, -50.0, 50.0, "duration_log_mean", "volume_log_mean")
        require_between(self, 0.0, 5.0, "duration_log_sd", "volume_log_sd")
        require_between(self, 0.0, 1.0, "incoming_share", "leaving_dip")
        require_weights(self, 5, "voice_zones", "sms_zones", "data_zones")
        require_weights(self, 24, "hours_individual", "hours_organization")
        require_weights(self, 7, "weekdays")

    @property
    def mean_duration_s(self) -> float:
        """Mean of the lognormal duration of a call."""
        return float(np.exp(self.duration_log_mean + self.duration_log_sd**2 / 2))

    @property
    def mean_volume_bytes(self) -> float:
        """Mean of the lognormal volume of a data session."""
        return float(np.exp(self.volume_log_mean + self.volume_log_sd**2 / 2))


@dataclass(frozen=True)
class Rates:
    """Mean records a day of each line."""

    voice: Floats
    sms: Floats
    data: Floats


def draw_rates(rng: np.random.Generator, profile: UsageProfile, population: Population) -> Rates:
    """Draw the rates of each line: one gamma for the line and one for each kind."""
    segment = population.segment[population.owner]
    size = population.lines
    whole = rng.standard_gamma(profile.spread, size) / profile.spread
    organization = population.organization[population.owner]
    calls = np.where(organization, 2.0, 1.0)
    surfs = np.array([1.0, 1.6, 1.3, 0.7, 0.8])[segment]

    def of_kind(mean: float, factor: Floats) -> Floats:
        return mean * whole * factor * rng.standard_gamma(4.0, size) / 4.0

    return Rates(
        voice=of_kind(profile.voice_per_day, calls),
        sms=of_kind(profile.sms_per_day, np.ones(size)),
        data=of_kind(profile.data_per_day, surfs),
    )
