"""One open connection: what waits to be written to it, and up to which event it has been told."""

import asyncio

from community.stream import frames
from community.stream.models import Change, Position, ResetReason
from community.stream.read import telling
from core.access.models import Actor


class Listener:
    """Frames wait here until the connection takes them; one that falls too far behind is cut off, and may come back."""

    __slots__ = ("_most_waiting", "_transport", "_waiting", "_woken", "actor", "after", "is_ended")

    def __init__(self, actor: Actor, transport: asyncio.Transport, *, most_waiting: int) -> None:
        self.actor = actor
        self.after: Position | None = None
        self.is_ended = False
        self._transport = transport
        self._most_waiting = most_waiting
        self._waiting: list[bytes] = []
        self._woken: asyncio.Future[None] | None = None

    @property
    def is_gone(self) -> bool:
        """Tell whether the other side has closed the connection."""
        return self._transport.is_closing()

    def offer(self, change: Change) -> None:
        """Take a change that comes after all that were taken before."""
        if self.is_ended or (self.after is not None and change.position <= self.after):
            return
        self.after = change.position
        frame = telling(change, self.actor)
        if frame is None:
            return
        if len(self._waiting) >= self._most_waiting:
            self.cut()
            return
        self._waiting.append(frame)
        self._wake()

    def see_as(self, actor: Actor) -> None:
        """Look with other roles from now on and tell so; what waits was chosen by the former ones."""
        self.actor = actor
        self._waiting = [frames.reset(ResetReason.SIGHT_CHANGED)]
        self._wake()

    async def wait(self, timeout_s: float) -> bytes | None:
        """Give what is to be written as soon as there is anything, nothing after `timeout_s`, and None at the end.

        When it returns, nothing is waiting: `after` is then what the other side has when it has read this.
        """
        if not self._waiting and not self.is_ended:
            loop = asyncio.get_running_loop()
            self._woken = loop.create_future()  # an asyncio.Event each would be a kilobyte more
            alarm = loop.call_later(timeout_s, self._wake)
            try:
                await self._woken
            finally:
                alarm.cancel()
        written, self._waiting = self._waiting, []
        return None if self.is_ended else b"".join(written)

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def end(self) -> None:
        """End the stream: at once, or by cutting the connection where the other side does not read."""
        self.is_ended = True
        self._wake()
        if self._transport.get_write_buffer_size():
            self._transport.abort()

    def cut(self) -> None:
        """Cut the connection and forget what was not written: the position of the other side is where it resumes."""
        self._waiting = []
        self._transport.abort()
        self.end()
