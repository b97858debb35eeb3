"""Early warnings: what happened to a customer that often comes before it leaves.

Every signal is a module with a policy, the facts it reads from tables or records, and one formula
for both.
"""

__all__ = ()
