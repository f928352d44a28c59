"""The token of an appeal opens it for who holds it, and for nobody who has only the database."""

from datetime import timedelta
from pathlib import Path

from app.keys import SEALED_TABLES
from community.appeals.own import get_appeal_progress
from community.appeals.queries import find_appeal_id
from community.privacy.queries import forget_appeal_keys
from core.database import Connection, connected
from core.migration import migrate, read_migrations
from core.sealing.sweep import reseal
from tests.community.followup.story import appeal
from tests.conftest import DISTRICT, RING, START, Server, empty_database


async def everything(conn: Connection) -> str:
    """Give every row of every table, as text."""
    found = ""
    for (table,) in await conn.fetch("select tablename from pg_tables where schemaname = 'public'"):
        found += str(await conn.fetch(f'select "{table}"::text from "{table}"'))  # noqa: S608 — one of our own
    return found


async def test_no_row_holds_the_token_and_the_one_who_has_it_sees_his_appeal(conn: Connection) -> None:
    sent, case = await appeal(conn)
    stored = await everything(conn)
    assert (False, False) == (sent.token in stored, sent.token.encode().hex() in stored)
    assert "孩子上学的事" in stored  # the search finds what is there
    assert case.number == (await get_appeal_progress(conn, district_id=DISTRICT, token=sent.token)).number


async def test_sent_again_it_gets_the_same_token_as_long_as_its_key_is_kept(conn: Connection) -> None:
    sent, case = await appeal(conn)
    assert sent == (await appeal(conn))[0]
    assert 1 == await forget_appeal_keys(conn, district_id=DISTRICT, before=START + timedelta(seconds=1), limit=9)
    assert None is await conn.fetchval("select token from appeal")
    assert case.number == (await get_appeal_progress(conn, district_id=DISTRICT, token=sent.token)).number


async def test_tokens_of_before_the_upgrade_open_their_appeals_and_stand_readable_no_more(
    server: Server, tmp_path: Path
) -> None:
    for migration in read_migrations():
        if migration.name < "0027":
            (tmp_path / migration.name).write_bytes(migration.sql.encode())
    async with connected(await empty_database(server)) as conn:
        await migrate(conn, folder=tmp_path)
        await conn.execute(
            """
            insert into appeal (district_id, key, body_hash, token, submitted_at)
            values ($1, 'a-key', 'x', 'a-token', $2), ($1, '~7', '', 'an-old-token', $2)
            """,
            DISTRICT,
            START,
        )
        await migrate(conn)
        assert 1 == await reseal(conn, ring=RING, tables=SEALED_TABLES, district_id=DISTRICT, may_be_plain=True)
        found = [await find_appeal_id(conn, district_id=DISTRICT, token=each) for each in ("a-token", "an-old-token")]
        assert found == [row["id"] for row in await conn.fetch("select id from appeal order by id")]
        stored = await everything(conn)
        assert [] == [each for each in ("a-token", "an-old-token") if each.encode().hex() in stored]
        assert 0 == await conn.fetchval("select count(*) from appeal where key = '~7' and token is not null")
