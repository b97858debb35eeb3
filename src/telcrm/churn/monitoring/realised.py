"""What a retention campaign has earned, measured against its random control group."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np

from telcrm.churn.evaluation.scores import Floats, Ints
from telcrm.churn.monitoring.outcome_column import outcome_column
from telcrm.domain.arguments import whole_between
from telcrm.errors import ChurnError, ParameterError
from telcrm.kpi.confidence import normal_quantile
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import counted
from telcrm.tables.plain_frame import FrameLibrary, html_table, plain_frame
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["ArmResult", "Effect", "RealisedProfit", "realised_profit"]

_CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm of a campaign.

    Attributes
    ----------
    arm : str
    customers, churned : int
    churn_rate : float
    mean_profit, mean_cost : float
        Per customer, major units; profit after cost.
    """

    arm: str
    customers: int
    churned: int
    churn_rate: float
    mean_profit: float
    mean_cost: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What the campaign has changed among all treated customers together.

    Attributes
    ----------
    value : float
    standard_error : float
    lower, upper : float
        Normal interval.
    bootstrap_lower, bootstrap_upper : float or None
        Percentiles of the bootstrap; None where it was not asked for.
    """

    value: float
    standard_error: float
    lower: float
    upper: float
    bootstrap_lower: float | None = None
    bootstrap_upper: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the normal interval leaves out 0."""
        return self.lower > 0 or self.upper < 0


@dataclass(frozen=True, slots=True)
class RealisedProfit:
    """What a campaign has earned against its control group.

    Attributes
    ----------
    treated, control : ArmResult
    saved : Effect
        Customers who stayed because of the campaign.
    profit : Effect
        What it earned after its cost, major units.
    cost : float
        What the treated customers cost, less what as many of the control group did.
    confidence : float
    """

    treated: ArmResult
    control: ArmResult
    saved: Effect
    profit: Effect
    cost: float
    confidence: float

    @property
    def return_on_cost(self) -> float | None:
        """Profit per unit of cost; None without cost."""
        return self.profit.value / self.cost if self.cost > 0 else None

    def to_frame(self, *, backend: FrameLibrary | str = FrameLibrary.POLARS) -> Any:
        """Return a row for customers saved and one for profit.

        Parameters
        ----------
        backend : {"polars", "pandas", "pyarrow"}

        Returns
        -------
        frame
            ``measure`` and the fields of :class:`Effect`.

        Raises
        ------
        ParameterError, MissingExtraError
            The backend is not known, or not installed.
        """
        return plain_frame(self._columns(), backend)

    def _columns(self) -> dict[str, ResultColumn]:
        effects = [self.saved, self.profit]
        return {
            "measure": ResultColumn(str, ["saved", "profit"]),
            "value": ResultColumn(float, [each.value for each in effects]),
            "standard_error": ResultColumn(float, [each.standard_error for each in effects]),
            "lower": ResultColumn(float, [each.lower for each in effects]),
            "upper": ResultColumn(float, [each.upper for each in effects]),
            "bootstrap_lower": ResultColumn(float, [each.bootstrap_lower for each in effects]),
            "bootstrap_upper": ResultColumn(float, [each.bootstrap_upper for each in effects]),
        }

    def _caption(self) -> str:
        return (
            f"{counted(self.treated.customers, 'customer')} treated, {self.control.customers:,} "
            f"in control; {self.confidence:.0%} intervals"
        )

    def __repr__(self) -> str:
        saved, profit = self.saved, self.profit
        return (
            f"{self._caption()}\n"
            f"  churn {self.treated.churn_rate:.2%} against {self.control.churn_rate:.2%}\n"
            f"  saved {saved.value:,.1f} ({saved.lower:,.1f} to {saved.upper:,.1f})\n"
            f"  profit {profit.value:,.2f} ({profit.lower:,.2f} to {profit.upper:,.2f}) "
            f"after a cost of {self.cost:,.2f}"
        )

    def _repr_html_(self) -> str:
        return html_table(self._columns(), self._caption())


def realised_profit(
    frame: Any,
    *,
    arm: str = "arm",
    churned: str = "churned",
    value: str = "value",
    cost: str | None = "cost",
    treatment: str = "treatment",
    control: str = "control",
    confidence: float = 0.95,
    draws: int | None = None,
    random_state: int | None = None,
) -> RealisedProfit:
    """Measure what a retention campaign has earned against its random control group.

    Parameters
    ----------
    frame : dataframe
        A row for each customer who was put in an arm by chance, whether the campaign reached them
        or not, with the outcome known. pandas, Polars (eager or lazy), a DuckDB relation,
        PySpark, or PyArrow.
    arm : str
        Column of text that names the arm.
    churned : str
        Column of 0 and 1, or flags.
    value : str
        Numeric column, major units: what the customer is worth if they stay, known before the
        campaign, or earned since. Nothing counts of those who left.
    cost : str, optional
        Numeric column, major units: what contact and offer have cost. None if nothing did.
    treatment, control : str
        Names of the two arms that are compared; rows of others are left out.
    confidence : float in (0, 1)
    draws : int, optional
        Resamples of the bootstrap, 100 or more. Without it there are normal intervals only, from
        sums that the engine makes.
    random_state : int, optional
        Needed with ``draws``.

    Returns
    -------
    RealisedProfit

    Raises
    ------
    ChurnError
        An arm has fewer than two customers: without a control group nobody knows who would have
        stayed anyway.
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError
        A column is not there, of a wrong type, or two currencies stand in ``frame``.
    InvalidTableError
        An arm, outcome or value is null, an outcome is not 0 or 1, or an amount infinite.
    ParameterError
        ``confidence`` or ``draws`` is out of range, ``random_state`` is missing, the arms are one,
        or a column is named twice.

    Notes
    -----
    With profit ``g = value * (1 - churned) - cost`` of a customer, its means ``G`` and variances
    ``s^2`` (over ``n - 1``) in the treated (1) and control (0) arms::

        profit = n1 * (G1 - G0)
        standard error = n1 * sqrt(s1^2 / n1 + s0^2 / n0)

    and the same for customers saved, with ``1 - churned`` in place of ``g``: the difference of
    means of Neyman (1923), whose error never comes out too small on average. It is an effect of
    being put into the arm (intention to treat): leaving out those who were not reached would
    compare other kinds of customers. The bootstrap (Efron & Tibshirani 1993, chapter 8) resamples
    customers within each arm, with Poisson weights; look at it where few customers hold
    most of the value. Both say nothing where the control group was not drawn by chance.

    References
    ----------
    J. Neyman (1923, 1990), "On the Application of Probability Theory to Agricultural Experiments",
    Statistical Science 5(4), 465-472. B. Efron and R. J. Tibshirani (1993), *An Introduction to
    the Bootstrap*.

    Examples
    --------
    >>> import polars as pl
    >>> campaign = pl.DataFrame(
    ...     {
    ...         "arm": ["treatment"] * 4 + ["control"] * 4,
    ...         "churned": [0, 0, 0, 1, 0, 0, 1, 1],
    ...         "value": [100.0] * 8,
    ...         "cost": [10.0] * 4 + [0.0] * 4,
    ...     }
    ... )
    >>> found = realised_profit(campaign)
    >>> found.saved.value, found.profit.value, found.cost
    (1.0, 60.0, 40.0)
    """
    reach = normal_quantile(confidence)
    seed = None if draws is None else _seed(random_state)
    resamples = 0 if draws is None else whole_between("draws", draws, 100)
    arms = (treatment, control)
    opened = _open_campaign(frame, arms, arm=arm, churned=churned, value=value, cost=cost)
    sums = _sums(opened, arm, arms)
    (one, saved_one, profit_one), (other, saved_other, profit_other) = sums
    treated = one.customers

    def effect(first: float, second: float, variance: tuple[float, float]) -> Effect:
        total = treated * (first - second)
        error = treated * sqrt(variance[0] / treated + variance[1] / other.customers)
        return Effect(total, error, total - reach * error, total + reach * error)

    saved = effect(-one.churn_rate, -other.churn_rate, (saved_one, saved_other))
    profit = effect(one.mean_profit, other.mean_profit, (profit_one, profit_other))
    if seed is not None:
        ends = _bootstrap(opened, (one, other), confidence, resamples, seed)
        saved = _with_ends(saved, ends[0])
        profit = _with_ends(profit, ends[1])
    extra = treated * (one.mean_cost - other.mean_cost)
    return RealisedProfit(one, other, saved, profit, extra, float(confidence))


def _seed(random_state: object) -> int:
    if random_state is None:
        raise ParameterError(
            "realised_profit: draws needs a random_state, so that its answer can be had again. "
            "Pass for example random_state=0.",
            random_state=None,
        )
    return whole_between("random_state", random_state, 0)


def _with_ends(effect: Effect, ends: tuple[float, float]) -> Effect:
    return Effect(effect.value, effect.standard_error, effect.lower, effect.upper, *ends)


def _open_campaign(
    frame: Any, arms: tuple[str, str], *, arm: str, churned: str, value: str, cost: str | None
) -> OpenFrame:
    if arms[0] == arms[1]:
        raise ParameterError(
            f"realised_profit: treatment and control are both {arms[0]!r}. Name two arms.",
            arms=list(arms),
        )
    amounts = {"value": value} if cost is None else {"value": value, "cost": cost}
    refuse_twice("realised_profit", [arm, churned, *amounts.values()], [])
    opened = open_frame(frame, table="campaign")
    require_columns(opened, {"arm": arm, "churned": churned, **amounts})
    opened = parse_objects(opened, [arm, churned, *amounts.values()])
    kinds = dict.fromkeys(amounts.values(), ColumnKind.NUMBER)
    require_kinds(opened, {arm: ColumnKind.KEY, **kinds})
    left, rules = outcome_column(opened, churned)
    rules += [not_null(arm)]
    rules += [check for name in amounts.values() for check in amount_checks(opened, name)]
    check_rows(opened, rules, keys=[arm])
    own = key_values(opened, arm).cast(nw.String)
    paid = nw.lit(0.0) if cost is None else nw.col(cost).cast(nw.Float64)
    chosen = opened.rows.select(
        _arm=own, _left=left.cast(nw.Float64), _value=nw.col(value).cast(nw.Float64), _cost=paid
    ).filter(nw.col("_arm").is_in(list(arms)))
    profits = chosen.with_columns(
        _profit=nw.col("_value") * (1.0 - nw.col("_left")) - nw.col("_cost")
    )
    return OpenFrame(rows=profits, table=opened.table, given=opened.given)


def _sums(
    opened: OpenFrame, arm: str, arms: tuple[str, str]
) -> list[tuple[ArmResult, float, float]]:
    """Return each arm with its variances of staying and of profit."""
    asked = opened.rows.group_by("_arm").agg(
        _customers=nw.len(),
        _churned=nw.col("_left").sum(),
        _cost=nw.col("_cost").mean(),
        _mean=nw.col("_profit").mean(),
        _variance=nw.col("_profit").var(ddof=1),
    )
    held = {row["_arm"]: row for row in asked.collect().rows(named=True)}
    small = [name for name in arms if name not in held or int(held[name]["_customers"]) < 2]
    if small:
        found = ", ".join(f"{name!r} {int(held[name]['_customers']):,}" for name in sorted(held))
        raise ChurnError(
            f"realised_profit: {' and '.join(map(repr, small))} of column {arm!r} has fewer than "
            f"two customers (found: {found or 'none'}). Without a treated and a random control "
            "group nobody knows who would have stayed anyway. Name the arms with treatment= and "
            "control=, or keep a control group next time.",
            arms=small,
        )
    told = []
    for name in arms:
        row = held[name]
        customers, churned = int(row["_customers"]), round(float(row["_churned"]))
        rate = churned / customers
        result = ArmResult(name, customers, churned, rate, float(row["_mean"]), float(row["_cost"]))
        spread = customers / (customers - 1) * rate * (1.0 - rate)
        told.append((result, spread, max(0.0, float(row["_variance"]))))
    return told


def _bootstrap(
    opened: OpenFrame,
    arms: tuple[ArmResult, ArmResult],
    confidence: float,
    draws: int,
    seed: int,
) -> list[tuple[float, float]]:
    counts = (
        opened.rows.group_by("_arm", "_left", "_profit")
        .agg(_customers=nw.len())
        .select("_arm", "_left", "_profit", "_customers")
        .collect()
        .rows()
    )
    held: dict[str, list[tuple[float, float, int]]] = {}
    for name, left, profit, customers in counts:
        held.setdefault(name, []).append((float(left), float(profit), int(customers)))
    treated, control = (
        _resampled(np.array(sorted(held[each.arm])), draws, [seed, at])
        for at, each in enumerate(arms)
    )
    effects = arms[0].customers * (treated - control)
    tails = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    return [(float(lower), float(upper)) for lower, upper in np.quantile(effects, tails, axis=1).T]


def _resampled(rows: Floats, draws: int, seed: list[int]) -> Floats:
    """Return means of staying and of profit in resamples, shape (2, draws)."""
    measured = np.stack([1.0 - rows[:, 0], rows[:, 1], np.ones(len(rows))])
    customers: Ints = rows[:, 2].astype(np.int64)
    chance = np.random.default_rng(seed)
    sums = np.zeros((3, draws))
    step = max(1, _CELLS_AT_ONCE // draws)
    for first in range(0, len(rows), step):
        block = slice(first, first + step)
        weights = chance.poisson(customers[block, None], (customers[block].size, draws))
        sums += measured[:, block] @ weights
    # A resample that drew nobody says what the arm itself says.
    whole = measured @ customers
    sums = np.where(sums[2] > 0, sums, whole[:, None])
    means: Floats = sums[:2] / sums[2]
    return means
