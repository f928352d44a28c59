"""Filling a template with what a case says. The person reads the text and sends it himself."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from community import queries as case_queries
from community.appeals.queries import find_contact
from community.desk.errors import UnknownPlaceholder
from community.desk.templates import queries
from community.desk.templates.models import Placeholder, Rendering
from community.models import Case, Origin
from community.sight import CONTACT_ROLES, roles_on
from core.access.models import Actor, Role
from core.database import Connection
from core.queries import get_timezone
from core.sealing.ring import KeyRing

#: What stands where the case has nothing to say.
MISSING = "—"

# Full-width braces are what a Chinese keyboard types.
_PLACE = re.compile(r"[{｛]\s*([^{}｛｝]*?)\s*[}｝]")


def check_placeholders(body: str) -> None:
    """Raise `UnknownPlaceholder` naming every place that nothing can fill, and those there are."""
    unknown = [name for name in dict.fromkeys(_PLACE.findall(body)) if name not in set(Placeholder)]
    if unknown:
        raise UnknownPlaceholder(
            pointer="/body",
            names=" ".join(f"{{{name}}}" for name in unknown),
            known=" ".join(f"{{{place}}}" for place in Placeholder),
        )


async def render(conn: Connection, *, ring: KeyRing, body: str, case: Case, actor: Actor) -> Rendering:
    """Fill `body` for a case that `actor` sees; times are local to the district, `MISSING` marks what is not known.

    `{secretary}` is the writer where he is a secretary of the case, else who leads it. `{reporter}` is the name left
    with an appeal, masked, for those who may reach him; a rider's name is not known here.
    """
    asked = [Placeholder(name) for name in dict.fromkeys(_PLACE.findall(body)) if name in set(Placeholder)]
    zone = await get_timezone(conn, district_id=case.district_id)
    values = {place: await _value(conn, ring, place, case, actor, zone) for place in asked}
    # In one pass: what a value holds is never taken for a place itself.
    text = _PLACE.sub(lambda found: _fill(found, values), body)
    return Rendering(text, tuple(place for place in asked if not values[place]))


def _fill(found: re.Match[str], values: dict[Placeholder, str | None]) -> str:
    name = found[1]
    return (values[Placeholder(name)] or MISSING) if name in set(Placeholder) else found[0]


async def _value(
    conn: Connection, ring: KeyRing, place: Placeholder, case: Case, actor: Actor, zone: ZoneInfo
) -> str | None:
    match place:
        case Placeholder.CASE_NUMBER:
            return case.number
        case Placeholder.CATEGORY:
            category = await case_queries.find_category(conn, district_id=case.district_id, code=case.category_code)
            return None if category is None else category.zh
        case Placeholder.AREA:
            return None if case.area_names is None else "".join(case.area_names)
        case Placeholder.OPENED_AT:
            return _local(case.opened_at, zone)
        case Placeholder.RESULT:
            return case.result
        case Placeholder.DEPARTMENT:
            return await _department(conn, case)
        case Placeholder.DUE_AT:
            return _local(case.next_due_at, zone)
        case Placeholder.REPORTER:
            return await _reporter(conn, ring, case, actor)
        case Placeholder.SECRETARY:
            return await _secretary(conn, case, actor)


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    if moment is None:
        return None
    at = moment.astimezone(zone)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


async def _department(conn: Connection, case: Case) -> str | None:
    if case.department_id is None:
        return None
    return await queries.find_department_name(conn, district_id=case.district_id, department_id=case.department_id)


async def _reporter(conn: Connection, ring: KeyRing, case: Case, actor: Actor) -> str | None:
    if case.origin is not Origin.APPEAL or not roles_on(actor, case) & CONTACT_ROLES:
        return None
    contact = await find_contact(conn, ring=ring, district_id=case.district_id, appeal_id=int(case.origin_ref))
    return None if contact is None else contact.masked().name


async def _secretary(conn: Connection, case: Case, actor: Actor) -> str | None:
    if Role.SECRETARY in roles_on(actor, case):
        return actor.name
    if case.assignee_id is None:
        return None
    names = await case_queries.list_staff_names(conn, district_id=case.district_id, staff_ids=[case.assignee_id])
    return names.get(case.assignee_id)
