"""Here `backend` is each engine but Spark: tests/test_every_engine.py asks that one."""

from tests.conftest import quick_backend as backend

__all__ = ["backend"]
