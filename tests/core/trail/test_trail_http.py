"""The trail over HTTP: who may read it, what it holds of the acts of others, and what `/readyz` says of it."""

from typing import Any

import pytest

from app.postgres import Server
from app.schedule import SCHEDULE, TRAIL_WATCH
from core.access.models import Actor, Grant, Role
from core.access.queries import insert_grant
from core.access.sessions import open_session
from core.audit import record_act
from core.database import pool_transaction
from core.events import record_event
from core.http.wiring import BACKGROUND, RECORDS
from core.trail.anchors import read_anchors
from core.trail.models import Fault, Finding
from core.trail.queries import upsert_verification
from tests.conftest import DISTRICT, START, Client, Database
from tests.core.trail.chains import superuser
from tests.staff import insert_staff

AUDIT = "/api/v1/audit"


async def enter(client: Client, role: Role, area_path: str = "") -> tuple[int, dict[str, str]]:
    """Make a member of staff; give his id and the header of his session."""
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        staff = await insert_staff(conn, district_id=DISTRICT, username=f"{role}{area_path}", name="某", now=START)
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=Grant(role, area_path), now=START)
        tokens = await open_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff.id, now=START)
    return staff.id, {"Authorization": f"Bearer {tokens.access}"}


async def read(client: Client, headers: dict[str, str], **params: str) -> Any:
    answer = await client.get(AUDIT, headers=headers, params=params)
    assert 200 == answer.status
    return await answer.json()


@pytest.mark.parametrize("role", [Role.DISTRICT_ADMIN, Role.AUDITOR])
async def test_the_whole_districts_administrator_and_auditor_read_it(client: Client, role: Role) -> None:
    _, headers = await enter(client, role)
    assert 200 == (await client.get(AUDIT, headers=headers)).status


@pytest.mark.parametrize(
    ("role", "area_path"),
    [(Role.DISTRICT_ADMIN, "37"), (Role.AUDITOR, "37/01"), (Role.SECRETARY, ""), (Role.GRID_WORKER, "37/01")],
)
async def test_nobody_else_reads_it(client: Client, role: Role, area_path: str) -> None:
    _, headers = await enter(client, role, area_path)
    assert 403 == (await client.get(AUDIT, headers=headers)).status
    assert 401 == (await client.get(AUDIT)).status


async def test_an_edit_of_what_holds_for_everybody_stands_in_it_with_its_editor(client: Client) -> None:
    admin_id, headers = await enter(client, Role.DISTRICT_ADMIN)
    days = {"source": "国办通知", "days": [{"day": "2027-01-01", "is_workday": False, "name": "元旦"}]}
    look = {"looks": "before_filing", "offer_minutes": 30, "expire_minutes": 600}
    assert 200 == (await client.put("/api/v1/calendar/days", headers=headers, json=days)).status
    assert 200 == (await client.put("/api/v1/look-rules/litter", headers=headers, json=look)).status
    page = await read(client, headers)
    assert [("category.looks_set", "staff", admin_id), ("calendar.days_set", "staff", admin_id)] == [
        (entry["act"], entry["actor_kind"], entry["actor_id"]) for entry in page["entries"][:2]
    ]
    assert {"zh": "修改节假日", "en": "entered days that differ from the week"} == page["entries"][1]["act_text"]
    assert {"2027-01-01": False} == page["entries"][1]["data"]["days"]


async def test_it_is_read_in_pages_and_by_actor_act_and_subject(client: Client) -> None:
    _, headers = await enter(client, Role.AUDITOR)
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        for number in range(1, 6):
            await record_act(
                conn, district_id=DISTRICT, act="rider.erased" if number % 2 else "rider.exported", now=START,
                actor=Actor("rider", number, DISTRICT), subject="rider", subject_id=number,
            )  # fmt: skip

    async def ids(**params: str) -> list[str]:
        return [each["subject_id"] for each in (await read(client, headers, subject="rider", **params))["entries"]]

    first = await read(client, headers, subject="rider", limit="2")
    assert ["5", "4"] == [each["subject_id"] for each in first["entries"]]
    assert ["3", "2"] == await ids(limit="2", cursor=str(first["next_cursor"]))
    assert ["5", "3", "1"] == await ids(act="rider.erased")
    assert ["4"] == await ids(actor_kind="rider", actor_id="4")
    assert ["2"] == await ids(subject_id="2")
    assert None is (await read(client, headers, subject="rider"))["next_cursor"]


async def test_words_about_a_rider_stay_out_of_it(client: Client) -> None:
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        await record_event(
            conn, district_id=DISTRICT, kind="points.awarded", subject="point_entry", subject_id=1, actor=None,
            now=START, data={"rider_id": 9, "points": 5, "reason": "张三守井"},
        )  # fmt: skip
        data = await conn.fetchval("select data from audit_entry where act = 'points.awarded'")
        event_id = await conn.fetchval("select max(id) from event where kind = 'points.awarded'")
    assert {"rider_id": 9, "points": 5, "event": event_id} == data


async def test_the_sweep_anchors_it_and_readiness_warns_when_the_anchor_does_not_fit(
    client: Client, server: Server, database: Database
) -> None:
    (sweep,) = [each for each in SCHEDULE if each.name == "anchor the audit trail"]
    assert 300.0 == sweep.every_s
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        for _ in range(2):
            await record_act(conn, district_id=DISTRICT, act="rider.erased", actor=None, now=START)
    await sweep.sweep(client.app)
    assert [2] == [anchor.id for anchor in read_anchors(client.app[RECORDS], district_id=DISTRICT)]
    assert "anchor" not in str(await (await client.get("/readyz")).json())

    async with superuser(server, database) as conn:
        await conn.execute("delete from audit_entry where id = 2")
    await sweep.sweep(client.app)
    assert client.app[TRAIL_WATCH].finding is not None
    warnings = (await (await client.get("/readyz")).json())["warnings"]
    assert any("does not fit its anchor" in warning for warning in warnings)


async def test_readiness_warns_until_a_verification_finds_it_whole_again(client: Client) -> None:
    async def warnings() -> str:
        return str((await (await client.get("/readyz")).json())["warnings"])

    async def verified(finding: Finding | None) -> None:
        async with pool_transaction(client.app[BACKGROUND]) as conn:
            await upsert_verification(conn, district_id=DISTRICT, now=START, rows=5, finding=finding)

    await verified(Finding(Fault.EDITED, 4))
    assert "edited at row 4" in await warnings()
    await verified(None)
    assert "audit" not in await warnings()
