"""Customer value: fits and predictions of telcrm beside lifetimes, on the same customers.

    python benchmarks/value.py [--customers 100000 1000000] [--pareto-peer 100000]

Each contender runs in a process of its own, on one thread, reads the same Parquet file into pandas,
and has to give the same answer. Seconds are CPU seconds of the step alone, after the imports and
after reading; peak memory is that of its process. The ratio is lifetimes' time to telcrm's: above 1
telcrm is faster. CDNOW is lifetimes' own data; the others are drawn from a BG/NBD like that of
CDNOW, observed for 1 to 78 weeks, to the day.

lifetimes fits Pareto/NBD on so many customers only as --pareto-peer says: it takes minutes.
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
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MONTHS = 12
WEEKS_A_MONTH = 4.345
MONTHLY_RATE = 0.01
RARE = {"cdnow": 5}
"""How often a step on few customers is repeated: the fastest counts."""


def draw(customers: int, path: Path) -> None:
    """Write customers of a BG/NBD and Gamma-Gamma like those of CDNOW."""
    from telcrm.value import BetaGeoModel

    chance = np.random.default_rng(0)
    age = chance.integers(7, 78 * 7, customers) / 7.0
    columns: dict[str, Any] = _model(BetaGeoModel, [0.2426, 4.4135, 0.7929, 2.4258]).simulate(
        age, random_state=1
    )
    p, q, v = 6.25, 3.74, 15.44
    often = columns["frequency"]
    nu = chance.gamma(q, 1.0 / v, customers)
    spent = chance.gamma(np.maximum(p * often, 1e-9)) / nu
    mean = np.where(often > 0, spent / np.maximum(often, 1.0), 0.0)
    # To the day, as a summary of transactions has it, and never 0 for who bought again.
    last = np.minimum(np.maximum(np.ceil(columns["recency"] * 7.0), 1.0) / 7.0, age)
    columns["recency"] = np.where(often > 0, last, 0.0)
    columns["monetary_value"] = np.where(often > 0, np.maximum(np.round(mean, 2), 0.01), 0.0)
    pd.DataFrame(columns).to_parquet(path)


def _model(kind: Any, estimates: list[float]) -> Any:
    """Make a model that knows its parameters without having been fitted."""
    model = kind()
    size = len(estimates)
    state = {
        **model.get_params(),
        "estimates_": estimates,
        "covariance_": [[None] * size] * size,
        "log_likelihood_": 0.0,
        "customers_": 1.0,
        "convergence_": {
            "converged": True,
            "iterations": 0,
            "evaluations": 0,
            "decrement": 0.0,
            "message": "given",
        },
    }
    content = {"$format": "telcrm.value_model/1", "kind": kind.kind, "format": 1, "state": state}
    return kind.from_json(json.dumps(content))


def cdnow(path: Path) -> None:
    """Write lifetimes' CDNOW."""
    from lifetimes.datasets import load_cdnow_summary_data_with_monetary_value

    load_cdnow_summary_data_with_monetary_value().rename(columns={"T": "age"}).to_parquet(path)


def telcrm_steps(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return what telcrm is asked."""
    from telcrm.value import (
        BetaGeoModel,
        GammaGammaModel,
        ModifiedBetaGeoModel,
        ParetoNBDModel,
        lifetime_value,
    )

    buying = _model(BetaGeoModel, [0.2426, 4.4135, 0.7929, 2.4258])
    spending = _model(GammaGammaModel, [6.25, 3.74, 15.44])

    def predict() -> list[float]:
        expected = buying.expected_purchases(frame, horizon=39.0)["expected_purchases"]
        alive = buying.probability_alive(frame)["probability_alive"]
        return [float(expected.sum()), float(alive.sum())]

    def value() -> list[float]:
        found = lifetime_value(
            frame,
            purchases=buying,
            spend=spending,
            discount_rate=MONTHLY_RATE,
            discount_every=WEEKS_A_MONTH,
            horizon=WEEKS_A_MONTH * MONTHS,
        )
        return [float(found["lifetime_value"].sum())]

    def fit(kind: Any) -> Callable[[], list[float]]:
        return lambda: list(kind().fit(frame).estimates_)

    return {
        "BG/NBD fit": fit(BetaGeoModel),
        "MBG/NBD fit": fit(ModifiedBetaGeoModel),
        "Gamma-Gamma fit": fit(GammaGammaModel),
        "Pareto/NBD fit": fit(ParetoNBDModel),
        "E[Y(39)] and P(alive)": predict,
        "12-month value": value,
    }


def lifetimes_steps(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return what lifetimes is asked."""
    from lifetimes import (
        BetaGeoFitter,
        GammaGammaFitter,
        ModifiedBetaGeoFitter,
        ParetoNBDFitter,
    )

    x, t, age, spent = (frame[n] for n in ("frequency", "recency", "age", "monetary_value"))
    buying = BetaGeoFitter()
    buying.params_ = pd.Series({"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258})
    buying.predict = buying.conditional_expected_number_of_purchases_up_to_time
    spending = GammaGammaFitter()
    spending.params_ = pd.Series({"p": 6.25, "q": 3.74, "v": 15.44})

    def predict() -> list[float]:
        expected = buying.predict(39.0, x, t, age)
        alive = buying.conditional_probability_alive(x, t, age)
        return [float(np.sum(expected)), float(np.sum(alive))]

    def value() -> list[float]:
        found = spending.customer_lifetime_value(
            buying, x, t, age, spent, time=MONTHS, discount_rate=MONTHLY_RATE, freq="W"
        )
        return [float(found.sum())]

    def spend() -> list[float]:
        again = frame[frame["frequency"] > 0]
        fitted = GammaGammaFitter().fit(again["frequency"], again["monetary_value"])
        return list(fitted.params_)

    return {
        "BG/NBD fit": lambda: list(BetaGeoFitter().fit(x, t, age).params_),
        "MBG/NBD fit": lambda: list(ModifiedBetaGeoFitter().fit(x, t, age).params_),
        "Gamma-Gamma fit": spend,
        "Pareto/NBD fit": lambda: list(ParetoNBDFitter().fit(x, t, age).params_),
        "E[Y(39)] and P(alive)": predict,
        "12-month value": value,
    }


def measure(library: str, path: Path, step: str) -> None:
    """Run one step, and print what it took as JSON."""
    warnings.simplefilter("ignore")
    frame = pd.read_parquet(path)
    run = (telcrm_steps if library == "telcrm" else lifetimes_steps)(frame)[step]
    if library == "telcrm":
        # Imports and first calls are not what is measured; the peer has none of that size.
        telcrm_steps(frame.head(2000))[step]()
    taken = []
    for _ in range(RARE.get(path.stem, 1)):
        before = time.process_time()
        answer = run()
        taken.append(time.process_time() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": min(taken), "peak_mib": peak, "answer": answer}))


def ask(library: str, path: Path, step: str) -> dict[str, Any]:
    """Run one step in a process of its own."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    command = [sys.executable, __file__, "--measure", library, str(path), step]
    done = subprocess.run(  # noqa: S603 (our own script)
        command, env={**os.environ, **threads}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{library}, {path.stem}, {step}:\n{done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def compare(path: Path, *, pareto_peer: bool) -> None:
    """Print a row for each step."""
    print(f"\n{path.stem}: {len(pd.read_parquet(path)):,} customers")
    print(f"{'step':<24}{'telcrm':>10}{'lifetimes':>11}{'ratio':>8}{'MiB':>8}{'MiB':>8}  answers")
    for step in telcrm_steps(pd.DataFrame()):
        own = ask("telcrm", path, step)
        if step.startswith("Pareto") and not pareto_peer:
            print(f"{step:<24}{own['cpu_s']:>9.3f}s{'-':>11}{'-':>8}{own['peak_mib']:>8.0f}")
            continue
        peer = ask("lifetimes", path, step)
        apart = float(np.max(np.abs(np.array(own["answer"]) / np.array(peer["answer"]) - 1.0)))
        print(
            f"{step:<24}{own['cpu_s']:>9.3f}s{peer['cpu_s']:>10.3f}s"
            f"{peer['cpu_s'] / own['cpu_s']:>7.1f}x{own['peak_mib']:>8.0f}{peer['peak_mib']:>8.0f}"
            f"  differ by {apart:.1e}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--pareto-peer", type=int, default=100_000, help="no more for lifetimes")
    parser.add_argument("--measure", nargs=3, metavar=("LIBRARY", "FILE", "STEP"))
    given = parser.parse_args()
    if given.measure:
        library, file, step = given.measure
        measure(library, Path(file), step)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cdnow.parquet"
        cdnow(path)
        compare(path, pareto_peer=True)
        for customers in given.customers:
            path = Path(folder) / f"drawn-{customers}.parquet"
            draw(customers, path)
            compare(path, pareto_peer=customers <= given.pareto_peer)


if __name__ == "__main__":
    main()
