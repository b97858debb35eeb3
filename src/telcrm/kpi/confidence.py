"""How far an interval of a level of confidence reaches."""

from __future__ import annotations

from numbers import Real
from statistics import NormalDist

from telcrm.errors import ParameterError

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
    given: object = confidence
    is_number = isinstance(given, Real) and not isinstance(given, bool)
    if not is_number or not 0 < confidence < 1:
        raise ParameterError(
            f"confidence is {confidence!r:.60}, and has to be a share between 0 and 1, for "
            "example 0.95.",
            parameter="confidence",
            value=confidence,
        )
    return NormalDist().inv_cdf((1 + float(confidence)) / 2)
