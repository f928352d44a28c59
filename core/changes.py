"""The change log: how in-process indices learn, in every process, that a row changed.

The writer notes the change in its own transaction. A follower polls and reads only transactions older than the
oldest still running, so a commit that arrives out of order is never skipped. NOTIFY is left out on purpose: it would
serialise commits, and a poll each second is fresh enough.
"""

from core import queries
from core.database import Connection
from core.models import ChangeRow


async def record_change(conn: Connection, *, district_id: int, kind: str, ref: str) -> None:
    """Note in the caller's transaction that the thing `ref` of `kind` must be read again."""
    await queries.insert_change(conn, district_id=district_id, kind=kind, ref=ref)


class Follower:
    """Remembers how far one process has read the change log: the last change it was given.

    Not the bound up to which it read: after a crash PostgreSQL gives out again the numbers of transactions that had
    written nothing to disk, and what they then record would lie behind such a reader.
    """

    def __init__(self, *, district_id: int) -> None:
        self._district_id = district_id
        self._last: tuple[int, int] | None = None

    async def poll(self, conn: Connection) -> list[ChangeRow]:
        """Give the changes since the last poll; the first poll only marks where reading starts.

        Call once before loading an index: what commits during the load is then given again, never missed.
        """
        bound = await queries.get_snapshot_bound(conn)
        if self._last is None:
            self._last = await queries.find_last_change(conn, district_id=self._district_id, below_xid=bound)
            return []
        found = await queries.list_changes(conn, district_id=self._district_id, after=self._last, below_xid=bound)
        if found:
            self._last = found[-1][0]
        return [change for _, change in found]
