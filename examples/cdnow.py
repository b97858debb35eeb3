"""CDNOW's purchase log as canonical tables, and a report on it.

Real data: every purchase at the online shop CDNOW, January 1997 to June 1998, of all customers who
first bought in the first quarter of 1997 (Fader and Hardie; the file comes with the package
``lifetimes``). 69,659 purchases of 23,570 customers.

What stands for what, and where the likeness ends:

- A purchase is a *recharge*: like a prepaid customer, a buyer needs no contract and tells nobody
  when leaving. 80 purchases have a value of 0.00 (discs given away); they count as purchases.
- *subscriber_months* are derived: a customer has a row for each month with a purchase. A
  month without one is thus a month of inactivity, and coming back is *reactivated*.
  For a telephone operator that would be a harsh definition; for a shop there is no other.
- All customers are of one cohort: after March 1997 nobody can be new.

Run: ``python examples/cdnow.py --out cdnow``
"""

from __future__ import annotations

import argparse
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from telcrm import report

SETTINGS = """\
title = "CDNOW: purchases of the cohort of early 1997"
as_of = 1998-06-30
currency = "USD"

[columns.recharges]
recharge_id = "purchase"
customer_id = "customer"
recharged_at = "date"
amount = "dollar_value"
"""


def purchases() -> pl.DataFrame:
    """Read the log: customer, date, number_of_cds and dollar_value, one row per purchase."""
    package = find_spec("lifetimes")
    if package is None or package.origin is None:
        raise SystemExit("The log comes with lifetimes. Run: pip install lifetimes")
    log = Path(package.origin).parent / "datasets" / "CDNOW_master.txt"
    lines = [line.split() for line in log.read_text(encoding="ascii").splitlines()[1:]]
    return pl.DataFrame(
        {
            "purchase": [f"P{number:05d}" for number in range(1, len(lines) + 1)],
            "customer": [customer for customer, _, _, _ in lines],
            "date": [datetime.strptime(day, "%Y%m%d").date() for _, day, _, _ in lines],  # noqa: DTZ007
            "number_of_cds": [int(cds) for _, _, cds, _ in lines],
            "dollar_value": [float(value) for _, _, _, value in lines],
        }
    )


def active_months(log: pl.DataFrame) -> pl.DataFrame:
    """Derive a row per customer and month with a purchase; the customer is his own subscription."""
    return (
        log.group_by(
            customer_id="customer", period=pl.col("date").dt.truncate("1mo"), maintain_order=True
        )
        .agg(revenue=pl.col("dollar_value").sum().round(2))
        .with_columns(subscription_id="customer_id")
    )


def write_tables(folder: Path) -> None:
    """Write the two tables, and the settings that map the log's own column names."""
    folder.mkdir(parents=True, exist_ok=True)
    log = purchases()
    log.write_csv(folder / "recharges.csv")
    active_months(log).write_csv(folder / "subscriber_months.csv")
    (folder / "telcrm.toml").write_text(SETTINGS, encoding="utf-8")


def main() -> None:
    """Write the tables and the report."""
    arguments = argparse.ArgumentParser(description="Report on CDNOW's purchase log.")
    arguments.add_argument(
        "--out", type=Path, default=Path("cdnow"), help="folder (default: cdnow)"
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
