"""Taking a person out of the words of events."""

from collections.abc import Sequence

from core.blanking import NUMBERS, blank_in
from core.database import Connection
from core.privacy import queries

#: Whoever is no staff speaks of himself: any number he typed may be his own.
_OF_THEMSELVES = ("rider", "anonymous")


def own_words(own: str | None) -> str:
    """Give the pattern for words of the person himself: `own` and every phone or ID number."""
    return NUMBERS if own is None else f"{own}|{NUMBERS}"


async def blank_events(
    conn: Connection, *, district_id: int, subject: str, subject_ids: Sequence[int], own: str | None
) -> None:
    """Blank what fits `own` in the events of these subjects; in the person's own words every number besides."""
    found = await queries.list_event_words(
        conn, district_id=district_id, subject=subject, subject_ids=subject_ids, pattern=own_words(own)
    )
    blanked: dict[int, object] = {}
    for event in found:
        pattern = own_words(own) if event.actor_kind in _OF_THEMSELVES else own
        data = event.data if pattern is None else blank_in(event.data, pattern)
        if data != event.data:
            blanked[event.id] = data
    if blanked:
        await queries.set_event_data(conn, district_id=district_id, data_by_id=blanked)
