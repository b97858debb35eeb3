"""Here `backend` is each engine that computes in its own way, but Spark.

tests/test_every_engine.py asks every function of this room on all engines.
"""

from tests.conftest import distinct_backend as backend

__all__ = ["backend"]
