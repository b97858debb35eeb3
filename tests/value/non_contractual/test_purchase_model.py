"""Models of purchases on frames: every engine, any order, weights, refusals, stored files."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import clone
from tests.conftest import Backend
from tests.value.non_contractual.customers import (
    POISSON_MODELS,
    PURCHASE_MODELS,
    TRUTHS,
    cdnow,
    cells,
    column,
    customer_rows,
    fitted,
    known,
    stand_in,
)

from telcrm.errors import (
    ColumnTypeError,
    EstimatorFormatError,
    InvalidTableError,
    MissingColumnsError,
    NotFittedError,
    ParameterError,
    UnidentifiedModelError,
)
from telcrm.value import (
    BetaGeoModel,
    ConvergenceWarning,
    DiscountRate,
    ParetoNBDModel,
    PurchaseModel,
    ValueModel,
)

STORED = Path(__file__).parent / "stored"
kinds = pytest.mark.parametrize("kind", PURCHASE_MODELS)

# Every prediction, by the column that it adds.
PREDICTIONS: dict[str, Callable[[PurchaseModel, Any], Any]] = {
    "probability_alive": lambda model, frame: model.probability_alive(frame),
    "expected_purchases": lambda model, frame: model.expected_purchases(frame, horizon=26),
    "discounted_expected_residual_transactions": (
        lambda model, frame: model.discounted_expected_residual_transactions(
            frame, discount_rate=0.01
        )
    ),
}
predictions = pytest.mark.parametrize("name", PREDICTIONS)
CONTRACT = ("frequency", "recency", "age")


def history(frequency: Any = 2, recency: Any = 5.0, age: Any = 9.0, **more: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"frequency": [frequency], "recency": [recency], "age": [age], **more}, strict=False
    )


@kinds
@predictions
def test_predictions_are_those_of_the_process(kind: str, name: str) -> None:
    rows = customer_rows(kind)
    who = cells(rows["frequency"], rows["recency"], rows["age"])
    process, own = PURCHASE_MODELS[kind].process, column(TRUTHS[kind])
    expected = {
        "probability_alive": lambda: process.alive(own, who),
        "expected_purchases": lambda: process.weighted(own, who, [(26.0, 1.0)]),
        "discounted_expected_residual_transactions": lambda: process.residual(own, who, 0.01),
    }[name]()
    found = PREDICTIONS[name](known(kind), rows)
    assert found.columns == [*rows.columns, name]
    assert found.drop(name).equals(rows)
    assert_allclose(found[name], expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((kind, "expected_purchases") for kind in PURCHASE_MODELS),
        ("bg_nbd", "probability_alive"),
        ("bg_nbd", "discounted_expected_residual_transactions"),
    ],
)
def test_every_engine_predicts_alike(kind: str, name: str, distinct_backend: Backend) -> None:
    rows = customer_rows(kind)
    native = distinct_backend.frame({each: rows[each].to_list() for each in rows.columns})
    found = PREDICTIONS[name](known(kind), native)
    assert distinct_backend.is_own(found)
    plain = sorted(distinct_backend.rows(found), key=lambda row: row["id"])
    expected = PREDICTIONS[name](known(kind), rows)
    assert [list(row) for row in plain[:1]] == [expected.columns]
    assert [{k: v for k, v in row.items() if k != name} for row in plain] == rows.to_dicts()
    assert_allclose([row[name] for row in plain], expected[name], rtol=1e-13)


@kinds
def test_every_engine_fits_alike(kind: str, distinct_backend: Backend) -> None:
    rows = customer_rows(kind, 400).drop("id", "amount")
    model = PURCHASE_MODELS[kind]
    expected = model().fit(rows)
    found = model().fit(distinct_backend.frame({n: rows[n].to_list() for n in rows.columns}))
    assert found.estimates_ == pytest.approx(expected.estimates_, rel=1e-9)
    assert found.log_likelihood_ == pytest.approx(expected.log_likelihood_, rel=1e-12)
    assert found.customers_ == 400


@kinds
def test_rows_in_another_order_give_the_same_model_to_the_last_bit(kind: str) -> None:
    rows = customer_rows(kind, 400)
    here = PURCHASE_MODELS[kind]().fit(rows)
    for seed in range(3):
        turned = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        there = PURCHASE_MODELS[kind]().fit(turned)
        assert there.estimates_ == here.estimates_
        assert there.covariance_ == here.covariance_
        assert there.log_likelihood_ == here.log_likelihood_


@kinds
def test_kinds_of_customers_stand_for_their_number(kind: str) -> None:
    rows = customer_rows(kind, 250).select(CONTRACT)
    weights = np.random.default_rng(2).integers(1, 5, rows.height)
    weighted = rows.with_columns(n=pl.Series(weights))
    repeated = weighted.select(pl.all().repeat_by("n").explode()).drop("n")
    model = PURCHASE_MODELS[kind]
    one, other = model(customers="n").fit(weighted), model().fit(repeated)
    assert one.estimates_ == pytest.approx(other.estimates_, rel=1e-10)
    assert one.log_likelihood_ == pytest.approx(other.log_likelihood_, rel=1e-12)
    assert one.customers_ == other.customers_ == weights.sum()
    # Predictions are of one customer, whatever the row stands for.
    alive = one.probability_alive(rows)["probability_alive"]
    assert_allclose(alive, other.probability_alive(rows)["probability_alive"], rtol=1e-9)


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_another_unit_of_time_changes_the_scales_alone(kind: str) -> None:
    here = fitted(kind)
    days = cdnow().with_columns(pl.col("recency", "age") * 7.0)
    there = POISSON_MODELS[kind](time_unit="day").fit(days)
    scale = np.array([1.0, 7.0, 1.0, 7.0 if kind == "pareto_nbd" else 1.0])
    assert_allclose(there.estimates_, np.array(here.estimates_) * scale, rtol=1e-6)
    # A density of days is a seventh of that of weeks, once for each purchase.
    moved = here.log_likelihood_ - 2457 * np.log(7.0)
    assert there.log_likelihood_ == pytest.approx(moved, rel=1e-10)
    of_days = there.probability_alive(days)["probability_alive"]
    of_weeks = here.probability_alive(cdnow())["probability_alive"]
    assert_allclose(of_days, of_weeks, rtol=1e-6)
    horizon = timedelta(weeks=39)
    weeks_ahead = here.expected_purchases(cdnow(), horizon=horizon)["expected_purchases"]
    days_ahead = there.expected_purchases(days, horizon=horizon)["expected_purchases"]
    assert_allclose(days_ahead, weeks_ahead, rtol=1e-6)
    rate = DiscountRate(annual=0.15)
    name = "discounted_expected_residual_transactions"
    assert_allclose(
        there.discounted_expected_residual_transactions(days, discount_rate=rate)[name][:99],
        here.discounted_expected_residual_transactions(cdnow(), discount_rate=rate)[name][:99],
        rtol=1e-5,
    )


@kinds
@given(data=st.data())
@settings(max_examples=10)
def test_new_customers(kind: str, data: st.DataObject) -> None:
    model = known(kind)
    horizons = data.draw(st.lists(st.integers(0, 60).map(float), min_size=1, max_size=5))
    found = model.expected_new(horizons)
    assert found.shape == (len(horizons),)
    for horizon, mean in zip(horizons, found, strict=True):
        assert float(model.expected_new(horizon)) == pytest.approx(mean)
        chances = model.purchase_distribution(horizon, most=400)
        assert chances.sum() == pytest.approx(1.0, abs=1e-9)
        assert chances @ np.arange(401.0) == pytest.approx(mean, rel=1e-8, abs=1e-12)


@kinds
def test_a_timedelta_is_a_horizon(kind: str) -> None:
    model = stand_in(PURCHASE_MODELS[kind](time_unit="day"), TRUTHS[kind])
    here = model.expected_purchases(history(), horizon=timedelta(days=12))
    assert here.equals(model.expected_purchases(history(), horizon=12))
    with pytest.raises(ParameterError, match="horizon"):
        model.expected_purchases(history(), horizon=timedelta(days=-1))


# What a number may come as.
_INTEGERS = {"frequency": [0, 2, 5], "recency": [0, 5, 8], "age": [9, 9, 8]}


@kinds
def test_whole_decimal_and_other_numbers_are_read_alike(kind: str, backend_type: Any) -> None:
    expected = known(kind).expected_purchases(pl.DataFrame(_INTEGERS), horizon=4)
    found = known(kind).expected_purchases(backend_type, horizon=4)
    values = found["expected_purchases"]
    assert_allclose(np.asarray(values, dtype=np.float64), expected["expected_purchases"])


def _typed() -> dict[str, Any]:
    decimals = {name: [Decimal(value) for value in values] for name, values in _INTEGERS.items()}
    arrow = pl.DataFrame(decimals).to_arrow()
    return {
        "polars_decimal": pl.DataFrame(decimals),
        "polars_uint8": pl.DataFrame(_INTEGERS).cast(pl.UInt8),
        "polars_float32": pl.DataFrame(_INTEGERS).cast(pl.Float32),
        "pandas_object": pd.DataFrame(decimals),
        "pandas_nullable": pd.DataFrame(_INTEGERS).convert_dtypes(),
        "pandas_arrow_decimal": arrow.to_pandas(types_mapper=pd.ArrowDtype),
        "pyarrow_decimal": arrow,
        "negative_zero": pl.DataFrame(_INTEGERS).with_columns(recency=pl.Series([-0.0, 5.0, 8.0])),
    }


@pytest.fixture(params=list(_typed()))
def backend_type(request: pytest.FixtureRequest) -> Any:
    return _typed()[request.param]


@kinds
def test_zero_below_zero_is_zero(kind: str, distinct_backend: Backend) -> None:
    rows: dict[str, list[Any]] = {
        "id": [1, 2],
        "frequency": [0, 0],
        "recency": [-0.0, 0.0],
        "age": [9.0, 9.0],
    }
    found = distinct_backend.rows(known(kind).probability_alive(distinct_backend.frame(rows)))
    first, second = (row["probability_alive"] for row in found)
    assert first is not None
    assert first == second


BAD_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "null frequency": ({"frequency": None}, "'frequency' is null"),
    "null recency": ({"recency": None}, "'recency' is null"),
    "null age": ({"age": None}, "'age' is null"),
    "NaN age": ({"age": float("nan")}, "'age' is (null|not a finite number)"),
    "infinite age": ({"age": float("inf")}, "'age' is not a finite number"),
    "infinite frequency": ({"frequency": float("inf")}, "'frequency' is not a finite number"),
    "negative frequency": ({"frequency": -1}, "'frequency' is negative"),
    "negative recency": ({"recency": -1.0}, "'recency' is negative"),
    "negative age": ({"frequency": 0, "recency": 0.0, "age": -1.0}, "'recency' is above the age"),
    "late": ({"recency": 9.5}, "'recency' is above the age"),
    "recency without": ({"frequency": 0}, "'recency' is above 0 without a repeat purchase"),
    "frequency without": ({"recency": 0.0}, "'recency' is 0 for who bought again"),
    "not whole": ({"frequency": 1.5}, "'frequency' is no whole number"),
    "too many": ({"frequency": 2**53 + 2}, r"'frequency' is above 2\^53"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_are_refused_whole(case: str, distinct_backend: Backend) -> None:
    change, complaint = BAD_ROWS[case]
    bad = {"frequency": 2, "recency": 5.0, "age": 9.0} | change
    good = {"frequency": 1, "recency": 3.0, "age": 9.0}
    rows: dict[str, list[Any]] = {name: [good[name], bad[name]] for name in good}
    if isinstance(bad["frequency"], float):
        rows["frequency"][0] = 1.0
    frame = distinct_backend.frame(rows)
    for ask in (known("bg_nbd").probability_alive, BetaGeoModel().fit):
        with pytest.raises(InvalidTableError, match=complaint):
            ask(frame)


@pytest.mark.parametrize("bad", [None, 0, -1])
def test_rows_that_stand_for_nobody_are_refused(bad: int | None) -> None:
    frame = pl.concat([customer_rows("bg_nbd").select(CONTRACT)] * 2).with_columns(
        n=pl.Series([bad, *[1] * 39])
    )
    with pytest.raises(InvalidTableError, match=r"'n' is (not above 0|null)"):
        BetaGeoModel(customers="n").fit(frame)
    # Predictions do not look at it.
    assert known("bg_nbd").probability_alive(frame).height == 40


def test_currencies_are_looked_at_on_every_engine_or_on_none() -> None:
    frame = customer_rows("bg_nbd").with_columns(currency=pl.Series(["EUR", "USD"] * 10))
    answers = []
    for given_frame in (frame, frame.lazy()):
        try:
            known("bg_nbd").probability_alive(given_frame)
            answers.append("answered")
        except ValueError as error:
            answers.append(type(error).__name__)
    assert answers[0] == answers[1]


@kinds
def test_missing_and_other_columns(kind: str) -> None:
    with pytest.raises(MissingColumnsError, match=r"customers lacks 'age'.*age="):
        known(kind).probability_alive(history().drop("age"))
    with pytest.raises(ColumnTypeError, match="'recency' holds String"):
        known(kind).probability_alive(history(recency="long ago"))
    for name, ask in PREDICTIONS.items():
        with pytest.raises(ParameterError, match=f"already has a column '{name.upper()}'|{name}"):
            ask(known(kind), history(**{name.upper(): [1.0]}))


@kinds
def test_columns_have_any_names(kind: str) -> None:
    named = stand_in(PURCHASE_MODELS[kind](frequency="x", recency="t_x", age="T"), TRUTHS[kind])
    frame = history().rename({"frequency": "x", "recency": "t_x", "age": "T"})
    expected = known(kind).probability_alive(history())["probability_alive"]
    assert named.probability_alive(frame)["probability_alive"].to_list() == expected.to_list()
    drawn = named.simulate([9.0, 9.0], random_state=1)
    assert list(drawn) == ["x", "t_x", "T"]


@kinds
def test_nobody_to_learn_from(kind: str, distinct_backend: Backend) -> None:
    model = PURCHASE_MODELS[kind]
    never: dict[str, list[Any]] = {"frequency": [0, 0], "recency": [0.0, 0.0], "age": [9.0, 8.0]}
    with pytest.raises(UnidentifiedModelError, match="none of 2 bought again"):
        model().fit(distinct_backend.frame(never))
    nobody = pl.DataFrame(never).head(0)
    with pytest.raises(UnidentifiedModelError, match="there is none to learn from"):
        model().fit(nobody)
    with pytest.raises(UnidentifiedModelError, match="there is none to learn from"):
        model().fit(nobody.lazy())


@kinds
@pytest.mark.parametrize("name", ["probability_alive", "expected_purchases"])
def test_nobody_is_answered_with_nobody(kind: str, name: str, distinct_backend: Backend) -> None:
    rows = customer_rows(kind).head(1)
    native = distinct_backend.frame({each: rows[each].to_list() for each in rows.columns})
    none = nw.from_native(native).filter(nw.col("id") > 1).to_native()
    found = PREDICTIONS[name](known(kind), none)
    assert distinct_backend.rows(found) == []
    assert nw.from_native(found).collect_schema()[name] == nw.Float64


@kinds
def test_horizons_and_rates_that_are_none_are_refused(kind: str) -> None:
    model = known(kind)
    for bad in (-1, float("nan"), float("inf"), "long", True):
        with pytest.raises(ParameterError, match="horizon"):
            model.expected_purchases(history(), horizon=bad)  # type: ignore[arg-type]
        with pytest.raises(ParameterError, match="discount_rate"):
            model.discounted_expected_residual_transactions(history(), discount_rate=bad)  # type: ignore[arg-type]
    for times in ([-1.0], [1.0, float("nan")], float("inf")):
        with pytest.raises(ParameterError, match="horizon"):
            model.expected_new(times)
    with pytest.raises(ParameterError, match="most"):
        model.purchase_distribution(5, most=-1)
    with pytest.raises(ParameterError, match="random_state"):
        model.simulate([5.0], random_state=-1)
    with pytest.raises(ParameterError, match="time_unit"):
        PURCHASE_MODELS[kind](time_unit="fortnight").fit(customer_rows(kind))


@kinds
def test_nothing_is_asked_of_one_that_has_not_learnt(kind: str) -> None:
    model = PURCHASE_MODELS[kind]()
    asks: list[Callable[[], Any]] = [
        *(lambda ask=ask: ask(model, history()) for ask in PREDICTIONS.values()),
        lambda: model.expected_new(1.0),
        lambda: model.purchase_distribution(1, most=1),
        lambda: model.simulate([1.0], random_state=0),
        lambda: model.parameter_draws(1, random_state=0),
        lambda: model.parameters_,
        lambda: model.standard_errors_,
        lambda: model.aic_,
        lambda: model.bic_,
        model.to_json,
    ]
    for ask in asks:
        with pytest.raises(NotFittedError, match=f"this {type(model).__name__} is not fitted"):
            ask()


@kinds
def test_scikit_learn_clones_it_unfitted(kind: str) -> None:
    model = known(kind)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert not copied.is_fitted
    assert model.set_params(age="tenure") is model
    assert model.get_params()["age"] == "tenure"
    with pytest.raises(ParameterError, match="no parameter 'horizon'"):
        model.set_params(horizon=1)


@kinds
def test_what_is_stored_and_read_again_predicts_to_the_same_bit(kind: str) -> None:
    model = fitted(kind)
    again = ValueModel.from_json(model.to_json())
    assert type(again) is type(model)
    assert isinstance(again, PurchaseModel)
    assert again.get_params() == model.get_params()
    assert again.to_json() == model.to_json()
    rows = customer_rows(kind)
    for ask in PREDICTIONS.values():
        assert ask(again, rows).equals(ask(model, rows))
    assert again.standard_errors_ == model.standard_errors_
    assert again.convergence_ == model.convergence_


@kinds
def test_files_of_the_first_format_still_load(kind: str) -> None:
    stored = ValueModel.read(STORED / f"{kind}-1.json")
    assert isinstance(stored, PURCHASE_MODELS[kind])
    assert stored.kind == kind
    # The fit of this release has other last digits.
    assert stored.estimates_ == pytest.approx(fitted(kind).estimates_, rel=1e-6)
    assert stored.log_likelihood_ == pytest.approx(fitted(kind).log_likelihood_, rel=1e-9)
    expected = json.loads((STORED / f"{kind}-1.predictions.json").read_text(encoding="utf-8"))
    rows = pl.DataFrame(expected["customers"])
    for name, ask in PREDICTIONS.items():
        assert_allclose(ask(stored, rows)[name], expected[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"estimates_": [1.0, None, 1.0, 1.0]}, "estimates_"),
        ({"customers_": 0.0}, "customers_"),
        ({"time_unit": "fortnight"}, "time_unit"),
        ({"log_likelihood_": None}, "log_likelihood_"),
    ],
)
def test_damaged_files_are_refused(change: dict[str, Any], complaint: str) -> None:
    content = json.loads(known("bg_nbd").to_json())
    content["state"].update(change)
    with pytest.raises(EstimatorFormatError, match=f"damaged: {complaint}"):
        ValueModel.from_json(json.dumps(content))


@pytest.mark.parametrize("estimates", [[1.0, 2.0], [1.0, 2.0, 3.0, -4.0]])
def test_estimates_that_cannot_be_are_refused(estimates: list[float]) -> None:
    content = json.loads(known("bg_nbd").to_json())
    content["state"]["estimates_"] = estimates
    with pytest.raises(EstimatorFormatError):
        ValueModel.from_json(json.dumps(content))


@cache
def loyal(size: int = 1_500) -> pl.DataFrame:
    """Customers of a pure NBD: rates that differ, and nobody who leaves."""
    chance = np.random.default_rng(42)
    age = np.full(size, 40.0)
    made = chance.poisson(chance.gamma(1.2, 1.0 / 8.0, size) * age)
    last = np.where(made > 0, age * chance.beta(np.maximum(made, 1), 1.0), 0.0)
    return pl.DataFrame({"frequency": made, "recency": last, "age": age})


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_nobody_leaves_and_the_model_says_what_it_does_not_know(kind: str) -> None:
    with pytest.warns(ConvergenceWarning, match="the data do not tell") as caught:
        model = POISSON_MODELS[kind]().fit(loyal())
    assert len(caught) == 1
    assert caught[0].filename == __file__
    untold = model.convergence_.undetermined
    assert untold
    assert set(untold) <= set(model.parameter_names[2:])
    assert all(model.standard_errors_[name] is None for name in untold)
    assert model.standard_errors_["r"] is not None
    assert abs(model.parameters_["r"] - 1.2) < 4 * model.standard_errors_["r"]
    again = ValueModel.from_json(model.to_json())
    assert again.standard_errors_ == model.standard_errors_
    alive = model.probability_alive(loyal())["probability_alive"].to_numpy()
    assert np.isfinite(alive).all()
    assert alive.min() > 0.5
    assert alive.mean() > 0.99
    ahead = model.expected_purchases(loyal(), horizon=40)["expected_purchases"].to_numpy()
    often = loyal()["frequency"].to_numpy()
    # Nobody leaving, a customer is expected to go on at the rate that is known of: (r+x)/(alpha+T).
    r, alpha = model.parameters_["r"], model.parameters_["alpha"]
    ratio = ahead / (40.0 * (r + often) / (alpha + 40.0))
    assert np.quantile(ratio, 0.01) > 0.95
    assert ratio.max() <= 1.0
    assert np.isfinite(model.parameter_draws(50, random_state=0)).all()
    for name, ask in PREDICTIONS.items():
        assert np.isfinite(ask(model, loyal().head(50))[name].to_numpy()).all()


@cache
def even(size: int = 1_000) -> pl.DataFrame:
    """Customers whose counts vary less than those of any mixture of Poisson processes."""
    chance = np.random.default_rng(1)
    often = chance.binomial(20, 0.5, size)
    return pl.DataFrame(
        {"frequency": often, "recency": 30.0 * chance.beta(often, 1.0), "age": [30.0] * size}
    )


def test_customers_who_buy_too_evenly_are_told_too() -> None:
    with pytest.warns(ConvergenceWarning, match="at as good as the same rate"):
        model = BetaGeoModel().fit(even())
    assert "alpha" in model.convergence_.undetermined
    assert model.parameters_["r"] / model.parameters_["alpha"] == pytest.approx(1 / 3, rel=0.1)
    ahead = model.expected_purchases(even(), horizon=30)["expected_purchases"].to_numpy()
    assert np.isfinite(ahead).all()


def test_a_parameter_that_goes_with_one_at_its_bound_is_not_told_either() -> None:
    with pytest.warns(ConvergenceWarning):
        model = BetaGeoModel().fit(even())
    assert model.standard_errors_["r"] is None


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_huge_counts_and_long_times_get_a_number(kind: str) -> None:
    rows = pl.DataFrame(
        {
            "frequency": [10_000, 10_000, 1, 0, 1, 10_000],
            "recency": [10_000.0, 5_000.0, 1e-6, 0.0, 10_000.0, 1e-3],
            "age": [10_000.0, 10_000.0, 10_000.0, 10_000.0, 10_000.0, 1e-3],
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, ask in PREDICTIONS.items():
            found = ask(fitted(kind), rows)[name].to_numpy()
            assert np.isfinite(found).all(), name
            assert (found >= 0).all(), name
    assert fitted(kind).probability_alive(rows)["probability_alive"][1] < 1e-12


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_covariates_are_asked_for(kind: str) -> None:
    model = POISSON_MODELS[kind](rate_covariates=["dealer"], dropout_covariates=["dealer", "web"])
    assert model.covariates == ("dealer", "web")
    names = model.parameter_names
    assert names[:5] == (*model.process.names, "alpha:dealer")
    with pytest.raises(MissingColumnsError, match="'dealer', 'web'"):
        model.fit(customer_rows(kind))
    frame = customer_rows(kind).with_columns(dealer=1.0, web=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(InvalidTableError, match="'web' is null"):
        model.fit(frame)
    made = stand_in(model, (*TRUTHS[kind], *[0.3] * (len(names) - 4)))
    with pytest.raises(ParameterError, match="covariates given: none; the model has dealer, web"):
        made.expected_new(4.0)
    with pytest.raises(ParameterError, match="covariates given: dealer; the model has"):
        made.simulate([4.0], random_state=0, covariates={"dealer": [1.0]})
    with pytest.raises(ParameterError, match="the model has none"):
        known(kind).expected_new(4.0, covariates={"dealer": 1.0})


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_covariates_move_the_parameters_of_their_customer(kind: str) -> None:
    model = POISSON_MODELS[kind](rate_covariates=["dealer"], dropout_covariates=["web"])
    effects = (0.7,) + ((-0.4,) if kind == "pareto_nbd" else (-0.4, 0.2))
    made = stand_in(model, (*TRUTHS[kind], *effects))
    dealer, web = 1.5, -0.5
    own = list(TRUTHS[kind])
    own[1] *= np.exp(-0.7 * dealer)
    if kind == "pareto_nbd":
        own[3] *= np.exp(0.4 * web)
    else:
        own[2] *= np.exp(-0.4 * web)
        own[3] *= np.exp(0.2 * web)
    plain = stand_in(POISSON_MODELS[kind](), own)
    rows = customer_rows(kind).with_columns(dealer=dealer, web=web)
    for name, ask in PREDICTIONS.items():
        assert_allclose(ask(made, rows)[name], ask(plain, rows)[name], rtol=1e-9)
    values = {"dealer": dealer, "web": web}
    assert_allclose(made.expected_new([5.0, 50.0], covariates=values), plain.expected_new([5, 50]))
    assert_allclose(
        made.purchase_distribution(9, most=5, covariates=values),
        plain.purchase_distribution(9, most=5),
    )


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_every_engine_looks_at_covariates_alike(kind: str, distinct_backend: Backend) -> None:
    model = POISSON_MODELS[kind](rate_covariates=["dealer"], dropout_covariates=["dealer"])
    size = len(model.parameter_names)
    made = stand_in(model, (*TRUTHS[kind], *[0.3] * (size - 4)))
    rows = customer_rows(kind).with_columns(dealer=(pl.col("id") % 3) - 1)
    expected = made.expected_purchases(rows, horizon=9)["expected_purchases"]
    native = distinct_backend.frame({name: rows[name].to_list() for name in rows.columns})
    found = sorted(
        distinct_backend.rows(made.expected_purchases(native, horizon=9)),
        key=lambda row: row["id"],
    )
    assert_allclose([row["expected_purchases"] for row in found], expected, rtol=1e-12)


def test_a_covariate_that_is_the_same_for_all_is_not_told_apart() -> None:
    rows = cdnow().with_columns(same=1.0)
    with pytest.warns(ConvergenceWarning, match="alpha:same"):
        model = ParetoNBDModel(rate_covariates=["same"]).fit(rows)
    assert {"alpha", "alpha:same"} <= set(model.convergence_.undetermined)
    assert model.log_likelihood_ == pytest.approx(fitted("pareto_nbd").log_likelihood_, abs=1e-6)
