"""Validate subscriber-months with three planted errors: telcrm, Pandera, and a check by hand.

    python benchmarks/validate.py --rows 10000000

All of them check the same rows in this one process, in turn, and have to find the same three rows.
Seconds are wall time, CPU seconds those of the process; the ratio is of CPU seconds to the check by
hand, which knows the answer's shape and does no more than it must: no key lookup, no messages.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date

import duckdb
import numpy as np
import polars as pl

from telcrm import tables

MONTHS = 10
PLANTED = {"customer_id", "period", "revenue"}
KEY = r"^[!-~](?:[ -~]*[!-~])?$"


def generate(rows: int) -> pl.DataFrame:
    """Make subscriber-months in which three cells are wrong, each in another way."""
    subscribers = rows // MONTHS
    number = pl.Series(np.repeat(np.arange(subscribers), MONTHS)).cast(pl.String)
    starts = np.datetime64("2025-01") + np.arange(MONTHS).astype("timedelta64[M]")
    frame = pl.DataFrame({"number": number}).select(
        subscription_id="S-" + pl.col("number"),
        period=pl.Series(np.tile(starts.astype("datetime64[D]"), subscribers)),
        customer_id="C-" + pl.col("number"),
        revenue=pl.Series(np.random.default_rng(0).gamma(2.0, 10.0, len(number))),
    )
    frame[len(frame) // 2, "revenue"] = float("nan")
    frame[len(frame) // 3, "customer_id"] = None
    frame[len(frame) // 4, "period"] = date(2025, 3, 2)
    return frame


def telcrm_polars(frame: pl.DataFrame) -> set[str]:
    report = tables.validate(frame, "subscriber_months")
    print(report)
    return {finding.column for finding in report.errors}


def telcrm_duckdb(frame: pl.DataFrame) -> set[str]:
    report = tables.validate(duckdb.from_arrow(frame.to_arrow()), "subscriber_months")
    print(report)
    return {finding.column for finding in report.errors}


def by_hand(frame: pl.DataFrame) -> set[str]:
    named = [pl.col("subscription_id"), pl.col("customer_id")]
    counts = (
        frame.lazy()
        .select(
            customer_id=pl.any_horizontal(
                *(
                    name.is_null() | (name.str.len_chars() > 64) | ~name.str.contains(KEY)
                    for name in named
                )
            ).sum(),
            period=(pl.col("period").is_null() | (pl.col("period").dt.day() != 1)).sum(),
            revenue=(pl.col("revenue").is_null() | ~pl.col("revenue").is_finite()).sum(),
            key=pl.struct("subscription_id", "period").is_duplicated().sum(),
        )
        .collect()
        .row(0, named=True)
    )
    return {column for column, count in counts.items() if count}


def pandera_polars(frame: pl.DataFrame) -> set[str]:
    import pandera.polars as pa

    name = [pa.Check.str_matches(KEY), pa.Check.str_length(1, 64)]
    first = pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).dt.day() == 1))
    finite = pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).is_finite()))
    schema = pa.DataFrameSchema(
        {
            "subscription_id": pa.Column(str, name),
            "period": pa.Column(pl.Date, first),
            "customer_id": pa.Column(str, name),
            "revenue": pa.Column(float, finite),
        },
        unique=["subscription_id", "period"],
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return set(errors.failure_cases["column"].unique())
    return set()


CONTENDERS: dict[str, Callable[[pl.DataFrame], set[str]]] = {
    "by hand on Polars": by_hand,
    "telcrm on Polars": telcrm_polars,
    "telcrm on DuckDB": telcrm_duckdb,
    "Pandera on Polars": pandera_polars,
}


def main() -> None:
    """Run every contender in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    frame = generate(parser.parse_args().rows)
    measured = {}
    for name, contender in CONTENDERS.items():
        wall, cpu = time.perf_counter(), time.process_time()
        found = contender(frame)
        measured[name] = (time.perf_counter() - wall, time.process_time() - cpu)
        assert found == PLANTED, f"{name} found {found}"
    limit = measured["by hand on Polars"][1]
    print(f"\n{len(frame):,} rows x {frame.width} columns, {len(PLANTED)} planted errors")
    print(f"{'':20}{'seconds':>9}{'CPU s':>8}{'ratio':>7}")
    for name, (wall, cpu) in measured.items():
        print(f"{name:20}{wall:9.2f}{cpu:8.2f}{cpu / limit:7.2f}")


if __name__ == "__main__":
    main()
