"""What could be seen on the morning of a snapshot: events before it that had been recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.sources import PanelSources, version_keys
from telcrm.churn.window import ChurnWindow
from telcrm.domain.moments import first_of_month, month_number
from telcrm.tables import ColumnType
from telcrm.tables.typed_columns import nothing

__all__ = ["SnapshotView"]


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """The tables as they were known at the first moment of a day.

    Attributes
    ----------
    sources : PanelSources
    window : ChurnWindow
    snapshot : date
    first : dict of str to (int or None)
        The first day that each table of events tells of; None if of none.
    """

    sources: PanelSources
    window: ChurnWindow
    snapshot: date
    first: dict[str, int | None]

    @property
    def day(self) -> int:
        """The day number of the snapshot."""
        return self.snapshot.toordinal()

    @property
    def month(self) -> int:
        """The number of the last month that was over."""
        return month_number(self.snapshot) - 1

    def months(self, back: int) -> nw.LazyFrame[Any]:
        """Keep what was known of the last month that was over, or of one so many before it."""
        table, start = "subscriber_months", first_of_month(self.month - back).toordinal()
        known = self.sources.seen_by(table, self.day) & (self.sources.day(table) == start)
        return self.sources.rows(table).filter(known)

    def events(self, table: str, days: int | None = None) -> nw.LazyFrame[Any]:
        """Keep the events that were known, with ``_age``: 1 for the day before the snapshot.

        Parameters
        ----------
        table : str
        days : int, optional
            Look back so many days; by default on everything.
        """
        sources = self.sources
        known = sources.seen_by(table, self.day)
        if days is not None:
            # In one condition: of two, Polars hands one to the reader of a file.
            known = known & (sources.day(table) >= self.day - days)
        return sources.rows(table).filter(known).with_columns(_age=self.day - nw.col("_day"))

    def covers(self, table: str, days: int) -> bool:
        """Tell whether a table told of so many days before the snapshot.

        One whose first event lies within the first tenth of them does: on some days nothing
        happens.
        """
        first = self.first[table]
        return first is not None and first <= self.day - days + days // 10

    def known(self, table: str) -> nw.LazyFrame[Any]:
        """Keep of each subscription or customer the row recorded last, with ``_hidden``.

        Where none was recorded yet, the first one stays, and ``_hidden`` is 1: what may have
        changed until it was recorded is not known.
        """
        rows = self.sources.rows(table)
        late = nw.when(nw.col("_seen") > self.day).then(nw.lit(1)).otherwise(nw.lit(0))
        rows = rows.with_columns(_hidden=late)
        if table not in self.sources.dated:
            return rows
        place = nw.when(nw.col("_hidden") == 0).then(nw.col("_version")).otherwise(nw.lit(1))
        rows = rows.with_columns(_place=place)
        best = nw.col("_place").max().over(*version_keys(table))
        return rows.with_columns(_best=best).filter(nw.col("_version") == nw.col("_best"))

    def beside(
        self,
        rows: nw.LazyFrame[Any],
        found: nw.LazyFrame[Any],
        *,
        on: str,
        columns: Sequence[str] = (),
        counts: Mapping[str, bool] | None = None,
    ) -> nw.LazyFrame[Any]:
        """Join what was found of a line or customer.

        Parameters
        ----------
        rows, found : narwhals.stable.v2.LazyFrame
            ``found`` has at most one row for each value of ``on``.
        on : str
        columns : sequence of str
            Float64; null where nothing was found.
        counts : mapping of str to bool
            0 where nothing was found; null throughout if the table does not cover the days, which
            is what the value says.
        """
        told = counts or {}
        taken = [*columns, *(name for name, covered in told.items() if covered)]
        joined = rows.join(found.select(on, *taken), how="left", on=on)
        unknown = nothing(self.sources.main, on, ColumnType.NUMBER)
        filled = {
            name: nw.col(name).cast(nw.Float64).fill_null(0.0) if covered else unknown
            for name, covered in told.items()
        }
        return joined.with_columns(**filled) if filled else joined
