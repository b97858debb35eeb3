"""Mapping the caller's column names."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import Backend

from telcrm.errors import MappingError, UnknownColumnsError
from telcrm.tables import TABLES, rename


def test_every_flavour_comes_out_as_it_went_in(backend: Backend) -> None:
    renamed = rename(
        backend.frame({"Kunde": ["C-1"], "other": [1]}), "recharges", {"customer_id": "Kunde"}
    )
    assert backend.is_own(renamed)
    assert backend.rows(renamed) == [{"customer_id": "C-1", "other": 1}]


def test_two_columns_can_change_places() -> None:
    frame = pl.DataFrame({"total": [1.0], "tax": [2.0]})
    swapped = rename(frame, TABLES["invoices"], {"total": "tax", "tax": "total"})
    assert swapped.to_dicts() == [{"tax": 1.0, "total": 2.0}]


def test_naming_a_column_after_itself_changes_nothing() -> None:
    frame = pl.DataFrame({"total": [1.0]})
    assert rename(frame, "invoices", {"total": "total"}).columns == ["total"]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"totals": "total"}, "did you mean 'total'"),
        ({"zebra": "total"}, "Write canonical = yours"),
        ({"total": "sum", "tax": "sum"}, "uses sum for more than one"),
        ({"tax": "sum"}, "already has the columns tax"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(mapping: dict[str, str], says: str) -> None:
    frame = pl.DataFrame({"sum": [1.0], "total": [1.0], "tax": [0.1]})
    with pytest.raises(MappingError, match=says):
        rename(frame, "invoices", mapping)


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownColumnsError, match="Did you mean 'Amount'") as caught:
        rename(pl.DataFrame({"Amount": [1.0]}), "invoices", {"total": "Amounts"})
    assert caught.value.context["columns"] == ["Amounts"]
