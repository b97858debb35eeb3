"""How old debts are: what is not yet due, what is 1 to 30 days past due, and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from telcrm.domain import Money, Record
from telcrm.errors import CurrencyMismatchError, MissingExtraError
from telcrm.ledger.rows import Column, ColumnKind, Rows, major_units
from telcrm.ledger.scope import as_known, check_day, existing_accounts
from telcrm.ledger.stores.protocol import AgingSums, LedgerStore

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Aging", "AgingBuckets", "AgingRow", "AgingTotal", "aging"]


class AgingBuckets(Record):
    """The ages by which debt is told apart.

    Examples
    --------
    >>> AgingBuckets().names
    ('current', '1-30', '31-60', '61-90', '90+')
    >>> AgingBuckets(days=(7, 30)).names
    ('current', '1-7', '8-30', '30+')
    """

    days: Annotated[tuple[Annotated[int, Field(strict=True, ge=1)], ...], Field(min_length=1)] = (
        30,
        60,
        90,
    )
    """Last day past due of each bucket but the first and the last, rising."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(later <= earlier for earlier, later in pairwise(self.days)):
            message = f"days must rise from bucket to bucket, found {self.days}"
            raise ValueError(message)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the buckets, the youngest debt first; ``90+`` is more than 90 days past due."""
        spans = (f"{low + 1}-{high}" for low, high in pairwise((0, *self.days)))
        return ("current", *spans, f"{self.days[-1]}+")

    def edges(self, as_of: date) -> tuple[date, ...]:
        """Return the earliest due date of each bucket but the last, as of a day.

        Parameters
        ----------
        as_of : date

        Returns
        -------
        tuple of date
            Falling.

        Examples
        --------
        >>> AgingBuckets(days=(30,)).edges(date(2026, 3, 31))
        (datetime.date(2026, 3, 31), datetime.date(2026, 3, 1))
        """
        today = as_of.toordinal()
        return tuple(date.fromordinal(max(1, today - days)) for days in (0, *self.days))


@dataclass(frozen=True, slots=True)
class AgingRow:
    """What one account owes, by age."""

    account_id: str
    buckets: tuple[Money, ...]
    """Open and not contested, the youngest debt first."""
    disputed: Money
    unapplied: Money
    balance: Money
    """``sum(buckets) + disputed - unapplied``."""
    oldest_due_on: date | None
    """Earliest due date of a debt that is past due and not contested."""
    days_past_due: int
    """Of that debt; 0 where none is past due."""

    @property
    def overdue(self) -> Money:
        """Past due and not contested."""
        return Money.sum(self.buckets[1:], currency=self.balance.currency)


@dataclass(frozen=True, slots=True)
class AgingTotal:
    """What all accounts in one currency owe, by age."""

    currency: str
    accounts: int
    """Number of rows."""
    buckets: tuple[Money, ...]
    disputed: Money
    unapplied: Money
    balance: Money

    @property
    def overdue(self) -> Money:
        """Past due and not contested."""
        return Money.sum(self.buckets[1:], currency=self.currency)


class Aging(Rows[AgingRow]):
    """A row for each account that owes anything or has unapplied credit, by name.

    Attributes
    ----------
    as_of : date
    buckets : AgingBuckets
    """

    def __init__(self, rows: Iterable[AgingSums], *, as_of: date, buckets: AgingBuckets) -> None:
        super().__init__(rows)
        self.as_of = as_of
        self.buckets = buckets

    @property
    def bucket_names(self) -> tuple[str, ...]:
        """Names of the buckets, the youngest debt first."""
        return self.buckets.names

    @property
    def totals(self) -> tuple[AgingTotal, ...]:
        """Sums over the rows, one for each currency."""
        width = len(self.bucket_names)
        sums: dict[str, list[int]] = {}
        for row in self._raw:
            total = sums.setdefault(row.currency, [0] * (width + 3))
            for place, units in enumerate((1, *row.buckets, row.disputed, row.unapplied)):
                total[place] += units
        return tuple(_total(code, *units) for code, units in sorted(sums.items()))

    def total(self, currency: str) -> AgingTotal:
        """Return the sums over the rows in one currency; all zero where there are none.

        Parameters
        ----------
        currency : str

        Returns
        -------
        AgingTotal
        """
        for total in self.totals:
            if total.currency == currency:
                return total
        return _total(currency, 0, *[0] * len(self.bucket_names), 0, 0)

    def __repr__(self) -> str:
        sums = ", ".join(str(total.balance) for total in self.totals) or "nothing"
        return f"Aging(as of {self.as_of}: {len(self)} accounts, balance {sums})"

    def plot(self, *, currency: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw what is owed by age: a bar for each bucket, and one for what is contested.

        Parameters
        ----------
        currency : str, optional
            Needed where the accounts have several.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        CurrencyMismatchError
            The accounts are in several currencies and none is named.
        """
        total = self._only_total(currency)
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError as error:
            raise MissingExtraError.needing("a plot", "matplotlib", extra="plot") from error

        axes = Figure(figsize=(5.8, 2.6), layout="constrained").subplots() if ax is None else ax
        bars = {**dict(zip(self.bucket_names, total.buckets, strict=True))}
        bars["disputed"] = total.disputed
        late = len(total.buckets) - 1
        colours = [_CURRENT, *[_OVERDUE] * late, _CONTESTED]
        axes.bar(list(bars), [float(amount.amount) for amount in bars.values()], color=colours)
        axes.set_title(f"Receivables by days past due, {self.as_of}", loc="left")
        axes.set_ylabel(total.currency)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(visible=True, axis="y", color="#e3e8eb")
        axes.set_axisbelow(True)
        return axes

    def _only_total(self, currency: str | None) -> AgingTotal:
        if currency is not None:
            return self.total(currency)
        totals = self.totals
        if len(totals) == 1:
            return totals[0]
        codes = tuple(total.currency for total in totals)
        raise CurrencyMismatchError(
            f"the accounts are in {', '.join(codes) or 'no currency, for there are none'}: name "
            "the currency to draw.",
            currencies=codes,
        )

    def _record(self, raw: Any) -> AgingRow:
        row: AgingSums = raw
        return AgingRow(
            account_id=row.account_id,
            buckets=tuple(Money.from_minor(units, row.currency) for units in row.buckets),
            disputed=Money.from_minor(row.disputed, row.currency),
            unapplied=Money.from_minor(row.unapplied, row.currency),
            balance=Money.from_minor(_balance(row), row.currency),
            oldest_due_on=row.oldest_due_on,
            days_past_due=self._days_past_due(row),
        )

    def _columns(self, raw: Sequence[Any]) -> Mapping[str, Column]:
        rows: Sequence[AgingSums] = raw
        codes = [row.currency for row in rows]
        return {
            "account_id": Column(ColumnKind.TEXT, [row.account_id for row in rows]),
            "currency": Column(ColumnKind.TEXT, codes),
            **{
                name: major_units((row.buckets[place] for row in rows), codes)
                for place, name in enumerate(self.bucket_names)
            },
            "disputed": major_units((row.disputed for row in rows), codes),
            "unapplied": major_units((row.unapplied for row in rows), codes),
            "balance": major_units(map(_balance, rows), codes),
            "oldest_due_on": Column(ColumnKind.DAY, [row.oldest_due_on for row in rows]),
            "days_past_due": Column(ColumnKind.WHOLE, [self._days_past_due(row) for row in rows]),
        }

    def _days_past_due(self, row: AgingSums) -> int:
        return (self.as_of - row.oldest_due_on).days if row.oldest_due_on else 0


_CURRENT = "#6cb4d6"
_OVERDUE = "#0b5f85"
_CONTESTED = "#c2571a"


def aging(
    store: LedgerStore,
    account_ids: Sequence[str] | None = None,
    *,
    as_of: date,
    recorded: datetime | None = None,
    buckets: AgingBuckets | Sequence[int] | None = None,
) -> Aging:
    """Return what accounts owe by age.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all accounts.
    as_of : date
        What takes effect on or before this day counts, and ages are counted to it.
    recorded : datetime, optional
        What was recorded at or before this instant counts; None sets no limit.
    buckets : AgingBuckets or sequence of int, optional
        ``AgingBuckets()`` by default: not yet due, 1-30, 31-60, 61-90 and more than 90 days past
        due. Numbers are the last days of the buckets between.

    Returns
    -------
    Aging
        Buckets, what is contested and unapplied credit (taken off) add up to the balance.

    Raises
    ------
    UnknownAccountError
    ParameterError
    pydantic.ValidationError
        The days of the buckets are no rising numbers of 1 or more.

    Notes
    -----
    A debt counts by its due date with what is open of it, part-paid or not; a promise or an
    instalment plan does not change its age.
    """
    check_day("as_of", as_of)
    known = as_known(as_of, recorded)
    if not isinstance(buckets, AgingBuckets):
        buckets = AgingBuckets() if buckets is None else AgingBuckets(days=tuple(buckets))
    names = existing_accounts(store, account_ids)
    rows = store.aging(buckets.edges(as_of), names, known)
    return Aging(rows, as_of=as_of, buckets=buckets)


def _balance(row: AgingSums) -> int:
    return sum(row.buckets) + row.disputed - row.unapplied


def _total(currency: str, accounts: int, *units: int) -> AgingTotal:
    *ages, disputed, unapplied = units
    amounts = [Money.from_minor(amount, currency) for amount in units]
    return AgingTotal(
        currency=currency,
        accounts=accounts,
        buckets=tuple(amounts[:-2]),
        disputed=amounts[-2],
        unapplied=amounts[-1],
        balance=Money.from_minor(sum(ages) + disputed - unapplied, currency),
    )
