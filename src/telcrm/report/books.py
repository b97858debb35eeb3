"""What a ledger says about arrears, read once and kept as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from telcrm.domain import Currency
from telcrm.domain.moments import month_start
from telcrm.errors import CurrencyMismatchError, ParameterError, StoreUnavailableError
from telcrm.report.collection import Collection

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import URL

    from telcrm.ledger import Ledger
    from telcrm.ledger.journal import Entry
    from telcrm.report.settings import LedgerSettings

__all__ = ["Books", "read_books"]

_PAGE: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What is owed by the books of a ledger, and what dunning did.

    Attributes
    ----------
    place : str
        Where the books are, without user, password and options.
    tenant : str
    currency : Currency
        Of all amounts.
    others : tuple of str
        Currencies that other accounts are kept in; these are left out.
    accounts : int
        All in ``currency``, whether they owe anything or not.
    ages : polars.DataFrame
        ``age`` (names of the ledger's buckets), ``accounts`` and ``open``.
    disputed, unapplied : float
    debtors : polars.DataFrame
        As :meth:`telcrm.ledger.debtors.Debtors.to_frame` gives them, with ``step``, the kind of the
        last step of dunning, and ``step_on``, its day.
    actions : polars.DataFrame
        ``period``, ``kind`` and ``actions``: what runs of dunning and payments brought about.
    collection : Collection, optional
        None: no month is over yet.
    """

    place: str
    tenant: str
    currency: Currency
    others: tuple[str, ...]
    accounts: int
    ages: pl.DataFrame
    disputed: float
    unapplied: float
    debtors: pl.DataFrame
    actions: pl.DataFrame
    collection: Collection | None


def read_books(ledger: LedgerSettings, *, as_of: date, currency: Currency | None) -> Books:
    """Read what a report on arrears needs from a ledger.

    Parameters
    ----------
    ledger : LedgerSettings
    as_of : datetime.date
    currency : Currency, optional
        Of the report. None: that of the books, if all accounts are in one.

    Returns
    -------
    Books

    Raises
    ------
    LedgerError, LedgerStoreError
        It cannot be opened or read.
    ParameterError
        It holds no account of this tenant, or its URL is none.
    CurrencyMismatchError
        Accounts are in several currencies, and the report in none.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from telcrm.ledger import Ledger

    url, place = ledger.url, ledger.url.partition(":")[0]
    try:
        parsed = make_url(url)
    except ArgumentError:
        # A store of another package may write its URLs otherwise; Ledger.open knows.
        pass
    else:
        place = "/".join(part for part in (parsed.host, parsed.database) if part) or place
        if parsed.get_backend_name() == "sqlite":
            parsed = _found(parsed, ledger.folder)
            url = parsed.render_as_string(hide_password=False)
    with Ledger.open(url, tenant=ledger.tenant) as opened:
        return _read(opened, place, as_of, currency)


def _found(url: URL, folder: Path) -> URL:
    """Refuse a file that is not there: opening it would make it."""
    database = url.database
    if not database or database.startswith((":", "file:")):
        return url
    file = folder / database
    if not file.exists():
        raise StoreUnavailableError(
            f"there is no ledger {file}: correct url in [ledger] of telcrm.toml. A relative path "
            "starts at its folder.",
            file=str(file),
        )
    return url.set(database=str(file))


def _read(ledger: Ledger, place: str, as_of: date, currency: Currency | None) -> Books:
    import polars as pl

    opened = [account for account in ledger.accounts() if account.opened_on <= as_of]
    kept = Counter(account.currency for account in opened)
    tenant = ledger.store.tenant
    if not kept:
        raise ParameterError(
            f"the ledger {place} holds no account of the tenant {tenant!r:.80} that was open "
            f"on {as_of}: correct tenant in [ledger] of telcrm.toml.",
            parameter="tenant",
        )
    unit = currency or _only(kept)
    of_unit = pl.col("currency") == unit.code
    ages = ledger.aging(as_of=as_of)
    total = ages.total(unit.code)
    owing = ages.to_frame().filter(of_unit).select(pl.col(ages.bucket_names) > 0).sum()
    measures = ledger.measures(currency=unit)
    actions, steps = _dunned(ledger, unit, as_of)
    owed = ledger.debtors(as_of=as_of).to_frame().filter(of_unit)
    return Books(
        place=place,
        tenant=tenant,
        currency=unit,
        others=tuple(sorted(kept.keys() - {unit.code})),
        accounts=kept[unit.code],
        ages=pl.DataFrame(
            {
                "age": ages.bucket_names,
                "accounts": [owing[name].item() for name in ages.bucket_names],
                "open": [float(amount.amount) for amount in total.buckets],
            },
            schema={"age": pl.String, "accounts": pl.Int64, "open": pl.Float64},
        ),
        disputed=float(total.disputed.amount),
        unapplied=float(total.unapplied.amount),
        debtors=owed.join(steps, on="account_id", how="left", maintain_order="left"),
        actions=actions,
        collection=Collection.reckon(
            measures.receivables(as_of),
            measures.sales,
            measures.collection_effectiveness_index,
            since=min(account.opened_on for account in opened),
            as_of=as_of,
        ),
    )


def _only(kept: Counter[str]) -> Currency:
    if len(kept) == 1:
        return Currency(next(iter(kept)))
    codes = sorted(kept)
    raise CurrencyMismatchError(
        f"the ledger holds accounts in {', '.join(codes)}, and a report adds up in one: name it, "
        f'currency = "{codes[0]}" in telcrm.toml.',
        currencies=codes,
    )


def _dunned(ledger: Ledger, unit: Currency, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Actions by month and kind, and the step that each account under dunning came to last."""
    import polars as pl

    from telcrm.ledger import ActionKind

    counts: Counter[tuple[date, str]] = Counter()
    steps: dict[str, tuple[str, date]] = {}
    for entry in _dunning(ledger):
        if entry.on > as_of or entry.currency != unit.code:
            continue
        month, account_id = month_start(entry.on), entry.account_id
        # Read as they are kept: records of a million actions would take a minute to make.
        for action in entry.facts["actions"]:
            kind = action["kind"]
            counts[month, kind] += 1
            if kind == ActionKind.DELISTED:
                steps.pop(account_id, None)
            elif action["level"] is not None and kind != ActionKind.RESTORED:
                steps[account_id] = (kind, entry.on)
    actions = pl.DataFrame(
        [(month, kind, count) for (month, kind), count in sorted(counts.items())],
        schema={"period": pl.Date, "kind": pl.String, "actions": pl.Int64},
        orient="row",
    )
    last = pl.DataFrame(
        [(name, step, day) for name, (step, day) in steps.items()],
        schema={"account_id": pl.String, "step": pl.String, "step_on": pl.Date},
        orient="row",
    )
    return actions, last


def _dunning(ledger: Ledger) -> Iterator[Entry]:
    page = ledger.entries(limit=_PAGE, kinds=["dunning"])
    while page.entries:
        yield from page.entries
        page = ledger.entries(after=page.cursor, limit=_PAGE, kinds=["dunning"])
