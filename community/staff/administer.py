"""Administering accounts: adding, disabling, enabling, giving and taking roles, resetting what was lost or forgotten.

`actor` None is the operator at the machine. Every act ends the sessions of the account and leaves a row in the audit
trail. What lies out of an administrator's sight does not exist for him.
"""

from datetime import datetime

from community.staff import queries
from community.staff.errors import AccountNotYours, GrantNotHeld, LastAdministrator, OwnAccountRefused
from community.staff.granting import READERS, check_may_give, may_give, settle_grant
from community.staff.models import Colleague, Held, WantedGrant
from core.access import accounts
from core.access.models import Actor, Grant, Role, is_within
from core.access.own.queries import clear_second_factor
from core.access.queries import insert_grant, set_enabled
from core.access.sessions import end_sessions
from core.audit import record_act
from core.database import Connection
from core.errors import NotFound

PAGE = 200
_WHOLE_DISTRICT = Grant(Role.DISTRICT_ADMIN, "")


async def list_colleagues(conn: Connection, *, actor: Actor, after: str = "") -> list[Colleague]:
    """List up to `PAGE` accounts that hold a role in the actor's areas, from the user name `after` on."""
    return await queries.list_colleagues(
        conn, district_id=actor.district_id, scopes=actor.scopes(*READERS), after=after, limit=PAGE
    )


async def add(
    conn: Connection,
    *,
    district_id: int,
    actor: Actor | None,
    username: str,
    name: str,
    wanted: WantedGrant,
    password_hash: str,
    now: datetime,
) -> int:
    """Make an account with one role and a one-time password, and give its id.

    Raises `RoleNotYours` and what `settle_grant` raises; a name in use violates `staff_username_unique`.
    """
    held = await settle_grant(conn, district_id=district_id, wanted=wanted)
    check_may_give(actor, held)
    staff = await accounts.add_staff(
        conn,
        district_id=district_id,
        username=username,
        name=name,
        password_hash=password_hash,
        one_time_until=now + accounts.ONE_TIME_LIFE,
        grants=(held.grant,),
        now=now,
    )
    await _record(conn, "staff.added", district_id, actor, staff.id, now, held.grant)
    return staff.id


async def disable(conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, now: datetime) -> None:
    """Let nobody sign in to the account any more. Raises `NotFound`, `AccountNotYours`, `LastAdministrator` …"""
    colleague = await _own(conn, district_id, actor, staff_id)
    await _check_not_last(conn, district_id, colleague)
    await accounts.disable(conn, district_id=district_id, staff_id=staff_id, now=now)
    await _record(conn, "staff.disabled", district_id, actor, staff_id, now)


async def enable(conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, now: datetime) -> None:
    """Let a disabled account sign in again, with the password and the roles it had."""
    await _own(conn, district_id, actor, staff_id)
    await set_enabled(conn, district_id=district_id, staff_id=staff_id)
    await _record(conn, "staff.enabled", district_id, actor, staff_id, now)


async def grant(
    conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, wanted: WantedGrant, now: datetime
) -> None:
    """Give one more role. Raises `NotFound`, `OwnAccountRefused`, `RoleNotYours` and what `settle_grant` raises."""
    await _seen(conn, district_id, actor, staff_id)
    held = await settle_grant(conn, district_id=district_id, wanted=wanted)
    check_may_give(actor, held)
    await insert_grant(conn, district_id=district_id, staff_id=staff_id, grant=held.grant, now=now)
    await _end_sessions(conn, district_id, staff_id, now)
    await _record(conn, "staff.role_given", district_id, actor, staff_id, now, held.grant)


async def revoke_grant(
    conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, taken: Grant, now: datetime
) -> None:
    """Take a role. Raises `NotFound`, `OwnAccountRefused`, `GrantNotHeld`, `RoleNotYours`, `LastAdministrator`."""
    colleague = await _seen(conn, district_id, actor, staff_id)
    held = next((each for each in colleague.held if each.grant == taken), None)
    if held is None or not _sees(actor, held):
        raise GrantNotHeld()
    check_may_give(actor, held)
    if taken == _WHOLE_DISTRICT:
        await _check_not_last(conn, district_id, colleague)
    await queries.delete_grant(conn, district_id=district_id, staff_id=staff_id, grant=taken)
    await _end_sessions(conn, district_id, staff_id, now)
    await _record(conn, "staff.role_taken", district_id, actor, staff_id, now, taken)


async def reset_password(
    conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, password_hash: str, now: datetime
) -> None:
    """Set a one-time password and unlock the account; its second factor stays as it is."""
    await _own(conn, district_id, actor, staff_id)
    await accounts.set_one_time_password(
        conn, district_id=district_id, staff_id=staff_id, password_hash=password_hash, now=now
    )
    await _record(conn, "staff.password_reset", district_id, actor, staff_id, now)


async def reset_second_factor(
    conn: Connection, *, district_id: int, actor: Actor | None, staff_id: int, password_hash: str, now: datetime
) -> None:
    """Take the second factor; the password goes too, for whoever knows it could enrol in its owner's place."""
    await _own(conn, district_id, actor, staff_id)
    await clear_second_factor(conn, district_id=district_id, staff_id=staff_id)
    await accounts.set_one_time_password(
        conn, district_id=district_id, staff_id=staff_id, password_hash=password_hash, now=now
    )
    await _record(conn, "staff.second_factor_reset", district_id, actor, staff_id, now)


def may_administer(actor: Actor | None, colleague: Colleague) -> bool:
    """Tell whether `actor` may give and take every role of the account; one without any is for the whole district's."""
    if actor is None:
        return True
    whole = Held(_WHOLE_DISTRICT, "")
    return colleague.id != actor.id and all(may_give(actor, held) for held in colleague.held or (whole,))


def seen_roles(actor: Actor, colleague: Colleague) -> tuple[Grant, ...]:
    """Give those roles of an account that lie within the actor's areas."""
    return tuple(held.grant for held in colleague.held if _sees(actor, held))


async def _seen(conn: Connection, district_id: int, actor: Actor | None, staff_id: int) -> Colleague:
    """Lock an account that the actor sees and that is not his own. Raises `NotFound`, `OwnAccountRefused`."""
    colleague = await queries.lock_colleague(conn, district_id=district_id, staff_id=staff_id)
    if colleague is None:
        raise NotFound()
    if actor is not None and colleague.id == actor.id:
        raise OwnAccountRefused()
    reads_all = actor is None or "" in actor.scopes(*READERS)
    if not reads_all and not any(_sees(actor, held) for held in colleague.held):
        raise NotFound()
    return colleague


async def _own(conn: Connection, district_id: int, actor: Actor | None, staff_id: int) -> Colleague:
    """Lock an account whose every role is the actor's to give. Raises `AccountNotYours` and what `_seen` raises."""
    colleague = await _seen(conn, district_id, actor, staff_id)
    if not may_administer(actor, colleague):
        raise AccountNotYours()
    return colleague


def _sees(actor: Actor | None, held: Held) -> bool:
    return actor is None or any(is_within(held.extent, scope) for scope in actor.scopes(*READERS))


async def _check_not_last(conn: Connection, district_id: int, colleague: Colleague) -> None:
    """Refuse to leave the whole district without an administrator. Raises `LastAdministrator`."""
    if colleague.disabled_at is not None or all(held.grant != _WHOLE_DISTRICT for held in colleague.held):
        return
    await queries.lock_whole_district_admins(conn, district_id=district_id)
    if not await queries.has_other_admin(conn, district_id=district_id, staff_id=colleague.id):
        raise LastAdministrator()


async def _end_sessions(conn: Connection, district_id: int, staff_id: int, now: datetime) -> None:
    await end_sessions(conn, district_id=district_id, kind="staff", subject_id=staff_id, now=now)


async def _record(
    conn: Connection,
    act: str,
    district_id: int,
    actor: Actor | None,
    staff_id: int,
    now: datetime,
    about: Grant | None = None,
) -> None:
    data: dict[str, object] = (
        {}
        if about is None
        else {"role": about.role, "area_path": about.area_path, "department_id": about.department_id}
    )
    await record_act(
        conn, district_id=district_id, act=act, actor=actor, subject="staff", subject_id=staff_id, data=data, now=now
    )
