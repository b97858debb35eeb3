"""Which lines commit or suffer which fraud, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from telcrm.synth.columns import Flags, Ints
from telcrm.synth.population import Population
from telcrm.synth.ranges import require_between
from telcrm.synth.usage import Window

__all__ = ["FraudCases", "FraudKind", "FraudMix", "draw_cases"]

_NEW_LINE_DAYS = 75


class FraudKind(StrEnum):
    """How a fraud makes its money, or how access to the line was got."""

    IRSF = "irsf"
    PBX_HACKING = "pbx_hacking"
    WANGIRI = "wangiri"
    SIM_BOX = "sim_box"
    SUBSCRIPTION = "subscription"
    PREMIUM_RATE = "premium_rate"
    ROAMING = "roaming"
    CLONING = "cloning"


@dataclass(frozen=True, kw_only=True)
class FraudMix:
    """Share of the lines active in the usage window that commit or suffer each fraud.

    A share above zero gives at least one case, as long as there is a line that fits.

    Parameters
    ----------
    irsf, pbx_hacking, wangiri, sim_box : float in [0, 1]
    subscription, premium_rate, roaming, cloning : float in [0, 1]

    Raises
    ------
    ParameterError
        A share is out of range.

    Notes
    -----
    Each line has at most one fraud. The signatures are those of `telcrm.synth.fraud_records`.

    Examples
    --------
    >>> FraudMix.none().wangiri
    0.0
    """

    irsf: float = 0.0005
    pbx_hacking: float = 0.0003
    wangiri: float = 0.0005
    sim_box: float = 0.001
    subscription: float = 0.001
    premium_rate: float = 0.0005
    roaming: float = 0.0005
    cloning: float = 0.0005

    def __post_init__(self) -> None:
        require_between(self, 0.0, 1.0, *(kind.value for kind in FraudKind))

    @classmethod
    def none(cls) -> FraudMix:
        """Return the mix without any fraud."""
        return cls(**dict.fromkeys((kind.value for kind in FraudKind), 0.0))


@dataclass(frozen=True)
class FraudCases:
    """One element per case; days are half-open."""

    kind: Ints
    line: Ints
    first_day: Ints
    end_day: Ints

    def of(self, kind: FraudKind) -> Ints:
        """Positions of the cases of a kind."""
        return np.flatnonzero(self.kind == list(FraudKind).index(kind))


def draw_cases(
    rng: np.random.Generator,
    mix: FraudMix,
    population: Population,
    window: Window,
    live_at_end: Flags,
) -> FraudCases:
    """Choose lines for every kind of fraud, without giving one line two of them."""
    length = window.end_day - window.first_day
    free = window.high - window.low >= min(3, length)
    base = int(free.sum())
    lines_of = np.bincount(population.owner, minlength=population.customers)[population.owner]
    new = population.start_day >= window.end_day - _NEW_LINE_DAYS
    organization = population.organization[population.owner]
    fits: dict[FraudKind, Flags] = {
        FraudKind.PBX_HACKING: organization,
        FraudKind.WANGIRI: population.prepaid & new,
        FraudKind.SIM_BOX: population.prepaid & new,
        FraudKind.SUBSCRIPTION: ~population.prepaid & new & live_at_end & (lines_of == 1),
    }
    kinds, lines = [], []
    for number, kind in enumerate(FraudKind):
        able = np.flatnonzero(free & fits.get(kind, np.ones_like(free)))
        wanted = int(np.ceil(getattr(mix, kind.value) * base))
        chosen = rng.choice(able, min(wanted, able.size), replace=False)
        free[chosen] = False
        lines.append(np.sort(chosen))
        kinds.append(np.full(chosen.size, number, dtype=np.int8))
    line = np.concatenate(lines).astype(np.int32)
    return FraudCases(np.concatenate(kinds), line, window.low[line], window.high[line])
