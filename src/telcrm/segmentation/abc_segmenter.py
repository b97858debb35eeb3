"""ABC classes as a segmentation that is learnt once and applied to any customer."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self, TypeVar

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.domain import Record
from telcrm.segmentation.abc import AbcClass, abc, sum_values
from telcrm.segmentation.assignment import assign
from telcrm.segmentation.segmenter import Segmenter
from telcrm.tables.door import open_frame

__all__ = ["AbcSegmenter"]

FrameT = TypeVar("FrameT")

_Cut = Annotated[float, Field(gt=0, allow_inf_nan=False)] | None


class _State(Record):
    customer: str
    value: str
    thresholds: tuple[float, float]
    cuts_: tuple[_Cut, _Cut]


class AbcSegmenter(Segmenter):
    """ABC classes by the values that parted them in one table.

    Parameters
    ----------
    customer, value : str
        Column names, as :func:`~telcrm.segmentation.abc` takes them.
    thresholds : (float, float)
        ``0 < first < second < 1``: shares of value held by A, and by A and B together.

    Attributes
    ----------
    cuts_ : (float or None, float or None)
        The least value of class A and of class B, major units; None for a class that nobody was
        in.

    Notes
    -----
    ``predict`` with the table that ``fit`` saw gives the classes of
    :func:`~telcrm.segmentation.abc`: equal customers are never parted there, so a least value
    says it all. A new value between two classes belongs to the lower one; without a class B, all
    below A are C.

    The classes of new data need not hold the shares of value that ``thresholds`` say: that is the
    point, for a class then says what a customer is worth, whoever else is there.

    Examples
    --------
    >>> import polars as pl
    >>> values = pl.DataFrame({"customer_id": ["a", "b", "c"], "revenue": [80.0, 15.0, 5.0]})
    >>> segmenter = AbcSegmenter().fit(values)
    >>> segmenter.cuts_
    (80.0, 15.0)
    >>> new = pl.DataFrame({"customer_id": ["d", "e"], "revenue": [79.0, 500.0]})
    >>> segmenter.predict(new).rows()
    [('d', 'B'), ('e', 'A')]
    """

    kind: ClassVar[str] = "abc"
    stored_as: ClassVar[type[Record]] = _State

    cuts_: tuple[float | None, float | None]

    def __init__(
        self,
        *,
        customer: str = "customer_id",
        value: str = "revenue",
        thresholds: tuple[float, float] = (0.8, 0.95),
    ) -> None:
        self.customer = customer
        self.value = value
        self.thresholds = thresholds

    def fit(self, frame: Any) -> Self:
        """Learn the least value of each class.

        Parameters
        ----------
        frame : dataframe
            Rows with a customer and a value; a customer's rows are summed.

        Returns
        -------
        Self

        Raises
        ------
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        ParameterError
            As :func:`~telcrm.segmentation.abc` says.
        """
        classed: Any = abc(
            frame, customer=self.customer, value=self.value, thresholds=self.thresholds
        )
        least = (
            open_frame(classed, table="ABC classes")
            .rows.group_by("abc_class")
            .agg(_least=nw.col(self.value).min())
            .select("abc_class", "_least")
            .collect()
        )
        found = {str(row[0]): float(row[1]) for row in least.iter_rows()}
        self.cuts_ = (found.get(AbcClass.A), found.get(AbcClass.B))
        return self

    def predict(self, frame: FrameT) -> FrameT:
        """Class the customers of a table by the values that were learnt.

        Parameters
        ----------
        frame : dataframe
            Rows with a customer and a value; a customer's rows are summed.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``, sorted by customer: the customer, and ``segment``, one of
            ``"A"``, ``"B"``, ``"C"``.

        Raises
        ------
        NotFittedError
        MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
            As :func:`~telcrm.segmentation.abc` says.
        """
        self.require_fitted()
        opened = open_frame(frame, table="customer values")
        sums = sum_values(opened, self.customer, self.value)
        segment: nw.Expr = nw.lit(str(AbcClass.C))
        for kind, cut in zip((AbcClass.B, AbcClass.A), reversed(self.cuts_), strict=True):
            if cut is not None:
                segment = (
                    nw.when(nw.col("_value") >= cut).then(nw.lit(str(kind))).otherwise(segment)
                )
        named = sums.select(nw.col("_customer").alias(self.customer), "_value")
        found: FrameT = assign(opened, self.customer, segment, rows=named)
        return found
