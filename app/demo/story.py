"""Telling the journey: every step is said in both languages, with what was sent, what came back, and what must hold."""

import asyncio
from functools import partial
from typing import Any

import aiohttp
import orjson

from app.demo import Say

_LONGEST_LINE = 240
_MOST_TRIES = 4


class StoryBroken(Exception):
    """Something that the journey promises does not hold; the message says what."""


class Story:
    """One walk through the service over HTTP. Raises `StoryBroken` at the first thing that is not as it should be."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, *, say: Say) -> None:
        self._http = http
        self._base_url = base_url
        self._say = say
        self._steps = 0

    def tell(self, zh: str, en: str) -> None:
        """Begin a step."""
        self._steps += 1
        self._say(f"\n{self._steps}. {zh} / {en}")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        expect: int = 200,
        token: str | None = None,
        key: str | None = None,
        body: object = None,
        photo: bytes | None = None,
        params: dict[str, str] | None = None,
    ) -> Any:
        """Send a request and give the JSON that came back; the status must be `expect`.

        Where the service is too busy (503) it is asked again when it says so, as every client does.
        """
        headers = {"Content-Type": "application/json"} if photo is None else {"Content-Type": "image/png"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        sent = photo if photo is not None else None if body is None else orjson.dumps(body)
        send = partial(self._http.request, method, self._base_url + path, headers=headers, data=sent, params=params)
        for _ in range(_MOST_TRIES):
            async with send() as answer:
                raw = await answer.read()
            self._say(_short(f"   → {method} {answer.url.path_qs} {_words(body, photo)}"))
            self._say(_short(f"   ← {answer.status} {raw.decode()}"))
            if answer.status != 503:
                break
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        if answer.status != expect:
            raise StoryBroken(f"{method} {answer.url.path_qs}: {answer.status} ≠ {expect}: {raw.decode()[:500]}")
        return orjson.loads(raw) if raw else None

    def check(self, holds: bool, zh: str, en: str) -> None:
        """Say what must hold, or break off."""
        if not holds:
            raise StoryBroken(f"不成立 / does not hold: {zh} / {en}")
        self._say(f"   ✓ {zh} / {en}")


def _words(body: object, photo: bytes | None) -> str:
    if photo is not None:
        return f"({len(photo)} bytes)"
    return "" if body is None else orjson.dumps(body).decode()


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
