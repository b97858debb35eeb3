"""What a report can be about: one module per subject, and the catalogue that orders them."""

from telcrm.report.sections.catalogue import CHAPTERS
from telcrm.report.sections.chapter import Chapter, NothingToReport

__all__ = ["CHAPTERS", "Chapter", "NothingToReport"]
