"""Every error that telcrm raises on purpose, each with a stable code.

Each one derives from :class:`TelcrmError` and from the built-in that it refines, so both
``except TelcrmError`` and ``except ValueError`` work. The ``code`` never changes between releases;
the message says what was wrong, where, and how to mend it.

::

    TelcrmError
    ├── MissingExtraError (ImportError)            TC-EXTRA-001
    ├── ParameterError (ValueError)                TC-PARAM-001
    ├── MoneyError (ValueError)                    TC-MONEY-001
    │   ├── InexactAmountError (TypeError)         TC-MONEY-002
    │   ├── CurrencyMismatchError                  TC-MONEY-003
    │   ├── UnknownCurrencyError (KeyError)        TC-MONEY-004
    │   └── MinorUnitError                         TC-MONEY-005
    ├── IdentifierError (ValueError)               TC-ID-001
    ├── TransitionError (ValueError)               TC-STATE-001
    ├── RecordFormatError (ValueError)             TC-RECORD-001
    ├── TmfError (ValueError)                      TC-TMF-001
    ├── LedgerError (ValueError)                   TC-LEDGER-000
    │   ├── UnknownAccountError (KeyError)         TC-LEDGER-001
    │   ├── ClosedAccountError                     TC-LEDGER-002
    │   ├── AccountExistsError                     TC-LEDGER-003
    │   ├── UnknownEntryError (KeyError)           TC-LEDGER-004
    │   ├── UnknownItemError (KeyError)            TC-LEDGER-005
    │   ├── InvalidCommandError                    TC-LEDGER-006
    │   ├── OverAllocationError                    TC-LEDGER-007
    │   ├── AlreadyReversedError                   TC-LEDGER-008
    │   ├── EntryInUseError                        TC-LEDGER-009
    │   ├── NotReversibleError                     TC-LEDGER-010
    │   ├── KeyConflictError                       TC-LEDGER-011
    │   ├── ClosedPeriodError                      TC-LEDGER-012
    │   ├── PostingDateError                       TC-LEDGER-013
    │   ├── AccountNotSettledError                 TC-LEDGER-014
    │   ├── UnknownStoreError (KeyError)           TC-LEDGER-015
    │   └── PartyMismatchError                     TC-LEDGER-016
    ├── LedgerStoreError (OSError)                 TC-STORE-000
    │   ├── StoreUnavailableError (ConnectionError) TC-STORE-001
    │   ├── StoreBusyError (TimeoutError)          TC-STORE-002
    │   ├── ReadOnlyStoreError (PermissionError)   TC-STORE-003
    │   ├── FullStoreError                         TC-STORE-004
    │   ├── StoreVersionError                      TC-STORE-005
    │   └── CorruptStoreError                      TC-STORE-006
    ├── MartError (ValueError)                     TC-MART-000
    │   ├── MissingTableError (KeyError)           TC-MART-001
    │   ├── UnknownCustomerError (KeyError)        TC-MART-002
    │   ├── MartMismatchError                      TC-MART-003
    │   ├── MonthExistsError                       TC-MART-004
    │   ├── UnknownMonthError (KeyError)           TC-MART-005
    │   └── CorruptMartError                       TC-MART-006
    ├── RuleError (ValueError)                     TC-RULE-001
    │   ├── ConditionSyntaxError (TypeError)       TC-RULE-002
    │   ├── UnknownFieldError (KeyError)           TC-RULE-003
    │   ├── FieldTypeError (TypeError)             TC-RULE-004
    │   └── RuleMismatchError                      TC-RULE-005
    ├── EstimatorError (ValueError)                TC-EST-000
    │   ├── NotFittedError (AttributeError)        TC-EST-001
    │   ├── UnknownEstimatorError (KeyError)       TC-EST-002
    │   ├── EstimatorFormatError                   TC-EST-003
    │   ├── UnidentifiedModelError                 TC-EST-004
    │   └── DivergentValueError (ArithmeticError)  TC-EST-005
    ├── ChurnError (ValueError)                    TC-CHURN-000
    │   ├── SingleClassError                       TC-CHURN-001
    │   ├── ScoreError                             TC-CHURN-002
    │   ├── WindowError                            TC-CHURN-003
    │   ├── SchemaDriftError                       TC-CHURN-004
    │   └── ModelContractError (TypeError)         TC-CHURN-005
    └── TableError (ValueError)                    TC-TABLE-000
        ├── MissingColumnsError (KeyError)         TC-TABLE-001
        ├── UnknownColumnsError (KeyError)         TC-TABLE-002
        ├── ColumnTypeError (TypeError)            TC-TABLE-003
        ├── InvalidTableError                      TC-TABLE-004
        ├── UntranslatableConstraintError          TC-TABLE-005
        ├── UnsupportedFrameError (TypeError)      TC-TABLE-006
        ├── UnreadableFileError (OSError)          TC-TABLE-007
        ├── NoTablesError                          TC-TABLE-008
        ├── MappingError                           TC-TABLE-009
        └── AmbiguousTableError                    TC-TABLE-010

>>> from telcrm.domain import Money
>>> Money(12.5, "EUR")
Traceback (most recent call last):
    ...
telcrm.errors.InexactAmountError: [TC-MONEY-002] ...
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

__all__ = [
    "AccountExistsError",
    "AccountNotSettledError",
    "AlreadyReversedError",
    "AmbiguousTableError",
    "ChurnError",
    "ClosedAccountError",
    "ClosedPeriodError",
    "ColumnTypeError",
    "ConditionSyntaxError",
    "CorruptMartError",
    "CorruptStoreError",
    "CurrencyMismatchError",
    "DivergentValueError",
    "EntryInUseError",
    "EstimatorError",
    "EstimatorFormatError",
    "FieldTypeError",
    "FullStoreError",
    "IdentifierError",
    "InexactAmountError",
    "InvalidCommandError",
    "InvalidTableError",
    "KeyConflictError",
    "LedgerError",
    "LedgerStoreError",
    "MappingError",
    "MartError",
    "MartMismatchError",
    "MinorUnitError",
    "MissingColumnsError",
    "MissingExtraError",
    "MissingTableError",
    "ModelContractError",
    "MoneyError",
    "MonthExistsError",
    "NoTablesError",
    "NotFittedError",
    "NotReversibleError",
    "OverAllocationError",
    "ParameterError",
    "PartyMismatchError",
    "PostingDateError",
    "ReadOnlyStoreError",
    "RecordFormatError",
    "RuleError",
    "RuleMismatchError",
    "SchemaDriftError",
    "ScoreError",
    "SingleClassError",
    "StoreBusyError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TableError",
    "TelcrmError",
    "TmfError",
    "TransitionError",
    "UnidentifiedModelError",
    "UnknownAccountError",
    "UnknownColumnsError",
    "UnknownCurrencyError",
    "UnknownCustomerError",
    "UnknownEntryError",
    "UnknownEstimatorError",
    "UnknownFieldError",
    "UnknownItemError",
    "UnknownMonthError",
    "UnknownStoreError",
    "UnreadableFileError",
    "UnsupportedFrameError",
    "UntranslatableConstraintError",
    "WindowError",
]


class TelcrmError(Exception):
    """Root of every error that telcrm raises on purpose.

    Parameters
    ----------
    message : str
        What was wrong, where, and how to mend it.
    **context
        The same facts for programs: column, table, keys, file, ... Read them from ``context``.

    Attributes
    ----------
    code : str
        Stable across releases, for example ``"TC-TABLE-001"``.
    message : str
    context : dict
    """

    code: ClassVar[str] = "TC-000"

    def __init__(self, message: str, **context: Any) -> None:
        self.message = message
        self.context = context
        super().__init__(message)

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.context))


def _rebuild(kind: type[TelcrmError], message: str, context: dict[str, Any]) -> TelcrmError:
    return kind(message, **context)


class MissingExtraError(TelcrmError, ImportError):
    """A feature needs an optional dependency that is not installed."""

    code = "TC-EXTRA-001"

    @classmethod
    def needing(cls, what: str, *modules: str, extra: str) -> Self:
        """Make the error for a feature, with the command that installs what it needs.

        Parameters
        ----------
        what : str
            The feature, to begin a sentence: ``"the report"``.
        *modules : str
            What is missing.
        extra : str
            The extra of telcrm that brings them.

        Returns
        -------
        MissingExtraError

        Examples
        --------
        >>> print(MissingExtraError.needing("the report", "jinja2", extra="cli"))
        [TC-EXTRA-001] the report needs jinja2, which is not installed.
        Run: pip install "telcrm[cli]"
        """
        named = ", ".join(modules)
        message = (
            f'{what} needs {named}, which is not installed. Run: pip install "telcrm[{extra}]"'
        )
        return cls(message, extra=extra, modules=list(modules))


class ParameterError(TelcrmError, ValueError):
    """An argument is outside its documented range."""

    code = "TC-PARAM-001"


class MoneyError(TelcrmError, ValueError):
    """An amount of money is not one, or an operation on money has no meaning."""

    code = "TC-MONEY-001"


class InexactAmountError(MoneyError, TypeError):
    """A binary float was offered as money; floats cannot hold most decimal amounts."""

    code = "TC-MONEY-002"


class CurrencyMismatchError(MoneyError):
    """Two currencies met in one operation."""

    code = "TC-MONEY-003"


class UnknownCurrencyError(MoneyError, KeyError):
    """A code is not in ISO 4217."""

    code = "TC-MONEY-004"


class MinorUnitError(MoneyError):
    """An amount is finer than its currency's minor unit, or the currency has none."""

    code = "TC-MONEY-005"


class IdentifierError(TelcrmError, ValueError):
    """A number is not a valid MSISDN, IMSI, IMEI or ICCID; ``context["rule"]`` names the rule."""

    code = "TC-ID-001"


class TransitionError(TelcrmError, ValueError):
    """A record was asked to move to a state that its present state does not lead to."""

    code = "TC-STATE-001"


class RecordFormatError(TelcrmError, ValueError):
    """Stored JSON is of another record, or of a format version that this release cannot read."""

    code = "TC-RECORD-001"


class TmfError(TelcrmError, ValueError):
    """A TM Forum payload cannot be read as the resource asked for, even leniently."""

    code = "TC-TMF-001"


class LedgerError(TelcrmError, ValueError):
    """The ledger refuses a command or a question; nothing of it was booked."""

    code = "TC-LEDGER-000"


class UnknownAccountError(LedgerError, KeyError):
    """The ledger has no such account."""

    code = "TC-LEDGER-001"


class ClosedAccountError(LedgerError):
    """The account is closed, so it takes no such entry."""

    code = "TC-LEDGER-002"


class AccountExistsError(LedgerError):
    """An account of this name was opened before."""

    code = "TC-LEDGER-003"


class UnknownEntryError(LedgerError, KeyError):
    """The journal has no such entry."""

    code = "TC-LEDGER-004"


class UnknownItemError(LedgerError, KeyError):
    """The account has no such item, or the entry that is named made none."""

    code = "TC-LEDGER-005"


class InvalidCommandError(LedgerError):
    """A command is not one: a field is missing, of the wrong kind, or out of its range."""

    code = "TC-LEDGER-006"


class OverAllocationError(LedgerError):
    """More is asked for than is open, available, held, or was written off."""

    code = "TC-LEDGER-007"


class AlreadyReversedError(LedgerError):
    """The entry was reversed before."""

    code = "TC-LEDGER-008"


class EntryInUseError(LedgerError):
    """Later entries stand on this one; ``context["reverse_first"]`` lists them."""

    code = "TC-LEDGER-009"


class NotReversibleError(LedgerError):
    """Entries of this kind are not taken back by a reversal."""

    code = "TC-LEDGER-010"


class KeyConflictError(LedgerError):
    """The key was used before, for a command with other content."""

    code = "TC-LEDGER-011"


class ClosedPeriodError(LedgerError):
    """The effective date lies in a closed period."""

    code = "TC-LEDGER-012"


class PostingDateError(LedgerError):
    """The date is before the account opened, or before what the entry builds on."""

    code = "TC-LEDGER-013"


class AccountNotSettledError(LedgerError):
    """An account with a balance, credit or deposit cannot be closed."""

    code = "TC-LEDGER-014"


class UnknownStoreError(LedgerError, KeyError):
    """No store is known for the scheme of a URL."""

    code = "TC-LEDGER-015"


class PartyMismatchError(LedgerError):
    """Credit was to move between accounts of different parties."""

    code = "TC-LEDGER-016"


class LedgerStoreError(TelcrmError, OSError):
    """The store could not carry out what it was asked; the transaction left no trace."""

    code = "TC-STORE-000"


class StoreUnavailableError(LedgerStoreError, ConnectionError):
    """The database is not reached, or was lost in the middle.

    Whether the last transaction was committed is then unknown. Send its commands again with the
    same keys: what was booked is not booked twice.
    """

    code = "TC-STORE-001"


class StoreBusyError(LedgerStoreError, TimeoutError):
    """Other writers were in the way for longer than the bounded number of attempts."""

    code = "TC-STORE-002"


class ReadOnlyStoreError(LedgerStoreError, PermissionError):
    """The database, or its file, cannot be written."""

    code = "TC-STORE-003"


class FullStoreError(LedgerStoreError):
    """The disk is full."""

    code = "TC-STORE-004"


class StoreVersionError(LedgerStoreError):
    """The database was written by a newer release, or is no ledger."""

    code = "TC-STORE-005"


class CorruptStoreError(LedgerStoreError):
    """The database file is damaged, or what it holds contradicts itself."""

    code = "TC-STORE-006"


class MartError(TelcrmError, ValueError):
    """A mart cannot be built, stored or asked as wanted."""

    code = "TC-MART-000"


class MissingTableError(MartError, KeyError):
    """A table that the policy goes by was not given."""

    code = "TC-MART-001"


class UnknownCustomerError(MartError, KeyError):
    """No such customer was known on that day."""

    code = "TC-MART-002"


class MartMismatchError(MartError):
    """A month was built under another policy, or has other columns."""

    code = "TC-MART-003"


class MonthExistsError(MartError):
    """The month is in the store already."""

    code = "TC-MART-004"


class UnknownMonthError(MartError, KeyError):
    """The store holds no such month."""

    code = "TC-MART-005"


class CorruptMartError(MartError):
    """The folder of a mart is damaged, or was written by a newer release."""

    code = "TC-MART-006"


class RuleError(TelcrmError, ValueError):
    """A rule is asked for what it does not have, or does not fit what it is put to."""

    code = "TC-RULE-001"


class ConditionSyntaxError(RuleError, TypeError):
    """A condition is written in Python as Python cannot read it, such as with ``and``."""

    code = "TC-RULE-002"


class UnknownFieldError(RuleError, KeyError):
    """A condition names a field that the row does not have."""

    code = "TC-RULE-003"


class FieldTypeError(RuleError, TypeError):
    """A field of a row holds a value that cannot be put to the test."""

    code = "TC-RULE-004"


class RuleMismatchError(RuleError):
    """Conditions do not fit a table; ``problems`` in the context lists all that is wrong."""

    code = "TC-RULE-005"


class EstimatorError(TelcrmError, ValueError):
    """A model cannot be fitted, asked or stored as wanted."""

    code = "TC-EST-000"


class NotFittedError(EstimatorError, AttributeError):
    """A model is asked to predict, or to be stored, before it has learnt anything."""

    code = "TC-EST-001"


class UnknownEstimatorError(EstimatorError, KeyError):
    """A stored model is of a kind that no class is known for."""

    code = "TC-EST-002"


class EstimatorFormatError(EstimatorError):
    """A stored model is broken, or of a format that this release cannot read."""

    code = "TC-EST-003"


class UnidentifiedModelError(EstimatorError):
    """The data cannot tell the parameters of a model: nobody in it, nobody bought twice, ..."""

    code = "TC-EST-004"


class DivergentValueError(EstimatorError, ArithmeticError):
    """A sum over all future time has no finite value at this discount rate."""

    code = "TC-EST-005"


class ChurnError(TelcrmError, ValueError):
    """Churn cannot be labelled, scored or judged as wanted."""

    code = "TC-CHURN-000"


class SingleClassError(ChurnError):
    """All customers left, or none did, so that there is nothing to tell apart."""

    code = "TC-CHURN-001"


class ScoreError(ChurnError):
    """Scores or outcomes are missing, of two lengths, or no probabilities where they have to be."""

    code = "TC-CHURN-002"


class WindowError(ChurnError):
    """Observation, gap and outcome do not fit together, or not into the data."""

    code = "TC-CHURN-003"


class SchemaDriftError(ChurnError):
    """A table to score is not like the one that a model has learnt from."""

    code = "TC-CHURN-004"


class ModelContractError(ChurnError, TypeError):
    """An object does not behave as a churn model has to."""

    code = "TC-CHURN-005"


class TableError(TelcrmError, ValueError):
    """A table does not meet its contract."""

    code = "TC-TABLE-000"


class MissingColumnsError(TableError, KeyError):
    """A column that is needed is not there."""

    code = "TC-TABLE-001"


class UnknownColumnsError(TableError, KeyError):
    """A column was named that the table does not have."""

    code = "TC-TABLE-002"


class ColumnTypeError(TableError, TypeError):
    """A column holds another type than its contract asks for."""

    code = "TC-TABLE-003"


class InvalidTableError(TableError):
    """Rows break the contract; ``findings`` in the context says which rule, where and how many."""

    code = "TC-TABLE-004"


class UntranslatableConstraintError(TableError):
    """A record's constraint has no column rule, so a table of such records cannot be checked."""

    code = "TC-TABLE-005"


class UnsupportedFrameError(TableError, TypeError):
    """The object is no dataframe that telcrm can reach."""

    code = "TC-TABLE-006"


class UnreadableFileError(TableError, OSError):
    """A file is broken, truncated, or in another encoding."""

    code = "TC-TABLE-007"


class NoTablesError(TableError):
    """A folder holds no canonical table."""

    code = "TC-TABLE-008"


class MappingError(TableError):
    """A column mapping names a table or a field that does not exist, or one twice."""

    code = "TC-TABLE-009"


class AmbiguousTableError(TableError):
    """Two files of a folder hold the same table."""

    code = "TC-TABLE-010"
