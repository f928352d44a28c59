"""Binding a WeChat account to the rider who is signed in, and signing in with it from then on.

A rider is known by his phone; WeChat only spares him the next message. Of the account nothing is kept but a keyed
digest of its openid.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from core.access.models import Actor
from core.access.sessions import open_session
from core.access.wall import Work, acting
from core.audit import record_act
from core.database import Connection
from core.sealing.models import Purpose
from core.sealing.ring import KeyRing
from riders.models import SignIn, rider_id_of
from riders.signup.wechat import queries
from riders.signup.wechat.errors import WechatNotBound

#: The code of `wx.login` → the openid of who made it. Asks WeChat, so hold no connection meanwhile.
Exchange = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Account:
    """What may be stored of an openid, the newest first, and the number of the key that made the newest."""

    openid_hmacs: tuple[bytes, ...]
    keyed_with: int


def account_of(ring: KeyRing, district_id: int, openid: str) -> Account:
    """Give what may be stored of an openid."""
    return Account(ring.digests(Purpose.CODES, f"wechat|{district_id}|{openid}"), ring.newest(Purpose.CODES))


async def bind(conn: Connection, *, actor: Actor, account: Account, now: datetime) -> None:
    """Bind an account to the rider in place of the one before.

    One that another rider has bound violates `rider_wechat_openid_unique`.
    """
    rider_id = rider_id_of(actor)
    async with acting(conn, Work.SIGN_IN):  # also another's, so that it is known to be his
        await _bring_to_newest(conn, actor.district_id, account)
    await queries.put_wechat(
        conn,
        district_id=actor.district_id,
        rider_id=rider_id,
        openid_hmac=account.openid_hmacs[0],
        keyed_with=account.keyed_with,
        now=now,
    )
    await _record(conn, "rider.wechat_bound", actor, now)


async def unbind(conn: Connection, *, actor: Actor, now: datetime) -> None:
    """Forget the rider's account; he goes on signing in by phone. Without one nothing happens."""
    if await queries.delete_wechat(conn, district_id=actor.district_id, rider_id=rider_id_of(actor)):
        await _record(conn, "rider.wechat_unbound", actor, now)


async def sign_in(conn: Connection, *, district_id: int, account: Account, device: str, now: datetime) -> SignIn:
    """Open a session for the rider who bound this account. Raises `WechatNotBound`."""
    await _bring_to_newest(conn, district_id, account)
    rider_id = await queries.find_rider_by_wechat(conn, district_id=district_id, openid_hmac=account.openid_hmacs[0])
    if rider_id is None:
        raise WechatNotBound()
    tokens = await open_session(
        conn, district_id=district_id, kind="rider", subject_id=rider_id, device=device, now=now
    )
    return SignIn(tokens=tokens, rider_id=rider_id, is_new=False)


async def _bring_to_newest(conn: Connection, district_id: int, account: Account) -> None:
    newest, *earlier = account.openid_hmacs
    if earlier:
        await queries.key_anew(
            conn, district_id=district_id, earlier=earlier, openid_hmac=newest, keyed_with=account.keyed_with
        )


async def _record(conn: Connection, act: str, actor: Actor, now: datetime) -> None:
    await record_act(
        conn,
        district_id=actor.district_id,
        act=act,
        actor=actor,
        now=now,
        subject="rider",
        subject_id=rider_id_of(actor),
    )
