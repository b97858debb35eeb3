"""Who owes what for how long, and what dunning does about it."""

from __future__ import annotations

from telcrm.report.parts import Section
from telcrm.report.sections.arrears_of_books import arrears_of_books
from telcrm.report.sections.arrears_of_invoices import arrears_of_invoices
from telcrm.report.sections.chapter import Chapter
from telcrm.report.sources import Sources

__all__ = ["ARREARS"]


def _write(sources: Sources) -> Section:
    if sources.books is not None:
        return arrears_of_books(sources, sources.books)
    return arrears_of_invoices(sources)


ARREARS = Chapter("arrears", "Arrears", ("invoices",), _write, books=True)
