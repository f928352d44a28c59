"""Residents' appeals: once, with or without a place, and readable by their token alone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from community import queries
from community.acts import Act
from community.appeals.models import AppealDraft
from community.appeals.own import get_appeal_progress
from community.appeals.queries import find_case_id
from community.appeals.submit import submit_appeal
from community.errors import AppealNotFound, UnknownCategory
from community.models import Appeal, Case, Channel, Contact, Origin, Place, State
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.access.sessions import anonymous
from core.database import Connection, Pool, pool_transaction
from core.idempotency import IdempotencyKeyNotValid, IdempotencyKeyReused
from core.sealing.models import Purpose
from geo.models import Datum, Located, Point, Received
from tests.community.district import COMMUNITY, found, hire, located
from tests.conftest import DISTRICT, RING, START, changed_ring

KEY = "3f1c2a90-0d0e-4a8e-9a55-6b1f2f0f9d11"
DRAFT = AppealDraft("help", "两个孩子上学的手续想请社区帮忙问一下", Contact("演示居民", "19900000001"), None)
PLACE = Place(Point(120.18, 35.96), Received(120.185, 35.96, Datum.GCJ02), None)


def locate(_: Point) -> Located:
    return located()


async def send(conn: Connection, draft: AppealDraft = DRAFT, key: str = KEY) -> Appeal:
    return await submit_appeal(
        conn, ring=RING, key=key, draft=draft, locate=locate, actor=anonymous(DISTRICT), now=START
    )


async def case_of(conn: Connection, appeal: Appeal) -> Case:
    case_id = await find_case_id(conn, district_id=DISTRICT, appeal_id=appeal.id)
    assert case_id is not None
    case = await queries.find_case(conn, district_id=DISTRICT, case_id=case_id)
    assert case is not None
    return case


async def test_an_appeal_without_a_place_lies_at_the_duty_desk_with_its_clock_running(conn: Connection) -> None:
    case = await case_of(conn, await send(conn))
    assert (Origin.APPEAL, None, START + timedelta(minutes=15)) == (case.origin, case.area_path, case.next_due_at)


async def test_an_appeal_with_a_place_goes_straight_to_the_community(conn: Connection) -> None:
    case = await case_of(conn, await send(conn, replace(DRAFT, place=PLACE)))
    assert (COMMUNITY, "gcj02") == (case.area_path, case.received_datum)


async def test_sending_again_gives_the_same_appeal_and_one_case(conn: Connection) -> None:
    first, again = await send(conn), await send(conn)
    assert first == again
    assert 1 == await conn.fetchval("select count(*) from community_case")


async def test_another_appeal_under_a_used_key_is_refused_and_changes_nothing(conn: Connection) -> None:
    first = await send(conn)
    with pytest.raises(IdempotencyKeyReused):
        await send(conn, replace(DRAFT, text="另一件事"))
    assert first == await send(conn)


async def test_the_same_appeal_sent_at_the_same_time_is_one(pool: Pool) -> None:
    async def attempt() -> Appeal:
        async with pool_transaction(pool) as conn:
            return await send(conn)

    assert 1 == len(set(await asyncio.gather(*(attempt() for _ in range(6)))))
    async with pool_transaction(pool) as conn:
        assert 1 == await conn.fetchval("select count(*) from community_case")


async def test_a_refused_appeal_leaves_its_key_free(pool: Pool) -> None:
    with pytest.raises(UnknownCategory):
        async with pool_transaction(pool) as conn:
            await send(conn, replace(DRAFT, category_code="no_such"))
    async with pool_transaction(pool) as conn:
        assert State.COLLECTED is (await case_of(conn, await send(conn))).state


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "带汉字的编号", "with space"])
async def test_a_key_of_another_shape_is_refused(conn: Connection, key: str) -> None:
    with pytest.raises(IdempotencyKeyNotValid):
        await send(conn, key=key)


async def test_the_token_shows_the_steps_and_the_words_meant_for_the_resident(conn: Connection) -> None:
    appeal = await send(conn, replace(DRAFT, place=PLACE))
    case = await case_of(conn, appeal)
    department_id = await found(conn)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    for verb, act in [
        (Verb.CONTACT, Act(note="已当面了解情况", channel=Channel.FACE_TO_FACE)),
        (Verb.FILE, Act(note="内部意见")),
        (Verb.DISPATCH, Act(department_id=department_id, note="内部说明")),
        (Verb.HANDLE, Act(note="内部经过")),
        (Verb.VERIFY, Act()),
        (Verb.CLOSE, Act(result="已联系学校办妥")),
    ]:
        await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=secretary, now=START)
    progress = await get_appeal_progress(conn, district_id=DISTRICT, token=appeal.token)
    assert (State.CLOSED, "已联系学校办妥") == (progress.state, progress.result)
    words = ["case.opened", "case.contacted", "case.filed", "case.dispatched", "case.handled", "case.verified"]
    assert [*words, "case.closed"] == [step.kind for step in progress.steps]
    assert ["已当面了解情况", "已联系学校办妥"] == [step.words for step in progress.steps if step.words]
    assert "内部" not in repr(progress)


async def test_an_unknown_token_shows_nothing(conn: Connection) -> None:
    await send(conn)
    with pytest.raises(AppealNotFound):
        await get_appeal_progress(conn, district_id=DISTRICT, token="guess")


async def test_what_was_said_is_hashed_with_a_key_and_known_again_after_it_changed(conn: Connection) -> None:
    first = await send(conn)
    rings = [changed_ring(Purpose.CODES), changed_ring(Purpose.CODES, is_retired=True)]
    again = [
        submit_appeal(conn, ring=ring, key=KEY, draft=DRAFT, locate=locate, actor=anonymous(DISTRICT), now=START)
        for ring in rings
    ]
    assert first == await again[0]
    with pytest.raises(IdempotencyKeyReused):  # without its key nobody can tell
        await again[1]
