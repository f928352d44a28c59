"""SQL that all parts of the desk share."""

from core.database import Connection


async def hold_room(conn: Connection, *, district_id: int, holder: str) -> None:
    """Let those who add to what `holder` keeps come one after another, until the transaction ends.

    Else each of several at once would count what the others have not stored yet, and find room.
    """
    await conn.execute("select pg_advisory_xact_lock(hashtext($2), $1)", district_id, f"desk {holder}")
