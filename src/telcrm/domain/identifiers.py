"""Numbers that name a line, a SIM card or a device, and the keys that name records.

Four network identifiers come with their real validation: MSISDN (ITU-T E.164), IMSI (ITU-T E.212),
IMEI (3GPP TS 23.003, clause 6) and ICCID (ITU-T E.118). Each is an ``Annotated[str, ...]`` for a
field of a record and a ``parse_...`` function for one value; both return the canonical form and
name the rule that failed.

The keys of records (``CustomerId``, ``InvoiceId``, ...) are strings of 1 to 64 printable ASCII
characters without a leading or trailing blank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from telcrm.domain.mnc_lengths import mnc_digits as usual_mnc_digits
from telcrm.errors import IdentifierError, ParameterError

__all__ = [
    "AccountId",
    "AgreementId",
    "CampaignId",
    "ColumnPattern",
    "ComplaintId",
    "ContactId",
    "CountryCode",
    "CustomerId",
    "EquipmentId",
    "Iccid",
    "Imei",
    "Imsi",
    "ImsiParts",
    "InteractionId",
    "InvoiceId",
    "Msisdn",
    "OfferId",
    "PartyId",
    "PaymentId",
    "RechargeId",
    "ServiceRequestId",
    "SubscriptionId",
    "SurveyId",
    "UsageId",
    "imei_check_digit",
    "luhn_check_digit",
    "parse_iccid",
    "parse_imei",
    "parse_imsi",
    "parse_msisdn",
    "split_imsi",
]


@dataclass(frozen=True, slots=True)
class ColumnPattern:
    """Marks an annotated string whose canonical values match a regular expression.

    A record runs ``parse``, which normalises the value and checks all of it. A table column checks
    ``regex``, and the Luhn digit where there is one.

    Parameters
    ----------
    regex : str
        Anchored; no look-around and no back-reference, so that Python, Rust, RE2 and Java agree.
    parse : callable
        Takes a string, returns the canonical form, raises
        :class:`~telcrm.errors.IdentifierError`.
    check_digit : bool
        Whether the last digit is a Luhn check digit.

    Examples
    --------
    >>> Imei.__metadata__[0].regex
    '^[0-9]{15}$'
    """

    regex: str
    parse: Callable[[str], str]
    check_digit: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        # Input may be spaced or hyphenated, so only what we write is promised to match.
        if handler.mode == "serialization":
            described["pattern"] = self.regex
        return described


class ImsiParts(NamedTuple):
    """The three parts of an IMSI: country, network, and subscriber within the network."""

    mcc: str
    mnc: str
    msin: str


def _refuse(kind: str, value: object, rule: str, why: str) -> NoReturn:
    raise IdentifierError(
        f"{kind} {value!r} breaks the rule {rule!r}: {why}", kind=kind, rule=rule, value=value
    )


_SEPARATORS = str.maketrans("", "", " -.()/")


def _compact(kind: str, text: str) -> str:
    if not isinstance(text, str):
        _refuse(kind, text, "type", f"pass a string, not {type(text).__name__}.")
    return text.translate(_SEPARATORS)


def _only_digits(kind: str, text: str, digits: str) -> None:
    if not (digits.isascii() and digits.isdigit()):
        _refuse(kind, text, "digits", "only the digits 0-9, blanks and - . / ( ) may occur.")


def luhn_check_digit(digits: str) -> str:
    """Return the check digit that the Luhn formula appends to a string of digits.

    Parameters
    ----------
    digits : str
        ASCII digits without the check digit, at least one.

    Returns
    -------
    str
        One digit.

    Raises
    ------
    ParameterError
        The argument is empty or holds something else than digits.

    Notes
    -----
    ISO/IEC 7812-1, annex B: from the right, double every second digit beginning with the last, add
    the digits of the products, and complete to a multiple of ten.

    Examples
    --------
    >>> luhn_check_digit("7992739871")
    '3'
    """
    if not (digits.isascii() and digits.isdigit()):
        raise ParameterError(f"digits must be one or more of 0-9, not {digits!r}.", value=digits)
    total = 0
    for position, digit in enumerate(reversed(digits)):
        worth = int(digit) * (2 if position % 2 == 0 else 1)
        total += worth - 9 if worth > 9 else worth
    return str(-total % 10)


def _check_luhn(kind: str, text: str, digits: str, hint: str = "") -> None:
    due = luhn_check_digit(digits[:-1])
    if digits[-1] != due:
        _refuse(kind, text, "luhn", f"the last digit is {digits[-1]}, should be {due}.{hint}")


def parse_msisdn(text: str) -> str:
    """Return a telephone number in E.164 form: ``+``, country code, national number.

    Parameters
    ----------
    text : str
        ``+`` and 7 to 15 digits, the first of them 1 to 9. Blanks, hyphens, dots, slashes and
        parentheses are dropped.

    Returns
    -------
    str
        ``+`` and digits only.

    Raises
    ------
    IdentifierError
        ``context["rule"]`` is ``type``, ``prefix``, ``digits`` or ``length``.

    Notes
    -----
    ITU-T E.164 (11/2010), clause 6: at most 15 digits, no country code begins with 0. National
    numbering plans are not checked.

    Examples
    --------
    >>> parse_msisdn("+44 (7911) 123-456")
    '+447911123456'
    """
    number = _compact("MSISDN", text)
    if not number.startswith("+"):
        mend = "write + in place of 00" if number.startswith("00") else "put + and country code"
        _refuse("MSISDN", text, "prefix", f"the number must begin with +: {mend}.")
    digits = number[1:]
    _only_digits("MSISDN", text, digits)
    if digits[0] == "0":
        _refuse("MSISDN", text, "prefix", "no country code begins with 0.")
    if not 7 <= len(digits) <= 15:
        _refuse("MSISDN", text, "length", f"7 to 15 digits are allowed after +, not {len(digits)}.")
    return number


def parse_imsi(text: str) -> str:
    """Return an IMSI as its 14 or 15 digits.

    Parameters
    ----------
    text : str
        14 or 15 digits; separators are dropped. The first three are the mobile country code: 2xx to
        7xx, 901 (shared networks), 001 (test) or 999 (private).

    Returns
    -------
    str

    Raises
    ------
    IdentifierError
        ``context["rule"]`` is ``type``, ``digits``, ``length`` or ``mcc``.

    Notes
    -----
    ITU-T E.212 (09/2016), clause 6 and annex A. Whether a country code is assigned is not checked.

    Examples
    --------
    >>> parse_imsi("262 01 1234567890")
    '262011234567890'
    """
    digits = _compact("IMSI", text)
    _only_digits("IMSI", text, digits)
    if not 14 <= len(digits) <= 15:
        _refuse("IMSI", text, "length", f"14 or 15 digits are allowed, not {len(digits)}.")
    mcc = digits[:3]
    if not ("200" <= mcc <= "799" or mcc in {"001", "901", "999"}):
        _refuse("IMSI", text, "mcc", f"{mcc} is no mobile country code (2xx-7xx, 901, 001, 999).")
    return digits


def split_imsi(imsi: str, *, mnc_digits: Literal[2, 3] | None = None) -> ImsiParts:
    """Split an IMSI into country code, network code and subscriber number.

    Parameters
    ----------
    imsi : str
        Anything that :func:`parse_imsi` takes.
    mnc_digits : 2 or 3, optional
        Length of the network code, if known. By default the usual one of the country, see
        :mod:`telcrm.domain.mnc_lengths`.

    Returns
    -------
    ImsiParts

    Raises
    ------
    IdentifierError
        As :func:`parse_imsi`.
    ParameterError
        ``mnc_digits`` is neither 2 nor 3.

    Examples
    --------
    >>> split_imsi("310150123456789")
    ImsiParts(mcc='310', mnc='150', msin='123456789')
    >>> split_imsi("262011234567890").mnc
    '01'
    """
    digits = parse_imsi(imsi)
    if mnc_digits not in {None, 2, 3}:
        raise ParameterError(f"mnc_digits is 2, 3 or None, not {mnc_digits!r}.", value=mnc_digits)
    end = 3 + (usual_mnc_digits(digits) if mnc_digits is None else mnc_digits)
    return ImsiParts(digits[:3], digits[3:end], digits[end:])


def imei_check_digit(digits: str) -> str:
    """Return the check digit of an IMEI from its first 14 digits.

    Parameters
    ----------
    digits : str
        Type allocation code (8) and serial number (6): also the first 14 digits of an IMEISV, or of
        a network record that carries a spare 0 in place of the check digit.

    Returns
    -------
    str
        One digit.

    Raises
    ------
    ParameterError
        Not 14 digits.

    Notes
    -----
    3GPP TS 23.003, annex B.

    Examples
    --------
    >>> imei_check_digit("49015420323751")
    '8'
    """
    if len(digits) != 14:
        raise ParameterError(f"an IMEI has 14 digits before its check digit, not {len(digits)}.")
    return luhn_check_digit(digits)


def parse_imei(text: str) -> str:
    """Return an IMEI as its 15 digits.

    Parameters
    ----------
    text : str
        15 digits, the last a Luhn check digit; separators are dropped.

    Returns
    -------
    str
        Its first 8 digits are the type allocation code (TAC).

    Raises
    ------
    IdentifierError
        ``context["rule"]`` is ``type``, ``digits``, ``length`` or ``luhn``.

    Notes
    -----
    3GPP TS 23.003, clause 6.2. An IMEISV (16 digits) has no check digit and is refused: complete
    its first 14 digits with :func:`imei_check_digit`.

    Examples
    --------
    >>> parse_imei("49-015420-323751-8")
    '490154203237518'
    """
    digits = _compact("IMEI", text)
    _only_digits("IMEI", text, digits)
    if len(digits) == 16:
        why = "16 digits are an IMEISV; take 14 of them and append telcrm.domain.imei_check_digit."
        _refuse("IMEI", text, "length", why)
    if len(digits) != 15:
        _refuse("IMEI", text, "length", f"15 digits are needed, not {len(digits)}.")
    hint = ""
    if digits[-1] == "0":
        hint = (
            " Network records carry a spare 0 there: telcrm.domain.imei_check_digit completes 14."
        )
    _check_luhn("IMEI", text, digits, hint)
    return digits


def parse_iccid(text: str) -> str:
    """Return the number of a SIM card as its 19 or 20 digits.

    Parameters
    ----------
    text : str
        19 or 20 digits that begin with 89 and end with a Luhn check digit. Separators are dropped,
        as is the filler ``F`` that a card's memory puts after 19 digits.

    Returns
    -------
    str

    Raises
    ------
    IdentifierError
        ``context["rule"]`` is ``type``, ``digits``, ``prefix``, ``length`` or ``luhn``.

    Notes
    -----
    ITU-T E.118 (05/2006): major industry identifier 89, issuer, account number, check digit; 20
    digits are the practice of some issuers.

    Examples
    --------
    >>> parse_iccid("8991 1012 0000 3204 514F")
    '8991101200003204514'
    """
    digits = _compact("ICCID", text)
    if len(digits) == 20 and digits[-1] in "Ff":
        digits = digits[:-1]
    _only_digits("ICCID", text, digits)
    if not digits.startswith("89"):
        _refuse("ICCID", text, "prefix", "the card number of a telecom issuer begins with 89.")
    if not 19 <= len(digits) <= 20:
        _refuse("ICCID", text, "length", f"19 or 20 digits are allowed, not {len(digits)}.")
    _check_luhn("ICCID", text, digits)
    return digits


Msisdn = Annotated[str, ColumnPattern(r"^\+[1-9][0-9]{6,14}$", parse_msisdn)]
Imsi = Annotated[str, ColumnPattern(r"^(?:[2-7][0-9]{2}|901|001|999)[0-9]{11,12}$", parse_imsi)]
Imei = Annotated[str, ColumnPattern(r"^[0-9]{15}$", parse_imei, check_digit=True)]
Iccid = Annotated[str, ColumnPattern(r"^89[0-9]{17,18}$", parse_iccid, check_digit=True)]

_KEY = StringConstraints(pattern=r"^[!-~](?:[ -~]*[!-~])?$", min_length=1, max_length=64)

AccountId = Annotated[str, _KEY]
AgreementId = Annotated[str, _KEY]
CampaignId = Annotated[str, _KEY]
ComplaintId = Annotated[str, _KEY]
ContactId = Annotated[str, _KEY]
CustomerId = Annotated[str, _KEY]
EquipmentId = Annotated[str, _KEY]
InteractionId = Annotated[str, _KEY]
InvoiceId = Annotated[str, _KEY]
OfferId = Annotated[str, _KEY]
PartyId = Annotated[str, _KEY]
PaymentId = Annotated[str, _KEY]
RechargeId = Annotated[str, _KEY]
ServiceRequestId = Annotated[str, _KEY]
SubscriptionId = Annotated[str, _KEY]
SurveyId = Annotated[str, _KEY]
UsageId = Annotated[str, _KEY]

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
