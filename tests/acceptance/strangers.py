"""A district with cases on which everything hangs that can, and everyone who has no business with them.

All of it that is written or named holds one of `WORDS`, and its ids lie above `FOREIGN_ID`.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any, TypeAlias

import orjson

from app.schedule import REACTIONS
from community.routing.queries import insert_department
from core.access.models import Actor, Grant, Role
from core.access.queries import insert_grant, set_disabled
from core.database import Connection, Pool, connected, pool_transaction
from core.events import dispatch_due
from geo.generations import activate
from geo.models import Area
from tests.conftest import DISTRICT, START, Client, Database, FakeClock
from tests.geo.boundaries import draft_of, square
from tests.pictures import jpeg, sha256
from tests.riders.verification.looking import add_reporter
from tests.sessions import open_long_session
from tests.staff import insert_staff

STREET, OWN, SIBLING, PREFIX = "37/01", "37/01/02", "37/01/03", "37/011/04"
PROOF = jpeg()
SHA256 = sha256(PROOF)
PLACE = {"lon": 120.0043217, "lat": 36.0065432, "datum": "wgs84", "accuracy_m": 8}
PHONE, RIDER_PHONE = "19900000077", "13800000077"
FOREIGN_ID = 770_000_000
#: What must not reach a stranger.
WORDS = ("暗语", "暗名", PHONE, RIDER_PHONE, "0043217", "0065432", SHA256)
#: The same of the case at the duty desk, which centres and administrators of other areas see.
DUTY_WORDS = ("值守语", "19900000066")


@dataclass(frozen=True)
class Someone:
    """A person before the service."""

    client: Client
    actor: Actor
    header: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, said: Any = None) -> tuple[int, str]:
        """Ask; give the status and all that was answered but the address asked for, headers on a line of their own."""
        how: dict[str, Any] = {"data": BytesIO(said)} if isinstance(said, bytes) else {"json": said}
        kind = {"Content-Type": "image/jpeg"} if isinstance(said, bytes) else {}
        key = hashlib.sha256(repr((self.actor, path, said)).encode()).hexdigest()[:40]
        headers = self.header | kind | {"Idempotency-Key": key}
        async with self.client.request(method, f"/api/v1{path}", headers=headers, **how) as answer:
            body = (await answer.read()).decode(errors="replace")
            return answer.status, re.sub(r'"instance":"[^"]*"', '"instance":""', body) + f"\n{dict(answer.headers)}"

    async def do(self, method: str, path: str, said: Any = None) -> Any:
        """Do what must be allowed and give the answer."""
        status, text = await self.ask(method, path, {} if said is None and method == "POST" else said)
        assert status < 300, (method, path, text)
        return orjson.loads(text.rpartition("\n")[0] or "null")


@dataclass(frozen=True)
class World:
    """Everyone, and the ids of what is foreign to the strangers by the names that paths give them."""

    strangers: dict[str, Someone]
    own: dict[str, Someone]
    ids: dict[str, Any]

    def fill(self, said: Any) -> Any:
        """Put ids in their places."""
        if isinstance(said, dict):
            return {key: self.fill(value) for key, value in said.items()}
        if isinstance(said, list):
            return [self.fill(value) for value in said]
        if not isinstance(said, str):
            return said
        alone = re.fullmatch(r"\{(\w+)\}", said)
        return self.ids[alone[1]] if alone else re.sub(r"\{(\w+)\}", lambda found: str(self.ids[found[1]]), said)


async def lay_out(conn: Connection) -> None:
    """Make one street with two communities, and another whose code begins like the first one's."""
    shapes = {"37": square(0, 0, 3), STREET: square(0, 0, 2), OWN: square(0, 0), SIBLING: square(1, 0)}
    shapes |= {"37/011": square(2, 0), PREFIX: square(2, 0)}
    areas = []
    for path, shape in shapes.items():
        codes = tuple(path.split("/"))
        parent = codes[-2] if len(codes) > 1 else None
        level, is_leaf = ("区", "街道", "社区")[len(codes) - 1], len(codes) == 3
        areas.append((Area(codes[-1], codes[-1], level, path, codes, parent, "local", None, is_leaf), shape))
    await draft_of(conn, *areas)
    await activate(conn, district_id=DISTRICT, actor_name="test", now=START, accept_datum=True)


@dataclass(frozen=True)
class Builder:
    """Fills a running service with people and cases."""

    client: Client
    pool: Pool
    database: Database
    clock: FakeClock

    async def enter(self, actor: Actor) -> Someone:
        """Sign someone in."""
        assert actor.id is not None
        async with pool_transaction(self.pool) as conn:
            token = await open_long_session(conn, district_id=DISTRICT, kind=actor.kind, subject_id=actor.id, now=START)
        return Someone(self.client, actor, {"Authorization": f"Bearer {token}"})

    async def hire(self, name: str, *grants: Grant) -> Someone:
        """Give someone an account and roles."""
        async with pool_transaction(self.pool) as conn:
            staff = await insert_staff(conn, district_id=DISTRICT, username=name, name=name, now=START)
            for grant in grants:
                await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
        return await self.enter(Actor("staff", staff.id, DISTRICT, name, grants))

    async def ride(self, number: int, area_path: str) -> Someone:
        """Appoint a rider."""
        async with pool_transaction(self.pool) as conn:
            rider = await add_reporter(conn, number, area_path=area_path)
        return await self.enter(rider)

    async def found(self, code: str) -> int:
        """Make a department."""
        async with pool_transaction(self.pool) as conn:
            return await insert_department(conn, district_id=DISTRICT, code=code, name=code, phone=None)

    async def react(self) -> None:
        """Let everything be told that is to be told."""
        for _ in range(3):
            await dispatch_due(self.pool, district_id=DISTRICT, now=self.clock(), reactions=REACTIONS)

    async def restart_ids(self, first: int) -> None:
        """Let what is made from now on have ids from `first` on."""
        tables = "community_case report appeal verification_task point_entry point_objection work_order"
        tables += " case_note template saved_filter post shift application appointment"
        async with connected(self.database.owner_dsn) as conn:
            for table in tables.split():
                await conn.execute(f"alter table {table} alter column id restart with {first}")


async def add_strangers(builder: Builder, department_id: int) -> dict[str, Someone]:
    """Make everyone who sees none of the cases."""
    found = {"anonymous": Someone(builder.client, Actor("anonymous", None, DISTRICT))}
    for name, grants in {
        "sibling secretary": (Grant(Role.SECRETARY, SIBLING),),
        "sibling grid worker": (Grant(Role.GRID_WORKER, SIBLING),),
        "sibling auditor": (Grant(Role.AUDITOR, SIBLING),),
        "next centre": (Grant(Role.SUBDISTRICT, "37/011"),),
        "next admin": (Grant(Role.DISTRICT_ADMIN, "37/011"), Grant(Role.AUDITOR, PREFIX)),
        "grid worker beneath": (Grant(Role.GRID_WORKER, OWN + "/001"),),
        "other department": (Grant(Role.DEPARTMENT, "", department_id),),
        "department of no id": (Grant(Role.DEPARTMENT, OWN),),
        "station host": (Grant(Role.STATION_HOST, OWN),),
        "without a role": (),
        "disabled": (Grant(Role.SECRETARY, OWN),),
    }.items():
        found[name] = await builder.hire(name, *grants)
    found["other rider"] = await builder.ride(5, SIBLING)
    async with pool_transaction(builder.pool) as conn:
        await set_disabled(conn, district_id=DISTRICT, staff_id=found["disabled"].actor.id or 0, now=START)
    found["disabled"] = replace(found["disabled"], actor=found["anonymous"].actor)  # with a token that once was good
    return found


async def build(builder: Builder) -> World:
    """Make the people, the cases and all that hangs on them."""
    department_id = await builder.found("sanitation")
    strangers = await add_strangers(builder, await builder.found("water"))
    await builder.restart_ids(660_000_000)
    resident = strangers["anonymous"]
    await resident.do("POST", "/appeals", {"category": "help", "text": DUTY_WORDS[0], "contact_phone": DUTY_WORDS[1]})
    await builder.restart_ids(FOREIGN_ID)
    own = {
        "secretary": await builder.hire("暗名secretary", Grant(Role.SECRETARY, OWN)),
        "centre": await builder.hire("暗名centre", Grant(Role.SUBDISTRICT, STREET)),
        "auditor": await builder.hire("暗名auditor", Grant(Role.AUDITOR, OWN)),
        "department": await builder.hire("暗名department", Grant(Role.DEPARTMENT, "", department_id)),
        "rider": await builder.ride(77, OWN),
        "looker": await builder.ride(78, OWN),
    }
    ids = {"sha256": SHA256, "department_id": department_id}
    for step in (_report, _desk, _appeal, _points):
        ids |= await step(builder, own, resident, ids)
    await builder.react()
    builder.clock.advance(timedelta(minutes=10))
    async with pool_transaction(builder.pool) as conn:  # an oversight to be found
        await conn.execute("update community_case set next_due_at = null where id = $1", ids["case_id"])
    return World(strangers, own, ids)


People: TypeAlias = dict[str, Someone]
Ids: TypeAlias = dict[str, Any]


async def _report(builder: Builder, own: People, _: Someone, ids: Ids) -> Ids:
    """Report twice; the first case is handled and waits for a look, with a note and a photo, the second is merged."""
    secretary, rider, department = own["secretary"], own["rider"], own["department"]
    said = {"category": "litter", "point": PLACE, "description": "暗语：楼下的垃圾", "photos": [SHA256]}
    report = await rider.do("POST", "/reports", said)
    await rider.do("PUT", f"/reports/{report['id']}/photos/{SHA256}", PROOF)
    second = await rider.do("POST", "/reports", said | {"description": "暗语：同一处"})
    case = f"/cases/{report['case_id']}"
    await secretary.do("POST", f"/cases/{second['case_id']}/mark_duplicate", {"duplicate_of": report["case_id"]})
    await secretary.do("PUT", f"{case}/photos/{SHA256}", PROOF)
    note = await secretary.do("POST", f"{case}/notes", {"text": "暗语：内部便签 @暗名centre"})
    await secretary.do("POST", f"{case}/dispatch", {"department_id": ids["department_id"], "note": "暗语：内部派遣"})
    await department.do("POST", f"{case}/accept")
    await department.do("POST", f"{case}/handle", {"note": "暗语：内部已清"})
    await secretary.do("POST", f"{case}/ask_verification", {"note": "暗语：内部核实"})
    await builder.react()
    (task,) = (await secretary.do("GET", f"{case}/verification-tasks"))["tasks"]
    found = {"case_id": report["case_id"], "report_id": report["id"], "note_id": note["id"], "task_id": task["id"]}
    return found | {"rider_id": rider.actor.id}


async def _desk(_: Builder, own: People, __: Someone, ids: Ids) -> Ids:
    """Share words and a list with the community; open a post and put the secretary on its rota."""
    secretary = own["secretary"]
    words = {"body": "暗语", "title": "暗语", "verb": "close", "field": "result", "area": OWN}
    template = await secretary.do("POST", "/templates", words)
    saved = await secretary.do("POST", "/saved-filters", {"name": "暗语", "query": {}, "area": OWN})
    post = await secretary.do("POST", "/posts", {"name": "暗语岗", "area_path": OWN})
    span = {"starts_at": START.isoformat(), "ends_at": (START + timedelta(hours=8)).isoformat()}
    planned = {"shifts": [span | {"staff_id": secretary.actor.id}]}
    (shift,) = (await secretary.do("POST", f"/posts/{post['id']}/shifts", planned))["shifts"]
    return {"template_id": template["id"], "filter_id": saved["id"], "post_id": post["id"], "shift_id": shift["id"]}


async def _appeal(_: Builder, own: People, resident: Someone, __: Ids) -> Ids:
    """Appeal with name, phone and place; the case is closed, and its visit owed."""
    secretary = own["secretary"]
    said = {
        "category": "help",
        "text": "暗语：请帮忙",
        "contact_name": "暗名居民",
        "contact_phone": PHONE,
        "place": PLACE,
    }
    token = (await resident.do("POST", "/appeals", said))["token"]
    (line,) = (await secretary.do("GET", "/cases?order=newest&category=help"))["cases"]
    case = f"/cases/{line['id']}"
    await secretary.do("POST", f"{case}/contact", {"channel": "phone", "note": "暗语：已约定"})
    await secretary.do("POST", f"{case}/file")
    for verb in ("handle", "verify"):
        await secretary.do("POST", f"{case}/{verb}", {"note": "暗语：内部已办"})
    await secretary.do("POST", f"{case}/close", {"result": "暗语：办好了"})
    return {"other_id": line["id"], "appeal_token": token, "token": f"{line['id']}-1-{'A' * 43}"}


async def _points(builder: Builder, own: People, _: Someone, ids: Ids) -> Ids:
    """Earn points and contest an entry."""
    await builder.react()
    entry = (await own["rider"].do("GET", "/riders/me/points"))["entries"][0]
    objection = await own["rider"].do("POST", "/points/objections", {"entry_id": entry["id"], "words": "暗语：不对"})
    application = (await own["secretary"].do("GET", "/applications"))["applications"][0]
    appointment = (await own["secretary"].do("GET", "/appointments"))["appointments"][0]
    found = {"entry_id": entry["id"], "objection_id": objection["id"]}
    return found | {"application_id": application["id"], "appointment_id": appointment["id"]}
