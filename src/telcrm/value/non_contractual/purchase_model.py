"""What every model of purchases can do, whatever its formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.value.likelihood.search import most_likely
from telcrm.value.likelihood.terms import Design
from telcrm.value.non_contractual.cells import CellColumns, Cells
from telcrm.value.non_contractual.process import PurchaseProcess
from telcrm.value.scoring import Arrays, refuse_taken, score
from telcrm.value.time import (
    DiscountRate,
    TimeUnit,
    continuous_rate,
    rate_per_period,
    units_of,
)
from telcrm.value.value_model import LEAST_LOG, MOST_LOG, ValueModel

__all__ = ["PurchaseModel"]

Floats = NDArray[np.float64]


class PurchaseModel(ValueModel):
    """A model of when customers buy, and when they silently stop.

    A row of a table is a customer: ``frequency``, the purchases after the first; ``recency``, the
    time from the first purchase to the last; ``age``, the time from the first purchase to the end
    of observation. :func:`~telcrm.value.summarize_transactions` makes such a table.

    Every prediction returns the caller's rows with one more column, on the caller's engine.
    """

    process: ClassVar[PurchaseProcess]

    frequency: str
    recency: str
    age: str
    customers: str | None
    time_unit: TimeUnit | str
    rate_covariates: Sequence[str] = ()
    dropout_covariates: Sequence[str] = ()

    def rate_of(self, discount_rate: float | DiscountRate) -> float:
        """Return a rate of discount as the formulas of the model take it.

        Parameters
        ----------
        discount_rate : float or DiscountRate
            A number is that rate already.

        Returns
        -------
        float
            Compounded once a period where time goes by in periods, else continuously.

        Raises
        ------
        ParameterError
            It is below 0.
        """
        read = rate_per_period if self.process.whole_periods else continuous_rate
        return read(discount_rate, self.unit)

    @property
    def unit(self) -> TimeUnit:
        """The unit of ``recency``, ``age`` and ``horizon``."""
        return choose(TimeUnit, self.time_unit, "time_unit")

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns of covariates, each once."""
        return tuple(dict.fromkeys([*self.rate_covariates, *self.dropout_covariates]))

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Parameters, then coefficients, each named for what it moves and by which covariate."""
        names = self.process.names
        effects = self._design().effects
        return names + tuple(f"{names[at]}:{self.covariates[by]}" for at, by, _ in effects)

    @property
    def positive_parameters(self) -> int:
        """All but the coefficients."""
        return len(self.process.names)

    def _design(self) -> Design:
        place = {name: at for at, name in enumerate(self.covariates)}
        effects = [
            (at, place[name], sign)
            for moved, by in (
                (self.process.rate_effects, self.rate_covariates),
                (self.process.dropout_effects, self.dropout_covariates),
            )
            for at, sign in moved
            for name in by
        ]
        return Design(len(self.process.names), tuple(effects))

    @property
    def columns(self) -> CellColumns:
        """Where in a table the model looks, and what a row may be."""
        return CellColumns(
            self.frequency,
            self.recency,
            self.age,
            self.customers,
            self.covariates,
            self.process.whole_periods,
        )

    def fit(self, frame: Any) -> Self:
        """Find the parameters that make the customers of a table most likely.

        Parameters
        ----------
        frame : dataframe
            One row per customer, or per kind of customer with their number in ``customers``.
            pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError
            A column is not there, or holds no numbers.
        InvalidTableError
            A number is null, infinite or negative, a recency is above the age, or does not go with
            the frequency.
        UnidentifiedModelError
            There is no customer, or none bought again.
        ParameterError
            ``time_unit`` is none.

        Warns
        -----
        ConvergenceWarning
            The data do not tell a parameter, or the search stopped early; ``convergence_`` says
            which and why.

        Notes
        -----
        Newton's method with exact second derivatives, over the logarithms of the parameters. Of a
        large table, it begins on a random part (always the same), whose answer is near.
        """
        self.unit  # noqa: B018 (refused before the data are read)
        cells = self.columns.read(frame)
        design = self._design()
        start = np.concatenate([np.log(self.process.start(cells)), np.zeros(len(design.effects))])
        found = most_likely(
            lambda some: self.process.terms(cells if some is None else cells.where(some)),
            cells.frequency.size,
            design,
            start,
            lower=np.full(design.size, LEAST_LOG),
            upper=np.full(design.size, MOST_LOG),
        )
        customers = float(cells.customers.sum())
        return self._keep(found, customers=customers, ends=self.process.end_words)

    def parameters_of(self, cells: Cells, estimates: Floats | None = None) -> Floats:
        """Return the parameters of each of some cells.

        Parameters
        ----------
        cells : Cells
        estimates : array of shape (k,), optional
            Other ones than those that were fitted, such as a draw.

        Returns
        -------
        array of shape (parameters, 1), or (parameters, m) with covariates
        """
        own = np.array(self.estimates_) if estimates is None else estimates
        return self._design().natural(self._searched(own), cells.covariates)

    def _searched(self, estimates: Floats) -> Floats:
        """Return estimates as the search has them: logarithms of parameters, then coefficients."""
        positive = self.positive_parameters
        return np.concatenate([np.log(estimates[:positive]), estimates[positive:]])

    def _scored(self, frame: Any, name: str, compute: Callable[[Floats, Cells], Floats]) -> Any:
        self.require_fitted()
        columns = self.columns
        customer_rows = columns.open(frame, weighted=False)
        refuse_taken(customer_rows.opened, name)

        def answer(arrays: Arrays) -> Arrays:
            cells = columns.of(arrays)
            return {name: compute(self.parameters_of(cells), cells)}

        return score(
            customer_rows.opened,
            columns.known,
            answer,
            arrays=customer_rows.arrays,
            distinct=False,
        )

    def probability_alive(self, frame: Any) -> Any:
        """Return the probability that each is still a customer.

        Parameters
        ----------
        frame : dataframe
            As :meth:`fit` takes it.

        Returns
        -------
        dataframe
            The caller's rows with the column ``probability_alive`` (Float64, 0 to 1).

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError
        ParameterError
            The frame has such a column already.
        """
        return self._scored(frame, "probability_alive", self.process.alive)

    def expected_purchases(self, frame: Any, *, horizon: float | timedelta) -> Any:
        """Return how often each is expected to buy from now on, over a horizon.

        Parameters
        ----------
        frame : dataframe
            As :meth:`fit` takes it.
        horizon : float or timedelta
            From the end of observation on, in units of ``time_unit``, or as a ``timedelta``.

        Returns
        -------
        dataframe
            The caller's rows with the column ``expected_purchases`` (Float64). They are the
            purchases of the horizon alone, not those since the first.

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError
        ParameterError
            ``horizon`` is below 0, or the frame has such a column already.
        """
        length = self.length_of(horizon)
        return self._scored(
            frame,
            "expected_purchases",
            lambda parameters, cells: self.process.weighted(parameters, cells, [(length, 1.0)]),
        )

    def _expected(self, parameters: Floats, cells: Cells, horizon: float) -> Floats:
        return self.process.weighted(parameters, cells, [(horizon, 1.0)])

    def length_of(self, horizon: float | timedelta) -> float:
        """Return a horizon as a number of units of time.

        Parameters
        ----------
        horizon : float or timedelta
            A number is one of ``time_unit`` already.

        Returns
        -------
        float

        Raises
        ------
        ParameterError
            It is below 0, or no whole number of periods where time goes by in periods.
        """
        length = units_of(horizon, self.unit)
        if self.process.whole_periods and length != int(length):
            raise ParameterError(
                f"horizon is {length}, and has to be a whole number of periods.", horizon=horizon
            )
        return length

    def discounted_expected_residual_transactions(
        self, frame: Any, *, discount_rate: float | DiscountRate
    ) -> Any:
        """Return the discounted purchases of each over all time to come (DERT).

        Parameters
        ----------
        frame : dataframe
            As :meth:`fit` takes it.
        discount_rate : float or DiscountRate
            A number is per ``time_unit``: continuously compounded where purchases may come at any
            time, once a period where time goes by in periods.

        Returns
        -------
        dataframe
            The caller's rows with the column ``discounted_expected_residual_transactions``
            (Float64). Times the net value of a purchase, it is the residual lifetime value.

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError
        ParameterError
            ``discount_rate`` is below 0, or the frame has such a column already.
        DivergentValueError
            The rate is 0, and the expected purchases of all time are infinite.
        """
        rate = self.rate_of(discount_rate)
        return self._scored(
            frame,
            "discounted_expected_residual_transactions",
            lambda parameters, cells: self.process.residual(parameters, cells, rate),
        )

    def expected_new(
        self, horizon: ArrayLike, *, covariates: Mapping[str, float] | None = None
    ) -> Floats:
        """Return how often a new customer is expected to buy again, up to each horizon.

        Parameters
        ----------
        horizon : float or array of shape (n,)
            Since the first purchase, in units of ``time_unit``.
        covariates : mapping of str to float, optional
            Their values, for a model with covariates.

        Returns
        -------
        array of shape (n,), or of shape () for one horizon

        Raises
        ------
        NotFittedError
        ParameterError
            A horizon is below 0, or a covariate is missing.
        """
        times = np.asarray(horizon, dtype=np.float64)
        if not (np.isfinite(times) & (times >= 0)).all():
            raise ParameterError("horizon has to be 0 or more, and finite.", horizon=horizon)
        return self.process.new(self._one_customer(covariates), times)

    def purchase_distribution(
        self,
        horizon: float | timedelta,
        *,
        most: int,
        covariates: Mapping[str, float] | None = None,
    ) -> Floats:
        """Return how likely a new customer buys again 0, 1, ... times up to a horizon.

        Parameters
        ----------
        horizon : float or timedelta
            Since the first purchase.
        most : int
            The largest number of purchases that is asked for, 0 or more.
        covariates : mapping of str to float, optional
            Their values, for a model with covariates.

        Returns
        -------
        array of shape (most + 1,)

        Raises
        ------
        NotFittedError, ParameterError
        """
        parameters = self._one_customer(covariates)
        return self.process.counts(
            parameters, self.length_of(horizon), whole_between("most", most, 0)
        )

    def simulate(
        self,
        age: ArrayLike,
        *,
        random_state: int,
        covariates: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, Floats]:
        """Draw the histories of new customers.

        Parameters
        ----------
        age : array of shape (n,)
            How long each is observed.
        random_state : int
        covariates : mapping of str to array of shape (n,), optional

        Returns
        -------
        dict of str to array of shape (n,)
            The columns that :meth:`fit` takes.

        Raises
        ------
        NotFittedError, ParameterError
        """
        self.require_fitted()
        ages = np.asarray(age, dtype=np.float64)
        chance = np.random.default_rng(whole_between("random_state", random_state, 0))
        values = self._covariate_values(covariates, ages.size)
        parameters = self._design().natural(self._searched(np.array(self.estimates_)), values)
        often, last = self.process.draw_histories(parameters, ages, chance)
        own = dict(zip(self.covariates, values, strict=True))
        return {self.frequency: often, self.recency: last, self.age: ages, **own}

    def _one_customer(self, covariates: Mapping[str, float] | None) -> Floats:
        self.require_fitted()
        values = self._covariate_values(covariates, 1)
        return self._design().natural(self._searched(np.array(self.estimates_)), values)

    def _covariate_values(
        self, covariates: Mapping[str, ArrayLike] | Mapping[str, float] | None, size: int
    ) -> Floats:
        given = dict(covariates or {})
        if set(given) != set(self.covariates):
            raise ParameterError(
                f"covariates given: {', '.join(sorted(given)) or 'none'}; the model has "
                f"{', '.join(self.covariates) or 'none'}.",
                covariates=sorted(given),
            )
        values = [np.broadcast_to(np.asarray(given[name], float), size) for name in self.covariates]
        return np.array(values).reshape(len(values), size)
