"""The formulas of MBG/CNBD-k on arrays: purchases that keep a rhythm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, gammaln, hyp2f1, psi, zeta

from telcrm.errors import DivergentValueError
from telcrm.value.likelihood.terms import Bends, RowCurvature, Term
from telcrm.value.non_contractual.beta_geometric import order_rows
from telcrm.value.non_contractual.bg_nbd import BetaGeoParameters, geometric
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.process import PurchaseProcess, by_kind
from telcrm.value.non_contractual.quadrature import gamma_nodes

__all__: tuple[str, ...] = ()

Floats = NDArray[np.float64]

_NEGLIGIBLE: Final = 1e-13
_MOST_PURCHASES: Final = 100_000


class _WhileAlive(Protocol):
    def __call__(self, often: Floats, age: Floats, phase: int) -> Floats: ...


class RegularBetaGeoProcess(BetaGeoParameters, PurchaseProcess):
    """MBG/CNBD-k: each k-th event of a Poisson process that nobody sees is a purchase.

    Parameters
    ----------
    regularity : int
        k, 1 or more.
    """

    def __init__(self, regularity: int) -> None:
        self.regularity = regularity

    def terms(self, cells: Cells) -> list[Term]:
        often, last, age = cells.frequency, cells.recency, cells.age
        order = partial(order_rows, from_start=True, regularity=self.regularity)
        return [cells.term(order, often), cells.term(self._spell_rows, often, last, age)]

    def _parts(self, parameters: Floats, bought: Floats, last: Floats, age: Floats) -> Floats:
        """Return the logs of being there with j events since the last purchase, and of having left.

        Up to what they share. The last row is that of having left.
        """
        r, alpha, a, b = parameters
        shape = r + self.regularity * bought
        phase = np.arange(float(self.regularity))[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log((age - last) / (alpha + age))
            passed = np.where(phase > 0, phase * share, 0.0)
        there = gammaln(shape + phase) - gammaln(shape) - gammaln(phase + 1.0) + passed
        there = there - shape * np.log(alpha + age)
        left = np.log(a) - np.log(b + bought) - shape * np.log(alpha + last)
        return np.concatenate([there, left[None, :]])

    def _spell_rows(self, parameters: Floats, columns: Floats) -> RowCurvature:
        bought, last, age = columns
        r, alpha, _, b = parameters
        parts = self._parts(parameters, bought, last, age).T
        top = parts.max(axis=1, keepdims=True)
        chance = np.exp(parts - top)
        total = chance.sum(axis=1, keepdims=True)
        chance /= total
        value = (top + np.log(total))[:, 0] + r * np.log(alpha)
        shape = r + self.regularity * bought
        phase = np.arange(float(self.regularity))
        more = shape[:, None] + phase
        at_end, at_last = alpha / (alpha + age), alpha / (alpha + last)
        size = (4, bought.size, phase.size + 1)
        slopes = np.zeros(size)
        rr, ra, aa = np.zeros(size[1:]), np.zeros(size[1:]), np.zeros(size[1:])
        steps = psi(more) - psi(shape)[:, None]
        wide_r = np.broadcast_to(r, bought.shape)[:, None]
        slopes[0, :, :-1] = wide_r * (steps - np.log(alpha + age)[:, None])
        slopes[0, :, -1] = -r * np.log(alpha + last)
        slopes[1, :, :-1] = -more * at_end[:, None]
        slopes[1, :, -1] = -shape * at_last
        slopes[2, :, -1] = 1.0
        slopes[3, :, -1] = -b / (b + bought)
        rr[:, :-1] = wide_r**2 * (zeta(2.0, more) - zeta(2.0, shape)[:, None])
        rr += slopes[0]
        ra[:, :-1], ra[:, -1] = -wide_r * at_end[:, None], -r * at_last
        aa[:, :-1] = slopes[1, :, :-1] * (1.0 - at_end)[:, None]
        aa[:, -1] = slopes[1, :, -1] * (1.0 - at_last)
        gradient = np.einsum("imk,mk->im", slopes, chance)
        share = b / (b + bought)
        bends = {
            (0, 0): (chance * rr).sum(axis=1) + r * np.log(alpha),
            (0, 1): (chance * ra).sum(axis=1) + r,
            (1, 1): (chance * aa).sum(axis=1),
            (3, 3): -chance[:, -1] * share * (1.0 - share),
        }
        spreads = [(chance, slopes), (-np.ones_like(value), gradient.copy())]
        gradient[0] += r * np.log(alpha)
        gradient[1] += r
        return value, gradient, Bends(bends, spreads)

    def log_odds_of_leaving(
        self, parameters: Floats, often: Floats, last: Floats, age: Floats
    ) -> Floats:
        parts = self._parts(parameters, often, last, age)
        top = parts[:-1].max(axis=0)
        found: Floats = parts[-1] - top - np.log(np.exp(parts[:-1] - top).sum(axis=0))
        return found

    def _phases(self, parameters: Floats, cells: Cells) -> Floats:
        """Return for each the chances of 0, 1, ... k-1 events since the last purchase."""
        parts = self._parts(parameters, cells.frequency, cells.recency, cells.age)[:-1]
        chance = np.exp(parts - parts.max(axis=0))
        found: Floats = chance / chance.sum(axis=0)
        return found

    def weighted(
        self, parameters: Floats, cells: Cells, horizons: Sequence[tuple[float, float]]
    ) -> Floats:
        def expected(often: Floats, age: Floats, phase: int) -> Floats:
            parts = [
                weight * self._after(parameters, often, age, phase, horizon)
                for horizon, weight in horizons
            ]
            found: Floats = np.sum(parts, axis=0)
            return found

        return self._over_phases(expected, parameters, cells)

    def residual(self, parameters: Floats, cells: Cells, rate: float) -> Floats:
        def discounted(often: Floats, age: Floats, phase: int) -> Floats:
            return self._discounted_after(parameters, often, age, phase, rate)

        return self._over_phases(discounted, parameters, cells)

    def _over_phases(
        self,
        while_alive: _WhileAlive,
        parameters: Floats,
        cells: Cells,
    ) -> Floats:
        """Return the mean of what may be expected after 0, 1, ... k-1 events nobody saw."""
        found = np.zeros_like(cells.frequency)
        for phase, chance in enumerate(self._phases(parameters, cells)):
            found += chance * by_kind(partial(while_alive, phase=phase), parameters, cells)
        return found * self.alive(parameters, cells)

    def _after(
        self, parameters: Floats, often: Floats, age: Floats, phase: int, horizon: float
    ) -> Floats:
        """Sum over n of the chance to stay for the n-th purchase, and that it comes in time."""
        r, alpha, a, b = parameters
        shape = r + self.regularity * often + phase
        share = horizon / (alpha + age + horizon)
        stays = b + often + 1.0
        found, going = np.zeros(shape.shape), np.ones(shape.shape)
        for number in range(1, _MOST_PURCHASES):
            part = going * betainc(float(number * self.regularity - phase), shape, share)
            found += part
            if (part <= _NEGLIGIBLE * found).all():
                break
            going = going * (stays + number - 1.0) / (a + stays + number - 1.0)
        return found

    def _discounted_after(
        self, parameters: Floats, often: Floats, age: Floats, phase: int, rate: float
    ) -> Floats:
        """Mean over the rate of events of ``q^(k-j) 2F1(1, b; a+b; q^k)``, q its discount."""
        r, alpha, a, b = np.broadcast_arrays(*parameters, often)[:4]
        stays = b + often + 1.0
        if rate == 0.0:
            if (a <= 1.0).any():
                raise DivergentValueError(
                    f"a is {float(a.min()):.4g}, not above 1: so many customers hardly ever drop "
                    "out that the expected purchases of all time are infinite. Pass a "
                    "discount_rate above 0.",
                    a=float(a.min()),
                )
            return np.asarray((a + stays - 1.0) / (a - 1.0), dtype=np.float64)
        found = np.empty(often.shape)
        for at in range(often.size):
            nodes, weights = gamma_nodes(float(r[at] + self.regularity * often[at] + phase))
            each = nodes / (nodes + rate * (alpha[at] + age[at]))
            whole = hyp2f1(1.0, stays[at], a[at] + stays[at], each**self.regularity)
            found[at] = weights @ (each ** (self.regularity - phase) * whole)
        return found

    def new(self, parameters: Floats, horizon: Floats) -> Floats:
        _, _, a, b = parameters[:, 0]
        nobody = np.zeros(1)
        told = [
            float(self._after(parameters, nobody, nobody, 0, float(each))[0])
            for each in np.atleast_1d(horizon)
        ]
        found: Floats = b / (a + b) * np.array(told).reshape(np.shape(horizon))
        return found

    def counts(self, parameters: Floats, horizon: float, most: int) -> Floats:
        r, alpha, a, b = parameters[:, 0]
        bought = np.arange(most + 2.0)
        share = horizon / (alpha + horizon)
        events = self.regularity * bought
        at_least = np.where(events > 0, betainc(np.maximum(events, 1.0), r, share), 1.0)
        stayed = np.exp(betaln(a, b + bought[:-1] + 1.0) - betaln(a, b))
        left = np.exp(betaln(a + 1.0, b + bought[:-1]) - betaln(a, b))
        found: Floats = stayed * (at_least[:-1] - at_least[1:]) + left * at_least[:-1]
        return found

    def draw_future(
        self, parameters: Floats, cells: Cells, horizon: float, chance: np.random.Generator
    ) -> Floats:
        r, alpha, a, b = parameters
        size = cells.frequency.size
        alive = chance.random(size) < self.alive(parameters, cells)
        below = np.cumsum(self._phases(parameters, cells), axis=0)
        phase = (chance.random(size) > below).sum(axis=0)
        phase = np.minimum(phase, self.regularity - 1)
        shape = r + self.regularity * cells.frequency + phase
        rate = chance.gamma(shape, 1.0 / (alpha + cells.age), size)
        dropout = chance.beta(a, b + cells.frequency + 1.0, size)
        wanted = (chance.poisson(rate * horizon) + phase) // self.regularity
        return np.where(alive, np.minimum(wanted, geometric(dropout, chance)), 0.0)

    def draw_histories(
        self, parameters: Floats, age: Floats, chance: np.random.Generator
    ) -> tuple[Floats, Floats]:
        r, alpha, a, b = parameters
        rate = chance.gamma(r, 1.0 / alpha, age.size)
        allowed = geometric(chance.beta(a, b, age.size), chance) - 1.0
        events = chance.poisson(rate * age).astype(np.float64)
        made = np.minimum(events // self.regularity, allowed)
        place = chance.beta(
            np.maximum(self.regularity * made, 1.0), events - self.regularity * made + 1.0
        )
        return made, np.where(made > 0, age * place, 0.0)
