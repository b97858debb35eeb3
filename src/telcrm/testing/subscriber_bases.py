"""Strategy for subscriber-months: small bases with every way to come, stay, move and leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from telcrm.domain.moments import first_of_month, month_number

if TYPE_CHECKING:
    import polars as pl

__all__ = ["bases"]

# Few distinct amounts, so that equal revenues are as common as changes; sums of 0.1 and 0.2 in
# another order differ in their last bit.
_AMOUNTS = (-5.0, 0.0, 0.1, 0.2, 0.3, 10.0, 12.5)


def bases(
    *,
    max_customers: int = 4,
    max_months: int = 8,
    first: date = date(2023, 10, 1),
    segments: Sequence[str] = ("business", "mass", "premium"),
    min_rows: int = 0,
) -> st.SearchStrategy[pl.DataFrame]:
    """Generate subscriber-months as Polars frames; needs Polars.

    Parameters
    ----------
    max_customers, max_months : int
        Upper bounds; a base may leave months empty, also between others.
    first : date
        The first month that a base may hold.
    segments : sequence of str
        A customer may change segment, and have subscriptions in several at once.
    min_rows : int
        0 lets the empty base through, with its columns typed.

    Returns
    -------
    SearchStrategy of polars.DataFrame
        Columns ``subscription_id``, ``period``, ``customer_id``, ``segment`` and ``revenue``; no
        two rows share subscription and period; in no order.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(bases())
    ... def test_one_row_per_subscription_and_period(base):
    ...     assert base.select("subscription_id", "period").is_unique().all()
    >>> test_one_row_per_subscription_and_period()
    """
    row = st.tuples(
        st.integers(0, max_customers - 1),
        st.integers(0, 1),
        st.integers(0, max_months - 1),
        st.sampled_from(list(segments)),
        st.sampled_from(_AMOUNTS),
    )
    rows = st.lists(
        row,
        unique_by=lambda drawn: drawn[:3],
        min_size=min_rows,
        max_size=2 * max_customers * max_months,
    )
    start = month_number(first)
    return rows.map(lambda drawn: _frame(drawn, start))


def _frame(drawn: Sequence[tuple[int, int, int, str, float]], start: int) -> pl.DataFrame:
    import polars as pl

    schema = {
        "subscription_id": pl.String,
        "period": pl.Date,
        "customer_id": pl.String,
        "segment": pl.String,
        "revenue": pl.Float64,
    }
    rows = [
        (
            f"S-{customer}-{nth}",
            first_of_month(start + month),
            f"C-{customer}",
            segment,
            revenue,
        )
        for customer, nth, month, segment, revenue in drawn
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
