"""Saying what was found: by whom, once, with photos and a distance, and what the case keeps of it."""

from datetime import timedelta

import pytest

from community.errors import TooManyCasePhotos
from community.models import State
from community.photos.attach import MOST_CASE_PHOTOS, attach_photo
from community.photos.models import PhotoStage
from community.progress import get_progress
from community.verification.models import Answer
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import InvalidInput, NotAllowed, NotFound
from core.photos import StoredPhoto
from geo.models import Point
from riders.errors import ConsentNeeded
from riders.reporters.appointments import revoke
from riders.verification.answer import answer
from riders.verification.errors import (
    TooManyLookPhotos,
    VerificationAnswered,
    VerificationNotHeld,
    VerificationOver,
    VerificationTaken,
)
from riders.verification.models import Said, Task, TaskState
from riders.verification.photos import MOST_LOOK_PHOTOS, expect_photo, record_photo
from riders.verification.take import accept, give_back
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, add_areas, hire
from tests.conftest import DISTRICT, START
from tests.riders.verification.looking import (
    MINUTE,
    SPOT,
    add_reporter,
    begin_look,
    case_of,
    do,
    events_of,
    react,
    reread,
    told_of,
)

PRESENT = Said(Answer.PRESENT)
NOW = START + 5 * MINUTE
#: Some 500 m north of the place, and nowhere else in these tests.
STANDS_AT = Point(120.187654, 35.964321)


def photo(number: int) -> StoredPhoto:
    return StoredPhoto(f"{number:064x}", f"{number:064x}", "image/jpeg", 10)


async def held_look(conn: Connection, rider: Actor) -> Task:
    task = await begin_look(conn)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    return await reread(conn, task)


async def test_the_case_keeps_the_answer_and_decides_nothing_by_it(conn: Connection) -> None:
    rider = await add_reporter(conn)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    task = await held_look(conn, rider)
    await record_photo(conn, actor=rider, task_id=task.id, photo=photo(1), now=NOW)
    said = Said(Answer.PRESENT, "就在路口", STANDS_AT)
    receipt = await answer(conn, actor=rider, task_id=task.id, said=said, now=NOW)
    assert (Answer.PRESENT, "就在路口", (photo(1).sha256,)) == (receipt.answer, receipt.note, receipt.photos)
    case = await case_of(conn, task)
    await react(conn, case)
    event = (await events_of(conn, case))[-1]
    assert ("case.verification_answered", "rider", rider.id) == (event.kind, event.actor_kind, event.actor_id)
    assert event.data == event.data | {
        "task_id": task.id,
        "rider_id": rider.id,
        "purpose": "before_filing",
        "answer": "present",
        "note": "就在路口",
        "distance_m": receipt.distance_m,
        "photos": [photo(1).sha256],
    }
    assert (State.COLLECTED, ["answered"]) == (case.state, await told_of(conn, secretary))


async def test_the_reporter_learns_that_somebody_looked_and_not_who(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.GONE, "没有了"), now=NOW)
    progress = await get_progress(conn, district_id=DISTRICT, case_id=task.case_id)
    assert ["已收到", "已现场核实"] == [step.text.zh for step in progress.steps]
    assert [None, None] == [step.words for step in progress.steps]


async def test_the_same_answer_again_gives_the_same_receipt_and_another_is_refused(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    said = Said(Answer.PRESENT, stands_at=STANDS_AT)
    receipt = await answer(conn, actor=rider, task_id=task.id, said=said, now=NOW)
    for again in (said, PRESENT, Said(Answer.PRESENT, stands_at=SPOT)):
        late = NOW + timedelta(hours=40)
        assert receipt == await answer(conn, actor=rider, task_id=task.id, said=again, now=late)
    for other in (Said(Answer.GONE), Said(Answer.PRESENT, "还在")):
        with pytest.raises(VerificationAnswered):
            await answer(conn, actor=rider, task_id=task.id, said=other, now=NOW)
    kinds = [event.kind for event in await events_of(conn, await case_of(conn, task))]
    assert 1 == kinds.count("case.verification_answered")


@pytest.mark.parametrize(
    ("stands_at", "distance_m"),
    [(SPOT, 0), (Point(SPOT.lon, SPOT.lat + 0.001), 110), (Point(SPOT.lon + 0.001, SPOT.lat), 90), (None, None)],
)
async def test_only_the_distance_is_kept_in_tens_of_metres(
    conn: Connection, stands_at: Point | None, distance_m: int | None
) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    said = Said(Answer.PRESENT, stands_at=stands_at)
    assert distance_m == (await answer(conn, actor=rider, task_id=task.id, said=said, now=NOW)).distance_m


async def test_a_position_and_photos_need_the_rider_s_consent_and_an_answer_does_not(conn: Connection) -> None:
    rider = await add_reporter(conn, agrees=False)
    task = await held_look(conn, rider)
    with pytest.raises(ConsentNeeded, match="Location"):
        await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.PRESENT, stands_at=SPOT), now=NOW)
    with pytest.raises(ConsentNeeded, match="Photos"):
        await record_photo(conn, actor=rider, task_id=task.id, photo=photo(1), now=NOW)
    assert Answer.PRESENT is (await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)).answer


async def test_only_the_rider_who_holds_it_answers(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    foreign = await add_reporter(conn, 3, area_path=NEIGHBOUR)
    task = await begin_look(conn)
    with pytest.raises(VerificationNotHeld):
        await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)
    await accept(conn, actor=rider, task_id=task.id, now=START)
    with pytest.raises(VerificationNotHeld):
        await answer(conn, actor=other, task_id=task.id, said=PRESENT, now=NOW)
    with pytest.raises(NotFound):
        await answer(conn, actor=foreign, task_id=task.id, said=PRESENT, now=NOW)
    await give_back(conn, actor=rider, task_id=task.id, now=NOW)
    with pytest.raises(VerificationNotHeld):
        await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)
    assert TaskState.OPEN is (await reread(conn, task)).state


async def test_whose_appointment_is_revoked_on_the_way_answers_no_more(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    appointment_id = await conn.fetchval("select id from appointment where rider_id = $1", rider.id)
    await revoke(conn, actor=secretary, appointment_id=appointment_id, reason="不再担任", now=NOW)
    with pytest.raises(VerificationNotHeld):
        await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)


async def test_who_is_on_his_way_may_answer_though_the_case_was_handed_to_another_community(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    await do(conn, await case_of(conn, task), Verb.HAND_OVER, centre, area_code="03")
    assert NEIGHBOUR == (await reread(conn, task)).area_path
    assert Answer.PRESENT is (await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)).answer


async def test_what_was_cancelled_is_answered_by_nobody(conn: Connection) -> None:
    rider = await add_reporter(conn)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    task = await held_look(conn, rider)
    await do(conn, await case_of(conn, task), Verb.FILE, secretary)
    for who in (rider, secretary):
        with pytest.raises(VerificationOver, match="Cancelled"):
            await answer(conn, actor=who, task_id=task.id, said=PRESENT, now=NOW)


@pytest.mark.parametrize("role", [Role.GRID_WORKER, Role.SECRETARY, Role.SUBDISTRICT, Role.DISTRICT_ADMIN])
@pytest.mark.parametrize("state", [TaskState.OPEN, TaskState.FALLBACK])
async def test_staff_answer_what_no_rider_holds(conn: Connection, role: Role, state: TaskState) -> None:
    await add_reporter(conn)
    task = await begin_look(conn)
    await conn.execute("update verification_task set state = $1", state.value)
    worker = await hire(conn, "worker", role, COMMUNITY)
    case = await case_of(conn, task)
    await attach_photo(conn, case_id=case.id, photo=photo(1), stage=PhotoStage.CHECK, actor=worker, now=NOW)
    await attach_photo(conn, case_id=case.id, photo=photo(2), stage=PhotoStage.AFTER, actor=worker, now=NOW)
    receipt = await answer(conn, actor=worker, task_id=task.id, said=Said(Answer.GONE), now=NOW)
    assert (Answer.GONE, (photo(1).sha256,)) == (receipt.answer, receipt.photos)
    assert receipt == await answer(conn, actor=worker, task_id=task.id, said=Said(Answer.GONE), now=NOW)
    kept = (await reread(conn, task), (await events_of(conn, case))[-1])
    assert ("staff", worker.id, None, None) == (
        *(kept[0].answered_by_kind, kept[0].answered_by_id, kept[0].rider_id),
        kept[1].data["rider_id"],
    )


async def test_staff_leave_a_look_to_the_rider_who_is_on_his_way(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    worker = await hire(conn, "worker", Role.GRID_WORKER, COMMUNITY)
    with pytest.raises(VerificationTaken):
        await answer(conn, actor=worker, task_id=task.id, said=PRESENT, now=NOW)


async def test_staff_elsewhere_do_not_see_it_and_an_auditor_only_looks_on(conn: Connection) -> None:
    await add_reporter(conn)
    task = await begin_look(conn)
    neighbour = await hire(conn, "neighbour", Role.GRID_WORKER, NEIGHBOUR)
    with pytest.raises(NotFound):
        await answer(conn, actor=neighbour, task_id=task.id, said=PRESENT, now=NOW)
    with pytest.raises(NotFound):
        await answer(conn, actor=neighbour, task_id=task.id + 999, said=PRESENT, now=NOW)
    auditor = await hire(conn, "auditor", Role.AUDITOR, COMMUNITY)
    with pytest.raises(NotAllowed):
        await answer(conn, actor=auditor, task_id=task.id, said=PRESENT, now=NOW)


async def test_an_answer_names_the_photos_of_this_look_and_no_others(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    task = await begin_look(conn)
    await accept(conn, actor=other, task_id=task.id, now=START)
    await record_photo(conn, actor=other, task_id=task.id, photo=photo(1), now=START)
    await give_back(conn, actor=other, task_id=task.id, now=START)
    await accept(conn, actor=rider, task_id=task.id, now=NOW)
    for number in (2, 3, 2):
        await record_photo(conn, actor=rider, task_id=task.id, photo=photo(number), now=NOW)
    receipt = await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)
    assert (photo(2).sha256, photo(3).sha256) == receipt.photos


async def test_photos_are_taken_from_the_rider_who_holds_the_look(conn: Connection) -> None:
    rider, other = await add_reporter(conn, 1), await add_reporter(conn, 2)
    foreign = await add_reporter(conn, 3, area_path=NEIGHBOUR)
    task = await held_look(conn, rider)
    with pytest.raises(VerificationNotHeld):
        await expect_photo(conn, actor=other, task_id=task.id, sha256=photo(1).sha256, now=NOW)
    with pytest.raises(NotFound):
        await expect_photo(conn, actor=foreign, task_id=task.id, sha256=photo(1).sha256, now=NOW)
    with pytest.raises(InvalidInput):
        await expect_photo(conn, actor=rider, task_id=task.id, sha256="no hash", now=NOW)
    sent = await record_photo(conn, actor=rider, task_id=task.id, photo=photo(1), now=NOW)
    assert (PhotoStage.CHECK, "rider", rider.id) == (sent.stage, sent.by_kind, sent.by_id)
    await answer(conn, actor=rider, task_id=task.id, said=PRESENT, now=NOW)
    # One that arrived is acknowledged for ever; a new one comes too late.
    assert sent == await record_photo(conn, actor=rider, task_id=task.id, photo=photo(1), now=NOW)
    with pytest.raises(VerificationNotHeld):
        await expect_photo(conn, actor=rider, task_id=task.id, sha256=photo(2).sha256, now=NOW)


async def test_a_look_takes_six_photos_and_a_repetition(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    for number in range(MOST_LOOK_PHOTOS):
        await record_photo(conn, actor=rider, task_id=task.id, photo=photo(number), now=NOW)
    await expect_photo(conn, actor=rider, task_id=task.id, sha256=photo(1).sha256, now=NOW)
    with pytest.raises(TooManyLookPhotos):
        await expect_photo(conn, actor=rider, task_id=task.id, sha256=photo(99).sha256, now=NOW)


async def test_a_case_full_of_photos_takes_no_more_of_a_look(conn: Connection) -> None:
    rider = await add_reporter(conn)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    task = await held_look(conn, rider)
    for number in range(MOST_CASE_PHOTOS):
        await attach_photo(
            conn, case_id=task.case_id, photo=photo(number), stage=PhotoStage.AFTER, actor=secretary, now=NOW
        )
    with pytest.raises(TooManyCasePhotos):
        await expect_photo(conn, actor=rider, task_id=task.id, sha256=photo(99).sha256, now=NOW)


async def test_no_table_keeps_where_anybody_stood(conn: Connection) -> None:
    rider = await add_reporter(conn)
    task = await held_look(conn, rider)
    await answer(conn, actor=rider, task_id=task.id, said=Said(Answer.PRESENT, stands_at=STANDS_AT), now=NOW)
    await react(conn, await case_of(conn, task))
    assert [] == await tables_that_hold(conn, "120.187", "35.964")
    assert ["community_case"] == await tables_that_hold(conn, "120.181234")  # the search finds what is there


async def tables_that_hold(conn: Connection, *texts: str) -> list[str]:
    """Name every table of which some row, written out, holds one of the texts."""
    tables = await conn.fetch("select tablename from pg_tables where schemaname = 'public' order by tablename")
    held = []
    for table in tables:
        name = table["tablename"]
        sql = f'select exists (select from "{name}" as t where t::text like any($1::text[]))'  # noqa: S608 — a name of ours
        if await conn.fetchval(sql, [f"%{text}%" for text in texts]):
            held.append(name)
    return held
