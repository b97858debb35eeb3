"""What fitted models of every room share: parameters as scikit-learn has them, and stored JSON.

Segmenters and value models are families of such estimators. A class of your own joins a family by
deriving from its class there; this room is for those who make a family.
"""

from telcrm.estimators.stored_estimator import EstimatorFamily, StoredEstimator

__all__ = ["EstimatorFamily", "StoredEstimator"]
