"""The operator as a whole: contracts, keys, references, reproducibility, bad parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.errors import MissingExtraError, ParameterError
from telcrm.synth import (
    DEFAULT_PLANS,
    TABLES,
    Backend,
    Campaigns,
    CareProcess,
    ChurnHazard,
    CustomerBase,
    DeviceMix,
    FraudMix,
    Operator,
    PaymentBehaviour,
    Plan,
    PlanChanges,
    RechargeProcess,
    UsageProfile,
    WinBack,
)
from telcrm.tables import contract, validate

KEYS = {
    "customers": ["customer_id"],
    "subscriptions": ["subscription_id"],
    "subscriber_months": ["subscription_id", "period"],
    "usage": ["usage_id"],
    "recharges": ["recharge_id"],
    "invoices": ["invoice_id"],
    "payments": ["payment_id"],
    "complaints": ["complaint_id"],
    "interactions": ["interaction_id"],
    "surveys": ["survey_id"],
    "campaign_contacts": ["contact_id"],
    "equipment": ["equipment_id"],
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_meets_its_contract(tables: dict[str, pl.DataFrame], name: str) -> None:
    validate(tables[name], name).raise_if_invalid()
    assert set(tables[name].columns) <= set(contract(name).column_names)


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_unique(tables: dict[str, pl.DataFrame], name: str) -> None:
    assert tables[name].height > 0
    assert not tables[name].select(KEYS[name]).is_duplicated().any()


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("key", "home"), [("customer_id", "customers"), ("subscription_id", "subscriptions")]
)
def test_references_lead_somewhere(
    tables: dict[str, pl.DataFrame], name: str, key: str, home: str
) -> None:
    if key in tables[name].columns:
        strays = tables[name].drop_nulls(key).join(tables[home], on=key, how="anti")
        assert strays.is_empty()


@pytest.mark.parametrize("name", ["subscriber_months", "recharges", "equipment"])
def test_line_and_customer_agree(tables: dict[str, pl.DataFrame], name: str) -> None:
    pairs = tables[name].select("subscription_id", "customer_id").drop_nulls().unique()
    homes = tables["subscriptions"].select("subscription_id", "customer_id")
    assert pairs.join(homes, on=["subscription_id", "customer_id"], how="anti").is_empty()


@pytest.mark.parametrize("name", ["invoices", "payments"])
def test_accounts_belong_to_their_customer(tables: dict[str, pl.DataFrame], name: str) -> None:
    pairs = tables[name].select("account_id", "customer_id").unique()
    homes = tables["subscriptions"].select("account_id", "customer_id").unique()
    assert pairs.join(homes, on=["account_id", "customer_id"], how="anti").is_empty()


def test_some_customers_hold_several_lines_and_most_one(
    tables: dict[str, pl.DataFrame],
) -> None:
    held = tables["subscriptions"].group_by("customer_id").len()["len"]
    assert 0.7 < (held == 1).mean() < 0.95  # type: ignore[operator]
    assert held.max() > 4  # type: ignore[operator]


def test_msisdns_are_unique_and_of_the_given_country() -> None:
    frame = Operator(subscribers=500, country_code="44").tables(["subscriptions"])["subscriptions"]
    assert frame["msisdn"].is_unique().all()
    assert frame["msisdn"].str.contains(r"^\+44\d{10}$").all()


def test_the_base_moves_in_every_way(tables: dict[str, pl.DataFrame]) -> None:
    rows = tables["subscriber_months"].select("subscription_id", "period").unique()
    by_line = rows.group_by("subscription_id").agg(
        pl.col("period").min().alias("first"),
        pl.col("period").max().alias("last"),
        pl.len().alias("seen"),
    )
    span = (by_line["last"].dt.month() - by_line["first"].dt.month() + 1).cast(pl.Int64)
    assert (by_line["first"] > date(2025, 1, 1)).any()
    assert (by_line["last"] < date(2025, 12, 1)).any()
    assert (by_line["seen"].cast(pl.Int64) < span).any()
    counts = rows.group_by("period").len().sort("period")["len"].to_list()
    assert counts[0] == 12_000
    assert 0.95 < counts[-1] / counts[0] < 1.25


def test_equal_parameters_give_equal_tables() -> None:
    first, again, other = (
        Operator(subscribers=300, months=5, seed=seed).tables() for seed in (4, 4, 5)
    )
    for name in TABLES:
        assert first[name].equals(again[name]), name
        assert not first[name].equals(other[name]), name


@settings(max_examples=15, deadline=None)
@given(names=st.permutations(TABLES).flatmap(lambda order: st.sampled_from([order[:1], order[:3]])))
def test_a_table_does_not_depend_on_the_others_asked_for(names: list[str]) -> None:
    given_alone = Operator(subscribers=60, months=3, seed=9).tables(names)
    for name in names:
        assert given_alone[name].equals(_WHOLE[name])


_WHOLE: dict[str, pl.DataFrame] = Operator(subscribers=60, months=3, seed=9).tables()


def test_asking_for_the_truth_first_changes_nothing() -> None:
    operator = Operator(subscribers=60, months=3, seed=9)
    assert operator.truth.subscription_id.size > 0
    for name, frame in operator.tables().items():
        assert frame.equals(_WHOLE[name])


@settings(max_examples=12, deadline=None)
@given(
    subscribers=st.integers(1, 12),
    months=st.integers(1, 3),
    seed=st.integers(0, 2**70),
    prepaid=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_smallest_operators_still_meet_the_contracts(
    subscribers: int, months: int, seed: int, prepaid: float
) -> None:
    operator = Operator(
        subscribers=subscribers,
        months=months,
        seed=seed,
        base=CustomerBase(prepaid_share=prepaid),
        usage=UsageProfile(days=60),
    )
    tables = operator.tables()
    assert set(tables) == set(TABLES)
    for name, frame in tables.items():
        validate(frame, name).raise_if_invalid()
        assert not frame.select(KEYS[name]).is_duplicated().any()
    rows = tables["subscriber_months"].filter(pl.col("period") == date(2025, 1, 1))
    assert rows.height == subscribers


@pytest.mark.parametrize("name", TABLES)
def test_backends_hold_the_same_rows(name: str) -> None:
    operator = Operator(subscribers=80, months=3, seed=3)
    frames = {backend: operator.tables([name], backend=backend)[name] for backend in Backend}
    polars = frames[Backend.POLARS]
    assert polars.equals(pl.from_arrow(frames[Backend.PYARROW]))
    assert polars.equals(pl.from_pandas(frames[Backend.PANDAS]).cast(dict(polars.schema)))


@pytest.mark.parametrize(
    ("backend", "module"), [("polars", "polars"), ("pandas", "pandas"), ("pyarrow", "pyarrow")]
)
def test_a_missing_backend_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, backend: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install \"telcrm\[") as caught:
        Operator(subscribers=5, months=1).tables(["customers"], backend=backend)
    assert caught.value.context["modules"] == [module]


def test_one_table_may_be_named_as_text() -> None:
    operator = Operator(subscribers=20, months=2)
    assert list(operator.tables("usage")) == ["usage"]
    with pytest.raises(ParameterError, match="no table 'usages'"):
        operator.tables("usages")


AMOUNTS = {
    "subscriber_months": ["revenue", "direct_cost"],
    "recharges": ["amount"],
    "invoices": ["total", "tax", "open_amount"],
    "payments": ["amount"],
    "usage": ["charge"],
    "campaign_contacts": ["value"],
    "equipment": ["residual_value", "subsidy"],
}


@pytest.mark.parametrize("code", ["JPY", "EUR", "KWD"])
def test_amounts_have_the_decimals_of_their_currency(code: str) -> None:
    frames = Operator(subscribers=1_000, months=4, seed=6, currency=code).tables(AMOUNTS)
    for name, columns in AMOUNTS.items():
        for column in columns:
            amounts = frames[name][column].drop_nulls().unique().to_list()
            exact = [Money(f"{amount!r}", code) for amount in amounts]
            assert len(exact) > 5, (name, column)
        stated = frames[name].get_column("currency", default=pl.Series([code]))
        assert stated.unique().to_list() == [code]
    bills, paid = frames["invoices"], frames["payments"]
    owed = bills.group_by("account_id").agg(pl.col("total", "open_amount").sum())
    both = owed.join(paid.group_by("account_id").agg(pl.col("amount").sum()), on="account_id")
    assert (both["total"] - both["open_amount"] - both["amount"]).abs().max() < 1e-9
    net = frames["subscriber_months"].filter(pl.col("payment_mode") == "postpaid")["revenue"].sum()
    assert (bills["total"] - bills["tax"]).sum() == pytest.approx(net, abs=1e-6)


BAD: list[Callable[[], object]] = [
    lambda: Operator(subscribers=0),
    lambda: Operator(subscribers=-3),
    lambda: Operator(subscribers=True),
    lambda: Operator(months=0),
    lambda: Operator(seed=-1),
    lambda: Operator(first_period=date(2025, 1, 2)),
    lambda: Operator(currency="eur"),
    lambda: Operator(currency="EURO"),
    lambda: Operator(currency="ZZZ"),
    lambda: Operator(currency="XAU"),
    lambda: Operator(currency=978),  # type: ignore[arg-type]
    lambda: Operator(country_code=49),  # type: ignore[arg-type]
    lambda: Operator(base={"prepaid_share": 0}),  # type: ignore[arg-type]
    lambda: Operator(hazard=RechargeProcess()),  # type: ignore[arg-type]
    lambda: Operator(frauds=None),  # type: ignore[arg-type]
    lambda: Operator(plans=["POST-S"]),  # type: ignore[arg-type]
    lambda: Plan(offer_id=7, prepaid=False),  # type: ignore[arg-type]
    lambda: Plan(offer_id="P", prepaid="no"),  # type: ignore[arg-type]
    lambda: UsageProfile(weekdays=7),  # type: ignore[arg-type]
    lambda: Operator(country_code="0"),
    lambda: Operator(country_code="+49"),
    lambda: Operator(plans=DEFAULT_PLANS[:2]),
    lambda: Operator(plans=DEFAULT_PLANS[::-1]),
    lambda: Plan(offer_id="P", prepaid=False, monthly_fee=-1.0),
    lambda: CustomerBase(prepaid_share=1.1),
    lambda: CustomerBase(mean_tenure_months=0.0),
    lambda: CustomerBase(commitment_months=1),
    lambda: ChurnHazard(baseline=float("nan")),
    lambda: ChurnHazard(debtor_never_pay=1.0),
    lambda: RechargeProcess(r=0.0),
    lambda: RechargeProcess(alpha=-1.0),
    lambda: RechargeProcess(amount_q=1.0),
    lambda: RechargeProcess(validity_days=0),
    lambda: WinBack(share=-0.1),
    lambda: WinBack(mean_gap_months=0.5),
    lambda: PlanChanges(upgrade=0.6),
    lambda: PaymentBehaviour(prompt=0.5),
    lambda: PaymentBehaviour(due_days=-1),
    lambda: PaymentBehaviour(chronic_part_low=0.9, chronic_part_high=0.5),
    lambda: UsageProfile(days=0),
    lambda: UsageProfile(records=-1),
    lambda: UsageProfile(weekdays=(1.0,) * 6),
    lambda: UsageProfile(weekdays=(0.0,) * 7),
    lambda: UsageProfile(voice_zones=(-1.0, 1.0, 1.0, 1.0, 1.0)),
    lambda: CareProcess(contacts_per_month=0.0),
    lambda: Campaigns(every_months=0),
    lambda: Campaigns(response_control=(0.1, 0.2, 0.3, 1.5)),
    lambda: Campaigns(persuadable=0.9),
    lambda: DeviceMix(price=0.0),
    lambda: FraudMix(irsf=2.0),
    lambda: Operator(subscribers=9).tables(["cats"]),
    lambda: Operator(subscribers=9).tables(["customers"], backend="dask"),
    lambda: Operator(subscribers=500, usage=UsageProfile(records=10)).tables(["usage"]),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_parameters_are_refused(number: int) -> None:
    with pytest.raises(ParameterError) as caught:
        BAD[number]()
    assert caught.value.message.endswith(".")
    assert isinstance(caught.value, ValueError)
