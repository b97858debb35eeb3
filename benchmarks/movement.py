"""Movement of the base: telcrm beside the same question written by hand, on the same rows.

    python benchmarks/movement.py --rows 10000000

Each contender runs in a process of its own, reads the same Parquet file with the same number of
threads, and has to give the same rows. Seconds are wall time; CPU seconds and peak memory are those
of its process, from after the imports to the result.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

MONTHS = 16
COUNTS = ["opening", "new", "reactivated", "lost", "closing", "retained", "upgraded", "downgraded"]
# Below this, adding the same floats in another order would pass for a change of revenue.
NOISE = 0.0000005


def generate(rows: int, path: Path) -> None:
    """Write subscriber-months with gaps, joins and leaves; one row in nine is a second one."""
    rng = np.random.default_rng(0)
    customers = rows // 9
    customer = np.repeat(np.arange(customers), MONTHS)
    month = np.tile(np.arange(MONTHS), customers)
    begin = np.repeat(rng.integers(-MONTHS, MONTHS, customers), MONTHS)
    end = begin + np.repeat(rng.integers(1, 2 * MONTHS, customers), MONTHS)
    active = (month >= begin) & (month < end) & (rng.random(len(month)) > 0.03)
    customer, month = customer[active], month[active]
    second = rng.random(len(customer)) < 0.12
    customer, month = np.r_[customer, customer[second]], np.r_[month, month[second]]
    starts = np.datetime64("2024-01") + np.arange(MONTHS).astype("timedelta64[M]")
    frame = pl.DataFrame(
        {
            "customer_id": pl.Series(customer).cast(pl.String).str.zfill(9),
            "period": starts.astype("datetime64[D]")[month],
            "revenue": rng.choice([5.0, 9.9, 15.0, 29.9], len(customer)),
        }
    )
    frame.sample(fraction=1.0, shuffle=True, seed=1).head(rows).write_parquet(path)


def _duckdb_relation(path: Path) -> tuple[Any, Any]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    return connection, connection.read_parquet(str(path))


def telcrm_duckdb(path: Path) -> pl.DataFrame:
    from telcrm.kpi import movement

    _connection, relation = _duckdb_relation(path)
    result: pl.DataFrame = movement(relation).pl()
    return result


def sql_duckdb(path: Path) -> pl.DataFrame:
    _connection, relation = _duckdb_relation(path)
    answer = relation.query(
        "given",
        """
        WITH months AS (
            SELECT customer_id, period, sum(revenue) AS revenue FROM given GROUP BY ALL
        ), seen AS (
            SELECT *, lag(period) OVER w AS before, lag(revenue) OVER w AS paid
            FROM months WINDOW w AS (PARTITION BY customer_id ORDER BY period)
        ), counts AS (
            SELECT period, count(*) AS closing,
                count(*) FILTER (before IS NULL) AS new,
                count(*) FILTER (before < period - INTERVAL 1 MONTH) AS reactivated,
                count(*) FILTER (before = period - INTERVAL 1 MONTH) AS retained,
                count(*) FILTER (before = period - INTERVAL 1 MONTH
                                 AND revenue - paid > 0.0000005) AS upgraded,
                count(*) FILTER (before = period - INTERVAL 1 MONTH
                                 AND paid - revenue > 0.0000005) AS downgraded
            FROM seen GROUP BY period
        ), opened AS (SELECT *, lag(closing) OVER (ORDER BY period) AS opening FROM counts)
        SELECT period, opening, new, reactivated, opening - retained AS lost, closing, retained,
            upgraded, downgraded
        FROM opened WHERE opening IS NOT NULL ORDER BY period
    """,
    )
    result: pl.DataFrame = answer.pl()
    return result


def telcrm_polars(path: Path) -> pl.DataFrame:
    from telcrm.kpi import movement

    return movement(pl.scan_parquet(path)).collect()


def hand_polars(path: Path) -> pl.DataFrame:
    # Sorted once, a plain shift and a comparison are faster than windows over customers.
    known = pl.col("customer_id") == pl.col("customer_id").shift()
    before = pl.when(known).then(pl.col("period").shift())
    paid = pl.when(known).then(pl.col("revenue").shift())
    stayed = pl.col("before") == pl.col("period").dt.offset_by("-1mo")
    change = pl.col("revenue") - pl.col("paid")
    return (
        pl.scan_parquet(path)
        .group_by("customer_id", "period")
        .agg(pl.col("revenue").sum())
        .sort("customer_id", "period")
        .with_columns(before=before, paid=paid)
        .group_by("period")
        .agg(
            closing=pl.len(),
            new=pl.col("before").is_null().sum(),
            reactivated=(pl.col("before") < pl.col("period").dt.offset_by("-1mo")).sum(),
            retained=stayed.sum(),
            upgraded=(stayed & (change > NOISE)).sum(),
            downgraded=(stayed & (change < -NOISE)).sum(),
        )
        .sort("period")
        .with_columns(opening=pl.col("closing").shift())
        .with_columns(lost=pl.col("opening") - pl.col("retained"))
        .filter(pl.col("opening").is_not_null())
        .collect()
    )


CONTENDERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "telcrm on DuckDB": telcrm_duckdb,
    "DuckDB SQL by hand": sql_duckdb,
    "telcrm on Polars": telcrm_polars,
    "Polars by hand": hand_polars,
}


def run_one(name: str, path: Path) -> None:
    import duckdb  # noqa: F401 (both engines are loaded before the clock starts)

    import telcrm.kpi  # noqa: F401

    wall, cpu = time.perf_counter(), time.process_time()
    result = CONTENDERS[name](path)
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "rows": result.select(pl.col("period").cast(pl.String), pl.col(COUNTS).cast(int)).rows(),
    }
    print(json.dumps(measured))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the fastest counts")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "subscriber_months.parquet")
        generate(arguments.rows, path)
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        print(f"{rows:,} subscriber-months of {MONTHS} months\n")
        print(f"{'':20} {'seconds':>8} {'CPU s':>8} {'peak GB':>8} {'telcrm / by hand':>17}")
        best = {name: _best(name, path, arguments.repeat) for name in CONTENDERS}
    answers = {json.dumps(measured["rows"]) for measured in best.values()}
    names = list(best)
    for ours, hand in zip(names[::2], names[1::2], strict=True):
        ratio = best[ours]["seconds"] / best[hand]["seconds"]
        for name, note in ((ours, f"{ratio:.2f}"), (hand, "")):
            m = best[name]
            print(f"{name:20} {m['seconds']:8.2f} {m['cpu_s']:8.2f} {m['peak_gb']:8.2f} {note:>17}")
    assert len(answers) == 1, "the contenders disagree"
    print("\nAll four gave the same rows.")


def _best(name: str, path: Path, repeat: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", name, str(path)]
    environment = {"POLARS_MAX_THREADS": "2"}
    runs = [
        json.loads(subprocess.check_output(command, env=environment))  # noqa: S603 (own command)
        for _ in range(repeat)
    ]
    return min(runs, key=lambda run: float(run["seconds"]))


if __name__ == "__main__":
    main()
