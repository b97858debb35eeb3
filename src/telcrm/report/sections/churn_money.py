"""What a line is worth that stays, and what a standard offer to it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from telcrm.value import DiscountRate, TimeUnit, margin_multiple

if TYPE_CHECKING:
    from telcrm.report.sections.churn_panel import ChurnRows
    from telcrm.report.sources import Sources

__all__ = ["VALUE", "ChurnMoney", "churn_money", "with_values"]

VALUE: Final = "lifetime_value"

_RATE: Final = DiscountRate(annual=0.10)
_MARGIN_MONTHS: Final = 3
# Of a lifetime value, as in the published default: 10 and 1 of 200.
_INCENTIVE, _CONTACT = 0.05, 0.005
_ACCEPTANCE: Final = 0.3


@dataclass(frozen=True, slots=True)
class ChurnMoney:
    """Values and costs of a retention campaign, major units.

    Attributes
    ----------
    worth : mapping of str to float, or float
        By mode of payment, what a line is worth in margins of a month; or the value of every line,
        where the settings state it.
    incentive, contact, acceptance : float
        Of the standard offer.
    said : str
        Where they come from.
    """

    worth: Mapping[str, float] | float
    incentive: float
    contact: float
    acceptance: float
    said: str


def churn_money(sources: Sources, rows: ChurnRows) -> ChurnMoney | None:
    """Find out what lines are worth, from their margins or the settings.

    Parameters
    ----------
    sources : Sources
    rows : ChurnRows

    Returns
    -------
    ChurnMoney or None
        None: neither tells.
    """
    own = sources.churn
    worth: Mapping[str, float] | float
    if own.lifetime_value is not None:
        worth = mean = own.lifetime_value
        said = "Every line is worth what telcrm.toml states"
    elif sources.has("subscriber_months", "revenue", "direct_cost"):
        worth = _multiples(rows)
        mean = _mean(_valued(rows.today, sources, rows.day, worth)[VALUE])
        said = (
            f"A line is worth its margin of the last {_MARGIN_MONTHS} months for as long as lines "
            f"of its mode of payment stay on average, discounted at {_RATE.annual:.0%} a year"
        )
    else:
        return None
    if mean <= 0:
        return None
    incentive = _INCENTIVE * mean if own.incentive is None else own.incentive
    contact = _CONTACT * mean if own.contact is None else own.contact
    assumed = [
        name for name in ("incentive", "contact", "acceptance") if getattr(own, name) is None
    ]
    acceptance = _ACCEPTANCE if own.acceptance is None else own.acceptance
    if assumed:
        said += (
            f". {', '.join(assumed).capitalize()} of the offer are assumed, after Verbraken et "
            "al. (2013); state them under [churn] in telcrm.toml"
        )
    return ChurnMoney(worth, incentive, contact, acceptance, f"{said}.")


def with_values(
    lines: pl.DataFrame, sources: Sources, day: date, money: ChurnMoney
) -> pl.DataFrame:
    """Add what each line was worth on a day.

    Parameters
    ----------
    lines : polars.DataFrame
        With ``subscription_id`` and ``payment_mode``.
    sources : Sources
    day : datetime.date
        Margins of the months before it count.
    money : ChurnMoney

    Returns
    -------
    polars.DataFrame
        With ``lifetime_value``, 0 or more; the mean where no margin is known.
    """
    return _valued(lines, sources, day, money.worth)


def _valued(
    lines: pl.DataFrame, sources: Sources, day: date, worth: Mapping[str, float] | float
) -> pl.DataFrame:
    if not isinstance(worth, Mapping):
        return lines.with_columns(pl.lit(float(worth)).alias(VALUE))
    first = pl.lit(day).dt.truncate("1mo").dt.offset_by(f"-{_MARGIN_MONTHS}mo")
    margins = (
        sources["subscriber_months"]
        .filter(pl.col("period") >= first, pl.col("period").dt.month_end() < day)
        .group_by("subscription_id")
        .agg(_margin=(pl.col("revenue") - pl.col("direct_cost").fill_null(0.0)).mean())
    )
    known = lines.join(margins, on="subscription_id", how="left", maintain_order="left")
    multiple = pl.col("payment_mode").replace_strict(worth, return_dtype=pl.Float64)
    own = (pl.col("_margin") * multiple).clip(lower_bound=0.0)
    filled = own.fill_null(own.mean()).fill_null(0.0)
    return known.with_columns(filled.alias(VALUE)).drop("_margin")


def _multiples(rows: ChurnRows) -> dict[str, float]:
    """Return how many monthly margins a line brings, by mode of payment."""
    months = rows.window.outcome_days / TimeUnit.MONTH.days
    rate = _RATE.per_period(TimeUnit.MONTH)
    overall = _mean(rows.learn["churned"])
    by_mode = rows.learn.group_by("payment_mode").agg(pl.col("churned").mean())
    churn = {mode: share or overall for mode, share in by_mode.iter_rows()}
    modes = set(rows.today["payment_mode"].to_list()) | set(rows.test["payment_mode"].to_list())
    return {
        mode: margin_multiple((1.0 - churn.get(mode, overall)) ** (1.0 / months), rate)
        for mode in modes
    }


def _mean(numbers: pl.Series) -> float:
    return float(numbers.sum()) / max(numbers.len(), 1)
