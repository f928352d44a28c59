"""What stands on the wire: server-sent events as bytes. Pure.

No words and no personal data: what a case is about is asked over its own address.
"""

from datetime import datetime

import orjson

from community.models import Case
from community.stream.models import Position, ResetReason, Start

#: A browser that lost the connection waits so long; each a little longer than the others, or all come at once.
RETRY_MS, RETRY_SPREAD_MS = 2_000, 3_000


def hello(start: Start, *, retry_ms: int) -> bytes:
    """Give the first event: where the listener stands now."""
    return b"retry: %d\n" % retry_ms + _event("hello", {"resumed": start.is_resumed}, start.position)


def reset(reason: ResetReason, position: Position | None = None) -> bytes:
    """Tell the listener to load anew what he shows; the stream goes on."""
    return _event("reset", {"reason": reason}, position)


def case_changed(kind: str, case: Case, *, at: datetime, position: Position) -> bytes:
    """Tell what happened to a case and how it stands now, which may be after still later events."""
    data = {
        "case_id": case.id,
        "number": case.number,
        "kind": kind,
        "at": at,
        "state": case.state,
        "version": case.version,
        "next_due_at": case.next_due_at,
        "area_path": case.area_path,
        "desk_path": case.desk_path,
    }
    return _event("case", data, position)


def case_left(kind: str, case: Case, *, at: datetime, position: Position) -> bytes:
    """Tell someone that he no longer sees a case, and nothing of where it is now."""
    data = {"case_id": case.id, "number": case.number, "kind": kind, "at": at, "left": True}
    return _event("case", data, position)


def heartbeat(position: Position) -> bytes:
    """Keep the connection alive; the id moves the position of one whose own cases are quiet, and is no event."""
    return f": heartbeat\nid: {position}\n\n".encode()


def _event(name: str, data: dict[str, object], position: Position | None) -> bytes:
    lines = f"event: {name}\n" if position is None else f"event: {name}\nid: {position}\n"
    return b"%sdata: %s\n\n" % (lines.encode(), orjson.dumps(data, option=orjson.OPT_UTC_Z))
