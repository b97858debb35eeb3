"""Satisfaction, complaints and the contact centre."""

__all__ = ()
