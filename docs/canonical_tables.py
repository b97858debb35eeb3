"""MkDocs hook: one page with every canonical table and its columns, as the contracts state them."""

from __future__ import annotations

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
        *(f"| `{c.name}` | {c.type} | {presence(c)} | {values(c)} |" for c in table.columns),
        "",
    ]
    for rule in table.row_rules:
        columns = ", ".join(f"`{name}`" for name in rule.columns)
        lines += [f"A row is refused if it {literal(rule.words)} ({columns}).", ""]
    return "\n".join(lines)


def presence(column: Column) -> str:
    """Say whether the column must be there, and whether a value may be missing."""
    must = "**required**" if column.required else "optional"
    return f"{must}, may be empty" if column.nullable else must


def values(column: Column) -> str:
    """Say what the column holds: its description, then the allowed words or what is refused."""
    told = [column.description, ", ".join(f"`{word}`" for word in column.allowed)]
    if column.rules and not column.allowed:
        refused = ", or ".join(rule.words for rule in column.rules)
        told.append(literal(f"Refused if it {refused}"))
    return "<br>".join(text for text in told if text)


def literal(text: str) -> str:
    """Write a text so that no character of it, such as those of a pattern, is read as Markdown."""
    return "".join(c if c.isalnum() or c in " ,()" else f"&#{ord(c)};" for c in text)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    content = "\n".join([INTRODUCTION, *(section(table) for table in TABLES.values())])
    files.append(File.generated(config, PAGE, content=content))
    return files
