"""Movement by segment, RFM and ABC: telcrm beside the same question written by hand.

    python benchmarks/kpi.py [--rows 10000000] [--customers 10000000] [--spark-rows 2000000]

Each contender runs in a process of its own, reads the same Parquet file with the same number of
threads, and has to give the same answer. Seconds are wall time; CPU seconds and peak memory are
those of its process, from after the imports (and Spark's start) to the result. Of Spark only the
wall time is told: its work is done in another process. The ratio is telcrm's to what stands below.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import kpi_by_hand

MONTHS = 16
THREADS = 2
AS_OF = date(2025, 1, 1)
SEGMENTS = np.array(["business", "consumer", "student", "senior", "wholesale"])


def generate_months(rows: int, path: Path) -> None:
    """Write subscriber-months with gaps, joins, leaves and moves; one row in nine is a second."""
    rng = np.random.default_rng(0)
    customers = rows // 9
    customer = np.repeat(np.arange(customers, dtype=np.int32), MONTHS)
    month = np.tile(np.arange(MONTHS, dtype=np.int8), customers)
    begin = np.repeat(rng.integers(-MONTHS, MONTHS, customers, dtype=np.int8), MONTHS)
    end = begin + np.repeat(rng.integers(1, 2 * MONTHS, customers, dtype=np.int8), MONTHS)
    active = (month >= begin) & (month < end) & (rng.random(len(month), dtype=np.float32) > 0.03)
    customer, month = customer[active], month[active]
    second = rng.random(len(customer), dtype=np.float32) < 0.12
    customer, month = np.r_[customer, customer[second]], np.r_[month, month[second]]
    # Most stay in one segment; one in twenty moves on half-way.
    segment = rng.integers(0, len(SEGMENTS), customers, dtype=np.int8)[customer]
    moves = (rng.random(customers, dtype=np.float32) < 0.05)[customer] & (month >= MONTHS // 2)
    segment = (segment + moves) % len(SEGMENTS)
    starts = np.datetime64("2024-01") + np.arange(MONTHS).astype("timedelta64[M]")
    frame = pl.DataFrame(
        {
            "customer_id": pl.Series(customer).cast(pl.String).str.zfill(9),
            "period": starts.astype("datetime64[D]")[month],
            "segment": pl.Series(SEGMENTS)[segment],
            "revenue": rng.choice([5.0, 9.9, 15.0, 29.9], len(customer)),
        }
    )
    frame.sample(fraction=1.0, shuffle=True, seed=1).head(rows).write_parquet(path)


def generate_recharges(customers: int, path: Path) -> None:
    """Write two recharges per customer on average, at least one."""
    rng = np.random.default_rng(0)
    customer = np.repeat(
        np.arange(customers, dtype=np.int32), 1 + rng.poisson(1.0, customers).astype(np.int8)
    )
    day = np.datetime64("2024-01-01") + rng.integers(0, 366, len(customer)).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "customer_id": pl.Series(customer).cast(pl.String).str.zfill(9),
            "recharged_at": day,
            "amount": rng.choice([3.0, 5.0, 10.0, 20.0, 50.0], len(customer)),
        }
    )
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_parquet(path)


def generate_values(customers: int, path: Path) -> None:
    """Write one value per customer, few of them large; one in a hundred is a credit."""
    rng = np.random.default_rng(0)
    revenue = np.round(rng.lognormal(2.5, 1.2, customers), 2)
    revenue[rng.random(customers) < 0.01] *= -1
    number = pl.Series(rng.permutation(customers)).cast(pl.String).str.zfill(9)
    pl.DataFrame({"customer_id": number, "revenue": revenue}).write_parquet(path)


def duckdb_relation(path: Path) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    return connection.read_parquet(str(path))


def spark_frame(path: Path) -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.active().read.parquet(str(path))


def start_spark() -> None:
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master(f"local[{THREADS}]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "6g")
        .config("spark.sql.shuffle.partitions", str(2 * THREADS))
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    session.range(1000).selectExpr("id % 7 AS k").groupBy("k").count().toArrow()


def ask_telcrm(question: str, frame: Any) -> Any:
    from telcrm import kpi, segmentation

    match question:
        case "movement":
            return kpi.movement(frame, by="segment")
        case "rfm":
            return segmentation.rfm(frame, as_of=AS_OF)
        case _:
            return segmentation.abc(frame)


def sql(question: str) -> str:
    match question:
        case "movement":
            return kpi_by_hand.MOVEMENT_SQL
        case "rfm":
            return kpi_by_hand.RFM_SQL.format(as_of=AS_OF)
        case _:
            return kpi_by_hand.ABC_SQL


def telcrm_duckdb(question: str, path: Path) -> pl.DataFrame:
    relation = duckdb_relation(path)
    result: pl.DataFrame = ask_telcrm(question, relation).pl()
    return result


def sql_duckdb(question: str, path: Path) -> pl.DataFrame:
    result: pl.DataFrame = duckdb_relation(path).query("given", sql(question)).pl()
    return result


def telcrm_polars(question: str, path: Path) -> pl.DataFrame:
    result: pl.DataFrame = ask_telcrm(question, pl.scan_parquet(path)).collect()
    return result


def hand_polars(question: str, path: Path) -> pl.DataFrame:
    rows = pl.scan_parquet(path)
    match question:
        case "movement":
            return kpi_by_hand.movement(rows).collect()
        case "rfm":
            return kpi_by_hand.rfm(rows, AS_OF).collect()
        case _:
            return kpi_by_hand.abc(rows).collect()


def telcrm_spark(question: str, path: Path) -> pl.DataFrame:
    return _from_arrow(ask_telcrm(question, spark_frame(path)).toArrow())


def sql_spark(question: str, path: Path) -> pl.DataFrame:
    rows = spark_frame(path)
    rows.createOrReplaceTempView("given")
    return _from_arrow(rows.sparkSession.sql(sql(question)).toArrow())


def _from_arrow(table: Any) -> pl.DataFrame:
    result = pl.from_arrow(table)
    assert isinstance(result, pl.DataFrame)
    return result


CONTENDERS: dict[str, Callable[[str, Path], pl.DataFrame]] = {
    "telcrm on DuckDB": telcrm_duckdb,
    "DuckDB SQL by hand": sql_duckdb,
    "telcrm on Polars": telcrm_polars,
    "Polars by hand": hand_polars,
    "telcrm on Spark": telcrm_spark,
    "Spark SQL by hand": sql_spark,
}
ON_ONE_MACHINE = list(CONTENDERS)[:4]
ON_SPARK = list(CONTENDERS)[4:]


def digest(question: str, result: pl.DataFrame) -> list[Any]:
    """Reduce an answer to a few rows that differ if anything in it does."""
    if question == "movement":
        texts = [pl.col("period").cast(pl.Date).cast(pl.String), pl.col("segment")]
        named = sorted(set(result.columns) - {"period", "segment"})
        numbers = [pl.col(name).cast(float).round(4) + 0.0 for name in named]
        return [named, *result.select(*texts, *numbers).rows()]
    by = "rfm_score" if question == "rfm" else "abc_class"
    numbers = [pl.col(n).cast(float).sum().round(1) for n in sorted(result.columns)
               if n not in {"customer_id", by}]  # fmt: skip
    order = result["customer_id"].hash(seed=0) * pl.int_range(len(result), eager=True).hash(seed=1)
    per_group = result.group_by(by).agg(pl.len(), *numbers).sort(by).rows()
    return [order.sum() if question == "rfm" else len(order), *per_group]


def run_one(name: str, question: str, path: Path) -> None:
    import duckdb  # noqa: F401 (both engines are loaded before the clock starts)

    import telcrm.kpi
    import telcrm.segmentation  # noqa: F401

    if name in ON_SPARK:
        start_spark()
    wall, cpu = time.perf_counter(), time.process_time()
    result = CONTENDERS[name](question, path)
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "answer": digest(question, result),
    }
    print(json.dumps(measured))


def compare(question: str, names: list[str], path: Path, repeat: int) -> None:
    """Run the contenders in turn, print the best of each, and stop if they disagree."""
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    print(f"\n{question}, {rows:,} rows")
    print(
        f"{'':20} {'seconds':>8} {'CPU s':>8} {'peak GB':>8} {'ratio: s':>9} {'CPU':>6} {'GB':>6}"
    )
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            runs[name].append(_run(name, question, path))
    best = {name: min(of, key=lambda run: float(run["seconds"])) for name, of in runs.items()}
    for ours, hand in zip(names[::2], names[1::2], strict=True):
        for name, beside in ((ours, hand), (hand, "")):
            m = best[name]
            ratio = ""
            if beside:
                r = {key: m[key] / best[beside][key] for key in ("seconds", "cpu_s", "peak_gb")}
                ratio = f"{r['seconds']:9.2f}"
                if name not in ON_SPARK:
                    ratio += f" {r['cpu_s']:6.2f} {r['peak_gb']:6.2f}"
            rest = "" if name in ON_SPARK else f"{m['cpu_s']:8.2f} {m['peak_gb']:8.2f}"
            print(f"{name:20} {m['seconds']:8.2f} {rest:17} {ratio}".rstrip(), flush=True)
    answers = [best[name]["answer"] for name in names]
    for name, answer in zip(names[1:], answers[1:], strict=True):
        for one, other in zip(answers[0], answer, strict=True):
            assert one == other, f"{names[0]} and {name} disagree: {one} and {other}"
    print("All gave the same answer.")


def _run(name: str, question: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", name, question, str(path)]
    environment = os.environ | {"POLARS_MAX_THREADS": str(THREADS)}
    output = subprocess.check_output(command, env=environment)  # noqa: S603 (own command)
    measured: dict[str, Any] = json.loads(output.splitlines()[-1])
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000, help="of movement; 0 leaves it out")
    parser.add_argument("--customers", type=int, default=10_000_000, help="of RFM and ABC; or 0")
    parser.add_argument("--spark-rows", type=int, default=2_000_000, help="of movement on Spark")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the fastest counts")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run_one(given.one[0], given.one[1], Path(given.one[2]))
        return
    plan: list[tuple[str, list[str], Callable[[int, Path], None], int]] = [
        ("movement", ON_ONE_MACHINE, generate_months, given.rows),
        ("rfm", ON_ONE_MACHINE, generate_recharges, given.customers),
        ("abc", ON_ONE_MACHINE, generate_values, given.customers),
        ("movement", ON_SPARK, generate_months, given.spark_rows),
    ]
    for question, names, generate, size in plan:
        if not size:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "given.parquet")
            generate(size, path)
            compare(question, names, path, given.repeat)


if __name__ == "__main__":
    main()
