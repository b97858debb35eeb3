"""What customers are worth: today, over their lifetime, and all of them together.

Customers without a contract leave without a word: ``summarize_transactions`` turns their recharges
into what :class:`BetaGeoModel`, :class:`ModifiedBetaGeoModel`, :class:`ParetoNBDModel` or
:class:`BetaGeoBetaBinomialModel` learn from, :class:`GammaGammaModel` learns what they spend, and
:func:`lifetime_value` multiplies the two. Of customers under contract one sees when they leave:
:class:`ShiftedBetaGeoModel` and :class:`BetaDiscreteWeibullModel` learn from survivors,
:class:`ContractValueModel` from months at risk, and it values contracts with all that they cost.
"""

from telcrm.value.contractual.bdw import BetaDiscreteWeibullModel
from telcrm.value.contractual.cohort_survivors import cohort_survivors
from telcrm.value.contractual.commitment import CommitmentPolicy, ContractPhase
from telcrm.value.contractual.contract_curve import ContractCurve
from telcrm.value.contractual.contract_terms import (
    ContractTerms,
    ContractValuePolicy,
    MarginTiming,
)
from telcrm.value.contractual.contract_value import ContractValueModel
from telcrm.value.contractual.retention_model import RetentionModel
from telcrm.value.contractual.sbg import ShiftedBetaGeoModel
from telcrm.value.contractual.tenure_baseline import BaselineForm, TenureBaseline
from telcrm.value.current.lost_customer_value import lost_customer_value
from telcrm.value.current.margin import customer_margin
from telcrm.value.current.payback import acquisition_payback
from telcrm.value.current.placement import value_placement
from telcrm.value.current.placement_policy import (
    STRATEGIES,
    PlacementLevel,
    PlacementPolicy,
    PlacementStrategy,
)
from telcrm.value.current.whale_curve import WhaleCurve, whale_curve
from telcrm.value.equity.customer_equity import CustomerEquity, customer_equity
from telcrm.value.equity.margin_multiple import FirstMargin, margin_multiple
from telcrm.value.equity.optimal_spending import OptimalSpending, optimal_spending
from telcrm.value.equity.response_curve import ResponseCurve
from telcrm.value.equity.retention_elasticity import (
    REICHHELD_SASSER_GAIN,
    RetentionChange,
    RetentionWhatIf,
    retention_elasticity,
    retention_what_if,
)
from telcrm.value.equity.sensitivity import (
    Sensitivity,
    SensitivityGrid,
    SensitivityRow,
    sensitivity,
    sensitivity_grid,
)
from telcrm.value.likelihood.convergence import Convergence, ConvergenceWarning
from telcrm.value.non_contractual.bg_bb import BetaGeoBetaBinomialModel
from telcrm.value.non_contractual.bg_nbd import BetaGeoModel, ModifiedBetaGeoModel
from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel
from telcrm.value.non_contractual.lifetime_value import lifetime_value
from telcrm.value.non_contractual.pareto_nbd import ParetoNBDModel
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.purchase_periods import Granularity
from telcrm.value.non_contractual.regular_bg_nbd import RegularBetaGeoModel
from telcrm.value.non_contractual.tracking import (
    CumulativeTransactions,
    cumulative_transactions,
)
from telcrm.value.non_contractual.transactions import summarize_transactions
from telcrm.value.non_contractual.value_interval import lifetime_value_interval
from telcrm.value.segment_value import value_by_segment
from telcrm.value.time import DiscountRate, TimeUnit
from telcrm.value.value_model import ValueModel

__all__ = [
    "REICHHELD_SASSER_GAIN",
    "STRATEGIES",
    "BaselineForm",
    "BetaDiscreteWeibullModel",
    "BetaGeoBetaBinomialModel",
    "BetaGeoModel",
    "CommitmentPolicy",
    "ContractCurve",
    "ContractPhase",
    "ContractTerms",
    "ContractValueModel",
    "ContractValuePolicy",
    "Convergence",
    "ConvergenceWarning",
    "CumulativeTransactions",
    "CustomerEquity",
    "DiscountRate",
    "FirstMargin",
    "GammaGammaModel",
    "Granularity",
    "MarginTiming",
    "ModifiedBetaGeoModel",
    "OptimalSpending",
    "ParetoNBDModel",
    "PlacementLevel",
    "PlacementPolicy",
    "PlacementStrategy",
    "PurchaseModel",
    "RegularBetaGeoModel",
    "ResponseCurve",
    "RetentionChange",
    "RetentionModel",
    "RetentionWhatIf",
    "Sensitivity",
    "SensitivityGrid",
    "SensitivityRow",
    "ShiftedBetaGeoModel",
    "TenureBaseline",
    "TimeUnit",
    "ValueModel",
    "WhaleCurve",
    "acquisition_payback",
    "cohort_survivors",
    "cumulative_transactions",
    "customer_equity",
    "customer_margin",
    "lifetime_value",
    "lifetime_value_interval",
    "lost_customer_value",
    "margin_multiple",
    "optimal_spending",
    "retention_elasticity",
    "retention_what_if",
    "sensitivity",
    "sensitivity_grid",
    "summarize_transactions",
    "value_by_segment",
    "value_placement",
    "whale_curve",
]
