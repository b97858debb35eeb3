"""What every fitted segmentation can do: learn, assign, and be stored as JSON."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

from telcrm.estimators import EstimatorFamily, StoredEstimator

__all__ = ["Segmenter"]


class Segmenter(StoredEstimator):
    """A segmentation that is learnt from one table and applied to others.

    A class of your own derives from this one and says what is to be stored, as
    :class:`~telcrm.estimators.StoredEstimator` tells. ``Segmenter.from_json`` and
    ``Segmenter.read`` bring back stored segmenters of every kind.

    ``predict`` returns a frame of the caller's engine: the columns of the key and the text column
    ``segment``, one row per customer, sorted by key. A customer's segment never depends on the
    other customers of that frame.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.segmentation import AbcSegmenter, Segmenter
    >>> values = pl.DataFrame({"customer_id": ["a", "b", "c"], "revenue": [80.0, 15.0, 5.0]})
    >>> segmenter = AbcSegmenter().fit(values)
    >>> again = Segmenter.from_json(segmenter.to_json())
    >>> again.predict(values.head(1)).rows()
    [('a', 'A')]
    """

    family: ClassVar[EstimatorFamily] = EstimatorFamily("segmenter", "segmenter")

    @abstractmethod
    def fit(self, frame: Any, *args: Any, **kwargs: Any) -> Self:
        """Learn the segments from a table."""

    @abstractmethod
    def predict(self, frame: Any, *args: Any, **kwargs: Any) -> Any:
        """Assign a segment to each customer of a table."""
