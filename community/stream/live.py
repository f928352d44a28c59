"""The stream of this process: one reader of the database, and everyone who listens.

A listener first reads by himself from his position up to where the reader is, then joins. The step is exact because
nothing is awaited between finding the two positions equal and joining; a change counts as read only once it has been
handed to all.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime

from community.stream.errors import StreamsFull, TooManyStreams
from community.stream.listener import Listener
from community.stream.models import Limits, Position
from community.stream.read import EpochEnded, read_changes, telling
from core.access.models import Actor
from core.access.sessions import find_actors
from core.access.wall import Work, transaction_of
from core.database import Pool, pool_transaction
from core.errors import Unavailable

#: Events read at once: what is made of them keeps the event loop for some 15 ms.
BATCH = 200

#: Listeners whose sessions are looked at together; more would keep the event loop longer than that.
SESSIONS = 500


class LiveCases:
    """Who listens in this process. `follow` must be woken often; it asks the database only while someone listens."""

    def __init__(self, *, district_id: int, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._district_id = district_id
        self._listeners: set[Listener] = set()
        self._joined: set[Listener] = set()
        self._position: Position | None = None  # of the reader; None while nobody has joined
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @contextmanager
    def admitted(self, actor: Actor, transport: asyncio.Transport) -> Iterator[Listener]:
        """Let `actor` listen on one more connection. Raises `TooManyStreams`, `StreamsFull`."""
        self._check(actor)
        listener = Listener(actor, transport, most_waiting=self.limits.frames_waiting)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._leave(listener)

    def _check(self, actor: Actor) -> None:
        if self._is_closed:
            raise Unavailable(retry_after_s=2)
        if self._count(actor) >= self.limits.per_person or len(self) >= self.limits.listeners:
            self._let_go()  # a page that was loaded anew has left its connection behind
        if self._count(actor) >= self.limits.per_person:
            raise TooManyStreams(limit=self.limits.per_person, retry_after_s=int(self.limits.heartbeat_s) + 1)
        if len(self) >= self.limits.listeners:
            raise StreamsFull(retry_after_s=30)

    def _count(self, actor: Actor) -> int:
        return sum(listener.actor.id == actor.id for listener in self._listeners)

    def _leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self._joined.discard(listener)
        if not self._joined:
            self._position = None

    def _let_go(self) -> None:
        """End the streams of those who have closed their connection, which their handlers cannot notice."""
        for listener in [listener for listener in self._listeners if listener.is_gone]:
            listener.end()
            self._leave(listener)

    async def catch_up(self, pool: Pool, listener: Listener, start: Position) -> AsyncIterator[bytes]:
        """Give what happened since `start`, then let the listener follow. Raises `EpochEnded`."""
        listener.after = after = start
        has_all = False
        while not listener.is_ended and not (has_all and self._join(listener, after)):
            async with transaction_of(pool, Work.STREAM, district_id=self._district_id) as conn:
                changes = await read_changes(conn, district_id=self._district_id, after=after, limit=BATCH)
            has_all = len(changes) < BATCH
            if changes:
                listener.after = after = changes[-1].position
                told = (telling(change, listener.actor) for change in changes)
                yield b"".join(frame for frame in told if frame is not None)

    def _join(self, listener: Listener, after: Position) -> bool:
        if self._position is None:
            self._position = after
        elif after < self._position:
            return False
        self._joined.add(listener)
        return True

    async def follow(self, pool: Pool) -> None:
        """Read what has happened since the last call and hand it out."""
        self._let_go()
        while (start := self._position) is not None:
            try:
                async with pool_transaction(pool) as conn:
                    changes = await read_changes(conn, district_id=self._district_id, after=start, limit=BATCH)
            except EpochEnded:
                self._end_all()
                return
            for change in changes:
                if self._position != start:
                    return  # everyone left meanwhile, and whoever came then begins elsewhere
                for listener in tuple(self._joined):
                    listener.offer(change)
                self._position = start = change.position
                await asyncio.sleep(0)  # thousands of listeners take milliseconds
            if len(changes) < BATCH:
                return

    async def look_again(self, pool: Pool, *, now: datetime) -> None:
        """End the streams of sessions that have ended, and see by the roles of now: a query for hundreds who listen."""
        listeners = tuple(self._listeners)
        for start in range(0, len(listeners), SESSIONS):
            looked_at = [(each, each.actor.session_id or 0) for each in listeners[start : start + SESSIONS]]
            session_ids = list({session_id for _, session_id in looked_at})
            async with pool_transaction(pool) as conn:
                actors = await find_actors(conn, district_id=self._district_id, session_ids=session_ids, now=now)
            for listener, session_id in looked_at:
                actor = actors.get(session_id)
                if actor is None:
                    listener.end()
                elif set(actor.grants) != set(listener.actor.grants):
                    listener.see_as(actor)

    def close(self) -> None:
        """End every stream and admit none any more."""
        self._is_closed = True
        self._end_all()

    def _end_all(self) -> None:
        for listener in tuple(self._listeners):
            listener.end()
            self._leave(listener)
