"""Anchors: the last row of the audit trail, written down outside the database from time to time.

Whoever can rewrite the whole chain, or cut off its end, cannot do so without the file showing it.
"""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from core.database import Connection
from core.journal import append_line, last_line, read_lines
from core.trail import queries
from core.trail.models import Anchor, Finding
from core.trail.verify import check_anchor

_log = logging.getLogger(__name__)


def anchors_place(records: Path, *, district_id: int) -> Path:
    """Give the file of a district's anchors."""
    return records / f"audit-anchors-{district_id}.jsonl"


def read_anchors(records: Path, *, district_id: int) -> Iterator[Anchor]:
    """Give a district's anchors, one at a time."""
    for line in read_lines(anchors_place(records, district_id=district_id)):
        yield _anchor(line)


async def anchor_trail(conn: Connection, *, district_id: int, records: Path, now: datetime) -> Finding | None:
    """Write the end of the trail down, in the file and in the log, unless it stands there already.

    Where the last anchor no longer fits, nothing is added: give what was found.
    """
    place = anchors_place(records, district_id=district_id)
    line = await asyncio.to_thread(last_line, place)
    known = None if line is None else _anchor(line)
    if known is not None:
        finding = await check_anchor(conn, district_id=district_id, anchor=known)
        if finding is not None:
            _log.error("审计链与库外锚点不符 / the audit trail does not fit its anchor: %s", finding.text.en)
            return finding
    last = await queries.find_last(conn, district_id=district_id)
    if last is not None and (known is None or last.id > known.id):
        written = {"district": district_id, "id": last.id, "hash": last.hash.hex(), "at": now}
        await asyncio.to_thread(append_line, place, written)
        _log.info("audit anchor: district %s, row %s, %s", district_id, last.id, last.hash.hex())
    return None


def _anchor(line: dict[str, object]) -> Anchor:
    return Anchor(int(str(line["id"])), bytes.fromhex(str(line["hash"])))
