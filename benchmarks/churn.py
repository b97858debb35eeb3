"""Churn: what its metrics cost beside scikit-learn's and empulse's.

    python benchmarks/churn.py [--only metrics] [--scores 1000000] [--peer]

Each step runs in a process of its own, on one thread, and reads the same arrays. Seconds are CPU
seconds of the step alone, after the imports and one call to warm up; the fastest of five counts.
Ratios are to scikit-learn's ``roc_auc_score`` on the same scores: below 1 the step is faster.

--peer also measures empulse 0.11.1, the last release under the MIT licence, in an environment of
its own that is made with pip for this run and thrown away, and holds the answers against each
other. Of a million scores its EMPC is 2e-4 below the integral, which tests/churn/evaluation takes
by brute force; of a few thousand the two agree to ten digits.
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
import venv
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

PEER = "empulse==0.11.1"
REPEATED = 5
BASE = "scikit-learn roc_auc_score"

Step = Callable[[], Any]


def draw_scores(customers: int, path: Path) -> None:
    """Write outcomes of which 15 % left, and scores that know something of them."""
    chance = np.random.default_rng(0)
    y = (chance.random(customers) < 0.15).astype(np.int64)
    s = 1.0 / (1.0 + np.exp(-(chance.normal(size=customers) + 1.2 * y - 1.5)))
    np.savez(path, y=y, s=s)


def sklearn_metrics(path: Path) -> dict[str, Step]:
    """Return what everything is measured by."""
    from sklearn.metrics import roc_auc_score

    held = np.load(path)
    y, s = held["y"], held["s"]
    return {BASE: lambda: [float(roc_auc_score(y, s))]}


def telcrm_metrics(path: Path) -> dict[str, Step]:
    """Return what telcrm is asked of the scores."""
    from telcrm.churn.evaluation.evaluation import evaluate
    from telcrm.churn.evaluation.profit import expected_maximum_profit, maximum_profit
    from telcrm.churn.evaluation.ranking import roc_auc

    held = np.load(path)
    y, s = held["y"], held["s"]

    def empc() -> list[float]:
        found = expected_maximum_profit(y, s)
        return [found.profit, found.share]

    def mpc() -> list[float]:
        found = maximum_profit(y, s)
        return [found.profit, found.share]

    return {
        "EMPC": empc,
        "MPC": mpc,
        "EMPC + MPC": lambda: [*empc(), *mpc()],
        "ROC AUC": lambda: [roc_auc(y, s)],
        "evaluate, all figures": lambda: [evaluate(y, s).roc_auc],
    }


def empulse_metrics(path: Path) -> dict[str, Step]:
    """Return the same of empulse, as far as it has it."""
    # It is never installed where telcrm is.
    peer = import_module("empulse.metrics")
    held = np.load(path)
    y, s = held["y"], held["s"]

    def empc() -> list[float]:
        return [float(part) for part in peer.empc(y, s)]

    def mpc() -> list[float]:
        return [float(part) for part in peer.mpc(y, s, accept_rate=0.3)]

    return {"EMPC": empc, "MPC": mpc, "EMPC + MPC": lambda: [*empc(), *mpc()]}


CONTENDERS: dict[str, Callable[[Path], dict[str, Step]]] = {
    "scikit-learn": sklearn_metrics,
    "telcrm": telcrm_metrics,
    "empulse": empulse_metrics,
}


def measure(contender: str, path: Path, step: str) -> None:
    """Run one step, and print what it took as JSON."""
    run = CONTENDERS[contender](path)[step]
    answer = run()
    taken = []
    for _ in range(REPEATED):
        before = time.process_time()
        run()
        taken.append(time.process_time() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": min(taken), "peak_mib": peak, "answer": answer}))


def ask(contender: str, path: Path, step: str, *, python: str = sys.executable) -> dict[str, Any]:
    """Run one step in a process of its own."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    command = [python, __file__, "--measure", contender, str(path), step]
    done = subprocess.run(  # noqa: S603 (our own script)
        command, env={**os.environ, **threads}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{contender}, {path.stem}, {step}:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def make_peer(folder: Path) -> str:
    """Install the peer in an environment of its own, and return its Python."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run(  # noqa: S603 (our own environment)
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER], check=True
    )
    return python


def metrics(given: argparse.Namespace, folder: Path) -> None:
    """Print a row for each metric."""
    path = folder / "scores.npz"
    draw_scores(given.scores, path)
    base = ask("scikit-learn", path, BASE)
    print(f"\nmetrics: {given.scores:,} scores")
    print(f"{'step':<28}{'CPU':>9}{'ratio':>8}{'MiB':>7}")
    print(f"{BASE:<28}{base['cpu_s']:>8.3f}s{1.0:>8.2f}{base['peak_mib']:>7.0f}")
    own = {step: ask("telcrm", path, step) for step in telcrm_metrics(path)}
    for step, told in own.items():
        ratio = told["cpu_s"] / base["cpu_s"]
        print(f"{step:<28}{told['cpu_s']:>8.3f}s{ratio:>8.2f}{told['peak_mib']:>7.0f}")
    if not given.peer:
        return
    python = make_peer(folder / "peer")
    print(f"{PEER}, and telcrm's time over its:")
    for step in ("EMPC", "MPC", "EMPC + MPC"):
        peer = ask("empulse", path, step, python=python)
        apart = np.max(np.abs(np.subtract(own[step]["answer"], peer["answer"])))
        ratio = own[step]["cpu_s"] / peer["cpu_s"]
        print(
            f"{step:<28}{peer['cpu_s']:>8.3f}s{ratio:>8.2f}{peer['peak_mib']:>7.0f}"
            f"  answers differ by {apart:.1e}"
        )


SECTIONS: dict[str, Callable[[argparse.Namespace, Path], None]] = {"metrics": metrics}
"""What is measured, one after the other."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--scores", type=int, default=1_000_000)
    parser.add_argument("--peer", action="store_true", help=f"measure {PEER}, too")
    parser.add_argument("--measure", nargs=3, metavar=("CONTENDER", "FILE", "STEP"))
    given = parser.parse_args()
    if given.measure:
        contender, file, step = given.measure
        measure(contender, Path(file), step)
        return
    with tempfile.TemporaryDirectory() as folder:
        for section in given.only:
            SECTIONS[section](given, Path(folder))


if __name__ == "__main__":
    main()
