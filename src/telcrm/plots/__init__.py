"""Plots of key figures, segments and customer value, drawn by matplotlib.

Each function takes what :mod:`telcrm.kpi`, :mod:`telcrm.segmentation` or :mod:`telcrm.value`
returned, of any engine, or a fitted model of the last. It draws on axes of your own or of a new
figure, and returns them. Needs the extra ``plot``.
"""

from telcrm.plots.alive_history import alive_history
from telcrm.plots.cohort_heatmap import cohort_heatmap
from telcrm.plots.cumulative_profit_curve import cumulative_profit_curve
from telcrm.plots.cumulative_tracking import cumulative_tracking
from telcrm.plots.frequency_recency_matrix import frequency_recency_matrix
from telcrm.plots.holdout_calibration import holdout_calibration
from telcrm.plots.lorenz_curve import lorenz_curve
from telcrm.plots.migration_flow import FlowForm, migration_flow
from telcrm.plots.movement_waterfall import WaterfallMeasure, movement_waterfall
from telcrm.plots.nps_trend import nps_trend
from telcrm.plots.retention_curves import RetentionMeasure, retention_curves
from telcrm.plots.segment_map import segment_map
from telcrm.plots.tornado import tornado

__all__ = [
    "FlowForm",
    "RetentionMeasure",
    "WaterfallMeasure",
    "alive_history",
    "cohort_heatmap",
    "cumulative_profit_curve",
    "cumulative_tracking",
    "frequency_recency_matrix",
    "holdout_calibration",
    "lorenz_curve",
    "migration_flow",
    "movement_waterfall",
    "nps_trend",
    "retention_curves",
    "segment_map",
    "tornado",
]
