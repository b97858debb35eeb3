"""What of each invoice is still open on the as-of date, and how that is known."""

from __future__ import annotations

import polars as pl

from telcrm.report.formats import Kind, show
from telcrm.report.sources import Sources
from telcrm.tables.findings import counted

__all__ = ["money_in", "with_open"]

_NOT_MONEY = ("failed", "canceled", "denied", "pendingAuthorization", "authorized")
_DECIMALS = 6
_IN_ORDER = (
    "a customer's payments and credit notes settle the invoices in the order in which they fall due"
)


def money_in(sources: Sources) -> pl.DataFrame:
    """Return the payments that brought money.

    Parameters
    ----------
    sources : Sources
        Tables up to the as-of date.

    Returns
    -------
    polars.DataFrame
        ``customer_id``, ``amount`` and more; no rows if nothing was paid by then.
    """
    if "payments" not in sources:
        return pl.DataFrame(schema={"customer_id": pl.String, "amount": pl.Float64})
    payments = sources["payments"]
    if sources.has("payments", "status"):
        return payments.filter(~pl.col("status").is_in(_NOT_MONEY) | pl.col("status").is_null())
    return payments


def with_open(sources: Sources) -> tuple[pl.DataFrame, str]:
    """Add to each invoice what of it is open.

    ``open_amount`` is believed where it is stated and of the as-of date. Anything else is reckoned
    from the payments if there are any.

    Parameters
    ----------
    sources : Sources
        With a table ``invoices``.

    Returns
    -------
    invoices : polars.DataFrame
        With a column ``open``.
    said : str
        How it is known, in sentences.
    """
    invoices, day = sources["invoices"], show(sources.day, Kind.DAY)
    # Where all payments came later, it is known that none had come.
    pays = "payments" in sources or "payments" in sources.after
    if not sources.has("invoices", "open_amount"):
        if pays:
            said = f"The invoices have no open_amount, so it is reckoned: {_IN_ORDER}."
            return _reckoned(sources, invoices), said
        said = "There is neither open_amount nor a table of payments: all invoices count as open."
        return invoices.with_columns(open=pl.col("total")), said
    if sources.looks_back and pays:
        said = (
            f"The column open_amount is of the extract, which goes on after {day}, so it is not "
            f"used. What was open on {day} is reckoned: {_IN_ORDER}."
        )
        return _reckoned(sources, invoices), said
    said = "What is open is the column open_amount of the invoices."
    if sources.looks_back:
        said += (
            f" It is of the extract, which goes on after {day}: what was paid between the two is "
            "not open here, though it was then."
        )
    unknown = invoices["open_amount"].null_count()
    if not unknown:
        return invoices.with_columns(open=pl.col("open_amount")), said
    those = f" {counted(unknown, 'invoice')} without an open_amount"
    if pays:
        return _reckoned(sources, invoices), f"{said}{those}: reckoned; {_IN_ORDER}."
    filled = invoices.with_columns(open=pl.col("open_amount").fill_null(pl.col("total")))
    return filled, f"{said}{those} counted as open in full, for want of a table of payments."


def _reckoned(sources: Sources, invoices: pl.DataFrame) -> pl.DataFrame:
    """Let each customer's money run over the invoices, first due first.

    An open amount that is stated, and of the as-of date, stands; what was paid of that invoice is
    no longer there for the others.
    """
    trusted = not sources.looks_back and "open_amount" in invoices.columns
    stated = pl.col("open_amount") if trusted else pl.lit(None, pl.Float64)
    # A credit note is money for other invoices, whenever it was issued.
    is_credit = pl.col("total") < 0
    rows = invoices.with_row_index("row").with_columns(
        stated=stated, owed=pl.when(stated.is_null() & ~is_credit).then("total").otherwise(0.0)
    )
    spent = (
        pl.when(pl.col("stated").is_not_null())
        .then(pl.col("total") - pl.col("stated"))
        .when(is_credit)
        .then("total")
        .otherwise(0.0)
    )
    paid = money_in(sources).group_by("customer_id").agg(paid=pl.col("amount").sum())
    pool = pl.col("paid").fill_null(0.0) - spent.sum().over("customer_id")
    open_ = (pl.col("owed").cum_sum().over("customer_id") - pool.clip(0)).clip(0, pl.col("owed"))
    return (
        rows.join(paid, on="customer_id", how="left")
        .sort("due_on", "invoice_id")
        .with_columns(open=pl.coalesce("stated", open_.round(_DECIMALS)))
        .sort("row")
        .drop("row", "stated", "owed", "paid")
    )
