"""Amounts: a column, or one number for all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest

from telcrm.errors import ParameterError
from telcrm.value.contractual.amount import Amount


@pytest.mark.parametrize(("value", "columns"), [("fee", {"margin": "fee"}), (2.5, {}), (3, {})])
def test_an_amount_of_each_row(value: str | float, columns: dict[str, str]) -> None:
    amount = Amount("margin", value)
    assert amount.columns == columns
    rows = nw.from_native(pl.DataFrame({"fee": [1, 2]}))
    found = rows.with_columns(amount.expression.alias("found"))["found"].to_list()
    assert found == ([1.0, 2.0] if columns else [value] * 2)


@pytest.mark.parametrize("value", [True, None, np.nan, np.inf, Decimal(1), ["fee"]])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"margin is .* a column name or a finite number"):
        Amount("margin", value)
