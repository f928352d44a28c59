"""The line between a phone and the service: slow on the way up where told, and cut at whatever byte it is at.

Chromium's own way of pretending a bad network lets go, when it changes its mind, of all that it was holding back.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE = 2048


class Line:
    """Passes bytes on between browsers and the service at a port; `bytes_a_second` None is as fast as it goes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[StreamWriter] = set()
        self.url = ""
        self.is_down = False
        self.bytes_a_second: int | None = None

    def cut(self) -> None:
        """Break what is connected, wherever it is."""
        for writer in self._open:
            writer.transport.abort()

    async def meet(self, browser: StreamReader, to_browser: StreamWriter) -> None:
        """Serve one connection of a browser."""
        self._open.add(to_browser)
        try:
            if not self.is_down:
                service, to_service = await asyncio.open_connection("127.0.0.1", self._port)
                self._open.add(to_service)
                back = asyncio.create_task(self._pass_on(service, to_browser, is_up=False))
                await self._pass_on(browser, to_service, is_up=True)
                await back
                self._open.discard(to_service)
        except OSError:
            pass  # nobody listens there now
        finally:
            self._open.discard(to_browser)
            to_browser.transport.abort()

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter, *, is_up: bool) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                if is_up and self.bytes_a_second:
                    await asyncio.sleep(len(piece) / self.bytes_a_second)
                writer.write(piece)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """Lay a line to the service at `url`."""
    line = Line(int(url.rsplit(":", 1)[1]))
    server = await asyncio.start_server(line.meet, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        line.cut()
