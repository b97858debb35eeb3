"""Models of who leaves: explicit ones, boosted trees, hazards, votes, and what others must do."""

__all__ = ()
