"""Maximum likelihood, once for all models: terms, Newton's method, what came of it."""

__all__ = ()
