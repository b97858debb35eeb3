"""What a customer earns today, what it cost to win, and what goes when it leaves."""

__all__ = ()
