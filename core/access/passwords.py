"""Passwords: which are taken, and how they are kept. Hashing is slow on purpose and never runs in the event loop.

argon2id with 19 MiB, two passes and one lane (OWASP's setting, about 40 ms on one core), in two threads that step back
behind everything else; a flood that would wait longer than a second is turned away at once.
"""

import asyncio
import os
import re
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from core.access.errors import PasswordTooCommon, PasswordTooLong, PasswordTooShort
from core.errors import Unavailable

T = TypeVar("T")

MIN_LENGTH, MAX_LENGTH = 12, 256
#: zxcvbn's scale of 0 to 4; below 3 fewer than a hundred million guesses are needed.
_STRONG_ENOUGH = 3
#: How much zxcvbn looks at: the time it needs grows with the square of the length.
_LOOKED_AT = 72
#: What everyone here would try first.
_HOUSE_WORDS = ("骑士驿站", "驿站", "骑士", "骑手", "社区", "rider", "station", "qishiyizhan", "yizhan")
_YEAR = re.compile(r"(19|20)[0-9]{2}年?")

_THREADS = 2
#: Passwords being hashed or waiting for it: at 40 ms each, the last one waits for 0.6 s.
MAX_PENDING = 32

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _step_back() -> None:
    """Let this thread run after others: on Linux each thread has its own niceness."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="password", initializer=_step_back)
_pending = 0

#: Checked for unknown names, so that they take as long as known ones.
NOBODY = _hasher.hash("nobody has this password")


async def hash_password(password: str, *, context: Iterable[str]) -> str:
    """Check and hash a new password; `context` are words that its owner's acquaintances would try.

    Raises `PasswordTooShort`, `PasswordTooLong`, `PasswordTooCommon`, and `Unavailable` when too many are at it.
    """
    words = tuple(context)
    return await _in_thread(lambda: _check_and_hash(password, words))


async def verify_password(stored: str, password: str) -> tuple[bool, str | None]:
    """Tell whether `password` is the stored one, with its hash anew where the parameters have changed since.

    Raises `Unavailable` when too many are at it.
    """
    return await _in_thread(lambda: _verify(stored, password))


def check_not_flooded() -> None:
    """Refuse before anything is done for a password that could not be hashed soon. Raises `Unavailable`."""
    if _pending >= MAX_PENDING:
        raise Unavailable(retry_after_s=1)


async def _in_thread(work: Callable[[], T]) -> T:
    global _pending  # counted in the event loop alone
    check_not_flooded()
    _pending += 1
    running = asyncio.get_running_loop().run_in_executor(_threads, work)
    running.add_done_callback(_count_down)  # also when the caller has gone: the thread goes on until then
    return await asyncio.shield(running)


def _count_down(done: asyncio.Future[T]) -> None:
    global _pending
    _pending -= 1
    done.exception()  # looked at: where the caller has gone, nobody else does


def _check_and_hash(password: str, context: tuple[str, ...]) -> str:
    if len(password) < MIN_LENGTH:
        raise PasswordTooShort(length=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise PasswordTooLong(length=MAX_LENGTH)
    if is_easily_guessed(password, context):
        raise PasswordTooCommon()
    return _hasher.hash(_normal(password))


def is_easily_guessed(password: str, context: Iterable[str]) -> bool:
    """Tell whether a password is common, or would be without the words of the house, of its owner, and years."""
    rest = unicodedata.normalize("NFKC", password).lower()
    for word in sorted({word.lower() for word in (*_HOUSE_WORDS, *context) if len(word) > 1}, key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = _YEAR.sub("", rest)
    return not rest or zxcvbn(rest[:_LOOKED_AT])["score"] < _STRONG_ENOUGH


def _verify(stored: str, password: str) -> tuple[bool, str | None]:
    try:
        _hasher.verify(stored, _normal(password))
    except (VerificationError, InvalidHashError):
        return False, None
    return True, _hasher.hash(_normal(password)) if _hasher.check_needs_rehash(stored) else None


def _normal(password: str) -> str:
    """Write a password as one sequence of characters, however a keyboard composed it (RFC 8265)."""
    return unicodedata.normalize("NFC", password)
