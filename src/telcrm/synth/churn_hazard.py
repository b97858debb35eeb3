"""The monthly logit hazard behind every postpaid departure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from telcrm.synth.columns import Flags, Floats, Ints
from telcrm.synth.population import SEGMENTS
from telcrm.synth.ranges import require_between

__all__ = ["NO_COMMITMENT", "ChurnHazard"]

NO_COMMITMENT = -32_768


@dataclass(frozen=True, kw_only=True)
class ChurnHazard:
    r"""Cause-specific monthly hazards of a postpaid line, as one multinomial logit.

    With :math:`\eta` from `predictor`, the probabilities of leaving in a month, given the line was
    there at its start, are

    .. math::
        h_{voluntary} = e^\eta / D, \quad h_{port\_out} = \omega e^\eta / D, \quad
        h_{involuntary} = e^\iota / D, \quad D = 1 + (1 + \omega) e^\eta + e^\iota

    where :math:`\omega` is `port_odds` and :math:`\iota` is the logit of `debtor_never_pay` or
    `debtor_chronic` for debtors with three open bills, and minus infinity for everyone else.

    Parameters
    ----------
    baseline : float
        Intercept: a loyal subscriber of the mass segment, out of contract, at the reference fee.
    tenure : float
        Per unit of ``log(1 + tenure_months / 12)``.
    in_commitment, commitment_end : float
        Two months or more before the end of the commitment; in the end month and the one after.
    complaint : float
        Per complaint in this and the two previous months, counted up to three.
    price : float
        Per unit of ``log(fee / reference_fee)``; `reference_fee` is 20.
    arrears : float
        For chronic debtors and customers who never pay, from their third bill on.
    satisfaction : float
        Per standard deviation of the latent satisfaction.
    youth, premium, soho, corporate : float
        Against the mass segment.
    port_odds : float
        Ports per voluntary termination.
    debtor_never_pay, debtor_chronic : float in [0, 1)
        Monthly probability (before competition) of being cut off.

    Raises
    ------
    ParameterError
        A coefficient is beyond 20, or a probability is not one.

    Notes
    -----
    Discrete-time hazards with competing causes: Allison (1982), Sociological Methodology 13, 61-98.

    Examples
    --------
    >>> hazard = ChurnHazard(baseline=-3.0, tenure=0.0)
    >>> eta = hazard.predictor(tenure_months=np.array([5]), months_to_end=None,
    ...                        complaints=np.array([0]), fee=np.array([20.0]),
    ...                        arrears=np.array([False]), segment=np.array([0]),
    ...                        satisfaction=np.array([0.0]))
    >>> eta.tolist()
    [-3.0]
    """

    baseline: float = -3.7
    tenure: float = -0.45
    in_commitment: float = -1.1
    commitment_end: float = 1.3
    complaint: float = 0.55
    price: float = 0.35
    arrears: float = 0.4
    satisfaction: float = -0.35
    youth: float = 0.25
    premium: float = -0.2
    soho: float = -0.1
    corporate: float = -0.5
    port_odds: float = 0.6
    debtor_never_pay: float = 0.35
    debtor_chronic: float = 0.03

    def __post_init__(self) -> None:
        coefficients = (
            "baseline tenure in_commitment commitment_end complaint price arrears satisfaction "
            "youth premium soho corporate"
        )
        require_between(self, -20.0, 20.0, *coefficients.split())
        require_between(self, 0.0, 100.0, "port_odds")
        require_between(self, 0.0, 0.99, "debtor_never_pay", "debtor_chronic")

    def predictor(
        self,
        *,
        tenure_months: Ints,
        months_to_end: Ints | None,
        complaints: Ints,
        fee: Floats,
        arrears: Flags,
        segment: Ints,
        satisfaction: Floats,
    ) -> Floats:
        """Return the linear predictor of leaving by choice.

        Parameters
        ----------
        tenure_months : array of int
            Whole months since activation.
        months_to_end : array of int, or None when no line has a commitment
            Months to the end of the commitment, negative after it; -32768 or less: no commitment.
        complaints : array of int
            Complaints in this and the two previous months.
        fee : array of float
            Monthly fee, net of tax.
        arrears : array of bool
        segment : array of int
            Position in ``("mass", "youth", "premium", "soho", "corporate")``.
        satisfaction : array of float

        Returns
        -------
        array of float
        """
        of_segment = np.array([0.0, self.youth, self.premium, self.soho, self.corporate])
        eta = self.baseline + self.tenure * np.log1p(tenure_months / 12.0)
        eta += self.complaint * np.minimum(complaints, 3)
        eta += self.price * np.log(np.maximum(fee, 1.0) / 20.0)
        eta += self.arrears * arrears + self.satisfaction * satisfaction
        eta += of_segment[: len(SEGMENTS)][segment]
        if months_to_end is not None:
            eta += self.in_commitment * (months_to_end >= 2)
            eta += self.commitment_end * ((months_to_end == 0) | (months_to_end == -1))
        return eta

    def by_reason(self, eta: Floats, debtor: Floats) -> Floats:
        """Return the hazards of the three reasons, as an array of shape (3, n).

        Parameters
        ----------
        eta : array of float
            From `predictor`.
        debtor : array of float in [0, 1)
            Monthly probability of being cut off, were it the only cause.

        Returns
        -------
        array of float
            Rows voluntary, involuntary, port_out.
        """
        choice = np.exp(eta)
        cut_off = debtor / (1.0 - debtor)
        stay = 1.0 + (1.0 + self.port_odds) * choice + cut_off
        return np.stack([choice / stay, cut_off / stay, self.port_odds * choice / stay])
