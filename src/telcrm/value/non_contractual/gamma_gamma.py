"""Gamma-Gamma: what a customer spends at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, psi, zeta

from telcrm.domain import Record
from telcrm.errors import DivergentValueError, UnidentifiedModelError
from telcrm.value.likelihood.search import most_likely
from telcrm.value.likelihood.terms import Bends, Design, RowCurvature, Term
from telcrm.value.non_contractual.customer_rows import (
    CustomerRows,
    CustomerRule,
    is_amount,
    not_positive,
    not_whole,
)
from telcrm.value.scoring import Arrays, floats, refuse_taken, score
from telcrm.value.value_model import LEAST_LOG, MOST_LOG, FittedState, ValueModel

__all__ = ["GammaGammaModel", "spend_given"]

Floats = NDArray[np.float64]


class _State(FittedState):
    frequency: str
    monetary_value: str
    customers: str | None


class GammaGammaModel(ValueModel):
    r"""Gamma-Gamma: amounts around a mean of one's own, whatever one's frequency.

    An amount is gamma(p, :math:`\nu`), and :math:`\nu` is gamma(q, v) among customers.

    Parameters
    ----------
    frequency : str
        Column of the number of purchases that ``monetary_value`` is the mean of: those after the
        first.
    monetary_value : str
        Column of the mean amount of those purchases, above 0; it is not looked at where
        ``frequency`` is 0.
    customers : str, optional
        Column of how many customers a row stands for; one each by default. ``fit`` alone looks at
        it.

    Attributes
    ----------
    p_, q_, v_ : float
        Shape of the amounts; shape and scale of their means, ``v`` in the unit of money.
    estimates_, standard_errors_, covariance_, log_likelihood_, aic_, bic_, convergence_
        As :class:`~telcrm.value.ValueModel` says.

    Notes
    -----
    Amounts are revenue, above 0. A margin may be negative and has no place here: multiply the
    expected amount by a margin rate afterwards, as :func:`~telcrm.value.lifetime_value` does.

    The model takes the mean amount to be independent of the frequency; look at their correlation
    among repeat buyers before you lean on it.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "RFM and CLV: Using Iso-Value Curves for
    Customer Base Analysis", Journal of Marketing Research 42(4), 415-430. P. S. Fader, B. G. S.
    Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025, equations
    1 and 5.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "frequency": [1, 1, 1, 2, 2, 3, 0, 4, 4],
    ...         "monetary_value": [5.0, 30.0, 90.0, 12.0, 45.0, 20.0, None, 9.0, 60.0],
    ...     }
    ... )
    >>> model = GammaGammaModel().fit(customers)
    >>> spend = model.expected_spend(customers)["expected_spend"]
    >>> 9 < spend[7] < spend[6] < spend[8] < 60
    True
    """

    kind: ClassVar[str] = "gamma_gamma"
    stored_as: ClassVar[type[Record]] = _State
    end_words: ClassVar[Mapping[str, str]] = {
        "p": "The amounts of one customer hardly differ.",
        "q": "The mean amounts of customers hardly differ.",
        "v": "The mean amounts of customers hardly differ.",
    }

    p_: float
    q_: float
    v_: float

    def __init__(
        self,
        *,
        frequency: str = "frequency",
        monetary_value: str = "monetary_value",
        customers: str | None = None,
    ) -> None:
        self.frequency = frequency
        self.monetary_value = monetary_value
        self.customers = customers

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """``p``, ``q`` and ``v``."""
        return ("p", "q", "v")

    def fit(self, frame: Any) -> Self:
        """Find the parameters that make the mean amounts of a table most likely.

        Parameters
        ----------
        frame : dataframe
            One row per customer, or per kind of customer with their number in ``customers``; those
            who never bought again are passed over.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError
            A column is not there, or holds no numbers.
        InvalidTableError
            A frequency is null, negative or no whole number, or the amount of a repeat buyer is
            null, infinite, or not above 0.
        UnidentifiedModelError
            Nobody bought again.

        Warns
        -----
        ConvergenceWarning
            The data do not tell a parameter: amounts, or customers, hardly differ.
        """
        customer_rows = self.open(frame, weighted=True)
        held = customer_rows.arrays
        if held is None:
            columns = [self.frequency, self.monetary_value]
            columns += [] if self.customers is None else [self.customers]
            some = customer_rows.opened.rows.filter(nw.col(self.frequency) > 0).select(
                **{name: nw.col(name).cast(nw.Float64) for name in columns}
            )
            found = some.collect()
            held = {name: floats(found[name]) for name in columns}
        again = held[self.frequency] > 0
        often, mean = held[self.frequency][again], held[self.monetary_value][again]
        customers = held[self.customers][again] if self.customers else np.ones_like(often)
        if not often.size:
            raise UnidentifiedModelError(
                "customers: none of them bought again, so no amount is known. Observe them for "
                "longer.",
                customers=0,
            )

        def terms(some: NDArray[np.intp] | None) -> list[Term]:
            rows = slice(None) if some is None else some
            weights = customers[rows]
            return [
                Term.over(_count_rows, often[rows], weights=weights),
                Term.over(_amount_rows, often[rows], mean[rows], weights=weights),
            ]

        # To single precision, so that the order in which they are added does not show.
        centre = float(np.float32(customers @ mean / customers.sum()))
        middle = np.array([0.0, 0.0, np.log(centre)])
        best = most_likely(
            terms,
            often.size,
            Design(3),
            np.log([2.0, 3.0, centre]),
            lower=middle + LEAST_LOG,
            upper=middle + MOST_LOG,
        )
        return self._keep(best, customers=float(customers.sum()), ends=self.end_words)

    def open(self, frame: Any, *, weighted: bool) -> CustomerRows:
        """Open a frame whose rows are customers, or refuse it.

        Parameters
        ----------
        frame : dataframe
        weighted : bool
            Whether the column of customers is looked at.

        Returns
        -------
        CustomerRows

        Raises
        ------
        UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
        CurrencyMismatchError
        """
        often, mean = self.frequency, self.monetary_value
        named = {"frequency": often, "monetary_value": mean}
        complete = [often]
        rules = [
            CustomerRule(
                "negative", often, lambda of: of[often] < 0, "is negative", "Mend those rows."
            ),
            CustomerRule(
                "not_positive",
                mean,
                lambda of: (of[often] > 0) & ~is_amount(of[mean]),
                "is no amount above 0 for who bought again",
                "The model is of revenue; apply margins, which may be negative, afterwards.",
            ),
            not_whole(often),
        ]
        if weighted and self.customers is not None:
            named["customers"] = self.customers
            complete.append(self.customers)
            rules.append(not_positive(self.customers))
        return CustomerRows.read(
            frame, named, rules, complete=complete, keys=[often, mean], of_money=True
        )

    @property
    def mean_spend(self) -> float:
        """Mean amount of all customers, ``p v / (q - 1)``, in the unit of money.

        Raises
        ------
        NotFittedError
        DivergentValueError
            ``q`` is not above 1: the mean is infinite.
        """
        self.require_fitted()
        return float(self._mean(np.array(self.estimates_)))

    def _mean(self, estimates: Floats) -> Floats:
        p, q, v = estimates
        if q <= 1.0:
            raise DivergentValueError(
                f"q is {q:.4g}, not above 1: the mean amount of all customers is infinite. Look "
                "for amounts that are far out of range.",
                q=float(q),
            )
        mean: Floats = p * v / (q - 1.0)
        return mean

    def expected_spend(self, frame: Any) -> Any:
        """Return what each is expected to spend at a purchase to come.

        Parameters
        ----------
        frame : dataframe
            As :meth:`fit` takes it.

        Returns
        -------
        dataframe
            The caller's rows with the column ``expected_spend`` (Float64): between a customer's own
            mean and that of all, the nearer to the own one the more purchases it is the mean of;
            that of all for who never bought again.

        Raises
        ------
        NotFittedError, MissingColumnsError, ColumnTypeError, InvalidTableError
        DivergentValueError
            The mean of all customers is infinite.
        ParameterError
            The frame has such a column already.
        """
        self.require_fitted()
        customer_rows = self.open(frame, weighted=False)
        refuse_taken(customer_rows.opened, "expected_spend")
        estimates = np.array(self.estimates_)
        self._mean(estimates)

        def answer(arrays: Arrays) -> Arrays:
            return {"expected_spend": spend_given(estimates, arrays["often"], arrays["mean"])}

        return score(
            customer_rows.opened,
            self.known_amounts(),
            answer,
            arrays=self.amounts_of(customer_rows),
            distinct=False,
        )

    def amounts_of(self, customer_rows: CustomerRows) -> Arrays | None:
        """Return what :meth:`known_amounts` expresses as arrays, where the frame is in memory.

        Parameters
        ----------
        customer_rows : CustomerRows

        Returns
        -------
        dict of str to array, or None
        """
        held = customer_rows.arrays
        if held is None:
            return None
        often, mean = held[self.frequency], held[self.monetary_value]
        return {"often": often, "mean": np.where(often > 0, mean, 0.0)}

    def known_amounts(self) -> dict[str, nw.Expr]:
        """Express what a prediction depends on: the frequency, and the mean amount or 0.

        Returns
        -------
        dict of str to narwhals.stable.v2.Expr
            ``often`` and ``mean``.
        """
        often, mean = nw.col(self.frequency), nw.col(self.monetary_value)
        return {"often": often, "mean": nw.when(often > 0).then(mean).otherwise(nw.lit(0.0))}


def spend_given(estimates: Floats, often: Floats, mean: Floats) -> Floats:
    """Return the expected amount, ``p (v + x m) / (p x + q - 1)``.

    Parameters
    ----------
    estimates : array of shape (3,)
        p, q, v.
    often, mean : array of shape (m,)

    Returns
    -------
    array of shape (m,)
    """
    p, q, v = estimates
    found: Floats = p * (v + often * mean) / (p * often + q - 1.0)
    return found


def _count_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return ``ln G(px+q) - ln G(px) - ln G(q)``."""
    [often] = columns
    p, q, _ = parameters
    value = gammaln(p * often + q) - gammaln(p * often) - gammaln(q)
    whole, bend = psi(p * often + q), zeta(2.0, p * often + q)
    gradient = np.zeros((3, often.size))
    gradient[0] = p * often * (whole - psi(p * often))
    gradient[1] = q * (whole - psi(q))
    bends = {
        (0, 0): gradient[0] + (p * often) ** 2 * (bend - zeta(2.0, p * often)),
        (0, 1): p * often * q * bend,
        (1, 1): gradient[1] + q * q * (bend - zeta(2.0, q)),
    }
    return value, gradient, Bends(bends)


def _amount_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Return ``q ln v + px ln(xm) - (px+q) ln(xm+v) - ln m``."""
    often, mean = columns
    p, q, v = parameters
    spent = often * mean
    log_spent = -np.log1p(v / spent)
    log_rest = -np.log1p(spent / v)
    share = v / (spent + v)
    gradient = np.empty((3, often.size))
    gradient[0] = p * often * log_spent
    gradient[1] = q * log_rest
    gradient[2] = q - (p * often + q) * share
    bends = {
        (0, 0): gradient[0],
        (1, 1): gradient[1],
        (0, 2): -p * often * share,
        (1, 2): q * (1.0 - share),
        (2, 2): -(p * often + q) * share * (1.0 - share),
    }
    return gradient[0] + gradient[1] - np.log(mean), gradient, Bends(bends)
