"""ISO 4217 codes withdrawn since 2001: numeric code, name, exponent, month of withdrawal.

Old invoices and payments stay readable in the currency that they were made in. Facts of the
maintenance agency's list three, kept by hand: it is published without exponents, which are those of
the edition in which the code was last in force. A code joins this table when it leaves the
generated one.
"""

from typing import Final

WITHDRAWN: Final[dict[str, tuple[str, str, int, str]]] = {
    "ADP": ("020", "Andorran Peseta", 0, "2003-07"),
    "AFA": ("004", "Afghani", 2, "2003-01"),
    "ANG": ("532", "Netherlands Antillean Guilder", 2, "2025-03"),
    "ATS": ("040", "Schilling", 2, "2002-03"),
    "AZM": ("031", "Azerbaijanian Manat", 2, "2005-12"),
    "BEF": ("056", "Belgian Franc", 0, "2002-03"),
    "BGL": ("100", "Lev", 2, "2003-11"),
    "BGN": ("975", "Bulgarian Lev", 2, "2026-01"),
    "BYB": ("112", "Belarusian Ruble", 0, "2001-01"),
    "BYR": ("974", "Belarusian Ruble", 0, "2017-01"),
    "CSD": ("891", "Serbian Dinar", 2, "2006-10"),
    "CUC": ("931", "Peso Convertible", 2, "2021-06"),
    "CYP": ("196", "Cyprus Pound", 2, "2008-01"),
    "DEM": ("276", "Deutsche Mark", 2, "2002-03"),
    "EEK": ("233", "Kroon", 2, "2011-01"),
    "ESP": ("724", "Spanish Peseta", 0, "2002-03"),
    "FIM": ("246", "Markka", 2, "2002-03"),
    "FRF": ("250", "French Franc", 2, "2002-03"),
    "GHC": ("288", "Cedi", 2, "2008-01"),
    "GRD": ("300", "Drachma", 0, "2002-03"),
    "HRK": ("191", "Kuna", 2, "2023-01"),
    "IEP": ("372", "Irish Pound", 2, "2002-03"),
    "ITL": ("380", "Italian Lira", 0, "2002-03"),
    "LTL": ("440", "Lithuanian Litas", 2, "2014-12"),
    "LUF": ("442", "Luxembourg Franc", 0, "2002-03"),
    "LVL": ("428", "Latvian Lats", 2, "2014-01"),
    "MGF": ("450", "Malagasy Franc", 0, "2004-12"),
    "MRO": ("478", "Ouguiya", 2, "2017-12"),
    "MTL": ("470", "Maltese Lira", 2, "2008-01"),
    "MZM": ("508", "Mozambique Metical", 2, "2006-06"),
    "NLG": ("528", "Netherlands Guilder", 2, "2002-03"),
    "PTE": ("620", "Portuguese Escudo", 0, "2002-03"),
    "ROL": ("642", "Old Leu", 2, "2005-06"),
    "RUR": ("810", "Russian Ruble", 2, "2004-01"),
    "SDD": ("736", "Sudanese Dinar", 2, "2007-07"),
    "SIT": ("705", "Tolar", 2, "2007-01"),
    "SKK": ("703", "Slovak Koruna", 2, "2009-01"),
    "SLL": ("694", "Leone", 2, "2023-12"),
    "SRG": ("740", "Surinam Guilder", 2, "2003-12"),
    "STD": ("678", "Dobra", 2, "2017-12"),
    "TMM": ("795", "Turkmenistan Manat", 2, "2009-01"),
    "TPE": ("626", "Timor Escudo", 0, "2002-11"),
    "TRL": ("792", "Old Turkish Lira", 0, "2005-12"),
    "USS": ("998", "US Dollar (Same day)", 2, "2014-03"),
    "VEB": ("862", "Bolivar", 2, "2008-01"),
    "VEF": ("937", "Bolivar", 2, "2018-08"),
    "YUM": ("891", "New Dinar", 2, "2003-07"),
    "ZMK": ("894", "Zambian Kwacha", 2, "2012-12"),
    "ZWD": ("716", "Zimbabwe Dollar", 2, "2008-08"),
    "ZWL": ("932", "Zimbabwe Dollar", 2, "2024-09"),
    "ZWR": ("935", "Zimbabwe Dollar", 2, "2009-06"),
}
