"""How stable an assignment is from one month to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby
from math import comb, isfinite, log, nan
from numbers import Real
from typing import Any, Final, TypeVar

from telcrm.errors import ParameterError
from telcrm.segmentation.transitions import MigrationState, Transition, transitions
from telcrm.tables.door import open_frame
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["population_stability_index", "segment_stability"]

FrameT = TypeVar("FrameT")

_LEAST_SHARE: Final = 1e-4
_COUNTS: Final = ("customers_before", "customers_after", "in_both", "stayed")
_RESULT: Final = (
    *_COUNTS,
    "stayed_share",
    "population_stability_index",
    "adjusted_rand_index",
)


def population_stability_index(
    before: Sequence[float], after: Sequence[float], *, least_share: float = _LEAST_SHARE
) -> float | None:
    """Measure how far shares have shifted between two counts of the same segments.

    Parameters
    ----------
    before, after : sequence of float
        Customers in each segment, in one order; 0 or more.
    least_share : float in (0, 0.01]
        A smaller share counts as this one: a segment that is empty on one side would make the
        index infinite.

    Returns
    -------
    float or None
        0 where all shares are the same, and never below; None where either side has nobody.

    Raises
    ------
    ParameterError
        Counts are of different length, negative or infinite, or ``least_share`` is out of range.

    Notes
    -----
    With the share ``p`` of each segment before and ``q`` after::

        PSI = sum((q - p) * ln(q / p))

    the symmetric divergence of Kullback and Leibler. By custom, below 0.1 is no change to speak of,
    from 0.25 on a shift that asks for an answer.

    References
    ----------
    S. Kullback and R. A. Leibler (1951), "On Information and Sufficiency", Annals of Mathematical
    Statistics 22(1), 79-86. N. Siddiqi (2006), *Credit Risk Scorecards*, Wiley: the index and its
    bounds.

    Examples
    --------
    >>> round(population_stability_index([50, 50], [60, 40]), 6)
    0.040547
    """
    _check_least(least_share)
    sides = [[_number(count) for count in side] for side in (before, after)]
    counts = [*sides[0], *sides[1]]
    if len(sides[0]) != len(sides[1]) or not all(isfinite(c) and c >= 0 for c in counts):
        raise ParameterError(
            "population_stability_index: before and after are counts of the same segments, 0 or "
            f"more: found {before!r:.60} and {after!r:.60}.",
            before=before,
            after=after,
        )
    totals = [sum(side) for side in sides]
    if not all(totals):
        return None
    shares = [
        [max(count / total, least_share) for count in side]
        for side, total in zip(sides, totals, strict=True)
    ]
    return sum((q - p) * log(q / p) for p, q in zip(shares[0], shares[1], strict=True))


def segment_stability(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    segment: str = "segment",
    between: tuple[date, date] | None = None,
    least_share: float = _LEAST_SHARE,
) -> FrameT:
    """Measure how many stay in their segment, and how far the segments shift.

    Parameters
    ----------
    frame : dataframe
        A row for each customer and month, as :func:`migration` takes it.
    customer, period, segment : str
        Column names.
    between : (date, date), optional
        Two months that ``frame`` has. By default each and the next that it has.
    least_share : float in (0, 0.01]
        As :func:`population_stability_index` takes it.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period, a row for each pair of months:

        ``period_before``, and the column of ``period``
            The two months.
        ``customers_before``, ``customers_after``, ``in_both``
            Int64: there before, after, in both.
        ``stayed``
            Int64: in both, and in the same segment.
        ``stayed_share``
            Float64: of those in both; null where nobody is.
        ``population_stability_index``
            Float64: of the sizes of segments before and after, of all who are there then.
        ``adjusted_rand_index``
            Float64: of those in both: 1 where they are grouped alike, whatever the groups are
            called, about 0 where no better than by chance; null where nobody is in both.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, ParameterError
        As :func:`migration` does.

    See Also
    --------
    migration : Who went where; there ``rate`` of a segment to itself is the share that stays in it.

    Notes
    -----
    Without a segment is a segment of its own: ``"(unassigned)"``.

    With ``n`` customers in both months, ``n_ij`` of them from segment ``i`` in ``j``, sums ``a_i``
    and ``b_j``, and ``C(x) = x * (x - 1) / 2``::

        expected = sum(C(a_i)) * sum(C(b_j)) / C(n)
        ARI = (sum(C(n_ij)) - expected) / ((sum(C(a_i)) + sum(C(b_j))) / 2 - expected)

    and 1 where the divisor is 0: all in one segment both times, or each in one of its own. Clusters
    that are fitted anew each month have names that mean nothing, so that only this index, which
    does not look at names, tells whether they are the same.

    As with :func:`migration`, the moves are counted at once, also where ``frame`` is lazy.

    References
    ----------
    L. Hubert and P. Arabie (1985), "Comparing Partitions", Journal of Classification 2, 193-218,
    equation 5.

    Examples
    --------
    >>> import polars as pl
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "cid", "ann", "bob", "cid"],
    ...         "period": [jan, jan, jan, feb, feb, feb],
    ...         "segment": ["mass", "mass", "premium", "mass", "premium", "premium"],
    ...     }
    ... )
    >>> segment_stability(months).select("in_both", "stayed", "adjusted_rand_index").rows()
    [(3, 2, -0.5)]
    """
    _check_least(least_share)
    before = f"{period}_before"
    refuse_twice("segment_stability", [period, before], _RESULT)
    opened = open_frame(frame, table="segment months")
    moves = transitions(opened, customer=customer, period=period, segment=segment, between=between)
    pairs = [list(group) for _, group in groupby(moves, key=lambda move: move.after)]
    measured = [_measure(pair, float(least_share)) for pair in pairs]
    columns = {
        before: ResultColumn(date, [pair[0].before for pair in pairs]),
        period: ResultColumn(date, [pair[0].after for pair in pairs]),
    }
    for name in _RESULT:
        values = [numbers[name] for numbers in measured]
        columns[name] = ResultColumn(int if name in _COUNTS else float, values)
    return opened.close(result_table(opened, columns))  # type: ignore[no-any-return]


def _number(given: object) -> float:
    return float(given) if isinstance(given, Real) else nan


def _check_least(least_share: object) -> None:
    if not 0 < _number(least_share) <= 0.01:
        raise ParameterError(
            f"least_share is {least_share!r:.40}, and has to be a share above 0, up to 0.01.",
            least_share=least_share,
        )


def _measure(moves: Sequence[Transition], least_share: float) -> dict[str, Any]:
    sizes: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    both: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    cells = []
    stayed = 0
    for move in moves:
        enters, leaves = move.left == MigrationState.ENTRY, move.joined == MigrationState.EXIT
        sizes[0][move.left] += 0 if enters else move.customers
        sizes[1][move.joined] += 0 if leaves else move.customers
        if not enters and not leaves:
            both[0][move.left] += move.customers
            both[1][move.joined] += move.customers
            cells.append(move.customers)
            stayed += move.customers if move.left == move.joined else 0
    labels = sorted(
        {label for side in sizes for label in side} - {MigrationState.ENTRY, MigrationState.EXIT}
    )
    shift = population_stability_index(
        *[[side[label] for label in labels] for side in sizes], least_share=least_share
    )
    in_both = sum(cells)
    index = _rand_index(cells, both[0].values(), both[1].values())
    return {
        "customers_before": sizes[0].total(),
        "customers_after": sizes[1].total(),
        "in_both": in_both,
        "stayed": stayed,
        "stayed_share": stayed / in_both if in_both else None,
        "population_stability_index": shift,
        "adjusted_rand_index": index,
    }


def _rand_index(
    cells: Collection[int], rows: Collection[int], columns: Collection[int]
) -> float | None:
    """Compare two partitions by their contingency table, in whole numbers until the last step."""
    together, one, other = (
        sum(comb(count, 2) for count in counts) for counts in (cells, rows, columns)
    )
    customers = sum(rows)
    if not customers:
        return None
    pairs = comb(customers, 2)
    expected = one * other
    most = (one + other) * pairs - 2 * expected
    return 2 * (together * pairs - expected) / most if most else 1.0
