"""The synthetic operator: parameters in, canonical tables and the truth behind them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from telcrm.errors import ParameterError
from telcrm.synth.assemble import Backend, assemble
from telcrm.synth.parameters import OperatorParameters
from telcrm.synth.truth import Truth, truth_of
from telcrm.synth.world import TABLES, World

__all__ = ["Operator"]


@dataclass(frozen=True, kw_only=True)
class Operator(OperatorParameters):
    """A telecom operator that never was, with known parameters and labels.

    Equal parameters give equal tables, whichever tables are asked for and in whichever order.
    The draws are stable within a minor release (0.1.x), not across minor releases.

    Parameters
    ----------
    subscribers : int >= 1
        Lines in the opening base, that is active when the first period begins.
    months : int >= 1
        Observed calendar months. Whoever looks at the tables stands at the end of the last.
    seed : int >= 0
    first_period : date
        First day of the first month.
    currency : str
        ISO 4217 code, for all amounts; they are rounded to its minor unit. Prices and means keep
        their size whatever the currency: the default plans suit one of about the worth of a euro,
        and for another you pass ``plans`` and the means of the other processes in its own size.
    country_code : str
        One to three digits put before the lines' own numbers. The default, 999, is not assigned
        to any country: no number made with it rings anywhere.
    plans : tuple of Plan
        Postpaid plans in the order of their fee, after the prepaid plans.
    base, hazard, recharges, plan_changes, win_back : parameter objects
        Who the subscribers are, how they leave, pay and come back.
    payments, usage, care, campaigns, devices, frauds : parameter objects
        What they do and what is done to them.

    Raises
    ------
    ParameterError
        A parameter is out of range.

    Examples
    --------
    >>> from telcrm.synth import Operator
    >>> operator = Operator(subscribers=50, months=3, seed=1)
    >>> frames = operator.tables(["customers", "subscriptions"])
    >>> frames["subscriptions"].columns[:3]
    ['subscription_id', 'customer_id', 'account_id']
    """

    @cached_property
    def _world(self) -> World:
        return World(self)

    def tables(
        self, names: Iterable[str] | str | None = None, *, backend: Backend | str = Backend.POLARS
    ) -> dict[str, Any]:
        """Make canonical tables.

        Parameters
        ----------
        names : str or iterable of str, optional
            Which tables; all twelve by default. Nothing else is drawn, and what is drawn does not
            depend on this choice.
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        dict of str to frame
            Native eager frames: ``polars.DataFrame``, ``pandas.DataFrame`` or ``pyarrow.Table``.

        Raises
        ------
        ParameterError
            A name is not a canonical table, or the backend is not known.
        MissingExtraError
            The backend is not installed.

        Examples
        --------
        >>> from telcrm.synth import Operator
        >>> frames = Operator(subscribers=20, months=2).tables(["invoices"])
        >>> list(frames)
        ['invoices']
        """
        wanted = TABLES if names is None else (names,) if isinstance(names, str) else tuple(names)
        unknown = [name for name in wanted if name not in TABLES]
        if unknown:
            raise ParameterError(
                f"Operator.tables: there is no table {', '.join(map(repr, unknown))}. "
                f"Choose from: {', '.join(TABLES)}.",
                unknown=unknown,
            )
        return {name: assemble(self._world.table(name), backend) for name in wanted}

    @cached_property
    def truth(self) -> Truth:
        """The labels behind the tables.

        Examples
        --------
        >>> from telcrm.synth import Operator
        >>> truth = Operator(subscribers=20, months=2).truth
        >>> truth.hazard.shape == (truth.subscription_id.size, 2)
        True
        """
        return truth_of(self, self._world)
