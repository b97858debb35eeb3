"""Covariates: numbers, flags and categories as terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from telcrm.errors import ColumnTypeError, InvalidTableError, ParameterError
from telcrm.tables.door import open_frame
from telcrm.tables.row_checks import check_rows
from telcrm.value.contractual.covariates import (
    Covariate,
    covariate_checks,
    learn_covariates,
    read_pattern,
)

ROWS = {"plan": ["s", "m", "s", "l"], "fee": [1, 2, 3, 4], "is_new": [True, False, True, False]}
PLAN = Covariate("plan", ("l", "m", "s"))


def test_every_engine_finds_the_same_codes(distinct_backend: Any) -> None:
    opened = open_frame(distinct_backend.frame(ROWS), table="months")
    found = learn_covariates(opened, ["plan", "fee", "is_new"])
    assert found == (PLAN, Covariate("fee", None), Covariate("is_new", None))
    codes = {each.column: each.code(opened) for each in found}
    rows = distinct_backend.rows(opened.close(opened.rows.select(**codes)))
    assert sorted((row["plan"], row["fee"], row["is_new"]) for row in rows) == [
        (0.0, 4.0, 0.0),
        (1.0, 2.0, 0.0),
        (2.0, 1.0, 1.0),
        (2.0, 3.0, 1.0),
    ]


@pytest.mark.parametrize(
    "plans",
    [
        pl.DataFrame({"plan": pl.Series(["m", "s", "l"], dtype=pl.Categorical)}),
        pl.DataFrame({"plan": pl.Series(["m", "s", "l"], dtype=pl.Enum(["s", "m", "l"]))}),
        pd.DataFrame({"plan": pd.Categorical(["m", "s", "l"])}),
    ],
)
def test_categories_are_sorted_by_name_whatever_their_type(plans: Any) -> None:
    opened = open_frame(plans, table="months")
    assert learn_covariates(opened, ["plan"]) == (PLAN,)
    codes = opened.rows.select(PLAN.code(opened).alias("code")).collect()["code"]
    assert codes.to_list() == [1.0, 2.0, 0.0]


def test_terms_are_measured_against_the_first_category() -> None:
    assert PLAN.names == ("plan=m", "plan=s")
    assert PLAN.terms(np.array([0.0, 1.0, 2.0])).tolist() == [[0, 0], [1, 0], [0, 1]]
    fee = Covariate("fee", None)
    assert fee.names == ("fee",)
    assert fee.terms(np.array([3.5])).tolist() == [[3.5]]


def test_a_pattern_is_read_whole() -> None:
    covariates = (PLAN, Covariate("fee", None))
    assert read_pattern(covariates, {"fee": True, "plan": "m"}) == (1.0, 1.0)
    with pytest.raises(ParameterError, match="'colour' is missing, or none of them"):
        read_pattern(covariates, {"fee": 1.0, "plan": "m", "colour": "red"})


def test_rows_of_another_kind_are_refused() -> None:
    strange = open_frame(pl.DataFrame({"plan": ["s", "xl"]}), table="lines")
    with pytest.raises(InvalidTableError, match="'plan' is of a category that fit has not seen"):
        check_rows(strange, covariate_checks(strange, [PLAN]), keys=["plan"])
    with pytest.raises(ColumnTypeError, match="'plan' held numbers in fit"):
        covariate_checks(strange, [Covariate("plan", None)])
    many = open_frame(pl.DataFrame({"plan": [str(at) for at in range(201)]}), table="lines")
    with pytest.raises(InvalidTableError, match="201 categories"):
        learn_covariates(many, ["plan"])
