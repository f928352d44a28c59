"""A resident's rights over what he left with his appeal, by the token that only he holds: see, correct, erase it.

The contact goes, the case stays: what was asked for and what was done about it belong to the case.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from community.appeals import queries
from community.appeals.errors import ContactErased
from community.appeals.models import KeptAppeal
from community.errors import AppealNotFound
from community.models import Contact
from community.privacy.blank import blank_cases
from community.progress import Progress, get_progress
from core.access.models import Actor
from core.access.sessions import anonymous
from core.audit import record_act
from core.blanking import pattern_of
from core.database import Connection
from core.privacy.erasures import Erasure, list_erasure
from core.sealing.ring import KeyRing


@dataclass(frozen=True, slots=True)
class AppealCopy:
    """All that is kept of an appeal, for the one who made it: `text` as he wrote it, `contact` as he left it."""

    text: str
    submitted_at: datetime
    contact: Contact
    progress: Progress


async def copy_appeal(conn: Connection, *, ring: KeyRing, district_id: int, token: str, now: datetime) -> AppealCopy:
    """Give all that is kept of an appeal and the person who made it. Raises `AppealNotFound`."""
    appeal = await _lock_by_token(conn, ring, district_id, token)
    progress = await get_progress(conn, district_id=district_id, case_id=appeal.case_id)
    await _audit(conn, "appeal.exported", appeal, anonymous(district_id), now)
    return AppealCopy(appeal.text, appeal.submitted_at, appeal.contact, progress)


async def change_contact(
    conn: Connection, *, ring: KeyRing, district_id: int, token: str, contact: Contact, now: datetime
) -> AppealCopy:
    """Put another contact in place of the one left; what is None is removed.

    Raises `AppealNotFound`, `ContactErased`.
    """
    appeal = await _lock_by_token(conn, ring, district_id, token)
    if appeal.contact_erased_at is not None:
        raise ContactErased()
    await queries.set_contact(conn, ring=ring, district_id=district_id, appeal_id=appeal.id, contact=contact)
    await queries.set_contact_owed(
        conn, district_id=district_id, case_id=appeal.case_id, is_owed=contact.phone is not None
    )
    progress = await get_progress(conn, district_id=district_id, case_id=appeal.case_id)
    await _audit(conn, "appeal.contact_changed", appeal, anonymous(district_id), now)
    return AppealCopy(appeal.text, appeal.submitted_at, contact, progress)


async def erase_contact(
    conn: Connection, *, ring: KeyRing, district_id: int, token: str, records: Path, now: datetime
) -> None:
    """Erase the resident's contact, as he asks for by his token. Raises `AppealNotFound`."""
    appeal = await _lock_by_token(conn, ring, district_id, token)
    await _erase(conn, ring, appeal, anonymous(district_id), records, now)


async def erase_contact_of(
    conn: Connection, *, ring: KeyRing, district_id: int, number: str, reason: str, records: Path, now: datetime
) -> None:
    """Erase the contact of the appeal whose case has this number, for a written request. Raises `AppealNotFound`."""
    appeal_id = await queries.find_appeal_of(conn, district_id=district_id, number=number)
    appeal = await _lock(conn, ring, district_id, appeal_id)
    await _erase(conn, ring, appeal, None, records, now, reason=reason)


async def erase_contact_again(
    conn: Connection, *, ring: KeyRing, district_id: int, appeal_id: int, now: datetime
) -> None:
    """Erase a contact that is on the list already, because a backup brought it back."""
    appeal = await _lock(conn, ring, district_id, appeal_id)
    await _sever(conn, ring, appeal, now)
    await _audit(conn, "appeal.contact_erased_again", appeal, None, now)


async def _lock_by_token(conn: Connection, ring: KeyRing, district_id: int, token: str) -> KeptAppeal:
    return await _lock(
        conn, ring, district_id, await queries.find_appeal_id(conn, district_id=district_id, token=token)
    )


async def _lock(conn: Connection, ring: KeyRing, district_id: int, appeal_id: int | None) -> KeptAppeal:
    appeal = None
    if appeal_id is not None:
        appeal = await queries.lock_kept_appeal(conn, ring=ring, district_id=district_id, appeal_id=appeal_id)
    if appeal is None:
        raise AppealNotFound()
    return appeal


async def _erase(
    conn: Connection,
    ring: KeyRing,
    appeal: KeptAppeal,
    actor: Actor | None,
    records: Path,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    await _sever(conn, ring, appeal, now)
    await _audit(conn, "appeal.contact_erased", appeal, actor, now, reason=reason)
    erasure = Erasure("appeal", appeal.id, appeal.submitted_at)
    await list_erasure(records, erasure, district_id=appeal.district_id, now=now)


async def _sever(conn: Connection, ring: KeyRing, appeal: KeptAppeal, now: datetime) -> None:
    own = pattern_of(phone=appeal.contact.phone, name=appeal.contact.name)
    await queries.set_contact(
        conn, ring=ring, district_id=appeal.district_id, appeal_id=appeal.id, contact=Contact(None, None)
    )
    await queries.mark_contact_erased(conn, district_id=appeal.district_id, appeal_id=appeal.id, now=now)
    await queries.set_contact_owed(conn, district_id=appeal.district_id, case_id=appeal.case_id, is_owed=False)
    await blank_cases(conn, district_id=appeal.district_id, case_ids=[appeal.case_id], own=own)


async def _audit(
    conn: Connection, act: str, appeal: KeptAppeal, actor: Actor | None, now: datetime, *, reason: str = ""
) -> None:
    await record_act(
        conn,
        district_id=appeal.district_id,
        act=act,
        actor=actor,
        now=now,
        subject="appeal",
        subject_id=appeal.id,
        reason=reason,
    )
