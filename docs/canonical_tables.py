"""MkDocs hook: one page with every canonical table and its columns, as the contracts state them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from telcrm.tables import TABLES, Column, Contract

PAGE = "reference/canonical-tables.md"

INTRODUCTION = """\
# Canonical tables

One row is one record of [`telcrm.domain`](domain.md), and the columns have the names, types and
limits of the record's fields. A **required** column must be there. An optional column may be left
out; where it is there, a value may be missing only if the page says *may be empty*. Money is a
plain number in major units.

See also how to [validate a table](../how-to/validate-a-table.md) and how to
[map your columns](../how-to/map-your-columns.md).
"""

LIMITS = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below"}


def section(table: Contract) -> str:
    """Write one table: what a row is, its key, its columns, the rules between them."""
    key = ", ".join(f"`{name}`" for name in table.key)
    record = table.record
    lines = [
        f"## {table.name}",
        "",
        f"A row is one [`{record.__name__}`][{record.__module__}.{record.__name__}]. Key: {key}.",
        "",
        "| column | type | presence | values |",
        "|---|---|---|---|",
        *(f"| `{c.name}` | {c.type} | {presence(c)} | {values(table, c)} |" for c in table.columns),
        "",
    ]
    if table.row_rules:
        rules = ", ".join(f"`{rule.name}`" for rule in table.row_rules)
        lines += [f"Rules between columns: {rules}.", ""]
    return "\n".join(lines)


def presence(column: Column) -> str:
    """Say whether the column must be there, and whether a value may be missing."""
    must = "**required**" if column.required else "optional"
    return f"{must}, may be empty" if column.nullable else must


def values(table: Contract, column: Column) -> str:
    """Say what the column holds: its description, the allowed words, the limits."""
    field = table.record.model_fields.get(column.name)
    words = [str(member.value) for member in members(field.annotation)] if field else []
    limits = [
        f"{LIMITS[match[1]]} {match[2]}"
        for rule in column.rules
        if (match := re.fullmatch(rf"({'|'.join(LIMITS)})_(.+)", rule.name))
    ]
    told = [column.description, ", ".join(f"`{word}`" for word in words), ", ".join(limits)]
    return "<br>".join(text for text in told if text)


def members(annotation: Any) -> Iterator[Enum]:
    """Walk the members of the enumerations that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from annotation
    for part in get_args(annotation):
        yield from members(part)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    content = "\n".join([INTRODUCTION, *(section(table) for table in TABLES.values())])
    files.append(File.generated(config, PAGE, content=content))
    return files
