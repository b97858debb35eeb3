"""Entries per second when every writer touches one account, with readers that check totals.

    python benchmarks/ledger_concurrency.py [--writers 8] [--readers 2] [--commands 200]

Processes post to one new database at once, each entry durable (SQLite ``synchronous=FULL``,
PostgreSQL ``synchronous_commit=on``); they are those of ``tests/ledger/writers.py``. ``transfers``
pass debts through the hot account, ``mixed`` charges, pays and offsets it, ``same_keys`` posts
what all the others post. In the end every acknowledged entry has to be there, and the books whole.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.ledger import Place, place_of

from telcrm.ledger import Ledger

PROGRAM = Path(__file__).parents[1] / "tests" / "ledger" / "writers.py"
WORK = ("transfers", "mixed", "same_keys")


def run(*jobs: dict[str, Any]) -> list[Any]:
    """Let the writers' program do jobs, one after the other."""
    done = subprocess.run(  # noqa: S603 (own program)
        [sys.executable, str(PROGRAM)],
        input="".join(json.dumps(job) + "\n" for job in jobs),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def measure(place: Place, work: str, given: argparse.Namespace) -> None:
    url = place.url(work)
    where = {"url": url, "work": work, "writers": given.writers}
    size = {"readers": given.readers, "commands": given.commands}
    names, answer = run({"job": "prepare", **where}, {"job": "together", **where, **size})
    failed = [one for one in (*answer["written"], *answer["read"]) if "error" in one]
    assert not failed, failed[0]
    receipts = [one for written in answer["written"] for one in written["receipts"]]
    wrong = sum(len(read["wrong"]) for read in answer["read"])
    looks = sum(read["looks"] for read in answer["read"])
    with Ledger.open(url) as ledger:
        kept = {(one.entry_id, one.hash) for name in names for one in ledger.journal(name)}
        verification = ledger.verify()
    told = {(entry_id, chain) for _, _, entries in receipts for entry_id, chain in entries}
    entries = sum(len(one[2]) for one in receipts if not one[1])
    print(
        f"{place.kind:11}{work:10} {given.writers} writers: {entries:,} entries in "
        f"{answer['seconds']:.1f} s, {entries / answer['seconds']:,.0f}/s; {looks} looks of "
        f"{given.readers} readers, {wrong} wrong; {len(told - kept)} entries lost; "
        f"{'books whole' if verification.ok else verification.first_break}"
    )


def main() -> None:
    """Measure all kinds of work on the databases that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--commands", type=int, default=200, help="of each writer")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    given = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    for kind in kinds:
        with place_of(kind) as place:
            for work in WORK:
                measure(place, work, given)


if __name__ == "__main__":
    main()
