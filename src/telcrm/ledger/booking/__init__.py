"""Rules of booking: which balanced entries a command makes, and what follows from it.

One module per subject, one ``book_...`` function per command. They read from and post to
:class:`OpenBooks`, the books as one transaction sees them.
"""

from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT, OpenBooks

__all__ = ["BOOKS_ACCOUNT", "OpenBooks"]
