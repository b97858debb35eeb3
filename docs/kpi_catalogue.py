"""MkDocs hook: one page with every metric, as `telcrm.kpi.catalogue` states it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from telcrm import kpi
from telcrm.kpi.metric_catalogue.catalogue import catalogue
from telcrm.kpi.metric_catalogue.metric import Metric

PAGE = "reference/kpi-catalogue.md"

INTRODUCTION = """\
# Catalogue of metrics

Every figure that [`telcrm.kpi`](kpi.md) computes, by the function that computes it. In a program,
`telcrm.kpi.catalogue()` is the same as data: look a metric up by its name, or hand the whole to
another tool with `to_json()` or `to_frame()`.

A **share** of 0.25 is 25 %. **Money** is in major units of the currency of the input. An arrow says
which way an operator wants a figure to go; a dash, that it only describes.
"""
ARROWS = {"higher": "↑", "lower": "↓", "neither": "\N{EN DASH}"}


def section(function: str, metrics: Sequence[Metric]) -> str:
    """Write one function: its grain, what it reads, who defines it, its figures."""
    first = metrics[0]
    # Some modules are called like their function: only the full path is sure to mean the latter.
    home = getattr(kpi, function).__module__
    reads = "; ".join(
        f"`{given.table}` ({', '.join(f'`{name}`' for name in given.columns)})"
        for given in first.inputs
    )
    told = [f"Grain: {literal(first.grain)}."]
    told.append(f"Reads {reads}." if reads else "A formula on plain numbers.")
    if first.policy:
        room = "kpi" if first.policy in kpi.__all__ else "domain"
        link = f"[`{first.policy}`][telcrm.{room}.{first.policy}]"
        told.append(f"Definitions differ: choose by {link}.")
    lines = [
        f"## {function}",
        "",
        f"[`{function}`][{home}.{function}]. {' '.join(told)}",
        "",
        "| metric | | formula | unit | wanted |",
        "|---|---|---|---|---|",
        *(row(metric) for metric in metrics),
        "",
        f"Source: {'; '.join(literal(source) for source in first.sources)}.",
        "",
    ]
    return "\n".join(lines)


def row(metric: Metric) -> str:
    """Write one metric as a row of its table."""
    cells = (
        f"`{metric.name}`",
        literal(metric.title),
        literal(metric.formula),
        metric.unit.value.replace("_", " "),
        ARROWS[metric.better.value],
    )
    return f"| {' | '.join(cells)} |"


def literal(text: str) -> str:
    """Write a text so that no character of it is read as Markdown."""
    return "".join(c if c.isalnum() or c in " ,()" else f"&#{ord(c)};" for c in text)


def page() -> str:
    """Write the page."""
    by_function = groupby(
        sorted(catalogue(), key=lambda metric: metric.function), lambda metric: metric.function
    )
    sections = [section(function, tuple(metrics)) for function, metrics in by_function]
    return "\n".join([INTRODUCTION, *sections])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    files.append(File.generated(config, PAGE, content=page()))
    return files
