"""What spending buys: the rate of those won or kept rises with it, ever more slowly."""

from __future__ import annotations

from math import exp, log
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative, require_positive, require_share
from telcrm.errors import ParameterError

__all__ = ["ResponseCurve"]

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class ResponseCurve(Record):
    """The rate that a spending per head brings: ``floor + (ceiling - floor)(1 - exp(-k A))``.

    Notes
    -----
    Blattberg and Deighton have no floor: who spends nothing wins and keeps nobody. Most subscribers
    stay without being paid for it, so a curve of retention may begin at the share of those.

    References
    ----------
    R. C. Blattberg, J. Deighton (1996), "Manage Marketing by the Customer Equity Test", Harvard
    Business Review 74(4), 136-144.

    Examples
    --------
    >>> curve = ResponseCurve.through(spending=5.0, rate=0.2, ceiling=0.4)
    >>> round(curve.rate(10.0), 6), round(curve.spending(0.3), 6)
    (0.3, 10.0)
    """

    ceiling: _Share
    """The rate that no spending brings more than."""
    steepness: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """``k``: per unit of money, how fast what is left to the ceiling melts."""
    floor: _Share = 0.0
    """The rate without spending."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.floor < self.ceiling:
            raise ValueError("the floor has to be below the ceiling")
        return self

    @classmethod
    def through(
        cls, *, spending: float, rate: float, ceiling: float, floor: float = 0.0
    ) -> ResponseCurve:
        """Return the curve through what is spent today, and what it brings.

        Parameters
        ----------
        spending : float above 0
            Per prospect, or per customer and period, major units.
        rate : float
            Between the floor and the ceiling: the rate that is seen at this spending.
        ceiling : float in [0, 1]
            What could be reached at most, however much is spent: asked of those who know.
        floor : float in [0, 1]
            What would be reached without spending.

        Returns
        -------
        ResponseCurve
            With ``k = -ln((ceiling - rate) / (ceiling - floor)) / spending``.

        Raises
        ------
        ParameterError
            An argument is outside its range, or the rate is not between floor and ceiling.

        Examples
        --------
        >>> ResponseCurve.through(spending=8.0, rate=0.6, ceiling=0.8).rate(8.0)
        0.6
        """
        require_positive(spending=spending)
        require_share(rate=rate, ceiling=ceiling, floor=floor)
        if not floor < rate < ceiling:
            raise ParameterError(
                f"rate is {rate!r:.20}, and has to be above the floor {floor!r:.20} and below the "
                f"ceiling {ceiling!r:.20}.",
                rate=rate,
                floor=floor,
                ceiling=ceiling,
            )
        steepness = -log((ceiling - rate) / (ceiling - floor)) / spending
        return cls(ceiling=ceiling, steepness=steepness, floor=floor)

    def rate(self, spending: float) -> float:
        """Return the rate that a spending brings.

        Parameters
        ----------
        spending : float, 0 or more

        Returns
        -------
        float in [floor, ceiling]

        Raises
        ------
        ParameterError
        """
        require_not_negative(spending=spending)
        return self.ceiling - (self.ceiling - self.floor) * exp(-self.steepness * spending)

    def spending(self, rate: float) -> float:
        """Return the spending that brings a rate.

        Parameters
        ----------
        rate : float
            From the floor to below the ceiling.

        Returns
        -------
        float

        Raises
        ------
        ParameterError
            No spending brings this rate.
        """
        require_share(rate=rate)
        if not self.floor <= rate < self.ceiling:
            raise ParameterError(
                f"rate is {rate!r:.20}, and has to be from the floor {self.floor!r:.20} to below "
                f"the ceiling {self.ceiling!r:.20}.",
                rate=rate,
            )
        return -log((self.ceiling - rate) / (self.ceiling - self.floor)) / self.steepness

    def marginal_cost(self, spending: float) -> float:
        """Return what the last customer won or kept cost: more spending over more of them.

        Parameters
        ----------
        spending : float, 0 or more

        Returns
        -------
        float
            1 over the slope of the curve; infinite where spending changes nothing any more.

        Raises
        ------
        ParameterError
        """
        require_not_negative(spending=spending)
        slope = (self.ceiling - self.floor) * self.steepness * exp(-self.steepness * spending)
        return 1.0 / slope if slope else float("inf")
