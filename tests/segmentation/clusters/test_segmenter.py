"""Clusters: planted ones are found, every engine agrees, and what is bad is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    EstimatorFormatError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
)
from telcrm.segmentation import (
    ClusterSegmenter,
    CovarianceType,
    GaussianMixtureSegmenter,
    HdbscanSegmenter,
    KMeansSegmenter,
    Segmenter,
)

Columns = dict[str, list[Any]]

FEATURES = ["revenue", "minutes"]
STORED = Path(__file__).parents[1] / "stored"


def planted(per_group: int = 30, seed: int = 1) -> Columns:
    """Three groups, far apart: revenue about 80, 40 and 10."""
    random = np.random.default_rng(seed)
    centres = np.repeat([[80.0, 100.0], [40.0, 500.0], [10.0, 100.0]], per_group, axis=0)
    values = centres + random.normal(size=centres.shape) * [2.0, 10.0]
    return {
        "customer_id": [f"C-{at:03}" for at in random.permutation(len(values))],
        "revenue": values[:, 0].tolist(),
        "minutes": values[:, 1].tolist(),
    }


def truth(columns: Columns) -> list[tuple[str, str]]:
    per_group = len(columns["customer_id"]) // 3
    names = [f"cluster {at // per_group + 1}" for at in range(3 * per_group)]
    return sorted(zip(columns["customer_id"], names, strict=True))


def k_means(**changes: Any) -> KMeansSegmenter:
    return KMeansSegmenter(**{"features": FEATURES, "n_clusters": 3, "n_init": 2, **changes})


def mixture(**changes: Any) -> GaussianMixtureSegmenter:
    return GaussianMixtureSegmenter(
        **{"features": FEATURES, "n_clusters": 3, "n_init": 1, **changes}
    )


def hdbscan(**changes: Any) -> HdbscanSegmenter:
    return HdbscanSegmenter(**{"features": FEATURES, "min_cluster_size": 10, **changes})


METHODS: dict[str, Any] = {"k_means": k_means, "gaussian_mixture": mixture, "hdbscan": hdbscan}
methods = pytest.mark.parametrize("method", METHODS)
NEAR = {"k_means": "distance", "gaussian_mixture": "probability", "hdbscan": "distance"}


@methods
def test_planted_groups_are_found_and_numbered_by_the_first_feature(method: str) -> None:
    columns = planted()
    frame = pl.DataFrame(columns)
    segmenter = METHODS[method]().fit(frame)
    assert segmenter.segments_ == ("cluster 1", "cluster 2", "cluster 3")
    assert segmenter.sizes_ == (30, 30, 30)
    found = segmenter.predict(frame)
    assert found.columns == ["customer_id", "segment", NEAR[method]]
    assert found.select("customer_id", "segment").rows() == truth(columns)
    assert found.schema["segment"] == pl.String


@methods
def test_every_engine_gives_the_same_rows_in_its_own_frame(backend: Any, method: str) -> None:
    columns = planted(12)
    columns["revenue"][3] = None
    columns["minutes"][20] = None
    made = METHODS[method](missing="median", log1p=["minutes"])
    segmenter = made.fit(backend.frame(columns))
    found = segmenter.predict(backend.frame(columns))
    assert backend.is_own(found)
    expected = made.fit(pl.DataFrame(columns)).predict(pl.DataFrame(columns))
    assert backend.rows(found) == expected.to_dicts()


@methods
def test_neither_the_order_of_rows_nor_of_columns_matters(method: str) -> None:
    frame = pl.DataFrame(planted())
    other = frame.select(reversed(frame.columns)).sample(fraction=1.0, shuffle=True, seed=4)
    segmenter, again = METHODS[method]().fit(frame), METHODS[method]().fit(other)
    assert again.to_json() == segmenter.to_json()
    assert again.predict(other).equals(segmenter.predict(frame))


@methods
def test_a_customer_alone_gets_the_segment_it_has_among_others(method: str) -> None:
    frame = pl.DataFrame(planted())
    segmenter = METHODS[method]().fit(frame)
    together = segmenter.predict(frame)
    for at in (0, 40, 80):
        one = together[at]
        alone = segmenter.predict(frame.filter(customer_id=one["customer_id"].item()))
        assert alone.equals(one)
    assert segmenter.predict(frame.clear()).rows() == []
    assert isinstance(segmenter.predict(frame.lazy()), pl.LazyFrame)


def test_nobody_is_predicted_on_every_engine(backend: Any) -> None:
    columns = planted()
    segmenter = k_means().fit(pl.DataFrame(columns))
    frame = backend.frame({name: values[:1] for name, values in columns.items()})
    found = segmenter.predict(frame)
    assert len(backend.rows(found)) == 1


@settings(max_examples=7)
@given(st.integers(0, 1000), st.integers(1, 5), st.sampled_from(["standard", "robust", "none"]))
def test_distances_and_labels_are_those_of_scikit_learn(
    seed: int, n_clusters: int, scaling: str
) -> None:
    random = np.random.default_rng(seed)
    values = random.gamma(2.0, 20.0, size=(60, 2))
    frame = pl.DataFrame(
        {"customer_id": range(60), "revenue": values[:, 0], "minutes": values[:, 1]}
    )
    segmenter = k_means(n_clusters=n_clusters, scaling=scaling, random_state=seed).fit(frame)
    match scaling:
        case "standard":
            prepared = (values - values.mean(axis=0)) / values.std(axis=0)
        case "robust":
            low, middle, high = np.percentile(values, [25, 50, 75], axis=0)
            prepared = (values - middle) / (high - low)
        case _:
            prepared = values
    peer = KMeans(n_clusters=n_clusters, n_init=2, random_state=seed).fit(prepared)
    found = segmenter.predict(frame)
    nearest = peer.transform(prepared).min(axis=1)
    # The peer takes the root of a difference of squares: a customer alone is 1e-6 from itself.
    assert found["distance"].to_numpy() == pytest.approx(nearest, abs=1e-5)
    ours = found["segment"].to_list()
    assert len(set(zip(ours, peer.labels_.tolist(), strict=True))) == n_clusters
    means = [values[[name == own for own in ours], 0].mean() for name in segmenter.segments_]
    assert means == sorted(means, reverse=True)


@settings(max_examples=3)
@given(st.integers(0, 1000))
@pytest.mark.parametrize("form", CovarianceType)
def test_probabilities_are_those_of_scikit_learn(form: CovarianceType, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.concatenate(
        [random.normal([0, 0], [1, 3], (40, 2)), random.normal([3, 2], [2, 1], (40, 2))]
    )
    frame = pl.DataFrame(
        {"customer_id": range(80), "revenue": values[:, 0], "minutes": values[:, 1]}
    )
    segmenter = mixture(
        n_clusters=2, covariance_type=form, scaling="none", max_iter=1000, random_state=seed
    ).fit(frame)
    peer = GaussianMixture(2, covariance_type=form.value, max_iter=1000, random_state=seed)
    peer.fit(values)
    new = frame.with_columns(pl.col("revenue") + 0.7)
    chances = peer.predict_proba(new.select(FEATURES).to_numpy())
    if len(segmenter.segments_) == 2:
        found = segmenter.predict(new)
        assert found["probability"].to_numpy() == pytest.approx(chances.max(axis=1), abs=2e-6)
    assert segmenter.bic_ == pytest.approx(peer.bic(values))


def test_scales_and_logarithms_are_those_documented() -> None:
    frame = pl.DataFrame({"customer_id": range(5), "revenue": [0.0, 1.0, 3.0, 7.0, 1023.0]})
    made = KMeansSegmenter(
        features=["revenue"], n_clusters=2, log1p=["revenue"], scaling="robust"
    ).fit(frame)
    logs = np.log([1, 2, 4, 8, 1024])
    assert made.preparation_.centres[0] == pytest.approx(logs[2])
    assert made.preparation_.scales[0] == pytest.approx(logs[3] - logs[1])


def test_missing_values_are_filled_with_the_median_that_was_learnt() -> None:
    columns = planted()
    columns["revenue"][0] = float("nan")
    columns["revenue"][1] = None
    segmenter = k_means(missing="median").fit(pl.DataFrame(columns, strict=False))
    middle = float(np.median(columns["revenue"][2:]))
    assert segmenter.preparation_.fills is not None
    assert segmenter.preparation_.fills[0] == pytest.approx(middle)
    lacking = pl.DataFrame(
        {"customer_id": ["a", "b"], "revenue": [None, middle], "minutes": [9.0] * 2}
    )
    found = segmenter.predict(lacking)
    assert found.row(0)[1:] == found.row(1)[1:]


def test_nan_in_pandas_is_missing_too() -> None:
    columns = planted()
    columns["revenue"][0] = float("nan")
    with pytest.raises(InvalidTableError, match="'revenue' is missing in 1 row"):
        k_means().fit(pd.DataFrame(columns))
    assert k_means(missing="median").fit(pd.DataFrame(columns)).sizes_ == (29, 30, 31)


def test_hdbscan_calls_the_stray_noise_and_keeps_its_members() -> None:
    columns = planted()
    columns["customer_id"] += ["C-900", "C-901"]
    columns["revenue"] += [500.0, -500.0]
    columns["minutes"] += [900.0, 900.0]
    frame = pl.DataFrame(columns)
    segmenter = hdbscan(representatives=5).fit(frame)
    assert (sum(segmenter.sizes_), segmenter.noise_size_) == (90, 2)
    assert max(map(len, segmenter.representatives_)) <= 5
    found = segmenter.predict(frame)
    assert found.filter(pl.col("segment") == "noise")["customer_id"].to_list() == ["C-900", "C-901"]
    # A form that no centre describes: two rings, one within the other.
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    both = np.concatenate([ring, 5 * ring])
    rings = pl.DataFrame({"customer_id": range(240), "revenue": both[:, 0], "minutes": both[:, 1]})
    whole = hdbscan(representatives=40).fit(rings)
    parted = whole.predict(rings)
    assert sorted(whole.sizes_) == [120, 120]
    assert parted.head(120)["segment"].n_unique() == 1
    assert set(parted.head(120)["segment"]) | set(parted.tail(120)["segment"]) == {
        "cluster 1",
        "cluster 2",
    }
    middle = pl.DataFrame({"customer_id": [1], "revenue": [0.0], "minutes": [3.0]})
    assert whole.predict(middle)["segment"].item() == "noise"


def test_hdbscan_finds_no_cluster_where_there_is_none(backend: Any) -> None:
    columns = {"customer_id": [1, 2, 3], "revenue": [1.0, 5.0, 30.0], "minutes": [3.0, 9.0, 4.0]}
    frame = backend.frame(columns)
    segmenter = hdbscan(min_cluster_size=3).fit(frame)
    assert (segmenter.segments_, segmenter.noise_size_) == ((), 3)
    again = Segmenter.from_json(segmenter.to_json())
    assert [tuple(row.values()) for row in backend.rows(again.predict(frame))] == [
        (key, "noise", None) for key in (1, 2, 3)
    ]


def test_many_clusters_sort_by_name_as_by_number() -> None:
    frame = pl.DataFrame(
        {"customer_id": range(24), "revenue": [float(10 * (at // 2)) for at in range(24)]}
    )
    segmenter = KMeansSegmenter(features=["revenue"], n_clusters=12).fit(frame)
    assert segmenter.segments_[0] == "cluster 01"
    assert list(segmenter.segments_) == sorted(segmenter.segments_)
    assert segmenter.predict(frame)["segment"][-1] == "cluster 01"


def test_points_that_coincide_are_one_cluster_each() -> None:
    frame = pl.DataFrame({"customer_id": range(6), "revenue": [1.0, 1.0, 1.0, 5.0, 5.0, 9.0]})
    segmenter = KMeansSegmenter(features=["revenue"], n_clusters=3).fit(frame)
    assert segmenter.sizes_ == (1, 2, 3)
    with pytest.raises(InvalidTableError, match="only 3 of them differ"):
        KMeansSegmenter(features=["revenue"], n_clusters=4).fit(frame)
    with pytest.raises(InvalidTableError, match="only 3 of them differ"):
        GaussianMixtureSegmenter(features=["revenue"], n_clusters=4).fit(frame)


def test_a_mixture_that_does_not_converge_says_so() -> None:
    random = np.random.default_rng(0)
    frame = pl.DataFrame({"customer_id": range(100), "revenue": random.normal(size=100)})
    made = GaussianMixtureSegmenter(features=["revenue"], n_clusters=4, max_iter=1, n_init=1)
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 steps"):
        made.fit(frame)
    assert not made.converged_
    assert made.predict(frame).height == 100


def test_a_mixture_that_collapses_is_refused() -> None:
    line = [float(at) for at in range(20)]
    frame = pl.DataFrame({"customer_id": range(20), "revenue": line, "minutes": line})
    made = mixture(n_clusters=2, reg_covar=0.0)
    with pytest.raises(InvalidTableError, match="shrank to a point"):
        made.fit(frame)


@methods
def test_parameters_are_those_that_scikit_learn_clones(method: str) -> None:
    made = METHODS[method](customer="msisdn")
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(scaling="none").scaling == "none"
    with pytest.raises(NotFittedError):
        made.predict(pl.DataFrame(planted()))


@methods
def test_what_was_learnt_is_stored_and_read_again(method: str) -> None:
    frame = pl.DataFrame(planted())
    segmenter: ClusterSegmenter = METHODS[method](log1p=("minutes",)).fit(frame)
    text = segmenter.to_json()
    again = Segmenter.from_json(text)
    assert type(again) is type(segmenter)
    assert again.to_json() == text
    assert again.predict(frame).equals(segmenter.predict(frame))


@methods
def test_what_an_older_release_stored_still_loads(method: str) -> None:
    stored = Segmenter.read(STORED / f"{method}-1.json")
    assert stored.kind == method
    columns = planted()
    found = stored.predict(pl.DataFrame(columns))
    assert found.select("customer_id", "segment").rows() == truth(columns)


def test_damaged_stored_clusters_are_refused() -> None:
    content = json.loads(k_means().fit(pl.DataFrame(planted())).to_json())
    content["state"]["preparation_"]["scales"][0] = 0.0
    with pytest.raises(EstimatorFormatError, match="damaged"):
        Segmenter.from_json(json.dumps(content))


def broken(columns: Columns, **changes: Any) -> pl.DataFrame:
    return pl.DataFrame({**columns, **changes}, strict=False)


@methods
def test_bad_tables_are_refused(method: str) -> None:
    fit = METHODS[method]().fit
    columns = planted()
    rest = columns["revenue"][1:]
    with pytest.raises(InvalidTableError, match="customer_id comes more than once"):
        fit(broken(columns, customer_id=["C-1", "C-1", *columns["customer_id"][2:]]))
    with pytest.raises(InvalidTableError, match="'customer_id' is null in 1 row"):
        fit(broken(columns, customer_id=[None, *columns["customer_id"][1:]]))
    for missing in (None, float("nan")):
        with pytest.raises(InvalidTableError, match="'revenue' is missing in 1 row"):
            fit(broken(columns, revenue=[missing, *rest]))
    for way in ("refuse", "median"):
        with pytest.raises(InvalidTableError, match="'revenue' is infinite in 1 row"):
            METHODS[method](missing=way).fit(broken(columns, revenue=[float("inf"), *rest]))
    with pytest.raises(InvalidTableError, match="'revenue' is negative, and has no logarithm"):
        METHODS[method](log1p=["revenue"]).fit(broken(columns, revenue=[-1.0, *rest]))
    with pytest.raises(InvalidTableError, match="all customers have the same 'revenue'"):
        fit(broken(columns, revenue=[0.1] * 90))
    with pytest.raises(InvalidTableError, match="the middle half of customers"):
        METHODS[method](scaling="robust").fit(broken(columns, revenue=[0.0] * 80 + [1.0] * 10))
    nothing = broken(columns, revenue=pl.Series([None] * 90, dtype=pl.Float64))
    with pytest.raises(InvalidTableError, match="'revenue' has no value at all"):
        METHODS[method](missing="median").fit(nothing)
    with pytest.raises(ColumnTypeError, match="'revenue' holds"):
        fit(broken(columns, revenue=[None] * 90))
    with pytest.raises(ColumnTypeError, match="'revenue' holds String"):
        fit(broken(columns, revenue=["much"] * 90))
    with pytest.raises(MissingColumnsError, match="lacks 'minutes'"):
        fit(pl.DataFrame(columns).drop("minutes"))
    with pytest.raises(CurrencyMismatchError):
        fit(broken(columns, currency=["EUR"] * 45 + ["USD"] * 45))
    for few in (0, 1):
        with pytest.raises(InvalidTableError, match=f"there are {few} of them"):
            fit(pl.DataFrame(columns).head(few))


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("k_means", {"n_clusters": 0}),
        ("k_means", {"n_clusters": 2.5}),
        ("k_means", {"n_init": 0}),
        ("k_means", {"random_state": -1}),
        ("k_means", {"random_state": 2**32}),
        ("k_means", {"random_state": None}),
        ("k_means", {"features": []}),
        ("k_means", {"features": "revenue"}),
        ("k_means", {"features": ["revenue", "revenue"]}),
        ("k_means", {"log1p": ["tenure"]}),
        ("k_means", {"scaling": "minmax"}),
        ("k_means", {"missing": "mean"}),
        ("gaussian_mixture", {"covariance_type": "round"}),
        ("gaussian_mixture", {"reg_covar": -1.0}),
        ("gaussian_mixture", {"max_iter": 0}),
        ("hdbscan", {"min_cluster_size": 1}),
        ("hdbscan", {"min_samples": 0}),
        ("hdbscan", {"representatives": 0}),
    ],
)
def test_bad_parameters_are_refused(method: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        METHODS[method](**wrong).fit(pl.DataFrame(planted()))


def test_columns_that_would_stand_twice_are_refused() -> None:
    frame = pl.DataFrame(planted()).rename({"customer_id": "Segment"})
    with pytest.raises(ParameterError, match="'Segment' would stand twice"):
        k_means(customer="Segment").fit(frame)
