"""One's own account over HTTP: password, authenticator, recovery codes; and making the first administrator."""

from dataclasses import dataclass

from aiohttp import web
from pydantic import ConfigDict, Field

from core.access.accounts import change_password
from core.access.models import Actor, Owed
from core.access.own import queries, second_factor
from core.access.own.first_run import set_up
from core.access.own.models import Offer
from core.access.passwords import MAX_LENGTH, MIN_LENGTH
from core.access.queries import get_staff_secret
from core.access.sessions import end_sessions, require_recent_sign_in
from core.audit import record_act
from core.database import Connection
from core.errors import SignInRequired
from core.http.endpoint import Created, Input
from core.http.wiring import POOL, RING, actor, district_id, now, transaction


class PasswordBody(Input):
    """The password until now, and the one from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"old_password": "…", "new_password": "…"}]})

    old_password: str = Field(min_length=1, max_length=MAX_LENGTH)
    new_password: str = Field(description=f"{MIN_LENGTH} to {MAX_LENGTH} characters")


class CodeBody(Input):
    """The six digits that the authenticator shows now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "123456"}]})

    code: str = Field(min_length=6, max_length=6)


class SetUpBody(Input):
    """The token from the console, and who the first administrator is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "…", "username": "admin", "name": "示例管理员", "password": "…"}]}
    )

    token: str = Field(min_length=1, max_length=128)
    username: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(description=f"{MIN_LENGTH} to {MAX_LENGTH} characters")


@dataclass(frozen=True, slots=True)
class Account:
    """One's own account; `owes` is what must be done before anything else is possible."""

    username: str
    name: str
    owes: tuple[Owed, ...]
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Each is good once in place of a code; they are shown this once."""

    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The account that was made; it signs in and then sets up its authenticator."""

    id: int
    username: str


async def get_account(request: web.Request) -> Account:
    """Tell about one's own account, and what it still owes."""
    caller = actor(request)
    async with transaction(request) as conn:
        account = await get_staff_secret(conn, district_id=caller.district_id, staff_id=_own_id(caller))
        left = await queries.count_recovery_codes(conn, district_id=caller.district_id, staff_id=account.id)
    return Account(account.username, account.name, caller.owes, left)


async def put_password(request: web.Request, body: PasswordBody) -> None:
    """Replace one's own password; one's other sessions end."""
    await change_password(
        request.app[POOL],
        ring=request.app[RING],
        actor=actor(request),
        old_password=body.old_password,
        new_password=body.new_password,
        now=now(request),
    )


async def offer_second_factor(request: web.Request) -> Offer:
    """Ask for a new authenticator secret.

    Draw `uri` as a QR code. It counts once it is confirmed by a code; until then the one before does. It needs
    a recent proof, as all about second factors does.
    """
    caller = _recently_proved(request)
    async with transaction(request) as conn:
        account = await get_staff_secret(
            conn, district_id=caller.district_id, staff_id=_own_id(caller), for_update=True
        )
        return await second_factor.offer_second_factor(
            conn,
            district_id=caller.district_id,
            staff_id=account.id,
            username=account.username,
            ring=request.app[RING],
        )


async def confirm_second_factor(request: web.Request, body: CodeBody) -> RecoveryCodes:
    """Confirm the offered secret by a code of it; gives ten recovery codes, this once. One's other sessions end."""
    caller = _recently_proved(request)
    async with transaction(request) as conn:
        codes = await second_factor.confirm_second_factor(
            conn,
            district_id=caller.district_id,
            staff_id=_own_id(caller),
            code=body.code,
            ring=request.app[RING],
            now=now(request),
        )
        await end_sessions(
            conn,
            district_id=caller.district_id,
            kind="staff",
            subject_id=_own_id(caller),
            but=caller.session_id,
            now=now(request),
        )
        await _note(request, conn, "staff.second_factor_set")
    return RecoveryCodes(codes)


async def renew_recovery_codes(request: web.Request) -> RecoveryCodes:
    """Make ten new recovery codes; those before are worth nothing from now on."""
    caller = _recently_proved(request)
    async with transaction(request) as conn:
        codes = await second_factor.renew_recovery_codes(conn, district_id=caller.district_id, staff_id=_own_id(caller))
        await _note(request, conn, "staff.recovery_codes_renewed")
    return RecoveryCodes(codes)


async def set_up_district(request: web.Request, body: SetUpBody) -> Created[FirstAdministrator]:
    """Make the first administrator of the district with the token that the service printed when it started."""
    staff = await set_up(
        request.app[POOL],
        district_id=district_id(request),
        token=body.token,
        username=body.username,
        name=body.name,
        password=body.password,
        now=now(request),
    )
    return Created(FirstAdministrator(staff.id, staff.username), location="/api/v1/session")


async def _note(request: web.Request, conn: Connection, act: str) -> None:
    caller = actor(request)
    await record_act(
        conn,
        district_id=caller.district_id,
        act=act,
        actor=caller,
        subject="staff",
        subject_id=_own_id(caller),
        now=now(request),
    )


def _recently_proved(request: web.Request) -> Actor:
    require_recent_sign_in(actor(request), now(request))
    return actor(request)


def _own_id(caller: Actor) -> int:
    if caller.id is None:
        raise SignInRequired()
    return caller.id
