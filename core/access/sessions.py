"""Sessions: one for each sign-in, with an end of its own and short-lived tokens; and who stands behind a token.

A session is a single row however often it is renewed, so there are never two living sessions out of one sign-in.
"""

from datetime import datetime, timedelta
from functools import cache

from core.access.models import Actor, ActorKind, Grant, Owed, Role, Session, Tokens
from core.access.queries import find_staff_name, list_grants
from core.access.tokens import queries
from core.access.tokens.queries import CallerRow, SessionRow
from core.access.tokens.token import Token, new_handle, new_salt
from core.audit import record_act
from core.database import Connection
from core.errors import NotFound, Refusal, Text

ACCESS_LIFE = timedelta(minutes=15)
#: However busy, a session ends after this; riders would otherwise sign in by SMS again and again.
SESSION_LIFE: dict[ActorKind, timedelta] = {"rider": timedelta(days=90), "staff": timedelta(hours=12)}
#: Unused for so long, it ends before.
IDLE_LIFE: dict[ActorKind, timedelta] = {"rider": timedelta(days=30), "staff": timedelta(minutes=30)}
#: Use is noted at most so often, so a session may seem idle by this much too early.
NOTED_EVERY = timedelta(minutes=1)
#: Once the newest pair is in use, the former refresh token gets the same answer for so long: two pages of one browser
#: may renew at once. Until then it always does, for the answer may have been lost on its way.
RENEWED_TOGETHER = timedelta(seconds=10)
#: Requests that were under way while their session was renewed come with the former access token.
FORMER_ACCESS_LIFE = timedelta(minutes=1)
PROOF_LIFE = timedelta(minutes=10)


class SessionEnded(Refusal):
    """A refresh token is unknown, old, or of a session that has ended."""

    status = 401
    slug = "session-ended"
    is_failed_proof = True
    title = Text("登录已失效", "The session has ended")
    detail = Text("登录已失效，请重新登录。", "This session has ended; please sign in again.")


class RecentSignInNeeded(Refusal):
    """What is asked needs a fresh proof of who asks."""

    status = 403
    slug = "recent-sign-in-needed"
    title = Text("请再次验证身份", "Please prove again who you are")
    detail = Text(
        "此操作须在 {minutes} 分钟内验证过身份：工作人员请先 POST /api/v1/session/proof，骑手请重新登录。",
        "This needs a proof of who you are within the last {minutes} minutes: staff send POST /api/v1/session/proof "
        "first, riders sign in again.",
    )


@cache
def anonymous(district_id: int) -> Actor:
    """Give the actor of a request without a token."""
    return Actor(kind="anonymous", id=None, district_id=district_id)


async def open_session(
    conn: Connection, *, district_id: int, kind: ActorKind, subject_id: int, now: datetime, device: str = ""
) -> Tokens:
    """Start a session for someone who has just proved who he is; `device` names it in the list of his own."""
    handle = new_handle()
    access, refresh = Token.random(handle), Token.random(handle)
    ends_at = now + SESSION_LIFE[kind]
    tokens = Tokens(str(access), str(refresh), min(now + ACCESS_LIFE, ends_at), ends_at)
    await queries.insert_session(
        conn,
        district_id=district_id,
        kind=kind,
        subject_id=subject_id,
        device=device,
        now=now,
        ends_at=ends_at,
        handle_hash=access.handle_hash,
        access_hash=access.secret_hash,
        access_expires_at=tokens.access_expires_at,
        refresh_hash=refresh.secret_hash,
    )
    return tokens


async def refresh_session(
    conn: Connection, *, district_id: int, token: str, now: datetime, only: int | None = None
) -> Tokens | None:
    """Renew both tokens of a session, or of the session `only`, by its refresh token; None when that is worth nothing.

    A refresh token that has been used before is in two hands: the session ends, whoever asks. Commit also when None is
    given, or it would go on.
    """
    presented = Token.parse(token)
    if presented is None:
        return None
    session = await queries.lock_session(conn, district_id=district_id, handle_hash=presented.handle_hash)
    if session is None or not _is_live(session, now) or only not in (None, session.id):
        return None
    if presented.secret_hash == session.refresh_hash:
        return await _renew(conn, district_id, session, presented, now)
    is_former = presented.secret_hash == session.former_refresh_hash
    is_honest = session.renewal_used_at is None or now <= session.renewal_used_at + RENEWED_TOGETHER
    if is_former and is_honest and session.salt is not None:
        access, refresh = _successors(presented, session.salt)
        return Tokens(str(access), str(refresh), session.access_expires_at, session.ends_at)
    await _end_stolen(conn, district_id, session, now)
    return None


async def find_actor(conn: Connection, *, district_id: int, token: str, now: datetime) -> Actor | None:
    """Give who stands behind an access token, and note that the session is in use.

    None when the token is unknown or has expired, its session has ended or was idle too long, or its staff account is
    disabled.
    """
    access = Token.parse(token)
    if access is None:
        return None
    row = await queries.find_caller(
        conn,
        district_id=district_id,
        handle_hash=access.handle_hash,
        access_hash=access.secret_hash,
        former_since=now - FORMER_ACCESS_LIFE,
        now=now,
    )
    found = None if row is None else _actor(row, district_id, now)
    if row is not None and found is not None and (row.is_first_use or now - row.last_used_at >= NOTED_EVERY):
        await queries.note_use(
            conn, district_id=district_id, session_id=row.session_id, is_first_of_renewal=row.is_first_use, now=now
        )
    return found


async def find_actors(conn: Connection, *, district_id: int, session_ids: list[int], now: datetime) -> dict[int, Actor]:
    """Give who stands behind those of the sessions that still hold; looking is no use of them."""
    rows = await queries.list_callers(conn, district_id=district_id, session_ids=session_ids, now=now)
    found = {row.session_id: _actor(row, district_id, now) for row in rows}
    return {session_id: actor for session_id, actor in found.items() if actor is not None}


async def find_staff_actor(conn: Connection, *, district_id: int, staff_id: int) -> Actor | None:
    """Give a staff member with his grants; None when the account is unknown or disabled."""
    name = await find_staff_name(conn, district_id=district_id, staff_id=staff_id)
    if name is None:
        return None
    grants = await list_grants(conn, district_id=district_id, staff_id=staff_id)
    return Actor(kind="staff", id=staff_id, district_id=district_id, name=name, grants=grants)


async def list_sessions(conn: Connection, *, actor: Actor, now: datetime) -> list[Session]:
    """List the actor's own sessions that still hold, the one used last first."""
    kind, subject_id = _owner(actor)
    found = await queries.list_sessions(
        conn,
        district_id=actor.district_id,
        kind=kind,
        subject_id=subject_id,
        this_id=actor.session_id,
        now=now,
    )
    return [session for session in found if now - session.last_used_at < IDLE_LIFE[kind]]


async def end_session(conn: Connection, *, actor: Actor, session_id: int, now: datetime) -> None:
    """End one of the actor's own sessions. Raises `NotFound` for every other."""
    kind, subject_id = _owner(actor)
    ended = await queries.revoke_sessions(
        conn, district_id=actor.district_id, kind=kind, subject_id=subject_id, only=session_id, now=now
    )
    if not ended:
        raise NotFound()


async def end_sessions(
    conn: Connection, *, district_id: int, kind: ActorKind, subject_id: int, now: datetime, but: int | None = None
) -> int:
    """End every session of someone, perhaps all but the one he is using; give how many.

    Due wherever what he may do or how he proves himself has changed.
    """
    return await queries.revoke_sessions(
        conn, district_id=district_id, kind=kind, subject_id=subject_id, but=but, now=now
    )


async def close_session(conn: Connection, *, district_id: int, token: str, now: datetime) -> None:
    """End the session to which a token belongs, however old the token is; what is no token is ignored."""
    found = Token.parse(token)
    if found is not None:
        await queries.revoke_session_of(conn, district_id=district_id, handle_hash=found.handle_hash, now=now)


async def renew_proof(conn: Connection, *, actor: Actor, token: str, now: datetime) -> Tokens | None:
    """Note that the actor has just proved again who he is, and renew his tokens by the refresh token of his session.

    None, and no proof, when that is worth nothing; commit also then, as after `refresh_session`.
    """
    if actor.session_id is None:
        return None
    tokens = await refresh_session(conn, district_id=actor.district_id, token=token, now=now, only=actor.session_id)
    if tokens is not None:
        await queries.set_proved(conn, district_id=actor.district_id, session_id=actor.session_id, now=now)
    return tokens


def require_recent_sign_in(actor: Actor, now: datetime) -> None:
    """Let pass who proved within the last minutes who he is. Raises `RecentSignInNeeded`."""
    if actor.proved_at is None or now - actor.proved_at > PROOF_LIFE:
        raise RecentSignInNeeded(minutes=int(PROOF_LIFE.total_seconds() // 60))


async def _renew(conn: Connection, district_id: int, session: SessionRow, presented: Token, now: datetime) -> Tokens:
    salt = new_salt()
    access, refresh = _successors(presented, salt)
    tokens = Tokens(str(access), str(refresh), min(now + ACCESS_LIFE, session.ends_at), session.ends_at)
    await queries.renew_session(
        conn,
        district_id=district_id,
        session_id=session.id,
        access_hash=access.secret_hash,
        access_expires_at=tokens.access_expires_at,
        refresh_hash=refresh.secret_hash,
        salt=salt,
        now=now,
    )
    return tokens


async def _end_stolen(conn: Connection, district_id: int, session: SessionRow, now: datetime) -> None:
    owner = Actor(session.kind, session.subject_id, district_id)
    await end_session(conn, actor=owner, session_id=session.id, now=now)
    await record_act(
        conn,
        district_id=district_id,
        act="session.reuse_found",
        actor=None,
        subject=session.kind,
        subject_id=session.subject_id,
        data={"session_id": session.id},
        now=now,
    )


def _successors(presented: Token, salt: bytes) -> tuple[Token, Token]:
    return presented.successor(salt, "access"), presented.successor(salt, "refresh")


def _is_live(session: SessionRow, now: datetime) -> bool:
    idle = now - session.last_used_at >= IDLE_LIFE[session.kind]
    return session.revoked_at is None and not idle and now < session.ends_at


def _actor(row: CallerRow, district_id: int, now: datetime) -> Actor | None:
    """Give the caller; None when he was idle too long or his account is disabled."""
    if now - row.last_used_at >= IDLE_LIFE[row.kind] or (row.kind == "staff" and row.name is None):
        return None
    grants = tuple(Grant(Role(role), area_path, department_id) for role, area_path, department_id in row.grants or ())
    owed = ((Owed.PASSWORD, row.owes_password), (Owed.SECOND_FACTOR, row.owes_second_factor))
    owes = tuple(what for what, is_owed in owed if is_owed)
    return Actor(
        kind=row.kind,
        id=row.subject_id,
        district_id=district_id,
        name=row.name or "",
        grants=() if owes else grants,  # no powers yet
        owes=owes,
        session_id=row.session_id,
        proved_at=row.proved_at,
    )


def _owner(actor: Actor) -> tuple[ActorKind, int]:
    if actor.id is None:
        raise NotFound()
    return actor.kind, actor.id
