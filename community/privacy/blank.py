"""Takes a person out of the words of his cases; the cases stay, and what was done about them."""

from collections.abc import Sequence

from community.privacy import queries
from core.database import Connection
from core.privacy.words import blank_events, own_words


async def blank_cases(conn: Connection, *, district_id: int, case_ids: Sequence[int], own: str | None) -> None:
    """Blank what fits `own` in all that was written on these cases; in what the person wrote every number besides."""
    await queries.blank_own_words(conn, district_id=district_id, case_ids=case_ids, pattern=own_words(own))
    if own is not None:
        await queries.blank_staff_words(conn, district_id=district_id, case_ids=case_ids, pattern=own)
    await blank_events(conn, district_id=district_id, subject="case", subject_ids=case_ids, own=own)
