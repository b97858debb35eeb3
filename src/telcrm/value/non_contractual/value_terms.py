"""What goes into a lifetime value: which purchases, discounted how, and of what amount."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import exp
from numbers import Real
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.domain.arguments import require_positive
from telcrm.errors import ParameterError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import amount_checks, check_rows
from telcrm.value.non_contractual.cells import Cells
from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel, spend_given
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.quadrature import legendre
from telcrm.value.scoring import Arrays, in_memory, refuse_taken, score
from telcrm.value.time import DiscountRate

__all__ = ["DiscountPlan", "SpendSource", "ValuedCustomers"]

Floats = NDArray[np.float64]

_TIMES: Final = 10
_PIECES: Final = 8
_SLIGHT: Final = 0.3
# A discount to e^-40 leaves nothing that a float could tell.
_NEGLIGIBLE: Final = 40.0


@dataclass(frozen=True, slots=True)
class DiscountPlan:
    """Which expected purchases are added up, and with what weights.

    Attributes
    ----------
    horizon : float or None
        In units of time; None for all time to come.
    rate : float
        Of discount, for an endless horizon.
    weights : sequence of (float, float)
        Horizons, and how often the expected purchases up to each count.
    """

    horizon: float | None
    rate: float
    weights: Sequence[tuple[float, float]]

    @classmethod
    def of(
        cls,
        purchases: PurchaseModel,
        discount_rate: float | DiscountRate,
        horizon: float | timedelta | None,
        every: float | None,
    ) -> DiscountPlan:
        """Make the plan of what :func:`~telcrm.value.lifetime_value` was asked, or refuse it."""
        purchases.require_fitted()
        length = None if horizon is None else purchases.length_of(horizon)
        if every is None and not purchases.process.whole_periods:
            rate = purchases.rate_of(discount_rate)
            return cls(length, rate, [] if length is None else _continuous(length, rate))
        if length is None and every is None:
            return cls(None, purchases.rate_of(discount_rate), [])
        if length is None:
            raise ParameterError(
                "discount_every is given without a horizon. Pass the length of time that is to be "
                "cut into stretches.",
                discount_every=every,
            )
        stretch = 1.0 if every is None else every
        require_positive(discount_every=stretch)
        return cls(
            length, 0.0, _stepwise(length, stretch, _per_stretch(purchases, discount_rate, stretch))
        )

    def discounted(self, purchases: PurchaseModel, estimates: Floats, cells: Cells) -> Floats:
        """Return the discounted purchases of each cell."""
        parameters = purchases.parameters_of(cells, estimates)
        if self.horizon is None:
            return purchases.process.residual(parameters, cells, self.rate)
        return purchases.process.weighted(parameters, cells, self.weights)


def _per_stretch(
    purchases: PurchaseModel, discount_rate: float | DiscountRate, stretch: float
) -> float:
    if isinstance(discount_rate, DiscountRate):
        return exp(discount_rate.continuous(purchases.unit) * stretch) - 1.0
    return purchases.rate_of(discount_rate)


def _continuous(horizon: float, rate: float) -> list[tuple[float, float]]:
    """Weigh the expected purchases up to several times, as discounting each from its own time does.

    ``exp(-d h) E(h) + integral of d exp(-d t) E(t)``, over pieces that double in length where the
    discount is not slight. Expected purchases bend most at first, so the first piece, which is the
    only one where the discount is slight, has its points at cubes.
    """
    weighted = [(horizon, exp(-rate * horizon))]
    if rate * horizon == 0.0:
        return weighted
    points, weights = legendre(_TIMES)
    end = min(horizon, _NEGLIGIBLE / rate)
    pieces = _PIECES if rate * horizon > _SLIGHT else 0
    edges = [0.0, *(end / 2.0**piece for piece in range(pieces, -1, -1))]
    for first, last in pairwise(edges):
        for point, weight in zip(points.tolist(), weights.tolist(), strict=True):
            place, slope = (point, 1.0) if first else (point**3, 3.0 * point**2)
            time = first + (last - first) * place
            stretch = (last - first) * slope * weight
            weighted.append((time, rate * stretch * exp(-rate * time)))
    return weighted


def _stepwise(horizon: float, stretch: float, rate: float) -> list[tuple[float, float]]:
    # A last stretch of a hair's breadth is one of rounding.
    whole = int(horizon / stretch + 1e-9)
    ends = [stretch * number for number in range(1, whole + 1)]
    if horizon - stretch * whole > 1e-9 * stretch:
        ends.append(horizon)
    if not ends:
        return [(0.0, 0.0)]
    factors = [(1.0 + rate) ** -(number + 1) for number in range(len(ends))]
    following = [*factors[1:], 0.0]
    return [(end, own - after) for end, own, after in zip(ends, factors, following, strict=True)]


@dataclass(frozen=True, slots=True)
class SpendSource:
    """Where the amount of a purchase comes from.

    Attributes
    ----------
    model : GammaGammaModel or None
    column : str or None
    amount : float
        The same for all, without the other two.
    """

    model: GammaGammaModel | None
    column: str | None
    amount: float

    @classmethod
    def of(cls, spend: GammaGammaModel | str | float, margin_rate: float) -> SpendSource:
        """Tell the three sources apart, or refuse what is none of them."""
        for name, number in (("spend", spend), ("margin_rate", margin_rate)):
            is_number = isinstance(number, Real) and not isinstance(number, bool)
            other = name == "spend" and isinstance(number, GammaGammaModel | str)
            if not other and not (is_number and np.isfinite(float(number))):  # type: ignore[arg-type]
                raise ParameterError(
                    f"{name} is {number!r:.60}, and has to be a finite number"
                    + (", a column, or a GammaGammaModel." if name == "spend" else "."),
                    parameter=name,
                )
        if isinstance(spend, GammaGammaModel):
            spend.mean_spend  # noqa: B018 (refused before anything is computed)
            return cls(spend, None, 0.0)
        if isinstance(spend, str):
            return cls(None, spend, 0.0)
        return cls(None, None, float(spend))

    def expected(self, arrays: Arrays, size: int, estimates: Floats | None = None) -> Floats:
        """Return the expected amount of a purchase of each."""
        if self.model is not None:
            own = np.array(self.model.estimates_) if estimates is None else estimates
            return spend_given(own, arrays["_often"], arrays["_mean"])
        if self.column is not None:
            return arrays["_amount"]
        return np.full(size, self.amount)

    def drawn_totals(
        self, arrays: Arrays, counts: Floats, estimates: Floats, chance: np.random.Generator
    ) -> Floats:
        """Draw what so many purchases of each come to."""
        if self.model is None:
            return counts * self.expected(arrays, counts.size)
        p, q, v = estimates
        often, mean = arrays["_often"], arrays["_mean"]
        scale = chance.gamma(p * often + q) / (v + often * mean)
        # No purchase spends nothing; gamma draws need a shape above 0.
        spent = chance.gamma(np.maximum(p * counts, 1e-300)) / scale
        return np.where(counts > 0, spent, 0.0)


@dataclass(frozen=True, slots=True)
class ValuedCustomers:
    """Customers of a frame, and all that their value depends on.

    Attributes
    ----------
    opened : OpenFrame
    known : dict of str to narwhals.stable.v2.Expr
    arrays : dict of str to array, or None
        The same, where the frame is in memory.
    """

    opened: OpenFrame
    known: dict[str, nw.Expr]
    arrays: dict[str, Floats] | None

    @classmethod
    def of(
        cls, frame: Any, purchases: PurchaseModel, money: SpendSource, results: Sequence[str]
    ) -> ValuedCustomers:
        """Open a frame, or refuse it."""
        columns = purchases.columns
        customer_rows = columns.open(frame, weighted=False)
        opened = customer_rows.opened
        known = {name: nw.col(name) for name in columns.known}
        arrays = None if customer_rows.arrays is None else dict(customer_rows.arrays)
        if money.model is not None:
            amounts = money.model.known_amounts()
            held = money.model.amounts_of(money.model.open(frame, weighted=False))
            known |= {f"_{name}": each for name, each in amounts.items()}
            if arrays is not None and held is not None:
                arrays |= {f"_{name}": each for name, each in held.items()}
        if money.column is not None:
            require_columns(opened, {"spend": money.column})
            opened = parse_objects(opened, [money.column])
            require_kinds(opened, {money.column: ColumnKind.NUMBER})
            check_rows(opened, amount_checks(opened, money.column), keys=[money.column])
            known["_amount"] = nw.col(money.column)
            column = in_memory(opened, [money.column])
            if arrays is not None and column is not None:
                arrays["_amount"] = column[money.column]
        refuse_taken(opened, *results)
        return cls(opened, known, arrays)

    def score(self, compute: Callable[[Arrays], Arrays], *, distinct: bool) -> Any:
        """Add what ``compute`` makes of what their value depends on, as :func:`score` does."""
        return score(self.opened, self.known, compute, arrays=self.arrays, distinct=distinct)
