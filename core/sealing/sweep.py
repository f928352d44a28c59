"""Brings rows to the newest keys, some at a time, while everything else goes on.

Each batch is one transaction and skips rows that somebody holds: it may run never, twice, late, or in several
processes. Nothing is read or written while all rows are at the newest keys.
"""

from collections.abc import Mapping, Sequence

from core.database import Connection
from core.sealing import queries
from core.sealing.models import Purpose, SealedTable
from core.sealing.queries import SealedRow
from core.sealing.ring import KeyRing

BATCH = 500
#: Nobody needs to know more exactly how many rows are waiting.
MOST_COUNTED = 100_000


async def reseal(
    conn: Connection, *, ring: KeyRing, tables: Sequence[SealedTable], district_id: int, may_be_plain: bool = False
) -> int:
    """Bring some rows to the newest keys and give how many; 0 means that there are none left.

    `may_be_plain` takes rows that a migration left unsealed, too: only before anybody is served, so that nothing
    written into the database by other hands passes for sealed.
    """
    count = 0
    for table in tables:
        count += await _seal_anew(conn, ring, table, district_id, may_be_plain)
        if table.indexed is not None:
            count += await _index_anew(conn, ring, table, district_id)
    return count


async def _seal_anew(conn: Connection, ring: KeyRing, table: SealedTable, district_id: int, may_be_plain: bool) -> int:
    rows = await queries.lock_rows_sealed_before(
        conn,
        table=table,
        district_id=district_id,
        number=ring.newest_seal,
        at_least=0 if may_be_plain else 1,
        limit=BATCH,
    )
    open_value = ring.open_plain if may_be_plain else ring.open
    anew = []
    for row in rows:
        places = [table.place(column, district_id=district_id, row_id=row.id) for column in table.columns]
        plain = [open_value(value, place) for value, place in zip(row.values, places, strict=True)]
        sealed = tuple(ring.seal(text, place) for text, place in zip(plain, places, strict=True))
        anew.append(SealedRow(row.id, sealed))
    if anew:
        await queries.update_sealed(conn, table=table, district_id=district_id, rows=anew)
    return len(anew)


async def _index_anew(conn: Connection, ring: KeyRing, table: SealedTable, district_id: int) -> int:
    rows = await queries.lock_rows_indexed_before(
        conn, table=table, district_id=district_id, number=ring.newest_index, limit=BATCH
    )
    indexed_as = table.indexed_as(district_id=district_id)
    indexes = []
    for row in rows:
        (sealed,) = row.values
        text = ring.open(sealed, table.place(table.indexed or "", district_id=district_id, row_id=row.id))
        if text is not None:
            indexes.append((row.id, ring.index(text, indexed_as)))
    if indexes:
        await queries.update_indexes(conn, table=table, district_id=district_id, indexes=indexes)
    if indexes or ring.oldest_index < ring.newest_index:
        return len(indexes)
    newest = ring.newest_index
    return await queries.clear_indexes(
        conn, table=table, district_id=district_id, is_odd=newest % 2 == 0, below=newest, limit=BATCH
    )


async def count_waiting(
    conn: Connection, *, tables: Sequence[SealedTable], district_id: int, newest: Mapping[Purpose, int]
) -> dict[Purpose, int]:
    """Count the rows that are not at the newest keys yet, by what for; no further than `MOST_COUNTED`."""
    waiting = {Purpose.SEAL: 0, Purpose.INDEX: 0}
    for table in tables:
        waiting[Purpose.SEAL] += await queries.count_sealed_before(
            conn, table=table, district_id=district_id, number=newest[Purpose.SEAL], most=MOST_COUNTED
        )
        if table.indexed is not None:
            waiting[Purpose.INDEX] += await queries.count_indexed_before(
                conn, table=table, district_id=district_id, number=newest[Purpose.INDEX], most=MOST_COUNTED
            )
    return waiting
