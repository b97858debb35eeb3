"""The synthetic operator: parameters in, canonical tables and the truth behind them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from telcrm.errors import ParameterError
from telcrm.synth.assemble import Backend, assemble
from telcrm.synth.billing import PaymentBehaviour
from telcrm.synth.campaigns import Campaigns
from telcrm.synth.care import CareProcess
from telcrm.synth.churn_hazard import ChurnHazard
from telcrm.synth.equipment import DeviceMix
from telcrm.synth.fraud import FraudMix
from telcrm.synth.lifecycle import PlanChanges, WinBack
from telcrm.synth.plans import DEFAULT_PLANS, Plan
from telcrm.synth.population import CustomerBase
from telcrm.synth.ranges import require_count
from telcrm.synth.recharges import RechargeProcess
from telcrm.synth.truth import Truth, truth_of
from telcrm.synth.usage_profile import UsageProfile
from telcrm.synth.world import TABLES, World

__all__ = ["Operator"]


@dataclass(frozen=True, kw_only=True)
class Operator:
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
        Three capital letters, for all amounts.
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

    subscribers: int = 2_000
    months: int = 12
    seed: int = 0
    first_period: date = date(2025, 1, 1)
    currency: str = "EUR"
    country_code: str = "999"
    plans: tuple[Plan, ...] = DEFAULT_PLANS
    base: CustomerBase = field(default_factory=CustomerBase)
    hazard: ChurnHazard = field(default_factory=ChurnHazard)
    recharges: RechargeProcess = field(default_factory=RechargeProcess)
    plan_changes: PlanChanges = field(default_factory=PlanChanges)
    win_back: WinBack = field(default_factory=WinBack)
    payments: PaymentBehaviour = field(default_factory=PaymentBehaviour)
    usage: UsageProfile = field(default_factory=UsageProfile)
    care: CareProcess = field(default_factory=CareProcess)
    campaigns: Campaigns = field(default_factory=Campaigns)
    devices: DeviceMix = field(default_factory=DeviceMix)
    frauds: FraudMix = field(default_factory=FraudMix)

    def __post_init__(self) -> None:
        require_count(self, 1, "subscribers", "months")
        require_count(self, 0, "seed")
        if not isinstance(self.first_period, date) or self.first_period.day != 1:
            raise ParameterError(
                f"Operator: first_period={self.first_period!r} is not the first day of a month. "
                "Pass date(year, month, 1).",
                parameter="first_period",
                value=self.first_period,
            )
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ParameterError(
                f"Operator: currency={self.currency!r} is not a code of three capital letters.",
                parameter="currency",
                value=self.currency,
            )
        code = self.country_code
        if not (1 <= len(code) <= 3 and code.isascii() and code.isdigit() and code[0] != "0"):
            raise ParameterError(
                f"Operator: country_code={code!r} is not one to three digits without leading zero.",
                parameter="country_code",
                value=code,
            )
        modes = [plan.prepaid for plan in self.plans]
        if modes != sorted(modes, reverse=True) or set(modes) != {True, False}:
            raise ParameterError(
                "Operator: plans needs prepaid plans first and then postpaid plans, one of each "
                "at least.",
                parameter="plans",
            )

    @cached_property
    def _world(self) -> World:
        return World(self)

    def tables(
        self, names: Iterable[str] | None = None, *, backend: Backend | str = Backend.POLARS
    ) -> dict[str, Any]:
        """Make canonical tables.

        Parameters
        ----------
        names : iterable of str, optional
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
        wanted = TABLES if names is None else tuple(names)
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
