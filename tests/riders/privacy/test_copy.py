"""A rider's copy of his data: a ZIP that holds all of his and nothing of others, made without being whole in memory."""

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import orjson
import pytest

from community.models import Notice
from core.access.models import Actor
from core.database import pool_transaction
from core.http.photos import PHOTO_STORE
from core.http.wiring import RING
from geo.api import LOCATE
from riders.models import Application, Appointment, Report
from riders.points.honours.models import HonourRecord
from riders.points.models import OwnPointEntry
from riders.points.objections.models import Objection
from riders.privacy.api import EXPORTING
from riders.privacy.copy import write
from riders.privacy.copy.fields import FIELDS, FILES
from riders.privacy.copy.models import ConsentDecision, OwnProfile, OwnSession, OwnWechat, SentReport
from riders.privacy.copy.pack import Packer
from riders.signup.queries import find_rider_id, insert_rider
from riders.signup.wechat.queries import put_wechat
from riders.verification.models import OwnTask, Willingness
from station.feedback.tell import tell
from station.models import FeedbackKind, OwnTap
from tests.acceptance.matrix.world import DUTY_WORDS, PHONE, SHA256
from tests.conftest import DISTRICT, START
from tests.riders.phones import Inbox
from tests.riders.privacy.people import ID_NUMBER, NAME, PLATFORM, RIDER_PHONE, Town, rows

STATION = """
    insert into station (district_id, code, qr_token, name, area_path, created_at, updated_at)
    values (1, 'S1', 't1', '一号驿站', '37/01/02', $1, $1) returning id
"""
EXPORT = "/api/v1/riders/me/export"
NONCE = "b7c1f09e55aa40d2"
MODELS = (
    *(Application, Appointment, ConsentDecision, HonourRecord, Notice, Objection, OwnPointEntry, OwnProfile),
    *(OwnSession, OwnTap, OwnTask, OwnWechat, Report, SentReport, Willingness),
)


async def copy_of(town: Town, who: str = "rider/owner") -> zipfile.ZipFile:
    answer = await town.client.get(EXPORT, headers=(await town.sign_in_again(who)).header)
    assert (200, "application/zip") == (answer.status, answer.content_type)
    assert "attachment" in answer.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert None is archive.testzip()
    return archive


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return orjson.loads(archive.read(name))


async def test_it_holds_his_taps_and_that_wechat_is_bound_and_nobody_elses(town: Town) -> None:
    app = town.client.app
    async with pool_transaction(town.pool) as conn:
        station_id = await conn.fetchval(STATION, START)
        other_id = await insert_rider(conn, ring=app[RING], district_id=DISTRICT, phone="+8613800000099", now=START)
        other = Actor("rider", other_id, DISTRICT)
        for who, at in ((town.rider.actor, START), (other, START + timedelta(days=1))):
            await tell(
                conn,
                ring=app[RING],
                actor=who,
                station_id=station_id,
                kind=FeedbackKind.FOUND_OPEN,
                amenity=None,
                device_nonce=NONCE,
                locate=app[LOCATE],
                now=at,
            )
            await put_wechat(
                conn, district_id=DISTRICT, rider_id=who.id or 0, openid_hmac=bytes([who.id or 0]), keyed_with=1, now=at
            )
    archive = await copy_of(town)
    (told,), (bound,) = read(archive, "taps.json"), read(archive, "wechat.json")
    assert {"station": "一号驿站", "kind": "found_open", "amenity": None, "told_at": "2026-03-10T02:00:00Z"} == told
    assert {"bound_at": "2026-03-10T02:00:00Z"} == bound


async def test_it_holds_all_that_is_kept_of_him(town: Town) -> None:
    archive = await copy_of(town)
    names = {name for name in FILES if not name.endswith("/")} | {"README.txt", f"photos/{SHA256}.jpeg"}
    assert names == set(archive.namelist())
    assert archive.read(f"photos/{SHA256}.jpeg").startswith(b"\xff\xd8\xff")
    (profile,) = read(archive, "profile.json")
    assert (f"+86{RIDER_PHONE}", NAME, PLATFORM, ["zh", "ug"]) == tuple(
        profile[key] for key in ("phone", "name", "platform", "languages")
    )
    reports = read(archive, "reports.json")
    assert 3 == len(reports)
    assert ID_NUMBER in reports[0]["description"]
    assert ({"guarded": "yes"}, 120.0043217) == (reports[0]["answers"], reports[0]["received_lon"])
    assert "已收到" == reports[0]["progress"]["steps"][0]["text"]["zh"]
    assert [("photo", True), ("look_location", True), ("report_location", True)] == [
        (each["purpose"], each["is_given"]) for each in read(archive, "consents.json")
    ]
    for name in ("points", "objections", "applications", "appointments", "willingness", "notices", "sessions"):
        assert read(archive, f"{name}.json"), name


async def test_it_holds_nothing_of_anybody_else(town: Town) -> None:
    archive = await copy_of(town)
    text = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    inner = ("暗语：内部", "暗名secretary", "暗名centre", "暗名居民", PHONE, *DUTY_WORDS, "问了")
    assert [] == [word for word in inner if word in text]
    assert RIDER_PHONE in text


async def test_each_field_is_explained_in_both_languages_and_none_in_vain(town: Town) -> None:
    archive = await copy_of(town)
    page = archive.read("README.txt").decode("utf-8-sig")
    assert "个人资料 / who you are to us" in page
    held = {key for name in FILES if name.endswith(".json") for row in read(archive, name) for key in row}
    assert set() == held - set(FIELDS)
    assert set(FIELDS) == {field.name for model in MODELS for field in fields(model)} | {"progress"}
    assert [] == [name for name, text in (FIELDS | FILES).items() if not (text.zh and text.en and name in page)]


async def test_long_lists_come_whole_over_many_pages(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await copy_of(town)
    monkeypatch.setattr(write, "PAGE", 1)
    paged = await copy_of(town)
    same = sorted(name for name in FILES if name.endswith(".json") and name != "sessions.json")
    assert [whole.read(name) for name in same] == [paged.read(name) for name in same]
    assert whole.namelist() == paged.namelist()


async def test_one_at_a_time_for_each_rider(town: Town) -> None:
    rider_id = town.rider.actor.id
    assert rider_id is not None
    town.client.app[EXPORTING].add(rider_id)
    answer = await town.client.get(EXPORT, headers=(await town.sign_in_again()).header)
    assert (429, "10") == (answer.status, answer.headers["Retry-After"])
    assert "/docs/problems#export-running" == (await answer.json())["type"]
    await copy_of(town, "rider/own")
    town.client.app[EXPORTING].clear()
    await copy_of(town)
    assert set() == town.client.app[EXPORTING]


async def test_it_stands_in_the_audit_trail(town: Town) -> None:
    await copy_of(town)
    acts = await rows(town.pool, "select actor_id, subject_id from audit_entry where act = 'rider.exported'")
    assert [(town.rider.actor.id, str(town.rider.actor.id))] == acts


async def test_only_riders_have_one(town: Town) -> None:
    assert 403 == (await town.client.get(EXPORT, headers=town.secretary.header)).status
    assert 401 == (await town.client.get(EXPORT)).status


async def test_it_needs_a_sign_in_of_the_last_minutes(town: Town) -> None:
    for method, path, said in (
        ("GET", "/riders/me/export", None),
        ("DELETE", "/riders/me?confirm=erase", None),
        ("PUT", "/riders/me/phone", {"phone": "13900000031", "code": "000000", "device_nonce": NONCE}),
    ):
        who = await town.sign_in_again()
        town.clock.advance(timedelta(minutes=11))
        status, text = await who.ask(method, path, said)
        assert (403, True) == (status, "recent-sign-in-needed" in text)


async def test_a_photo_whose_file_is_gone_leaves_the_rest(town: Town) -> None:
    ((stored,),) = await rows(town.pool, "select stored_sha256 from report_photo where stored_at is not null")
    await town.client.app[PHOTO_STORE].delete(stored)
    archive = await copy_of(town)
    assert f"photos/{SHA256}.jpeg" not in archive.namelist()


async def test_packing_holds_a_chunk_and_not_the_whole() -> None:
    async def many() -> AsyncIterator[object]:
        for number in range(100_000):
            yield {"n": number, "hash": f"{hash((number, 'x')):x}" * 4}

    packer = Packer(START)
    tracemalloc.start()
    size = 0
    async for data in packer.add_json("many.json", many()):
        size += len(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1_000_000
    assert most < 700_000


async def test_the_phone_is_changed_by_a_code_sent_to_the_new_one(town: Town, inbox: Inbox) -> None:
    new = "13900000031"

    async def change(phone: str, code: str) -> tuple[int, str]:
        said = {"phone": phone, "code": code, "device_nonce": NONCE}
        return await (await town.sign_in_again()).ask("PUT", "/riders/me/phone", said)

    async def code_for(phone: str) -> str:
        asked = await town.client.post("/api/v1/riders/codes", json={"phone": phone, "device_nonce": NONCE})
        assert 202 == asked.status
        return inbox.code

    assert (422, True) == ((first := await change(new, "000000"))[0], "code-not-accepted" in first[1])
    code = await code_for(new)
    assert 200 == (await change(new, code))[0]
    async with pool_transaction(town.pool) as conn:
        found = await find_rider_id(conn, ring=town.client.app[RING], district_id=DISTRICT, phone=f"+86{new}")
    assert town.rider.actor.id == found
    assert 401 == (await town.rider.ask("GET", "/riders/me"))[0]
    assert 1 == len(await rows(town.pool, "select 1 from audit_entry where act = 'rider.phone_changed'"))
    assert 422 == (await change(new, code))[0]  # used up

    taken = "13800000078"
    status, text = await change(taken, await code_for(taken))
    assert (409, True) == (status, "phone-taken" in text)
