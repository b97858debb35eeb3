"""The generated bases are sound tables, and reach the corners that movements have."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import Phase, find, given, settings

from telcrm.kpi import movement
from telcrm.tables import validate
from telcrm.testing import bases


@given(bases(first=date(2024, 11, 1), max_months=4))
def test_a_base_meets_the_contract_of_its_table(base: pl.DataFrame) -> None:
    assert validate(base, "subscriber_months").errors == ()
    assert base["period"].is_between(date(2024, 11, 1), date(2025, 2, 1)).all()


@pytest.mark.parametrize("flow", ["reactivated", "transferred_in", "lost", "upgraded"])
def test_every_flow_is_reached(flow: str) -> None:
    found = find(
        bases(),
        lambda base: movement(base, by="segment")[flow].sum() > 0,
        settings=settings(phases=[Phase.generate], max_examples=100),
    )
    assert found.height > 1
