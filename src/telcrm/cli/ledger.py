"""The commands on a ledger: check it, see who owes what, hand it to other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from telcrm.cli import ledger_screen, screen
from telcrm.cli.printable import printable
from telcrm.errors import ParameterError, StoreUnavailableError, TelcrmError
from telcrm.report import write_csv
from telcrm.report.files import check_target, writing

if TYPE_CHECKING:
    from sqlalchemy import URL

    from telcrm.ledger import Ledger

__all__ = ["app"]

_BROKEN: Final = 1
_SQL: Final = ("sqlite", "postgresql")
_DATABASE_SUFFIXES: Final = ("", "-journal", "-shm", "-wal")

app = typer.Typer(
    name="ledger",
    help="Check a ledger, see who owes what, hand the books to other programs.",
    no_args_is_help=True,
)


class Format(StrEnum):
    """What the books can be written as."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    INVOICES = "invoices"
    PAYMENTS = "payments"


UrlArgument = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The ledger, such as sqlite:///crm.db or postgresql+psycopg://user@host/crm.",
        show_default=False,
    ),
]
TenantOption = Annotated[str, typer.Option(help="Whose books.")]


@app.command()
def verify(url: UrlArgument, *, tenant: TenantOption = "default") -> None:
    """Recompute every hash, sum and rule. Exit code 0: sound, 1: broken, 2: cannot be read."""
    with _open(url, tenant) as ledger, screen.waiting("Checking"):
        found = ledger.verify()
    screen.say(f"Accounts: {found.accounts:,}")
    screen.say(f"Entries: {found.entries:,}")
    if found.first_break is not None:
        broken = found.first_break
        where = broken.entry_id or broken.account_id or "all accounts together"
        said = f"telcrm: broken at {where}, rule {broken.rule}: {broken.message}."
        typer.echo(printable(said), err=True)
        raise typer.Exit(_BROKEN)
    screen.say(f"Seal: {found.seal}")
    screen.say("Sound: every hash, sum and rule holds.")


@app.command()
def aging(
    url: UrlArgument,
    *,
    as_of: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The day to look back from.", show_default=False),
    ],
    tenant: TenantOption = "default",
    limit: Annotated[int, typer.Option(min=0, help="How many debtors of each currency.")] = 10,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the row of every account to this file."),
    ] = None,
) -> None:
    """Show what is owed by age, and who owes most."""
    if csv is not None:
        _check_target(csv, url)
    with _open(url, tenant) as ledger, screen.waiting("Adding up"):
        found = ledger.aging(as_of=as_of.date())
    ledger_screen.show_totals(found)
    ledger_screen.show_debtors(found, limit)
    if csv is not None:
        rows = found.to_frame()
        write_csv(csv, rows.iter_rows(named=True), columns=rows.columns)
        screen.say(f"Wrote {csv}")


@app.command()
def export(
    url: UrlArgument,
    *,
    format: Annotated[  # noqa: A002 - the option is called --format
        Format,
        typer.Option(
            help="A file for beancount or hledger, or a canonical table as CSV.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write.", show_default=False)
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what takes effect up to this day."),
    ] = None,
    tenant: TenantOption = "default",
) -> None:
    """Write the books for another program."""
    _check_target(out, url)
    day = as_of.date() if as_of else None
    with _open(url, tenant) as ledger, screen.waiting("Writing"), writing(out) as file:
        file.writelines(_text(ledger, format, day))
    screen.say(f"Wrote {out}")


def _text(ledger: Ledger, form: Format, as_of: date | None) -> Iterator[str]:
    from telcrm.ledger import export as books

    if form in (Format.BEANCOUNT, Format.HLEDGER):
        write: Callable[..., Iterator[str]] = {
            Format.BEANCOUNT: books.to_beancount,
            Format.HLEDGER: books.to_hledger,
        }[form]
        return (f"{line}\n" for line in write(ledger.store, as_of=as_of))
    table = books.to_tables(ledger.store, as_of=as_of)[form.value]
    return iter([table.write_csv()])


@contextmanager
def _open(url: str, tenant: str) -> Iterator[Ledger]:
    from telcrm.ledger import Ledger

    if url.startswith(_SQL) and _parsed(url) is None:
        raise ParameterError(
            "the URL cannot be read: write it like postgresql+psycopg://user@host:5432/crm, with "
            "%40 for @, %3A for : and %2F for / in a password."
        )
    with _discreet(url):
        database = _file_of(url)
        if database is not None and not database.exists():
            raise StoreUnavailableError(
                f"there is no ledger {database}: check the path. A relative path has three "
                "slashes, an absolute one four.",
                path=str(database),
            )
        with Ledger.open(url, tenant=tenant) as ledger:
            if not ledger.store.feed(None, 1).entries:
                raise ParameterError(
                    f"tenant {tenant!r} has no books here: check the name and the URL.",
                    tenant=tenant,
                )
            yield ledger


def _parsed(url: str) -> URL | None:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None


def _file_of(url: str) -> Path | None:
    """Return the file of a SQLite URL, which opening it would make if it is not there."""
    parsed = _parsed(url)
    if parsed is None or parsed.get_backend_name() != "sqlite":
        return None
    name = parsed.database
    return Path(name) if name and name != ":memory:" and not name.startswith("file:") else None


def _check_target(target: Path, url: str) -> None:
    """Refuse a file that cannot be written, or that is the ledger itself."""
    check_target(target)
    database = _file_of(url)
    if database is None:
        return
    real = database.resolve()
    parts = {real.with_name(real.name + end) for end in _DATABASE_SUFFIXES}
    if target.resolve() in parts:
        raise ParameterError(f"{target} is the ledger; name another file.", path=str(target))


@contextmanager
def _discreet(url: str) -> Iterator[None]:
    """Take what a URL holds of secrets out of errors: they end in terminals and logs."""
    try:
        yield
    except TelcrmError as error:
        for secret in _secrets(url):
            error.message = error.message.replace(secret, "***")
        raise


def _secrets(url: str) -> list[str]:
    parsed = _parsed(url)
    if parsed is None:
        return []
    stated = [parsed.password, *(parsed.query.get(name) for name in ("password", "sslpassword"))]
    return [secret for secret in stated if isinstance(secret, str) and secret]
