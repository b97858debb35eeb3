"""MkDocs hook: one reference page per package of telcrm, so that none is forgotten.

What stands in a package's ``__all__`` is public. The page shows exactly that, grouped by the module
that defines it. Everything is read from the source text; nothing is imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SRC = Path(__file__).parents[1] / "src"

BARE = "show_root_heading: false, show_root_toc_entry: false"

INDEX_PAGE = """\
# Reference

What is listed here is public: it changes only as the changelog says.

| package | what it holds |
|---|---|
{rows}
| [Canonical tables](canonical-tables.md) | Every table that telcrm knows, with its columns |
| [`telcrm.errors`](errors.md) | Every error that telcrm raises on purpose, with its code |
"""

ERRORS_PAGE = """\
# telcrm.errors

Every error that telcrm raises on purpose derives from `TelcrmError` and from the built-in that it
refines: `except TelcrmError` and `except ValueError` both work. The code never changes between
releases. The message says what was wrong, where, and how to mend it.

```text
{tree}
```

| code | error | meaning |
|---|---|---|
{rows}

::: telcrm.errors.TelcrmError
    options: {{heading_level: 2}}
"""


@dataclass(frozen=True)
class Package:
    """A shop window: what it says, and what it shows from which module."""

    name: str
    title: str
    modules: dict[str, list[str]]
    subpackages: list[str]

    @property
    def page(self) -> str:
        """Where the page stands among the documents."""
        return f"reference/{self.name.removeprefix('telcrm.')}.md"


def packages() -> Iterator[Package]:
    """Find the packages below the root that show anything, in the order of their names."""
    for init in sorted((SRC / "telcrm").rglob("__init__.py")):
        name = ".".join(init.parent.relative_to(SRC).parts)
        package = read_package(name, init)
        if name != "telcrm" and package.modules:
            yield package


def read_package(name: str, init: Path) -> Package:
    """Find the module behind each name in ``__all__``."""
    tree = ast.parse(init.read_text(encoding="utf-8"))
    public = set(literal_all(tree))
    modules: dict[str, list[str]] = {}
    subpackages = []
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        source = f"{name}.{node.module}" if node.level else str(node.module)
        for shown in public & {alias.asname or alias.name for alias in node.names}:
            if (init.parent / shown / "__init__.py").exists():
                subpackages.append(f"{name}.{shown}")
            elif (init.parent / f"{shown}.py").exists() and source.rstrip(".") == name:
                modules[f"{name}.{shown}"] = []
            else:
                modules.setdefault(source, []).append(shown)
    title = (ast.get_docstring(tree) or name).splitlines()[0].rstrip(".")
    return Package(name, title, modules, sorted(subpackages))


def literal_all(tree: ast.Module) -> list[str]:
    """Return the names listed in a module's ``__all__``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def package_page(package: Package) -> str:
    """Write a package's page: its docstring, then its modules with their public members."""
    lines = [
        f"# {package.name}",
        "",
        f"::: {package.name}",
        f"    options: {{members: false, {BARE}}}",
        "",
    ]
    for child in package.subpackages:
        lines += [f"See also [`{child}`]({child.removeprefix('telcrm.')}.md).", ""]
    for module, names in sorted(package.modules.items()):
        members = f"[{', '.join(sorted(names))}]" if names else "true"
        lines += [
            f"## {module.removeprefix(package.name + '.')}",
            "",
            f"::: {module}",
            f"    options: {{members: {members}, {BARE}}}",
            "",
        ]
    return "\n".join(lines)


def errors_page() -> str:
    """Write the error page: the tree from the docstring, then each code with its meaning."""
    tree = ast.parse((SRC / "telcrm" / "errors.py").read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree) or ""
    drawing = re.search(r"^ +TelcrmError\n(?: +[│├└].*(?:\n|$))+", docstring, re.MULTILINE)
    if drawing is None:
        raise ValueError("the docstring of telcrm.errors draws no tree below TelcrmError")
    rows = [
        f"| `{code}` | `{node.name}` | {(ast.get_docstring(node) or '').splitlines()[0]} |"
        for node in tree.body
        if isinstance(node, ast.ClassDef) and (code := class_code(node))
    ]
    return ERRORS_PAGE.format(tree=dedent(drawing[0]).rstrip(), rows="\n".join(rows))


def class_code(node: ast.ClassDef) -> str:
    """Return the ``code`` that an error class assigns."""
    for item in node.body:
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "code":
            return str(ast.literal_eval(item.value))
    return ""


def index_page(found: list[Package]) -> str:
    """Write the reference's first page: every package in one line."""
    rows = [f"| [`{p.name}`]({Path(p.page).name}) | {p.title} |" for p in found]
    return INDEX_PAGE.format(rows="\n".join(rows))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the packages to the Reference section of the navigation."""
    pages: list[dict[str, str]] = [{package.name: package.page} for package in packages()]
    pages.append({"telcrm.errors": "reference/errors.md"})
    for section in config.nav or []:
        section.get("Reference", []).extend(pages)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    found = list(packages())
    pages = {package.page: package_page(package) for package in found}
    pages["reference/index.md"] = index_page(found)
    pages["reference/errors.md"] = errors_page()
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files
