"""Customers who may leave without a word: recharges, purchases and what they are worth."""

__all__ = ()
