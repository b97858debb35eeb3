"""Fitted models in files: what is in them, and reading them without running code."""

__all__ = ()
