"""The net promoter score of counted answers: how sure it is, and whether it changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import erfc, sqrt

from telcrm.domain.arguments import whole_between
from telcrm.domain.choice import choose
from telcrm.kpi.confidence import normal_quantile

__all__ = [
    "ADDED_ANSWERS",
    "NpsChange",
    "NpsEstimate",
    "NpsInterval",
    "nps_change",
    "nps_of_counts",
]

ADDED_ANSWERS = 3.0
"""Answers that the adjusted Wald interval adds: a quarter promoters, a quarter detractors."""


class NpsInterval(StrEnum):
    """How the interval of a net promoter score is made."""

    WALD = "wald"
    """From the variance of the answers, around the score. Too narrow in small samples."""
    ADJUSTED_WALD = "adjusted_wald"
    """The same after adding three answers: 3/4 of a promoter, 3/4 of a detractor, the rest passive.

    It is drawn a little towards 0, and says something of the smallest samples too.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsEstimate:
    """A net promoter score and how sure it is.

    Attributes
    ----------
    promoters, passives, detractors : int
        Answers of 9 and 10, of 7 and 8, of 0 to 6.
    nps : float or None
        Percentage points from -100 to 100; None without answers.
    standard_error : float or None
        In points; None if the answers say nothing of it.
    low, high : float or None
        Ends of the interval, in points, within -100 and 100.
    confidence : float
        Share of samples whose interval holds the true score.
    """

    promoters: int
    passives: int
    detractors: int
    nps: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    confidence: float

    @property
    def responses(self) -> int:
        """All answers."""
        return self.promoters + self.passives + self.detractors


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsChange:
    """A change of a net promoter score, and whether chance explains it.

    Attributes
    ----------
    difference : float or None
        The later score less the earlier one, in points; None if either has no answers.
    standard_error : float or None
        In points; None if either sample says nothing of its own.
    low, high : float or None
        Ends of the interval of the difference, within -200 and 200.
    z : float or None
        The difference in standard errors.
    p_value : float or None
        Chance of a difference at least as large, either way, if the true score did not change.
    confidence : float
        Of the interval.
    """

    difference: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    z: float | None
    p_value: float | None
    confidence: float


def nps_of_counts(
    promoters: int,
    passives: int,
    detractors: int,
    *,
    confidence: float = 0.95,
    interval: NpsInterval | str = NpsInterval.WALD,
) -> NpsEstimate:
    """Net promoter score of counted answers, with its standard error and interval.

    Parameters
    ----------
    promoters, passives, detractors : int
        Counts, 0 or more.
    confidence : float in (0, 1)
        Of the interval.
    interval : NpsInterval
        How the interval and the standard error are made.

    Returns
    -------
    NpsEstimate

    Raises
    ------
    ParameterError
        A count is no whole number of at least 0, ``confidence`` is no share, or ``interval`` none
        of the two.

    Notes
    -----
    With ``p`` and ``d`` the shares of promoters and detractors among ``n`` answers::

        nps = 100 (p - d)
        standard error = 100 sqrt((p + d - (p - d)^2) / n)

    An answer counts 1, 0 or -1, and that is the variance of their mean. The interval takes it for
    normal, which needs a few dozen answers. If all answers are alike, as one always is, that
    variance is 0: the sample then does not know how far the others are spread, so standard error
    and interval are None. ``"adjusted_wald"`` has both from the first answer on.

    The interval tells of chance in who answered, not of those who never answer: it covers no bias.

    References
    ----------
    Reichheld (2003), "The One Number You Need to Grow", Harvard Business Review 81(12). Rocks
    (2016), "Interval Estimation for the Net Promoter Score", The American Statistician 70(4),
    365-372: the adjusted Wald interval.

    Examples
    --------
    >>> half = nps_of_counts(162, 108, 54)
    >>> round(half.nps, 2), round(half.standard_error, 2), round(half.high - half.nps, 2)
    (33.33, 4.14, 8.12)
    >>> nps_of_counts(3, 0, 0).low is None
    True
    >>> round(nps_of_counts(3, 0, 0, interval="adjusted_wald").low, 1)
    -6.6
    """
    named = _named(promoters, passives, detractors)
    counts = [whole_between(name, value, 0) for name, value in named]
    z = normal_quantile(confidence)
    method = choose(NpsInterval, interval, "interval")
    for_them, neither, against = counts
    n = sum(counts)
    added = ADDED_ANSWERS if method is NpsInterval.ADJUSTED_WALD else 0.0
    size = n + added
    up, down = for_them + added / 4, against + added / 4
    spread = size * (up + down) - (up - down) ** 2
    error = low = high = None
    if n and spread > 0:
        error = 100 * sqrt(spread) / (size * sqrt(size))
        centre = 100 * (up - down) / size
        low, high = max(centre - z * error, -100.0), min(centre + z * error, 100.0)
    return NpsEstimate(
        promoters=for_them,
        passives=neither,
        detractors=against,
        nps=100 * (for_them - against) / n if n else None,
        standard_error=error,
        low=low,
        high=high,
        confidence=float(confidence),
    )


def nps_change(before: NpsEstimate, after: NpsEstimate, *, confidence: float = 0.95) -> NpsChange:
    """Test whether a net promoter score changed by more than chance.

    Parameters
    ----------
    before, after : NpsEstimate
        Two samples of different people, or asked independently.
    confidence : float in (0, 1)
        Of the interval of the difference.

    Returns
    -------
    NpsChange

    Raises
    ------
    ParameterError
        ``confidence`` is no share.

    Notes
    -----
    ``z = (after - before) / sqrt(se_before^2 + se_after^2)``, normal, two-sided. Where the same
    people answer both times their answers go together, and the test is too cautious. Tested on many
    groups at once, one in twenty will "change" at a p-value of 0.05.

    Examples
    --------
    >>> change = nps_change(nps_of_counts(162, 108, 54), nps_of_counts(200, 80, 44))
    >>> round(change.difference, 1), round(change.z, 2), round(change.p_value, 3)
    (14.8, 2.57, 0.01)
    """
    z_of_interval = normal_quantile(confidence)
    difference = None if before.nps is None or after.nps is None else after.nps - before.nps
    if difference is None or before.standard_error is None or after.standard_error is None:
        return NpsChange(
            difference=difference,
            standard_error=None,
            low=None,
            high=None,
            z=None,
            p_value=None,
            confidence=float(confidence),
        )
    error = sqrt(before.standard_error**2 + after.standard_error**2)
    z = difference / error
    return NpsChange(
        difference=difference,
        standard_error=error,
        low=max(difference - z_of_interval * error, -200.0),
        high=min(difference + z_of_interval * error, 200.0),
        z=z,
        p_value=erfc(abs(z) / sqrt(2)),
        confidence=float(confidence),
    )


def _named(promoters: object, passives: object, detractors: object) -> list[tuple[str, object]]:
    return [("promoters", promoters), ("passives", passives), ("detractors", detractors)]
