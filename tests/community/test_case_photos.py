"""Photos of a case: who may send and see them, what closing a category needs, what an act may name."""

import asyncio
from contextlib import nullcontext
from datetime import timedelta

import pytest

from community.acts import Act
from community.detail import get_case_detail
from community.errors import CaseTakesNoPhotos, ClosingPhotosMissing, PhotoNotStored, TooManyCasePhotos
from community.models import State
from community.photos.attach import MOST_CASE_PHOTOS, attach_photo, expect_case_photo, get_case_photo
from community.photos.models import PhotoStage
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection, Pool, pool_transaction
from core.errors import NotFound
from core.photos import StoredPhoto
from tests.community.district import COMMUNITY, NEIGHBOUR, hire, located, open_report, put_in_state
from tests.conftest import DISTRICT, RING, START, Client
from tests.pictures import jpeg, sha256
from tests.sessions import open_long_session

JPEG = jpeg()
SHA256 = sha256(JPEG)
NOW = START + timedelta(minutes=5)


def photo(number: int) -> StoredPhoto:
    return StoredPhoto(f"{number:064x}", f"{number:064x}", "image/jpeg", 10)


@pytest.mark.parametrize(
    ("needed", "stages", "can_close"),
    [
        ("none", [], True),
        ("after", [], False),
        ("after", [PhotoStage.BEFORE], False),
        ("after", [PhotoStage.AFTER], True),
        ("before_after", [PhotoStage.AFTER], False),
        ("before_after", [PhotoStage.BEFORE, PhotoStage.AFTER], True),
    ],
)
async def test_closing_needs_the_photos_of_the_category(
    conn: Connection, needed: str, stages: list[PhotoStage], can_close: bool
) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await put_in_state(conn, await open_report(conn, 1, at=located()), State.VERIFIED)
    await conn.execute("update category set closing_photos = $1 where code = 'litter'", needed)
    for number, stage in enumerate(stages):
        await attach_photo(conn, case_id=case.id, photo=photo(number), stage=stage, actor=secretary, now=NOW)
    act = Act(result="已清理")
    if can_close:
        closed = await carry_out(conn, case_id=case.id, verb=Verb.CLOSE, act=act, actor=secretary, now=NOW)
        assert State.CLOSED is closed.state
    else:
        with pytest.raises(ClosingPhotosMissing, match=r"after|before"):
            await carry_out(conn, case_id=case.id, verb=Verb.CLOSE, act=act, actor=secretary, now=NOW)


async def test_an_act_names_only_photos_that_the_case_has(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    act = Act(note="已清理", photos=(photo(1).sha256,))
    with pytest.raises(PhotoNotStored, match="photos"):
        await carry_out(conn, case_id=case.id, verb=Verb.HANDLE, act=act, actor=secretary, now=NOW)
    await attach_photo(conn, case_id=case.id, photo=photo(1), stage=PhotoStage.AFTER, actor=secretary, now=NOW)
    handled = await carry_out(conn, case_id=case.id, verb=Verb.HANDLE, act=act, actor=secretary, now=NOW)
    assert State.HANDLED is handled.state


async def test_a_case_has_room_for_sixty_photos_and_a_repetition(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    for number in range(MOST_CASE_PHOTOS):
        await attach_photo(conn, case_id=case.id, photo=photo(number), stage=PhotoStage.AFTER, actor=secretary, now=NOW)
    await expect_case_photo(conn, case_id=case.id, sha256=photo(1).sha256, actor=secretary)
    with pytest.raises(TooManyCasePhotos):
        await expect_case_photo(conn, case_id=case.id, sha256=photo(99).sha256, actor=secretary)


@pytest.mark.parametrize("state", [State.FOLLOWED_UP, State.REJECTED, State.DUPLICATE, State.VOIDED])
async def test_a_case_that_is_over_takes_no_more_photos(conn: Connection, state: State) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    await attach_photo(conn, case_id=case.id, photo=photo(1), stage=PhotoStage.AFTER, actor=secretary, now=NOW)
    await put_in_state(conn, case, State.CLOSED)  # its visit is owed, and may be shown
    await expect_case_photo(conn, case_id=case.id, sha256=photo(2).sha256, actor=secretary)
    await put_in_state(conn, case, state)
    await expect_case_photo(conn, case_id=case.id, sha256=photo(1).sha256, actor=secretary)  # sent again
    with pytest.raises(CaseTakesNoPhotos, match=case.number):
        await expect_case_photo(conn, case_id=case.id, sha256=photo(2).sha256, actor=secretary)


async def test_proof_of_a_contact_is_shown_to_those_who_may_reach_the_resident(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    auditor = await hire(conn, "auditor", Role.AUDITOR, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    for number, stage in enumerate(PhotoStage):
        await attach_photo(conn, case_id=case.id, photo=photo(number), stage=stage, actor=secretary, now=NOW)
    for who, seen in ((secretary, set(PhotoStage)), (auditor, set(PhotoStage) - {PhotoStage.PROOF})):
        detail = await get_case_detail(conn, ring=RING, case_id=case.id, actor=who)
        assert seen == {each.stage for each in detail.photos}
        for number, stage in enumerate(PhotoStage):
            with nullcontext() if stage in seen else pytest.raises(NotFound):
                await get_case_photo(conn, case_id=case.id, sha256=photo(number).sha256, actor=who)


async def test_a_photo_is_sent_again_harmlessly_and_seen_by_who_sees_the_case(client: Client, pool: Pool) -> None:
    headers = {}
    async with pool_transaction(pool) as conn:
        case = await open_report(conn, 1, at=located())
        for role, path in [
            (Role.SECRETARY, COMMUNITY),
            (Role.SECRETARY, NEIGHBOUR),
            (Role.AUDITOR, COMMUNITY),
        ]:
            who = await hire(conn, f"{role} {path}", role, path)
            assert who.id is not None
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
            headers[role, path] = {"Authorization": f"Bearer {token}"}
    address = f"/api/v1/cases/{case.id}/photos/{SHA256}"
    jpeg = {"Content-Type": "image/jpeg"}
    own, foreign = headers[Role.SECRETARY, COMMUNITY], headers[Role.SECRETARY, NEIGHBOUR]
    auditor = headers[Role.AUDITOR, COMMUNITY]
    for _ in range(2):
        sent = await client.put(f"{address}?stage=after", data=JPEG, headers=own | jpeg)
        assert (200, "after") == (sent.status, (await sent.json())["stage"])
    assert 404 == (await client.put(address, data=JPEG, headers=foreign | jpeg)).status
    assert 403 == (await client.put(address, data=JPEG, headers=auditor | jpeg)).status
    assert 404 == (await client.get(address, headers=foreign)).status
    seen = await client.get(address, headers=auditor)
    detail = await (await client.get(f"/api/v1/cases/{case.id}", headers=own)).json()
    assert [SHA256] == [each["sha256"] for each in detail["photos"]]
    assert (detail["photos"][0]["stored_sha256"], "image/jpeg") == (
        sha256(await seen.read()),
        seen.headers["Content-Type"],
    )
    assert ["case.opened", "case.photo_added"] == [step["kind"] for step in detail["history"]]
    unknown = f"/api/v1/cases/{case.id}/photos/{'0' * 64}"
    assert 404 == (await client.get(unknown, headers=own)).status


async def test_two_who_send_the_last_photo_at_once_do_not_both_find_room(client: Client, pool: Pool) -> None:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        token = await open_long_session(
            conn, district_id=DISTRICT, kind="staff", subject_id=secretary.id or 0, now=START
        )
        case = await open_report(conn, 1, at=located())
        for number in range(MOST_CASE_PHOTOS - 1):
            await attach_photo(
                conn, case_id=case.id, photo=photo(number), stage=PhotoStage.AFTER, actor=secretary, now=NOW
            )

    data, headers = jpeg(1), {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
    path = f"/api/v1/cases/{case.id}/photos/{sha256(data)}"
    async with pool_transaction(pool) as conn:
        await expect_case_photo(conn, case_id=case.id, sha256=photo(99).sha256, actor=secretary, lock=True)
        await attach_photo(conn, case_id=case.id, photo=photo(99), stage=PhotoStage.AFTER, actor=secretary, now=NOW)
        second = asyncio.create_task(client.put(path, data=data, headers=headers))
        await asyncio.sleep(0.3)
    assert TooManyCasePhotos.status == (await second).status
