"""Logistic regression on curves."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from tests.churn.models.tables import FEATURES, customers

from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.errors import ParameterError


def test_a_curve_that_bends_is_found() -> None:
    chance = np.random.default_rng(5)
    age = chance.uniform(0, 10, 6000)
    truth = expit(1.5 - 0.4 * (age - 5) ** 2)
    left = (chance.random(6000) < truth).astype(int)
    model = SplineLogisticModel().fit(pl.DataFrame({"age": age}), left)
    told = model.predict_proba(pl.DataFrame({"age": age}))[:, 1]
    assert np.abs(told - truth).max() < 0.12
    straight = SplineLogisticModel(knots=0).fit(pl.DataFrame({"age": age}), left)
    worse = straight.predict_proba(pl.DataFrame({"age": age}))[:, 1]
    assert roc_auc_score(left, told) > roc_auc_score(left, worse) + 0.2


def test_probabilities_add_up_to_who_left() -> None:
    frame, left = customers()
    told = SplineLogisticModel(features=FEATURES).fit(frame, left).predict_proba(frame)[:, 1]
    # The intercept is not penalised: that is a property of the maximum.
    assert told.sum() == pytest.approx(left.sum(), rel=1e-6)


def test_contributions_are_the_reasons_of_each_customer() -> None:
    frame, left = customers()
    model = SplineLogisticModel(features=FEATURES).fit(frame, left)
    table = model._read(frame, reset=False)
    parts = model.formula_.contributions(table)
    total = model.formula_.intercept + np.sum(list(parts.values()), axis=0)
    assert_allclose(total, model.decision_function(frame), rtol=1e-12)
    # A long tenure keeps customers.
    tenure = frame["tenure"].to_numpy()
    assert parts["tenure"][tenure > 40].mean() < -0.5 < parts["tenure"][tenure < 4].mean()


@pytest.mark.parametrize("parameters", [{"knots": 8}, {"knots": 2}, {"ridge": 0.0}])
def test_parameters_out_of_range(parameters: dict[str, float]) -> None:
    frame, left = customers()
    with pytest.raises(ParameterError, match=next(iter(parameters))):
        SplineLogisticModel(features=FEATURES, **parameters).fit(frame, left)  # type: ignore[arg-type]


def test_without_a_column_that_tells_it_knows_the_base_rate() -> None:
    model = SplineLogisticModel().fit(pl.DataFrame({"x": [1.0] * 10}), [1] * 3 + [0] * 7)
    assert model.predict_proba(pl.DataFrame({"x": [4.0]}))[0, 1] == pytest.approx(0.3)
