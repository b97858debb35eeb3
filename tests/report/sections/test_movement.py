"""The movement section counts as one would by hand."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.report import build
from telcrm.report.sections import CHAPTERS

MOVEMENT = tuple(chapter for chapter in CHAPTERS if chapter.name == "movement")
MONTHS = [date(2026, month, 1) for month in range(1, 6)]


def months(active: dict[str, set[int]]) -> pl.DataFrame:
    rows = [
        {"subscription_id": who, "customer_id": who, "period": MONTHS[at], "revenue": 10.0 + at}
        for who, when in active.items()
        for at in when
    ]
    schema = {"subscription_id": pl.String, "customer_id": pl.String}
    return pl.DataFrame(rows, schema_overrides=schema)


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.sets(st.integers(0, 4), min_size=1), min_size=1, max_size=8
    )
)
@settings(max_examples=20)
def test_sets_of_customers_give_the_same_counts(active: dict[str, set[int]]) -> None:
    with pytest.MonkeyPatch.context() as only:
        only.setattr("telcrm.report.sections.CHAPTERS", MOVEMENT)
        section = build({"subscriber_months": months(active)}).section("movement")
    seen = sorted({at for when in active.values() for at in when})
    found = [exhibit for exhibit in section.exhibits if exhibit.name == "months"]
    if len(seen) == 1:
        assert found == []
        return
    (table,) = found
    for row in table.frame.iter_rows(named=True):
        at = MONTHS.index(row["period"])
        now = {who for who, when in active.items() if at in when}
        before = {who for who, when in active.items() if at - 1 in when}
        ever = {who for who, when in active.items() if min(when) < at}
        assert row["opening"] == len(before)
        assert row["closing"] == len(now)
        assert row["lost"] == len(before - now)
        assert row["new"] == len(now - ever)
        assert row["reactivated"] == len((now & ever) - before)


def test_the_closing_base_begins_with_the_first_month() -> None:
    table = months({"ann": {0, 1, 2}, "bob": {0}, "cid": {2}})
    closing = build({"subscriber_months": table}).section("movement").exhibit("closing").frame
    assert closing.rows() == [(MONTHS[0], 2), (MONTHS[1], 1), (MONTHS[2], 2)]


def test_groups_are_reported_where_there_are_a_few() -> None:
    table = months({"ann": {0, 1}, "bob": {0}, "cid": {1}})
    two = table.with_columns(
        segment=pl.when(pl.col("customer_id") == "ann").then(pl.lit("x")).otherwise(pl.lit("y"))
    )
    one = table.with_columns(segment=pl.lit("x"))
    gaps = two.with_columns(segment=pl.col("segment").replace("y", None))
    names = {
        label: [
            exhibit.name
            for exhibit in build({"subscriber_months": frame}).section("movement").exhibits
        ]
        for label, frame in {"two": two, "one": one, "gaps": gaps}.items()
    }
    assert "lost_rate_by_segment" in names["two"]
    assert "lost_rate_by_segment" not in names["one"]
    assert "lost_rate_by_segment" in names["gaps"]


def test_one_month_is_a_base_without_movement() -> None:
    section = build({"subscriber_months": months({"ann": {0}, "bob": {0}})}).section("movement")
    assert section.exhibits == ()
    assert section.figures[0].value == "2"


def test_rows_without_a_group_are_a_group_and_the_smallest_are_added_up() -> None:
    table = months({letter: {0, 1} for letter in "abcdefghij"})
    segments = pl.col("customer_id").replace({"a": None, "b": "x", "c": "x", "d": "x"})
    report = build({"subscriber_months": table.with_columns(segment=segments)})
    for section, name in (("movement", "lost_rate_by_segment"), ("revenue", "arpu_by_segment")):
        shown = report.section(section).exhibit(name)
        assert "2 rows without a segment counted as unknown." in shown.note
        assert "all other (3)" in shown.note
        assert set(shown.frame["segment"]) >= {"x", "all other (3)"}
        assert shown.frame["segment"].n_unique() == 6
    everyone = report.section("movement").exhibit("lost_rate_by_segment").frame
    assert everyone["closing"].sum() == 10


def test_a_cent_more_is_no_upgrade(operator_html: str) -> None:
    for word in ("Upgraded", "Downgraded", "upgraded", "downgraded"):
        assert word not in operator_html
    assert "Paid more" in operator_html


def test_the_section_says_what_active_is_and_when_one_is_lost() -> None:
    section = build({"subscriber_months": months({"ann": {0, 1}, "bob": {0}})}).section("movement")
    assert section.figures[0].detail.startswith("with a row in Feb 2026")
    assert "shift of one month" in section.summary
