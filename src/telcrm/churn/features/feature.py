"""What a feature is: a number or a category, its unit, its window and the tables it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.sources import PanelSources
from telcrm.churn.snapshots.view import SnapshotView
from telcrm.tables.typed_columns import flag

__all__ = ["Family", "Feature", "FeatureKind", "FeatureView"]


@dataclass(frozen=True, slots=True)
class FeatureView(SnapshotView):
    """A view with the lines that were active, whether or not they get a row.

    Attributes
    ----------
    active : narwhals.stable.v2.LazyFrame
    days : tuple of int
        The day numbers of all snapshots of the panel, in order.
    shared : dict of str to narwhals.stable.v2.LazyFrame
        What does not depend on the snapshot, by name: one for all views of a panel.
    """

    active: nw.LazyFrame[Any]
    days: tuple[int, ...]
    shared: dict[str, nw.LazyFrame[Any]]

    @property
    def place(self) -> int:
        """How many snapshots come before."""
        return self.days.index(self.day)

    def once(self, name: str, make: Callable[[], nw.LazyFrame[Any]]) -> nw.LazyFrame[Any]:
        """Return a frame that is the same for all snapshots, and computed once for several."""
        if name not in self.shared:
            made = make()
            several = len(self.days) > 1
            self.shared[name] = self.sources.main.computed(made) if several else made
        return self.shared[name]

    def placed(self, table: str) -> nw.LazyFrame[Any]:
        """Keep the events that any snapshot knows of, with ``_from``: the place of the first."""
        seen_by = self.sources.seen_by
        rows = self.sources.rows(table).filter(seen_by(table, self.days[-1]))
        later = [flag(~seen_by(table, day)) for day in self.days[:-1]]
        place = nw.sum_horizontal(*later) if later else nw.lit(0)
        return rows.with_columns(_from=place.cast(nw.Int64))

    def latest(
        self, name: str, key: str, columns: Sequence[str], make: Callable[[], nw.LazyFrame[Any]]
    ) -> nw.LazyFrame[Any]:
        """Return the greatest values that were known by the snapshot.

        Parameters
        ----------
        name : str
            What the values of all snapshots are kept as.
        key : str
        columns : sequence of str
        make : callable
            Returns rows of ``key``, ``_from`` and ``columns``.
        """
        greatest = [nw.col(each).max() for each in columns]
        found = self.once(name, lambda: make().group_by(key, "_from").agg(*greatest))
        return found.filter(nw.col("_from") <= self.place).group_by(key).agg(*greatest)


class FeatureKind(StrEnum):
    """How a model reads a feature."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of the catalogue.

    Attributes
    ----------
    name : str
        The column.
    words : str
        What it tells a business reader.
    unit : str
    window : str
        The days before the snapshot that it is told from.
    tables : tuple of str
        What has to be there: ``"usage"``, or ``"usage.other_party"`` for an optional column.
    kind : FeatureKind
    present : str
        The table whose present state it is read from: unless that tells when it was recorded, the
        value may be younger than the snapshot. Empty if it is told by events.
    history : str
        The column of a table of events that it is read from instead, where it is there.
    """

    name: str
    words: str
    unit: str
    window: str
    tables: tuple[str, ...]
    kind: FeatureKind = FeatureKind.NUMERIC
    present: str = ""
    history: str = ""

    def missing(self, sources: PanelSources) -> list[str]:
        """List the tables and columns that the feature lacks."""
        if self.history and sources.has(*self.history.split(".")):
            return []
        return [each for each in self.tables if not sources.has(*each.split("."))]

    def is_present_state(self, sources: PanelSources) -> bool:
        """Tell whether values may be younger than the snapshot."""
        told = bool(self.history) and sources.has(*self.history.split("."))
        return bool(self.present) and self.present not in sources.dated and not told


@dataclass(frozen=True, slots=True)
class Family:
    """Features that are made together.

    Attributes
    ----------
    name : str
    features : tuple of Feature
    add : callable
        Takes a view and the lines that get a row; returns these with those features that the
        tables allow for.
    """

    name: str
    features: tuple[Feature, ...]
    add: Callable[[FeatureView, nw.LazyFrame[Any]], nw.LazyFrame[Any]]
