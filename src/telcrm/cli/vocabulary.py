"""The canonical tables and their columns, as a terminal shows them."""

from __future__ import annotations

from rich.table import Table

from telcrm.cli.screen import plain, show
from telcrm.tables import TABLES, Column, Contract, contract

__all__ = ["show_all", "show_one"]


def show_all() -> None:
    """Print the name, the key and the number of columns of each canonical table."""
    tables = Table("Table", "Key", "Columns")
    for name, agreed in TABLES.items():
        needed = sum(column.required for column in agreed.columns)
        count = f"{len(agreed.columns)}, {needed} required"
        tables.add_row(plain(name), plain(", ".join(agreed.key)), plain(count))
    show(tables)
    show(plain("The columns of one: telcrm tables NAME"))


def show_one(name: str) -> None:
    """Print the columns of one canonical table.

    Parameters
    ----------
    name : str

    Raises
    ------
    ParameterError
        There is no such table.
    """
    agreed = contract(name)
    columns = Table("Column", "Type", "Needed", "Empty cells", title=name, title_justify="left")
    columns.add_column("Values", overflow="fold")
    columns.add_column("Description", overflow="fold")
    for column in agreed.columns:
        columns.add_row(
            plain(column.name),
            plain(column.type),
            plain(_need(agreed, column)),
            plain("may be" if column.nullable else "no"),
            plain(_values(column)),
            plain(column.description),
        )
    show(columns)
    for rule in agreed.row_rules:
        show(plain(f"A row is refused if it {rule.words} ({', '.join(rule.columns)})."))


def _need(agreed: Contract, column: Column) -> str:
    if column.name in agreed.key:
        return "key"
    return "required" if column.required else "optional"


def _values(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    words = [rule.words for rule in column.rules]
    return f"refused if it {', or '.join(words)}" if words else "any"
