"""Departments by the area that they serve: where one may be put to work, and who is shown which."""

from community.errors import DepartmentServesElsewhere, UnknownDepartment
from community.models import Department
from community.routing.queries import find_department, list_departments
from core.access.models import Actor, is_within
from core.database import Connection


async def check_serves(
    conn: Connection, *, district_id: int, department_id: int, area_path: str | None, pointer: str
) -> None:
    """Refuse a department that is not to work in all of an area (None: the duty desk; `''`: the whole district).

    Raises `UnknownDepartment`, also for one that was retired, and `DepartmentServesElsewhere`.
    """
    department = await find_department(conn, district_id=district_id, department_id=department_id)
    if department is None:
        raise UnknownDepartment(pointer=pointer, department_id=department_id)
    if not is_within(area_path or "", department.area_path):
        raise DepartmentServesElsewhere(
            pointer=pointer, name=department.name, serves=department.area_path, area=area_path or "全区"
        )


async def list_serving(conn: Connection, *, actor: Actor) -> tuple[Department, ...]:
    """List the departments that serve anything of the areas on which `actor` holds a role."""
    scopes = actor.scopes()
    return tuple(
        department
        for department in await list_departments(conn, district_id=actor.district_id)
        if any(_overlap(department.area_path, scope) for scope in scopes)
    )


def _overlap(one: str, other: str) -> bool:
    return is_within(one, other) or is_within(other, one)
