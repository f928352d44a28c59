"""A rider who has lost his phone is signed out by those who know him, and by nobody else."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest

from core.access.models import Actor, Grant, Role
from core.access.sessions import PROOF_LIFE, RecentSignInNeeded, find_actor, open_session
from core.database import Connection
from core.errors import NotFound
from geo.models import Datum, Locate, Received
from riders.models import Submission
from riders.signup.sign_out import sign_out_rider
from riders.submit import submit
from tests.riders.points.reporters import appoint

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[..., Awaitable[Actor]]
WHY = "来电 13800000001，手机遗失"


async def enter(conn: Connection, rider: Actor, now: datetime) -> str:
    assert rider.id is not None
    return (await open_session(conn, district_id=1, kind="rider", subject_id=rider.id, now=now)).access


async def sign_out(conn: Connection, actor: Actor, rider: Actor, now: datetime) -> None:
    assert rider.id is not None
    await sign_out_rider(conn, actor=actor, rider_id=rider.id, reason=WHY, now=now)


async def report(conn: Connection, rider: Actor, locate: Locate, now: datetime) -> None:
    hole = Submission("road_damage", "路面有坑", Received(120.18, 35.96, Datum.WGS84), 12.0, {})
    await submit(conn, actor=rider, submission=hole, key="0b6ad8f4", locate=locate, now=now)


async def test_all_sessions_of_a_reporter_end_and_the_trail_tells_by_whom_and_why(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, south: str, now: datetime
) -> None:
    lost, other = await add_rider(conn), await add_rider(conn, "+8613800000002")
    secretary = replace(await add_secretary(conn, south), proved_at=now)
    await appoint(conn, lost, secretary, south, since=now)
    tokens = [await enter(conn, lost, now), await enter(conn, lost, now), await enter(conn, other, now)]
    await sign_out(conn, secretary, lost, now)
    found = [await find_actor(conn, district_id=1, token=token, now=now) for token in tokens]
    assert [None, None, other] == found
    row = await conn.fetchrow(
        "select act, actor_id, subject_id, reason, data from audit_entry order by id desc limit 1"
    )
    assert row is not None
    assert ("rider.signed_out", secretary.id, str(lost.id), {"sessions": 2}) == (
        row["act"], row["actor_id"], row["subject_id"], row["data"]
    )  # fmt: skip
    assert "手机遗失" in row["reason"]
    assert "13800000001" not in row["reason"]


async def test_who_has_reported_in_the_area_is_known_there_and_not_next_door(
    conn: Connection,
    add_rider: AddRider,
    add_secretary: AddSecretary,
    locate: Locate,
    north: str,
    south: str,
    now: datetime,
) -> None:
    rider = await add_rider(conn)
    here, there = [replace(await add_secretary(conn, path), proved_at=now) for path in (south, north)]
    whole = replace(here, grants=(Grant(Role.DISTRICT_ADMIN, ""),))
    for stranger in (here, there, whole):
        with pytest.raises(NotFound):  # he has been nowhere yet
            await sign_out(conn, stranger, rider, now)
    await report(conn, rider, locate, now)
    token = await enter(conn, rider, now)
    for nobody in (there, replace(here, grants=(Grant(Role.GRID_WORKER, south),))):
        with pytest.raises(NotFound):
            await sign_out(conn, nobody, rider, now)
    assert await find_actor(conn, district_id=1, token=token, now=now) is not None
    for known in (here, whole):
        await sign_out(conn, known, rider, now)
    assert await find_actor(conn, district_id=1, token=token, now=now) is None


async def test_an_old_sign_in_of_staff_is_not_enough(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, south: str, now: datetime
) -> None:
    rider, secretary = await add_rider(conn), replace(await add_secretary(conn, south), proved_at=now)
    await appoint(conn, rider, secretary, south, since=now)
    with pytest.raises(RecentSignInNeeded):
        await sign_out(conn, secretary, rider, now + 2 * PROOF_LIFE)
