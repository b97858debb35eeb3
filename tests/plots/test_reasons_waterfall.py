"""Steps are the contributions, and lead to the customer's chance."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import logit
from tests.conftest import Backend
from tests.plots.look import overlaps, texts

from telcrm.churn import SplineLogisticModel, churn_reasons
from telcrm.errors import InvalidTableError, MissingColumnsError
from telcrm.plots import reasons_waterfall

BASE = pl.DataFrame(
    {
        "customer_id": [str(at) for at in range(400)],
        "tenure_months": np.tile([1.0, 2.0, 5.0, 30.0], 100),
        "complaint_count": np.repeat([0.0, 1.0], 200),
    }
)


@pytest.fixture(scope="module")
def reasons() -> pl.DataFrame:
    rng = np.random.default_rng(6)
    risk = 0.5 / (1 + BASE["tenure_months"].to_numpy()) + 0.2 * BASE["complaint_count"].to_numpy()
    columns = ["tenure_months", "complaint_count"]
    model = SplineLogisticModel(features=columns, knots=0).fit(BASE, rng.random(400) < risk)
    return churn_reasons(model, BASE, top=2, only_raising=False)


def test_steps_add_up_to_the_chance(reasons: pl.DataFrame) -> None:
    own = reasons.filter(pl.col("customer_id") == "7")
    axes = reasons_waterfall(own)
    steps = [(bar.get_x(), bar.get_width()) for bar in axes.patches]  # type: ignore[attr-defined]
    assert [width for _, width in steps] == pytest.approx(own["contribution"].to_list())
    start, _ = steps[0]
    chance = own["churn_probability"][0]
    assert start + own["contribution"].sum() == pytest.approx(float(logit(chance)))
    assert texts(axes)[-1] == f"{100 * chance:.3g}%"
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "average and all else"
    assert names[1].startswith("tenure: 30")
    assert names[-1] == "this customer"
    assert overlaps(axes) == []


def test_every_engine_draws_the_same(reasons: pl.DataFrame, distinct_backend: Backend) -> None:
    own = reasons.filter(pl.col("customer_id") == "250")
    native = distinct_backend.frame(own.to_dict(as_series=False))
    assert texts(reasons_waterfall(native)) == texts(reasons_waterfall(own))


def test_no_reasons(reasons: pl.DataFrame) -> None:
    assert texts(reasons_waterfall(reasons.head(0))) == ["no reasons"]


def test_refusals(reasons: pl.DataFrame) -> None:
    with pytest.raises(InvalidTableError, match="rank"):
        reasons_waterfall(reasons)
    several = reasons.filter(pl.col("rank") == 1).with_row_index().with_columns(rank="index")
    with pytest.raises(InvalidTableError, match="one customer"):
        reasons_waterfall(several)
    with pytest.raises(MissingColumnsError, match="contribution"):
        reasons_waterfall(reasons.drop("contribution"))
