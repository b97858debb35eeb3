"""Seconds, CPU and peak memory to add one month to the subscriber-month mart.

    python benchmarks/mart.py --subscribers 1000000

The operator is made once and written as Parquet. Each engine then adds the last month twice, in a
process of its own that reads the files lazily and stores the month: from the tables alone, and
after the month before, so that usage and recharges are read of one month only. Both engines have
to store the same rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

MONTHS = 4
FIRST = date(2025, 1, 1)
BEFORE, LAST = date(2025, 3, 1), date(2025, 4, 1)
TABLES = (
    "customers",
    "subscriptions",
    "usage",
    "recharges",
    "invoices",
    "payments",
    "complaints",
    "interactions",
    "equipment",
)
ENGINES = ("polars", "duckdb")


def generate(subscribers: int, records: int, folder: Path) -> None:
    from telcrm.synth import Operator, UsageProfile

    usage = UsageProfile(days=115, records=records)
    operator = Operator(
        subscribers=subscribers, months=MONTHS, first_period=FIRST, seed=1, usage=usage
    )
    for name in TABLES:
        frame = operator.tables([name])[name]
        frame.write_parquet(folder / f"{name}.parquet")
        print(f"{name:14} {frame.height:>12,} rows")


def open_tables(engine: str, folder: Path) -> tuple[dict[str, Any], Any]:
    files = {name: str(folder / f"{name}.parquet") for name in TABLES}
    if engine == "polars":
        return {name: pl.scan_parquet(path) for name, path in files.items()}, None
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    return {name: connection.read_parquet(path) for name, path in files.items()}, connection


def add(engine: str, kind: str, folder: Path) -> None:
    from telcrm.mart import MartStore, subscriber_month

    tables, connection = open_tables(engine, folder)
    store = MartStore(folder / f"mart-{engine}-{kind}")
    previous = None
    if kind == "previous":
        before = MartStore(folder / "mart-before")
        previous = before.scan(engine=engine, periods=[BEFORE], connection=connection)
    wall, cpu = time.perf_counter(), time.process_time()
    store.add(subscriber_month(tables, LAST, previous=previous))
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_gb": _peak_gb(),
    }
    print(json.dumps(measured))


def _peak_gb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # The figure of getrusage is inherited from the process that started this one.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def add_before(folder: Path) -> None:
    from telcrm.mart import MartStore, subscriber_month

    tables, _ = open_tables("polars", folder)
    MartStore(folder / "mart-before").add(subscriber_month(tables, BEFORE))


def run(engine: str, kind: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", engine, kind, str(folder)]
    environment = {"POLARS_MAX_THREADS": "2"}
    found: dict[str, float] = json.loads(
        subprocess.check_output(command, env=environment)  # noqa: S603 (own command)
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, help="rows of usage; 20 for each subscriber")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        engine, kind, path = given.one
        if kind == "before":
            add_before(Path(path))
        else:
            add(engine, kind, Path(path))
        return
    from telcrm.mart import MartStore

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(given.subscribers, given.records or 20 * given.subscribers, folder)
        before = [sys.executable, __file__, "--one", "polars", "before", name]
        subprocess.run(before, check=True)  # noqa: S603 (own command)
        print(f"\n{'one month added':28} {'seconds':>8} {'CPU s':>8} {'peak GB':>8}")
        months = []
        for engine in ENGINES:
            for kind in ("alone", "previous"):
                m = run(engine, kind, folder)
                label = f"{engine}, {'after the month before' if kind == 'previous' else 'alone'}"
                print(f"{label:28} {m['seconds']:8.2f} {m['cpu_s']:8.2f} {m['peak_gb']:8.2f}")
                months.append(MartStore(folder / f"mart-{engine}-{kind}").scan().collect())
        assert all(month.equals(months[0]) for month in months), "the months differ"
        print(f"\nAll four stored the same {months[0].height:,} rows of {months[0].width} columns.")


if __name__ == "__main__":
    main()
