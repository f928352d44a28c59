"""Appeals that staff enter for a resident: where they go, and that face to face is the first contact."""

import asyncio
from dataclasses import replace

import pytest

from community.appeals.models import AppealDraft, Entered, Intake
from community.appeals.on_behalf import enter_appeal
from community.clocks.queries import list_deadlines
from community.errors import UnknownArea, UnknownCategory
from community.models import Case, Channel, Clock, Contact
from community.queries import find_case
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import InvalidInput
from core.idempotency import IdempotencyKeyNotValid, IdempotencyKeyReused
from geo.models import Located, Point
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, hire, located
from tests.community.followup.story import CONTACT, PLACE, events_of, locate
from tests.conftest import DISTRICT, RING, START

KEY = "an-intake-key-1"
DRAFT = AppealDraft("help", "两个孩子上学的事", CONTACT, None)
FACE = Intake(Channel.FACE_TO_FACE, "已当面说明所需材料", "02")
PHONE = Intake(Channel.PHONE, None, "02")


async def enter(
    conn: Connection, actor: Actor, intake: Intake = FACE, *, draft: AppealDraft = DRAFT, key: str = KEY
) -> Entered:
    return await enter_appeal(
        conn, ring=RING, key=key, draft=draft, intake=intake, locate=locate, actor=actor, now=START
    )


async def case_of(conn: Connection, entered: Entered) -> Case:
    case = await find_case(conn, district_id=DISTRICT, case_id=entered.case_id)
    assert case is not None
    return case


async def answered_at(conn: Connection, case: Case) -> object:
    clocks = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    return next(each.met_at for each in clocks if each.clock is Clock.RESPOND)


async def secretary_of(conn: Connection) -> Actor:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    return await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)


async def test_face_to_face_the_first_contact_is_met_at_once_with_its_proof(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    case = await case_of(conn, await enter(conn, secretary))
    assert (COMMUNITY, START, secretary.id) == (case.area_path, await answered_at(conn, case), case.assignee_id)
    opened, contacted = await events_of(conn, case)
    assert ("case.opened", "staff", secretary.id) == (opened.kind, opened.actor_kind, opened.actor_id)
    assert ("case.contacted", "face_to_face", "已当面说明所需材料") == (
        contacted.kind,
        contacted.data["channel"],
        contacted.data["note"],
    )
    row = await conn.fetchrow("select taken_by, channel from appeal")
    assert row is not None
    assert (secretary.id, "face_to_face") == tuple(row)


@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.WECHAT, Channel.SMS])
async def test_any_other_way_the_clock_runs_until_the_resident_is_contacted(conn: Connection, channel: Channel) -> None:
    case = await case_of(conn, await enter(conn, await secretary_of(conn), replace(PHONE, channel=channel)))
    assert (None, None) == (await answered_at(conn, case), case.assignee_id)
    assert case.contact_owed


@pytest.mark.parametrize("intake", [replace(FACE, words=None), replace(PHONE, words="说过了")])
async def test_words_belong_to_face_to_face_and_to_nothing_else(conn: Connection, intake: Intake) -> None:
    secretary = await secretary_of(conn)
    with pytest.raises(InvalidInput) as caught:
        await enter(conn, secretary, intake)
    assert ["/words"] == [error.pointer for error in caught.value.errors]


async def test_a_place_stands_above_a_named_area(conn: Connection) -> None:
    secretary = await secretary_of(conn)

    def elsewhere(_: Point) -> Located:
        return located(NEIGHBOUR)

    entered = await enter_appeal(
        conn,
        ring=RING,
        key=KEY,
        draft=replace(DRAFT, place=PLACE),
        intake=FACE,
        locate=elsewhere,
        actor=secretary,
        now=START,
    )
    case = await case_of(conn, entered)
    assert (NEIGHBOUR, None, None) == (case.area_path, await answered_at(conn, case), case.assignee_id)


async def test_without_place_and_area_it_lies_at_the_duty_desk(conn: Connection) -> None:
    secretary, centre = await secretary_of(conn), await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    nowhere = replace(FACE, area_code=None)
    not_seen = await case_of(conn, await enter(conn, secretary, nowhere))
    seen = await case_of(conn, await enter(conn, centre, nowhere, key="another-key-2"))
    assert [(None, None), (None, START)] == [
        (case.area_path, await answered_at(conn, case)) for case in (not_seen, seen)
    ]


@pytest.mark.parametrize("code", ["03", "01", "nowhere"])
async def test_an_area_is_named_only_within_ones_own(conn: Connection, code: str) -> None:
    secretary = await secretary_of(conn)
    with pytest.raises(UnknownArea, match=code):
        await enter(conn, secretary, replace(FACE, area_code=code))
    assert 0 == await conn.fetchval("select count(*) from community_case")


async def test_entering_again_gives_the_same_case_and_contacts_once(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    first = await enter(conn, secretary)
    assert first == await enter(conn, secretary)
    assert 2 == len(await events_of(conn, await case_of(conn, first)))


async def test_entered_at_the_same_time_it_is_one(pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await secretary_of(conn)

    async def attempt() -> Entered:
        async with pool_transaction(pool) as conn:
            return await enter(conn, secretary)

    assert 1 == len(set(await asyncio.gather(*(attempt() for _ in range(4)))))


@pytest.mark.parametrize(
    ("draft", "intake"), [(replace(DRAFT, text="别的事"), FACE), (DRAFT, replace(FACE, words="别的话"))]
)
async def test_something_else_under_a_used_key_is_refused(conn: Connection, draft: AppealDraft, intake: Intake) -> None:
    secretary = await secretary_of(conn)
    await enter(conn, secretary)
    with pytest.raises(IdempotencyKeyReused):
        await enter(conn, secretary, intake, draft=draft)


async def test_what_a_resident_cannot_send_staff_cannot_enter(conn: Connection) -> None:
    secretary = await secretary_of(conn)
    with pytest.raises(IdempotencyKeyNotValid):
        await enter(conn, secretary, key="short")
    with pytest.raises(UnknownCategory):
        await enter(conn, secretary, draft=replace(DRAFT, category_code="no_such"))


async def test_one_who_left_no_way_to_be_reached_can_be_entered_too(conn: Connection) -> None:
    draft = AppealDraft("help", "来问路", Contact(None, None), None)
    case = await case_of(conn, await enter(conn, await secretary_of(conn), draft=draft))
    assert (False, START) == (case.contact_owed, await answered_at(conn, case))
