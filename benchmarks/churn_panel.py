"""Churn: CPU, wall time and peak memory to build a panel, beside a hand-written script in Polars.

    python benchmarks/churn_panel.py --subscribers 1000000 [--snapshots 12] [--keep FOLDER]

The operator is made once and written as Parquet. Each build reads the files lazily in a process of
its own, on two threads, and writes the panel as Parquet: all features on each engine, and five of
them, without the rules for silent lines, beside `churn_panel_by_hand.py`, which writes the same
columns for those. Both engines have to write the same rows, and so have telcrm and the script.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

# The folder of the script is on the path when it is run, the package is when it is imported.
sys.path.insert(0, str(Path(__file__).parents[1]))

FIRST = date(2025, 1, 1)
BEFORE, AFTER = 3, 2
"""Months told of before the first snapshot, and after the last."""

TABLES = (
    "subscriptions",
    "customers",
    "subscriber_months",
    "usage",
    "recharges",
    "invoices",
    "payments",
    "complaints",
    "interactions",
)
FIVE = ("tenure_months", "voice_30d", "revenue_change", "recharge_count", "complaint_count")
BUILDS = {
    "all features, polars": ("polars", "all"),
    "all features, duckdb": ("duckdb", "all"),
    "five features, polars": ("polars", "five"),
    "five features, duckdb": ("duckdb", "five"),
    "five features, by hand": ("by hand", "five"),
}


def month_start(at: int) -> date:
    """Return the first day of a month, counted from the first one told of."""
    return date(FIRST.year + (FIRST.month - 1 + at) // 12, (FIRST.month - 1 + at) % 12 + 1, 1)


def generate(subscribers: int, snapshots: int, folder: Path) -> None:
    from telcrm.synth import Operator, UsageProfile

    months = BEFORE + snapshots - 1 + AFTER
    usage = UsageProfile(days=30 * months, records=20 * subscribers)
    operator = Operator(
        subscribers=subscribers, months=months, first_period=FIRST, seed=1, usage=usage
    )
    for name in TABLES:
        frame = operator.tables([name])[name]
        frame.write_parquet(folder / f"{name}.parquet")
        print(f"{name:18} {frame.height:>12,} rows", flush=True)


def open_tables(engine: str, folder: Path) -> tuple[dict[str, Any], Any]:
    files = {name: str(folder / f"{name}.parquet") for name in TABLES}
    if engine != "duckdb":
        return {name: pl.scan_parquet(path) for name, path in files.items()}, None
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    return {name: connection.read_parquet(path) for name, path in files.items()}, connection


def build(engine: str, kind: str, snapshots: int, folder: Path) -> None:
    """Build a panel, write it, and print what it took as JSON."""
    days = [month_start(BEFORE + at) for at in range(snapshots)]
    end = month_start(BEFORE + snapshots - 1 + AFTER)
    path = folder / f"panel-{engine.replace(' ', '-')}-{kind}.parquet"
    tables, _connection = open_tables(engine, folder)
    if engine == "by hand":
        from benchmarks.churn_panel_by_hand import panel_by_hand
    else:
        from telcrm.churn import ChurnWindow, build_panel
    wall, cpu = time.perf_counter(), time.process_time()
    if engine == "by hand":
        panel_by_hand(tables, days, end).sink_parquet(path)
    else:
        five = kind == "five"
        frame = build_panel(
            tables,
            window=ChurnWindow(prepaid=None, absent_months=None) if five else None,
            snapshots=days,
            data_end=end,
            features=FIVE if five else None,
        ).frame
        if engine == "duckdb":
            frame.write_parquet(str(path))
        else:
            frame.sink_parquet(path)
    measured = {
        "seconds": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_gb": _peak_gb(),
    }
    print(json.dumps(measured))


def _peak_gb() -> float:
    # The figure of getrusage is inherited from the process that started this one.
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 2**20


def run(label: str, snapshots: int, folder: Path) -> dict[str, float]:
    engine, kind = BUILDS[label]
    command = [sys.executable, __file__, "--one", engine, kind, str(folder)]
    done = subprocess.run(  # noqa: S603 (own command)
        [*command, "--snapshots", str(snapshots)],
        env={**os.environ, "POLARS_MAX_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{label}:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def require_equal(kind: str, folder: Path) -> None:
    """Hold the panels of one kind against each other, numbers up to the noise of adding floats."""
    keys = ["subscription_id", "snapshot"]
    paths = sorted(folder.glob(f"panel-*-{kind}.parquet"))
    first, *others = (pl.scan_parquet(path) for path in paths)
    schemas = [pl.read_parquet_schema(path) for path in paths]
    names = [name for name in schemas[0] if all(name in schema for schema in schemas[1:])]
    for path, other in zip(paths[1:], others, strict=True):
        told = first.select(pl.len()).collect().item(), other.select(pl.len()).collect().item()
        assert told[0] == told[1], f"{path.stem} has {told[1]:,} rows, not {told[0]:,}"
        for name in set(names) - set(keys):
            two = first.select(*keys, one=name).join(
                other.select(*keys, two=name), on=keys, how="full", coalesce=True
            )
            one = pl.col("one")
            same = one.eq_missing(pl.col("two"))
            if schemas[0][name].is_float():
                near = (one - pl.col("two")).abs() <= 1e-6 + 1e-9 * one.abs()
                same = near.fill_null(value=False) | (one.is_null() & pl.col("two").is_null())
            wrong = two.filter(~same).collect(engine="streaming")
            assert wrong.is_empty(), f"{path.stem}: {name} differs\n{wrong.head()}"
    print(f"{len(paths)} panels of {kind} features agree.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=12)
    parser.add_argument("--only", nargs="*", choices=list(BUILDS), default=list(BUILDS))
    parser.add_argument("--keep", help="a folder for the tables, made there once")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        engine, kind, path = given.one
        build(engine, kind, given.snapshots, Path(path))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(given.keep or name)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / f"{TABLES[-1]}.parquet").exists():
            generate(given.subscribers, given.snapshots, folder)
        print(
            f"\n{'panel':24} {'wall s':>8} {'CPU s':>8} {'peak GB':>8} {'rows':>12} {'rows/s':>9}"
        )
        taken = {}
        for label in given.only:
            engine, kind = BUILDS[label]
            m = taken[label] = run(label, given.snapshots, folder)
            path = folder / f"panel-{engine.replace(' ', '-')}-{kind}.parquet"
            rows = pl.scan_parquet(path).select(pl.len()).collect().item()
            speed = rows / m["seconds"]
            print(
                f"{label:24} {m['seconds']:8.1f} {m['cpu_s']:8.1f} {m['peak_gb']:8.2f}"
                f" {rows:>12,} {speed:>9,.0f}",
                flush=True,
            )
        hand = taken.get("five features, by hand")
        for label, m in taken.items():
            if hand and label.startswith("five"):
                print(f"{label:24} CPU {m['cpu_s'] / hand['cpu_s']:.2f} x by hand")
        for kind in ("all", "five"):
            require_equal(kind, folder)


if __name__ == "__main__":
    main()
