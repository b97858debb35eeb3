"""Churn models in production: drift, calibration, realised profit, and what a stored one holds."""

__all__ = ()
