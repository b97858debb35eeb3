"""Country names and three-letter codes, read as the two letters that records hold."""

from __future__ import annotations

from telcrm.domain.tmf.codecs import Converted
from telcrm.domain.tmf.country_table import COUNTRIES
from telcrm.domain.tmf.places import plain

__all__ = ["COUNTRY", "country_code"]

_NAMES = {
    **{plain(name): code for code, (_, name) in COUNTRIES.items()},
    **{plain(three): code for code, (three, _) in COUNTRIES.items()},
    "unitedstatesofamerica": "US",
    "greatbritain": "GB",
    "turkey": "TR",
    "ivorycoast": "CI",
    "czechrepublic": "CZ",
}


def country_code(said: str) -> str | None:
    """Return the ISO 3166-1 code of two letters that a text means, or None.

    Parameters
    ----------
    said : str
        Two or three letters, or the English name.

    Returns
    -------
    str or None

    Examples
    --------
    >>> country_code("France"), country_code("USA"), country_code("ke"), country_code("Gaul")
    ('FR', 'US', 'KE', None)
    """
    # A record may hold a code that this table does not have yet, so two letters pass as they are.
    if len(said) == 2 and said.isascii() and said.isalpha():
        return said.upper()
    return _NAMES.get(plain(said))


COUNTRY = Converted(country_code, "country")
