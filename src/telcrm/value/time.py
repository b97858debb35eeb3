"""Units of time and rates of discount, so that nobody has to guess which is meant."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from math import expm1, log1p
from typing import Annotated

from pydantic import Field

from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative

__all__ = ["DiscountRate", "TimeUnit", "continuous_rate", "rate_per_period", "units_of"]


class TimeUnit(StrEnum):
    """What a length of time is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    @property
    def days(self) -> float:
        """Length in days; a year has 365.25, a month is its twelfth part."""
        return {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}[self.value]


class DiscountRate(Record):
    """The yearly rate at which money to come is worth less.

    Examples
    --------
    >>> rate = DiscountRate(annual=0.15)
    >>> round(rate.continuous(TimeUnit.WEEK), 6), round(rate.per_period(TimeUnit.MONTH), 6)
    (0.002679, 0.011715)
    """

    annual: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Effective: 0.15 makes 115 due in a year worth 100 today."""

    def continuous(self, unit: TimeUnit) -> float:
        """Return the rate, continuously compounded, per unit of time.

        Parameters
        ----------
        unit : TimeUnit

        Returns
        -------
        float
        """
        return log1p(self.annual) * unit.days / TimeUnit.YEAR.days

    def per_period(self, unit: TimeUnit) -> float:
        """Return the rate per period of one unit, compounded once a period.

        Parameters
        ----------
        unit : TimeUnit

        Returns
        -------
        float
        """
        return expm1(self.continuous(unit))


def units_of(horizon: float | timedelta, unit: TimeUnit) -> float:
    """Return a length of time as a number of units.

    Parameters
    ----------
    horizon : float or timedelta
        A number is one of units already.
    unit : TimeUnit

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        It is below 0, or none.

    Examples
    --------
    >>> units_of(timedelta(days=28), TimeUnit.WEEK)
    4.0
    """
    if isinstance(horizon, timedelta):
        horizon = horizon / timedelta(days=1) / unit.days
    require_not_negative(horizon=horizon)
    return float(horizon)


def continuous_rate(rate: float | DiscountRate, unit: TimeUnit) -> float:
    """Return a rate as continuously compounded per unit of time.

    Parameters
    ----------
    rate : float or DiscountRate
        A number is that rate already.
    unit : TimeUnit

    Returns
    -------
    float

    Raises
    ------
    ParameterError
    """
    return rate.continuous(unit) if isinstance(rate, DiscountRate) else _plain(rate)


def rate_per_period(rate: float | DiscountRate, unit: TimeUnit) -> float:
    """Return a rate as compounded once per period of one unit.

    Parameters
    ----------
    rate : float or DiscountRate
        A number is that rate already.
    unit : TimeUnit

    Returns
    -------
    float

    Raises
    ------
    ParameterError
    """
    return rate.per_period(unit) if isinstance(rate, DiscountRate) else _plain(rate)


def _plain(rate: float) -> float:
    require_not_negative(discount_rate=rate)
    return float(rate)
