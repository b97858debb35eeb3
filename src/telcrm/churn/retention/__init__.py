"""Whom it pays to contact, with what offer, and what that is expected to save and cost."""

__all__ = ()
