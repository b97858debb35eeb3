"""Invented names: syllables and trades, no list of real people or firms."""

from __future__ import annotations

from itertools import product

__all__ = ["ORGANIZATION_NAMES", "PERSON_NAMES", "REGIONS"]

_GIVEN = [
    "Alun",
    "Bexa",
    "Corin",
    "Dalma",
    "Eskil",
    "Fenna",
    "Goro",
    "Hesta",
    "Ivo",
    "Jorun",
    "Kelda",
    "Lumo",
    "Mirin",
    "Nessa",
    "Orlo",
    "Petra",
    "Quill",
    "Runa",
    "Sorin",
    "Tavi",
    "Ulva",
    "Vesna",
    "Wendel",
    "Xanti",
    "Ysolde",
    "Zarek",
]
_FAMILY = [
    "Abelor",
    "Brandwyk",
    "Castoval",
    "Drummel",
    "Elvanto",
    "Farrowen",
    "Galdric",
    "Hollinar",
    "Istveld",
    "Jarrowe",
    "Kestrin",
    "Lomavar",
    "Merridan",
    "Norvane",
    "Ostrell",
    "Pellagor",
    "Quenneth",
    "Rostvik",
    "Selbrook",
    "Tormala",
    "Umbrell",
    "Varosk",
    "Wexnor",
    "Yarrowin",
    "Zellmar",
]
_FIRMS = [
    "Aldenor",
    "Brightmoor",
    "Cobaltine",
    "Dunverra",
    "Eastmarl",
    "Fernholt",
    "Glasswyn",
    "Harborel",
    "Ironvale",
    "Juniperan",
    "Kettlebrook",
    "Larkmont",
    "Mossgard",
    "Northwend",
    "Oakrell",
    "Pinestrom",
]
_TRADES = [
    "Bakery",
    "Builders",
    "Clinic",
    "Freight",
    "Foods",
    "Hotels",
    "Labs",
    "Motors",
    "Partners",
    "Textiles",
]

PERSON_NAMES: tuple[str, ...] = tuple(f"{a} {b}" for a, b in product(_GIVEN, _FAMILY))
ORGANIZATION_NAMES: tuple[str, ...] = tuple(f"{a} {b}" for a, b in product(_FIRMS, _TRADES))
REGIONS: tuple[str, ...] = ("capital", "east", "north", "south", "west")
