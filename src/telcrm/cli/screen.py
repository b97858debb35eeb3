"""What the terminal shows: tables, key figures and progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from telcrm.cli.hints import remedy
from telcrm.cli.printable import printable
from telcrm.report import Folder, Report

_NONE = "\N{EN DASH}"

__all__ = [
    "plain",
    "progress",
    "say",
    "show",
    "show_ignored",
    "show_refused",
    "show_report",
    "show_tables",
    "waiting",
]


def plain(text: object) -> Text:
    """Return text in which nothing is markup and nothing commands the terminal.

    Parameters
    ----------
    text : object

    Returns
    -------
    rich.text.Text
    """
    return Text(printable(str(text)))


def _out() -> Console:
    # Made anew each time, so that it writes to the present sys.stdout.
    return Console(highlight=False, soft_wrap=True)


def _err() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print a line.

    Parameters
    ----------
    message : str
    """
    _out().print(plain(message))


def show(what: Table | Text) -> None:
    """Print something that is made of safe texts.

    Parameters
    ----------
    what : rich.table.Table or rich.text.Text
    """
    _out().print(what)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int], None]]:
    """Show a bar on the error stream while something is done step by step.

    Parameters
    ----------
    what : str

    Yields
    ------
    callable
        To be called before each step, with its name and the number of steps.
    """
    console = _err()
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=None)
        started = 0

        def step(name: str, total: int) -> None:
            nonlocal started
            bar.update(task, description=f"{what}: {name}", total=total, completed=started)
            started += 1

        yield step


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a spinner on the error stream.

    Parameters
    ----------
    what : str
    """
    console = _err()
    if console.is_terminal:
        with console.status(plain(what)):
            yield
    else:
        yield


def show_tables(folder: Folder) -> None:
    """Print which tables a folder holds, and the findings on them.

    Parameters
    ----------
    folder : Folder
    """
    tables = Table("Table", "File", title=f"Tables in {folder.path}", title_justify="left")
    tables.add_column("Rows", justify="right")
    tables.add_column("State")
    for table, file in folder.files.items():
        loaded = folder.loaded.get(table)
        rows = f"{loaded.report.row_count:,}" if loaded else _NONE
        tables.add_row(plain(table), plain(file.name), rows, _state(folder, table))
    show(tables)
    rows_found = folder.finding_rows()
    if rows_found:
        findings = Table("Table", "Rule", title="Findings", title_justify="left")
        findings.add_column("What", overflow="fold")
        for row in rows_found:
            findings.add_row(*(plain(row[name]) for name in ("table", "rule", "message")))
        show(findings)


def show_ignored(folder: Folder) -> None:
    """Print what was not read and why; a report says so itself, in its notes.

    Parameters
    ----------
    folder : Folder
    """
    for path, reason in folder.ignored.items():
        say(f"{path.name} was not read: {reason}.")


def _state(folder: Folder, table: str) -> Text:
    if table not in folder.loaded:
        return Text("unreadable", style="red")
    if table in folder.refused:
        return Text("broken", style="red")
    if folder.loaded[table].report.findings:
        return Text("sound, with warnings", style="yellow")
    return Text("sound", style="green")


def show_refused(folder: Folder) -> None:
    """Print to the error stream which tables cannot be reported on, and what mends them.

    What is wrong with them stands in the findings, and is not said again.

    Parameters
    ----------
    folder : Folder
    """
    for table, error in folder.refused.items():
        what = "breaks its contract" if table in folder.loaded else "cannot be read"
        said = f"telcrm: [{error.code}] {folder.files[table]} {what}, see the findings."
        hint = remedy(folder, table)
        _err().print(plain(f"{said} {hint}" if hint else said))


def show_report(report: Report) -> None:
    """Print the key figures, and which sections were skipped.

    Parameters
    ----------
    report : Report
    """
    figures = Table("Section", "Figure", title_justify="left")
    figures.title = f"{report.title}, as of {report.as_of}" if report.as_of else report.title
    figures.add_column("Value", justify="right")
    figures.add_column("", style="dim")
    for section in report.sections[1:]:
        for at, figure in enumerate(section.figures):
            figures.add_row(
                plain(section.title if at == 0 else ""),
                plain(figure.label),
                plain(figure.value),
                plain(figure.detail),
            )
    out = _out()
    if figures.row_count:
        out.print(figures)
    for warning in report.warnings:
        _err().print(plain(f"telcrm: warning: {warning}"), style="yellow")
    for note in report.notes:
        out.print(plain(note))
    for skipped in report.skipped:
        out.print(plain(f"Skipped: {skipped.title} ({skipped.reason.rstrip('.')})"))
