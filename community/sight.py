"""Who sees which cases, and in which roles he stands before one. Pure.

Staff see the cases of the subtrees they hold a role on, a department those dispatched to it. What has no area lies at
the duty desk, before the district's and the subdistricts' staff, who find out where it belongs.
"""

from collections.abc import Collection
from dataclasses import dataclass

from community.models import Case
from core.access.models import Actor, Grant, Role, is_within

#: Roles that see the cases of their area.
AREA_ROLES = frozenset({Role.DISTRICT_ADMIN, Role.SUBDISTRICT, Role.SECRETARY, Role.GRID_WORKER, Role.AUDITOR})
DUTY_DESK_ROLES = frozenset({Role.DISTRICT_ADMIN, Role.SUBDISTRICT})
#: Roles that may see who appealed and how to reach him.
CONTACT_ROLES = AREA_ROLES - {Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the cases someone sees; `area_paths` are disjoint, `("",)` is everything there is."""

    area_paths: tuple[str, ...]
    department_ids: tuple[int, ...]
    duty_desk: bool


def sight_of(actor: Actor) -> Sight:
    """Tell what `actor` sees by all his grants together."""
    scopes = sorted({grant.area_path for grant in actor.grants if grant.role in AREA_ROLES})
    disjoint: list[str] = []
    for scope in scopes:
        if not any(is_within(scope, wider) for wider in disjoint):
            disjoint.append(scope)
    departments = {
        grant.department_id for grant in actor.grants if grant.role is Role.DEPARTMENT and grant.department_id
    }
    duty_desk = "" in disjoint or actor.holds(*DUTY_DESK_ROLES)
    return Sight(tuple(disjoint), tuple(sorted(departments)), duty_desk)


def roles_on(actor: Actor, case: Case) -> frozenset[Role]:
    """Give the roles in which `actor` stands before `case`; none at all means that he does not see it."""
    return roles_at(actor, case.area_path, case.department_ids)


def roles_at(actor: Actor, area_path: str | None, department_ids: Collection[int] = ()) -> frozenset[Role]:
    """Give the same for a case known by its area and the departments at work on it."""
    return frozenset(grant.role for grant in actor.grants if _reaches(grant, area_path, department_ids))


def _reaches(grant: Grant, area_path: str | None, department_ids: Collection[int]) -> bool:
    if grant.role is Role.DEPARTMENT:
        return grant.department_id in department_ids
    if grant.role not in AREA_ROLES:
        return False
    if area_path is None:
        return grant.area_path == "" or grant.role in DUTY_DESK_ROLES
    return is_within(area_path, grant.area_path)
