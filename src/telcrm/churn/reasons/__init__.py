"""Why customers leave: what a model says of each, and what those who left have said."""

__all__ = ()
