"""How many digits a mobile network code has; the IMSI itself does not say.

ITU-T E.212 leaves the length of the network code (MNC) to each country: North America, most of the
Caribbean and parts of Latin America use three digits, the rest of the world two. India (405) and
Malaysia (502) use both and are told apart by ranges. Two countries stay uncertain: the Bahamas
(364) and Trinidad and Tobago (374) list codes of both lengths and count as two-digit here, as does
Bermuda (350). Who knows the length of a network passes it on.

The ranges for India and Malaysia are those that the Android Open Source Project ships for cards
which do not tell the length (SIM records, Apache-2.0).
"""

from typing import Final, Literal

# fmt: off
THREE_DIGIT_MCCS: Final = frozenset({
    "302", "310", "311", "312", "313", "314", "315", "316", "330",
    "334", "338", "342", "344", "346", "348", "352", "354", "356",
    "358", "360", "365", "366", "376", "708", "722", "732", "750",
})
# fmt: on

THREE_DIGIT_RANGES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "405": (("025", "047"), ("750", "756"), ("799", "886"), ("908", "932")),
    "502": (("142", "143"), ("145", "148")),
}


def mnc_digits(imsi: str) -> Literal[2, 3]:
    """Return the usual length of the network code of an IMSI.

    Parameters
    ----------
    imsi : str
        At least six digits.

    Returns
    -------
    2 or 3

    Examples
    --------
    >>> mnc_digits("310150123456789"), mnc_digits("262011234567890")
    (3, 2)
    >>> mnc_digits("405854123456789"), mnc_digits("405510123456789")
    (3, 2)
    """
    mcc, network = imsi[:3], imsi[3:6]
    ranges = THREE_DIGIT_RANGES.get(mcc, ())
    in_range = any(first <= network <= last for first, last in ranges)
    return 3 if mcc in THREE_DIGIT_MCCS or in_range else 2
