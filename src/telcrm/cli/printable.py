"""Text from somebody's table, made safe for a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]


def printable(text: str) -> str:
    """Replace the control characters in a text: a terminal must not obey what a table says.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With the same length; line breaks are kept.
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(letter).startswith("C") and letter != "\n"
        else letter
        for letter in text
    )
