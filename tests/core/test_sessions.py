"""Sessions: their ends, the renewal of their tokens, what becomes of stolen ones, and whose they are."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.access.accounts import disable, set_one_time_password
from core.access.models import Actor, Grant, Role, Tokens
from core.access.queries import insert_grant
from core.access.sessions import (
    ACCESS_LIFE,
    FORMER_ACCESS_LIFE,
    IDLE_LIFE,
    NOTED_EVERY,
    PROOF_LIFE,
    RENEWED_TOGETHER,
    SESSION_LIFE,
    RecentSignInNeeded,
    anonymous,
    end_session,
    end_sessions,
    find_actor,
    find_actors,
    list_sessions,
    open_session,
    refresh_session,
    renew_proof,
    require_recent_sign_in,
)
from core.access.tokens.token import Token
from core.database import Connection, Pool, pool_transaction
from core.errors import NotFound
from tests.conftest import DISTRICT, START
from tests.staff import insert_staff

A_MINUTE = timedelta(minutes=1)
A_MOMENT = timedelta(microseconds=1)


async def enter(conn: Connection, kind: str = "rider", subject_id: int = 7, now: datetime = START) -> Tokens:
    assert kind in ("rider", "staff")
    return await open_session(
        conn, district_id=DISTRICT, kind="rider" if kind == "rider" else "staff", subject_id=subject_id, now=now
    )


async def hire(conn: Connection) -> int:
    staff = await insert_staff(conn, district_id=DISTRICT, username="wang", name="演示书记", now=START)
    for grant in (Grant(Role.SECRETARY, "37/01"), Grant(Role.DEPARTMENT, "", 3)):
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
    return staff.id


async def who(conn: Connection, token: str, now: datetime = START) -> Actor | None:
    return await find_actor(conn, district_id=DISTRICT, token=token, now=now)


async def renew(conn: Connection, token: str, now: datetime = START) -> Tokens | None:
    return await refresh_session(conn, district_id=DISTRICT, token=token, now=now)


async def count_living(conn: Connection) -> int:
    living: int = await conn.fetchval("select count(*) from session where revoked_at is null")
    return living


async def test_an_access_token_stands_for_its_rider_for_a_quarter_of_an_hour(conn: Connection) -> None:
    tokens = await enter(conn)
    found = await who(conn, tokens.access)
    assert Actor("rider", 7, DISTRICT) == found
    assert await who(conn, tokens.access, START + ACCESS_LIFE - A_MOMENT) is not None
    assert await who(conn, tokens.access, START + ACCESS_LIFE) is None


async def test_an_access_token_brings_the_grants_of_staff_and_when_they_proved_themselves(conn: Connection) -> None:
    found = await who(conn, (await enter(conn, "staff", await hire(conn))).access)
    assert found is not None
    assert ("演示书记", START) == (found.name, found.proved_at)
    assert {Grant(Role.SECRETARY, "37/01"), Grant(Role.DEPARTMENT, "", 3)} == set(found.grants)


async def test_a_refresh_token_is_no_access_token_nor_the_other_way(conn: Connection) -> None:
    tokens = await enter(conn)
    assert await who(conn, tokens.refresh) is None
    assert await renew(conn, tokens.access) is None


@pytest.mark.parametrize("token", ["", "x", "汉", b"\xff\xfe".decode(errors="surrogateescape"), "A" * 63, "A" * 64])
async def test_what_is_no_token_stands_for_nobody_and_renews_nothing(conn: Connection, token: str) -> None:
    assert (None, None) == (await who(conn, token), await renew(conn, token))


async def test_neither_the_tokens_nor_their_parts_are_stored(conn: Connection) -> None:
    tokens = await enter(conn)
    renewed = await renew(conn, tokens.refresh)
    assert renewed is not None
    row = await conn.fetchrow("select * from session")
    assert row is not None
    stored = {bytes(value) for value in row.values() if isinstance(value, bytes)}
    parts = [Token.parse(text) for pair in (tokens, renewed) for text in (pair.access, pair.refresh)]
    assert not stored & {part for token in parts if token is not None for part in (token.handle, token.secret)}


async def test_tokens_are_shown_to_no_log(conn: Connection) -> None:
    tokens = await enter(conn)
    shown = repr(tokens) + repr(Token.parse(tokens.access))
    assert tokens.access not in shown
    assert tokens.refresh not in shown


async def test_renewing_gives_a_new_pair_and_the_former_access_token_lives_on_for_a_minute(conn: Connection) -> None:
    first = await enter(conn)
    later = START + timedelta(minutes=10)
    second = await renew(conn, first.refresh, later)
    assert second is not None
    assert not {first.access, first.refresh} & {second.access, second.refresh}
    assert later + ACCESS_LIFE == second.access_expires_at
    assert await who(conn, second.access, later) is not None
    assert await who(conn, first.access, later + FORMER_ACCESS_LIFE - A_MOMENT) is not None
    assert await who(conn, first.access, later + FORMER_ACCESS_LIFE) is None


async def test_a_lost_answer_is_given_again_for_as_long_as_nobody_has_used_it(conn: Connection) -> None:
    first = await enter(conn)
    lost = await renew(conn, first.refresh, START + A_MINUTE)
    await who(conn, first.access, START + A_MINUTE + NOTED_EVERY / 2)  # under way with the former token meanwhile
    assert lost == await renew(conn, first.refresh, START + timedelta(days=2))


async def test_a_refresh_token_used_again_once_its_successor_is_in_use_ends_the_session(conn: Connection) -> None:
    first = await enter(conn)
    second = await renew(conn, first.refresh, START)
    assert second is not None
    assert await who(conn, second.access, START) is not None
    late = START + RENEWED_TOGETHER + A_MOMENT
    assert await renew(conn, first.refresh, late) is None
    assert await who(conn, second.access, late) is None
    assert await renew(conn, second.refresh, late) is None
    assert ["session.reuse_found"] == [row["act"] for row in await conn.fetch("select act from audit_entry")]


async def test_two_pages_that_renew_at_once_are_given_the_same_pair(conn: Connection) -> None:
    first = await enter(conn)
    second = await renew(conn, first.refresh)
    assert second is not None
    assert await who(conn, second.access) is not None
    assert second == await renew(conn, first.refresh, START + RENEWED_TOGETHER)


async def test_a_refresh_token_of_two_renewals_ago_ends_the_session_at_once(conn: Connection) -> None:
    first = await enter(conn)
    second = await renew(conn, first.refresh)
    assert second is not None
    third = await renew(conn, second.refresh)
    assert third is not None
    assert await renew(conn, first.refresh) is None
    assert await who(conn, third.access) is None


async def test_a_stolen_refresh_token_used_fifty_times_at_once_gives_one_pair(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        first = await enter(conn)

    async def use() -> Tokens | None:
        async with pool_transaction(pool) as conn:
            return await renew(conn, first.refresh)

    given = await asyncio.gather(*(use() for _ in range(50)))
    pairs = {(tokens.access, tokens.refresh) for tokens in given if tokens is not None}
    async with pool_transaction(pool) as conn:
        assert (1, 1) == (len(pairs), await count_living(conn))


async def test_thief_and_owner_who_renew_by_turns_end_with_no_living_session(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        held = {"owner": (stolen := await enter(conn)), "thief": stolen}
    now, refused = START, 0
    for turn in range(6):
        now += timedelta(minutes=5)
        person = ("owner", "thief")[turn % 2]
        async with pool_transaction(pool) as conn:
            renewed = await renew(conn, held[person].refresh, now)
            if renewed is None:
                refused += 1
            else:
                held[person] = renewed
                await who(conn, renewed.access, now)
    async with pool_transaction(pool) as conn:
        assert (5, 0) == (refused, await count_living(conn))


@pytest.mark.parametrize("kind", ["rider", "staff"])
async def test_a_session_that_is_not_used_ends(conn: Connection, kind: str) -> None:
    tokens = await enter(conn, kind, await hire(conn))
    idle = IDLE_LIFE["rider" if kind == "rider" else "staff"]
    assert await renew(conn, tokens.refresh, START + idle - A_MOMENT) is not None
    assert await renew(conn, tokens.refresh, START + idle) is None


async def test_use_of_an_access_token_keeps_a_session_from_being_idle(conn: Connection) -> None:
    tokens = await enter(conn, "staff", await hire(conn))
    used = START + timedelta(minutes=14)
    await who(conn, tokens.access, used)
    assert await renew(conn, tokens.refresh, used + IDLE_LIFE["staff"] - A_MOMENT) is not None


async def test_renewing_alone_is_no_use(conn: Connection) -> None:
    tokens: Tokens | None = await enter(conn, "staff", await hire(conn))
    assert tokens is not None
    tokens = await renew(conn, tokens.refresh, START + timedelta(minutes=20))
    assert tokens is not None
    assert await who(conn, tokens.access, START + IDLE_LIFE["staff"]) is None


async def test_use_is_noted_once_a_minute_at_most(conn: Connection) -> None:
    tokens = await enter(conn)
    noted = []
    for seconds in (0, 59, 60, 61, 119, 120):
        await who(conn, tokens.access, START + timedelta(seconds=seconds))
        noted.append((await conn.fetchval("select last_used_at from session") - START).total_seconds())
    assert [0, 0, 60, 60, 60, 120] == noted


async def test_however_busy_a_session_ends(conn: Connection) -> None:
    tokens: Tokens | None = await enter(conn, "staff", await hire(conn))
    now = START
    while tokens is not None and now < START + timedelta(days=1):
        last, now = tokens, now + timedelta(minutes=10)
        await who(conn, tokens.access, now)
        tokens = await renew(conn, tokens.refresh, now)
    assert START + SESSION_LIFE["staff"] == now == last.access_expires_at


@pytest.mark.parametrize("act", ["disable", "password"])
async def test_disabling_and_a_new_password_end_the_sessions_of_that_account(conn: Connection, act: str) -> None:
    staff_id = await hire(conn)
    tokens, rider = await enter(conn, "staff", staff_id), await enter(conn, "rider", staff_id)
    if act == "disable":
        await disable(conn, district_id=DISTRICT, staff_id=staff_id, now=START)
    else:
        await set_one_time_password(conn, district_id=DISTRICT, staff_id=staff_id, password_hash="-", now=START)
    assert await who(conn, tokens.access) is None
    assert await renew(conn, tokens.refresh) is None
    assert await who(conn, rider.access) is not None


async def test_own_sessions_are_listed_and_ended_and_nobody_elses(conn: Connection) -> None:
    lost = await open_session(conn, district_id=DISTRICT, kind="rider", subject_id=7, device="Lost", now=START)
    mine = await who(conn, (await enter(conn, now=START + A_MINUTE)).access, START + A_MINUTE)
    other = await who(conn, (await enter(conn, "rider", 8)).access)
    staff = await who(conn, (await enter(conn, "staff", await hire(conn))).access)
    assert mine is not None
    assert other is not None
    assert staff is not None
    assert staff.session_id is not None
    listed = await list_sessions(conn, actor=mine, now=START)
    assert [("", True), ("Lost", False)] == [(session.device, session.is_this) for session in listed]
    await end_session(conn, actor=mine, session_id=listed[1].id, now=START)
    assert await who(conn, lost.access) is None
    for foreign in (listed[1].id, other.session_id or 0, staff.session_id):
        with pytest.raises(NotFound):
            await end_session(conn, actor=mine, session_id=foreign, now=START)
    same_number = replace(mine, id=staff.id)
    with pytest.raises(NotFound):
        await end_session(conn, actor=same_number, session_id=staff.session_id, now=START)
    with pytest.raises(NotFound):
        await end_session(conn, actor=anonymous(DISTRICT), session_id=1, now=START)


async def test_all_other_sessions_are_ended_at_once(conn: Connection) -> None:
    others = [await enter(conn) for _ in range(3)]
    this = await enter(conn)
    found = await who(conn, this.access)
    assert found is not None
    assert 3 == await end_sessions(
        conn, district_id=DISTRICT, kind="rider", subject_id=7, but=found.session_id, now=START
    )
    assert [None] * 3 == [await who(conn, other.access) for other in others]
    assert await who(conn, this.access) is not None


async def test_an_idle_session_is_listed_no_more(conn: Connection) -> None:
    found = await who(conn, (await enter(conn)).access)
    assert found is not None
    assert [] == await list_sessions(conn, actor=found, now=START + IDLE_LIFE["rider"])


async def test_a_proof_lasts_ten_minutes_and_can_be_renewed(conn: Connection) -> None:
    tokens = await enter(conn, "staff", await hire(conn))
    late = START + PROOF_LIFE + A_MOMENT
    found = await who(conn, tokens.access, late)
    assert found is not None
    require_recent_sign_in(found, START + PROOF_LIFE)
    with pytest.raises(RecentSignInNeeded):
        require_recent_sign_in(found, late)
    renewed = await renew_proof(conn, actor=found, token=tokens.refresh, now=late)
    assert renewed is not None
    found = await who(conn, renewed.access, late)
    assert found is not None
    require_recent_sign_in(found, late)


async def test_the_tokens_of_another_session_renew_no_proof(conn: Connection) -> None:
    staff = await hire(conn)
    tokens, others = await enter(conn, "staff", staff), await enter(conn, "staff", staff)
    late = START + PROOF_LIFE + A_MOMENT
    found = await who(conn, tokens.access, late)
    assert found is not None
    assert await renew_proof(conn, actor=found, token=others.refresh, now=late) is None
    assert await renew_proof(conn, actor=found, token="no token", now=late) is None
    found = await who(conn, tokens.access, late)
    assert found is not None
    with pytest.raises(RecentSignInNeeded):
        require_recent_sign_in(found, late)
    assert await who(conn, others.access, late) is not None


async def test_renewing_tokens_proves_nothing(conn: Connection) -> None:
    first = await enter(conn)
    late = START + PROOF_LIFE + A_MOMENT
    renewed = await renew(conn, first.refresh, late)
    assert renewed is not None
    found = await who(conn, renewed.access, late)
    assert found is not None
    with pytest.raises(RecentSignInNeeded):
        require_recent_sign_in(found, late)


async def test_many_sessions_are_looked_at_together_and_that_is_no_use_of_them(conn: Connection) -> None:
    staff_id = await hire(conn)
    callers = [await who(conn, (await enter(conn, "staff", staff_id)).access) for _ in range(3)]
    ids = [caller.session_id or 0 for caller in callers if caller is not None]
    assert callers[0] is not None
    await end_session(conn, actor=callers[0], session_id=ids[0], now=START)
    later = START + timedelta(minutes=20)
    found = await find_actors(conn, district_id=DISTRICT, session_ids=ids, now=later)
    assert {ids[1]: callers[1], ids[2]: callers[2]} == found
    assert {} == await find_actors(conn, district_id=DISTRICT, session_ids=ids, now=START + IDLE_LIFE["staff"])
