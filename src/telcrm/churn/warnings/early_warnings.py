"""Early warnings over tables: one row per line or customer and signal that fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.warnings.formulas import LAST_RANK, Case, as_column, decayed, least_of, rank
from telcrm.churn.warnings.lines import drop_ended
from telcrm.churn.warnings.policy import WarningPolicy, active_rules
from telcrm.churn.warnings.rule import SignalRule
from telcrm.churn.warnings.seen_tables import AGE, SeenTables, open_seen
from telcrm.churn.warnings.signal import CHURN_KIND
from telcrm.churn.warnings.signal_policy import SignalPolicy
from telcrm.domain.arguments import require_day
from telcrm.errors import MissingTableError, ParameterError, WindowError
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.typed_columns import flag

__all__ = ["early_warnings"]

_RESULT = (
    "customer_id",
    "subscription_id",
    "signal",
    "churn_kind",
    "severity",
    "evidence",
    "evidence_id",
    "evidence_on",
    "half_life_days",
    "weight",
)

_KEY = ("customer_id", "_line", "signal")


def early_warnings(
    tables: Mapping[str, Any],
    *,
    as_of: date,
    policy: WarningPolicy | None = None,
    recorded_at: str | None = "recorded_at",
) -> Any:
    """Tell which lines and customers show signs that they may leave.

    Parameters
    ----------
    tables : mapping of str to dataframe
        Canonical tables by name, all of one engine: pandas, Polars (eager or lazy), DuckDB
        relations of one connection, PySpark, or PyArrow. A signal whose tables are not there is
        not told; other canonical tables are not looked at.
    as_of : date
        Only what happened before this day began, by the clock a table is kept in, is seen.
    policy : WarningPolicy, optional
        Which signals, from when on, and how severe.
    recorded_at : str or None
        A column that tells when a row came to be known: where a table has it, rows recorded after
        the day began are not seen either, and of ``subscriptions`` the row recorded last counts. A
        date is the first moment of its day. None takes every row as known when it happened.

    Returns
    -------
    dataframe
        Of the kind of the tables, sorted by customer, line and signal; one row for each line or
        customer and signal that fires, with its strongest evidence:

        ``customer_id``, ``subscription_id``
            String; the line is null where the signal is of the customer.
        ``signal``
            String: a :class:`WarningSignal`.
        ``churn_kind``
            String: ``"voluntary"``, ``"port_out"`` or ``"involuntary"``. Warnings of the last kind
            are for collections: no retention offer.
        ``severity``
            Float64, 0 to 1.
        ``evidence``
            String: a sentence with the numbers.
        ``evidence_id``
            String: the complaint, contact, request or invoice; null where there is none.
        ``evidence_on``
            Date: the day of the event; ``as_of`` for what holds on the day. pandas holds it as
            ``datetime64``.
        ``half_life_days``
            Float64.
        ``weight``
            Float64, 0 to 1.

    Raises
    ------
    ParameterError
        ``as_of`` is no date, a table is not known, no signal is on, or competitors' numbers have no
        lawful basis.
    MissingTableError
        No signal that is on can be told from the tables.
    WindowError
        ``usage`` ends more than ``policy.usage_lag_days`` days before ``as_of``.
    UnsupportedFrameError
        The tables are of different engines.
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        A table is not as its contract has it, in the rows that are looked at.

    See Also
    --------
    customer_warnings : The same of one customer's records.
    warning_scores : All warnings of a customer as one number.

    Notes
    -----
    ``weight = severity * 0.5 ** (days / half_life_days)``, with the days from ``evidence_on`` to
    ``as_of``. Severities are degrees on which signals can be compared and combined, not
    probabilities; what they are worth is a matter of evaluation.

    Lines that ended before ``as_of``, and customers of whom no line was left, have no warnings.
    What a table holds of the present only, such as ``status`` of a line or ``commitment_end``, is
    taken as it is; everything dated is cut at ``as_of``, so later events change nothing. Silence is
    told for as many days as ``usage`` reaches back, a fall in consumption if it reaches back far
    enough for all periods.

    Examples
    --------
    >>> import polars as pl
    >>> lines = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["S-1", "S-2"],
    ...         "customer_id": ["ann", "bob"],
    ...         "status": ["active", "active"],
    ...         "commitment_end": [date(2026, 3, 16), date(2027, 1, 31)],
    ...     }
    ... )
    >>> found = early_warnings({"subscriptions": lines}, as_of=date(2026, 3, 1))
    >>> found.select("customer_id", "signal", "severity", "evidence").rows()
    [('ann', 'contract_expiry', 0.5, 'The contract ends in 15 days.')]
    """
    require_day("early_warnings", as_of)
    agreed = policy or WarningPolicy()
    rules = list(active_rules(agreed))
    if not rules:
        raise ParameterError("policy turns every signal off. Leave one of its policies on.")
    back = {"usage": max(own.usage_days for _, own in rules)}
    seen = open_seen(tables, as_of=as_of, recorded_at=recorded_at, back_days=back)
    told = [(rule, own) for rule, own in rules if rule.can_tell(seen.has)]
    if not told:
        wanted = sorted({" and ".join(needed) for rule, _ in rules for needed in rule.needs})
        raise MissingTableError(
            f"no signal can be told from {', '.join(seen.opened)}. Add one of: "
            f"{', '.join(wanted)}.",
            missing=wanted,
        )
    _require_recent_usage(seen, [own for _, own in told], agreed.usage_lag_days)
    fired = nw.concat([_fired(seen, rule, own) for rule, own in told])
    if seen.has("subscriptions"):
        fired = drop_ended(fired, seen.rows("subscriptions"))
    oldest = max(own.oldest_days for _, own in told)
    ages = range(min(oldest, (as_of - date.min).days) + 1)
    days = result_table(
        seen.main,
        {
            "_on": ResultColumn(int, ages),
            "evidence_on": ResultColumn(date, [as_of - timedelta(days=age) for age in ages]),
        },
    )
    dated = _strongest(fired).join(days, how="inner", left_on=AGE, right_on="_on")
    return seen.main.close(dated.sort(*_KEY).select(*_RESULT))


def _require_recent_usage(seen: SeenTables, told: Sequence[SignalPolicy], lag: int) -> None:
    if not any(own.usage_days for own in told):
        return
    _, latest = seen.spans.get("usage", (0, None))
    if latest is None or latest > lag + 1:
        ends = "tells of no day shortly" if latest is None else f"ends {latest} days"
        raise WindowError(
            f"usage {ends} before {seen.as_of}: everybody would look silent. Load what is missing, "
            "leave the table out, or allow for it with WarningPolicy(usage_lag_days=...).",
            as_of=seen.as_of,
            latest_days=latest,
        )


def _fired(seen: SeenTables, rule: SignalRule, policy: SignalPolicy) -> nw.LazyFrame[Any]:
    facts = rule.in_tables(seen, policy)
    names = {name: nw.col(name) for name in facts.collect_schema().names()}
    cases = rule.cases(names, policy)
    fires = facts.filter(reduce(or_, [case.holds for case in cases]))
    laid = fires.select(
        "customer_id",
        "subscription_id",
        "evidence_id",
        **{
            f"_{part}_{at}": expr
            for at, case in enumerate(cases)
            for part, expr in _parts(case).items()
        },
    )
    ranks = {f"_rank_{at}": _rank_of(at, policy) for at in range(len(cases))}
    ranked = laid.with_columns(**ranks).with_columns(_rank=least_of(*map(nw.col, ranks)))
    told = ranked.select(
        "customer_id",
        "subscription_id",
        "evidence_id",
        "_rank",
        severity=_of_first("severity", len(cases)),
        evidence=_of_first("words", len(cases)),
        **{AGE: _of_first("age", len(cases))},
    )
    return told.with_columns(
        signal=nw.lit(rule.signal.value),
        churn_kind=nw.lit(CHURN_KIND[rule.signal].value),
        half_life_days=nw.lit(float(policy.half_life_days)),
        weight=decayed(nw.col("severity"), nw.col(AGE), policy.half_life_days),
    )


def _parts(case: Case) -> dict[str, nw.Expr]:
    return {
        "holds": flag(case.holds),
        "severity": as_column(case.severity).cast(nw.Float64),
        "age": as_column(case.age_days).cast(nw.Int64),
        "words": as_column(case.words),
    }


def _rank_of(at: int, policy: SignalPolicy) -> nw.Expr:
    weight = decayed(nw.col(f"_severity_{at}"), nw.col(f"_age_{at}"), policy.half_life_days)
    return nw.when(nw.col(f"_holds_{at}") == 1).then(rank(weight)).otherwise(nw.lit(LAST_RANK))


def _of_first(part: str, cases: int) -> nw.Expr:
    """Express a part of the first case that has the best rank."""
    value = nw.col(f"_{part}_{cases - 1}")
    for at in reversed(range(cases - 1)):
        best = nw.col(f"_rank_{at}") == nw.col("_rank")
        value = nw.when(best).then(nw.col(f"_{part}_{at}")).otherwise(value)
    return value


def _strongest(fired: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    # No nulls in the key of a window.
    ranked = fired.with_columns(
        _line=nw.col("subscription_id").fill_null(""),
        _id=nw.col("evidence_id").fill_null(""),
        _one=nw.lit(1),
    )
    place = nw.col("_one").cum_sum().over(*_KEY, order_by=["_rank", AGE, "_id"])
    return ranked.with_columns(_place=place).filter(nw.col("_place") == 1)
