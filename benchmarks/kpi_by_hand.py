"""The questions of `benchmarks/kpi.py`, written by hand: SQL for DuckDB and Spark, and Polars.

They give the same columns as telcrm and check nothing: no nulls, no infinities, no months that do
not start on the 1st, no second currency. They know that nobody stands in two segments in one month
and that every segment has customers in every month, and use it.
"""

from __future__ import annotations

from datetime import date

import polars as pl

# Below this, adding the same floats in another order would pass for a change of revenue.
NOISE = 0.0000005

_FLOWS = (
    "new",
    "reactivated",
    "transferred_in",
    "lost",
    "transferred_out",
    "retained",
    "upgraded",
    "downgraded",
)

MOVEMENT_SQL = f"""
    WITH months AS (
        SELECT customer_id, period, sum(revenue) AS revenue, min(segment) AS segment
        FROM given GROUP BY customer_id, period
    ), seen AS (
        SELECT period, segment, revenue,
            lag(period) OVER w AS before, lag(revenue) OVER w AS paid, lag(segment) OVER w AS was,
            lead(period) OVER w AS after, lead(segment) OVER w AS becomes
        FROM months WINDOW w AS (PARTITION BY customer_id ORDER BY period)
    ), told AS (
        SELECT period, segment, revenue, paid, before IS NULL AS is_new,
            before < period - INTERVAL 1 MONTH AS returns,
            before = period - INTERVAL 1 MONTH AS was_there,
            before = period - INTERVAL 1 MONTH AND was = segment AS stayed,
            before = period - INTERVAL 1 MONTH AND was <> segment AS comes,
            after = period + INTERVAL 1 MONTH AND becomes <> segment AS moves
        FROM seen
    ), counts AS (
        SELECT period, segment,
            count(*) AS closing,
            count(*) FILTER (WHERE is_new) AS new,
            count(*) FILTER (WHERE returns) AS reactivated,
            count(*) FILTER (WHERE stayed) AS retained,
            count(*) FILTER (WHERE comes) AS transferred_in,
            count(*) FILTER (WHERE moves) AS moves_away,
            count(*) FILTER (WHERE stayed AND revenue - paid > {NOISE}) AS upgraded,
            count(*) FILTER (WHERE stayed AND paid - revenue > {NOISE}) AS downgraded,
            sum(revenue) AS closing_revenue,
            coalesce(sum(revenue) FILTER (WHERE is_new), 0) AS new_revenue,
            coalesce(sum(revenue) FILTER (WHERE returns), 0) AS reactivated_revenue,
            coalesce(sum(paid) FILTER (WHERE stayed), 0) AS kept_revenue,
            coalesce(sum(paid) FILTER (WHERE comes), 0) AS transferred_in_revenue,
            coalesce(sum(revenue) FILTER (WHERE moves), 0) AS away_revenue,
            coalesce(sum(revenue - paid) FILTER (WHERE was_there AND revenue > paid), 0)
                AS expansion_revenue,
            coalesce(sum(paid - revenue) FILTER (WHERE was_there AND revenue < paid), 0)
                AS contraction_revenue
        FROM told GROUP BY period, segment
    ), opened AS (
        SELECT *, lag(closing) OVER w AS opening, lag(moves_away) OVER w AS transferred_out,
            lag(closing_revenue) OVER w AS opening_revenue,
            lag(away_revenue) OVER w AS transferred_out_revenue
        FROM counts WINDOW w AS (PARTITION BY segment ORDER BY period)
    ), flows AS (
        SELECT *, opening - retained - transferred_out AS lost,
            opening_revenue - kept_revenue - transferred_out_revenue AS lost_revenue
        FROM opened WHERE opening IS NOT NULL
    )
    SELECT period, segment, opening, closing, {", ".join(_FLOWS)},
        {", ".join(f"{flow} / CAST(opening AS DOUBLE) AS {flow}_rate" for flow in _FLOWS)},
        opening_revenue, new_revenue, reactivated_revenue, transferred_in_revenue,
        expansion_revenue, contraction_revenue, lost_revenue, transferred_out_revenue,
        closing_revenue
    FROM flows ORDER BY period, segment
"""  # noqa: S608 (own names)

RFM_SQL = """
    WITH measured AS (
        SELECT customer_id, date_diff('day', max(recharged_at), DATE '{as_of}') AS recency_days,
            count(*) AS frequency, round(sum(amount), 6) AS monetary
        FROM given WHERE recharged_at <= DATE '{as_of}' GROUP BY customer_id
    ), scored AS (
        SELECT *,
            1 + 5 * (rank() OVER (ORDER BY recency_days DESC) - 1) // count(*) OVER ()
                AS recency_score,
            1 + 5 * (rank() OVER (ORDER BY frequency) - 1) // count(*) OVER () AS frequency_score,
            1 + 5 * (rank() OVER (ORDER BY monetary) - 1) // count(*) OVER () AS monetary_score
        FROM measured
    )
    SELECT *, 100 * recency_score + 10 * frequency_score + monetary_score AS rfm_score
    FROM scored ORDER BY customer_id
"""

ABC_SQL = """
    WITH valued AS (
        SELECT customer_id, round(sum(revenue), 6) AS revenue FROM given GROUP BY customer_id
    ), summed AS (
        SELECT *, sum(greatest(revenue, 0)) OVER () AS total,
            sum(greatest(revenue, 0)) OVER (ORDER BY revenue DESC) AS so_far,
            rank() OVER (ORDER BY revenue DESC) AS rank
        FROM valued
    ), tied AS (
        SELECT *, sum(greatest(revenue, 0)) OVER (PARTITION BY revenue) AS of_equals FROM summed
    )
    SELECT customer_id, revenue, rank, round(greatest(revenue, 0) / total, 9) AS share,
        round(so_far / total, 9) AS cumulative_share,
        CASE WHEN revenue <= 0 THEN 'C'
             WHEN round((so_far - of_equals) / total, 9) < 0.8 THEN 'A'
             WHEN round((so_far - of_equals) / total, 9) < 0.95 THEN 'B' ELSE 'C' END AS abc_class
    FROM tied ORDER BY rank, customer_id
"""


def movement(frame: pl.LazyFrame) -> pl.LazyFrame:
    # Sorted once, a plain shift and a comparison are faster than windows over customers.
    period, revenue, segment = pl.col("period"), pl.col("revenue"), pl.col("segment")
    known = pl.col("customer_id") == pl.col("customer_id").shift()
    goes_on = pl.col("customer_id") == pl.col("customer_id").shift(-1)
    seen = (
        frame.group_by("customer_id", "period")
        .agg(revenue.sum(), segment.min())
        .sort("customer_id", "period")
        .select(
            "period",
            "segment",
            "revenue",
            before=pl.when(known).then(period.shift()),
            paid=pl.when(known).then(revenue.shift()),
            was=pl.when(known).then(segment.shift()),
            after=pl.when(goes_on).then(period.shift(-1)),
            becomes=pl.when(goes_on).then(segment.shift(-1)),
        )
    )
    last_month, next_month = period.dt.offset_by("-1mo"), period.dt.offset_by("1mo")
    before, paid, was = pl.col("before"), pl.col("paid"), pl.col("was")
    told = seen.select(
        "period",
        "segment",
        "revenue",
        "paid",
        is_new=before.is_null(),
        returns=before < last_month,
        was_there=before == last_month,
        stayed=(before == last_month) & (was == segment),
        comes=(before == last_month) & (was != segment),
        moves=(pl.col("after") == next_month) & (pl.col("becomes") != segment),
        change=revenue - paid,
    )
    change, was_there = pl.col("change"), pl.col("was_there")
    stayed, comes, moves = pl.col("stayed"), pl.col("comes"), pl.col("moves")
    counts = told.group_by("period", "segment").agg(
        closing=pl.len(),
        new=pl.col("is_new").sum(),
        reactivated=pl.col("returns").sum(),
        retained=stayed.sum(),
        transferred_in=comes.sum(),
        moves_away=moves.sum(),
        upgraded=(stayed & (change > NOISE)).sum(),
        downgraded=(stayed & (change < -NOISE)).sum(),
        closing_revenue=revenue.sum(),
        new_revenue=revenue.filter(pl.col("is_new")).sum(),
        reactivated_revenue=revenue.filter(pl.col("returns")).sum(),
        kept_revenue=paid.filter(stayed).sum(),
        transferred_in_revenue=paid.filter(comes).sum(),
        away_revenue=revenue.filter(moves).sum(),
        expansion_revenue=change.filter(was_there & (change > 0)).sum(),
        contraction_revenue=-change.filter(was_there & (change < 0)).sum(),
    )
    before_now = {
        "opening": "closing",
        "transferred_out": "moves_away",
        "opening_revenue": "closing_revenue",
        "transferred_out_revenue": "away_revenue",
    }
    flows = (
        counts.sort("segment", "period")
        .with_columns(
            **{name: pl.col(was).shift().over("segment") for name, was in before_now.items()}
        )
        .filter(pl.col("opening").is_not_null())
        .with_columns(
            lost=pl.col("opening").cast(int) - pl.col("retained") - pl.col("transferred_out"),
            lost_revenue=pl.col("opening_revenue")
            - pl.col("kept_revenue")
            - pl.col("transferred_out_revenue"),
        )
    )
    rates = {f"{flow}_rate": pl.col(flow) / pl.col("opening") for flow in _FLOWS}
    inner = ("moves_away", "kept_revenue", "away_revenue")
    return flows.with_columns(**rates).drop(inner).sort("period", "segment")


def rfm(frame: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    ranked = {
        "recency_score": (pl.col("recency_days"), True),
        "frequency_score": (pl.col("frequency"), False),
        "monetary_score": (pl.col("monetary"), False),
    }
    recency, frequency, monetary = (pl.col(name) for name in ranked)
    return (
        frame.filter(pl.col("recharged_at") <= as_of)
        .group_by("customer_id")
        .agg(
            recency_days=(pl.lit(as_of) - pl.col("recharged_at").max()).dt.total_days(),
            frequency=pl.len(),
            monetary=pl.col("amount").sum().round(6),
        )
        .with_columns(
            **{
                name: 1 + 5 * (measure.rank("min", descending=down).cast(int) - 1) // pl.len()
                for name, (measure, down) in ranked.items()
            }
        )
        .with_columns(rfm_score=100 * recency + 10 * frequency + monetary)
        .sort("customer_id")
    )


def abc(frame: pl.LazyFrame) -> pl.LazyFrame:
    value, above = pl.col("revenue"), pl.col("above")
    positive = value.clip(lower_bound=0)
    return (
        frame.group_by("customer_id")
        .agg(value.sum().round(6))
        .sort(["revenue", "customer_id"], descending=[True, False])
        .with_columns(rank=value.rank("min", descending=True).cast(int), so_far=positive.cum_sum())
        .with_columns(
            cumulative=pl.col("so_far").max().over("revenue") / positive.sum(),
            above=((pl.col("so_far").min().over("revenue") - positive) / positive.sum()).round(9),
        )
        .select(
            "customer_id",
            "revenue",
            "rank",
            share=(positive / positive.sum()).round(9),
            cumulative_share=pl.col("cumulative").round(9),
            abc_class=pl.when(value <= 0)
            .then(pl.lit("C"))
            .when(above < 0.8)
            .then(pl.lit("A"))
            .when(above < 0.95)
            .then(pl.lit("B"))
            .otherwise(pl.lit("C")),
        )
    )
