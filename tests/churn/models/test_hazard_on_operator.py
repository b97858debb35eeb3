"""Survival of lines not learnt from, against the true hazards of the synthetic operator.

`benchmarks/churn_hazard.py` prints the tables, for more lines and operators.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.churn.models.operator_months import AHEAD, FEATURES, OperatorMonths, operator_months

from telcrm.churn import FEATURES as CATALOGUE
from telcrm.churn import HazardModel

pytestmark = pytest.mark.slow


@cache
def months() -> OperatorMonths:
    return operator_months(25_000, seed=4)


@cache
def model() -> HazardModel:
    return months().fitted()


@cache
def judged() -> pl.DataFrame:
    return months().judged()


def test_survival_is_true_to_a_point_for_a_year() -> None:
    predicted = model().survival(judged(), periods=AHEAD)
    assert judged().height > 1_000
    # Not one of them, nor any line of their customers, was learnt from.
    learnt = months().rows.filter(pl.col("fold") > 0)
    assert not set(judged()["customer_id"]) & set(learnt["customer_id"])
    gone = months().compensated(judged()).mean(axis=0)
    error = (1.0 - predicted.mean(axis=0)) - gone
    print("error in points, 1 to 12 months:", np.round(100 * error, 2))  # noqa: T201
    assert abs(error).max() <= 0.01


def test_true_hazards_add_up_to_those_who_left() -> None:
    gone, chance = months().gone(judged()), months().compensated(judged())
    noise = (gone - chance).std(axis=0) / np.sqrt(judged().height)
    assert (abs(gone.mean(axis=0) - chance.mean(axis=0)) < 4 * noise).all()


def test_tenths_of_lines_keep_their_order_and_come_close() -> None:
    predicted = 1.0 - model().survival(judged(), periods=AHEAD)[:, -1]
    gone = months().compensated(judged())[:, -1]
    tenths = np.array_split(np.argsort(predicted), 10)
    told = np.array([[predicted[one].mean(), gone[one].mean()] for one in tenths])
    assert abs(told[:, 0] - told[:, 1]).max() <= 0.05
    assert np.corrcoef(told.T)[0, 1] > 0.95


def test_causes_add_up_to_who_is_gone() -> None:
    causes = model().cumulative_incidence(judged(), periods=AHEAD)
    assert set(causes) == {"voluntary", "port_out", "involuntary"}
    survival = model().survival(judged(), periods=AHEAD)
    assert_allclose(sum(causes.values()), 1.0 - survival, rtol=0, atol=1e-12)


def test_no_feature_is_read_from_what_is_known_today() -> None:
    present = {name for name in FEATURES if CATALOGUE[name].present}
    # The segment of a customer never changes here; a commitment does, for those who stay.
    assert present == {"segment"}
