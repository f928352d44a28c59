"""Verifies the audit trail: every row against the one before it, and the whole against the anchors outside.

Each batch is a query of its own, so neither memory nor a snapshot grows with the trail; rows appended meanwhile are
read too. Hashes are worked out in our process from the rows' own columns.
"""

import hashlib
from collections.abc import Iterable
from itertools import islice

from core.database import Connection
from core.trail import queries
from core.trail.models import Anchor, Fault, Finding, Link, Verification

BATCH = 5_000
ANCHOR_BATCH = 1_000


async def verify_trail(conn: Connection, *, district_id: int, anchors: Iterable[Anchor]) -> Verification:
    """Read the whole trail and give the first row that is not as it was written, if there is one.

    `anchors` come in any order and are read once.
    """
    rows, before = 0, b""
    while links := await queries.list_links(conn, district_id=district_id, after=rows, limit=BATCH):
        for link in links:
            if link.id != rows + 1:
                return Verification(rows, 0, Finding(Fault.DELETED, rows + 1))
            if hashlib.sha256(before + link.content).digest() != link.hash:
                return Verification(rows, 0, await _explain(conn, district_id, before, link))
            rows, before = link.id, link.hash
    return await _compare(conn, district_id=district_id, rows=rows, anchors=anchors)


async def check_anchor(conn: Connection, *, district_id: int, anchor: Anchor) -> Finding | None:
    """Tell whether the row that an anchor knows is still there and the same."""
    return (await _compare(conn, district_id=district_id, rows=None, anchors=[anchor])).finding


async def _explain(conn: Connection, district_id: int, before: bytes, link: Link) -> Finding:
    moved = await queries.find_moved(conn, district_id=district_id, before=before, link=link)
    return Finding(Fault.EDITED, link.id) if moved is None else Finding(Fault.REORDERED, link.id, moved)


async def _compare(conn: Connection, *, district_id: int, rows: int | None, anchors: Iterable[Anchor]) -> Verification:
    """Hold the anchors against their rows; of those that do not fit, the lowest tells where it begins."""
    count, fitting, wrong = 0, 0, None
    remaining = iter(anchors)
    while batch := list(islice(remaining, ANCHOR_BATCH)):
        hashes = await queries.list_hashes(conn, district_id=district_id, ids=[anchor.id for anchor in batch])
        count += len(batch)
        for anchor in batch:
            if hashes.get(anchor.id) == anchor.hash:
                fitting = max(fitting, anchor.id)
            elif wrong is None or anchor.id < wrong:
                wrong = anchor.id
    last = await queries.find_last(conn, district_id=district_id)  # after the anchors: more may be there by now
    end = 0 if last is None else last.id
    finding = None
    if wrong is not None and wrong > end:
        finding = Finding(Fault.TRUNCATED, end + 1, wrong)
    elif wrong is not None:
        finding = Finding(Fault.REWRITTEN, min(fitting + 1, wrong), wrong)
    return Verification(end if rows is None else rows, count, finding)
