"""What happens on a case, turned into points: the reaction to case events, harmless when it runs again.

An event may be worked off late and out of order, so the case as it stands now is asked too: one that has meanwhile been
rejected, voided or merged gives nothing, and one that has come back keeps what it gave.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from community.models import Case, State
from community.queries import find_case
from core.database import Connection
from core.errors import Text
from core.models import Event
from riders.points import queries
from riders.points.ledger import give, take_back
from riders.points.models import Ground

VERIFICATION_ANSWERED = "case.verification_answered"

#: In these a report has not led to anything of its own.
FALLEN = frozenset({State.REJECTED, State.DUPLICATE, State.VOIDED})

_OF_A_REPORT = (Ground.FILED, Ground.CLOSED, Ground.HELPFUL)

#: What a fallen report loses. A duplicate keeps what it is thanked with when its original is closed.
_LOST = dict.fromkeys(FALLEN, _OF_A_REPORT) | {State.DUPLICATE: (Ground.FILED, Ground.CLOSED)}

_RETURNED = Text("案件 {number} 恢复办理，积分相应调整", "case {number} is being handled again: points adjusted")
_WITHDRAWN = {
    State.REJECTED: Text("撤回：案件 {number} 不予立案", "taken back: case {number} was rejected"),
    State.VOIDED: Text("撤回：案件 {number} 已作废", "taken back: case {number} was voided"),
    State.DUPLICATE: Text(
        "撤回：案件 {number} 已并入同一问题的另一案件",
        "taken back: case {number} was merged into another of the same matter",
    ),
}

Step = Callable[[Connection, Event, Case, int, datetime], Awaitable[None]]


async def keep_points(conn: Connection, event: Event, now: datetime) -> None:
    """Write into the ledger what one event of a case means to the rider who reported or verified it."""
    case = await find_case(conn, district_id=event.district_id, case_id=event.subject_id)
    if case is None:
        return
    if event.kind == VERIFICATION_ANSWERED:
        rider_id = event.data.get("rider_id")
        if isinstance(rider_id, int):
            await give(conn, rider_id=rider_id, ground=Ground.VERIFIED, case=case, event=event, now=now)
    elif case.reporter_kind == "rider" and case.reporter_id is not None:
        await _STEPS[event.kind](conn, event, case, case.reporter_id, now)


async def _on_opened(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    if event.data.get("to") == State.FILED:  # a trusted reporter's case is filed in the act of opening it
        await _on_filed(conn, event, case, rider_id, now)


async def _on_filed(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    if case.state not in FALLEN:
        await give(conn, rider_id=rider_id, ground=Ground.FILED, case=case, event=event, now=now)


async def _on_closed(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    if case.state not in FALLEN:
        await give(conn, rider_id=rider_id, ground=Ground.CLOSED, case=case, event=event, now=now)


async def _on_settled(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    """Thank for a second report of the same matter, less than for the first, once that is closed."""
    if case.state is State.DUPLICATE:
        await give(conn, rider_id=rider_id, ground=Ground.HELPFUL, case=case, event=event, now=now)


async def _on_fallen(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    """Take back what the case gave, saying why; what staff have reversed already stays as it is."""
    if case.state not in FALLEN:
        return
    words = _WITHDRAWN[case.state]
    note = event.data.get("note")
    told = f"（{note}）" if note and case.state is State.REJECTED else ""  # the rider reads this note anyway
    reason = Text(words.zh.format(number=case.number) + told, words.en.format(number=case.number) + told)
    await queries.lock_rider(conn, district_id=case.district_id, rider_id=rider_id)
    for entry in await queries.list_standing_entries(
        conn, district_id=case.district_id, case_id=case.id, rider_id=rider_id, grounds=_LOST[case.state]
    ):
        if entry.points > 0:
            await take_back(conn, district_id=case.district_id, entry=entry, reason=reason, now=now, event_id=event.id)


async def _on_returned(conn: Connection, event: Event, case: Case, rider_id: int, now: datetime) -> None:
    """Give back what rejecting, voiding or merging took, or give for the filing now; a closed case never lost anything.

    The thanks for a duplicate go: it is a case of its own again.
    """
    if event.data.get("from") not in FALLEN or case.state in FALLEN:
        return
    reason = Text(_RETURNED.zh.format(number=case.number), _RETURNED.en.format(number=case.number))
    await queries.lock_rider(conn, district_id=case.district_id, rider_id=rider_id)
    for entry in await queries.list_standing_entries(
        conn, district_id=case.district_id, case_id=case.id, rider_id=rider_id, grounds=_OF_A_REPORT
    ):
        is_thanks = entry.ground is Ground.HELPFUL
        if (entry.points > 0 and is_thanks) or (entry.points < 0 and not is_thanks and entry.by_kind == "system"):
            await take_back(conn, district_id=case.district_id, entry=entry, reason=reason, now=now, event_id=event.id)
    if event.data.get("to") != State.COLLECTED:  # a duplicate goes back to where it stood
        await _on_filed(conn, event, case, rider_id, now)


_STEPS: dict[str, Step] = {
    "case.opened": _on_opened,
    "case.filed": _on_filed,
    "case.closed": _on_closed,
    "case.settled": _on_settled,
    "case.rejected": _on_fallen,
    "case.voided": _on_fallen,
    "case.merged": _on_fallen,
    "case.reopened": _on_returned,
    "case.split": _on_returned,
}

#: The kinds of event that `keep_points` reacts to.
POINT_EVENTS = frozenset({*_STEPS, VERIFICATION_ANSWERED})
