"""What a folder of the mart says of itself: its policy, and the file of each month."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from telcrm.domain import Period, Record
from telcrm.errors import CorruptMartError, RecordFormatError
from telcrm.mart.policy import MartPolicy

__all__ = ["Manifest", "StoredMonth", "read_manifest", "write_beside"]

_NAME = "mart.json"


class StoredMonth(Record):
    """The file of one month."""

    period: Period
    file: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9a-f]{12}\.parquet$")]
    rows: Annotated[int, Field(strict=True, ge=0)]


class Manifest(Record):
    """The months of a folder, and the policy that they were built under."""

    policy: MartPolicy
    months: tuple[StoredMonth, ...] = ()

    @model_validator(mode="after")
    def _each_month_once(self) -> Self:
        if len({month.period for month in self.months}) < len(self.months):
            message = "a month stands in the manifest twice"
            raise ValueError(message)
        return self

    def write(self, folder: Path) -> None:
        """Put the manifest in its place, all at once."""
        write_beside(folder / _NAME, self.to_json(indent=2).encode())


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder, or return None if there is none.

    Raises
    ------
    CorruptMartError
        It cannot be read, or is of a newer release.
    """
    path = folder / _NAME
    if not path.exists():
        return None
    try:
        return Manifest.from_json(path.read_bytes())
    except (RecordFormatError, ValidationError, UnicodeDecodeError) as error:
        raise CorruptMartError(
            f"{path} is no manifest that this release reads ({error!s:.200}). Use the release that "
            "wrote it or a newer one, or build the mart again in another folder.",
            path=str(path),
        ) from error


def write_beside(path: Path, content: bytes) -> None:
    """Write a file under another name, then rename it: it is there whole or not at all."""
    made = path.with_name(f".{path.name}.part")
    try:
        made.write_bytes(content)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
