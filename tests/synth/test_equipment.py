"""Devices: numbers, status and money."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from pydantic import TypeAdapter

from telcrm.domain import Imei
from telcrm.synth import Operator


def test_imeis_and_serials_are_valid_and_unique(tables: dict[str, pl.DataFrame]) -> None:
    frame = tables["equipment"]
    TypeAdapter(list[Imei]).validate_python(frame["imei"].to_list())
    assert frame["imei"].is_unique().all()
    assert frame["serial"].is_unique().all()


def test_usage_carries_the_sold_handset(tables: dict[str, pl.DataFrame]) -> None:
    sold = tables["equipment"].filter(pl.col("ownership") == "sold")
    used = tables["usage"].select("subscription_id", "imei").unique()
    seen = sold.join(used, on=["subscription_id", "imei"], how="semi").height
    users = sold.join(used, on="subscription_id", how="semi").height
    assert users > 1_000
    assert seen > 0.99 * users  # SIM boxes use another device than the one that was bought


def test_shares_of_lines_with_a_handset(
    operator: Operator, tables: dict[str, pl.DataFrame]
) -> None:
    sold = tables["equipment"].filter(pl.col("ownership") == "sold")
    lines = tables["subscriptions"].with_columns(
        pl.col("subscription_id").is_in(sold["subscription_id"].to_list()).alias("bought")
    )
    shares = dict(lines.group_by("payment_mode").agg(pl.col("bought").mean()).iter_rows())
    assert shares["postpaid"] == pytest.approx(operator.devices.handset_postpaid, abs=0.02)
    assert shares["prepaid"] == pytest.approx(operator.devices.handset_prepaid, abs=0.02)


def test_lent_devices_follow_the_end_of_the_line(tables: dict[str, pl.DataFrame]) -> None:
    lent = tables["equipment"].filter(
        (pl.col("ownership") == "lent") & pl.col("subscription_id").is_not_null()
    )
    joined = lent.join(tables["subscriptions"], on="subscription_id", suffix="_line")
    live = joined.filter(pl.col("status_line") != "terminated")
    assert (live["status"] == "assigned").all()
    returned = joined.filter(pl.col("status") == "returned")
    days = (returned["returned_on"] - returned["terminated_on"]).dt.total_days()
    assert days.is_between(0, 20).all()
    assert (returned["returned_on"] <= date(2025, 12, 31)).all()
    written_off = joined.filter(pl.col("status") == "written_off")
    assert written_off.height > 5
    assert (written_off["termination_reason"] == "involuntary").all()
    assert (joined.filter(pl.col("status") == "lost")["residual_value"] == 0).all()


def test_subsidies_are_for_postpaid_handsets(tables: dict[str, pl.DataFrame]) -> None:
    frame = tables["equipment"].join(
        tables["subscriptions"].select("subscription_id", "payment_mode"),
        on="subscription_id",
        how="left",
    )
    subsidised = (frame["ownership"] == "sold") & (frame["payment_mode"] == "postpaid")
    assert ((frame["subsidy"] > 0) == subsidised.fill_null(value=False)).all()


def test_stock_belongs_to_nobody(tables: dict[str, pl.DataFrame]) -> None:
    frame = tables["equipment"]
    stock = frame["status"] == "in_stock"
    assert stock.any()
    assert (stock == frame["customer_id"].is_null()).all()
    assert (stock == frame["assigned_on"].is_null()).all()
