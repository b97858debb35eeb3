"""Several tables at once."""

from __future__ import annotations

from datetime import UTC, datetime

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.tables.door import open_frame
from telcrm.tables.table_set import (
    one_currency,
    refuse_two_clocks,
    refuse_two_engines,
    refuse_unknown_tables,
)


def test_a_name_that_is_near_is_offered() -> None:
    refuse_unknown_tables(["usage"], ["usage", "invoices"])
    with pytest.raises(ParameterError, match="Did you mean 'invoices'") as refused:
        refuse_unknown_tables(["invoicse"], ["usage", "invoices"])
    assert refused.value.context["unknown"] == ["invoicse"]
    with pytest.raises(ParameterError, match=r"'qqq'\. There are: usage\.$"):
        refuse_unknown_tables(["qqq"], ["usage"])


def test_tables_are_of_one_engine() -> None:
    polars = open_frame(pl.DataFrame({"a": [1]}), table="usage")
    pandas = open_frame(pd.DataFrame({"a": [1]}), table="invoices")
    refuse_two_engines({"usage": polars, "customers": polars})
    with pytest.raises(UnsupportedFrameError, match=r"usage in .*, invoices in .*Convert"):
        refuse_two_engines({"usage": polars, "invoices": pandas})


def test_tables_are_of_one_clock() -> None:
    utc, none = nw.Datetime("us", "UTC"), nw.Datetime("us")
    berlin = nw.Datetime("us", "Europe/Berlin")
    refuse_two_clocks({"a.at": utc, "b.at": none, "c.on": nw.Date()})
    refuse_two_clocks({"a.at": berlin, "c.on": nw.Date()})
    with pytest.raises(ColumnTypeError, match=r"a\.at in Europe/Berlin, b\.at in UTC"):
        refuse_two_clocks({"a.at": berlin, "b.at": none})


def test_tables_are_of_one_currency() -> None:
    assert one_currency({"usage": None}, otherwise="") is None
    assert one_currency({"usage": None, "b": "TND", "c": "TND"}, otherwise="") == "TND"
    with pytest.raises(CurrencyMismatchError, match=r"b in TND, c in EUR\. Mend it\."):
        one_currency({"b": "TND", "c": "EUR"}, otherwise="Mend it.")


def test_the_clock_of_an_instant_counts() -> None:
    at = pl.Series([datetime(2024, 7, 1, tzinfo=UTC)]).dt.convert_time_zone("Asia/Tokyo")
    schema = open_frame(pl.DataFrame({"at": at}), table="usage").rows.collect_schema()
    with pytest.raises(ColumnTypeError, match="Asia/Tokyo"):
        refuse_two_clocks({"usage.at": schema["at"], "recharges.at": nw.Datetime("us")})
