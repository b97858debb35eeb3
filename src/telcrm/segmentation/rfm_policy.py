"""How RFM ranks and cuts: independent or nested, ties, and breaks that can be stored."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from telcrm.domain import Record

__all__ = ["MAX_BINS", "RfmBreaks", "RfmMethod", "RfmTies"]

MAX_BINS: Final = 9
"""With so many scores, each part of the combined score keeps to one digit."""


class RfmMethod(StrEnum):
    """Among whom a customer is ranked.

    ``independent`` ranks each measure among all customers: scores compare across the base.
    ``nested`` ranks frequency among those of the same recency score, and monetary value among those
    of the same recency and frequency score: cells are more even, but a frequency score of 5 means
    another frequency in each recency score.
    """

    INDEPENDENT = "independent"
    NESTED = "nested"


class RfmTies(StrEnum):
    """Which rank customers of equal value have."""

    LOW = "low"
    """The lowest that they share: equal customers have equal scores, the worse of two."""
    HIGH = "high"
    """The highest that they share: equal scores, the better of two."""
    SPREAD = "spread"
    """Each its own, in the order of their names: bins are even, equal customers may differ."""


_Cuts = tuple[Annotated[float, Field(allow_inf_nan=False)] | None, ...]


class RfmBreaks(Record):
    """Values from which on a customer has a score: learnt once, or given, then used on any data.

    Examples
    --------
    >>> given = RfmBreaks(recency_days=(90, 30), frequency=(2, 5), monetary=(20, 100))
    >>> RfmBreaks.from_json(given.to_json()) == given, given.bins
    (True, 3)
    """

    recency_days: _Cuts
    """Most days since the last transaction for a score of 2, of 3, ...; they fall."""
    frequency: _Cuts
    """Fewest transactions for a score of 2, of 3, ...; they rise. None is a score nobody has."""
    monetary: _Cuts
    """Smallest sum for a score of 2, of 3, ...; they rise."""

    @property
    def bins(self) -> int:
        """Number of scores."""
        return len(self.frequency) + 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        every = {"recency_days": self.recency_days, "frequency": self.frequency}
        every["monetary"] = self.monetary
        if len({len(cuts) for cuts in every.values()}) > 1:
            lengths = ", ".join(f"{name} {len(cuts)}" for name, cuts in every.items())
            raise ValueError(f"one cut fewer than scores for each measure: {lengths}")
        if not 1 <= len(self.frequency) < MAX_BINS:
            raise ValueError(f"from 2 to {MAX_BINS} scores: give 1 to {MAX_BINS - 1} cuts each")
        for name, cuts in every.items():
            known = [cut for cut in cuts if cut is not None]
            if list(cuts[: len(known)]) != known:
                raise ValueError(f"{name}: a score that nobody has is followed by one with a cut")
            if known != sorted(known, reverse=name == "recency_days"):
                way = "fall" if name == "recency_days" else "rise"
                raise ValueError(f"{name}: the cuts have to {way}")
        return self
