"""What is owed, as a terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from telcrm.cli.screen import plain, say, show

if TYPE_CHECKING:
    from telcrm.domain import Money
    from telcrm.ledger import Aging

__all__ = ["show_debtors", "show_totals"]


def show_totals(aging: Aging) -> None:
    """Print what is owed by age, a column for each currency; the amounts add up to the balance.

    Parameters
    ----------
    aging : Aging
    """
    if not aging:
        say(f"On {aging.as_of} no account owes anything or has unapplied credit.")
        return
    # Currencies stand side by side, and ages below each other: no amount is cut off.
    title = f"Receivables by days past due, as of {aging.as_of}"
    table = Table("", title=title, title_justify="left")
    for total in aging.totals:
        table.add_column(total.currency, justify="right")
    table.add_row("Accounts", *(f"{total.accounts:,}" for total in aging.totals))
    for place, name in enumerate(aging.bucket_names):
        table.add_row(name, *(_amount(total.buckets[place]) for total in aging.totals))
    table.add_row("Disputed", *(_amount(total.disputed) for total in aging.totals))
    table.add_row("Unapplied", *(_amount(-total.unapplied) for total in aging.totals))
    table.add_section()
    table.add_row("Balance", *(_amount(total.balance) for total in aging.totals))
    show(table)


def show_debtors(aging: Aging, limit: int) -> None:
    """Print the accounts that owe most, a table for each currency.

    Parameters
    ----------
    aging : Aging
    limit : int
        Rows of each table, at least 0.
    """
    if not limit:
        return
    # Sorting columns is fast; only the rows that are shown are made into records.
    rows = (
        aging.to_frame()
        .with_row_index("row")
        .sort("balance", "account_id", descending=[True, False])
    )
    for total in aging.totals:
        owing = rows.filter((rows["currency"] == total.currency) & (rows["balance"] > 0))
        debtors = Table("Account", title=f"Largest debtors, {total.currency}", title_justify="left")
        for name in ("Balance", "Overdue", "Days past due", "Disputed"):
            debtors.add_column(name, justify="right")
        for at in owing["row"].head(limit):
            row = aging[at]
            debtors.add_row(
                plain(row.account_id),
                _amount(row.balance),
                _amount(row.overdue),
                f"{row.days_past_due:,}",
                _amount(row.disputed),
            )
        if debtors.row_count:
            show(debtors)


def _amount(money: Money) -> str:
    return f"{money.amount:,f}"
