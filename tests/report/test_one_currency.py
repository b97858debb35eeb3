"""A currency that nobody stated is an assumption, and is told."""

from __future__ import annotations

import polars as pl
import pytest

from telcrm.report import build


def test_a_table_without_a_currency_takes_that_of_the_others_and_says_so(
    recharges: pl.DataFrame,
) -> None:
    payments = pl.DataFrame({"payment_id": ["P"], "customer_id": ["C"], "amount": [1.0]})
    payments = payments.with_columns(paid_on=pl.date(2026, 3, 1), currency=pl.lit("EUR"))
    notes = build({"recharges": recharges, "payments": payments}).notes
    assert [note for note in notes if note.startswith("recharges: without a column currency")]


@pytest.mark.parametrize("stated", [None, "EUR"])
def test_nothing_is_assumed_where_it_is_stated_or_nobody_says(
    recharges: pl.DataFrame, stated: str | None
) -> None:
    notes = build({"recharges": recharges}, currency=stated).notes
    assert not any("without a column currency" in note for note in notes)


def test_every_column_of_amounts_counts(recharges: pl.DataFrame) -> None:
    """A table whose only amount is an unusual one is not forgotten."""
    devices = pl.DataFrame({"equipment_id": ["E"], "kind": ["sim"], "ownership": ["lent"]})
    devices = devices.with_columns(status=pl.lit("in_stock"), serial=pl.lit("1"), subsidy=1.0)
    tables = {"recharges": recharges.with_columns(currency=pl.lit("EUR")), "equipment": devices}
    assert any(note.startswith("equipment: without") for note in build(tables).notes)
    bare = {**tables, "equipment": devices.drop("subsidy")}
    assert not any(note.startswith("equipment: without") for note in build(bare).notes)
