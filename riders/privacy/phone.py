"""Moving a rider's account to another phone, by the code that was sent there."""

from datetime import datetime

from core.access.models import Actor
from core.access.sessions import end_sessions
from core.access.wall import Work, transaction_for, transaction_of
from core.audit import record_act
from core.database import Pool
from core.events import record_event
from core.sealing.ring import KeyRing
from riders.errors import CodeNotAccepted
from riders.models import Rider, rider_id_of
from riders.privacy import queries
from riders.privacy.errors import PhoneTaken
from riders.signup.codes.models import TRIES_A_CODE
from riders.signup.codes.send import Asker, Desk
from riders.signup.phone import parse_phone
from riders.signup.profile import get_profile
from riders.signup.sign_in import prove_code, warn


async def change_phone(
    pool: Pool, *, ring: KeyRing, actor: Actor, phone: str, code: str, asker: Asker, desk: Desk, now: datetime
) -> Rider:
    """Let the account be reached by `phone`, and end every session of the rider: whoever had the old one is out.

    A wrong guess is counted also though the request is refused: the refusal is raised after the commit. Raises
    `PhoneNotValid`, `CodeNotAccepted`, and `PhoneTaken`, which only the holder of the number is told.
    """
    phone = parse_phone(phone)
    async with transaction_of(pool, Work.SIGN_IN, district_id=actor.district_id) as conn:
        guess = await prove_code(
            conn, district_id=actor.district_id, phone=phone, code=code, asker=asker, desk=desk, now=now
        )
    if guess.should_warn:
        await warn(desk, phone)
    if not guess.is_right:
        raise CodeNotAccepted(pointer="/code", tries=TRIES_A_CODE)
    rider_id, district_id = rider_id_of(actor), actor.district_id
    async with transaction_for(pool, actor) as conn:
        if not await queries.set_phone(conn, ring=ring, district_id=district_id, rider_id=rider_id, phone=phone):
            raise PhoneTaken(pointer="/phone")
        await end_sessions(conn, district_id=district_id, kind="rider", subject_id=rider_id, now=now)
        await record_event(
            conn,
            district_id=district_id,
            kind="rider.phone_changed",
            subject="rider",
            subject_id=rider_id,
            actor=actor,
            now=now,
            data={},
        )
        await record_act(
            conn,
            district_id=district_id,
            act="rider.phone_changed",
            actor=actor,
            now=now,
            subject="rider",
            subject_id=rider_id,
        )
        return await get_profile(conn, ring=ring, actor=actor)
