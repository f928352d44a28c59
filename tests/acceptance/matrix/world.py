"""A district in which one community has everything that a community can have, and everyone stands somewhere to it.

All of it that is written or named holds one of `WORDS`, and its ids lie above `FOREIGN_ID`. Nothing here asks the
application what is allowed: who may what stands in `table`.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application

from app.main import create_app
from app.postgres import Server
from app.schedule import REACTIONS, TICKS, Ticks, run_schedule
from app.settings import Settings
from community.routing.queries import insert_department
from core.access.models import Actor, Grant, Role
from core.access.queries import insert_grant, set_disabled
from core.database import Connection, Pool, connected, open_pool, pool_transaction
from core.events import dispatch_due
from core.queries import find_oldest_due_event_age_s
from geo.api import keep_areas_live
from geo.generations import activate
from geo.models import Area
from riders.models import TrustLevel
from station.api import follow_stations
from tests.acceptance.matrix.rehearsal import Rehearsal, rehearsed
from tests.conftest import DISTRICT, START, Client, Database, FakeClock, clone, patient_keeper, put_keys, superuser_dsn
from tests.geo.boundaries import draft_of, square
from tests.pictures import jpeg, sha256
from tests.riders.verification.looking import add_reporter
from tests.sessions import open_long_session
from tests.staff import PASSWORD, hashed, insert_staff

STREET, OWN, SIBLING, BEYOND = "37/01", "37/01/02", "37/01/0", "37/011/04"
#: Where the grant of someone lies to the community that has everything. As texts, the sibling's path begins that of the
#: community, and the street's that of the other one, and neither is above it.
POSITIONS = {"whole": "", "parent": STREET, "own": OWN, "child": OWN + "/001", "sibling": SIBLING, "other": "37/011"}
PROOF = jpeg()
SHA256 = sha256(PROOF)
NEW_PHOTO = jpeg(1)
PLACE = {"lon": 120.0043217, "lat": 36.0065432, "datum": "wgs84", "accuracy_m": 8}
PHONE, RIDER_PHONE = "19900000077", "13800000077"
FOREIGN_ID = 770_000_000
#: What must not reach a stranger.
WORDS = ("暗语", "暗名", PHONE, RIDER_PHONE, "0043217", "0065432", SHA256, "JFIF")
#: The same of the case at the duty desk, which centres and administrators of every area see.
DUTY_WORDS = ("值守语", "19900000066")


_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Raw:
    """A body that is no JSON."""

    data: bytes
    media_type: str = "image/jpeg"


#: How the rows of a boundary file are read.
DRAWN = "level=grid&name_field=name&code_field=code&datum=wgs84"


def boundaries(code: str) -> Raw:
    """Draw one area."""
    ring = [[120.0, 36.0], [120.01, 36.0], [120.01, 36.01], [120.0, 36.0]]
    area = {"type": "Feature", "properties": {"code": code, "name": code}, "geometry": None}
    area["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    return Raw(orjson.dumps({"type": "FeatureCollection", "features": [area]}), "application/geo+json")


@dataclass(frozen=True)
class Someone:
    """A person before the service: who he is, in which role, and where his grant lies."""

    actor: Actor
    role: str = ""
    position: str = ""
    header: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Say role and position."""
        return f"{self.role}/{self.position}"

    async def ask(self, client: Client, method: str, path: str, said: Any = None) -> tuple[int, str]:
        """Ask; give the status and all that was answered but the address asked for, headers on a line of their own."""
        how: dict[str, Any] = {"data": BytesIO(said.data)} if isinstance(said, Raw) else {"json": said}
        kind = {"Content-Type": said.media_type} if isinstance(said, Raw) else {}
        key = hashlib.sha256(repr((self.actor, path, said)).encode()).hexdigest()[:40]
        headers = self.header | kind | {"Idempotency-Key": key}
        async with client.request(method, path, headers=headers, **how) as answer:
            body = (await answer.read()).decode(errors="replace")
            return answer.status, re.sub(r'"instance":"[^"]*"', '"instance":""', body) + f"\n{dict(answer.headers)}"


@dataclass(frozen=True)
class World:
    """Everyone, the ids of what the community has by the names that paths give them, and three ways in.

    `client` commits, `rehearsing` takes back whatever one request did, `owner` sees every row of every table.
    """

    people: dict[str, Someone]
    ids: dict[str, Any]
    client: Client
    rehearsing: Client
    rehearsal: Rehearsal
    owner: Connection
    clock: FakeClock

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


@asynccontextmanager
async def opened_world(server: Server, folder: Path) -> AsyncIterator[World]:
    """Make the world on a database of its own, and hold it while tests look at it. No sweep runs by itself."""
    database, clock = await clone(server), FakeClock()
    put_keys(folder / "keys")
    async with AsyncExitStack() as stack:
        pool = await open_pool(database.sweeper_dsn, size=4)
        stack.push_async_callback(pool.close)
        async with pool_transaction(pool) as conn:
            await lay_out(conn)
        app = _program(folder, database, clock)
        client = await stack.enter_async_context(TestClient(TestServer(app)))
        people, ids = await build(Builder(client, pool, database, clock))
        rehearsal = await stack.enter_async_context(rehearsed(superuser_dsn(server, database)))
        app = _program(folder, database, clock)
        app.cleanup_ctx.insert(app.cleanup_ctx.index(keep_areas_live), rehearsal.instead_of_pools)
        rehearsing = await stack.enter_async_context(TestClient(TestServer(app)))
        owner = await stack.enter_async_context(connected(superuser_dsn(server, database)))
        for each in (client, rehearsing):
            await follow_stations(each.app)
        yield World(people, ids, client, rehearsing, rehearsal, owner, clock)


def _program(folder: Path, database: Database, clock: FakeClock) -> Application:
    keeper = patient_keeper()
    app = create_app(
        Settings(data_dir=folder),
        dsn=database.app_dsn,
        sweeper_dsn=database.sweeper_dsn,
        clock=clock,
        keeper=keeper,
    )
    for step in (run_schedule, keeper.watch):  # nothing happens by itself, and a slow machine refuses nobody
        app.cleanup_ctx.remove(step)
    app[TICKS] = Ticks()
    return app


async def lay_out(conn: Connection) -> None:
    """Make one street with two communities, and another street; codes that begin like others lie beside them."""
    shapes = {"37": square(0, 0, 3), STREET: square(0, 0, 2), OWN: square(0, 0), SIBLING: square(1, 0)}
    shapes |= {"37/011": square(2, 0), BEYOND: square(2, 0)}
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

    async def do(self, who: Someone, method: str, path: str, said: Any = None) -> Any:
        """Do what must be allowed and give the answer."""
        said = {} if said is None and method == "POST" else said
        status, text = await who.ask(self.client, method, f"/api/v1{path}", said)
        assert status < 300, (who.name, method, path, text)
        return orjson.loads(text.rpartition("\n")[0] or "null")

    async def enter(self, actor: Actor, role: str, position: str) -> Someone:
        """Sign someone in."""
        assert actor.id is not None
        async with pool_transaction(self.pool) as conn:
            token = await open_long_session(conn, district_id=DISTRICT, kind=actor.kind, subject_id=actor.id, now=START)
        return Someone(actor, role, position, {"Authorization": f"Bearer {token}"})

    async def hire(self, role: str, position: str, *grants: Grant, name: str = "") -> Someone:
        """Give someone an account and roles."""
        name = name or f"{role} {position}"
        async with pool_transaction(self.pool) as conn:
            staff = await insert_staff(conn, district_id=DISTRICT, username=name, name=name, now=START)
            for grant in grants:
                await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
        return await self.enter(Actor("staff", staff.id, DISTRICT, name, grants), role, position)

    async def ride(
        self, number: int, position: str, area_path: str, trust_level: int = TrustLevel.MAY_VERIFY_OTHERS
    ) -> Someone:
        """Appoint a rider."""
        async with pool_transaction(self.pool) as conn:
            rider = await add_reporter(conn, number, area_path=area_path, trust_level=trust_level)
        return await self.enter(rider, "rider", position)

    async def found(self, code: str) -> int:
        """Make a department."""
        async with pool_transaction(self.pool) as conn:
            return await insert_department(conn, district_id=DISTRICT, code=code, name=code, phone=None)

    async def react(self) -> None:
        """Let everything be told that is to be told."""
        for _ in range(100):
            await dispatch_due(self.pool, district_id=DISTRICT, now=self.clock(), reactions=REACTIONS)
            async with pool_transaction(self.pool) as conn:
                age_s = await find_oldest_due_event_age_s(conn, district_id=DISTRICT, now=self.clock() + _A_MOMENT)
            if age_s == 0:  # none is due; the service itself may be at work on some
                return
            await asyncio.sleep(0.05)

    async def restart_ids(self, first: int) -> None:
        """Let what is made from now on have ids from `first` on, each kind of thing its own thousand."""
        tables = "community_case report appeal verification_task point_entry point_objection work_order"
        tables += " case_note template saved_filter post shift application appointment station"
        async with connected(self.database.owner_dsn) as conn:
            for n, table in enumerate(tables.split()):
                await conn.execute(f"alter table {table} alter column id restart with {first + 1000 * n}")


People: TypeAlias = dict[str, Someone]
Ids: TypeAlias = dict[str, Any]


async def build(builder: Builder) -> tuple[People, Ids]:
    """Make the people, the cases and all that hangs on them."""
    ids: Ids = {"sha256": SHA256, "new_sha256": sha256(NEW_PHOTO)}
    ids |= {"department_id": await builder.found("sanitation"), "other_department_id": await builder.found("water")}
    people = await add_people(builder, ids)
    await builder.restart_ids(660_000_000)
    duty = {"category": "help", "text": DUTY_WORDS[0], "contact_phone": DUTY_WORDS[1]}
    await builder.do(people["anonymous/none"], "POST", "/appeals", duty)
    await builder.restart_ids(FOREIGN_ID)
    for step in (_colleague, _report, _stages, _desk, _appeal, _points, _station, _draft, _rules):
        ids |= await step(builder, people, ids)
    await builder.react()
    builder.clock.advance(timedelta(minutes=10))
    async with pool_transaction(builder.pool) as conn:  # an oversight to be found
        await conn.execute("update community_case set next_due_at = null where id = $1", ids["case_id"])
    return people, ids


async def add_people(builder: Builder, ids: Ids) -> People:
    """Make everyone: each role with a grant at each position, and those whom no grant or no session stands behind."""
    found = [Someone(Actor("anonymous", None, DISTRICT), "anonymous", "none")]
    for role in Role:
        for position, path in POSITIONS.items():
            if role is not Role.DEPARTMENT:
                name = "暗名secretary" if (role, position) == (Role.SECRETARY, "own") else ""
                found.append(await builder.hire(role, position, Grant(role, path), name=name))
    for position, grant in {
        "own": Grant(Role.DEPARTMENT, "", ids["department_id"]),
        "other": Grant(Role.DEPARTMENT, "", ids["other_department_id"]),
        "without id": Grant(Role.DEPARTMENT, OWN),
    }.items():
        found.append(await builder.hire(Role.DEPARTMENT, position, grant))
    found.append(await builder.hire("staff", "none"))
    found.append(await builder.ride(77, "owner", OWN))
    found.append(await builder.ride(78, "own", OWN))
    found.append(await builder.ride(79, "untrusted", OWN, TrustLevel.LOOKED_AT_FIRST))
    found.append(await builder.ride(5, "sibling", SIBLING))
    found += await _whose_session_is_over(builder)
    return {each.name: each for each in found}


async def _whose_session_is_over(builder: Builder) -> list[Someone]:
    """Give some who once had a good token: the account was disabled, they signed out, the session is over."""
    gone = [
        await builder.hire("anonymous", position, Grant(Role.SECRETARY, OWN))
        for position in ("disabled", "signed out", "expired")
    ]
    await builder.do(gone[1], "DELETE", "/session")
    async with pool_transaction(builder.pool) as conn:
        await set_disabled(conn, district_id=DISTRICT, staff_id=gone[0].actor.id or 0, now=START)
        await conn.execute(
            "update session set access_expires_at = $2 where kind = 'staff' and subject_id = $1",
            *(gone[2].actor.id, START),
        )
    return gone


async def _colleague(builder: Builder, people: People, _: Ids) -> Ids:
    """Hire somebody to be administered, and let everyone have a password."""
    colleague = await builder.hire("colleague", "own", Grant(Role.SECRETARY, OWN), name="暗名colleague")
    async with pool_transaction(builder.pool) as conn:
        await conn.execute("update staff set password_hash = $1", await hashed(PASSWORD))
    session = await builder.do(people["secretary/own"], "GET", "/session")
    return {"colleague_id": colleague.actor.id, "session_id": session["session_id"]}


async def _report(builder: Builder, people: People, ids: Ids) -> Ids:
    """Report twice; the first case is handled and waits for a look, with a note and a photo, the second is merged."""
    secretary, rider, department = people["secretary/own"], people["rider/owner"], people["department/own"]
    do = builder.do
    said = {"category": "litter", "point": PLACE, "description": "暗语：楼下的垃圾", "photos": [SHA256]}
    report = await do(rider, "POST", "/reports", said)
    await do(rider, "PUT", f"/reports/{report['id']}/photos/{SHA256}", Raw(PROOF))
    second = await do(rider, "POST", "/reports", said | {"description": "暗语：同一处"})
    case = f"/cases/{report['case_id']}"
    await do(secretary, "POST", f"/cases/{second['case_id']}/mark_duplicate", {"duplicate_of": report["case_id"]})
    await do(secretary, "PUT", f"{case}/photos/{SHA256}", Raw(PROOF))
    note = await do(secretary, "POST", f"{case}/notes", {"text": "暗语：内部便签 @subdistrict parent"})
    await do(secretary, "POST", f"{case}/dispatch", {"department_id": ids["department_id"], "note": "暗语：内部派遣"})
    await do(department, "POST", f"{case}/accept")
    await do(department, "POST", f"{case}/handle", {"note": "暗语：内部已清"})
    await do(secretary, "POST", f"{case}/ask_verification", {"note": "暗语：内部核实"})
    await builder.react()
    (task,) = (await do(secretary, "GET", f"{case}/verification-tasks"))["tasks"]
    found = {"case_id": report["case_id"], "report_id": report["id"], "note_id": note["id"], "task_id": task["id"]}
    return found | {"rider_id": rider.actor.id, "duplicate_id": second["case_id"], "staff_id": secretary.actor.id}


async def _stages(builder: Builder, people: People, ids: Ids) -> Ids:
    """Leave a case in each state in which something can be done to it."""
    secretary = people["secretary/own"]
    said = {"category": "rubble", "point": PLACE, "description": "暗语：一堆砖"}
    note, until = {"note": "暗语：内部"}, (START + timedelta(days=3)).isoformat()
    ways: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "filed": [],
        "dispatched": [("dispatch", note | {"department_id": ids["department_id"]})],
        "handled": [("handle", note)],
        "verified": [("handle", note), ("verify", note)],
        "closed": [("handle", note), ("verify", note), ("close", {"result": "暗语：清了"})],
        "held": [("hold", note | {"until": until})],
    }
    found: Ids = {"until": until}
    collected = await builder.do(people["rider/untrusted"], "POST", "/reports", said)
    found["collected_id"] = collected["case_id"]
    for stage, verbs in ways.items():
        report = await builder.do(people["rider/owner"], "POST", "/reports", said | {"description": f"暗语：{stage}"})
        found[f"{stage}_id"] = report["case_id"]
        for verb, words in verbs:
            await builder.do(secretary, "POST", f"/cases/{report['case_id']}/{verb}", words)
    return found


async def _desk(builder: Builder, people: People, _: Ids) -> Ids:
    """Share words and a list with the community; open a post and put the secretary on its rota."""
    secretary = people["secretary/own"]
    words = {"body": "暗语", "title": "暗语", "verb": "close", "field": "result", "area": OWN}
    template = await builder.do(secretary, "POST", "/templates", words)
    mine = await builder.do(secretary, "POST", "/templates", {"body": "暗语", "title": "暗语"})
    saved = await builder.do(secretary, "POST", "/saved-filters", {"name": "暗语", "query": {}, "area": OWN})
    post = await builder.do(secretary, "POST", "/posts", {"name": "暗语岗", "area_path": OWN})
    now, later = START.isoformat(), (START + timedelta(hours=8)).isoformat()
    tomorrow, after = (START + timedelta(days=1)).isoformat(), (START + timedelta(days=2)).isoformat()
    span = {"staff_id": secretary.actor.id}
    planned = [span | {"starts_at": now, "ends_at": later}, span | {"starts_at": tomorrow, "ends_at": after}]
    shifts = (await builder.do(secretary, "POST", f"/posts/{post['id']}/shifts", {"shifts": planned}))["shifts"]
    found = {"template_id": template["id"], "own_template_id": mine["id"], "filter_id": saved["id"]}
    return found | {"post_id": post["id"], "shift_id": shifts[1]["id"]}


async def _appeal(builder: Builder, people: People, _: Ids) -> Ids:
    """Appeal with name, phone and place; the case is closed, and its visit owed. Another appeal is open."""
    secretary, resident, do = people["secretary/own"], people["anonymous/none"], builder.do
    said = {
        "category": "help",
        "text": "暗语：请帮忙",
        "contact_name": "暗名居民",
        "contact_phone": PHONE,
        "place": PLACE,
    }
    token = (await do(resident, "POST", "/appeals", said))["token"]
    (line,) = (await do(secretary, "GET", "/cases?order=newest&category=help"))["cases"]
    case = f"/cases/{line['id']}"
    await do(secretary, "POST", f"{case}/contact", {"channel": "phone", "note": "暗语：已约定"})
    await do(secretary, "PUT", f"{case}/photos/{SHA256}?stage=proof", Raw(PROOF))
    await do(secretary, "POST", f"{case}/file")
    for verb in ("handle", "verify"):
        await do(secretary, "POST", f"{case}/{verb}", {"note": "暗语：内部已办"})
    await do(secretary, "POST", f"{case}/close", {"result": "暗语：办好了"})
    link = (await do(resident, "GET", f"/appeals/{token}"))["follow_up"]["token"]
    open_token = (await do(resident, "POST", "/appeals", said | {"text": "暗语：还有一事"}))["token"]
    found = {"other_id": line["id"], "appeal_token": token, "open_appeal_token": open_token, "link": link}
    return found | {"forged_link": f"{line['id']}-1-{'A' * 43}", "forged_token": "B" * 43}


async def _points(builder: Builder, people: People, ids: Ids) -> Ids:
    """Earn points and contest an entry; apply once more; win an honour."""
    await builder.react()
    rider, secretary = people["rider/owner"], people["secretary/own"]
    entries = (await builder.do(rider, "GET", "/riders/me/points"))["entries"]
    entry, second = sorted(entries, key=lambda each: -each["points"])[:2]
    words = {"entry_id": entry["id"], "words": "暗语：不对"}
    objection = await builder.do(rider, "POST", "/points/objections", words)
    applied = {"area_code": "02", "motivation": "暗语：想来"}
    application = await builder.do(people["rider/sibling"], "POST", "/riders/me/applications", applied)
    appointments = (await builder.do(secretary, "GET", "/appointments"))["appointments"]
    (appointment,) = [each for each in appointments if each["rider_id"] == ids["rider_id"]]
    found = {
        "entry_id": entry["id"],
        "second_entry_id": second["id"],
        "objection_id": objection["id"],
        "application_id": application["id"],
    }
    return found | {"appointment_id": appointment["id"]}


async def _station(builder: Builder, people: People, _: Ids) -> Ids:
    """Keep a station that was seen on the spot; its door code and who saw it are for its keepers."""
    said = {"name": "听涛驿站", "code": "ST-OWN", "position": {"lon": 120.005, "lat": 36.005, "datum": "wgs84"}}
    station = await builder.do(people["secretary/own"], "POST", "/stations", said | {"amenities": [{"code": "wifi"}]})
    verified = {"row_version": station["row_version"], "is_verified": True}
    station = await builder.do(people["secretary/own"], "PATCH", f"/stations/{station['id']}", verified)
    tap = {"kind": "found_locked", "device_nonce": "a6c1f09e55aa"}
    await builder.do(people["anonymous/none"], "POST", f"/stations/{station['id']}/feedback", tap)
    return {"station_id": station["id"], "row_version": station["row_version"], "qr_token": station["qr_token"]}


async def _draft(builder: Builder, people: People, _: Ids) -> Ids:
    """Bring boundaries into a draft."""
    path = f"/generations/draft/areas?{DRAWN}"
    report = await builder.do(people["district_admin/whole"], "POST", path, boundaries("n1"))
    return {"draft_id": report["generation_id"]}


async def _rules(builder: Builder, people: People, _: Ids) -> Ids:
    """Set rules for the community: of routing, of a clock, of points."""
    admin = people["district_admin/own"]
    routing = await builder.do(admin, "POST", "/routing-rules", {"area_path": OWN, "category_code": "other"})
    said = {"clock": "handle", "area": OWN, "amount": 2, "unit": "working_day"}
    clock = await builder.do(admin, "PUT", "/clock-rules", said)
    rules = (await builder.do(admin, "GET", "/points/rules"))["rules"]
    return {"rule_id": routing["rule"]["id"], "clock_rule_id": clock["id"], "point_rule_id": rules[0]["id"]}
