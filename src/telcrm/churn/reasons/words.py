"""Columns, values and contributions in the words of business."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Any, Final

from telcrm.churn.features.catalogue import FEATURES
from telcrm.churn.features.feature import FeatureKind
from telcrm.tables.findings import readable

__all__ = ["column_words", "effect_words", "reason_words", "value_words"]

_SAYS_ENOUGH: Final = frozenset({"category", "currency", "ratio", "share"})
_TREND: Final = "log ratio of "
_ANOMALY: Final = "robust standard deviations"
_SINCE: Final = "days_since_"
_NOT_KNOWN: Final = "not known"

# Their descriptions in the catalogue go on from the feature before, or list their values.
_OWN_WORDS: Final[Mapping[str, str]] = {
    "departed_party_share": "share of contacts within the network who have left",
    "distinct_parties_30d": "numbers in touch with the line in the last 30 days",
    "last_bill": "last bill",
    "months_to_contract_end": "time until the contract ends",
    "offer_id": "plan",
    "overdue_amount": "amount overdue",
    "recharge_amount": "amount recharged",
    "recharge_interval_days": "time from one recharge to the next",
    "revenue_change": "revenue of the last month less the mean of the two before",
    "tenure_months": "tenure",
    "termination_contacts_30d": "contacts about leaving in the last 30 days",
}


def column_words(name: str, words: Mapping[str, str] | None = None) -> str:
    """Say what a column tells.

    Parameters
    ----------
    name : str
    words : mapping of str to str, optional
        The caller's words, by column; they come first.

    Returns
    -------
    str
        Of a feature of the catalogue, the beginning of its description; of any other column, its
        name with spaces.

    Examples
    --------
    >>> column_words("days_since_complaint"), column_words("voice_trend")
    ('time since last complaint', 'trend of calls')
    >>> column_words("InternetService"), column_words("fee", {"fee": "monthly fee"})
    ('internet service', 'monthly fee')
    """
    own = (words or {}).get(name) or _OWN_WORDS.get(name)
    if own:
        return own
    feature = FEATURES.get(name)
    if feature is None or feature.kind is FeatureKind.CATEGORICAL:
        return _spaced(name)
    told = feature.words.partition(";")[0].partition(":")[0]
    told = told[0].lower() + told[1:].replace(", both ways", "")
    if name.startswith(_SINCE):
        told = f"time since {told}"
    elif feature.unit.startswith(_TREND):
        told = f"{'monthly ' if 'calendar' in feature.window else ''}trend of {told}"
    elif feature.unit == _ANOMALY:
        told = f"{told}, against the line's own past"
    elif feature.window == "30 days":
        told = f"{told} in the last 30 days"
    return told


def value_words(name: str, value: Any) -> str:
    """Write a value of a column, with the unit where the catalogue knows it; trends in percent.

    Parameters
    ----------
    name : str
        Of the column.
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> value_words("tenure_months", 3.25), value_words("fee", 12345.6), value_words("fee", None)
    ('3.25 months', '12,346', 'not known')
    """
    told = readable(value)
    if told is None:
        return _NOT_KNOWN
    if isinstance(told, bool):
        return "yes" if told else "no"
    if not isinstance(told, float | int):
        return str(told)
    feature = FEATURES.get(name)
    if feature is not None and feature.unit.startswith(_TREND):
        return f"{exp(min(told, 700.0)) - 1:+.0%}".replace("%", " %")
    written = f"{told:,.0f}" if abs(told) >= 1000 or told == int(told) else f"{told:.3g}"
    if feature is None or feature.unit in _SAYS_ENOUGH:
        return written
    return f"{written} {feature.unit.partition(' of ')[0]}"


def effect_words(contribution: float) -> str:
    """Say what a contribution to the log odds does.

    Parameters
    ----------
    contribution : float

    Returns
    -------
    str

    Examples
    --------
    >>> effect_words(0.3), effect_words(1.5)
    ('raises the odds of leaving by 35 %', 'multiplies the odds of leaving by 4.5')
    """
    if contribution >= log(2.0):
        return f"multiplies the odds of leaving by {exp(min(contribution, 700.0)):,.1f}"
    if contribution >= 0.0:
        return f"raises the odds of leaving by {exp(contribution) - 1:.0%}".replace("%", " %")
    if contribution <= -log(2.0):
        return f"divides the odds of leaving by {exp(min(-contribution, 700.0)):,.1f}"
    return f"lowers the odds of leaving by {1 - exp(contribution):.0%}".replace("%", " %")


def reason_words(told: str, value: str, standing: str, contribution: float) -> str:
    """Write a reason as a sentence.

    Parameters
    ----------
    told, value : str
        What :func:`column_words` and :func:`value_words` say.
    standing : str
        ``"high"``, ``"low"`` or nothing.
    contribution : float
        To the log odds.

    Returns
    -------
    str

    Examples
    --------
    >>> reason_words("monthly bill", "84", "high", 0.3)
    'monthly bill: 84, which is high; raises the odds of leaving by 35 %'
    """
    placed = f", which is {standing}" if standing else ""
    return f"{told}: {value}{placed}; {effect_words(contribution)}"


def _spaced(name: str) -> str:
    """Part ``"InternetService"`` and ``"internet_service"`` into words; leave ``"ARPU"`` as is."""
    spaced = ""
    for before, letter in zip(" " + name, name, strict=False):
        starts = letter.isupper() and before.islower()
        spaced += " " + letter if starts else letter
    return " ".join(
        part if part.isupper() and len(part) > 1 else part.lower()
        for part in spaced.replace("_", " ").split()
    )
