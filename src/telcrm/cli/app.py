"""The commands and their options."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from telcrm.cli import ledger, screen, vocabulary
from telcrm.cli.demo import REPORT, write_tables
from telcrm.errors import ParameterError
from telcrm.report import Folder, build, read_folder, write_csv
from telcrm.report.files import check_target
from telcrm.report.folder import SUFFIXES
from telcrm.report.own_folder import EXPORT_MARKER, check_own
from telcrm.report.settings import SETTINGS_FILE

__all__ = ["app", "run"]

_BAD_INPUT = 2
_FINDINGS = ("file", "table", "level", "rule", "column", "count", "first_keys", "message")

app = typer.Typer(
    name="telcrm",
    help="Telecom customer management: look at a customer base from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(ledger.app)

FolderArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder with one CSV or Parquet file per canonical table, and maybe a telcrm.toml.",
        show_default=False,
    ),
]


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    TelcrmError
        What the command was given has to be mended.
    """
    try:
        app(list(arguments), prog_name="telcrm")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def _print_version(asked: bool) -> None:
    if asked:
        import telcrm

        typer.echo(f"telcrm {telcrm.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the command itself; typer shows the help of the app instead of this."""


@app.command()
def report(
    folder: FolderArgument,
    *,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day to look back from. Default: that of telcrm.toml, else the last day on "
            "which something happened in the tables.",
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="ISO 4217 code of tables without a column 'currency'.")
    ] = None,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help="Skip the sections of broken tables; else no report."),
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also write the numbers as CSV files, into a folder that holds nothing else; an "
            "earlier export in it is replaced.",
        ),
    ] = None,
) -> None:
    """Report on the tables of a folder, in one HTML file."""
    _report(
        folder,
        out,
        as_of=as_of.date() if as_of else None,
        title=title,
        currency=currency,
        keep_going=keep_going,
        csv=csv,
    )


@app.command()
def validate(
    folder: FolderArgument,
    *,
    findings: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Also write the findings to this file.")
    ] = None,
) -> None:
    """Check the tables of a folder against their contracts."""
    if findings is not None:
        _check_file(findings, folder)
    checked = _read(folder)
    screen.show_ignored(checked)
    if findings is not None:
        write_csv(findings, checked.finding_rows(), columns=_FINDINGS)
        screen.say(f"Wrote {findings}")
    if checked.refused:
        screen.show_refused(checked)
        raise typer.Exit(_BAD_INPUT)


@app.command()
def tables(
    name: Annotated[
        str | None, typer.Argument(help="A canonical table.", show_default=False)
    ] = None,
) -> None:
    """List the canonical tables, or the columns of one."""
    if name is None:
        vocabulary.show_all()
    else:
        vocabulary.show_one(name)


@app.command()
def demo(
    *,
    subscribers: Annotated[int, typer.Option(help="Lines in the opening base.")] = 2_000,
    months: Annotated[int, typer.Option(help="Months that are observed.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed gives the same operator.")] = 0,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the tables and the report.")
    ] = Path("telcrm-demo"),
) -> None:
    """Invent an operator, write its tables, and report on them."""
    with screen.waiting("Inventing an operator"):
        write_tables(out, subscribers=subscribers, months=months, seed=seed)
    _report(out, out / REPORT)


def _report(
    folder: Path,
    out: Path,
    *,
    as_of: date | None = None,
    title: str | None = None,
    currency: str | None = None,
    keep_going: bool = False,
    csv: Path | None = None,
) -> None:
    _check_file(out, folder)
    if csv is not None:
        check_own(csv, EXPORT_MARKER)
    read = _read(folder)
    if read.refused:
        screen.show_refused(read)
        if not keep_going:
            screen.show_ignored(read)
            screen.say("No report was written. Mend the tables, or leave them out: --keep-going.")
            raise typer.Exit(_BAD_INPUT)
    with screen.progress("Counting") as step:
        found = build(
            read,
            as_of=as_of,
            title=title,
            currency=currency,
            keep_going=keep_going,
            on_section=step,
        )
    with screen.waiting("Drawing"):
        found.write(out)
    if csv is not None:
        found.export(csv)
    screen.show_report(found)
    screen.say(f"Wrote {out}")
    if csv is not None:
        screen.say(f"Wrote the numbers to {csv}")


def _check_file(target: Path, folder: Path) -> None:
    """Refuse a target that cannot be written, or that is one of the files to be read."""
    check_target(target)
    inside = target.resolve().parent == folder.resolve()
    if inside and (target.name == SETTINGS_FILE or target.suffix.lower() in SUFFIXES):
        raise ParameterError(
            f"{target} would stand among the tables of {folder}; name a file elsewhere.",
            path=str(target),
        )


def _read(folder: Path) -> Folder:
    with screen.progress("Reading") as step:
        read = read_folder(folder, on_table=step)
    screen.show_tables(read)
    return read
