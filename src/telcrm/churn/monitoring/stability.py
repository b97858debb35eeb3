"""How far the features and scores of today have moved from those a model has learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from telcrm.churn.monitoring.monitored_table import MonitoredTable
from telcrm.churn.monitoring.reference_profile import (
    CategoricalReference,
    NumericReference,
    ReferenceProfile,
)
from telcrm.domain.arguments import require_proper_share
from telcrm.segmentation import population_stability_index
from telcrm.tables.findings import counted
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.result_table import ResultColumn

__all__ = [
    "BinMove",
    "FeatureStability",
    "StabilityBand",
    "StabilityReport",
    "population_stability",
]

_MODERATE: Final = 0.10
_MAJOR: Final = 0.25
_TOLD: Final = 3


class StabilityBand(StrEnum):
    """What custom makes of an index, whatever the number of rows."""

    STABLE = "stable"
    """Below 0.10."""
    MODERATE = "moderate shift"
    """From 0.10."""
    MAJOR = "major shift"
    """From 0.25."""


@dataclass(frozen=True, slots=True)
class BinMove:
    """How the share of a bin has changed.

    Attributes
    ----------
    words : str
        The bin: ``"above 89.5"``, ``"= prepaid"``, ``"missing"``.
    before, after : float
        Its share of all rows, in the profile and now.
    """

    words: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.words} ({self.before:.1%} then, {self.after:.1%} now)"


@dataclass(frozen=True, slots=True)
class FeatureStability:
    """How far a feature has moved.

    Attributes
    ----------
    feature : str
    index : float
        The population stability index, 0 or more.
    band : StabilityBand
        What custom makes of it.
    threshold : float
        What chance alone would exceed with probability ``1 - confidence``, given both numbers of
        rows.
    p_value : float
        Probability of such an index or a greater one by chance.
    moves : tuple of BinMove
        All bins, those first whose share has changed most.
    """

    feature: str
    index: float
    band: StabilityBand
    threshold: float
    p_value: float
    moves: tuple[BinMove, ...]

    @property
    def has_moved(self) -> bool:
        """Whether it has moved by the custom, and by more than chance would."""
        return self.band is not StabilityBand.STABLE and self.index > self.threshold

    @property
    def words(self) -> str:
        """The finding as a sentence."""
        by_chance = "more than" if self.index > self.threshold else "no more than"
        head = (
            f"{self.feature}: {self.band}, index {self.index:.3f}, {by_chance} the "
            f"{self.threshold:.3f} of chance"
        )
        told = [str(move) for move in self.moves[:_TOLD] if move.before != move.after]
        return f"{head}; most in {', '.join(told)}." if told else f"{head}."


@dataclass(frozen=True, slots=True)
class StabilityReport:
    """How far each feature has moved.

    Attributes
    ----------
    rows_before, rows : int
        Of the profile, and of the table that was held against it.
    confidence : float
    features : tuple of FeatureStability
        The greatest index first.
    """

    rows_before: int
    rows: int
    confidence: float
    features: tuple[FeatureStability, ...]

    @property
    def moved(self) -> tuple[str, ...]:
        """Names of the features that have moved: by the custom, and by more than chance would."""
        return tuple(each.feature for each in self.features if each.has_moved)

    def __getitem__(self, feature: str) -> FeatureStability:
        """Return what was found of a feature; KeyError without it."""
        return {each.feature: each for each in self.features}[feature]

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return a row for each feature.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``feature``, ``index``, ``band``, ``threshold``, ``p_value``, ``has_moved``, ``words``.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        each = self.features
        return {
            "feature": ResultColumn(str, [one.feature for one in each]),
            "index": ResultColumn(float, [one.index for one in each]),
            "band": ResultColumn(str, [str(one.band) for one in each]),
            "threshold": ResultColumn(float, [one.threshold for one in each]),
            "p_value": ResultColumn(float, [one.p_value for one in each]),
            "has_moved": ResultColumn(bool, [one.has_moved for one in each]),
            "words": ResultColumn(str, [one.words for one in each]),
        }

    def _caption(self) -> str:
        return (
            f"{counted(self.rows, 'row')} against {self.rows_before:,}: {len(self.moved)} of "
            f"{counted(len(self.features), 'feature')} moved"
        )

    def __repr__(self) -> str:
        lines = "".join(f"\n  {each.words}" for each in self.features)
        return f"{self._caption()}{lines}"

    def _repr_html_(self) -> str:
        return html_table(self._columns(), self._caption())


def population_stability(
    profile: ReferenceProfile,
    frame: Any,
    *,
    confidence: float = 0.99,
    least_share: float = 1e-4,
) -> StabilityReport:
    """Measure how far the features of a table have moved from those a model has learnt from.

    Parameters
    ----------
    profile : ReferenceProfile
    frame : dataframe
        With the features of the profile, of any engine.
    confidence : float in (0, 1)
        Chance alone exceeds the threshold of a feature with probability ``1 - confidence``. It is
        said of each feature by itself: of 30 stable ones, at 0.99, one exceeds it in every third
        or fourth report.
    least_share : float in (0, 0.01]
        A smaller share of a bin counts as this one, or an empty bin would make the index infinite.

    Returns
    -------
    StabilityReport

    Raises
    ------
    SchemaDriftError
        A feature is gone, or holds another kind of values. One without any value has drifted, and
        is no error.
    InvalidTableError
        There are no rows, or a number is infinite.
    ParameterError
        ``confidence`` or ``least_share`` is out of range.

    See Also
    --------
    telcrm.segmentation.population_stability_index : The index of two counts.

    Notes
    -----
    With the shares ``p`` of the bins in the profile, of ``n`` rows, and ``q`` now, of ``m`` rows::

        PSI = sum((q - p) * ln(q / p))

    Missing values are a bin of their own, and so are levels that the profile does not know. The
    bounds 0.10 and 0.25 are customs. Two samples of one population have, approximately::

        PSI / (1/n + 1/m) ~ chi-square with B - 1 degrees of freedom
        threshold = (1/n + 1/m) * quantile of that chi-square at ``confidence``

    where ``B`` counts the bins that have a row on either side. So an index of 0.10 is nothing to
    speak of among 100 rows, and cannot be chance among 100,000. Where a bin expects fewer than
    about 5 rows, the approximation is rough and the threshold too low.

    One query counts the bins of each feature, and one goes over all. Labels come with a delay of
    gap and outcome; this needs none, which is why it is looked at first. It says that customers
    have changed, not that the model has become worse:
    see :func:`~telcrm.churn.monitoring.calibration.calibration_in_the_large` for that.

    References
    ----------
    E. M. Lewis (1994), *An Introduction to Credit Scoring*, Athena Press; N. Siddiqi (2006),
    *Credit Risk Scorecards*, Wiley: index and bounds. B. Yurdakul and J. Naranjo (2020),
    "Statistical properties of the population stability index", Journal of Risk Model Validation
    14(4), 89-100: its distribution.

    Examples
    --------
    >>> import polars as pl
    >>> profile = ReferenceProfile.of(pl.DataFrame({"segment": ["a"] * 500 + ["b"] * 500}))
    >>> now = pl.DataFrame({"segment": ["a"] * 200 + ["b"] * 300})
    >>> report = population_stability(profile, now)
    >>> round(report["segment"].index, 6), report.moved
    (0.040547, ())
    """
    require_proper_share(confidence=confidence)
    table = MonitoredTable.like(frame, profile.kinds)
    found = [
        _measure(each, each.sizes_in(table), confidence, least_share) for each in profile.features
    ]
    found.sort(key=lambda each: (-each.index, each.feature))
    return StabilityReport(profile.rows, table.rows, confidence, tuple(found))


def _measure(
    reference: NumericReference | CategoricalReference,
    after: tuple[int, ...],
    confidence: float,
    least_share: float,
) -> FeatureStability:
    from scipy.stats import chi2

    before = reference.sizes
    index = population_stability_index(before, after, least_share=least_share) or 0.0
    n, m = sum(before), sum(after)
    freedom = sum(1 for pair in zip(before, after, strict=True) if any(pair)) - 1
    scale = 1 / n + 1 / m
    moves = [
        BinMove(words, was / n, now / m)
        for words, was, now in zip(reference.bins, before, after, strict=True)
    ]
    moves.sort(key=lambda move: -abs(move.after - move.before))
    return FeatureStability(
        feature=reference.feature,
        index=index,
        band=_band(index),
        threshold=scale * float(chi2.ppf(confidence, freedom)) if freedom else 0.0,
        p_value=float(chi2.sf(index / scale, freedom)) if freedom else 1.0,
        moves=tuple(moves),
    )


def _band(index: float) -> StabilityBand:
    if index < _MODERATE:
        return StabilityBand.STABLE
    return StabilityBand.MODERATE if index < _MAJOR else StabilityBand.MAJOR
