"""How far an interval of a level of confidence reaches."""

from __future__ import annotations

from statistics import NormalDist

from telcrm.domain.arguments import require_proper_share

__all__ = ["normal_quantile"]


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors an interval reaches to each side.

    Parameters
    ----------
    confidence : float in (0, 1)

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        It is no share between 0 and 1.

    Examples
    --------
    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    require_proper_share(confidence=confidence)
    return NormalDist().inv_cdf((1 + float(confidence)) / 2)
