"""Plots of key figures and segments, drawn by matplotlib on axes of your own or of a new figure.

Each function takes what a function of :mod:`telcrm.kpi` or :mod:`telcrm.segmentation` returned, of
any engine, and returns matplotlib axes. Needs the extra ``plot``.
"""

from telcrm.plots.cohort_heatmap import cohort_heatmap
from telcrm.plots.lorenz_curve import lorenz_curve
from telcrm.plots.migration_flow import FlowForm, migration_flow
from telcrm.plots.movement_waterfall import WaterfallMeasure, movement_waterfall
from telcrm.plots.nps_trend import nps_trend
from telcrm.plots.segment_map import segment_map

__all__ = [
    "FlowForm",
    "WaterfallMeasure",
    "cohort_heatmap",
    "lorenz_curve",
    "migration_flow",
    "movement_waterfall",
    "nps_trend",
    "segment_map",
]
