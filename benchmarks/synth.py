"""Seconds and peak memory of the synthetic operator: subscriber-months and usage records.

Each part runs in a process of its own, so that its peak resident set is its own.

Run ``python benchmarks/synth.py [--subscribers N] [--months N] [--records N] [--backend NAME]``.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

from telcrm.synth import Operator, UsageProfile

_MIB_PER_KIB = 1 / 1024


def measure(table: str, operator: Operator, backend: str) -> None:
    start, cpu_start = time.perf_counter(), time.process_time()
    frame = operator.tables([table], backend=backend)[table]
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MIB_PER_KIB
    rows, columns = frame.shape
    print(
        f"{table}: {rows:,} rows x {columns} columns in {seconds:.1f} s "
        f"({cpu:.1f} s CPU), peak {peak:,.0f} MiB ({backend})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--usage-subscribers", type=int, default=100_000)
    parser.add_argument("--backend", default="polars")
    parser.add_argument("--only", choices=["subscriber_months", "usage"])
    given = parser.parse_args()
    if given.only == "subscriber_months":
        operator = Operator(subscribers=given.subscribers, months=given.months, seed=1)
        measure(given.only, operator, given.backend)
    elif given.only == "usage":
        profile = UsageProfile(records=given.records)
        operator = Operator(subscribers=given.usage_subscribers, seed=1, usage=profile)
        measure(given.only, operator, given.backend)
    else:
        for part in ("subscriber_months", "usage"):
            subprocess.run([sys.executable, *sys.argv, "--only", part], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
