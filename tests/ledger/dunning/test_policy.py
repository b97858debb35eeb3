from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.domain import Currency, Money
from telcrm.ledger.dunning.policy import (
    DEFAULT_LEVELS,
    ClassException,
    DunningLevel,
    DunningPolicy,
    DunningStep,
)

EUR = Currency("EUR")


def level(step: str, days: int, **more: Any) -> DunningLevel:
    return DunningLevel(step=DunningStep(step), days_past_due=days, **more)


def ladder(*rungs: tuple[str, int]) -> tuple[DunningLevel, ...]:
    return tuple(level(step, days) for step, days in rungs)


def test_the_default_ladder_warns_twice_and_leaves_fifteen_days_before_the_first_bar() -> None:
    # Spain: 15 days of notice. Argentina: two warnings, then outgoing bar at 30 days.
    assert DunningPolicy().levels == DEFAULT_LEVELS
    warnings = [rung for rung in DEFAULT_LEVELS if rung.step.severity <= 1]
    bar = next(rung for rung in DEFAULT_LEVELS if rung.step is DunningStep.ONE_WAY_BAR)
    assert len(warnings) == 2
    assert bar.days_past_due == 30
    assert bar.days_past_due - warnings[-1].days_past_due == bar.notice_days == 15


def test_severity_follows_the_order_of_the_steps() -> None:
    assert [step.severity for step in DunningStep] == [0, 1, 2, 3, 4, 5]


def test_levels_are_told_apart_by_the_due_date() -> None:
    policy = DunningPolicy(
        levels=ladder(("reminder", -3), ("reminder", 0), ("reminder", 7), ("one_way_bar", 30))
    )
    assert [rung.days_past_due for rung in policy.before_due] == [-3, 0]
    assert [rung.days_past_due for rung in policy.ladder] == [7, 30]


def test_two_final_notices_follow_the_canadian_code() -> None:
    # Telecom Decision CRTC 2015-376: 14 days before the first suspension, and 24 hours before.
    policy = DunningPolicy(
        levels=ladder(("final_notice", 16), ("final_notice", 29), ("one_way_bar", 30))
    )
    assert len(policy.ladder) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: level("final_notice", 0), "only a reminder may come on or before"),
        (lambda: level("one_way_bar", -3), "only a reminder may come on or before"),
        (
            lambda: level("reminder", 7, minimum=(Money(5, "EUR"), Money(6, "EUR"))),
            "the minimum of reminder names EUR twice",
        ),
        (lambda: level("reminder", 7, minimum=(Money(0, "EUR"),)), "not above 0"),
        (lambda: level("reminder", 7, minimum_share=0), "greater than 0"),
        (lambda: level("reminder", 7, minimum_share=0.1), "is a float"),
        (lambda: level("reminder", 7, notice_days=0), "greater than or equal to 1"),
        (
            lambda: DunningPolicy(levels=ladder(("reminder", 7), ("one_way_bar", 7))),
            "one_way_bar at 7 days stands after reminder at 7: each level needs more days",
        ),
        (
            lambda: DunningPolicy(levels=ladder(("one_way_bar", 7), ("reminder", 9))),
            "reminder at 9 days is milder than one_way_bar before it",
        ),
        (
            lambda: DunningPolicy(levels=ladder(("two_way_bar", 7), ("two_way_bar", 9))),
            "two_way_bar stands twice, at 7 and 9 days",
        ),
        (
            lambda: DunningPolicy(grace_days=7),
            "reminder at 7 days lies within grace_days=7",
        ),
        (
            lambda: DunningPolicy(tolerance=(Money(1, "EUR"), Money(2, "EUR"))),
            "tolerance names EUR twice",
        ),
        (lambda: DunningPolicy(tolerance=(Money(-1, "EUR"),)), "below 0"),
        (lambda: DunningPolicy(minimum_gap_days=0), "greater than or equal to 1"),
        (lambda: DunningPolicy(quiet_weekdays=frozenset({0})), "greater than or equal to 1"),
        (lambda: DunningPolicy(quiet_weekdays=frozenset(range(1, 8))), "all seven weekdays"),
        (
            lambda: DunningPolicy(
                exceptions=(
                    ClassException(customer_class="vip", extra_grace_days=3),
                    ClassException(customer_class="vip", exempt=True),
                )
            ),
            "exceptions name the class vip twice",
        ),
        (
            lambda: ClassException(customer_class="vip", exempt=True, extra_grace_days=3),
            "class 'vip' is exempt, so extra_grace_days and last_step have no meaning",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make()
    assert message in str(caught.value)


def test_the_last_day_of_grace_may_stand_right_before_the_first_level() -> None:
    assert DunningPolicy(grace_days=6).ladder[0].days_past_due == 7


def test_amounts_are_looked_up_by_currency() -> None:
    policy = DunningPolicy(tolerance=(Money("1.50", "EUR"), Money(200, "JPY")))
    rung = level("reminder", 7, minimum=(Money("2.50", "EUR"),))
    assert policy.tolerance_minor(EUR) == 150
    assert policy.tolerance_minor(Currency("JPY")) == 200
    assert policy.tolerance_minor(Currency("USD")) == 0
    assert rung.minimum_minor(EUR) == 250
    assert rung.minimum_minor(Currency("USD")) == 0


def test_exceptions_are_looked_up_by_class() -> None:
    vip = ClassException(customer_class="vip", extra_grace_days=3)
    policy = DunningPolicy(exceptions=(vip,))
    assert policy.exception_for("vip") == vip
    assert policy.exception_for("retail") is None
    assert policy.exception_for(None) is None


def test_quiet_days_are_weekdays_and_dates() -> None:
    policy = DunningPolicy(
        quiet_weekdays=frozenset({7}), quiet_days=frozenset({date(2026, 12, 25)})
    )
    assert policy.is_quiet(date(2026, 2, 15))  # a Sunday
    assert policy.is_quiet(date(2026, 12, 25))  # a Friday
    assert not policy.is_quiet(date(2026, 2, 16))


def test_a_policy_is_stored_in_one_order_and_read_back() -> None:
    days = [date(2026, month, 1) for month in range(1, 13)]
    policy = DunningPolicy(
        quiet_weekdays=frozenset({7, 6}),
        quiet_days=frozenset(days),
        tolerance=(Money(1, "EUR"),),
        exceptions=(ClassException(customer_class="vip", last_step=DunningStep.FINAL_NOTICE),),
    )
    stored = policy.to_json()
    assert json.loads(stored)["quiet_weekdays"] == [6, 7]
    assert json.loads(stored)["quiet_days"] == [day.isoformat() for day in days]
    assert DunningPolicy.from_json(stored) == policy
