"""Expected credit loss on receivables by a provision matrix: the simplified approach of IFRS 9.

Debts that are assessed one by one stay out of the exposures; add their allowance to the total.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from telcrm.domain.exact import EXACT, Rounding, exact_decimal, round_to_whole
from telcrm.domain.money import Money
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import Text
from telcrm.domain.rate import NoFloat
from telcrm.domain.record import Record
from telcrm.errors import ParameterError

__all__ = [
    "BucketLoss",
    "ExpectedCreditLoss",
    "LossBucket",
    "LossRate",
    "ProvisionMatrix",
    "expected_credit_loss",
]

_RATIO: Final = re.compile(r"([0-9]{1,100})/([0-9]{1,100})")
_READABLE: Final = Context(prec=12, rounding=ROUND_HALF_EVEN)


def _exact_fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str) and (ratio := _RATIO.fullmatch(value)):
        numerator, denominator = int(ratio[1]), int(ratio[2])
        if not denominator:
            message = f"the loss rate {value!r} divides by zero"
            raise ValueError(message)
        return Fraction(numerator, denominator)
    return Fraction(exact_decimal(value, "loss rate"))


LossRate = Annotated[
    Fraction,
    Field(ge=0, le=1),
    BeforeValidator(_exact_fraction),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(/[0-9]+|\.[0-9]+)?$"}),
]
"""A share, 0 to 1, exact: a Fraction, a Decimal, or text like ``0.016`` or ``2/23``; no float."""


class LossBucket(Record):
    """A range of age of debt, and the share of it that is never paid."""

    name: Text
    """Such as ``1-30 days past due``."""
    loss_rate: LossRate
    """Before the forward-looking factor."""


class ProvisionMatrix(Record):
    """Loss rates by age of debt, for customers of one loss pattern.

    Notes
    -----
    IFRS 9, 5.5.15 (simplified approach: lifetime expected losses of trade receivables) and B5.5.35
    (provision matrix). Keep one matrix for each group of customers with a loss pattern of its own.

    Examples
    --------
    >>> matrix = ProvisionMatrix.from_rates(
    ...     {"current": "0.003", "overdue": "0.036"}, basis="group policy of 2026"
    ... )
    >>> matrix.loss_rates
    {'current': Fraction(3, 1000), 'overdue': Fraction(9, 250)}
    """

    buckets: Annotated[tuple[LossBucket, ...], Field(min_length=1)]
    """The youngest debt first."""
    forward_looking_factor: Annotated[
        Decimal, Field(gt=0, le=100, decimal_places=10), NoFloat()
    ] = Decimal(1)
    """What the outlook changes: above 1 if more is expected to be lost than was in the past."""
    basis: Text
    """Where the rates come from, for the auditor: data, period and method (IFRS 7, 35G)."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [bucket.name for bucket in self.buckets]
        if len(set(names)) < len(names):
            message = f"two buckets share a name: {names}"
            raise ValueError(message)
        return self

    @classmethod
    def from_rates(
        cls,
        rates: Mapping[str, Fraction | Decimal | int | str],
        *,
        basis: str,
        forward_looking_factor: Decimal | int | str = Decimal(1),
    ) -> Self:
        """Make a matrix of rates that are known.

        Parameters
        ----------
        rates : mapping of str to Fraction, Decimal, int or str
            Loss rate, 0 to 1, by name of bucket, the youngest debt first.
        basis : str
            Where the rates come from.
        forward_looking_factor : Decimal, int or str
            Above 0, at most 100.

        Returns
        -------
        ProvisionMatrix

        Raises
        ------
        pydantic.ValidationError
            A rate, the factor or the basis is out of its range.
        """
        return cls._of(list(rates.items()), basis, forward_looking_factor)

    @classmethod
    def from_history(
        cls,
        *,
        buckets: Sequence[str],
        sales: Money,
        unpaid: Sequence[Money],
        lost: Money,
        basis: str,
        forward_looking_factor: Decimal | int | str = Decimal(1),
    ) -> Self:
        """Make a matrix from what became of the sales of a period in the past.

        Parameters
        ----------
        buckets : sequence of str
            Names, the youngest debt first.
        sales : Money
            Invoiced on credit in the period, above 0. Add several periods up for steadier rates.
        unpaid : sequence of Money
            What of these sales was still unpaid at the end of each bucket but the last: one fewer
            than buckets, never rising, all above 0.
        lost : Money
            What was never paid, 0 to the last of ``unpaid``.
        basis : str
            Where the numbers come from.
        forward_looking_factor : Decimal, int or str
            Above 0, at most 100.

        Returns
        -------
        ProvisionMatrix

        Raises
        ------
        ParameterError
            The amounts are out of their ranges, too few or too many. A bucket that no sale ever
            reached has no rate: take a longer period, or join it with the bucket before.
        CurrencyMismatchError
            The amounts are in more than one currency.
        pydantic.ValidationError
            A name, the factor or the basis is out of its range.

        Notes
        -----
        ``loss_rate[b] = lost / amount that ever reached b``. All sales reach the first bucket, and
        what is unpaid at the end of a bucket reaches the next. Rates never fall with age.

        Examples
        --------
        >>> from telcrm.domain import Money
        >>> matrix = ProvisionMatrix.from_history(
        ...     buckets=["not due", "1-30", "31-60", "61-90", "over 90"],
        ...     sales=Money(100_000, "EUR"),
        ...     unpaid=[Money(amount, "EUR") for amount in (50_000, 23_000, 8_000, 2_000)],
        ...     lost=Money(2_000, "EUR"),
        ...     basis="sales of January 2025, followed to the end of the year",
        ... )
        >>> [str(rate) for rate in matrix.loss_rates.values()]
        ['1/50', '1/25', '2/23', '1/4', '1']
        """
        if len(buckets) != len(unpaid) + 1:
            raise ParameterError(
                f"{len(buckets)} buckets need {len(buckets) - 1} unpaid amounts, one for the end "
                f"of each bucket but the last: found {len(unpaid)}.",
                buckets=len(buckets),
                unpaid=len(unpaid),
            )
        reached = [sales, *unpaid]
        for name, amount in zip(buckets, reached, strict=True):
            if amount <= Money.zero(sales.currency):
                raise ParameterError(
                    f"{amount} reached the bucket {name!r}, which says nothing of its losses: take "
                    f"a longer period, or join the bucket with the one before.",
                    bucket=name,
                )
        for (before, more), (after, less) in pairwise(
            zip([*buckets, "lost"], [*reached, lost], strict=True)
        ):
            if less > more:
                raise ParameterError(
                    f"{less} reached {after!r}, more than the {more} in {before!r} before it: all "
                    f"amounts must be of the same sales.",
                    bucket=after,
                )
        if lost < Money.zero(sales.currency):
            raise ParameterError(f"lost is {lost}: it must be 0 or more.", lost=lost)
        rates = [
            (name, Fraction(lost.minor_units, amount.minor_units))
            for name, amount in zip(buckets, reached, strict=True)
        ]
        return cls._of(rates, basis, forward_looking_factor)

    @classmethod
    def _of(cls, rates: Sequence[tuple[str, object]], basis: str, factor: object) -> Self:
        buckets = [{"name": name, "loss_rate": rate} for name, rate in rates]
        return cls.model_validate(
            {"buckets": buckets, "forward_looking_factor": factor, "basis": basis}
        )

    @property
    def loss_rates(self) -> dict[str, Fraction]:
        """Rate by bucket, forward-looking factor included, capped at 1: no debt is lost twice."""
        factor = Fraction(self.forward_looking_factor)
        return {bucket.name: min(bucket.loss_rate * factor, Fraction(1)) for bucket in self.buckets}


class BucketLoss(Record):
    """What is expected to be lost of the debt in one bucket."""

    name: Text
    exposure: NonNegativeMoney
    loss_rate: LossRate
    """Forward-looking factor included."""
    loss: NonNegativeMoney
    """``exposure * loss_rate``, rounded to the minor unit."""


class ExpectedCreditLoss(Record):
    """The allowance for a portfolio of receivables, bucket by bucket."""

    buckets: Annotated[tuple[BucketLoss, ...], Field(min_length=1)]
    rounding: Rounding
    """How each loss was rounded; the total adds up the rounded ones."""

    @property
    def exposure(self) -> Money:
        """All receivables in the matrix."""
        return self._total([bucket.exposure for bucket in self.buckets])

    @property
    def loss(self) -> Money:
        """The allowance: the sum of the losses of the buckets, as they are shown."""
        return self._total([bucket.loss for bucket in self.buckets])

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict per bucket, ready for any dataframe library.

        Returns
        -------
        list of dict
            ``bucket``: str; ``exposure`` and ``loss``: Decimal, major units; ``loss_rate``:
            Decimal, rounded to 12 significant digits; ``currency``: str.
        """
        return [
            {
                "bucket": bucket.name,
                "exposure": bucket.exposure.amount,
                "loss_rate": _READABLE.divide(
                    Decimal(bucket.loss_rate.numerator), Decimal(bucket.loss_rate.denominator)
                ),
                "loss": bucket.loss.amount,
                "currency": bucket.exposure.currency.code,
            }
            for bucket in self.buckets
        ]

    def _total(self, amounts: Sequence[Money]) -> Money:
        return Money.sum(amounts, currency=self.buckets[0].exposure.currency)


def expected_credit_loss(
    matrix: ProvisionMatrix, exposures: Mapping[str, Money], *, rounding: Rounding
) -> ExpectedCreditLoss:
    """Apply a provision matrix to receivables.

    Parameters
    ----------
    matrix : ProvisionMatrix
    exposures : mapping of str to Money
        Receivables by bucket of the matrix: every one, and no other. 0 or more, so credit balances
        stay out. So do debts that are assessed one by one.
    rounding : Rounding
        How the loss of each bucket becomes whole minor units. The total is the sum of these.

    Returns
    -------
    ExpectedCreditLoss

    Raises
    ------
    ParameterError
        A bucket is missing or unknown, or an exposure is negative.
    CurrencyMismatchError
        The exposures are in more than one currency.

    Notes
    -----
    ``sum(exposure[b] * loss_rate[b])``, in exact fractions up to the rounding. Nothing is
    discounted: trade receivables without a significant financing component have an effective
    interest rate of about zero.

    References
    ----------
    IFRS 9 Financial Instruments, 5.5.15 and B5.5.35; Illustrative Examples, Example 12.

    Examples
    --------
    >>> from telcrm.domain import Money, Rounding
    >>> matrix = ProvisionMatrix.from_rates({"current": "0.003", "late": "2/23"}, basis="example")
    >>> exposures = {"current": Money(15_000, "EUR"), "late": Money(600, "EUR")}
    >>> allowance = expected_credit_loss(matrix, exposures, rounding=Rounding.HALF_UP)
    >>> [str(bucket.loss) for bucket in allowance.buckets], str(allowance.loss)
    (['45.00 EUR', '52.17 EUR'], '97.17 EUR')
    """
    rates = matrix.loss_rates
    if exposures.keys() != rates.keys():
        raise ParameterError(
            f"the matrix has the buckets {list(rates)}, the exposures {list(exposures)}: give "
            f"each bucket of the matrix an exposure, 0 if it is empty, and no other.",
            missing=sorted(rates.keys() - exposures.keys()),
            unknown=sorted(exposures.keys() - rates.keys()),
        )
    zero = Money.zero(next(iter(exposures.values())).currency)
    for name, exposure in exposures.items():
        if exposure < zero:
            raise ParameterError(
                f"the exposure of {name!r} is {exposure}: leave credit balances out.", bucket=name
            )
    return ExpectedCreditLoss(
        buckets=tuple(
            BucketLoss(
                name=name,
                exposure=exposures[name],
                loss_rate=rate,
                loss=Money.from_minor(
                    _rounded(exposures[name].minor_units * rate, rounding), zero.currency
                ),
            )
            for name, rate in rates.items()
        ),
        rounding=rounding,
    )


def _rounded(units: Fraction, rounding: Rounding) -> int:
    # A third has no exact decimal. But what rounding does depends only on whether the part behind
    # the point is nothing, less than a half, a half, or more: so quarters can stand for it.
    whole, rest = divmod(units.numerator, units.denominator)
    quarters = (rest > 0) + (2 * rest >= units.denominator) + (2 * rest > units.denominator)
    return round_to_whole(EXACT.multiply(Decimal(4 * whole + quarters), Decimal("0.25")), rounding)
