"""A small district for tests: areas, staff in each role, cases in any state."""

from datetime import datetime, timedelta

from community.cases import NOWHERE, open_case
from community.models import ENDED, Case, Origin, Place, State
from community.queries import find_case
from community.routing.queries import insert_department
from community.work_orders.queries import insert_work_order
from core.access import queries as access
from core.access.models import Actor, Grant, Role
from core.database import Connection
from geo.models import AreaRef, Located, Reason
from tests.conftest import DISTRICT, START
from tests.staff import insert_staff

DISTRICT_PATH = "37"
STREET = "37/01"
COMMUNITY = "37/01/02"
NEIGHBOUR = "37/01/03"
ELSEWHERE = "37/011/02"


def located(path: str = COMMUNITY, *, candidates: tuple[str, ...] = ()) -> Located:
    """Give a place in the area at `path`; its codes serve as names."""
    codes = tuple(path.split("/"))
    area = AreaRef(codes[-1], codes[-1], "community", path, codes)
    reason = Reason.ON_LINE if candidates else Reason.INSIDE
    return Located(area, candidates or (codes[-1],), 0.2 if candidates else 40.0, 1, bool(candidates), reason)


async def open_report(
    conn: Connection,
    ref: object,
    *,
    at: Located = NOWHERE,
    trusted: bool = False,
    category_code: str = "litter",
    origin: Origin = Origin.REPORT,
    actor: Actor | None = None,
    place: Place | None = None,
    contact_owed: bool = False,
    now: datetime = START,
) -> Case:
    """Open a case from the report `ref`."""
    return await open_case(
        conn,
        district_id=DISTRICT,
        origin=origin,
        origin_ref=str(ref),
        category_code=category_code,
        description="路边有一堆垃圾",
        located=at,
        place=place,
        trusted=trusted,
        actor=actor,
        contact_owed=contact_owed,
        now=now,
    )


async def hire(
    conn: Connection, username: str, role: Role, area_path: str = "", department_id: int | None = None
) -> Actor:
    """Make a staff account with one role."""
    staff = await insert_staff(conn, district_id=DISTRICT, username=username, name=f"{username}的名字", now=START)
    grant = Grant(role, area_path, department_id)
    await access.insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
    return Actor("staff", staff.id, DISTRICT, staff.name, (grant,))


async def found(conn: Connection, code: str = "sanitation") -> int:
    """Make a department and give its id."""
    return await insert_department(conn, district_id=DISTRICT, code=code, name=code, phone=None)


async def put_in_state(conn: Connection, case: Case, state: State, *, department_id: int | None = None) -> Case:
    """Set the state behind the workflow's back, with what the table's checks ask for."""
    original = await open_report(conn, f"the original of {case.id}", at=located()) if state is State.DUPLICATE else None
    departments = [] if department_id is None else [department_id]
    await conn.execute(
        """
        update community_case set state = $3, department_id = $4, department_ids = $5, duplicate_of = $6,
            state_before = $7, held_until = $8, closed_at = $9
        where district_id = $1 and id = $2
        """,
        *(DISTRICT, case.id, state, department_id, departments, original and original.id),
        State.FILED if state in (State.HELD, State.DUPLICATE) else None,
        START + timedelta(days=3) if state is State.HELD else None,
        START if state in ENDED else None,
    )
    if departments and state in (State.DISPATCHED, State.HANDLING):
        await insert_work_order(
            conn, district_id=DISTRICT, case_id=case.id, department_id=departments[0], is_lead=True, now=START
        )
    return await read(conn, case)


async def read(conn: Connection, case: Case) -> Case:
    """Give the case as it is stored now."""
    stored = await find_case(conn, district_id=DISTRICT, case_id=case.id)
    assert stored is not None
    return stored


async def add_areas(conn: Connection, *paths: str) -> None:
    """Make the active generation 1, the one of `located`, of these areas and their ancestors, without real shapes."""
    await conn.execute(
        """
        insert into generation (district_id, id, status, created_at, created_by, activated_at, activated_by)
        overriding system value values ($1, 1, 'active', $2, 'test', $2, 'test')
        """,
        DISTRICT,
        START,
    )
    every = {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)}
    for path in sorted(every):
        codes = path.split("/")
        await conn.execute(
            """
            insert into area (district_id, generation_id, code, parent_code, level, code_scheme, path, name, names,
                is_leaf, datum, geometry, min_lon, min_lat, max_lon, max_lat)
            values ($1, 1, $2, $3, 'any', 'test', $4, $2, $5, true, 'wgs84', '', 0, 0, 0, 0)
            """,
            DISTRICT,
            codes[-1],
            codes[-2] if len(codes) > 1 else None,
            path,
            codes,
        )
