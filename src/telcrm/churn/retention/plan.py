"""A retention plan: whom to contact with what, and what that is expected to save and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = ["LeftAlone", "OfferTotals", "RetentionPlan"]


class LeftAlone(StrEnum):
    """Why a plan leaves a customer alone."""

    OPTED_OUT = "opted out"
    COOL_DOWN = "contacted too recently"
    NOT_ELIGIBLE = "eligible for no offer"
    NO_EFFECT = "a contact is not expected to keep the customer"
    NOT_PROFITABLE = "no offer is expected to pay"
    BUDGET = "the budget is spent on better cases"
    CAPACITY = "the capacity is used for better cases"
    CONTROL = "held out at random as control"


@dataclass(frozen=True, slots=True)
class OfferTotals:
    """What is expected of all contacts with one offer.

    Attributes
    ----------
    offer_id, name : str
    contacts : int
    expected_cost : float
        Contacts and incentives, major units.
    expected_saved : float
        Customers who stay because of it.
    expected_profit : float
        Value of the saved less the cost.
    """

    offer_id: str
    name: str
    contacts: int
    expected_cost: float
    expected_saved: float
    expected_profit: float


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Whom to contact with what, and what that is expected to save and cost.

    Attributes
    ----------
    frame : dataframe
        The caller's rows with the plan beside them, as :func:`plan_retention` says.
    offers : tuple of OfferTotals
        In the order given.
    customers : int
        All in the table.
    held_out : int
        Customers who would be contacted, and are left alone as the control group.
    left_alone : mapping of LeftAlone to int
        How many are left alone for which reason.
    bound : float
        No plan for the same customers and limits is expected to bring more.
    target_all : float
        Expected profit of contacting everybody who may be, with the offer best for each, whatever
        the limits.
    target_random : float
        Expected profit of what the plan costs, spent on contacts with customers and offers drawn
        at random. Contacting nobody brings 0.
    """

    frame: Any = field(repr=False)
    offers: tuple[OfferTotals, ...]
    customers: int
    held_out: int
    left_alone: Mapping[LeftAlone, int]
    bound: float
    target_all: float
    target_random: float

    @property
    def contacts(self) -> int:
        """Customers who get an offer."""
        return sum(each.contacts for each in self.offers)

    @property
    def expected_cost(self) -> float:
        """Of contacts and incentives, major units."""
        return sum(each.expected_cost for each in self.offers)

    @property
    def expected_saved(self) -> float:
        """Customers who stay because of the plan."""
        return sum(each.expected_saved for each in self.offers)

    @property
    def expected_profit(self) -> float:
        """Value of the saved less the cost, major units."""
        return sum(each.expected_profit for each in self.offers)

    @property
    def gap(self) -> float:
        """Part of the bound that the plan may miss: 0 where it is proven to be the best one."""
        return max(self.bound - self.expected_profit, 0.0) / self.bound if self.bound > 0 else 0.0

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return one row per offer.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            The fields of :class:`OfferTotals`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        kinds = {"offer_id": str, "name": str, "contacts": int}
        return {
            name: ResultColumn(
                kinds.get(name, float), [getattr(each, name) for each in self.offers]
            )
            for name in OfferTotals.__slots__
        }

    def __repr__(self) -> str:
        held = f", {self.held_out:,} held out" if self.held_out else ""
        return (
            f"RetentionPlan({self.contacts:,} of {self.customers:,} customers contacted{held}; "
            f"expected: {self.expected_saved:,.1f} saved for {self.expected_cost:,.2f}, profit "
            f"{self.expected_profit:,.2f} of at most {self.bound:,.2f}; at random "
            f"{self.target_random:,.2f}, everybody {self.target_all:,.2f})"
        )

    def _repr_html_(self) -> str:
        return html_table(self._columns(), repr(self))
