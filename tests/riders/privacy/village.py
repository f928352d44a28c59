"""A small community with one case of each kind, and the few people about it: what the tests of rights need, quickly."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from core.access.models import Actor, Grant, Role
from tests.acceptance.matrix.world import DUTY_WORDS, OWN, PHONE, PLACE, PROOF, SHA256, STREET, Builder, Raw, Someone
from tests.conftest import DISTRICT, Client


@dataclass(frozen=True)
class Caller:
    """Somebody before the running service."""

    client: Client
    who: Someone

    @property
    def header(self) -> dict[str, str]:
        return self.who.header

    @property
    def actor(self) -> Actor:
        return self.who.actor

    async def ask(self, method: str, path: str, said: Any = None) -> tuple[int, str]:
        """Ask; give the status and what was answered."""
        return await self.who.ask(self.client, method, f"/api/v1{path}", said)

    async def do(self, method: str, path: str, said: Any = None) -> Any:
        """Do what must be allowed and give the answer."""
        status, text = await self.ask(method, path, {} if said is None and method == "POST" else said)
        assert status < 300, (method, path, text)
        return orjson.loads(text.rpartition("\n")[0] or "null")


People = dict[str, Caller]
Ids = dict[str, Any]


async def build(builder: Builder) -> tuple[People, Ids]:
    """Make the people, the cases and all that hangs on them."""
    ids: Ids = {"department_id": await builder.found("sanitation")}
    department = Grant(Role.DEPARTMENT, "", ids["department_id"])
    made = [
        Someone(Actor("anonymous", None, DISTRICT), "anonymous", "none"),
        await builder.hire("secretary", "own", Grant(Role.SECRETARY, OWN), name="暗名secretary"),
        await builder.hire("subdistrict", "parent", Grant(Role.SUBDISTRICT, STREET), name="暗名centre"),
        await builder.hire("department", "own", department, name="暗名department"),
        await builder.hire("district_admin", "whole", Grant(Role.DISTRICT_ADMIN, "")),
        await builder.hire("district_admin", "parent", Grant(Role.DISTRICT_ADMIN, "37")),
        await builder.ride(77, "owner", OWN),
        await builder.ride(78, "own", OWN),
    ]
    people = {each.name: Caller(builder.client, each) for each in made}
    duty = {"category": "help", "text": DUTY_WORDS[0], "contact_phone": DUTY_WORDS[1]}
    await people["anonymous/none"].do("POST", "/appeals", duty)
    for step in (_report, _appeal, _points):
        ids |= await step(builder, people, ids)
    await builder.react()
    builder.clock.advance(timedelta(minutes=10))
    return people, ids


async def _report(builder: Builder, people: People, ids: Ids) -> Ids:
    """Report twice; the first case is handled and waits for a look, with a note and a photo, the second is merged."""
    secretary, rider, department = people["secretary/own"], people["rider/owner"], people["department/own"]
    said = {"category": "litter", "point": PLACE, "description": "暗语：楼下的垃圾", "photos": [SHA256]}
    report = await rider.do("POST", "/reports", said)
    await rider.do("PUT", f"/reports/{report['id']}/photos/{SHA256}", Raw(PROOF))
    second = await rider.do("POST", "/reports", said | {"description": "暗语：同一处"})
    case = f"/cases/{report['case_id']}"
    await secretary.do("POST", f"/cases/{second['case_id']}/mark_duplicate", {"duplicate_of": report["case_id"]})
    await secretary.do("PUT", f"{case}/photos/{SHA256}", Raw(PROOF))
    await secretary.do("POST", f"{case}/notes", {"text": "暗语：内部便签 @暗名centre"})
    await secretary.do("POST", f"{case}/dispatch", {"department_id": ids["department_id"], "note": "暗语：内部派遣"})
    await department.do("POST", f"{case}/accept")
    await department.do("POST", f"{case}/handle", {"note": "暗语：内部已清"})
    await secretary.do("POST", f"{case}/ask_verification", {"note": "暗语：内部核实"})
    await builder.react()
    (task,) = (await secretary.do("GET", f"{case}/verification-tasks"))["tasks"]
    return {"case_id": report["case_id"], "report_id": report["id"], "task_id": task["id"]}


async def _appeal(_: Builder, people: People, __: Ids) -> Ids:
    """Appeal with name, phone and place; the case is closed, and its visit owed."""
    secretary = people["secretary/own"]
    contact = {"contact_name": "暗名居民", "contact_phone": PHONE}
    said = {"category": "help", "text": "暗语：请帮忙", "place": PLACE} | contact
    token = (await people["anonymous/none"].do("POST", "/appeals", said))["token"]
    (line,) = (await secretary.do("GET", "/cases?order=newest&category=help"))["cases"]
    case = f"/cases/{line['id']}"
    await secretary.do("POST", f"{case}/contact", {"channel": "phone", "note": "暗语：已约定"})
    await secretary.do("POST", f"{case}/file")
    for verb in ("handle", "verify"):
        await secretary.do("POST", f"{case}/{verb}", {"note": "暗语：内部已办"})
    await secretary.do("POST", f"{case}/close", {"result": "暗语：办好了"})
    return {"other_id": line["id"], "appeal_token": token}


async def _points(builder: Builder, people: People, _: Ids) -> Ids:
    """Earn points and contest an entry."""
    await builder.react()
    rider = people["rider/owner"]
    entry = (await rider.do("GET", "/riders/me/points"))["entries"][0]
    await rider.do("POST", "/points/objections", {"entry_id": entry["id"], "words": "暗语：不对"})
    return {"entry_id": entry["id"]}
