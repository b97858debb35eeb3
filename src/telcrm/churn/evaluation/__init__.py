"""How good a churn model is, in ranks, in probabilities and in money."""

__all__ = ()
