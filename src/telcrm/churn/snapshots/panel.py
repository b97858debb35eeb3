"""The panel: a row for each line at risk and snapshot, its features, and whether it left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.catalogue import FAMILIES, FEATURES, chosen_features
from telcrm.churn.features.feature import FeatureKind, FeatureView
from telcrm.churn.snapshots.absences import Knowledge, absences, activity_tables
from telcrm.churn.snapshots.lines import latest_rows, lines_at, refuse_overlaps, rows_known_at
from telcrm.churn.snapshots.outcome import FATES, NO_ROW, outcome_columns, with_fate
from telcrm.churn.snapshots.sources import PanelSources, open_sources
from telcrm.churn.snapshots.view import SnapshotView
from telcrm.churn.window import ChurnWindow, snapshot_days
from telcrm.domain import PaymentMode
from telcrm.errors import MissingTableError, ParameterError, WindowError
from telcrm.kpi.null_counts import keep_whole
from telcrm.mart.lines import LATEST
from telcrm.tables.door import open_frame
from telcrm.tables.findings import counted
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.typed_columns import day_literal, flag

__all__ = ["ChurnPanel", "build_panel"]

_OWN = ("subscription_id", "customer_id", "snapshot", "spell_no", "churned", "churn_kind")


@dataclass(frozen=True)
class ChurnPanel:
    """Lines at risk on past days, what was known of them then, and what became of them.

    Attributes
    ----------
    frame : dataframe
        Of the kind of ``tables["subscriptions"]``, one row for each line and snapshot:

        ``subscription_id``, ``customer_id``, ``snapshot``
            Who, and the day; events before it are seen, none on it.
        ``spell_no``
            Int64: 1, and one more each time the line came back.
        ``churned``, ``churn_kind``
            Int64, 1 if the line left in the outcome for a reason that counts; a
            :class:`~telcrm.churn.ChurnKind`. Both null while the outcome is not complete.
        the features
            Float64, or text where the catalogue has them as categorical. Null is unknown.
    counts : dataframe
        Of the same kind, one row for each snapshot: ``active`` lines, and what became of them:
        ``too_new``, ``already_gone`` (had left, as was found out later), ``left_in_gap``,
        ``unknown``, ``stayed``, and each reason of leaving. They add up to ``active``; the first
        three have no row in ``frame``.
    features : tuple of str
        The features that the tables allowed for.
    present_state : tuple of str
        Those of them that are read from a table of present states, without the times at which its
        rows were recorded. They may know more than was known on the day.
    window : ChurnWindow
    snapshots : tuple of date
    data_end : date
        The first day that the tables do not tell of.
    """

    frame: Any = field(repr=False)
    counts: Any = field(repr=False)
    features: tuple[str, ...]
    present_state: tuple[str, ...]
    window: ChurnWindow
    snapshots: tuple[date, ...]
    data_end: date

    @property
    def categorical(self) -> tuple[str, ...]:
        """The features that are categories."""
        kinds = {name: FEATURES[name].kind for name in self.features}
        return tuple(name for name, kind in kinds.items() if kind is FeatureKind.CATEGORICAL)

    def labelled(self) -> Any:
        """Return the rows whose outcome is known: what a model is fitted to.

        Returns
        -------
        dataframe
            Of the same kind as ``frame``.
        """
        opened = open_frame(self.frame, table="panel")
        return opened.close(opened.rows.filter(~nw.col("churned").is_null()))

    def __repr__(self) -> str:
        window = self.window
        spans = f"{window.observation_days} + {window.gap_days} + {window.outcome_days} days"
        first, last = self.snapshots[0], self.snapshots[-1]
        several = f"{first} to {last}" if last > first else f"{first}"
        text = (
            f"ChurnPanel({counted(len(self.snapshots), 'snapshot')} ({several}), {spans}, "
            f"{counted(len(self.features), 'feature')}, data to {self.data_end})"
        )
        if self.present_state:
            text += "\n  of present states, maybe younger than the snapshot: " + ", ".join(
                self.present_state
            )
        return text


def build_panel(
    tables: Mapping[str, Any],
    *,
    window: ChurnWindow | None = None,
    snapshots: Iterable[date] | date,
    data_end: date | None = None,
    data_start: Mapping[str, date] | None = None,
    features: Sequence[str] | str | None = None,
    recorded_at: str = "recorded_at",
) -> ChurnPanel:
    """Build a panel for churn models: who was at risk on past days, and who left.

    Parameters
    ----------
    tables : mapping of str to dataframe
        Canonical tables by name, all of one engine (and one DuckDB connection or Spark session):
        ``subscriptions`` and, as far as there are any, ``customers``, ``subscriber_months``,
        ``usage``, ``recharges``, ``invoices``, ``payments``, ``complaints`` and ``interactions``.
        A line may have several rows in ``subscriptions``: one for each spell, told apart by
        ``activated_on``, and versions of it, told apart by ``recorded_at``.
    window : ChurnWindow, optional
        What counts as churn, and when.
    snapshots : iterable of date
        The days to look from, such as the first days of months.
    data_end : date, optional
        The first day that the tables do not tell of. By default the day after the latest event in
        any of them, terminations included: tell it, since one event that is dated ahead would turn
        unknown outcomes into false ones.
    data_start : mapping of str to date, optional
        For a table of events, the first day that it tells of completely. By default the day of its
        first event, which may lie a tenth into a window. A count over days that the table does not
        tell of is null.
    features : sequence of str, optional
        Names of features, or of families of them; all that the tables allow for by default.
    recorded_at : str
        Column of days or instants, optional in each table: when a row was recorded. It then counts
        only at snapshots from there on.

    Returns
    -------
    ChurnPanel
        Its frames are lazy if ``tables["subscriptions"]`` is.

    Raises
    ------
    MissingTableError
        ``subscriptions`` is not there; or there are prepaid lines, and no table of the activities
        that the rule for them counts; or a feature that was asked for lacks its table.
    ParameterError
        A table or feature is not known.
    UnsupportedFrameError
        The tables are of several engines.
    WindowError
        A snapshot lies behind the data, is no date, or comes twice.
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        A table is not as its contract has it, or holds a key twice.

    Notes
    -----
    *Who has a row.* Lines activated before the snapshot ``T`` and not known by then to have ended,
    from ``window.min_tenure_days`` of their spell on, unless they left before ``T + G``. Suspended
    lines are active; the table tells their status only as of its own day, so a barred prepaid line
    is left out at a snapshot of that day (``T >= data_end``) or where ``recorded_at`` dates it, and
    else when it falls silent. A line that is terminated without a day is active until
    that is known, and then ``already_gone``.

    *What is known.* An event counts if it happened before ``T`` and was recorded at ``T`` at the
    latest; a day counts as its first moment. A termination that was recorded later is seen by no
    feature, nor does it keep the line from being active: it is then ``already_gone``. Of versions
    recorded after ``T`` only who the line belongs to, how it pays and when it was activated count.
    Without ``recorded_at`` an offer or a commitment is that of the table's own day; see
    ``ChurnPanel.present_state``.

    *Outcome.* Postpaid lines leave on ``terminated_on``, prepaid lines by :class:`PrepaidRule`, or
    when they are terminated. An outcome is known if ``window.known_from`` is not after
    ``data_end``, for all lines of a mode of payment or for none: those that are known early are
    no fair sample.

    *Spells.* A line that comes back has a new spell, from whose first day its tenure counts.
    Between rows of ``subscriptions`` that is told there; within a row by months without a row in
    ``subscriber_months`` (postpaid; the day of leaving is then taken to be the sixteenth of the
    last month) or by silence (prepaid). A return before silence is certain cancels it.

    Each table is looked over by one query at once, and its keys for duplicates by another. The
    rows of each snapshot are then computed after those of the one before, and held: lazy frames
    read them from there.

    Examples
    --------
    >>> from telcrm.synth import Operator
    >>> tables = Operator(subscribers=200, months=8, seed=3).tables()
    >>> panel = build_panel(tables, snapshots=[date(2025, 4, 1)], data_end=date(2025, 9, 1))
    >>> panel.frame.columns[:6]
    ['subscription_id', 'customer_id', 'snapshot', 'spell_no', 'churned', 'churn_kind']
    >>> panel.counts["active"].item() >= panel.frame.height
    True
    """
    agreed = window or ChurnWindow()
    days = snapshot_days([snapshots] if isinstance(snapshots, date) else snapshots)
    opened = open_sources(tables, days, recorded_at=recorded_at)
    sources = _with_starts(opened, data_start)
    end = _data_end(sources, data_end, days)
    _require_activity(sources, agreed)
    chosen = chosen_features(sources, features)
    latest = latest_rows(sources, end.toordinal())
    refuse_overlaps(sources, latest)
    builder = _Builder(sources, agreed, tuple(day.toordinal() for day in days), end, latest)
    main = sources.main
    parts, counts = [], []
    # One query over all snapshots would hold what each of them needs at the same time.
    for at, day in enumerate(days):
        fates = main.computed(builder.fates(at, day))
        parts.append(main.computed(builder.rows(at, day, fates, chosen)))
        counts.append(main.computed(_counted(day, fates)))
    present = [name for name in chosen if FEATURES[name].is_present_state(sources)]
    return ChurnPanel(
        frame=main.close(keep_whole(_concat(parts), ["churned"])),
        counts=main.close(_listed(sources, days, counts)),
        features=tuple(chosen),
        present_state=tuple(present),
        window=agreed,
        snapshots=tuple(days),
        data_end=end,
    )


def _data_end(sources: PanelSources, given: date | None, days: Sequence[date]) -> date:
    if given is not None:
        [end] = snapshot_days([given])
    elif sources.last is None:
        return days[-1]
    else:
        end = date.fromordinal(sources.last + 1)
    if days[-1] > end:
        raise WindowError(
            f"the snapshot {days[-1]} lies behind the data, which end before {end}. Leave it out, "
            "or pass data_end if the tables tell of more.",
            snapshot=days[-1],
            data_end=end,
        )
    return end


def _require_activity(sources: PanelSources, window: ChurnWindow) -> None:
    if window.prepaid is None or activity_tables(sources, window.prepaid):
        return
    prepaid = sources.rows("subscriptions").filter(
        nw.col("payment_mode") == str(PaymentMode.PREPAID)
    )
    if prepaid.select(nw.len()).collect().item():
        raise MissingTableError(
            "tables lacks 'recharges' and 'usage', and there are prepaid lines, which leave by "
            "falling silent. Add what the rule counts, or pass ChurnWindow(prepaid=None) if all "
            "of them are terminated.",
            missing="recharges",
        )


def _with_starts(sources: PanelSources, given: Mapping[str, date] | None) -> PanelSources:
    stated = given or {}
    unknown = [name for name in stated if name not in sources.first]
    if unknown:
        raise ParameterError(
            f"data_start names {unknown[0]!r}, which is no table of events among: "
            f"{', '.join(sources.first) or 'none'}.",
            unknown=unknown,
        )
    days = {name: day.toordinal() for name, day in stated.items()}
    told = {name: (day,) * len(sources.first[name]) for name, day in days.items()}
    return replace(sources, first={**sources.first, **told}, begins={**sources.begins, **days})


@dataclass(frozen=True, slots=True)
class _Builder:
    sources: PanelSources
    window: ChurnWindow
    days: tuple[int, ...]
    data_end: date
    latest: nw.LazyFrame[Any]
    absent: nw.LazyFrame[Any] | None = field(init=False)
    shared: dict[str, nw.LazyFrame[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = Knowledge(self.data_end.toordinal(), LATEST, dict(self.sources.begins))
        absent = absences(self.sources, self.window, self.latest, known)
        object.__setattr__(self, "absent", absent)

    def _view(self, at: int, snapshot: date) -> SnapshotView:
        first = {name: days[at] for name, days in self.sources.first.items()}
        return SnapshotView(self.sources, self.window, snapshot, first)

    def fates(self, at: int, snapshot: date) -> nw.LazyFrame[Any]:
        """Tell of the lines that were active at a snapshot what became of them."""
        view, sources = self._view(at, snapshot), self.sources
        rows = rows_known_at(view)
        absent = self.absent
        if sources.dated & {"subscriptions", "subscriber_months", "recharges", "usage"}:
            known = Knowledge(view.day, view.day, view.first)
            absent = absences(sources, self.window, rows, known)
        of_the_day = "subscriptions" in sources.dated or snapshot >= self.data_end
        there = lines_at(view, rows, absent, status_is_of_the_day=of_the_day)
        return with_fate(
            there,
            self.latest,
            self.absent,
            window=self.window,
            snapshot=snapshot,
            complete=self._complete(view),
        )

    def _complete(self, view: SnapshotView) -> dict[PaymentMode, bool]:
        """Tell for each mode of payment whether the outcome of a snapshot is known."""
        known = {
            mode: self.window.known_from(view.snapshot, payment_mode=mode) <= self.data_end
            for mode in PaymentMode
        }
        if self.window.prepaid is not None:
            tables = activity_tables(self.sources, self.window.prepaid)
            # Whoever was silent before the tables begin would seem to leave when they do.
            known[PaymentMode.PREPAID] &= any(view.first[table] is not None for table in tables)
        return known

    def rows(
        self, at: int, snapshot: date, fates: nw.LazyFrame[Any], chosen: Sequence[str]
    ) -> nw.LazyFrame[Any]:
        """Make the rows of a snapshot, with their features."""
        seen = self._view(at, snapshot)
        view = FeatureView(
            seen.sources,
            seen.window,
            seen.snapshot,
            seen.first,
            active=fates,
            days=self.days,
            shared=self.shared,
        )
        rows = fates.filter(~nw.col("_fate").is_in(list(NO_ROW)))
        for family in FAMILIES:
            if {each.name for each in family.features} & set(chosen):
                rows = family.add(view, rows)
        day = day_literal(self.sources.main, snapshot)
        told = rows.with_columns(snapshot=day, **outcome_columns(self.window))
        types = {
            name: nw.String if FEATURES[name].kind is FeatureKind.CATEGORICAL else nw.Float64
            for name in chosen
        }
        return told.select(*_OWN, *[nw.col(name).cast(kind) for name, kind in types.items()])


def _concat(parts: Sequence[nw.LazyFrame[Any]]) -> nw.LazyFrame[Any]:
    return nw.concat(parts) if len(parts) > 1 else parts[0]


def _counted(day: date, fates: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    flags = {f"_{fate}": flag(nw.col("_fate") == fate) for fate in FATES}
    told = fates.select(_day=nw.lit(day.toordinal()), **flags)
    return told.group_by("_day").agg(*[nw.col(name).sum() for name in flags], active=nw.len())


def _listed(
    sources: PanelSources, days: Sequence[date], counts: Sequence[nw.LazyFrame[Any]]
) -> nw.LazyFrame[Any]:
    ordinals = [day.toordinal() for day in days]
    snapshots = result_table(
        sources.main,
        {"_day": ResultColumn(int, ordinals), "snapshot": ResultColumn(date, list(days))},
    )
    summed = _concat(counts).with_columns(nw.col("_day").cast(nw.Int64))
    told = snapshots.join(summed, how="left", on="_day")
    named = {"active": nw.col("active"), **{fate: nw.col(f"_{fate}") for fate in FATES}}
    whole = {name: column.fill_null(0).cast(nw.Int64) for name, column in named.items()}
    return told.select("snapshot", **whole).sort("snapshot")
