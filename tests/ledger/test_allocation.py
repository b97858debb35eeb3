"""Which debts an amount settles: whatever the policy, nothing is lost and nothing is overpaid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Money
from telcrm.ledger.allocation import (
    AllocationMethod,
    AllocationPolicy,
    Share,
    TaxOrder,
    allocate,
    split_tax,
)
from telcrm.ledger.journal import Item, ItemKind

DAY = date(2026, 1, 1)
KINDS = ("service", "fee", "interest")


def debt(
    seq: int, net: int, tax: int = 0, *, kind: str = "service", due: int = 0, on: int = 0
) -> Item:
    due_on = DAY + timedelta(days=due)
    booked = DAY + timedelta(days=on)
    return Item("A", seq, kind, None, booked, due_on, net + tax, open_net=net, open_tax=tax)


debts = st.lists(
    st.tuples(
        st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(KINDS), st.integers(0, 3)
    ),
    max_size=6,
).map(
    lambda rows: [
        debt(seq, net, tax, kind=kind, due=due)
        for seq, (net, tax, kind, due) in enumerate(rows, start=2)
    ]
)
policies = st.builds(
    AllocationPolicy,
    method=st.sampled_from(AllocationMethod),
    order=st.lists(st.sampled_from(KINDS), unique=True).map(tuple),
    tax=st.sampled_from(TaxOrder),
)


def amounts(shares: list[Share]) -> list[tuple[int, int]]:
    return [(share.item.seq, share.amount) for share in shares]


@given(debts=debts, policy=policies, pot=st.integers(0, 10**7))
def test_shares_add_up_and_stay_within_what_is_open(
    debts: list[Item], policy: AllocationPolicy, pot: int
) -> None:
    shares = allocate(pot, debts, policy)
    assert sum(share.amount for share in shares) == min(pot, sum(item.open for item in debts))
    assert len({share.item.seq for share in shares}) == len(shares)
    for share in shares:
        assert share.amount > 0
        assert 0 <= share.net <= share.item.open_net
        assert 0 <= share.tax <= share.item.open_tax


@given(debts=debts, policy=policies, pot=st.integers(0, 10**7), random=st.randoms())
def test_the_order_in_which_debts_are_given_is_no_matter(
    debts: list[Item], policy: AllocationPolicy, pot: int, random: Any
) -> None:
    shuffled = list(debts)
    random.shuffle(shuffled)
    assert allocate(pot, shuffled, policy) == allocate(pot, debts, policy)


@given(debts=debts, policy=policies, pot=st.integers(1, 10**7))
def test_a_lower_rank_gets_nothing_while_a_higher_one_is_open(
    debts: list[Item], policy: AllocationPolicy, pot: int
) -> None:
    got = {share.item.seq: share.amount for share in allocate(pot, debts, policy)}
    order = [kind.value for kind in policy.order]

    def rank(item: Item) -> int:
        return order.index(item.kind) if item.kind in order else len(order)

    for low in debts:
        if got.get(low.seq):
            assert all(
                got.get(high.seq, 0) == high.open for high in debts if rank(high) < rank(low)
            )


@given(debts=debts, pot=st.integers(1, 10**7))
def test_the_oldest_due_is_settled_in_full_before_the_next(debts: list[Item], pot: int) -> None:
    got = {share.item.seq: share.amount for share in allocate(pot, debts, AllocationPolicy())}
    for later in debts:
        if got.get(later.seq):
            older = [one for one in debts if (one.due_on, one.seq) < (later.due_on, later.seq)]
            assert all(got.get(one.seq, 0) == one.open for one in older)


@given(debts=debts, pot=st.integers(1, 10**7))
def test_pro_rata_is_off_by_less_than_a_unit(debts: list[Item], pot: int) -> None:
    policy = AllocationPolicy(method=AllocationMethod.PRO_RATA)
    got = {share.item.seq: share.amount for share in allocate(pot, debts, policy)}
    total = sum(item.open for item in debts)
    for item in debts:
        exact = min(pot, total) * item.open / total if total else 0
        assert abs(got.get(item.seq, 0) - exact) < 1


def test_among_equals_the_day_and_the_number_decide() -> None:
    same = [debt(5, 10, on=1), debt(4, 10, on=2), debt(3, 10, on=1)]
    assert amounts(allocate(25, same, AllocationPolicy())) == [(3, 10), (5, 10), (4, 5)]


def test_the_order_of_the_german_civil_code() -> None:
    # BGB section 367: costs first, then interest, then the principal.
    policy = AllocationPolicy(order=("fee", "interest", "service"))
    owed = [debt(2, 100, due=0), debt(3, 7, kind="interest", due=9), debt(4, 5, kind="fee", due=9)]
    assert amounts(allocate(20, owed, policy)) == [(4, 5), (3, 7), (2, 8)]


def test_kinds_that_are_not_named_rank_last_together() -> None:
    policy = AllocationPolicy(order=("fee",))
    owed = [debt(2, 10, due=2), debt(3, 10, kind="interest", due=1), debt(4, 10, kind="fee", due=3)]
    assert amounts(allocate(25, owed, policy)) == [(4, 10), (3, 10), (2, 5)]


def test_what_is_contested_gets_nothing() -> None:
    contested = Item("A", 2, "service", None, DAY, DAY, 100, disputed_net=100)
    assert allocate(50, [contested], AllocationPolicy()) == []


def test_nothing_goes_nowhere() -> None:
    assert allocate(0, [debt(2, 5)], AllocationPolicy()) == []
    assert allocate(5, [], AllocationPolicy()) == []


@pytest.mark.parametrize(
    ("order", "amount", "expected"),
    [
        (TaxOrder.PRO_RATA, 50, (42, 8)),
        (TaxOrder.PRO_RATA, 120, (100, 20)),
        (TaxOrder.PRO_RATA, 3, (3, 0)),  # 2.5 to 0.5: half a unit is net
        (TaxOrder.FIRST, 15, (0, 15)),
        (TaxOrder.FIRST, 30, (10, 20)),
        (TaxOrder.LAST, 99, (99, 0)),
        (TaxOrder.LAST, 110, (100, 10)),
    ],
)
def test_an_amount_is_divided_into_net_and_tax(
    order: TaxOrder, amount: int, expected: tuple[int, int]
) -> None:
    share = split_tax(debt(2, 100, 20), amount, order)
    assert (share.net, share.tax) == expected
    assert share.amount == amount


def test_the_tolerance_is_looked_up_by_currency() -> None:
    policy = AllocationPolicy(tolerance=(Money("0.05", "EUR"), Money(3, "JPY")))
    assert [policy.tolerance_in(code) for code in ("EUR", "JPY", "USD")] == [5, 3, 0]


@pytest.mark.parametrize(
    "fields",
    [
        {"tolerance": (Money(1, "EUR"), Money(2, "EUR"))},
        {"tolerance": (Money(-1, "EUR"),)},
        {"order": ("fee", "fee")},
        {"order": ("credit",)},
        {"order": ("deposit",)},
        {"method": "newest_first"},
        {"tax": "never"},
        {"auto": True},
    ],
)
def test_a_policy_that_means_nothing_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AllocationPolicy(**fields)


def test_a_policy_survives_json() -> None:
    policy = AllocationPolicy(
        method="pro_rata", order=("fee",), tax="last", tolerance=(Money(1, "EUR"),)
    )
    assert AllocationPolicy.from_json(policy.to_json()) == policy
    assert policy.order == (ItemKind.FEE,)
