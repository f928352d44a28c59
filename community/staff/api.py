"""Staff administration over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import ConfigDict, Field

from community.staff import administer
from community.staff.models import Colleague, WantedGrant
from core.access.accounts import ONE_TIME_LIFE, make_one_time_password
from core.access.models import Actor, Grant, Role
from core.access.sessions import require_recent_sign_in
from core.http.endpoint import Created, Input
from core.http.wiring import actor, now, transaction

Area = Annotated[str, Field(max_length=400, description="path of codes; empty for the whole district")]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class StaffQuery(Input):
    """From which user name on to list."""

    after: str = Field(default="", max_length=64)


class RoleBody(Input):
    """A role to give."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "secretary", "area": "370299/370299001"}]})

    role: Role
    area: Area = ""
    department: Code | None = None


class StaffBody(RoleBody):
    """Somebody new, and his first role."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"username": "wang", "name": "示例书记", "role": "secretary", "area": "370299/370299001"}]
        }
    )

    username: str = Field(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")
    name: str = Field(min_length=1, max_length=64)


class TakenBody(Input):
    """A role to take, as the list of staff shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "secretary", "area_path": "370299/370299001"}]})

    role: Role
    area_path: Area = ""
    department_id: int | None = Field(default=None, ge=1, le=2**63 - 1)


@dataclass(frozen=True, slots=True)
class StaffCard:
    """An account with those of its roles that lie in the caller's areas; `is_yours` if he may disable or reset it."""

    id: int
    username: str
    name: str
    disabled_at: datetime | None
    locked_until: datetime | None
    has_second_factor: bool
    awaits_first_sign_in: bool
    grants: tuple[Grant, ...]
    is_yours: bool


@dataclass(frozen=True, slots=True)
class StaffPage:
    """Accounts by user name; `after` asks for the next page, None when there is none."""

    staff: list[StaffCard]
    after: str | None


@dataclass(frozen=True, slots=True)
class OneTimePassword:
    """A password to hand over; it is shown this once, good for one sign-in, and must then be replaced."""

    id: int
    one_time_password: str
    valid_until: datetime


async def list_staff(request: web.Request, query: StaffQuery) -> StaffPage:
    """List the accounts that hold a role in one's areas."""
    caller = actor(request)
    async with transaction(request) as conn:
        found = await administer.list_colleagues(conn, actor=caller, after=query.after)
    return StaffPage(
        [_card(caller, each) for each in found], found[-1].username if len(found) == administer.PAGE else None
    )


async def add_staff(request: web.Request, body: StaffBody) -> Created[OneTimePassword]:
    """Make an account with one role, and a one-time password to hand over."""
    caller, moment = _administrator(request), now(request)
    password = await make_one_time_password()
    async with transaction(request) as conn:
        staff_id = await administer.add(
            conn,
            district_id=caller.district_id,
            actor=caller,
            username=body.username,
            name=body.name,
            wanted=WantedGrant(body.role, body.area, body.department),
            password_hash=password.hash,
            now=moment,
        )
    made = OneTimePassword(staff_id, password.text, moment + ONE_TIME_LIFE)
    return Created(made, location="/api/v1/staff")


async def disable_staff(request: web.Request, staff_id: int) -> None:
    """Let nobody sign in to the account any more and end its sessions; what it did stays under its name."""
    await _act(request, administer.disable, staff_id=staff_id)


async def enable_staff(request: web.Request, staff_id: int) -> None:
    """Let a disabled account sign in again, with the password and the roles it had."""
    await _act(request, administer.enable, staff_id=staff_id)


async def give_role(request: web.Request, staff_id: int, body: RoleBody) -> None:
    """Give one more role; the account signs in anew."""
    wanted = WantedGrant(body.role, body.area, body.department)
    await _act(request, administer.grant, staff_id=staff_id, wanted=wanted)


async def take_role(request: web.Request, staff_id: int, body: TakenBody) -> None:
    """Take a role; the account signs in anew."""
    taken = Grant(body.role, body.area_path, body.department_id)
    await _act(request, administer.revoke_grant, staff_id=staff_id, taken=taken)


async def reset_password(request: web.Request, staff_id: int) -> OneTimePassword:
    """Set a one-time password to hand over, and unlock the account; its authenticator stays."""
    return await _reset(request, administer.reset_password, staff_id)


async def reset_second_factor(request: web.Request, staff_id: int) -> OneTimePassword:
    """Take the authenticator of someone who lost it, and set a one-time password to hand over."""
    return await _reset(request, administer.reset_second_factor, staff_id)


async def _reset(request: web.Request, verb: Callable[..., Awaitable[None]], staff_id: int) -> OneTimePassword:
    _administrator(request)  # before a password is hashed
    password = await make_one_time_password()
    await _act(request, verb, staff_id=staff_id, password_hash=password.hash)
    return OneTimePassword(staff_id, password.text, now(request) + ONE_TIME_LIFE)


async def _act(request: web.Request, verb: Callable[..., Awaitable[None]], **arguments: Any) -> None:
    caller = _administrator(request)
    async with transaction(request) as conn:
        await verb(conn, district_id=caller.district_id, actor=caller, now=now(request), **arguments)


def _administrator(request: web.Request) -> Actor:
    require_recent_sign_in(actor(request), now(request))
    return actor(request)


def _card(caller: Actor, colleague: Colleague) -> StaffCard:
    return StaffCard(
        id=colleague.id,
        username=colleague.username,
        name=colleague.name,
        disabled_at=colleague.disabled_at,
        locked_until=colleague.locked_until,
        has_second_factor=colleague.has_second_factor,
        awaits_first_sign_in=colleague.one_time_until is not None,
        grants=administer.seen_roles(caller, colleague),
        is_yours=administer.may_administer(caller, colleague),
    )
