"""From where on a customer is of high value, potential and loyalty, and what to do then."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from telcrm.domain import Record

__all__ = ["STRATEGIES", "PlacementLevel", "PlacementPolicy", "PlacementStrategy"]

_Cut = Annotated[float, Field(allow_inf_nan=False)]


class PlacementLevel(StrEnum):
    """Where a customer stands on one axis."""

    LOW = "low"
    HIGH = "high"


class PlacementStrategy(StrEnum):
    """What to do with the customers of a cell: value, potential, loyalty."""

    GROW_WITH = "grow_with"
    """High, high, high: the best there are. Serve them first, and offer what they lack."""
    SAVE = "save"
    """High, high, low: the most there is to lose. Find out why, and keep them before selling."""
    KEEP = "keep"
    """High, low, high: they buy all they will. Keep them content, sell nothing more."""
    RETAIN = "retain"
    """High, low, low: keep them for what they bring today, as long as it pays."""
    SELL_MORE = "sell_more"
    """Low, high, high: cross-sell and up-sell, they will stay to use it."""
    WIN_OVER = "win_over"
    """Low, high, low: win their trust with a better plan, and sell later."""
    SERVE_LEAN = "serve_lean"
    """Low, low, high: serve them at low cost, through channels of their own doing."""
    LET_GO = "let_go"
    """Low, low, low: spend nothing on keeping them."""


STRATEGIES: Final = {
    (PlacementLevel.HIGH, PlacementLevel.HIGH, PlacementLevel.HIGH): PlacementStrategy.GROW_WITH,
    (PlacementLevel.HIGH, PlacementLevel.HIGH, PlacementLevel.LOW): PlacementStrategy.SAVE,
    (PlacementLevel.HIGH, PlacementLevel.LOW, PlacementLevel.HIGH): PlacementStrategy.KEEP,
    (PlacementLevel.HIGH, PlacementLevel.LOW, PlacementLevel.LOW): PlacementStrategy.RETAIN,
    (PlacementLevel.LOW, PlacementLevel.HIGH, PlacementLevel.HIGH): PlacementStrategy.SELL_MORE,
    (PlacementLevel.LOW, PlacementLevel.HIGH, PlacementLevel.LOW): PlacementStrategy.WIN_OVER,
    (PlacementLevel.LOW, PlacementLevel.LOW, PlacementLevel.HIGH): PlacementStrategy.SERVE_LEAN,
    (PlacementLevel.LOW, PlacementLevel.LOW, PlacementLevel.LOW): PlacementStrategy.LET_GO,
}
"""The strategy of each cell: value, potential, loyalty."""


class PlacementPolicy(Record):
    """The least of high on each axis. A number equal to a cut is high.

    They are yours to agree on: a cut that is a share of customers moves with the base, and nobody
    can rise but by others' fall.

    Examples
    --------
    >>> policy = PlacementPolicy(value_cut=20, potential_cut=5, loyalty_cut=0.9)
    >>> PlacementPolicy.from_json(policy.to_json()) == policy
    True
    """

    value_cut: _Cut
    """Of current value, in its unit, such as margin per month."""
    potential_cut: _Cut
    """Of potential value, in its unit."""
    loyalty_cut: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    """Of loyalty: the chance to stay."""
