"""Where each coefficient of a hazard stands."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from telcrm.value.contractual.covariates import Covariate
from telcrm.value.contractual.hazards import HazardLayout
from telcrm.value.contractual.person_months import PersonMonths
from telcrm.value.contractual.tenure_baseline import TenureBaseline

LAYOUT = HazardLayout(
    causes=("moved", "debt"),
    baseline=TenureBaseline(form="steps", cut_points=(3, 9)),
    longest_tenure=12.0,
    has_phases=True,
    covariates=(Covariate("plan", ("l", "m", "s")), Covariate("fee", None)),
)
MONTHS = PersonMonths(
    tenure=np.array([0.0, 4.0, 11.0]),
    phase=np.array([0, 1, 2]),
    covariates=LAYOUT.covariates,
    codes=np.array([[0.0, 1.5], [1.0, 0.0], [2.0, -2.0]]),
    counts=np.ones((3, 3)),
    lines=3,
)


def test_names_are_in_the_order_of_the_terms() -> None:
    own = ["tenure>=3", "tenure>=9", "committed", "ending", "plan=m", "plan=s", "fee"]
    assert list(LAYOUT.terms) == own
    assert LAYOUT.names[:8] == ("moved:constant", *(f"moved:{term}" for term in own))
    assert LAYOUT.names[8] == "debt:constant"
    assert LAYOUT.design(MONTHS).tolist() == [
        [0, 0, 0, 0, 0, 0, 1.5],
        [1, 0, 1, 0, 1, 0, 0.0],
        [1, 1, 0, 1, 0, 1, -2.0],
    ]


def test_odds_of_lines_are_those_of_the_design() -> None:
    coefficients = np.random.default_rng(3).normal(size=16)
    design = np.column_stack([np.ones(3), LAYOUT.design(MONTHS)])
    logits = coefficients.reshape(2, 8) @ design.T
    odds = LAYOUT.odds(coefficients, MONTHS.codes, longest=20)
    tenure = odds.tenure[:, MONTHS.tenure.astype(int)]
    assert_allclose(odds.lines * tenure * odds.phase[:, MONTHS.phase], np.exp(logits), rtol=1e-12)
    assert odds.tenure.shape == (2, 21)
