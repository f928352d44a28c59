"""The list of erasures, outside the database: a backup restored from before one still holds the person.

A line names a row by its number and the moment it was made, never a person: numbers may be given anew after a
restore, and the moment tells the rows apart. The line is on the disk before the erasure is committed.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from core.journal import append_line, read_lines

ErasureKind = Literal["rider", "appeal"]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Of what row the personal data was erased; `made_at` is when the row was made."""

    kind: ErasureKind
    id: int
    made_at: datetime


def erasures_place(records: Path, *, district_id: int) -> Path:
    """Give the file of a district's erasures."""
    return records / f"erasures-{district_id}.jsonl"


async def list_erasure(records: Path, erasure: Erasure, *, district_id: int, now: datetime) -> None:
    """Put an erasure on the list; the last step before the commit."""
    line: dict[str, object] = {"kind": erasure.kind, "id": erasure.id, "made_at": erasure.made_at, "at": now}
    await asyncio.to_thread(append_line, erasures_place(records, district_id=district_id), line)


def read_erasures(records: Path, *, district_id: int) -> Iterator[Erasure]:
    """Give the erasures of a district in their order, one at a time."""
    for line in read_lines(erasures_place(records, district_id=district_id)):
        made_at = datetime.fromisoformat(str(line["made_at"]))
        yield Erasure("rider" if line["kind"] == "rider" else "appeal", int(str(line["id"])), made_at)
