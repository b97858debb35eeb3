"""Plots of key figures, segments, customer value and churn, drawn by matplotlib.

Each function takes what :mod:`telcrm.kpi`, :mod:`telcrm.segmentation`, :mod:`telcrm.value` or
:mod:`telcrm.churn` returned, of any engine, or a fitted model of the last two. It draws on axes of
your own or of a new figure, and returns them. Needs the extra ``plot``.
"""

from telcrm.plots.alive_history import alive_history
from telcrm.plots.campaign_profit_curve import campaign_profit_curve
from telcrm.plots.cohort_heatmap import cohort_heatmap
from telcrm.plots.contribution_bars import contribution_bars
from telcrm.plots.cumulative_profit_curve import cumulative_profit_curve
from telcrm.plots.cumulative_tracking import cumulative_tracking
from telcrm.plots.drift_bars import drift_bars
from telcrm.plots.frequency_recency_matrix import frequency_recency_matrix
from telcrm.plots.gains_curve import gains_curve
from telcrm.plots.holdout_calibration import holdout_calibration
from telcrm.plots.lorenz_curve import lorenz_curve
from telcrm.plots.migration_flow import FlowForm, migration_flow
from telcrm.plots.movement_waterfall import WaterfallMeasure, movement_waterfall
from telcrm.plots.nps_trend import nps_trend
from telcrm.plots.reasons_waterfall import reasons_waterfall
from telcrm.plots.reliability_diagram import reliability_diagram
from telcrm.plots.retention_curves import RetentionMeasure, retention_curves
from telcrm.plots.roc_curves import roc_curves
from telcrm.plots.segment_map import segment_map
from telcrm.plots.survival_curves import survival_curves
from telcrm.plots.tornado import tornado
from telcrm.plots.uplift_curves import uplift_curves

__all__ = [
    "FlowForm",
    "RetentionMeasure",
    "WaterfallMeasure",
    "alive_history",
    "campaign_profit_curve",
    "cohort_heatmap",
    "contribution_bars",
    "cumulative_profit_curve",
    "cumulative_tracking",
    "drift_bars",
    "frequency_recency_matrix",
    "gains_curve",
    "holdout_calibration",
    "lorenz_curve",
    "migration_flow",
    "movement_waterfall",
    "nps_trend",
    "reasons_waterfall",
    "reliability_diagram",
    "retention_curves",
    "roc_curves",
    "segment_map",
    "survival_curves",
    "tornado",
    "uplift_curves",
]
