"""The ledger: post what happened, ask what is owed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from types import TracebackType
from typing import Self

from telcrm.domain.exact import whole_number
from telcrm.errors import ParameterError, TelcrmError
from telcrm.ledger.agreements import AgreementState, agreement_states
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.bank_file import BankLine, MatchedFile, match_bank_lines
from telcrm.ledger.bookings import Bookings
from telcrm.ledger.commands import Charge, LedgerCommand
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.dunning.run import DunningRun, run_dunning
from telcrm.ledger.interest import (
    InterestPolicy,
    LateFeePolicy,
    interest_charges,
    late_fee_charges,
)
from telcrm.ledger.posting import Clock, post_chunk, utc_now
from telcrm.ledger.questions import Questions
from telcrm.ledger.receipts import BulkResult, Outcome, PostingStatus, Receipt
from telcrm.ledger.scope import as_known, check_day, existing_accounts
from telcrm.ledger.stores.opening import open_store
from telcrm.ledger.stores.protocol import LedgerStore
from telcrm.ledger.verification import Verification, verify

__all__ = ["Ledger"]


class Ledger(Bookings, Questions):
    """The books of one operator (tenant), in one store.

    Parameters
    ----------
    store : LedgerStore
        Where the books are kept; :meth:`open` finds one by URL.
    allocation : AllocationPolicy, optional
        How money meets debts.
    clock : callable, optional
        Returns the instant of recording, aware. The system's clock by default.

    Examples
    --------
    >>> from datetime import date
    >>> from telcrm.domain import Money
    >>> books = Ledger.open("memory://")
    >>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
    >>> bill = books.charge(
    ...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
    ... )
    >>> books.pay("A-1", Money("10", "EUR"), on=date(2026, 2, 9), key="bank-1").balance
    Money('20.00', 'EUR')
    >>> books.balance("A-1", as_of=date(2026, 2, 8))
    Money('30.00', 'EUR')
    """

    def __init__(
        self,
        store: LedgerStore,
        *,
        allocation: AllocationPolicy | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.store = store
        self.allocation = allocation or AllocationPolicy()
        self.clock = clock

    @classmethod
    def open(
        cls,
        url: str,
        *,
        tenant: str = "default",
        allocation: AllocationPolicy | None = None,
        clock: Clock = utc_now,
    ) -> Self:
        """Open the books at a URL; an empty database gets its tables.

        Parameters
        ----------
        url : str
            ``"sqlite:///crm.db"``, ``"postgresql+psycopg://user@host/crm"``, ``"memory://"`` for
            books that end with the process, or a scheme of the entry points
            ``telcrm.ledger_stores``.
        tenant : str
            Whose books; those of other tenants in the same database are not seen.
        allocation : AllocationPolicy, optional
        clock : callable, optional

        Returns
        -------
        Ledger

        Raises
        ------
        UnknownStoreError
            The scheme is not known.
        StoreUnavailableError, StoreVersionError, ReadOnlyStoreError, CorruptStoreError
            The database is not reached, is newer, cannot be written, or is damaged.
        """
        return cls(open_store(url, tenant), allocation=allocation, clock=clock)

    def close(self) -> None:
        """Let go of the store's files and connections."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Ledger({self.store!r})"

    # Posting.

    def post(self, command: LedgerCommand) -> Receipt:
        """Post one command, durably, or refuse it whole.

        Parameters
        ----------
        command : LedgerCommand

        Returns
        -------
        Receipt
            Of the first posting, where the same command was posted before.

        Raises
        ------
        LedgerError, MoneyError
            The command is refused; nothing was booked.
        LedgerStoreError
            The store failed.
        """
        (outcome,) = self._post_chunk([command], 0, whole=False)
        if outcome.receipt is None:
            raise outcome.error or TelcrmError(f"{command.key} was not booked.")
        return outcome.receipt

    def post_each(
        self,
        commands: Iterable[LedgerCommand],
        *,
        chunk_size: int = 1000,
        whole_chunks: bool = False,
    ) -> Iterator[Outcome]:
        """Post many commands and yield what became of each, chunk by chunk.

        Parameters
        ----------
        commands : iterable of LedgerCommand
            Read as they are needed. A later one sees what an earlier one booked.
        chunk_size : int
            Commands per transaction, 1 or more. A chunk is kept whole or not at all, whatever
            happens to the process or the database.
        whole_chunks : bool
            Whether a refused command keeps its whole chunk out. By default the others are booked.

        Yields
        ------
        Outcome
            In the order of the commands; after its transaction is durable.

        Raises
        ------
        LedgerStoreError
            The store failed. Chunks that were yielded are booked. Send all of them again: what was
            booked is replayed.
        """
        size = whole_number(chunk_size)
        if size is None or size < 1:
            raise ParameterError(
                f"chunk_size must be a whole number of 1 or more, not {chunk_size!r:.60}.",
                chunk_size=chunk_size,
            )
        return self._post_chunks(iter(commands), size, whole=whole_chunks)

    def _post_chunks(
        self, queue: Iterator[LedgerCommand], size: int, *, whole: bool
    ) -> Iterator[Outcome]:
        first = 0
        while chunk := list(islice(queue, size)):
            yield from self._post_chunk(chunk, first, whole=whole)
            first += len(chunk)

    def _post_chunk(self, chunk: list[LedgerCommand], first: int, *, whole: bool) -> list[Outcome]:
        return post_chunk(
            self.store,
            chunk,
            policy=self.allocation,
            clock=self.clock,
            whole=whole,
            first_index=first,
        )

    def post_many(
        self,
        commands: Iterable[LedgerCommand],
        *,
        chunk_size: int = 1000,
        whole_chunks: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> BulkResult:
        """Post many commands: a bill run, a bank file.

        Parameters
        ----------
        commands : iterable of LedgerCommand
        chunk_size : int
        whole_chunks : bool
            As of :meth:`post_each`.
        progress : callable, optional
            Called with the number of commands done so far, after each chunk.

        Returns
        -------
        BulkResult
            Counts, and each refused command with its error. :meth:`post_each` tells more.

        Examples
        --------
        >>> from datetime import date
        >>> from telcrm.domain import Money
        >>> from telcrm.ledger import Charge, Ledger, OpenAccount
        >>> day = date(2026, 2, 1)
        >>> opened = [OpenAccount(key=f"o{n}", account_id=f"A-{n}", currency="EUR", on=day)
        ...           for n in range(2)]
        >>> bills = [Charge(key=f"c{n}", account_id=f"A-{n}", amount=Money("20", "EUR"), on=day,
        ...                 due_on=date(2026, 2, 15)) for n in range(3)]
        >>> done = Ledger.open("memory://").post_many([*opened, *bills])
        >>> done
        BulkResult(posted=4, replayed=0, refused=1)
        >>> print(done.refused[0].error)
        [TC-LEDGER-001] there is no account 'A-2': open it first with open_account.
        """
        counts = dict.fromkeys(PostingStatus, 0)
        refused = []
        seen = 0
        outcomes = self.post_each(commands, chunk_size=chunk_size, whole_chunks=whole_chunks)
        for outcome in outcomes:
            counts[outcome.status] += 1
            if outcome.receipt is None:
                refused.append(outcome)
            seen += 1
            if progress is not None and seen % chunk_size == 0:
                progress(seen)
        if progress is not None and seen % chunk_size:
            progress(seen)
        return BulkResult(
            counts[PostingStatus.POSTED], counts[PostingStatus.REPLAYED], tuple(refused)
        )

    def run_dunning(
        self,
        policy: DunningPolicy,
        *,
        as_of: date,
        progress: Callable[[int], None] | None = None,
    ) -> DunningRun:
        """Take the next step of dunning on every account that is due for one.

        At most one step per account and run, none is skipped, and each action is emitted once: a
        second run on the same day finds nothing to do. The actions are also entries of the
        journal, so that :meth:`entries` hands them to an outbox.

        Parameters
        ----------
        policy : DunningPolicy
            Kept in the books with the actions that it led to.
        as_of : date
            Day of the run.
        progress : callable, optional
            Called with the number of accounts done so far.

        Returns
        -------
        DunningRun
            Its ``actions`` are for the embedding system to carry out.
        """
        return run_dunning(self.store, policy, as_of=as_of, clock=self.clock, progress=progress)

    def agreements(
        self, account_id: str, *, as_of: date, recorded: datetime | None = None
    ) -> list[AgreementState]:
        """Return promises, instalment plans and holds of an account, and how they stand.

        Parameters
        ----------
        account_id : str
        as_of : date
        recorded : datetime, optional
            Aware.

        Returns
        -------
        list of AgreementState
            In the order in which they were made; one that was reversed is ``cancelled``.

        Raises
        ------
        UnknownAccountError
        """
        self.account(account_id)
        return agreement_states(self.store, account_id, as_known(as_of, recorded))

    def match_bank_lines(self, lines: Iterable[BankLine]) -> MatchedFile:
        """Match the lines of a bank or collection file with accounts; nothing is booked.

        Parameters
        ----------
        lines : iterable of BankLine

        Returns
        -------
        MatchedFile
            ``payments`` for :meth:`post_many`, and the lines that did not match, each with why.
        """
        return match_bank_lines(self.store, lines)

    def interest_charges(
        self,
        policy: InterestPolicy,
        *,
        through: date,
        account_ids: Sequence[str] | None = None,
    ) -> Iterator[Charge]:
        """Yield charges for interest on what is overdue, for :meth:`post_many`.

        Parameters
        ----------
        policy : InterestPolicy
        through : date
            Last day that bears interest; the charges take effect on it.
        account_ids : sequence of str, optional
            None is all accounts.

        Yields
        ------
        Charge
            What was charged before for the same debt is taken off. Posting one twice books it once.

        Raises
        ------
        UnknownAccountError
        ParameterError
            ``through`` is no day.
        """
        check_day("through", through)
        chosen = existing_accounts(self.store, account_ids)
        return interest_charges(self.store, policy, through=through, account_ids=chosen)

    def late_fee_charges(
        self,
        policy: LateFeePolicy,
        *,
        as_of: date,
        account_ids: Sequence[str] | None = None,
    ) -> Iterator[Charge]:
        """Yield late fees, one per debt that is late enough and had none, for :meth:`post_many`.

        Parameters
        ----------
        policy : LateFeePolicy
        as_of : date
        account_ids : sequence of str, optional
            None is all accounts.

        Yields
        ------
        Charge

        Raises
        ------
        UnknownAccountError
        ParameterError
            ``as_of`` is no day.
        """
        check_day("as_of", as_of)
        chosen = existing_accounts(self.store, account_ids)
        return late_fee_charges(self.store, policy, as_of=as_of, account_ids=chosen)

    def verify(self) -> Verification:
        """Recompute every chain, sum and item from the journals; report the first break.

        Returns
        -------
        Verification
        """
        return verify(self.store)
