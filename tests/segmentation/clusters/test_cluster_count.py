"""How many clusters: as many as were planted, and none where there are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, silhouette_score

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.segmentation import (
    CountCriterion,
    CountRow,
    GaussianMixtureSegmenter,
    HdbscanSegmenter,
    KMeansSegmenter,
    suggest_cluster_count,
)
from telcrm.segmentation.clusters.cluster_count import _first_near_the_greatest_gap, _suggest

FEATURES = ["revenue", "minutes"]


def table(values: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_id": range(len(values)), "revenue": values[:, 0], "minutes": values[:, 1]}
    )


def planted(seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    centres = np.repeat([[0.0, 0.0], [10.0, 0.0], [5.0, 9.0]], 30, axis=0)
    return table(centres + random.normal(size=centres.shape))


def one_group() -> pl.DataFrame:
    return table(np.random.default_rng(6).normal(size=(120, 2)))


def k_means() -> KMeansSegmenter:
    return KMeansSegmenter(features=FEATURES, n_clusters=2, n_init=1)


def mixture() -> GaussianMixtureSegmenter:
    return GaussianMixtureSegmenter(features=FEATURES, n_clusters=2, n_init=1)


def suggest(frame: pl.DataFrame, segmenter: Any, **options: Any) -> Any:
    fast = {"counts": [2, 3, 4], "n_boot": 4, "n_references": 5}
    return suggest_cluster_count(frame, segmenter, **{**fast, **options})


def test_k_means_finds_as_many_as_were_planted_by_any_criterion() -> None:
    found = suggest(planted(), k_means())
    assert (found.suggested, found.criterion) == (3, CountCriterion.SILHOUETTE)
    for criterion in ("calinski_harabasz", "gap"):
        assert _suggest(found.rows, CountCriterion(criterion), 0.75)[0] == 3


def test_a_mixture_finds_as_many_as_were_planted() -> None:
    found = suggest(planted(), mixture())
    assert (found.suggested, found.criterion) == (3, CountCriterion.BIC)
    assert found.rows[0].bic > min(row.bic for row in found.rows)
    assert {row.gap for row in found.rows} == {None}


@pytest.mark.parametrize("segmenter", [k_means(), mixture()], ids=lambda each: each.kind)
def test_one_group_is_not_parted(segmenter: Any) -> None:
    found = suggest(one_group(), segmenter)
    assert found.suggested is None
    assert "there are no groups to find" in found.reason


def test_evenly_spread_customers_are_not_parted() -> None:
    found = suggest(table(np.random.default_rng(4).uniform(size=(150, 2))), k_means())
    assert found.suggested is None


def test_criteria_are_those_of_scikit_learn() -> None:
    frame = planted()
    values = frame.select(FEATURES).to_numpy()
    prepared = (values - values.mean(axis=0)) / values.std(axis=0)
    labels = KMeans(3, n_init=1, random_state=0).fit_predict(prepared)
    row = suggest(frame, k_means(), counts=[3]).rows[1]
    assert row.silhouette == pytest.approx(silhouette_score(prepared, labels))
    assert row.calinski_harabasz == pytest.approx(calinski_harabasz_score(prepared, labels))


def row(clusters: int, **measures: float) -> CountRow:
    none = dict.fromkeys(
        ("silhouette", "calinski_harabasz", "gap", "gap_error", "bic", "stability")
    )
    return CountRow(clusters, **{**none, **measures})


def test_the_gap_rule_by_hand() -> None:
    # Dudoit & Fridlyand (2002): the smallest k with gap(k) >= gap(m) - s(m), m of the greatest.
    rows = [row(1, gap=0.1, gap_error=0.05), row(2, gap=0.5, gap_error=0.05)]
    assert _first_near_the_greatest_gap(rows) is rows[1]
    rows.append(row(3, gap=0.54, gap_error=0.05))
    assert _first_near_the_greatest_gap(rows) is rows[1]
    rows.append(row(4, gap=0.9, gap_error=0.05))
    assert _first_near_the_greatest_gap(rows) is rows[3]
    assert _first_near_the_greatest_gap([row(1, gap=0.1, gap_error=0.05), row(2)]).clusters == 1


def test_only_stable_numbers_are_suggested() -> None:
    rows = [
        row(1),
        row(2, silhouette=0.3, stability=0.9),
        row(3, silhouette=0.8, stability=0.7),
        row(4, silhouette=0.3, stability=0.8),
    ]
    count, reason = _suggest(rows, CountCriterion.SILHOUETTE, 0.75)
    assert count == 2
    assert reason == (
        "the greatest silhouette (0.30) among 2 of 3 numbers that are stable; its weakest cluster "
        "comes back with a similarity of 0.90"
    )
    assert _suggest(rows, CountCriterion.SILHOUETTE, 0.6)[0] == 3
    count, reason = _suggest(rows, CountCriterion.SILHOUETTE, 0.95)
    assert count is None
    assert reason == (
        "no number of clusters is stable: the weakest cluster comes back with a similarity of 0.90 "
        "at best, and 0.95 is asked for"
    )


def test_the_same_seed_gives_the_same_answer() -> None:
    found = suggest(planted(), k_means(), counts=[3, 2, 2], sample=60)
    assert suggest(planted().reverse(), k_means(), counts=[2, 3], sample=60) == found
    assert found.customers == 60
    assert [each.clusters for each in found.rows] == [1, 2, 3]


def test_as_many_clusters_as_customers_have_no_silhouette_and_no_gap() -> None:
    frame = table(np.array([[0.0, 1.0], [5.0, 2.0], [9.0, 7.0]]))
    found = suggest(frame, k_means(), counts=[3])
    last = found.rows[-1]
    assert (last.silhouette, last.calinski_harabasz, last.gap) == (None, None, None)
    with pytest.raises(InvalidTableError, match="there are 3 of them"):
        suggest(frame, k_means(), counts=[4])


def test_it_is_told_as_text_html_and_frames() -> None:
    found = suggest(planted(), k_means(), counts=[2, 3])
    assert repr(found) == f"ClusterCount(3: {found.reason})"
    assert found._repr_html_().count("<tr>") == 4
    frame = found.to_frame()
    assert frame["clusters"].to_list() == [1, 2, 3]
    assert frame["bic"].to_list() == [None] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"counts": []},
        {"counts": [1, 2]},
        {"n_boot": 1},
        {"n_references": 1},
        {"least_stability": 1.5},
        {"least_stability": True},
        {"sample": 3},
        {"random_state": 1.5},
        {"criterion": "elbow"},
        {"criterion": "bic"},
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        suggest(planted(), k_means(), **wrong)


def test_methods_without_a_number_are_refused() -> None:
    with pytest.raises(ParameterError, match="KMeansSegmenter or a"):
        suggest(planted(), HdbscanSegmenter(features=FEATURES))
    with pytest.raises(ParameterError, match="'gap' is not measured"):
        suggest(planted(), mixture(), criterion="gap")
