"""The report: its parts are those of the functions, and all of it is JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.churn.evaluation.cases import A8, C2000

from telcrm.churn.evaluation.campaign import profit_curve
from telcrm.churn.evaluation.churn_report import churn_report
from telcrm.churn.evaluation.evaluation import evaluate
from telcrm.churn.evaluation.ranking import gains
from telcrm.churn.evaluation.reliability import reliability
from telcrm.errors import ParameterError, ScoreError

_REGION = ["north" if at % 3 else "south" for at in range(2000)]


def test_its_parts_are_those_of_the_functions() -> None:
    report = churn_report(
        *C2000, segments={"region": _REGION}, reasons={"calls": -0.2, "bill shock": 0.9}, clv=300
    )
    assert report.evaluation == evaluate(*C2000, clv=300)
    assert report.gains == gains(*C2000)
    assert report.profit == profit_curve(*C2000, clv=300)
    assert report.reliability == reliability(*C2000)
    assert [each.attribute for each in report.slices] == ["region"]
    assert list(report.reasons) == ["bill shock", "calls"]
    assert report.evaluation.intervals == {}


def test_a_seed_gives_it_intervals() -> None:
    report = churn_report(*A8, confidence=0.9, draws=20, random_state=1)
    assert report.evaluation.intervals["lift"].confidence == 0.9
    assert report.reliability is not None
    assert report.reliability.confidence == 0.9


def test_all_of_it_is_json() -> None:
    report = churn_report(*C2000, segments={"region": _REGION}, draws=20, random_state=1)
    told = json.loads(report.to_json())
    assert told == json.loads(json.dumps(report.to_dict()))
    assert told["slices"][0]["segments"][0]["segment"] == "north"
    assert len(told["reliability"]["bins"]) == 10
    assert told["gains"]["points"][-1] == [1.0, 1.0]


def test_plain_scores_have_no_reliability() -> None:
    report = churn_report(A8.y, [10 * s for s in A8.s], probabilities=False)
    assert report.reliability is None
    assert report.to_dict()["reliability"] is None
    with pytest.raises(ScoreError):
        churn_report(A8.y, [10 * s for s in A8.s])


def test_a_notebook_shows_every_part() -> None:
    report = churn_report(*C2000, segments={"region": _REGION})
    assert report._repr_html_().count("<table>") == 5
    assert "slices: region" in repr(report)
    assert "slices: none" in repr(churn_report(*A8))


def test_reasons_have_numbers() -> None:
    with pytest.raises(ParameterError, match="calls is nan"):
        churn_report(*A8, reasons={"calls": np.nan})
