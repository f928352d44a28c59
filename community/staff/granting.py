"""Which role may be held where, and who may give it: within one's own area, below oneself, never to oneself."""

from community.errors import UnknownDepartment
from community.routing.rules import check_area
from community.staff import queries
from community.staff.errors import DepartmentElsewhere, RoleNotYours
from community.staff.models import Held, WantedGrant
from core.access.models import Actor, Grant, Role, is_within
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text

#: Roles that may be held without naming an area; a forgotten area must not open the whole district to another.
DISTRICT_WIDE = frozenset({Role.DISTRICT_ADMIN, Role.AUDITOR, Role.DEPARTMENT})

#: Who administers accounts, and the roles that each may give and take within the area on which he holds his own.
GIVES = {
    Role.DISTRICT_ADMIN: frozenset(Role),
    Role.SUBDISTRICT: frozenset({Role.SECRETARY, Role.GRID_WORKER, Role.STATION_HOST, Role.DEPARTMENT}),
}
#: Who sees the accounts of his area.
READERS = (*GIVES, Role.AUDITOR)


async def settle_grant(conn: Connection, *, district_id: int, wanted: WantedGrant) -> Held:
    """Give the grant that is asked for, checked.

    Raises `InvalidInput`, `UnknownArea`, `UnknownDepartment`, `DepartmentElsewhere`.
    """
    errors = []
    if not wanted.area_path and wanted.role not in DISTRICT_WIDE:
        reason = Text(f"角色 {wanted.role} 须指定区域。", f"The role {wanted.role} needs an area.")
        errors.append(FieldError("/area", reason))
    if (wanted.role is Role.DEPARTMENT) != (wanted.department is not None):
        reason = Text(
            "角色 department 须指定部门，其他角色不用。", "The role department needs a department, no other takes one."
        )
        errors.append(FieldError("/department", reason))
    if errors:
        raise InvalidInput(errors)
    await check_area(conn, district_id=district_id, path=wanted.area_path, pointer="/area")
    if wanted.department is None:
        return Held(Grant(wanted.role, wanted.area_path), wanted.area_path)
    department = await queries.find_department(conn, district_id=district_id, code=wanted.department)
    if department is None:
        raise UnknownDepartment(pointer="/department", department_id=wanted.department)
    if not is_within(wanted.area_path, department.area_path):
        raise DepartmentElsewhere(pointer="/area", code=wanted.department, area=department.area_path)
    return Held(Grant(wanted.role, wanted.area_path, department.id), department.area_path)


def may_give(actor: Actor | None, held: Held) -> bool:
    """Tell whether `actor` may give and take this; None is the operator at the machine, who may do everything."""
    return actor is None or any(
        held.grant.role in GIVES.get(own.role, ()) and is_within(held.extent, own.area_path) for own in actor.grants
    )


def check_may_give(actor: Actor | None, held: Held) -> None:
    """Refuse what `actor` may not give or take. Raises `RoleNotYours`."""
    if not may_give(actor, held):
        whole = Text("全区", "the whole district")
        raise RoleNotYours(role=held.grant.role, area=held.extent or whole)
