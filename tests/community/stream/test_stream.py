"""The stream over HTTP: what is told to whom, how it goes on, when it ends, and who is refused."""

import asyncio
import socket
import time

import orjson
import pytest

from community.models import Channel
from community.stream.models import Limits
from community.triage import Act, carry_out
from community.workflow import Verb
from core.access.accounts import disable, set_one_time_password
from core.access.models import Actor, Grant, Role
from core.access.queries import insert_grant
from core.access.sessions import IDLE_LIFE, end_sessions, open_session
from core.database import pool_transaction
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, found, hire, located, open_report
from tests.community.stream.conftest import QUICK, House
from tests.community.stream.listening import STREAM, Reader, event_id, note, sign_in, until
from tests.conftest import DISTRICT, START, FakeClock

NOBODY = "0123456789ab-1-1"


async def act(house: House, verb: Verb, **said: object) -> None:
    """Let the district's administrator do a verb to the case."""
    async with pool_transaction(house.pool) as conn:
        admin = Actor("staff", None, DISTRICT, grants=(Grant(Role.DISTRICT_ADMIN, ""),))
        await carry_out(conn, case_id=house.case.id, verb=verb, act=Act(**said), actor=admin, now=START)  # type: ignore[arg-type]


async def test_a_secretary_hears_what_happens_to_her_cases(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    assert {"resumed": False} == (await secretary.connect()).data
    await act(house, Verb.FILE)
    (told,) = await secretary.cases(1)
    assert {
        "case_id": house.case.id,
        "number": house.case.number,
        "kind": "case.filed",
        "at": "2026-03-10T02:00:00Z",
        "state": "filed",
        "version": 2,
        "area_path": COMMUNITY,
        "desk_path": house.case.desk_path,
    }.items() <= told.items()
    assert {"next_due_at"} == told.keys() - {
        *("case_id", "number", "kind", "at", "state", "version", "area_path", "desk_path")
    }


async def test_no_words_and_no_people_are_told(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    await act(house, Verb.CONTACT, channel=Channel.PHONE, note="住户电话 19900000001")
    told = orjson.dumps(await secretary.cases(1)).decode()
    assert not [word for word in ("住户", "199", house.case.description) if word in told]


async def test_what_happened_before_is_not_told_to_one_who_begins(house: House) -> None:
    await act(house, Verb.FILE)
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    assert await secretary.is_silent()


async def test_only_those_who_see_a_case_hear_of_it(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        department = await found(conn)
    hear = [await house.reader(Role.SUBDISTRICT, STREET), await house.reader(Role.AUDITOR)]
    deaf = [
        await house.reader(Role.SECRETARY, NEIGHBOUR),
        await house.reader(Role.DEPARTMENT, "", department),
        await house.reader(Role.STATION_HOST),
    ]
    for reader in (*hear, *deaf):
        await reader.connect()
    await act(house, Verb.FILE)
    assert ["case.filed"] * 2 == [(await reader.cases(1))[0]["kind"] for reader in hear]
    assert all(await asyncio.gather(*(reader.is_silent() for reader in deaf)))


async def test_who_no_longer_sees_a_case_is_told_that_it_left_and_nothing_of_where(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
    former, present = await house.reader(Role.SECRETARY, COMMUNITY), await house.reader(Role.SECRETARY, NEIGHBOUR)
    await former.connect()
    await present.connect()
    await act(house, Verb.HAND_OVER, area_code=NEIGHBOUR.rsplit("/", 1)[1])
    (left,) = await former.cases(1)
    assert left == {
        "case_id": house.case.id,
        "number": house.case.number,
        "kind": "case.handed_over",
        "at": "2026-03-10T02:00:00Z",
        "left": True,
    }
    (came,) = await present.cases(1)
    assert NEIGHBOUR == came["area_path"]


async def test_a_department_hears_that_a_case_came_and_that_it_left(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        one, other = await found(conn, "one"), await found(conn, "other")
    first, second = await house.reader(Role.DEPARTMENT, "", one), await house.reader(Role.DEPARTMENT, "", other)
    await act(house, Verb.FILE)
    await first.connect()
    await second.connect()
    await act(house, Verb.DISPATCH, department_id=one)
    assert ["case.dispatched"] == [told["kind"] for told in await first.cases(1)]
    await act(house, Verb.DISPATCH, department_id=other)
    assert [("case.dispatched", True)] == [(told["kind"], told["left"]) for told in await first.cases(1)]
    assert ["dispatched"] == [told["state"] for told in await second.cases(1)]
    await act(house, Verb.RETURN, note="不属本部门")
    assert [("case.returned", True)] == [(told["kind"], told["left"]) for told in await second.cases(1)]


async def test_a_heartbeat_moves_the_position_of_one_whose_own_cases_are_quiet(house: House) -> None:
    quiet, loud = await house.reader(Role.SECRETARY, NEIGHBOUR), await house.reader(Role.SECRETARY, COMMUNITY)
    begun = (await quiet.connect()).id
    await loud.connect()
    await act(house, Verb.FILE)
    heard = await loud.next()
    assert await quiet.is_silent()
    assert quiet.heartbeats >= 2
    assert begun != heard.id == quiet.last_id


async def test_the_browser_is_told_how_long_to_wait_before_it_comes_back(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    assert 2_000 <= int(secretary.retry) < 5_000


async def test_a_returning_listener_hears_what_happened_meanwhile_and_goes_on_live(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    secretary.close()
    await act(house, Verb.FILE)
    await act(house, Verb.CONTACT, channel=Channel.PHONE, note="已联系")
    assert {"resumed": True} == (await secretary.connect()).data
    await act(house, Verb.CONTACT, channel=Channel.PHONE, note="再联系")
    assert ["case.filed", "case.contacted", "case.contacted"] == [told["kind"] for told in await secretary.cases(3)]
    assert await secretary.is_silent()


async def test_nothing_is_repeated_to_one_who_comes_back_at_once(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    await act(house, Verb.FILE)
    await secretary.cases(1)
    secretary.close()
    await secretary.connect()
    assert await secretary.is_silent()


@pytest.mark.parametrize("position", [NOBODY, "12", "0123456789ab-1", "x" * 300, "0123456789ab-1-1-1"])
async def test_an_impossible_position_is_answered_by_a_reset_and_the_stream_goes_on(
    house: House, position: str
) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    secretary.last_id = position
    assert {"resumed": False} == (await secretary.connect()).data
    reset = await secretary.next()
    assert ("reset", {"reason": "unknown_position"}) == (reset.name, reset.data)
    assert reset.id != position
    await act(house, Verb.FILE)
    assert ["case.filed"] == [told["kind"] for told in await secretary.cases(1)]


@pytest.mark.parametrize("limits", [Limits(events_behind=5)])
async def test_one_who_was_away_too_long_loads_anew(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    near = (await secretary.connect()).id
    secretary.close()
    async with pool_transaction(house.pool) as conn:
        for _ in range(5):
            await note(conn, house.case)
    await secretary.connect()
    await secretary.cases(5)
    secretary.close()
    async with pool_transaction(house.pool) as conn:
        await note(conn, house.case)
    secretary.last_id = near
    assert {"resumed": False} == (await secretary.connect()).data
    assert {"reason": "too_far_behind"} == (await secretary.next()).data
    assert await secretary.is_silent()


async def test_a_session_that_ends_ends_its_stream_and_no_other(house: House) -> None:
    leaves, stays = await house.reader(Role.SECRETARY, COMMUNITY), await house.reader(Role.SUBDISTRICT, STREET)
    await leaves.connect()
    await stays.connect()
    assert 204 == (await house.client.delete("/api/v1/session", headers=leaves.headers)).status
    assert await leaves.has_ended()
    assert 401 == (await leaves.open()).status
    await act(house, Verb.FILE)
    assert ["case.filed"] == [told["kind"] for told in await stays.cases(1)]


@pytest.mark.parametrize("act", ["disabled", "password", "ended"])
async def test_the_streams_of_one_who_may_no_longer_listen_are_cut_within_five_seconds(house: House, act: str) -> None:
    stays = await house.reader(Role.SUBDISTRICT, STREET)
    await stays.connect()
    async with pool_transaction(house.pool) as conn:
        who = await hire(conn, "newcomer", Role.SECRETARY, COMMUNITY)
    readers = [Reader(house.client, await sign_in(house.pool, who)) for _ in range(2)]
    for reader in readers:
        await reader.connect()
    begun = asyncio.get_running_loop().time()
    async with pool_transaction(house.pool) as conn:
        assert who.id is not None
        if act == "disabled":
            await disable(conn, district_id=DISTRICT, staff_id=who.id, now=START)
        elif act == "password":
            await set_one_time_password(conn, district_id=DISTRICT, staff_id=who.id, password_hash="-", now=START)
        else:
            await end_sessions(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    assert [True, True] == [await reader.has_ended() for reader in readers]
    assert asyncio.get_running_loop().time() - begun < 5
    assert await stays.is_silent()


async def test_a_session_that_is_idle_too_long_ends_its_stream(house: House, clock: FakeClock) -> None:
    async with pool_transaction(house.pool) as conn:
        who = await hire(conn, "newcomer", Role.SECRETARY, COMMUNITY)
        assert who.id is not None
        opened = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
    secretary = Reader(house.client, {"Authorization": f"Bearer {opened.access}"})
    await secretary.connect()
    clock.advance(IDLE_LIFE["staff"])
    assert await secretary.has_ended()


async def test_other_roles_are_taken_in_and_tell_the_listener_to_load_anew(house: House) -> None:
    async with pool_transaction(house.pool) as conn:
        who = await hire(conn, "newcomer", Role.SECRETARY, NEIGHBOUR)
    reader = Reader(house.client, await sign_in(house.pool, who))
    await reader.connect()
    assert who.id is not None
    async with pool_transaction(house.pool) as conn:
        grant = Grant(Role.SECRETARY, COMMUNITY)
        await insert_grant(conn, district_id=DISTRICT, staff_id=who.id, grant=grant, now=START)
    reset = await reader.next()
    assert ("reset", {"reason": "sight_changed"}) == (reset.name, reset.data)
    await act(house, Verb.FILE)
    assert ["case.filed"] == [told["kind"] for told in await reader.cases(1)]


async def test_one_person_may_listen_only_so_often(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    readers = [Reader(house.client, secretary.headers) for _ in range(QUICK.per_person)]
    for reader in readers:
        await reader.connect()
    refused = await secretary.open()
    problem = await refused.json()
    assert (429, "/docs/problems#too-many-streams") == (refused.status, problem["type"])
    assert int(refused.headers["Retry-After"]) > 0
    await (await house.reader(Role.SUBDISTRICT, STREET)).connect()  # others are not hindered


@pytest.mark.parametrize("limits", [Limits(per_person=1)])
async def test_a_page_loaded_anew_is_not_refused_for_the_connections_it_left_behind(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    for _ in range(10):
        await secretary.connect()
        secretary.close()
        await asyncio.sleep(0.01)  # for the closing to arrive


@pytest.mark.parametrize("limits", [Limits(listeners=2)])
async def test_a_full_process_says_so_and_when_to_try_again(house: House) -> None:
    readers = [await house.reader(Role.SECRETARY, f"37/{number}") for number in range(3)]
    for reader in readers[:2]:
        await reader.connect()
    refused = await readers[2].open()
    problem = await refused.json()
    assert (503, "/docs/problems#streams-full") == (refused.status, problem["type"])
    assert int(refused.headers["Retry-After"]) > 0


async def test_strangers_are_refused_and_a_token_in_the_address_is_none(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    token = secretary.headers["Authorization"].removeprefix("Bearer ")
    assert 401 == (await house.client.get(STREAM)).status
    assert 401 == (await house.client.get(f"{STREAM}?token={token}&access_token={token}")).status


async def test_a_head_request_gets_only_the_head(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    answer = await house.client.head(STREAM, headers=secretary.headers)
    assert (200, "text/event-stream") == (answer.status, answer.content_type)
    assert 0 == len(house.live)


async def test_no_proxy_and_no_cache_holds_the_stream_back(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    answer = await secretary.open()
    assert ("no", "no-store") == (answer.headers["X-Accel-Buffering"], answer.headers["Cache-Control"])
    assert "nosniff" == answer.headers["X-Content-Type-Options"]


@pytest.mark.parametrize("limits", [Limits(heartbeat_s=60)])
async def test_a_vanished_listener_is_let_go_without_anything_to_tell(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    before = len(asyncio.all_tasks())
    assert 1 == len(house.live)
    secretary.close()
    await until(lambda: len(house.live) == 0)
    await until(lambda: len(asyncio.all_tasks()) < before)


async def test_stopping_the_service_does_not_wait_for_those_who_listen(house: House) -> None:
    readers = [await house.reader(Role.SECRETARY, f"37/{number}") for number in range(5)]
    for reader in readers:
        await reader.connect()
    begun = time.monotonic()
    await house.client.server.close()
    assert time.monotonic() - begun < 2


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such timer")
async def test_a_connection_that_acknowledges_nothing_is_dropped_after_two_heartbeats(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    runner = house.client.server.runner
    assert runner is not None
    assert runner.server is not None
    (protocol,) = runner.server.connections
    assert protocol.transport is not None
    opened = protocol.transport.get_extra_info("socket")
    assert 2_000 * QUICK.heartbeat_s == opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


async def test_an_idle_stream_holds_no_connection_to_the_database(house: House) -> None:
    readers = [await house.reader(Role.SECRETARY, f"37/{number}") for number in range(30)]  # the pool has 20
    for reader in readers:
        await reader.connect()
    assert 200 == (await house.client.get("/readyz")).status


async def test_nobody_listening_asks_nothing_of_the_database(house: House) -> None:
    class NoPool:
        """A pool that lends nothing."""

    await house.live.follow(NoPool())  # type: ignore[arg-type]


@pytest.mark.parametrize("limits", [Limits(frames_waiting=100)])
async def test_a_long_absence_is_made_up_in_several_reads_without_being_cut_off(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    secretary.close()
    async with pool_transaction(house.pool) as conn:
        ids = [await note(conn, house.case) for _ in range(1_203)]
    await secretary.connect()
    assert ids == [event_id(await secretary.next()) for _ in ids]


async def test_a_case_opened_while_one_listens_is_told(house: House) -> None:
    secretary = await house.reader(Role.SECRETARY, COMMUNITY)
    await secretary.connect()
    async with pool_transaction(house.pool) as conn:
        case = await open_report(conn, 2, at=located(COMMUNITY))
        await open_report(conn, 3, at=located(NEIGHBOUR))
    (told,) = await secretary.cases(1)
    assert ("case.opened", case.id) == (told["kind"], told["case_id"])
