"""A resident's appeal over HTTP on the real application: solved in under two hours, visited afterwards.

School places for two children. The appeal names no place, so it comes by the duty desk; the community is with the
resident within fifteen minutes; the subdistrict brings in the department and gives the case back.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest_asyncio

from community.routing.queries import insert_department
from core.access import queries as access
from core.access.models import Grant, Role
from core.database import Connection, Pool, pool_transaction
from geo.generations import activate
from geo.models import Area
from tests.conftest import DISTRICT, START, Client, FakeClock
from tests.geo.boundaries import draft_of, square
from tests.pictures import jpeg, sha256
from tests.sessions import open_long_session
from tests.staff import insert_staff

STREET, COMMUNITY = "37/01", "37/01/02"
PROOF = jpeg()
SHA256 = sha256(PROOF)
APPEAL = {
    "category": "help",
    "text": "家住示例社区，两个孩子今年要入学，不知道材料交到哪里，想请社区帮忙",
    "contact_phone": "19900000001",
}


@dataclass(frozen=True)
class Someone:
    """A person before the service: signed in, or nobody in particular."""

    client: Client
    header: dict[str, str]

    async def ask(self, method: str, path: str, expect: int = 200, **body: Any) -> Any:
        """Send a request and give the answer, which must have this status."""
        headers = self.header | ({"Idempotency-Key": body.pop("key")} if "key" in body else {})
        answer = await self.client.request(method, path, json=body if method == "POST" else None, headers=headers)
        said = await answer.json()
        assert expect == answer.status, said
        return said

    async def notices(self) -> list[str]:
        """Give what he has been told of, oldest first."""
        return [each["kind"] for each in reversed((await self.ask("GET", "/api/v1/notices"))["notices"])]

    async def is_told(self, kind: str) -> None:
        """Wait until the reactions have brought him a notice of this kind."""
        for _ in range(200):
            if kind in await self.notices():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"not told of {kind}: {await self.notices()}")


@dataclass(frozen=True)
class District:
    """Everyone who has a part in the story."""

    resident: Someone
    admin: Someone
    centre: Someone
    secretary: Someone
    neighbour: Someone
    department: Someone
    department_id: int


@pytest_asyncio.fixture
async def district(client: Client, pool: Pool) -> AsyncIterator[District]:
    async with pool_transaction(pool) as conn:
        await _lay_out(conn)
        department_id = await insert_department(
            conn, district_id=DISTRICT, code="education", name="教育部门", phone=None
        )

        async def hire(role: Role, path: str, department_id: int | None = None) -> Someone:
            staff = await insert_staff(conn, district_id=DISTRICT, username=f"{role}{path}", name=str(role), now=START)
            grant = Grant(role, path, department_id)
            await access.insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
            # A session of staff lasts twelve hours; the visit is made the day after.
            token = await open_long_session(
                conn, district_id=DISTRICT, kind="staff", subject_id=staff.id, now=START + timedelta(hours=14)
            )
            return Someone(client, {"Authorization": f"Bearer {token}"})

        people = District(
            resident=Someone(client, {}),
            admin=await hire(Role.DISTRICT_ADMIN, ""),
            centre=await hire(Role.SUBDISTRICT, STREET),
            secretary=await hire(Role.SECRETARY, COMMUNITY),
            neighbour=await hire(Role.SECRETARY, "37/01/03"),
            department=await hire(Role.DEPARTMENT, "", department_id),
            department_id=department_id,
        )
    yield people


async def _lay_out(conn: Connection) -> None:
    """Make a district with one street and two communities the active generation."""
    shapes = {
        "37": square(0, 0, 2),
        STREET: square(0, 0, 2),
        COMMUNITY: square(0, 0),
        "37/01/03": square(1, 0),
    }
    areas = []
    for path, shape in shapes.items():
        codes = tuple(path.split("/"))
        parent = codes[-2] if len(codes) > 1 else None
        is_leaf = len(codes) == 3
        level = ("区", "街道", "社区")[len(codes) - 1]
        areas.append((Area(codes[-1], codes[-1], level, path, codes, parent, "local", None, is_leaf), shape))
    await draft_of(conn, *areas)
    await activate(conn, district_id=DISTRICT, actor_name="test", now=START, accept_datum=True)


async def test_two_children_get_their_school_places_in_under_two_hours(
    district: District, client: Client, clock: FakeClock
) -> None:
    resident, centre, secretary, department = (
        district.resident,
        district.centre,
        district.secretary,
        district.department,
    )

    # 10:00 — no place, so it lies at the duty desk, and nobody's clock but ours has begun.
    received = await resident.ask("POST", "/api/v1/appeals", 201, key="an-appeal-for-two-1", **APPEAL)
    own = f"/api/v1/appeals/{received['token']}"
    await district.admin.is_told("case.opened")
    waiting = await centre.ask("GET", "/api/v1/cases?duty_desk=true")
    case_id = waiting["cases"][0]["id"]
    case = f"/api/v1/cases/{case_id}"
    assert 404 == (await client.get(case, headers=secretary.header)).status

    # 10:02 — the centre reads which community it is and hands it over.
    clock.advance(timedelta(minutes=2))
    await centre.ask("POST", f"{case}/hand_over", area_code="02", note="诉求中写明示例社区")
    await secretary.is_told("case.handed_over")

    # 10:03 — the secretary asks for the number, saying what for, and has it with one call.
    clock.advance(timedelta(minutes=1))
    assert "199****0001" == (await secretary.ask("GET", case))["contact"]["phone"]
    person = await secretary.ask("POST", f"{case}/unmask", reason="15 分钟内回电")
    assert {"name": None, "phone": "19900000001", "id_number": None} == person
    await district.neighbour.ask("POST", f"{case}/unmask", 404, reason="好奇")

    # 10:05 — nobody answers the phone: recorded, seen by the resident, and no answer.
    clock.advance(timedelta(minutes=2))
    await secretary.ask("POST", f"{case}/contact", channel="phone", note="电话无人接听，马上上门", reached=False)
    assert "2026-03-10T02:15:00Z" == (await resident.ask("GET", own))["next_due_at"]

    # 10:11 — face to face, with a photo for proof.
    clock.advance(timedelta(minutes=6))
    put = await client.put(
        f"{case}/photos/{SHA256}?stage=proof",
        data=BytesIO(PROOF),
        headers=secretary.header | {"Content-Type": "image/jpeg"},
    )
    assert 200 == put.status
    await secretary.ask(
        "POST", f"{case}/contact", channel="face_to_face", note="已上门，约定今天上午答复", photos=[SHA256]
    )
    await secretary.ask("POST", f"{case}/file")

    # 10:15 — the resident adds what she had forgotten.
    clock.advance(timedelta(minutes=4))
    await resident.ask("POST", f"{own}/words", text="大的三年级转学，小的上一年级")
    await secretary.is_told("case.words_added")

    # 10:20 — beyond the community's power: up to the subdistrict's centre, which brings in the department.
    clock.advance(timedelta(minutes=5))
    await secretary.ask("POST", f"{case}/transfer_up", note="需教育部门协调学位")
    await centre.is_told("case.transferred_up")
    clock.advance(timedelta(minutes=5))
    await centre.ask("POST", f"{case}/dispatch", department_id=district.department_id, note="请核实两个学位")
    await department.is_told("case.dispatched")

    # 10:30 to 11:05 — the department accepts, says how far it is, and reports.
    clock.advance(timedelta(minutes=5))
    await department.ask("POST", f"{case}/accept")
    clock.advance(timedelta(minutes=15))
    await department.ask("POST", f"{case}/feedback", note="已联系学校，正在核对材料")
    await centre.is_told("case.fed_back")
    clock.advance(timedelta(minutes=20))
    await department.ask("POST", f"{case}/handle", note="两个学位均已落实，下周一报到")
    await centre.is_told("case.handled")

    # 11:10 — back to the community, which looks whether it is so, and closes.
    clock.advance(timedelta(minutes=5))
    await centre.ask("POST", f"{case}/transfer_back", note="请社区告知居民并结案")
    await secretary.is_told("case.transferred_back")
    clock.advance(timedelta(minutes=10))
    await secretary.ask("POST", f"{case}/verify", note="已与居民核对")
    clock.advance(timedelta(minutes=5))
    closed = await secretary.ask("POST", f"{case}/close", result="两个孩子的学位已落实，下周一带材料到校报到")
    assert ("closed", "2026-03-10T03:25:00Z") == (closed["state"], closed["closed_at"])

    await _visit(district, clock, case, own)
    await _look_back(district, case, own)


async def _visit(district: District, clock: FakeClock, case: str, own: str) -> None:
    """The day after: the visit stands in the community's list, is made, and the resident answers for herself too."""
    secretary, resident = district.secretary, district.resident
    clock.advance(timedelta(hours=20))
    (visit,) = (await secretary.ask("GET", "/api/v1/follow-ups"))["visits"]
    assert ("199****0001", "2026-03-13T09:30:00Z") == (visit["contact"]["phone"], visit["due_at"])
    assert [] == (await district.neighbour.ask("GET", "/api/v1/follow-ups"))["visits"]
    await secretary.ask("POST", f"{case}/follow_up", note="上门回访，孩子已报到", satisfaction="satisfied")
    assert [] == (await secretary.ask("GET", "/api/v1/follow-ups"))["visits"]

    token = (await resident.ask("GET", own))["follow_up"]["token"]
    asked = await resident.ask("GET", f"/api/v1/follow-ups/{token}")
    assert ("两个孩子的学位已落实，下周一带材料到校报到", None) == (asked["result"], asked["satisfaction"])
    answer = {"satisfaction": "satisfied", "words": "谢谢，孩子已经上学了"}
    first = await resident.ask("POST", f"/api/v1/follow-ups/{token}", **answer)
    assert first == await resident.ask("POST", f"/api/v1/follow-ups/{token}", **answer)
    await secretary.is_told("case.rated")


async def _look_back(district: District, case: str, own: str) -> None:
    """Every clock was met and none was late, each was told what concerned him, and the resident read every step."""
    detail = await district.secretary.ask("GET", case)
    clocks = {each["clock"]: each for each in detail["deadlines"]}
    assert {"respond", "file", "dispatch", "handle", "verify", "follow_up"} == clocks.keys()
    assert all(each["met_at"] and not each["breached_at"] for each in clocks.values())
    minutes = {clock: _minutes(each["started_at"], each["met_at"]) for clock, each in clocks.items()}
    assert {"respond": 11, "file": 11, "dispatch": 14, "handle": 54, "verify": 20, "follow_up": 1200} == minutes
    assert 85 == _minutes(detail["case"]["opened_at"], detail["case"]["closed_at"])
    assert not [step for step in detail["history"] if step["kind"].startswith("deadline.")]
    assert ("followed_up", "satisfied") == (detail["case"]["state"], detail["case"]["satisfaction"])
    assert ["proof"] == [photo["stage"] for photo in detail["photos"]]
    assert [] == await district.neighbour.notices()
    assert not {"case.transferred_up", "case.dispatched"} & set(await district.admin.notices())

    progress = await district.resident.ask("GET", own)
    kinds = [step["kind"] for step in progress["steps"]]
    assert 1 == kinds.index("case.handed_over")
    assert "case.rated" == kinds[-1]
    words = [step["words"] for step in progress["steps"] if step["words"]]
    assert [
        "电话无人接听，马上上门",
        "已上门，约定今天上午答复",
        "大的三年级转学，小的上一年级",
        "两个孩子的学位已落实，下周一带材料到校报到",
    ] == words
    assert not re.search(r"199|协调学位|正在核对", str(progress))


def _minutes(start: str, end: str) -> int:
    return int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() // 60)


async def test_a_resident_who_comes_in_person_is_answered_at_once(district: District) -> None:
    secretary = district.secretary
    said = APPEAL | {"channel": "face_to_face", "words": "已当面说明所需材料", "area_code": "02"}
    entered = await secretary.ask("POST", "/api/v1/appeals/on-behalf", 201, key="in-person-1", **said)
    assert {"case_id", "number"} == entered.keys()
    detail = await secretary.ask("GET", f"/api/v1/cases/{entered['case_id']}")
    (respond,) = [each for each in detail["deadlines"] if each["clock"] == "respond"]
    assert (respond["started_at"], "199****0001") == (respond["met_at"], detail["contact"]["phone"])
    assert "token" not in str(detail)
    await district.department.ask("POST", "/api/v1/appeals/on-behalf", 403, key="in-person-2", **said)
    await district.resident.ask("POST", "/api/v1/appeals/on-behalf", 401, key="in-person-3", **said)
    wrong = await secretary.ask("POST", "/api/v1/appeals/on-behalf", 422, key="in-person-4", **said | {"words": None})
    assert ["/words"] == [error["pointer"] for error in wrong["errors"]]


async def test_a_resident_takes_an_appeal_back(district: District) -> None:
    received = await district.resident.ask("POST", "/api/v1/appeals", 201, key="taken-back-1", **APPEAL)
    own = f"/api/v1/appeals/{received['token']}"
    progress = await district.resident.ask("POST", f"{own}/withdrawal", text="已经自己办好了")
    assert ("voided", None, "case.withdrawn") == (
        progress["state"],
        progress["next_due_at"],
        progress["steps"][1]["kind"],
    )
    assert progress == await district.resident.ask("POST", f"{own}/withdrawal")
    await district.admin.is_told("case.voided")
    await district.resident.ask("POST", f"{own}/words", 409, text="还有一句")
    for path in ("words", "withdrawal"):
        await district.resident.ask("POST", f"/api/v1/appeals/guess/{path}", 404, text="一句")
