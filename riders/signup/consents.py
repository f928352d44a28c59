"""Consent per purpose: what a rider is asked, what he decided, and whether it is in force.

Decisions are appended, never changed. Withdrawing stops the next use; it deletes nothing by itself.
"""

from collections.abc import Sequence
from datetime import datetime

from core.access.models import Actor
from core.database import Connection
from core.errors import Text
from core.events import record_event
from riders.errors import ConsentNeeded, ConsentTextChanged
from riders.models import Consent, rider_id_of
from riders.signup import queries

REPORT_LOCATION = "report_location"
PHOTO = "photo"
LOOK_LOCATION = "look_location"
IDENTITY = "identity"


async def decide_consent(
    conn: Connection, *, actor: Actor, purpose: str, version: int, is_given: bool, now: datetime
) -> list[Consent]:
    """Give or withdraw consent to the newest text of a purpose and return where all of them stand.

    Raises `ConsentTextChanged` when `version` is not the newest one of a known purpose.
    """
    rider_id = rider_id_of(actor)
    newest = await queries.find_purpose_version(conn, district_id=actor.district_id, purpose=purpose)
    if newest != version:
        raise ConsentTextChanged(pointer="/version", purpose=purpose, version=version)
    await queries.insert_consent(
        conn,
        district_id=actor.district_id,
        rider_id=rider_id,
        purpose=purpose,
        version=version,
        is_given=is_given,
        now=now,
    )
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="consent.given" if is_given else "consent.withdrawn",
        subject="rider",
        subject_id=rider_id,
        actor=actor,
        now=now,
        data={"purpose": purpose, "version": version},
    )
    return await list_consents(conn, actor=actor)


async def list_consents(conn: Connection, *, actor: Actor) -> list[Consent]:
    """Give every purpose in its newest version with the rider's last decision."""
    return await queries.list_consents(conn, district_id=actor.district_id, rider_id=rider_id_of(actor))


async def require_consents(conn: Connection, *, actor: Actor, needed: Sequence[tuple[str, str]]) -> None:
    """Refuse with `ConsentNeeded` unless each (purpose, JSON pointer of the field that needs it) is in force."""
    if not needed:
        return
    for consent in await list_consents(conn, actor=actor):
        for purpose, pointer in needed:
            if purpose == consent.purpose and not consent.is_in_force:
                raise ConsentNeeded(pointer=pointer, purpose=Text(consent.title_zh, consent.title_en))
