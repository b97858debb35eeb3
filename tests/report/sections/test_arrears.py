"""Arrears by the tables: ages as the ledger counts them, steps as dunning decides them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.ledger import (
    Charge,
    DunnableItem,
    DunningCase,
    DunningPolicy,
    Ledger,
    OpenAccount,
    decide,
)
from telcrm.report import Report, Section, build
from telcrm.report.sections.arrears_of_invoices import _owed_on
from telcrm.report.sections.dunning_ladder import NO_STEP, named, standard_ladder, with_standing
from telcrm.report.sections.open_items import with_open
from telcrm.report.sources import prepare

AS_OF = date(2026, 6, 30)
Bill = tuple[str, int, int]


def invoices(rows: list[Bill]) -> pl.DataFrame:
    """Customer, days past due on the as-of date, and total."""
    due = [AS_OF - timedelta(days=days) for _, days, _ in rows]
    return pl.DataFrame(
        {
            "invoice_id": [f"I-{at:02d}" for at in range(len(rows))],
            "customer_id": [customer for customer, _, _ in rows],
            "issued_on": [min(day - timedelta(days=14), AS_OF) for day in due],
            "due_on": due,
            "total": [float(total) for _, _, total in rows],
        }
    )


def arrears(rows: list[Bill]) -> Section:
    return build({"invoices": invoices(rows)}, as_of=AS_OF, currency="EUR").section("arrears")


def figures(section: Section) -> dict[str, str]:
    return {figure.label: figure.value.replace("\xa0", " ") for figure in section.figures}


bills = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-20, 200), st.integers(1, 500)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=15, deadline=None)
@given(bills)
def test_tables_and_books_age_debt_alike(rows: list[Bill]) -> None:
    books = Ledger.open("memory://")
    start = AS_OF - timedelta(days=400)
    opened = [OpenAccount(key=who, account_id=who, currency="EUR", on=start) for who in "abc"]
    charged = [
        Charge(
            key=f"I-{at}",
            account_id=who,
            amount=Money(total, "EUR"),
            on=min(AS_OF, AS_OF - timedelta(days=days)),
            due_on=AS_OF - timedelta(days=days),
        )
        for at, (who, days, total) in enumerate(rows)
    ]
    assert not books.post_many([*opened, *charged]).refused
    section = arrears(rows)
    ages = section.exhibit("aging").frame
    aging = books.aging(as_of=AS_OF)
    assert tuple(ages["age"]) == aging.bucket_names
    assert ages["open"].to_list() == [float(part.amount) for part in aging.total("EUR").buckets]
    owing = books.debtors(as_of=AS_OF)
    listed = {exhibit.name: exhibit.frame for exhibit in section.exhibits}.get("debtors")
    found = [] if listed is None else listed.select("customer_id", "since", "days_past_due").rows()
    assert found == [(row.account_id, row.oldest_due_on, row.days_past_due) for row in owing]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(-20, 160), min_size=1, max_size=4).filter(lambda days: max(days) > 0),
    st.integers(0, 40),
)
def test_the_standing_is_that_of_a_daily_run(past_due: list[int], ahead: int) -> None:
    """The short cut, one run for all, takes the steps that a run of its own would take."""
    items = tuple(
        DunnableItem(
            item_id=f"I-{at}",
            due_on=AS_OF - timedelta(days=days),
            open_minor=500,
            original_minor=900,
        )
        for at, days in enumerate(past_due)
    )
    oldest = max(past_due)
    day = AS_OF - timedelta(days=oldest)
    case = DunningCase(account_id="A", currency="EUR", items=items)
    taken: list[tuple[date, str]] = []
    while day <= AS_OF + timedelta(days=ahead):
        decision = decide(DunningPolicy(), case, as_of=day)
        taken += [(day, named(a.kind.value)) for a in decision.actions if a.level is not None]
        case = replace(case, state=decision.state)
        day += timedelta(days=1)
    debtor = pl.DataFrame({"since": [AS_OF - timedelta(days=oldest)], "days_past_due": [oldest]})
    ((step, next_step, next_on),) = (
        with_standing(debtor).select("step", "next_step", "next_on").rows()
    )
    by_now = [kind for on, kind in taken if on <= AS_OF]
    later = [(on, kind) for on, kind in taken if on > AS_OF]
    assert step == (by_now[-1] if by_now else NO_STEP)
    if later:
        assert (next_on, next_step) == later[0]
    else:
        assert next_on is None or next_on > AS_OF + timedelta(days=ahead)


def test_the_ladder_is_the_whole_policy() -> None:
    steps = [(rung.day, rung.step) for rung in standard_ladder()]
    levels = DunningPolicy().levels
    assert steps == [(level.days_past_due, named(level.step.value)) for level in levels]


def test_steps_and_what_comes_next() -> None:
    section = arrears([("a", 10, 30), ("a", 2, 5), ("b", 6, 40), ("c", 300, 50), ("d", 0, 60)])
    assert "the steps of dunning are a simulation" in section.summary
    steps = section.exhibit("steps")
    assert steps.title.startswith("Dunning, simulated")
    assert steps.frame.filter(pl.col("debtors") > 0).rows() == [
        (NO_STEP, 1, 40.0),
        ("reminder", 1, 35.0),
        ("collections", 1, 50.0),
    ]
    following = section.exhibit("next_steps").frame
    assert following.select("step", "debtors", "overdue", "first_on", "within_a_week").rows() == [
        ("reminder", 1, 40.0, date(2026, 7, 1), 1),
        ("final notice", 1, 35.0, date(2026, 7, 5), 1),
    ]
    debtors = section.exhibit("debtors").frame
    assert debtors.select("customer_id", "overdue", "invoices", "days_past_due").rows() == [
        ("c", 50.0, 1, 300),
        ("b", 40.0, 1, 6),
        ("a", 35.0, 2, 10),
    ]


def test_figures_sum_the_section_up() -> None:
    found = figures(arrears([("a", 10, 30), ("c", 91, 50), ("d", 0, 20)]))
    assert found["Overdue"] == "EUR 80"
    assert found["Open"] == "EUR 100"
    assert found["Over 90 days"] == "50.0%"


def test_what_is_not_overdue_is_not_dunned() -> None:
    section = arrears([("a", 0, 30), ("b", -5, 30)])
    assert [exhibit.name for exhibit in section.exhibits] == ["aging"]
    assert "dunning" not in section.summary
    assert figures(section)["Overdue"] == "EUR 0"


def test_all_debtors_are_exported_and_some_shown() -> None:
    debtors = arrears([(f"C-{at:02d}", 10 + at, 5) for at in range(40)]).exhibit("debtors")
    assert (debtors.frame.height, debtors.shown.height) == (40, 15)


def ledger_of_a_month(*, paid: float) -> dict[str, pl.DataFrame]:
    """6,200 from April; 10,890 of May, of which 3,590 is due in June; and what was paid in May."""
    return {
        "invoices": pl.DataFrame(
            {
                "invoice_id": ["I-1", "I-2", "I-3"],
                "customer_id": ["a", "a", "a"],
                "issued_on": [date(2026, 4, 10), date(2026, 5, 2), date(2026, 5, 20)],
                "due_on": [date(2026, 4, 24), date(2026, 5, 16), date(2026, 6, 3)],
                "total": [6_200.0, 7_300.0, 3_590.0],
            }
        ),
        "payments": pl.DataFrame(
            {
                "payment_id": ["P-1"],
                "customer_id": ["a"],
                "paid_on": [date(2026, 5, 25)],
                "amount": [paid],
            }
        ),
    }


@pytest.mark.parametrize("day", [date(2026, 5, 31), date(2026, 6, 29)])
def test_collection_effectiveness_of_the_last_whole_month(day: date) -> None:
    """79.63: the example of Srinivasan's index in test_collections, which names its source."""
    tables = ledger_of_a_month(paid=10_750.0)  # leaves 6,340
    found = figures(build(tables, as_of=day, currency="USD").section("arrears"))
    assert found["Collection effectiveness"] == "79.6%"


def test_days_sales_outstanding_by_the_sales_of_whole_months() -> None:
    section = build(ledger_of_a_month(paid=10_750.0), as_of=date(2026, 5, 31)).section("arrears")
    # 6,340 of 17,090 in the 61 days of April and May; March is before the first invoice.
    assert figures(section)["Days sales outstanding"] == f"{6_340 / 17_090 * 61:.1f} days"
    (figure,) = [f for f in section.figures if f.label == "Days sales outstanding"]
    assert figure.detail == "by the sales of Apr 2026 to May 2026"


def test_what_cannot_be_reckoned_is_left_out() -> None:
    tables = ledger_of_a_month(paid=10_750.0)
    alone = figures(build({"invoices": tables["invoices"]}).section("arrears"))
    assert "Collection effectiveness" not in alone
    # In the first month nobody knows what was open before, and in the middle of it nothing is over.
    first = figures(build(tables, as_of=date(2026, 4, 30)).section("arrears"))
    assert "Collection effectiveness" not in first
    assert first["Days sales outstanding"] == "30.0 days"
    begun = figures(build(tables, as_of=date(2026, 4, 29)).section("arrears"))
    assert "Days sales outstanding" not in begun


cents = st.integers(-20_000, 40_000).map(lambda amount: amount / 100)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(15, 90), cents), min_size=1, max_size=10
    ),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 90), st.integers(1, 300)), min_size=1
    ),
)
def test_what_was_owed_earlier_is_what_the_open_items_add_up_to(
    billed: list[tuple[str, int, float]], paid: list[tuple[str, int, int]]
) -> None:
    issued = [AS_OF - timedelta(days=days) for _, days, _ in billed]
    tables = {
        "invoices": pl.DataFrame(
            {
                "invoice_id": [f"I-{at}" for at in range(len(billed))],
                "customer_id": [who for who, _, _ in billed],
                "issued_on": issued,
                "due_on": [day + timedelta(days=20) for day in issued],
                "total": [total for _, _, total in billed],
            }
        ),
        "payments": pl.DataFrame(
            {
                "payment_id": [f"P-{at}" for at in range(len(paid))],
                "customer_id": [who for who, _, _ in paid],
                "paid_on": [AS_OF - timedelta(days=days) for _, days, _ in paid],
                "amount": [float(amount) for _, _, amount in paid],
            }
        ),
    }
    day = AS_OF - timedelta(days=15)
    earlier, _ = with_open(prepare(tables, as_of=day, currency=None))
    total, current = _owed_on(prepare(tables, as_of=AS_OF, currency=None), day)
    assert float(total.amount) == pytest.approx(earlier["open"].sum(), abs=0.02)
    later = earlier.filter(pl.col("due_on") >= day)
    assert float(current.amount) == pytest.approx(later["open"].sum(), abs=0.02)


def test_nothing_is_shown_twice(
    operator_report: Report, operator_tables: Mapping[str, pl.DataFrame]
) -> None:
    billing, section = (operator_report.section(name) for name in ("billing", "arrears"))
    assert {exhibit.name for exhibit in billing.exhibits} == {"months", "methods"}
    labels = [figure.label for figure in (*billing.figures, *section.figures)]
    assert len(labels) == len(set(labels))
    opened = operator_tables["invoices"]["open_amount"].clip(0).sum()
    assert section.exhibit("aging").frame["open"].sum() == pytest.approx(opened)
