"""What sBG and BdW share: lifetimes in, retention, remaining lifetime and value out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.domain import Record
from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import DivergentValueError, ParameterError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import amount_checks, check_rows
from telcrm.value.contractual.amount import Amount
from telcrm.value.contractual.beta_weibull import log_survival, log_survival_between
from telcrm.value.contractual.lifetimes import (
    MAX_AGE,
    Lifetimes,
    age_checks,
    count_lifetimes,
    flag_kind,
    lost_checks,
)
from telcrm.value.contractual.renewal_sums import renewals_forever, renewals_within
from telcrm.value.likelihood.maximize import Maximum
from telcrm.value.scoring import Arrays, refuse_taken, score
from telcrm.value.time import DiscountRate, TimeUnit, rate_per_period
from telcrm.value.value_model import FittedState, ValueModel

__all__ = ["RetentionModel", "RetentionState"]

FrameT = TypeVar("FrameT")
Floats = NDArray[np.float64]

_ACTIVE = "probability_active"
_RESIDUAL = "discounted_expected_residual_lifetime"
_VALUE = "lifetime_value"
_MOST_PERIODS = 10_000


class RetentionState(FittedState):
    """What a stored model of lifetimes holds."""

    age: str
    lost: str
    customers: str | None
    entered: str | None
    time_unit: TimeUnit


class RetentionModel(ValueModel):
    """Lifetimes of customers who can leave at the end of each period, and are seen to.

    ``S(t)`` is the share of customers who renew ``t`` times at least. :class:`ShiftedBetaGeoModel`
    and :class:`BetaDiscreteWeibullModel` say how it falls.
    """

    stored_as: ClassVar[type[Record]] = RetentionState
    alike_words: ClassVar[str]

    age: str
    lost: str
    customers: str | None
    entered: str | None
    time_unit: TimeUnit | str

    def __init__(
        self,
        *,
        age: str = "age",
        lost: str = "lost",
        customers: str | None = None,
        entered: str | None = None,
        time_unit: TimeUnit | str = TimeUnit.MONTH,
    ) -> None:
        self.age = age
        self.lost = lost
        self.customers = customers
        self.entered = entered
        self.time_unit = time_unit

    @property
    def unit(self) -> TimeUnit:
        """How long a period is."""
        return choose(TimeUnit, self.time_unit, "time_unit")

    @property
    @abstractmethod
    def _shape(self) -> tuple[float, float, float]:
        """alpha, beta and c."""

    @abstractmethod
    def _most_likely(self, lifetimes: Lifetimes) -> Maximum:
        """Find the logarithms of the parameters of the greatest likelihood."""

    def fit(self, frame: Any) -> Self:
        """Find the parameters that make the lifetimes of a table most likely.

        Parameters
        ----------
        frame : dataframe
            One row per customer, or per group of alike customers with the column ``customers``.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        UnidentifiedModelError
            Nobody left, or customers were seen at risk in fewer periods of their lives than the
            model has parameters.

        Warns
        -----
        ConvergenceWarning
            A parameter ran to the end of its range.
        """
        self.unit  # noqa: B018 (refused before the data are read)
        lifetimes = count_lifetimes(
            frame, age=self.age, lost=self.lost, customers=self.customers, entered=self.entered
        )
        names = self.parameter_names
        lifetimes.require_periods(len(names), type(self).__name__)
        return self._keep(
            self._most_likely(lifetimes),
            customers=float(lifetimes.customers.sum()),
            ends=dict.fromkeys(names, self.alike_words),
        )

    def survival(self, age: ArrayLike) -> Floats:
        """Return the share of customers who are still there at an age.

        Parameters
        ----------
        age : int or array of int
            Whole periods, 0 or more.

        Returns
        -------
        array of the shape of ``age``

        Raises
        ------
        NotFittedError, ParameterError
        """
        alpha, beta, c = self._fitted_shape()
        found: Floats = np.exp(log_survival(alpha, beta, c, _ages("age", age, 0)))
        return found

    def retention_rate(self, age: ArrayLike) -> Floats:
        """Return the chance to renew for the ``age``-th time, of those who can: ``S(t)/S(t-1)``.

        Parameters
        ----------
        age : int or array of int
            1 or more.

        Returns
        -------
        array of the shape of ``age``

        Raises
        ------
        NotFittedError, ParameterError
        """
        alpha, beta, c = self._fitted_shape()
        at = _ages("age", age, 1)
        found: Floats = np.exp(log_survival_between(alpha, beta, c, at - 1.0, at))
        return found

    def hazard(self, age: ArrayLike) -> Floats:
        """Return the chance to leave at an age, of those who reach it: ``1 - S(t)/S(t-1)``.

        Parameters
        ----------
        age : int or array of int
            1 or more.

        Returns
        -------
        array of the shape of ``age``

        Raises
        ------
        NotFittedError, ParameterError
        """
        alpha, beta, c = self._fitted_shape()
        at = _ages("age", age, 1)
        found: Floats = -np.expm1(log_survival_between(alpha, beta, c, at - 1.0, at))
        return found

    def expected_lifetime(self) -> float:
        """Return how many periods a new customer pays for: the sum of ``S(t)`` over ``t >= 0``.

        Returns
        -------
        float

        Raises
        ------
        NotFittedError
        DivergentValueError
            ``c * alpha <= 1``: so many hardly ever leave that the mean is infinite.
        """
        return self.discounted_expected_lifetime(0.0)

    def discounted_expected_lifetime(self, discount_rate: float | DiscountRate) -> float:
        """Return the discounted periods that a new customer pays for, the first one at once.

        Parameters
        ----------
        discount_rate : float or DiscountRate
            A number is a rate per period, 0 or more; ``DiscountRate(annual=0.1)`` one per year.

        Returns
        -------
        float
            ``DEL = sum over t >= 0 of S(t) / (1+d)^t``, d per period. Times the margin of a period
            it is the value of a customer before acquisition cost.

        Raises
        ------
        NotFittedError, ParameterError
        DivergentValueError
            Without discount, if ``c * alpha <= 1``.
        """
        rate = self._per_period(discount_rate)
        later = self.discounted_expected_residual_lifetime(0, discount_rate)
        return 1.0 + float(later) / (1.0 + rate)

    def discounted_expected_residual_lifetime(
        self, age: ArrayLike, discount_rate: float | DiscountRate
    ) -> Floats:
        """Return the discounted renewals that customers of an age still have before them.

        Parameters
        ----------
        age : int or array of int
            Renewals behind them. A customer in the first period has age 0.
        discount_rate : float or DiscountRate
            A number is a rate per period, 0 or more; ``DiscountRate(annual=0.1)`` one per year.

        Returns
        -------
        array of the shape of ``age``

        Raises
        ------
        NotFittedError, ParameterError
        DivergentValueError
            Without discount, if ``c * alpha <= 1``.

        Notes
        -----
        As seen just before the next renewal, which is the first that counts::

            DERL(age) = sum over k >= 0 of S(age+1+k) / S(age) / (1+d)^k

        Fader & Hardie (2010), "Customer-Base Valuation in a Contractual Setting: The Perils of
        Ignoring Heterogeneity", Marketing Science 29(1), 85-93, who write ``n = age + 1`` for the
        period that a customer is in. The sum is exact to about 1e-12 of itself.
        """
        alpha, beta, c = self._fitted_shape()
        rate = self._per_period(discount_rate)
        self._require_finite(rate)
        at = _ages("age", age, 0)
        found = renewals_forever(alpha, beta, c, at.astype(np.intp).ravel(), discount=rate)
        return found.reshape(at.shape)

    def expected_renewals(self, age: ArrayLike, horizon: int) -> Floats:
        """Return how often customers of an age renew in the periods to come.

        Parameters
        ----------
        age : int or array of int
            Renewals behind them.
        horizon : int
            Chances to renew that are looked at, 1 to 10,000.

        Returns
        -------
        array of the shape of ``age``
            At most ``horizon``.

        Raises
        ------
        NotFittedError, ParameterError
        """
        alpha, beta, c = self._fitted_shape()
        at = _ages("age", age, 0)
        ahead = whole_between("horizon", horizon, 1, _MOST_PERIODS)
        found = renewals_within(
            alpha, beta, c, at.astype(np.intp).ravel(), discount=0.0, horizon=ahead
        )
        return found.reshape(at.shape)

    def probability_active(self, frame: FrameT, *, horizon: int) -> FrameT:
        """Add the chance that each customer is still there some periods from now.

        Parameters
        ----------
        frame : dataframe
            One row per customer with the column ``age``. If it has the column ``lost``, customers
            who left get 0; otherwise all are taken to be there still.
        horizon : int
            Periods from now, 1 to 10,000.

        Returns
        -------
        dataframe
            ``frame`` with the column ``probability_active``: ``S(age+horizon) / S(age)``.

        Raises
        ------
        NotFittedError, ParameterError, MissingColumnsError, ColumnTypeError, InvalidTableError
        """
        alpha, beta, c = self._fitted_shape()
        ahead = whole_between("horizon", horizon, 1, _MOST_PERIODS)

        def active(ages: Floats) -> Floats:
            found: Floats = np.exp(log_survival_between(alpha, beta, c, ages, ages + ahead))
            return found

        return self._scored(self._open(frame, _ACTIVE, {}), _ACTIVE, active)  # type: ignore[no-any-return]

    def residual_lifetime(self, frame: FrameT, *, discount_rate: float | DiscountRate) -> FrameT:
        """Add :meth:`discounted_expected_residual_lifetime` of each customer to a frame.

        Parameters
        ----------
        frame : dataframe
            As :meth:`probability_active` takes it.
        discount_rate : float or DiscountRate
            A number is a rate per period, 0 or more; ``DiscountRate(annual=0.1)`` one per year.

        Returns
        -------
        dataframe
            ``frame`` with the column ``discounted_expected_residual_lifetime``.

        Raises
        ------
        NotFittedError, ParameterError, MissingColumnsError, ColumnTypeError, InvalidTableError
        DivergentValueError
            Without discount, if ``c * alpha <= 1``.
        """
        residual = self._residual(discount_rate, None)
        return self._scored(self._open(frame, _RESIDUAL, {}), _RESIDUAL, residual)  # type: ignore[no-any-return]

    def lifetime_value(
        self,
        frame: FrameT,
        *,
        margin: str | float,
        discount_rate: float | DiscountRate,
        horizon: int | None = None,
    ) -> FrameT:
        """Add what each customer is still worth to a frame.

        Parameters
        ----------
        frame : dataframe
            As :meth:`probability_active` takes it.
        margin : str or float
            Column of margins per period, or one margin for all. Negative ones count.
        discount_rate : float or DiscountRate
            A number is a rate per period, 0 or more; ``DiscountRate(annual=0.1)`` one per year.
        horizon : int, optional
            Renewals that are looked at, 1 to 10,000; all of them by default.

        Returns
        -------
        dataframe
            ``frame`` with the column ``lifetime_value``: the margin times the discounted renewals
            to come, as seen just before the next one. The margin of the period that a customer is
            in has been earned, and is not in it.

        Raises
        ------
        NotFittedError, ParameterError, MissingColumnsError, ColumnTypeError, InvalidTableError
        CurrencyMismatchError
        DivergentValueError
            Without discount and without horizon, if ``c * alpha <= 1``.
        """
        residual = self._residual(discount_rate, horizon)
        amount = Amount("margin", margin)
        opened = self._open(frame, _VALUE, amount.columns)
        scored = self._scored(opened, _VALUE, residual)
        again = open_frame(scored, table=opened.table)
        value = (nw.col(_VALUE) * amount.expression).alias(_VALUE)
        return again.close(again.rows.with_columns(value))  # type: ignore[no-any-return]

    def _fitted_shape(self) -> tuple[float, float, float]:
        self.require_fitted()
        return self._shape

    def _per_period(self, discount_rate: float | DiscountRate) -> float:
        return rate_per_period(discount_rate, self.unit)

    def _require_finite(self, rate: float) -> None:
        alpha, _, c = self._fitted_shape()
        if rate == 0.0 and c * alpha <= 1.0:
            raise DivergentValueError(
                f"{type(self).__name__}: without discount the expected lifetime is infinite, "
                f"because c * alpha = {c * alpha:.4g} is not above 1. Pass a discount_rate above "
                "0, or a horizon.",
                c_alpha=c * alpha,
            )

    def _residual(
        self, discount_rate: float | DiscountRate, horizon: int | None
    ) -> Callable[[Floats], Floats]:
        alpha, beta, c = self._fitted_shape()
        rate = self._per_period(discount_rate)
        if horizon is None:
            self._require_finite(rate)
        ahead = None if horizon is None else whole_between("horizon", horizon, 1, _MOST_PERIODS)

        def residual(ages: Floats) -> Floats:
            whole = ages.astype(np.intp)
            if ahead is None:
                return renewals_forever(alpha, beta, c, whole, discount=rate)
            return renewals_within(alpha, beta, c, whole, discount=rate, horizon=ahead)

        return residual

    def _open(self, frame: Any, result: str, amounts: Mapping[str, str]) -> OpenFrame:
        opened = open_frame(frame, table="customers")
        named = {"age": self.age, **amounts}
        require_columns(opened, named)
        refuse_taken(opened, result)
        has_lost = self.lost in opened.rows.collect_schema().names()
        opened = parse_objects(opened, [*named.values(), *([self.lost] if has_lost else [])])
        kinds = flag_kind(opened, self.lost) if has_lost else {}
        require_kinds(opened, dict.fromkeys(named.values(), ColumnKind.NUMBER) | kinds)
        rules = age_checks(opened, self.age)
        if has_lost:
            rules += lost_checks(opened, self.lost)
        for name in amounts.values():
            rules += amount_checks(opened, name)
        check_rows(opened, rules, keys=[self.age])
        return opened

    def _scored(self, opened: OpenFrame, name: str, of_age: Callable[[Floats], Floats]) -> Any:
        has_lost = self.lost in opened.rows.collect_schema().names()

        def compute(columns: Arrays) -> Arrays:
            found = of_age(columns[self.age])
            return {name: np.where(columns[self.lost] == 1.0, 0.0, found) if has_lost else found}

        return score(opened, [self.age, *([self.lost] if has_lost else [])], compute)


def _ages(name: str, given: ArrayLike, least: int) -> Floats:
    ages = np.asarray(given, dtype=np.float64)
    fits = (ages >= least) & (ages <= MAX_AGE) & (ages == np.floor(ages))
    if not fits.all():
        first = ages[~fits].flat[0]
        raise ParameterError(
            f"{name} is {first:g}, and has to be a whole number from {least} to {MAX_AGE:,}.",
            parameter=name,
            value=float(first),
        )
    return ages
