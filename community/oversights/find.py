"""Finds what was promised and is not being kept, in the rows themselves, so that nothing waits unseen.

Each promise has a query that must come back empty. What can be put right without a person, the sweeps put right; what
is left is shown to operators (`/readyz`) and to the district.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.oversights import queries
from community.sight import Sight
from core.database import Connection
from core.errors import Text

#: How long something may take before it counts as forgotten.
GRACE = timedelta(minutes=5)
UNACCEPTED_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Oversight:
    """A promise that is not kept; `count` goes up to `queries.MOST_COUNTED`, `case_ids` are the first 50."""

    code: str
    text: Text
    count: int
    case_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Promise:
    code: str
    text: Text
    grace: timedelta
    list_broken: Callable[..., Awaitable[list[int]]]


_PROMISES = (
    _Promise(
        "no-clock",
        Text("未结案件没有任何时限", "open cases on which no clock runs"),
        GRACE,
        queries.list_open_without_clock,
    ),
    _Promise(
        "nobody-at-desk",
        Text("受理单位及其上级没有任何人员", "open cases at a desk with nobody at it or above it"),
        GRACE,
        queries.list_at_empty_desks,
    ),
    _Promise(
        "clock-untold", Text("到时未提醒的时限", "clocks that nobody was told of in time"), GRACE, queries.list_untold
    ),
    _Promise(
        "order-unaccepted",
        Text("两天未接收的工单", "work orders that no one accepted for two days"),
        UNACCEPTED_AFTER,
        queries.list_unaccepted,
    ),
    _Promise("hold-over", Text("挂起期满未恢复", "holds that are over and did not end"), GRACE, queries.list_held_past),
    _Promise(
        "duplicate-unanswered",
        Text("主案已结而并案未答复", "duplicates that did not get the result of their original"),
        GRACE,
        queries.list_unanswered_duplicates,
    ),
)


async def find_oversights(
    conn: Connection, *, district_id: int, now: datetime, sight: Sight | None = None
) -> tuple[Oversight, ...]:
    """Look within `sight` (None: everywhere) for every promise that is not kept; nothing is the answer it should be."""
    found = []
    for promise in _PROMISES:
        case_ids = await promise.list_broken(conn, district_id=district_id, sight=sight, before=now - promise.grace)
        if case_ids:
            found.append(Oversight(promise.code, promise.text, len(case_ids), tuple(case_ids[:50])))
    return tuple(found)
