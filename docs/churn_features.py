"""MkDocs hook: one page with every feature of churn panels, as `telcrm.churn.FEATURES` has it."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from telcrm.churn.features.catalogue import FAMILIES
from telcrm.churn.features.feature import Family, Feature, FeatureKind

PAGE = "reference/churn-features.md"

INTRODUCTION = """\
# Features of churn panels

The {count} columns that [`build_panel`][telcrm.churn.build_panel] makes, family by family. A
feature is made if the tables and columns that it reads are there. `features=["tenure",
"bill_shock"]` chooses families and features by name. In a program the same is
`telcrm.churn.FEATURES`.

Windows end before the snapshot. A null is *not known*: the table does not tell of those days, or
the line is too young. Features marked *present state* are read from tables without a history:
they may be younger than the snapshot unless the table has a column `recorded_at`, see
[what was known on the day](../explanation/churn-windows-and-panels.md#what-was-known-on-the-day).
"""


def section(family: Family) -> str:
    """Write one family."""
    lines = [
        f"## {family.name}",
        "",
        "| feature | what it tells | made from |",
        "|---|---|---|",
        *(row(feature) for feature in family.features),
        "",
    ]
    return "\n".join(lines)


def row(feature: Feature) -> str:
    """Write one feature as a row of its table."""
    unit = feature.kind if feature.kind is FeatureKind.CATEGORICAL else literal(feature.unit)
    told = [unit, literal(feature.window), *(["present state"] if feature.present else [])]
    said = f"{literal(feature.words)}<br>*{'; '.join(told)}*"
    read = "<br>".join(f"`{each}`" for each in feature.tables or ("subscriptions",))
    if feature.history:
        read += f"<br>or `{feature.history}`, which has a history"
    return f"| `{feature.name}` | {said} | {read} |"


def literal(text: str) -> str:
    """Write a text so that no character of it is read as Markdown."""
    return "".join(c if c.isalnum() or c in " ,()" else f"&#{ord(c)};" for c in text)


def page() -> str:
    """Write the page."""
    count = sum(len(family.features) for family in FAMILIES)
    return "\n".join([INTRODUCTION.format(count=count), *(section(each) for each in FAMILIES)])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    files.append(File.generated(config, PAGE, content=page()))
    return files
