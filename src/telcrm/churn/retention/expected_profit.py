"""What one contact with one offer is expected to save, to cost and to bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ContactOutcome", "contact_outcome"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ContactOutcome:
    """What is expected of contacting customers with one offer, one element per customer.

    Attributes
    ----------
    saved : array of float
        Customers who stay because of the contact; negative where it drives them away.
    cost : array of float
        Contact and incentive, major units.
    profit : array of float
        Value of the saved less the cost.
    """

    saved: Floats
    cost: Floats
    profit: Floats


def contact_outcome(
    probability: Floats,
    value: Floats,
    *,
    cost: float,
    contact_cost: float,
    acceptance: float | Floats,
    stayer_acceptance: float | Floats = 1.0,
    saved_share: float = 1.0,
    uplift: Floats | None = None,
) -> ContactOutcome:
    """Return what is expected of contacting customers with one offer.

    Parameters
    ----------
    probability : array of float in [0, 1]
        That the customer leaves if left alone: calibrated.
    value : array of float
        Lifetime value of the customer, major units.
    cost, contact_cost : float, 0 or more
        Of the incentive, paid if it is accepted, and of the contact.
    acceptance, stayer_acceptance : float or array of float in [0, 1]
        Share of those who accept among would-be churners, who then stay, and among the others.
    saved_share : float in [0, 1]
        Of the value, that a saved customer still brings.
    uplift : array of float in [-1, 1], optional
        By how much the contact raises the chance to stay. Without it, it is taken to be
        ``probability * acceptance``: who accepts was persuaded, and a contact drives nobody away.

    Returns
    -------
    ContactOutcome

    Notes
    -----
    With ``p`` the probability, ``g`` the acceptance, ``s`` that of the others, ``d`` and ``f`` the
    costs, ``V`` the value times the saved share, and ``u`` the uplift:

        ``saved = u``, or ``p g``

        ``cost = f + d (p g + (1 - p) s)``

        ``profit = saved V - cost``

    Without uplift this is ``p (g (V - d) - f) - (1 - p) (s d + f)``, which for ``s = 1`` is above 0
    if and only if ``p > (d + f) / (g (V - d) + d)``. A measured uplift already holds the
    acceptance; the acceptances then only say how often the incentive is paid.

    References
    ----------
    S. A. Neslin, S. Gupta, W. Kamakura, J. Lu, C. H. Mason (2006), "Defection Detection", Journal
    of Marketing Research 43(2), 204-211. T. Verbraken, W. Verbeke, B. Baesens (2013), "A Novel
    Profit Maximizing Metric for Measuring Classification Performance of Customer Churn Prediction
    Models", IEEE Transactions on Knowledge and Data Engineering 25(5), 961-973. F. Devriendt,
    J. Berrevoets, W. Verbeke (2021), "Why you should stop predicting customer churn and start using
    uplift models", Information Sciences 548, 497-515.

    Examples
    --------
    >>> found = contact_outcome(
    ...     np.array([0.1, 0.5]), np.array([200.0, 200.0]), cost=10, contact_cost=1, acceptance=0.3
    ... )
    >>> found.profit.round(2).tolist(), found.cost.round(2).tolist()
    ([-4.3, 22.5], [10.3, 7.5])
    """
    accepted = probability * acceptance
    saved = accepted if uplift is None else uplift
    spent = contact_cost + cost * (accepted + (1.0 - probability) * stayer_acceptance)
    return ContactOutcome(saved=saved, cost=spent, profit=saved * (saved_share * value) - spent)
