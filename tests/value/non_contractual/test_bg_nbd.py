"""BG/NBD and MBG/NBD: published numbers, and what no formula of theirs may break."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.value.non_contractual.customers import (
    cdnow,
    cells,
    column,
    fitted,
)

from telcrm.value import BetaGeoModel, ModifiedBetaGeoModel

BG, MBG = BetaGeoModel.process, ModifiedBetaGeoModel.process

# Maximum of the likelihood of CDNOW, with an analytic gradient below 1e-14 per customer; computed
# for this project by a program of its own, printed to 8 decimals.
BG_MLE = (0.24259291, 4.41353156, 0.79288615, 2.42575344)
BG_ERRORS = (0.012557, 0.378221, 0.185719, 0.705346)
MBG_MLE = (0.52483797, 6.18299, 0.89135619, 1.61399937)
# Fader, Hardie & Lee (2005), Marketing Science 24(2), table 2.
BG_PUBLISHED = (0.243, 4.414, 0.793, 2.426)
# The customer of that paper's worked example, in weeks.
EXAMPLE = cells(2, 30.43, 38.86)


def test_bg_nbd_finds_the_maximum_on_cdnow() -> None:
    model = fitted("bg_nbd")
    # Printed to 8 decimals; 1e-6 of a parameter is more than that.
    assert_allclose(model.estimates_, BG_MLE, rtol=1e-6)
    assert model.parameter_names == ("r", "alpha", "a", "b")
    assert model.log_likelihood_ == pytest.approx(-9582.42556, abs=5.1e-6)
    assert model.convergence_.converged
    assert model.convergence_.undetermined == ()
    assert model.customers_ == 2357


def test_standard_errors_on_cdnow() -> None:
    found = [fitted("bg_nbd").standard_errors_[name] for name in ("r", "alpha", "a", "b")]
    assert found == pytest.approx(BG_ERRORS, abs=5.1e-7)


def test_bg_nbd_is_that_of_the_paper() -> None:
    # Fader, Hardie & Lee (2005), table 2: three decimals, LL -9582.4.
    model = fitted("bg_nbd")
    assert_allclose(model.estimates_, BG_PUBLISHED, atol=5.1e-4)
    assert model.log_likelihood_ == pytest.approx(-9582.4, abs=0.051)


def test_mbg_nbd_finds_the_maximum_on_cdnow() -> None:
    model = fitted("mbg_nbd")
    assert_allclose(model.estimates_, MBG_MLE, rtol=1e-6)
    assert model.log_likelihood_ == pytest.approx(-9582.13268, abs=5.1e-6)
    # lifetimes 0.11.3, tests/test_estimation.py: Batislam, Denizel & Filiztekin's model on CDNOW.
    assert_allclose(model.estimates_, [0.525, 6.183, 0.891, 1.614], atol=1e-3)


def test_lifetimes_finds_the_same_maximum() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter, ModifiedBetaGeoFitter

        frame = cdnow()
        columns = [frame[name].to_numpy() for name in ("frequency", "recency", "age")]
        for kind, fitter in (("bg_nbd", BetaGeoFitter()), ("mbg_nbd", ModifiedBetaGeoFitter())):
            fitter.fit(*columns)
            # lifetimes stops at a tolerance of 1e-7 of a mean likelihood.
            assert_allclose(fitted(kind).estimates_, list(fitter.params_), rtol=2e-4)


def test_predictions_for_the_example_customer() -> None:
    # Ten decimals, at parameters of eight (MBG/NBD: alpha of five).
    assert_allclose(BG.weighted(column(BG_MLE), EXAMPLE, [(39.0, 1.0)]), 1.2259104525, rtol=2e-8)
    assert_allclose(BG.alive(column(BG_MLE), EXAMPLE), 0.7266091512, rtol=1e-8)
    assert_allclose(MBG.weighted(column(MBG_MLE), EXAMPLE, [(39.0, 1.0)]), 1.2626707737, rtol=1e-6)
    assert_allclose(MBG.alive(column(MBG_MLE), EXAMPLE), 0.7061262402, rtol=1e-6)
    fits = fitted("bg_nbd"), fitted("mbg_nbd")
    row = pl.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    expected = [
        model.expected_purchases(row, horizon=39)["expected_purchases"][0] for model in fits
    ]
    assert_allclose(expected, [1.2259104525, 1.2626707737], rtol=1e-6)
    alive = [model.probability_alive(row)["probability_alive"][0] for model in fits]
    assert_allclose(alive, [0.7266091512, 0.7061262402], rtol=1e-6)


def test_predictions_at_the_published_parameters() -> None:
    published = column(BG_PUBLISHED)
    found = BG.weighted(published, EXAMPLE, [(39.0, 1.0)])
    assert_allclose(found, 1.2260281748, rtol=1e-10)
    # Fader, Hardie & Lee (2005), section 4: "we compute ... = 1.226".
    assert_allclose(found, 1.226, atol=5.1e-4)
    assert_allclose(BG.alive(published, EXAMPLE), 0.7265785701, rtol=1e-9)
    assert_allclose(
        BG.weighted(published, cells(10, 35, 39), [(2.0, 1.0)]), 0.3915692071, rtol=1e-9
    )


def test_purchases_of_a_new_customer() -> None:
    horizons = [0.1429, 1.0, 3.0, 31.8571, 32.0, 39.0, 52.0, 78.0]
    found = BG.new(column(BG_MLE), np.array(horizons))
    expected = [
        0.0078160722,
        0.0531847414,
        0.1506319319,
        1.0404943178,
        1.0437372404,
        1.1950163098,
        1.4440208597,
        1.8579718000,
    ]
    # Ten decimals were printed, and parameters of eight.
    assert_allclose(found, expected, rtol=2e-8)
    assert_allclose(fitted("bg_nbd").expected_new(horizons), expected, rtol=1e-6)
    # lifetimes 0.11.3, tests/test_estimation.py: t = 1/7, 1, 3, 223/7, 32, 78 (the last to 4e-4).
    theirs = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert_allclose(found[[0, 1, 2, 3, 4, 7]], theirs, atol=4.1e-4)


def test_who_never_bought_again_is_alive_in_one_model_only() -> None:
    never = cells(0, 0.0, [1.0, 10.0, 100.0])
    assert BG.alive(column(BG_MLE), never).tolist() == [1.0, 1.0, 1.0]
    modified = MBG.alive(column(MBG_MLE), never)
    assert (np.diff(modified) < 0).all()
    # 1 / (1 + a/b ((alpha+T)/alpha)^r), Batislam, Denizel & Filiztekin (2007).
    r, alpha, a, b = MBG_MLE
    by_hand = 1.0 / (1.0 + a / b * ((alpha + never.age) / alpha) ** r)
    assert_allclose(modified, by_hand, rtol=1e-12)
