"""How far probabilities are off before and after their calibration."""

from __future__ import annotations

from typing import Self

from numpy.typing import ArrayLike

from telcrm.churn.evaluation.calibration import brier, calibration_line
from telcrm.churn.evaluation.reliability import expected_calibration_error
from telcrm.domain import Record

__all__ = ["CalibrationFigures", "CalibrationGain"]


class CalibrationFigures(Record):
    """How far probabilities are off, of customers that the model has not learnt from.

    Attributes
    ----------
    expected_calibration_error, brier : float
    in_the_large : float
        In log odds: above 0, more left than predicted.
    intercept, slope : float or None
        Of the line that would recalibrate; 0 and 1 are perfect. None where there is no such line.
    """

    expected_calibration_error: float
    brier: float
    in_the_large: float
    intercept: float | None
    slope: float | None

    @classmethod
    def of(cls, left: ArrayLike, chances: ArrayLike) -> Self:
        """Measure probabilities against outcomes."""
        line = calibration_line(left, chances)
        return cls(
            expected_calibration_error=expected_calibration_error(left, chances),
            brier=brier(left, chances),
            in_the_large=line.in_the_large,
            intercept=line.intercept,
            slope=line.slope,
        )


class CalibrationGain(Record):
    """What calibration has changed.

    Attributes
    ----------
    before, after : CalibrationFigures
        Without the map and with it; each customer's own fold has no part in the map.
    """

    before: CalibrationFigures
    after: CalibrationFigures
