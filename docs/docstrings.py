"""Griffe extension: docstrings as Python people write them, shown as Markdown.

Three habits of docstrings mean something else in Markdown: a bare ``>>>`` opens a quotation, a
Sphinx role or a ``::`` stays on the page, and an indented definition runs into its term.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|const|data|exc|func|meth|mod|obj):`~?([^`]+)`")
SECTION = re.compile(r"^\w[\w ]*\n-{3,}$", re.MULTILINE)
SESSION = re.compile(r"^>>> .*(?:\n(?!\n).+)*(?:\n\n>>> .*(?:\n(?!\n).+)*)*", re.MULTILINE)
LITERAL = re.compile(r"^::\n\n|(?<=\S):(?=:\n\n {4})", re.MULTILINE)
# A definition inside a numpydoc entry: the term is indented once, its meaning twice.
DEFINITION = re.compile(r"^( {4})(\S.*)\n {8}(?=[^ >])", re.MULTILINE)
ATTRIBUTES = re.compile(r"^Attributes\n-{3,}$", re.MULTILINE)


def as_markdown(text: str) -> str:
    """Frame code and definitions, and drop Sphinx roles.

    numpydoc sections after the first heading frame their own examples.

    Parameters
    ----------
    text : str
        A docstring, dedented.

    Returns
    -------
    str
    """
    text = ROLE.sub(r"`\1`", text)
    text = LITERAL.sub("", text)
    first = SECTION.search(text)
    end = first.start() if first else len(text)
    prose, sections = text[:end], text[end:]
    examples = re.search(r"^Examples\n-{3,}$", sections, re.MULTILINE)
    end = examples.start() if examples else len(sections)
    defined = DEFINITION.sub(r"\n\1\2\n\1:   ", sections[:end])
    return SESSION.sub(r"```pycon\n\g<0>\n```", prose) + defined + sections[end:]


class MarkdownDocstrings(griffe.Extension):
    """Rewrites each docstring once it is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Keep attributes that the class's docstring explains from being listed twice."""
        if cls.docstring and ATTRIBUTES.search(cls.docstring.value):
            for name, member in list(cls.members.items()):
                if member.is_attribute and not member.docstring:
                    cls.del_member(name)
