"""A folder that keeps the mart: one Parquet file for each month, and a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.errors import (
    CorruptMartError,
    InvalidTableError,
    MartMismatchError,
    MissingExtraError,
    MonthExistsError,
    UnknownMonthError,
)
from telcrm.mart.columns import MART_COLUMNS
from telcrm.mart.manifest import Manifest, StoredMonth, read_manifest, write_beside
from telcrm.mart.month import Month
from telcrm.mart.policy import MartPolicy
from telcrm.tables import ColumnType, Engine
from telcrm.tables.door import open_frame
from telcrm.tables.findings import readable

__all__ = ["MartStore"]


class MartStore:
    """Months of the mart in a folder, all built under one policy.

    Parameters
    ----------
    folder : path
        Made with the first month if it is not there.
    policy : MartPolicy, optional
        The policy of its months. An existing folder knows its own; one that is given has to be the
        same.

    Raises
    ------
    MartMismatchError
        The folder was made for another policy.
    CorruptMartError
        The manifest cannot be read, or is of a newer release.

    Notes
    -----
    A month is written to a file of its own, which then takes its place by being renamed; the
    manifest changes last, in the same way. Who reads meanwhile sees the month as it was or as it
    will be. One process writes at a time; nothing locks the folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from telcrm.mart import subscriber_month
    >>> from telcrm.synth import Operator
    >>> tables = Operator(subscribers=20, months=3).tables()
    >>> with TemporaryDirectory() as folder:
    ...     store = MartStore(folder)
    ...     _ = store.add(subscriber_month(tables, date(2025, 2, 1)))
    ...     before = store.scan(periods=[date(2025, 2, 1)]).collect()
    ...     _ = store.add(subscriber_month(tables, date(2025, 3, 1), previous=before))
    ...     len(store.periods()), store.scan().collect()["period"].n_unique()
    (2, 2)
    """

    def __init__(self, folder: str | Path, *, policy: MartPolicy | None = None) -> None:
        self.folder = Path(folder)
        found = read_manifest(self.folder)
        if found and policy and found.policy != policy:
            raise MartMismatchError(
                f"the mart in {self.folder} was built under the policy {found.policy.digest}, not "
                f"{policy.digest}. Open it without a policy, or choose another folder.",
                folder=str(self.folder),
            )
        self._manifest = found or Manifest(policy=policy or MartPolicy())

    def __repr__(self) -> str:
        periods = self.periods()
        span = f"{periods[0]} to {periods[-1]}" if periods else "empty"
        return f"MartStore({str(self.folder)!r}: {len(periods)} months, {span})"

    @property
    def policy(self) -> MartPolicy:
        """The policy that its months were built under."""
        return self._manifest.policy

    def periods(self) -> tuple[date, ...]:
        """List its months in order; there may be gaps between them."""
        return tuple(sorted(month.period for month in self._manifest.months))

    def add(self, frame: Any, *, replace: bool = False) -> date:
        """Store one month.

        Parameters
        ----------
        frame : dataframe
            What :func:`subscriber_month` returned; a lazy one is collected.
        replace : bool, default False
            Whether a month that is there already makes room.

        Returns
        -------
        date
            The month that was stored.

        Raises
        ------
        InvalidTableError
            The frame holds no month, or several.
        MartMismatchError
            It was built under another policy, or has other columns.
        MonthExistsError
            The month is there, and ``replace`` is false.
        """
        table = self._arrow(frame)
        period = self._period_of(table)
        standing = {month.period: month for month in self._manifest.months}
        if period in standing and not replace:
            raise MonthExistsError(
                f"the mart in {self.folder} holds {period} already. Pass replace=True to put this "
                "month in its place.",
                folder=str(self.folder),
                period=period,
            )
        content = _parquet(table)
        name = f"{period:%Y-%m}-{sha256(content).hexdigest()[:12]}.parquet"
        self.folder.mkdir(parents=True, exist_ok=True)
        write_beside(self.folder / name, content)
        old = standing.get(period)
        standing[period] = StoredMonth(period=period, file=name, rows=table.num_rows)
        ordered = tuple(standing[key] for key in sorted(standing))
        manifest = self._manifest.replace(months=ordered)
        manifest.write(self.folder)
        self._manifest = manifest
        if old and old.file != name:
            (self.folder / old.file).unlink(missing_ok=True)
        return period

    def scan(
        self,
        *,
        engine: Engine | str = Engine.POLARS,
        periods: Iterable[date] | None = None,
        connection: Any = None,
    ) -> Any:
        """Read months lazily.

        Parameters
        ----------
        engine : {"polars", "duckdb"}
        periods : iterable of date, optional
            First days of months; all of them by default.
        connection : duckdb.DuckDBPyConnection, optional
            Where the relation is made; by default on a connection of its own.

        Returns
        -------
        polars.LazyFrame or duckdb.DuckDBPyRelation
            Empty, with all columns, if the store is.

        Raises
        ------
        UnknownMonthError
            A month is not there.
        CorruptMartError
            The file of a month is gone.
        MissingExtraError
            The engine is not installed.
        """
        chosen = choose(Engine, engine, "engine")
        files = [str(path) for path in self._files(periods)]
        if chosen is Engine.POLARS:
            import polars as pl

            if not files:
                return pl.from_arrow(_schema().empty_table()).lazy()  # type: ignore[union-attr]
            return pl.scan_parquet(files)
        import duckdb

        own = connection or duckdb.connect()
        return own.read_parquet(files) if files else own.from_arrow(_schema().empty_table())

    def _files(self, periods: Iterable[date] | None) -> list[Path]:
        standing = {month.period: self.folder / month.file for month in self._manifest.months}
        wanted = sorted(standing if periods is None else {Month.of(p).first for p in periods})
        unknown = [period for period in wanted if period not in standing]
        if unknown:
            raise UnknownMonthError(
                f"the mart in {self.folder} does not hold {', '.join(map(str, unknown))}. It holds "
                f"{', '.join(map(str, self.periods())) or 'no month'}.",
                folder=str(self.folder),
                unknown=unknown,
            )
        gone = [standing[period].name for period in wanted if not standing[period].exists()]
        if gone:
            raise CorruptMartError(
                f"the mart in {self.folder} has lost {', '.join(gone)}. Build those months again, "
                "and add them with replace=True.",
                folder=str(self.folder),
                files=gone,
            )
        return [standing[period] for period in wanted]

    def _arrow(self, frame: Any) -> Any:
        opened = open_frame(frame, table="mart")
        found = opened.rows.collect_schema().names()
        if found != list(MART_COLUMNS):
            odd = sorted(set(found) ^ set(MART_COLUMNS)) or ["their order"]
            raise MartMismatchError(
                f"the frame is no month of a mart of this release: {', '.join(odd)} differ. Add "
                "what subscriber_month returned.",
                differing=odd,
            )
        eager = opened.rows.collect()
        return eager.to_arrow().select(list(MART_COLUMNS)).cast(_schema())

    def _period_of(self, table: Any) -> date:
        rows = nw.from_native(table)
        periods = sorted({readable(value) for value in rows["period"].unique().to_list()})
        if len(periods) != 1:
            held = ", ".join(map(str, periods)) or "no rows"
            raise InvalidTableError(
                f"a store takes one month at a time, and the frame holds {held}.",
                table="mart",
                periods=periods,
            )
        policies = set(rows["policy"].unique().to_list())
        if policies != {self.policy.digest}:
            raise MartMismatchError(
                f"the month {periods[0]} was built under the policy "
                f"{', '.join(map(str, policies))}, those of {self.folder} are under "
                f"{self.policy.digest}. Build it under the store's policy.",
                found=sorted(map(str, policies)),
                policy=self.policy.digest,
            )
        return Month.of(periods[0]).first


def _schema() -> Any:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError.needing("the store of a mart", "pyarrow", extra="polars") from error
    types: Mapping[ColumnType, Any] = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.BOOLEAN: pa.bool_(),
        ColumnType.DAY: pa.date32(),
        ColumnType.MONTH: pa.date32(),
    }
    return pa.schema([(name, types[kind]) for name, kind in MART_COLUMNS.items()])


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
