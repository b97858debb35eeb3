"""The receivables ledger: who owes what, and what happens next.

Charges, payments, reversals, write-offs and all the rest become balanced entries of an append-only
journal, in memory, in SQLite or in PostgreSQL. Every question is asked as of a day, and as of
what was known at an instant. Dunning decides, books what it decided, and sends nothing itself.

>>> from datetime import date
>>> from telcrm.domain import Money
>>> books = Ledger.open("memory://")
>>> _ = books.open_account("A-1", currency="EUR", on=date(2026, 1, 1))
>>> _ = books.charge(
...     "A-1", Money("30", "EUR"), on=date(2026, 2, 1), due=date(2026, 2, 15), key="INV-1"
... )
>>> [(item.open, item.days_past_due) for item in books.open_items("A-1", as_of=date(2026, 3, 1))]
[(Money('30.00', 'EUR'), 14)]
"""

from telcrm.ledger.aging import (
    Aging,
    AgingBuckets,
    AgingRow,
    AgingTotal,
)
from telcrm.ledger.agreements import (
    Agreement,
    AgreementState,
    AgreementStatus,
)
from telcrm.ledger.allocation import (
    AllocationMethod,
    AllocationPolicy,
    TaxOrder,
)
from telcrm.ledger.balances import (
    AccountBalance,
    Balances,
)
from telcrm.ledger.bank_file import (
    BankLine,
    MatchedFile,
    Mismatch,
    Unmatched,
)
from telcrm.ledger.bookings import (
    Bookings,
    Details,
    Provenance,
    Targets,
)
from telcrm.ledger.commands import (
    MAX_MINOR_UNITS,
    AgreeInstalments,
    Allocate,
    Amount,
    ChangeAccount,
    Charge,
    CloseAccount,
    ClosePeriod,
    CommandKey,
    CreditNote,
    Dispute,
    HoldDunning,
    Instalment,
    ItemRef,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    ReleaseDispute,
    ReopenPeriod,
    ReturnDeposit,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
    read_command,
)
from telcrm.ledger.debtors import (
    Debtor,
    Debtors,
)
from telcrm.ledger.dunning.case import (
    ActionKind,
    Decision,
    DunnableItem,
    DunningAction,
    DunningCase,
    DunningState,
    SentReminder,
)
from telcrm.ledger.dunning.decision import (
    cure,
    decide,
    relist,
)
from telcrm.ledger.dunning.policy import (
    DEFAULT_LEVELS,
    ClassException,
    DunningLevel,
    DunningPolicy,
    DunningStep,
    ServiceState,
)
from telcrm.ledger.dunning.run import (
    DunningRun,
)
from telcrm.ledger.exposure import (
    CreditExposure,
    CreditExposures,
)
from telcrm.ledger.interest import (
    InterestPolicy,
    LateFeePolicy,
)
from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
)
from telcrm.ledger.ledger import (
    Ledger,
)
from telcrm.ledger.matches import (
    Match,
)
from telcrm.ledger.measures.collections import (
    MonthlySales,
    average_days_delinquent,
    bad_debt_ratio,
    best_possible_dso,
    collection_effectiveness_index,
    dso,
    dso_count_back,
    recovery_rate,
)
from telcrm.ledger.measures.debt_class import (
    DebtClass,
    DebtClassification,
    DebtClassPolicy,
    DebtLimits,
    DebtReason,
    DebtRule,
    PaymentBehaviour,
    debt_class,
)
from telcrm.ledger.measures.from_books import (
    BookMeasures,
)
from telcrm.ledger.measures.loss_history import (
    LossHistory,
)
from telcrm.ledger.measures.payment_behaviour import (
    PaymentHistories,
    PaymentHistory,
)
from telcrm.ledger.measures.provision import (
    BucketLoss,
    ExpectedCreditLoss,
    LossBucket,
    LossRate,
    ProvisionMatrix,
    expected_credit_loss,
)
from telcrm.ledger.measures.roll_rates import (
    average_roll_rates,
    flow_to_loss,
    roll_rates,
)
from telcrm.ledger.open_items import (
    OpenItem,
    OpenItems,
)
from telcrm.ledger.questions import (
    EntryPage,
    Questions,
)
from telcrm.ledger.receipts import (
    BulkResult,
    Outcome,
    PostingStatus,
    Receipt,
    ServiceAction,
)
from telcrm.ledger.statement import (
    Statement,
    StatementGroup,
    StatementLine,
    StatementLines,
)
from telcrm.ledger.trial_balance import (
    TrialBalance,
    TrialBalanceLine,
)
from telcrm.ledger.verification import (
    Break,
    Verification,
)

__all__ = [
    "DEFAULT_LEVELS",
    "MAX_MINOR_UNITS",
    "Account",
    "AccountBalance",
    "ActionKind",
    "Aging",
    "AgingBuckets",
    "AgingRow",
    "AgingTotal",
    "AgreeInstalments",
    "Agreement",
    "AgreementState",
    "AgreementStatus",
    "Allocate",
    "AllocationMethod",
    "AllocationPolicy",
    "Amount",
    "Balances",
    "BankLine",
    "BookMeasures",
    "Bookings",
    "Break",
    "BucketLoss",
    "BulkResult",
    "ChangeAccount",
    "Charge",
    "ClassException",
    "CloseAccount",
    "ClosePeriod",
    "CommandKey",
    "CreditExposure",
    "CreditExposures",
    "CreditNote",
    "DebtClass",
    "DebtClassPolicy",
    "DebtClassification",
    "DebtLimits",
    "DebtReason",
    "DebtRule",
    "Debtor",
    "Debtors",
    "Decision",
    "Details",
    "Dispute",
    "DunnableItem",
    "DunningAction",
    "DunningCase",
    "DunningLevel",
    "DunningPolicy",
    "DunningRun",
    "DunningState",
    "DunningStep",
    "Entry",
    "EntryKind",
    "EntryPage",
    "ExpectedCreditLoss",
    "GlAccount",
    "HoldDunning",
    "Instalment",
    "InterestPolicy",
    "Item",
    "ItemKind",
    "ItemOpening",
    "ItemRef",
    "LateFeePolicy",
    "Ledger",
    "LedgerCommand",
    "LossBucket",
    "LossHistory",
    "LossRate",
    "Match",
    "MatchedFile",
    "Mismatch",
    "MonthlySales",
    "Offset",
    "OpenAccount",
    "OpenItem",
    "OpenItems",
    "Outcome",
    "Pay",
    "PaymentBehaviour",
    "PaymentHistories",
    "PaymentHistory",
    "Posting",
    "PostingStatus",
    "PromiseToPay",
    "Provenance",
    "ProvisionMatrix",
    "Questions",
    "Receipt",
    "Recover",
    "Refund",
    "ReleaseDispute",
    "ReopenPeriod",
    "ReturnDeposit",
    "Reverse",
    "SentReminder",
    "ServiceAction",
    "ServiceState",
    "Statement",
    "StatementGroup",
    "StatementLine",
    "StatementLines",
    "TakeDeposit",
    "Target",
    "Targets",
    "TaxOrder",
    "Transfer",
    "TrialBalance",
    "TrialBalanceLine",
    "Unallocate",
    "Unmatched",
    "UseDeposit",
    "Verification",
    "WriteOff",
    "average_days_delinquent",
    "average_roll_rates",
    "bad_debt_ratio",
    "best_possible_dso",
    "collection_effectiveness_index",
    "cure",
    "debt_class",
    "decide",
    "dso",
    "dso_count_back",
    "expected_credit_loss",
    "flow_to_loss",
    "read_command",
    "recovery_rate",
    "relist",
    "roll_rates",
]
