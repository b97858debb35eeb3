"""RFM scores as a segmentation that is learnt once and applied month after month."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import Record
from telcrm.segmentation.assignment import assign
from telcrm.segmentation.rfm import rfm, rfm_breaks
from telcrm.segmentation.rfm_policy import RfmBreaks, RfmTies
from telcrm.segmentation.segmenter import Segmenter
from telcrm.tables.door import open_frame

__all__ = ["RfmSegmenter"]

FrameT = TypeVar("FrameT")


class _State(Record):
    customer: str
    at: str
    amount: str
    bins: int
    ties: RfmTies
    breaks_: RfmBreaks


class RfmSegmenter(Segmenter):
    """RFM segments by breaks that are learnt from one table of transactions.

    Parameters
    ----------
    customer, at, amount : str
        Column names, as :func:`~telcrm.segmentation.rfm` takes them.
    bins : int in [2, 9]
        Number of scores of each measure.
    ties : RfmTies
        ``"low"`` or ``"high"``. Cuts cannot spread equal customers over several scores.

    Attributes
    ----------
    breaks_ : RfmBreaks
        What :func:`~telcrm.segmentation.rfm_breaks` has learnt.

    Notes
    -----
    ``predict`` with the table and the day that ``fit`` saw gives the scores of
    :func:`~telcrm.segmentation.rfm`, equal customers included.

    Examples
    --------
    >>> import polars as pl
    >>> march = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "cid"],
    ...         "recharged_at": [date(2024, 3, day) for day in (1, 30, 5, 20)],
    ...         "amount": [10.0, 20.0, 5.0, 50.0],
    ...     }
    ... )
    >>> segmenter = RfmSegmenter(bins=3).fit(march, as_of=date(2024, 3, 31))
    >>> segmenter.predict(march, as_of=date(2024, 3, 31)).rows()
    [('ann', '332'), ('bob', '111'), ('cid', '213')]
    """

    kind: ClassVar[str] = "rfm"
    stored_as: ClassVar[type[Record]] = _State

    breaks_: RfmBreaks

    def __init__(
        self,
        *,
        customer: str = "customer_id",
        at: str = "recharged_at",
        amount: str = "amount",
        bins: int = 5,
        ties: RfmTies | str = RfmTies.LOW,
    ) -> None:
        self.customer = customer
        self.at = at
        self.amount = amount
        self.bins = bins
        self.ties = ties

    def fit(self, frame: Any, *, as_of: date) -> Self:
        """Learn the breaks.

        Parameters
        ----------
        frame : dataframe
            Transactions, as :func:`~telcrm.segmentation.rfm` takes them.
        as_of : date
            The day that recency is counted back from.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            As :func:`~telcrm.segmentation.rfm_breaks` says.
        """
        self.breaks_ = rfm_breaks(
            frame,
            as_of=as_of,
            customer=self.customer,
            at=self.at,
            amount=self.amount,
            bins=self.bins,
            ties=self.ties,
        )
        return self

    def predict(self, frame: FrameT, *, as_of: date) -> FrameT:
        """Score the customers of a table by the breaks that were learnt.

        Parameters
        ----------
        frame : dataframe
            Transactions. A customer without any by ``as_of`` gets no row.
        as_of : date

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, sorted by customer: the customer, and ``segment``, the
            three scores as text: ``"555"`` is the best of five.

        Raises
        ------
        NotFittedError
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            As :func:`~telcrm.segmentation.rfm` says.
        """
        self.require_fitted()
        scored = rfm(
            frame,
            as_of=as_of,
            customer=self.customer,
            at=self.at,
            amount=self.amount,
            breaks=self.breaks_,
        )
        opened = open_frame(scored, table="rfm scores")
        found: FrameT = assign(opened, self.customer, nw.col("rfm_score").cast(nw.String))
        return found
