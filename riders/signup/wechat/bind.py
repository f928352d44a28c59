"""Binding a WeChat account to the rider who is signed in, and signing in with it from then on.

A rider is known by his phone; WeChat only spares him the next message. Of the account nothing is kept but a keyed
digest of its openid.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime

from core.access.models import Actor
from core.access.sessions import open_session
from core.audit import record_act
from core.database import Connection
from riders.models import SignIn, rider_id_of
from riders.signup.wechat import queries
from riders.signup.wechat.errors import WechatNotBound

#: The code of `wx.login` → the openid of who made it. Asks WeChat, so hold no connection meanwhile.
Exchange = Callable[[str], Awaitable[str]]


def openid_hmac(secret: bytes, district_id: int, openid: str) -> bytes:
    """Give what is stored of an openid."""
    return hmac.digest(secret, f"wechat|{district_id}|{openid}".encode(), hashlib.sha256)


async def bind(conn: Connection, *, actor: Actor, account: bytes, now: datetime) -> None:
    """Bind an account to the rider in place of the one before.

    One that another rider has bound violates `rider_wechat_openid_unique`.
    """
    rider_id = rider_id_of(actor)
    await queries.put_wechat(conn, district_id=actor.district_id, rider_id=rider_id, openid_hmac=account, now=now)
    await _record(conn, "rider.wechat_bound", actor, now)


async def unbind(conn: Connection, *, actor: Actor, now: datetime) -> None:
    """Forget the rider's account; he goes on signing in by phone. Without one nothing happens."""
    if await queries.delete_wechat(conn, district_id=actor.district_id, rider_id=rider_id_of(actor)):
        await _record(conn, "rider.wechat_unbound", actor, now)


async def sign_in(conn: Connection, *, district_id: int, account: bytes, device: str, now: datetime) -> SignIn:
    """Open a session for the rider who bound this account. Raises `WechatNotBound`."""
    rider_id = await queries.find_rider_by_wechat(conn, district_id=district_id, openid_hmac=account)
    if rider_id is None:
        raise WechatNotBound()
    tokens = await open_session(
        conn, district_id=district_id, kind="rider", subject_id=rider_id, device=device, now=now
    )
    return SignIn(tokens=tokens, rider_id=rider_id, is_new=False)


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
