"""Churn: what metrics and scoring cost beside scikit-learn's, and empulse's metrics.

    python benchmarks/churn.py [--only metrics] [--scores 1000000] [--peer]
    python benchmarks/churn.py --only scoring wrapper [--customers 1000000] [--spark]

Each step runs in a process of its own, on one thread, and reads the same arrays. Seconds are CPU
seconds of the step alone, after the imports and one call to warm up; the fastest of five counts,
or of as many as a minute holds.

``metrics``: ratios are to scikit-learn's ``roc_auc_score`` on the same scores: below 1 the step is
faster.

``scoring``: customers of 27 columns of numbers, 5 % of them null, and three of text, in a Polars
frame. Models learn from the first 20,000. Models are asked about the frame as it stands; ratios of
``score_churn`` are to that. scikit-learn's booster has as many trees and leaves, and categories
that were made of text before the clock. Spark's time is that of the wall, its session started.

``wrapper``: what telcrm adds to a bare ``predict_proba`` of 30 columns of numbers. Both are asked
in turns in one process, up to thirty times, so that the machine is in the same mood for both.

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
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

PEER = "empulse==0.11.1"
REPEATED = 5
PAIRED = 30
MOST_SECONDS = 60.0
LEARNT_FROM = 20_000
LEAVES, TREES = 8, 100
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


def draw_customers(customers: int, folder: Path) -> None:
    """Write customers and who left, and models that have learnt from the first of them."""
    import polars as pl

    from telcrm.churn import (
        BoostedModel,
        HazardModel,
        ScorecardModel,
        SplineLogisticModel,
        save_model,
    )

    chance = np.random.default_rng(0)
    numbers = chance.normal(size=(customers, 27))
    left = chance.random(customers) < 1.0 / (1.0 + np.exp(2.0 - numbers[:, 0] - numbers[:, 1] ** 2))
    numbers[chance.random(numbers.shape) < 0.05] = np.nan
    words = np.array(["solo", "duo", "family", "pro", "youth", "senior", "trial", "staff"])
    texts = {f"t{at}": words[chance.integers(0, words.size, customers)] for at in range(3)}
    frame = pl.DataFrame(numbers, schema=[f"n{at}" for at in range(27)]).fill_nan(None)
    frame = frame.with_columns(
        **texts, customer_id=pl.format("c{}", pl.int_range(customers)), left=pl.Series(left)
    )
    frame.write_parquet(folder / "customers.parquet")
    some = frame.head(LEARNT_FROM)
    features = [name for name in frame.columns if name not in {"customer_id", "left"}]
    for model in (
        SplineLogisticModel(features=features),
        ScorecardModel(features=features),
        BoostedModel(features=features, leaves=LEAVES, most_trees=TREES, repeats=1),
        HazardModel(features=features),
    ):
        learnt = model.fit(some, some["left"].to_numpy().astype(int))
        save_model(learnt, folder / f"{type(model).__name__}.json")


def telcrm_models(folder: Path) -> dict[str, Step]:
    """Return what models of telcrm are asked about customers in memory."""
    import polars as pl

    from telcrm.churn import load_model

    def asking(name: str) -> Step:
        # Each process reads what its own step needs.
        def ask_it() -> list[float]:
            model, frame = read(name)
            return [float(model.predict_proba(frame)[:, 1].mean())]

        return ask_it

    @cache
    def read(name: str) -> tuple[Any, Any]:
        return load_model(folder / f"{name}.json"), pl.read_parquet(folder / "customers.parquet")

    names = ("SplineLogisticModel", "ScorecardModel", "BoostedModel", "HazardModel")
    return {name: asking(name) for name in names}


def sklearn_models(folder: Path) -> dict[str, Step]:
    """Return what scikit-learn's booster is asked, of as many trees as telcrm's has."""
    import polars as pl
    from sklearn.ensemble import HistGradientBoostingClassifier

    from telcrm.churn import load_model

    @cache
    def read() -> tuple[Any, Any]:
        trees = load_model(folder / "BoostedModel.json").trees_
        held = pl.read_parquet(folder / "customers.parquet")
        plain = held.drop("customer_id", "left").to_pandas()
        frame = plain.astype(dict.fromkeys(("t0", "t1", "t2"), "category"))
        model = HistGradientBoostingClassifier(
            max_iter=trees, max_leaf_nodes=LEAVES, early_stopping=False
        )
        left = held["left"].head(LEARNT_FROM).to_numpy()
        return model.fit(frame.head(LEARNT_FROM), left), frame

    def booster() -> list[float]:
        model, frame = read()
        return [float(model.predict_proba(frame)[:, 1].mean())]

    return {"HistGradientBoostingClassifier": booster}


def score_churn_on_engines(folder: Path) -> dict[str, Step]:
    """Return what ``score_churn`` is asked about the same customers, wherever they are."""
    import polars as pl

    from telcrm.churn import load_model
    from telcrm.churn.scoring import score_churn

    path = folder / "customers.parquet"

    @cache
    def model() -> Any:
        return load_model(folder / "SplineLogisticModel.json")

    @cache
    def frame() -> Any:
        return pl.read_parquet(path)

    @cache
    def table() -> Any:
        return frame().to_arrow()

    @cache
    def session() -> Any:
        from pyspark.sql import SparkSession

        made = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        return made.config("spark.driver.memory", "2g").getOrCreate()

    def on_duckdb() -> list[float]:
        import duckdb

        # No other name is bound to the table that DuckDB looks for by its name.
        customers = table()
        connection = duckdb.connect(config={"threads": 1})
        connection.register("customers", customers)
        found = score_churn(model(), connection.table("customers"))
        return [found.aggregate("avg(churn_probability)").fetchall()[0][0]]

    def on_spark() -> list[float]:
        found = score_churn(model(), session().read.parquet(str(path)))
        return [found.agg({"churn_probability": "avg"}).collect()[0][0]]

    def mean(scored: Any) -> list[float]:
        return [float(scored["churn_probability"].mean())]

    def from_file(engine: Any) -> list[float]:
        return mean(score_churn(model(), pl.scan_parquet(path)).collect(engine=engine))

    return {
        "Polars": lambda: mean(score_churn(model(), frame())),
        "Polars, lazy": lambda: mean(score_churn(model(), frame().lazy()).collect()),
        "Polars, streamed from Parquet": lambda: from_file("streaming"),
        "DuckDB, of Arrow": on_duckdb,
        "Spark, of Parquet": on_spark,
    }


def bare_and_wrapped(folder: Path) -> dict[str, tuple[Step, Step]]:
    """Return a bare ``predict_proba``, and what telcrm makes of it."""
    import pandas as pd
    import polars as pl
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from telcrm.churn import churn_probability
    from telcrm.churn.scoring import score_churn

    held = np.load(folder / "numbers.npz")
    numbers, left = held["numbers"], held["left"][:LEARNT_FROM]
    names = [f"n{at}" for at in range(numbers.shape[1])]
    whole = pl.DataFrame(numbers, schema=names)
    with_ids = whole.with_columns(customer_id=pl.int_range(len(whole)))

    def pipeline(frame: Any) -> Any:
        made = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
        return made.fit(frame[:LEARNT_FROM], left)

    def of_array() -> tuple[Any, Any, Any]:
        return LogisticRegression().fit(numbers[:LEARNT_FROM], left), numbers, numbers

    def of_pandas() -> tuple[Any, Any, Any]:
        frame: pd.DataFrame = whole.to_pandas()
        return pipeline(frame), frame, with_ids.to_pandas()

    def of_polars() -> tuple[Any, Any, Any]:
        return pipeline(whole), whole, with_ids

    def of_trees() -> tuple[Any, Any, Any]:
        booster = HistGradientBoostingClassifier(max_iter=TREES, max_leaf_nodes=LEAVES)
        frame: pd.DataFrame = whole.to_pandas()
        return booster.fit(frame[:LEARNT_FROM], left), frame, with_ids.to_pandas()

    def pair(make: Callable[[], tuple[Any, Any, Any]], ask_it: Any) -> tuple[Step, Step]:
        made = cache(make)

        def bare() -> Any:
            model, frame, _ = made()
            return model.predict_proba(frame)[:, 1]

        def wrapped() -> Any:
            model, _, frame = made()
            return ask_it(model, frame)

        return bare, wrapped

    return {
        "churn_probability, regression of an array": pair(of_array, churn_probability),
        "churn_probability, pipeline of Polars": pair(
            lambda: (*of_polars()[:2], whole), churn_probability
        ),
        "score_churn, pipeline of pandas": pair(of_pandas, score_churn),
        "score_churn, pipeline of Polars": pair(of_polars, score_churn),
        "score_churn, trees of pandas": pair(of_trees, score_churn),
    }


CONTENDERS: dict[str, Callable[[Path], dict[str, Step]]] = {
    "scikit-learn": sklearn_metrics,
    "telcrm": telcrm_metrics,
    "empulse": empulse_metrics,
    "models": telcrm_models,
    "scikit-learn models": sklearn_models,
    "score_churn": score_churn_on_engines,
}
PAIRS = "wrapper"


def seconds(run: Step, clock: Callable[[], float]) -> float:
    before = clock()
    run()
    return clock() - before


def measure(contender: str, path: Path, step: str) -> None:
    """Run one step, and print what it took as JSON."""
    if contender == PAIRS:
        measure_pair(path, step)
        return
    run = CONTENDERS[contender](path)[step]
    answer = run()
    # What Spark's Java does is no CPU second of ours.
    clock = time.perf_counter if step.startswith("Spark") else time.process_time
    taken: list[float] = []
    while len(taken) < REPEATED and sum(taken) < MOST_SECONDS:
        taken.append(seconds(run, clock))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": min(taken), "peak_mib": peak, "answer": answer}))


def measure_pair(path: Path, step: str) -> None:
    """Run a step bare and wrapped in turns, and print what both took as JSON."""
    bare, wrapped = bare_and_wrapped(path)[step]
    bare()
    wrapped()
    taken: list[tuple[float, float]] = []
    while len(taken) < PAIRED and sum(map(sum, taken)) < 2 * MOST_SECONDS:
        taken.append((seconds(bare, time.process_time), seconds(wrapped, time.process_time)))
    fastest = [min(each) for each in zip(*taken, strict=True)]
    print(json.dumps({"bare_s": fastest[0], "wrapped_s": fastest[1]}))


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


def scoring(given: argparse.Namespace, folder: Path) -> None:
    """Print a row for each model in memory, and one for each engine."""
    draw_customers(given.customers, folder)
    print(f"\nscoring: {given.customers:,} customers of 30 columns")
    print(f"{'step':<34}{'CPU':>9}{'rows/s':>12}{'ratio':>8}{'MiB':>7}")

    def row(step: str, told: dict[str, Any], ratio: str) -> None:
        speed = given.customers / told["cpu_s"]
        print(
            f"{step:<34}{told['cpu_s']:>8.3f}s{speed:>12,.0f}{ratio:>8}{told['peak_mib']:>7.0f}",
            flush=True,
        )

    [peer] = sklearn_models(folder)
    trees = ask("scikit-learn models", folder, peer)
    row(peer, trees, "")
    own = {}
    for step in telcrm_models(folder):
        own[step] = ask("models", folder, step)
        beside = f"{own[step]['cpu_s'] / trees['cpu_s']:.2f}" if step == "BoostedModel" else ""
        row(step, own[step], beside)
    base = own["SplineLogisticModel"]
    print("score_churn, SplineLogisticModel, and its time over that in memory:")
    for step in score_churn_on_engines(folder):
        if step.startswith("Spark") and not given.spark:
            continue
        told = ask("score_churn", folder, step)
        assert np.isclose(told["answer"][0], base["answer"][0], rtol=1e-9), step
        row(step, told, f"{told['cpu_s'] / base['cpu_s']:.2f}")


def wrapper(given: argparse.Namespace, folder: Path) -> None:
    """Print a row for each bare answer, and what telcrm made of it."""
    chance = np.random.default_rng(0)
    numbers = chance.normal(size=(given.customers, 30))
    left = chance.random(given.customers) < 1.0 / (1.0 + np.exp(2.0 - numbers[:, 0]))
    np.savez(folder / "numbers.npz", numbers=numbers, left=left)
    del numbers
    print(f"\nwrapper: {given.customers:,} customers of 30 columns")
    print(f"{'step':<44}{'bare':>9}{'wrapped':>9}{'ratio':>8}")
    for step in bare_and_wrapped(folder):
        told = ask(PAIRS, folder, step)
        ratio = told["wrapped_s"] / told["bare_s"]
        print(
            f"{step:<44}{told['bare_s']:>8.3f}s{told['wrapped_s']:>8.3f}s{ratio:>8.3f}", flush=True
        )


SECTIONS: dict[str, Callable[[argparse.Namespace, Path], None]] = {
    "metrics": metrics,
    "scoring": scoring,
    "wrapper": wrapper,
}
"""What is measured, one after the other."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--scores", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--spark", action="store_true", help="score on Spark, too")
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
