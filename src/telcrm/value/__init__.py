"""What customers are worth: today, over their lifetime, and all of them together.

Customers without a contract leave without a word: ``summarize_transactions`` turns their recharges
into what :class:`BetaGeoModel`, :class:`ModifiedBetaGeoModel`, :class:`ParetoNBDModel` or
:class:`BetaGeoBetaBinomialModel` learn from, :class:`GammaGammaModel` learns what they spend, and
:func:`lifetime_value` multiplies the two.
"""

from telcrm.value.likelihood.convergence import Convergence, ConvergenceWarning
from telcrm.value.non_contractual.bg_bb import BetaGeoBetaBinomialModel
from telcrm.value.non_contractual.bg_nbd import BetaGeoModel, ModifiedBetaGeoModel
from telcrm.value.non_contractual.gamma_gamma import GammaGammaModel
from telcrm.value.non_contractual.lifetime_value import lifetime_value
from telcrm.value.non_contractual.pareto_nbd import ParetoNBDModel
from telcrm.value.non_contractual.purchase_model import PurchaseModel
from telcrm.value.non_contractual.transactions import Granularity, summarize_transactions
from telcrm.value.time import DiscountRate, TimeUnit
from telcrm.value.value_model import ValueModel

__all__ = [
    "BetaGeoBetaBinomialModel",
    "BetaGeoModel",
    "Convergence",
    "ConvergenceWarning",
    "DiscountRate",
    "GammaGammaModel",
    "Granularity",
    "ModifiedBetaGeoModel",
    "ParetoNBDModel",
    "PurchaseModel",
    "TimeUnit",
    "ValueModel",
    "lifetime_value",
    "summarize_transactions",
]
