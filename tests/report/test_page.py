"""The page is one file, loads nothing, runs nothing, and says every time the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from telcrm.errors import MissingExtraError
from telcrm.report import build

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://example.org","x")'


class Page(HTMLParser):
    """What a browser would see: ids, links, what is loaded, and whether tags match."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "xlink:href"):
                self.links.append(value or "")
            elif name in ("src", "srcset", "data", "action", "poster"):
                self.loaded.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def with_names(tables: Mapping[str, pl.DataFrame], name: str) -> dict[str, pl.DataFrame]:
    return {**tables, "customers": tables["customers"].with_columns(name=pl.lit(name))}


def test_it_loads_and_runs_nothing(operator_html: str) -> None:
    page = Page(operator_html)
    assert page.loaded == []
    assert {"script", "link", "img", "iframe", "object", "embed"} & set(page.tags) == set()
    assert all(link.startswith("#") for link in page.links)
    assert re.findall(r"url\((?!#)", operator_html) == []
    assert "@import" not in operator_html
    assert "default-src 'none'" in operator_html


def test_ids_are_unique_and_links_lead_somewhere(operator_html: str) -> None:
    page = Page(operator_html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", operator_html)) <= set(page.ids)


def test_tags_match(operator_html: str) -> None:
    assert Page(operator_html).open == []


def test_the_same_tables_give_the_same_bytes(
    operator_tables: Mapping[str, pl.DataFrame], operator_html: str
) -> None:
    assert build(operator_tables).to_html() == operator_html


def test_a_matplotlibrc_changes_nothing(recharges: pl.DataFrame) -> None:
    import matplotlib

    plain = build({"recharges": recharges}).to_html()
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "path"}):
        assert build({"recharges": recharges}).to_html() == plain
        assert matplotlib.rcParams["font.size"] == 30


@pytest.fixture(scope="module")
def html_of_odd_names(operator_tables: Mapping[str, pl.DataFrame]) -> str:
    """A page with a table of customers, whose names are no plain text."""
    months = operator_tables["subscriber_months"]
    customers = operator_tables["customers"].with_columns(
        name=pl.when(pl.int_range(pl.len()) % 2 == 0)
        .then(pl.lit(EVIL))
        .otherwise(pl.lit("Z\x00oe"))
    )
    last = months.filter(pl.col("period") == pl.col("period").max())
    report = build({"customers": customers, "subscriber_months": last}, title=EVIL)
    return report.to_html()


def test_html_in_a_name_is_text(html_of_odd_names: str) -> None:
    page = Page(html_of_odd_names)
    assert "script" not in page.tags
    assert EVIL not in html_of_odd_names
    # In the title, in the heading, and in the table of customers.
    assert "".join(page.text).count(EVIL) > 2


def test_html_and_mathematics_in_a_label_are_text(
    operator_tables: Mapping[str, pl.DataFrame],
) -> None:
    customers = operator_tables["customers"].with_columns(
        pl.when(pl.col("status") == "active")
        .then(pl.lit("<b>$x^2$"))
        .otherwise(pl.lit("a & b"))
        .alias("segment")
    )
    html = build({"customers": customers}).to_html()
    page = Page(html)
    assert "b" not in page.tags
    assert "<b>$x^2$" in "".join(page.text)
    assert "a & b" in "".join(page.text)


def test_formulas_are_quoted_in_exported_csv(
    operator_tables: Mapping[str, pl.DataFrame], tmp_path: Path
) -> None:
    report = build(with_names(operator_tables, FORMULA))
    written = report.export(tmp_path / "csv")
    assert {path.name for path in written} == {
        path.name for path in (tmp_path / "csv").glob("*.csv")
    }
    assert len(written) == sum(len(section.exhibits) for section in report.sections)
    top = (tmp_path / "csv" / "value_top_customers.csv").read_text(encoding="utf-8")
    assert '"\'=HYPERLINK(""http' in top
    cells = [
        cell
        for path in written
        for line in path.read_text("utf-8").splitlines()
        for cell in line.split(",")
    ]
    assert not any(cell.lstrip('"').startswith(("=", "@", "+")) for cell in cells)


def test_the_frame_in_a_notebook_is_shut_off(recharges: pl.DataFrame) -> None:
    shown = build({"recharges": recharges})._repr_html_()
    page = Page(shown)
    assert page.tags == ["iframe"]
    assert shown.startswith("<iframe sandbox ")


def test_writing_is_whole(recharges: pl.DataFrame, tmp_path: Path) -> None:
    report = build({"recharges": recharges})
    report.write(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == report.to_html()


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_what_is_not_installed_is_said(
    recharges: pl.DataFrame, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    report = build({"recharges": recharges})
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{module}.*telcrm\[cli\]"):
        report.to_html()


def test_matplotlib_is_loaded_only_to_draw_and_pyplot_never() -> None:
    program = """
import sys, datetime, polars as pl
from telcrm.report import build
assert "matplotlib" not in sys.modules, "import"
found = build({"recharges": pl.DataFrame({"recharge_id": ["R"], "customer_id": ["C"],
    "recharged_at": [datetime.datetime(2026, 1, 1)], "amount": [1.0]})})
assert "matplotlib" not in sys.modules, "build"
found.to_html()
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules
"""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_no_control_character_reaches_the_page(html_of_odd_names: str) -> None:
    assert "\x00" not in html_of_odd_names
    assert "Z\N{REPLACEMENT CHARACTER}oe" in html_of_odd_names


def test_the_words_of_the_page(operator_html: str) -> None:
    text = " ".join("".join(Page(operator_html).text).split())
    for words in ("90th percentile", "Average active", "and all with the same value"):
        assert words in text
    for words in ("90%.", " 1 customers", " 1 rows"):
        assert words not in text
