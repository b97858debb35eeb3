"""Stability: planted clusters come back, cuts through evenly spread customers do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import (
    AbcSegmenter,
    GaussianMixtureSegmenter,
    HdbscanSegmenter,
    KMeansSegmenter,
    StabilityVerdict,
    cluster_stability,
)
from telcrm.segmentation.clusters.cluster_stability import _best_jaccard, drawn_rows

FEATURES = ["revenue", "minutes"]


def table(values: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": range(len(values)), "revenue": values[:, 0], "minutes": values[:, 1]}
    )


def planted() -> pl.DataFrame:
    random = np.random.default_rng(3)
    centres = np.repeat([[0.0, 0.0], [10.0, 0.0], [5.0, 9.0]], [60, 40, 20], axis=0)
    return table(centres + random.normal(size=centres.shape))


def spread_evenly() -> pl.DataFrame:
    return table(np.random.default_rng(4).uniform(size=(150, 2)))


def k_means(n_clusters: int) -> KMeansSegmenter:
    return KMeansSegmenter(features=FEATURES, n_clusters=n_clusters, n_init=1)


@pytest.mark.parametrize(
    "segmenter",
    [
        k_means(3),
        GaussianMixtureSegmenter(features=FEATURES, n_clusters=3, n_init=1),
        HdbscanSegmenter(features=FEATURES, min_cluster_size=8),
    ],
    ids=lambda segmenter: segmenter.kind,
)
def test_planted_clusters_are_highly_stable(segmenter: Any) -> None:
    found = cluster_stability(planted(), segmenter, n_boot=10)
    assert [each.verdict for each in found.clusters] == [StabilityVerdict.HIGHLY_STABLE] * 3
    assert found.all_stable
    assert [each.segment for each in found.clusters] == ["cluster 1", "cluster 2", "cluster 3"]
    assert sum(each.customers for each in found.clusters) <= found.customers == 120
    assert all(each.recovered <= each.draws == 10 for each in found.clusters)
    assert not segmenter.is_fitted


def test_too_many_clusters_are_not_stable() -> None:
    found = cluster_stability(planted(), k_means(6), n_boot=20)
    assert not found.all_stable
    assert found.weakest is not None
    assert found.weakest.jaccard < 0.75


def test_cuts_through_evenly_spread_customers_are_not_stable() -> None:
    found = cluster_stability(spread_evenly(), k_means(7), n_boot=20)
    assert found.weakest is not None
    assert found.weakest.verdict not in {StabilityVerdict.STABLE, StabilityVerdict.HIGHLY_STABLE}
    assert found.weakest.dissolved > 0


def test_one_cluster_is_always_stable_and_no_cluster_never() -> None:
    whole = cluster_stability(spread_evenly(), k_means(1), n_boot=3)
    assert [each.jaccard for each in whole.clusters] == [1.0]
    noise = cluster_stability(
        spread_evenly(), HdbscanSegmenter(features=FEATURES, min_cluster_size=100), n_boot=3
    )
    assert (noise.clusters, noise.weakest, noise.all_stable) == ((), None, False)
    assert repr(noise) == "ClusterStability(3 draws of 150 customers: no cluster)"
    assert noise.to_frame().height == 0


def test_the_same_seed_gives_the_same_answer_whatever_the_order_of_rows() -> None:
    frame = planted()
    found = cluster_stability(frame, k_means(5), n_boot=5, random_state=1)
    assert cluster_stability(frame.reverse(), k_means(5), n_boot=5, random_state=1) == found
    assert cluster_stability(frame, k_means(5), n_boot=5, random_state=2) != found


def test_jaccard_by_hand() -> None:
    # Old cluster 0 is rows 0-3, 1 is rows 4-5; row 6 is noise. New 0 is rows 0-2 and 6, 1 the rest.
    old = np.array([0, 0, 0, 0, 1, 1, -1])
    new = np.array([0, 0, 0, 1, 1, 1, 0])
    # 0: {0,1,2} of {0,1,2,3,6}; 1: {4,5} of {3,4,5}. 2 was not drawn.
    assert _best_jaccard(old, new, 3) == pytest.approx([3 / 5, 2 / 3, np.nan], nan_ok=True)
    nothing = np.full(7, -1)
    assert _best_jaccard(old, nothing, 2) == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize(
    ("jaccard", "verdict"),
    # Levels of clusterboot in Hennig's R package fpc.
    [
        (1.0, "highly stable"),
        (0.85, "highly stable"),
        (0.849, "stable"),
        (0.75, "stable"),
        (0.6, "pattern"),
        (0.599, "unstable"),
        (0.5, "dissolved"),
        (0.0, "dissolved"),
    ],
)
def test_verdicts(jaccard: float, verdict: str) -> None:
    assert StabilityVerdict.of(jaccard) == verdict


def test_a_draw_that_cannot_be_clustered_recovers_nothing() -> None:
    frame = table(np.array([[0.0, 0.0], [1.0, 5.0], [2.0, 1.0]]))
    found = cluster_stability(frame, k_means(3), n_boot=20)
    assert all(each.jaccard < 1 for each in found.clusters)


def test_it_is_told_as_text_html_and_frames() -> None:
    found = cluster_stability(planted(), k_means(3), n_boot=2)
    assert repr(found).startswith(
        "ClusterStability(2 draws of 120 customers: cluster 1 1.00 highly stable"
    )
    assert found._repr_html_().count("<tr>") == 4
    frame = found.to_frame()
    assert frame["segment"].to_list() == [each.segment for each in found.clusters]
    assert frame["share"].sum() == pytest.approx(1.0)
    assert found.to_frame(backend="pandas")["jaccard"].tolist() == frame["jaccard"].to_list()
    assert found.to_frame(backend="pyarrow").num_rows == 3
    with pytest.raises(ParameterError, match="backend='spark'"):
        found.to_frame(backend="spark")


def test_a_sample_is_drawn_without_replacement_and_kept_in_order() -> None:
    rows = np.arange(100.0)[:, None]
    drawn = drawn_rows(rows, 30, np.random.default_rng(0))[:, 0]
    assert len(set(drawn)) == 30
    assert list(drawn) == sorted(drawn)
    assert drawn_rows(rows, 100, np.random.default_rng(0)) is rows
    found = cluster_stability(planted(), k_means(3), n_boot=2, sample=50)
    assert found.customers == 50


def test_bad_parameters_are_refused() -> None:
    frame = planted()
    for wrong in ({"n_boot": 1}, {"sample": 5}, {"random_state": -1}):
        with pytest.raises(ParameterError):
            cluster_stability(frame, k_means(3), **wrong)
    with pytest.raises(ParameterError, match="has to be a clustering"):
        cluster_stability(frame, AbcSegmenter())  # type: ignore[arg-type]
    with pytest.raises(InvalidTableError, match="there are 0 of them"):
        cluster_stability(frame.clear(), k_means(3))
