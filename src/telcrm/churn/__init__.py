"""Churn: who leaves, why, when, and whom it pays to keep.

Models are scikit-learn classifiers over frames and arrays. They are plain numbers inside: an
explicit formula, or trees, that are stored as JSON and read without running any code.

>>> import polars as pl
>>> customers = pl.DataFrame({"tenure": [1, 2, 3, 5, 8, 13, 21, 34] * 30})
>>> left = [1, 1, 0, 1, 0, 1, 0, 0] * 30
>>> model = SplineLogisticModel().fit(customers, left)
>>> chance = model.predict_proba(customers)[:, 1]
>>> bool(chance[0] > chance[7])
True
"""

from telcrm.churn.card import CardFeature, CardMetric, ModelCard, model_card
from telcrm.churn.evaluation.back_test import BackTest, BackTestRow, back_test
from telcrm.churn.evaluation.calibration import (
    CalibrationLine,
    brier,
    calibration_line,
    log_loss,
)
from telcrm.churn.evaluation.campaign import (
    CampaignProfit,
    ProfitBounds,
    ProfitCurve,
    campaign_profit,
    profit_curve,
)
from telcrm.churn.evaluation.churn_report import ChurnReport, churn_report
from telcrm.churn.evaluation.comparison import ComparedPair, ModelComparison, compare_models
from telcrm.churn.evaluation.evaluation import Evaluation, evaluate
from telcrm.churn.evaluation.intervals import (
    Interval,
    IntervalMethod,
    bootstrap_interval,
    roc_auc_interval,
)
from telcrm.churn.evaluation.metric import ChurnMetric
from telcrm.churn.evaluation.profit import (
    ExpectedProfit,
    ProfitOptimum,
    expected_maximum_profit,
    maximum_profit,
    profit_threshold,
)
from telcrm.churn.evaluation.ranking import GainsCurve, gains, lift, pr_auc, roc_auc
from telcrm.churn.evaluation.reliability import (
    Reliability,
    ReliabilityBin,
    expected_calibration_error,
    reliability,
)
from telcrm.churn.evaluation.slices import SegmentSlice, Slices, evaluate_by, evaluate_slices
from telcrm.churn.evaluation.uplift import (
    QiniConvention,
    UpliftConvention,
    UpliftCurve,
    qini_curve,
    qini_score,
    uplift_at,
    uplift_curve,
    uplift_score,
)
from telcrm.churn.features.catalogue import FEATURES
from telcrm.churn.features.feature import Feature, FeatureKind
from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm
from telcrm.churn.models.binning import ColumnBins, Direction
from telcrm.churn.models.boosted import BoostedModel
from telcrm.churn.models.calibrated import CalibratedModel
from telcrm.churn.models.calibration import (
    Calibration,
    CalibrationMethod,
    IsotonicCalibration,
    PlattCalibration,
    calibrate,
)
from telcrm.churn.models.calibration_gain import CalibrationFigures, CalibrationGain
from telcrm.churn.models.classifier import ChurnClassifier
from telcrm.churn.models.formula_text import as_python, as_sql, as_text
from telcrm.churn.models.hazard import HazardModel
from telcrm.churn.models.protocol import ChurnModel, churn_probability
from telcrm.churn.models.scorecard import ScorecardModel, ScorecardRow
from telcrm.churn.models.spline_logistic import SplineLogisticModel
from telcrm.churn.models.trees import Tree, TreeEnsemble
from telcrm.churn.models.vote import SoftVoteModel
from telcrm.churn.monitoring.calibration import (
    CalibrationInTheLarge,
    calibration_by_segment,
    calibration_in_the_large,
)
from telcrm.churn.monitoring.realised import ArmResult, Effect, RealisedProfit, realised_profit
from telcrm.churn.monitoring.reference_profile import (
    CategoricalReference,
    NumericReference,
    ReferenceProfile,
)
from telcrm.churn.monitoring.stability import (
    BinMove,
    FeatureStability,
    StabilityBand,
    StabilityReport,
    population_stability,
)
from telcrm.churn.reasons.customer_reasons import ReasonDirection, churn_reasons
from telcrm.churn.reasons.drivers import ChurnDriver, ChurnDrivers, DriverMetric, churn_drivers
from telcrm.churn.reasons.leavers import leaver_destinations, leaver_reasons
from telcrm.churn.registry import ChurnModelEntry, churn_models, make_churn_model
from telcrm.churn.retention.contact_policy import ContactPolicy
from telcrm.churn.retention.cross_fit_uplift import cross_fit_uplift
from telcrm.churn.retention.expected_profit import ContactOutcome, contact_outcome
from telcrm.churn.retention.offer import RetentionOffer
from telcrm.churn.retention.plan import LeftAlone, OfferTotals, RetentionPlan
from telcrm.churn.retention.plan_retention import plan_retention
from telcrm.churn.retention.transformed_outcome_uplift import TransformedOutcomeUplift
from telcrm.churn.retention.two_model_uplift import TwoModelUplift
from telcrm.churn.retention.uplift_learner import UpliftLearner
from telcrm.churn.retention.uplift_model import UpliftModel
from telcrm.churn.scoring import score_churn
from telcrm.churn.snapshots.leakage import Leak, LeakageReport, LeakKind, find_leaks
from telcrm.churn.snapshots.panel import ChurnPanel, build_panel
from telcrm.churn.snapshots.splits import TimeSplit, customer_folds, time_splits
from telcrm.churn.storage.model_file import ModelFile, load_model, read_model_file, save_model
from telcrm.churn.storage.model_schema import ModelSchema
from telcrm.churn.warnings.competitor_calls import CompetitorCallsPolicy
from telcrm.churn.warnings.consumption_anomaly import ConsumptionAnomalyPolicy
from telcrm.churn.warnings.contract_expiry import ContractExpiryPolicy
from telcrm.churn.warnings.customer_warnings import customer_warnings
from telcrm.churn.warnings.early_warnings import early_warnings
from telcrm.churn.warnings.high_risk_complaint import HighRiskComplaintPolicy
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.payment_stress import PaymentStressPolicy
from telcrm.churn.warnings.policy import WarningPolicy
from telcrm.churn.warnings.porting_request import PortingRequestPolicy
from telcrm.churn.warnings.scores import warning_scores
from telcrm.churn.warnings.signal import EarlyWarning, WarningSignal
from telcrm.churn.warnings.signal_policy import SeverityRange
from telcrm.churn.warnings.silent_customer import SilenceStep, SilentCustomerPolicy
from telcrm.churn.warnings.termination_enquiry import TerminationEnquiryPolicy
from telcrm.churn.window import ChurnKind, ChurnWindow, PrepaidRule

__all__ = [
    "FEATURES",
    "AdditiveFormula",
    "ArmResult",
    "BackTest",
    "BackTestRow",
    "BinMove",
    "BinTerm",
    "BoostedModel",
    "CalibratedModel",
    "Calibration",
    "CalibrationFigures",
    "CalibrationGain",
    "CalibrationInTheLarge",
    "CalibrationLine",
    "CalibrationMethod",
    "CampaignProfit",
    "CardFeature",
    "CardMetric",
    "CategoricalReference",
    "ChurnClassifier",
    "ChurnDriver",
    "ChurnDrivers",
    "ChurnKind",
    "ChurnMetric",
    "ChurnModel",
    "ChurnModelEntry",
    "ChurnPanel",
    "ChurnReport",
    "ChurnWindow",
    "ColumnBins",
    "ComparedPair",
    "CompetitorCallsPolicy",
    "ConsumptionAnomalyPolicy",
    "ContactOutcome",
    "ContactPolicy",
    "ContractExpiryPolicy",
    "CustomerHistory",
    "Direction",
    "DriverMetric",
    "EarlyWarning",
    "Effect",
    "Evaluation",
    "ExpectedProfit",
    "Feature",
    "FeatureKind",
    "FeatureStability",
    "GainsCurve",
    "HazardModel",
    "HighRiskComplaintPolicy",
    "Interval",
    "IntervalMethod",
    "IsotonicCalibration",
    "Leak",
    "LeakKind",
    "LeakageReport",
    "LeftAlone",
    "LevelTerm",
    "ModelCard",
    "ModelComparison",
    "ModelFile",
    "ModelSchema",
    "NumericReference",
    "OfferTotals",
    "PaymentStressPolicy",
    "PlattCalibration",
    "PortingRequestPolicy",
    "PrepaidRule",
    "ProfitBounds",
    "ProfitCurve",
    "ProfitOptimum",
    "QiniConvention",
    "RealisedProfit",
    "ReasonDirection",
    "ReferenceProfile",
    "Reliability",
    "ReliabilityBin",
    "RetentionOffer",
    "RetentionPlan",
    "ScorecardModel",
    "ScorecardRow",
    "SegmentSlice",
    "SeverityRange",
    "SilenceStep",
    "SilentCustomerPolicy",
    "Slices",
    "SoftVoteModel",
    "SplineLogisticModel",
    "SplineTerm",
    "StabilityBand",
    "StabilityReport",
    "TerminationEnquiryPolicy",
    "TimeSplit",
    "TransformedOutcomeUplift",
    "Tree",
    "TreeEnsemble",
    "TwoModelUplift",
    "UpliftConvention",
    "UpliftCurve",
    "UpliftLearner",
    "UpliftModel",
    "WarningPolicy",
    "WarningSignal",
    "as_python",
    "as_sql",
    "as_text",
    "back_test",
    "bootstrap_interval",
    "brier",
    "build_panel",
    "calibrate",
    "calibration_by_segment",
    "calibration_in_the_large",
    "calibration_line",
    "campaign_profit",
    "churn_drivers",
    "churn_models",
    "churn_probability",
    "churn_reasons",
    "churn_report",
    "compare_models",
    "contact_outcome",
    "cross_fit_uplift",
    "customer_folds",
    "customer_warnings",
    "early_warnings",
    "evaluate",
    "evaluate_by",
    "evaluate_slices",
    "expected_calibration_error",
    "expected_maximum_profit",
    "find_leaks",
    "gains",
    "leaver_destinations",
    "leaver_reasons",
    "lift",
    "load_model",
    "log_loss",
    "make_churn_model",
    "maximum_profit",
    "model_card",
    "plan_retention",
    "population_stability",
    "pr_auc",
    "profit_curve",
    "profit_threshold",
    "qini_curve",
    "qini_score",
    "read_model_file",
    "realised_profit",
    "reliability",
    "roc_auc",
    "roc_auc_interval",
    "save_model",
    "score_churn",
    "time_splits",
    "uplift_at",
    "uplift_curve",
    "uplift_score",
    "warning_scores",
]
