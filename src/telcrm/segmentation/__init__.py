"""Who belongs together: customers scored and classed by what they did.

Each function takes the caller's dataframe (pandas, Polars, DuckDB, PySpark, PyArrow) and returns
one of the same kind, a row per customer. Its docstring is the definition of the classes.
"""

from telcrm.segmentation.abc import AbcClass, abc
from telcrm.segmentation.abc_segmenter import AbcSegmenter
from telcrm.segmentation.clusters.cluster_count import (
    ClusterCount,
    CountCriterion,
    CountRow,
    suggest_cluster_count,
)
from telcrm.segmentation.clusters.cluster_stability import (
    ClusterReturn,
    ClusterStability,
    StabilityVerdict,
    cluster_stability,
)
from telcrm.segmentation.clusters.features import FeaturePreparation, MissingValues, Scaling
from telcrm.segmentation.clusters.gaussian_mixture import CovarianceType, GaussianMixtureSegmenter
from telcrm.segmentation.clusters.hdbscan import HdbscanSegmenter
from telcrm.segmentation.clusters.kmeans import KMeansSegmenter
from telcrm.segmentation.clusters.segmenter import ClusterSegmenter
from telcrm.segmentation.concentration import Concentration, concentration
from telcrm.segmentation.customer_classes.customer_status import customer_status
from telcrm.segmentation.customer_classes.customer_status_policy import (
    CustomerMark,
    CustomerStatusPolicy,
    StatusClass,
)
from telcrm.segmentation.customer_classes.payment_behaviour import payment_behaviour
from telcrm.segmentation.customer_classes.status_facts import status_facts
from telcrm.segmentation.describe import describe_segments
from telcrm.segmentation.lifecycle_stages.lifecycle import LifecycleSegmenter, lifecycle
from telcrm.segmentation.lifecycle_stages.lifecycle_facts import lifecycle_facts
from telcrm.segmentation.lifecycle_stages.lifecycle_policy import LifecyclePolicy, LifecycleStage
from telcrm.segmentation.migration import migration
from telcrm.segmentation.product_baskets.baskets import baskets
from telcrm.segmentation.product_baskets.cross_sell import cross_sell_rules, recommend_products
from telcrm.segmentation.profile import profile
from telcrm.segmentation.rfm import rfm, rfm_breaks
from telcrm.segmentation.rfm_policy import RfmBreaks, RfmMethod, RfmTies
from telcrm.segmentation.rfm_segmenter import RfmSegmenter
from telcrm.segmentation.rules import (
    RuleCount,
    RuleCoverage,
    RuleSegmenter,
    rule_coverage,
    segment_by_rules,
)
from telcrm.segmentation.segmenter import Segmenter
from telcrm.segmentation.stability import population_stability_index, segment_stability
from telcrm.segmentation.transitions import MigrationState
from telcrm.segmentation.value_matrix import MatrixLevel, value_matrix
from telcrm.segmentation.value_matrix_segmenter import ValueMatrixSegmenter

__all__ = [
    "AbcClass",
    "AbcSegmenter",
    "ClusterCount",
    "ClusterReturn",
    "ClusterSegmenter",
    "ClusterStability",
    "Concentration",
    "CountCriterion",
    "CountRow",
    "CovarianceType",
    "CustomerMark",
    "CustomerStatusPolicy",
    "FeaturePreparation",
    "GaussianMixtureSegmenter",
    "HdbscanSegmenter",
    "KMeansSegmenter",
    "LifecyclePolicy",
    "LifecycleSegmenter",
    "LifecycleStage",
    "MatrixLevel",
    "MigrationState",
    "MissingValues",
    "RfmBreaks",
    "RfmMethod",
    "RfmSegmenter",
    "RfmTies",
    "RuleCount",
    "RuleCoverage",
    "RuleSegmenter",
    "Scaling",
    "Segmenter",
    "StabilityVerdict",
    "StatusClass",
    "ValueMatrixSegmenter",
    "abc",
    "baskets",
    "cluster_stability",
    "concentration",
    "cross_sell_rules",
    "customer_status",
    "describe_segments",
    "lifecycle",
    "lifecycle_facts",
    "migration",
    "payment_behaviour",
    "population_stability_index",
    "profile",
    "recommend_products",
    "rfm",
    "rfm_breaks",
    "rule_coverage",
    "segment_by_rules",
    "segment_stability",
    "status_facts",
    "suggest_cluster_count",
    "value_matrix",
]
