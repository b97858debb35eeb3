"""The value matrix as a segmentation, by cuts that are agreed on or learnt from a base."""

from __future__ import annotations

from itertools import pairwise
from math import floor
from numbers import Real
from typing import Any, ClassVar, Self, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import Record
from telcrm.errors import ParameterError
from telcrm.segmentation.assignment import assign
from telcrm.segmentation.segmenter import Segmenter
from telcrm.segmentation.value_matrix import value_matrix
from telcrm.tables.door import open_frame

__all__ = ["ValueMatrixSegmenter"]

FrameT = TypeVar("FrameT")
Cuts = tuple[float, float]


class _State(Record):
    customer: str
    value: str
    potential: str
    value_cuts: Cuts | None
    potential_cuts: Cuts | None
    shares: Cuts
    value_cuts_: Cuts
    potential_cuts_: Cuts


class ValueMatrixSegmenter(Segmenter):
    """The nine cells of value by potential, by cuts that are kept.

    Parameters
    ----------
    customer, value, potential : str
        Column names, as :func:`~telcrm.segmentation.value_matrix` takes them.
    value_cuts, potential_cuts : (float, float), optional
        The least of medium and the least of high. Those left out are learnt by ``fit``.
    shares : (float, float)
        ``0 < first < second < 1``: for cuts that are learnt, the share of customers that are low,
        and that are low or medium. The default makes thirds.

    Attributes
    ----------
    value_cuts_, potential_cuts_ : (float, float)
        Given or learnt.

    Notes
    -----
    Of ``n`` customers in rising order, a share ``q`` is cut at the one in place
    ``floor(q * n) + 1``, who belongs to the higher level with all who equal it. So a level holds
    less than its share where many are equal at its upper end, more where they are at its lower.

    ``predict`` gives the cells of :func:`~telcrm.segmentation.value_matrix` with the same cuts.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {"customer_id": ["a", "b", "c"], "value": [1.0, 5.0, 9.0], "potential": [0.9, 0.1, 0.4]}
    ... )
    >>> segmenter = ValueMatrixSegmenter(potential_cuts=(0.3, 0.7)).fit(customers)
    >>> segmenter.value_cuts_
    (5.0, 9.0)
    >>> segmenter.predict(customers).rows()
    [('a', 'low/high'), ('b', 'medium/low'), ('c', 'high/medium')]
    """

    kind: ClassVar[str] = "value_matrix"
    stored_as: ClassVar[type[Record]] = _State

    value_cuts_: Cuts
    potential_cuts_: Cuts

    def __init__(
        self,
        *,
        customer: str = "customer_id",
        value: str = "value",
        potential: str = "potential",
        value_cuts: Cuts | None = None,
        potential_cuts: Cuts | None = None,
        shares: Cuts = (1 / 3, 2 / 3),
    ) -> None:
        self.customer = customer
        self.value = value
        self.potential = potential
        self.value_cuts = value_cuts
        self.potential_cuts = potential_cuts
        self.shares = shares

    def fit(self, frame: Any) -> Self:
        """Learn the cuts that are not given.

        Parameters
        ----------
        frame : dataframe
            Rows with a customer, its value and its potential; a customer's rows are summed.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
            As :func:`~telcrm.segmentation.value_matrix` says.
        ParameterError
            Cuts or shares do not rise, or so many customers are equal, or so few are there, that
            both cuts would fall on the same value.
        """
        _check_shares(self.shares)
        anything = (0.0, 1.0)
        placed: Any = value_matrix(
            frame,
            customer=self.customer,
            value=self.value,
            potential=self.potential,
            value_cuts=anything if self.value_cuts is None else self.value_cuts,
            potential_cuts=anything if self.potential_cuts is None else self.potential_cuts,
        )
        sums = open_frame(placed, table="customer values").rows
        value_cuts = self.value_cuts or self._learn(sums, self.value)
        potential_cuts = self.potential_cuts or self._learn(sums, self.potential)
        self.value_cuts_ = (float(value_cuts[0]), float(value_cuts[1]))
        self.potential_cuts_ = (float(potential_cuts[0]), float(potential_cuts[1]))
        return self

    def predict(self, frame: FrameT) -> FrameT:
        """Place the customers of a table in the cells.

        Parameters
        ----------
        frame : dataframe
            Rows with a customer, its value and its potential; a customer's rows are summed.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, sorted by customer: the customer, and ``segment``, such
            as ``"high/low"``, value first.

        Raises
        ------
        NotFittedError
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            As :func:`~telcrm.segmentation.value_matrix` says.
        """
        self.require_fitted()
        placed = value_matrix(
            frame,
            customer=self.customer,
            value=self.value,
            potential=self.potential,
            value_cuts=self.value_cuts_,
            potential_cuts=self.potential_cuts_,
        )
        opened = open_frame(placed, table="customer values")
        found: FrameT = assign(opened, self.customer, nw.col("cell"))
        return found

    def _learn(self, sums: nw.LazyFrame[Any], measure: str) -> Cuts:
        ranked = sums.select(
            _value=nw.col(measure), _rank=nw.col(measure).rank("min").cast(nw.Int64)
        )
        customers = int(sums.select(nw.len()).collect().item())
        found = []
        for share in self.shares:
            # 0.29 of 100 is 28.999999999999996 in floats.
            place = floor(round(share * customers, 9)) + 1
            below = ranked.filter(nw.col("_rank") <= place)
            found.append(below.select(nw.col("_value").max()).collect().item())
        if None in found or not found[0] < found[1]:
            raise ParameterError(
                f"ValueMatrixSegmenter: {customers} customers have too few different values of "
                f"{measure!r} for the shares {self.shares!r}: both cuts would be {found[0]}. "
                "Give the cuts yourself.",
                column=measure,
                customers=customers,
            )
        return float(found[0]), float(found[1])


def _check_shares(shares: object) -> None:
    if (
        not isinstance(shares, tuple | list)
        or len(shares) != 2
        or not all(isinstance(share, Real) for share in shares)
        or not all(left < right for left, right in pairwise((0, *shares, 1)))
    ):
        raise ParameterError(
            f"ValueMatrixSegmenter: shares are {shares!r:.80}, and have to be two shares that rise "
            "between 0 and 1, for example (0.5, 0.8).",
            shares=shares,
        )
